// Package contract holds what functions are asked and what they answer to shared/api/openapi.yaml, for tests.
//
// Every answer has to be one that the description has: its status, its headers, its body. A request only has to be one
// where it was accepted, since tests also send what must be refused.
package contract

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"dayone/shared/api"
)

// Exchange is a request and its answer.
type Exchange struct {
	Request     *http.Request
	RequestBody []byte
	Status      int
	Header      http.Header
	Body        []byte
}

// Check is nil where the exchange is as the description has it.
func Check(e Exchange) error {
	paths, err := described()
	if err != nil {
		return err
	}
	e.Request = e.Request.Clone(e.Request.Context())
	e.Request.URL.Scheme, e.Request.URL.Host = "", "" // it is described for every host
	route, values, err := paths.FindRoute(e.Request)
	if err != nil {
		return fmt.Errorf("%s %s is not described: %w", e.Request.Method, e.Request.URL.Path, err)
	}
	asked := &openapi3filter.RequestValidationInput{
		Request: e.Request, Route: route, PathParams: values,
		Options: &openapi3filter.Options{
			AuthenticationFunc:                openapi3filter.NoopAuthenticationFunc, // the authorizer's and the handler's work
			RejectWhenRequestBodyNotSpecified: true,
			SkipSettingDefaults:               true,
			IncludeResponseStatus:             true,
			MultiError:                        true,
		},
	}
	if e.Status < http.StatusBadRequest {
		e.Request.Body = io.NopCloser(bytes.NewReader(e.RequestBody))
		e.Request.ContentLength = int64(len(e.RequestBody))
		if err := openapi3filter.ValidateRequest(e.Request.Context(), asked); err != nil {
			return fmt.Errorf("%s %s was accepted, yet %w", e.Request.Method, e.Request.URL.Path, err)
		}
	}
	err = openapi3filter.ValidateResponse(e.Request.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: asked, Status: e.Status, Header: e.Header,
		Body: io.NopCloser(bytes.NewReader(e.Body)), Options: asked.Options,
	})
	if err != nil {
		return fmt.Errorf("%s %s was answered %d %.300s: %w", e.Request.Method, e.Request.URL.Path, e.Status, e.Body, err)
	}
	return nil
}

// CheckEvent is Check for an API Gateway event and what a function answered to it.
func CheckEvent(event, answer []byte) error {
	var asked events.APIGatewayV2HTTPRequest
	var answered events.APIGatewayV2HTTPResponse
	if err := errors.Join(json.Unmarshal(event, &asked), json.Unmarshal(answer, &answered)); err != nil {
		return fmt.Errorf("read the exchange: %w", err)
	}
	requestBody, err := plain(asked.Body, asked.IsBase64Encoded)
	if err != nil {
		return err
	}
	body, err := plain(answered.Body, answered.IsBase64Encoded)
	if err != nil {
		return err
	}
	request, err := http.NewRequest(asked.RequestContext.HTTP.Method, "/", bytes.NewReader(requestBody))
	if err != nil {
		return err
	}
	request.URL.Path, request.URL.RawQuery = asked.RawPath, asked.RawQueryString
	for name, value := range asked.Headers {
		request.Header.Set(name, value)
	}
	for _, cookie := range asked.Cookies {
		request.Header.Add("Cookie", cookie)
	}
	header := http.Header{}
	for name, value := range answered.Headers {
		header.Set(name, value)
	}
	for _, cookie := range answered.Cookies {
		header.Add("Set-Cookie", cookie)
	}
	return Check(Exchange{request, requestBody, answered.StatusCode, header, body})
}

// Transport is for an http.Client of a test, which it fails when an exchange is not as the description has it. What no
// function answers is left alone: what is local's own, below /_local/ and at /, and the gateway's 404 where no route is.
func Transport(tb testing.TB) http.RoundTripper { return watch{tb} }

type watch struct{ tb testing.TB }

// RoundTrip implements http.RoundTripper.
func (w watch) RoundTrip(r *http.Request) (*http.Response, error) {
	var sent []byte
	if r.Body != nil {
		var err error
		if sent, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		if err := r.Body.Close(); err != nil {
			return nil, err
		}
	}
	forward := r.Clone(r.Context())
	forward.Body = io.NopCloser(bytes.NewReader(sent))
	response, err := http.DefaultTransport.RoundTrip(forward)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	gateway := response.StatusCode == http.StatusNotFound && response.Header.Get("Content-Type") == "application/json"
	if !gateway && r.URL.Path != "/" && !strings.HasPrefix(r.URL.Path, "/_local/") {
		if err := Check(Exchange{r, sent, response.StatusCode, response.Header, body}); err != nil {
			w.tb.Errorf("not as openapi.yaml says: %v", err)
		}
	}
	return response, nil
}

// described is the description, ready to look routes up in.
var described = sync.OnceValues(func() (routers.Router, error) {
	document, err := Document()
	if err != nil {
		return nil, err
	}
	return legacy.NewRouter(document)
})

// Document is the description as it is served.
func Document() (*openapi3.T, error) {
	var served buffer
	if err := api.OpenAPI(&served); err != nil {
		return nil, err
	}
	document, err := openapi3.NewLoader().LoadFromData(served.Bytes())
	if err != nil {
		return nil, fmt.Errorf("read the description: %w", err)
	}
	return document, nil
}

// buffer is a http.ResponseWriter that keeps the body only.
type buffer struct{ bytes.Buffer }

func (*buffer) Header() http.Header { return http.Header{} }
func (*buffer) WriteHeader(int)     {}

func plain(body string, encoded bool) ([]byte, error) {
	if !encoded {
		return []byte(body), nil
	}
	return base64.StdEncoding.DecodeString(body)
}
