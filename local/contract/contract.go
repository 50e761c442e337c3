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
	"net/http"

	"github.com/aws/aws-lambda-go/events"
)

// Exchange is a request and its answer. Of the request its method, address and headers count.
type Exchange struct {
	Request     *http.Request
	RequestBody []byte
	Status      int
	Header      http.Header
	Body        []byte
}

// Check is nil where the exchange is as the description has it.
func Check(e Exchange) error {
	d, err := described()
	if err != nil {
		return err
	}
	asked := e.Request.Method + " " + e.Request.URL.Path
	o, values, ok := d.find(e.Request.Method, e.Request.URL.EscapedPath())
	if !ok {
		return fmt.Errorf("%s is not described", asked)
	}
	if e.Status < http.StatusBadRequest {
		if err := o.takes(e, values); err != nil {
			return fmt.Errorf("%s was accepted, yet %w", asked, err)
		}
	}
	if err := o.gives(e); err != nil {
		return fmt.Errorf("%s was answered %d %.300s: %w", asked, e.Status, e.Body, err)
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
	header := http.Header{}
	for name, value := range answered.Headers {
		header.Set(name, value)
	}
	for _, cookie := range answered.Cookies {
		header.Add("Set-Cookie", cookie)
	}
	return Check(Exchange{request, requestBody, answered.StatusCode, header, body})
}

func plain(body string, encoded bool) ([]byte, error) {
	if !encoded {
		return []byte(body), nil
	}
	return base64.StdEncoding.DecodeString(body)
}
