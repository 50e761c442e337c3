// Package call sends a function the events that API Gateway and EventBridge would, for tests of one function.
package call

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"dayone/local/contract"
)

// Request is a request as a test writes it.
type Request struct {
	Route  string            // "POST /orders/{order}/cancel"
	Path   map[string]string // the values of the route's parameters
	Query  string
	Header map[string]string
	Body   string
	Caller string // a role of the AWS_IAM authorizer; "" for no authorizer
	Now    time.Time
}

// Response is what the function answered.
type Response struct {
	Status  int
	Header  map[string]string // names in lower case
	Cookies []string
	Body    string
}

var parameter = regexp.MustCompile(`\{(\w+)\+?\}`)

// HTTP invokes f with the request as an HTTP API event of payload format 2.0, and holds the exchange to openapi.yaml.
func HTTP(tb testing.TB, f lambda.Handler, r Request) Response {
	tb.Helper()
	payload, out, answer := invoke(tb, f, r)
	if err := contract.CheckEvent(payload, out); err != nil {
		tb.Errorf("not as openapi.yaml says: %v", err)
	}
	return answer
}

// Nonsense is HTTP for requests that openapi.yaml may know nothing of.
func Nonsense(tb testing.TB, f lambda.Handler, r Request) Response {
	tb.Helper()
	_, _, answer := invoke(tb, f, r)
	return answer
}

// invoke answers the event, what the function said to it, and that as a Response.
func invoke(tb testing.TB, f lambda.Handler, r Request) (event, said []byte, _ Response) {
	tb.Helper()
	method, path, _ := strings.Cut(r.Route, " ")
	path = parameter.ReplaceAllStringFunc(path, func(p string) string { return r.Path[strings.Trim(p, "{}+")] })
	request := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: r.Route, RawPath: path, RawQueryString: r.Query, PathParameters: r.Path, Body: r.Body,
		Headers: map[string]string{"host": "api.example.test"},
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			RouteKey: r.Route, AccountID: "123456789012", Stage: "$default", RequestID: "test-request", APIID: "api",
			DomainName: "api.example.test", TimeEpoch: r.Now.UnixMilli(), Time: r.Now.Format("02/Jan/2006:15:04:05 -0700"),
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: method, Path: path, Protocol: "HTTP/1.1", SourceIP: "192.0.2.1"},
		},
	}
	if !utf8.ValidString(r.Body) { // as the gateway hands over what no text is
		request.Body, request.IsBase64Encoded = base64.StdEncoding.EncodeToString([]byte(r.Body)), true
	}
	for name, value := range r.Header {
		request.Headers[strings.ToLower(name)] = value
	}
	if cookie, ok := request.Headers["cookie"]; ok {
		request.Cookies = strings.Split(cookie, "; ")
		delete(request.Headers, "cookie")
	}
	if r.Caller != "" {
		request.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
			IAM: &events.APIGatewayV2HTTPRequestContextAuthorizerIAMDescription{
				AccountID: "123456789012", UserARN: "arn:aws:sts::123456789012:assumed-role/" + r.Caller + "/session",
			},
		}
	}
	payload, err := json.Marshal(request)
	if err != nil {
		tb.Fatal(err)
	}
	out, err := f.Invoke(tb.Context(), payload)
	if err != nil {
		tb.Fatalf("%s: %v", r.Route, err)
	}
	var answer events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal(out, &answer); err != nil {
		tb.Fatalf("%s answered %q: %v", r.Route, out, err)
	}
	header := map[string]string{}
	for name, value := range maps.All(answer.Headers) {
		header[strings.ToLower(name)] = value
	}
	return payload, out, Response{answer.StatusCode, header, answer.Cookies, answer.Body}
}

// JSON reads the body into v.
func (r Response) JSON(tb testing.TB, v any) {
	tb.Helper()
	if err := json.Unmarshal([]byte(r.Body), v); err != nil {
		tb.Fatalf("%d %s: %v", r.Status, r.Body, err)
	}
}

// Want fails the test unless the status is this one.
func (r Response) Want(tb testing.TB, status int) Response {
	tb.Helper()
	if r.Status != status {
		tb.Fatalf("status %d %s, want %d %s: %s", r.Status, http.StatusText(r.Status), status, http.StatusText(status), r.Body)
	}
	return r
}

// Schedule invokes f with the event of an EventBridge schedule at an instant.
func Schedule(tb testing.TB, f lambda.Handler, now time.Time) {
	tb.Helper()
	payload, err := json.Marshal(events.EventBridgeEvent{
		Version: "0", ID: "9f2b7c1e-0000-4000-8000-000000000000", DetailType: "Scheduled Event", Source: "aws.events",
		AccountID: "123456789012", Time: now.UTC().Truncate(time.Second), Region: "eu-central-1",
		Resources: []string{"arn:aws:events:eu-central-1:123456789012:rule/test"}, Detail: json.RawMessage("{}"),
	})
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := f.Invoke(tb.Context(), payload); err != nil {
		tb.Fatalf("schedule at %s: %v", now, err)
	}
}
