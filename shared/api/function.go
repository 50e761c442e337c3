// Package api is the edge: events of API Gateway and EventBridge in, answers out. It reads strictly, knows who is
// calling and when, and is the one place where a business error becomes a status.
package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/awslabs/aws-lambda-go-api-proxy/core"
	"github.com/awslabs/aws-lambda-go-api-proxy/httpadapter"
)

// HandlerFunc answers one route. An error it returns is answered by the function's Fail.
type HandlerFunc func(w http.ResponseWriter, r *http.Request) error

// Function is what one Lambda does: its routes by API Gateway's routeKey ("POST /orders/{order}/cancel"), its schedule,
// or both. It is a lambda.Handler.
type Function struct {
	// Routes holds the handler of every route that template.yaml sends here.
	Routes map[string]HandlerFunc
	// Schedule does what is due at now. An error makes the invocation fail, so that its alarm rings.
	Schedule func(ctx context.Context, now time.Time) error
	// Fail answers an error of a route; nil means Problem, which answers application/problem+json.
	Fail func(w http.ResponseWriter, r *http.Request, err error)
}

// scheduled is what an EventBridge schedule sends.
type scheduled struct {
	Source     string    `json:"source"`
	DetailType string    `json:"detail-type"`
	Time       time.Time `json:"time"`
}

// Invoke implements lambda.Handler: payload is an API Gateway HTTP API event (payload format 2.0) or an EventBridge
// scheduled event; anything else is an error.
func (f Function) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	var shape struct {
		RouteKey string `json:"routeKey"`
		scheduled
	}
	if err := json.Unmarshal(payload, &shape); err != nil {
		return nil, fmt.Errorf("read event: %w", err)
	}
	switch {
	case shape.RouteKey != "":
		var event events.APIGatewayV2HTTPRequest
		if err := json.Unmarshal(payload, &event); err != nil {
			return nil, fmt.Errorf("read HTTP event: %w", err)
		}
		answer, err := f.serve(ctx, event)
		if err != nil {
			return nil, err
		}
		return json.Marshal(answer)
	case shape.DetailType == "Scheduled Event" && f.Schedule != nil && !shape.Time.IsZero():
		if err := f.Schedule(ctx, shape.Time.UTC()); err != nil {
			slog.ErrorContext(ctx, "schedule", "error", err.Error())
			return nil, err
		}
		return []byte("null"), nil
	}
	return nil, errors.New("read event: neither a request of API Gateway nor a schedule of this function")
}

// serve answers one request through the adapter, whose gaps it closes: it splits headers at commas, takes a path that
// does not parse for its own failure, and answers nothing when a handler wrote nothing.
func (f Function) serve(ctx context.Context, event events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	path, err := url.ParseRequestURI(event.RawPath)
	readable := err == nil
	event.RawPath = "/"
	if readable {
		event.RawPath = (&url.URL{Path: path.Path}).EscapedPath() // the gateway decodes it, # and ? with the rest
	}
	for name := range event.Headers {
		if strings.HasPrefix(strings.ToLower(name), "x-golambdaproxy-") {
			delete(event.Headers, name)
		}
	}
	adapter := httpadapter.NewV2(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, values := range r.Header {
			if len(values) > 1 && name != "Cookie" {
				r.Header[name] = []string{strings.Join(values, ", ")}
			}
		}
		for name, value := range event.PathParameters {
			r.SetPathValue(name, value)
		}
		r.Pattern = event.RouteKey
		if !readable {
			Problem(w, r, errBadPath)
			return
		}
		f.answer(&defaulted{ResponseWriter: w}, r)
	}))
	return adapter.ProxyWithContext(ctx, event)
}

// defaulted answers 200 where a handler wrote nothing, as net/http does.
type defaulted struct {
	http.ResponseWriter
	wrote bool
}

func (d *defaulted) WriteHeader(status int) {
	if !d.wrote {
		d.wrote = true
		d.ResponseWriter.WriteHeader(status)
	}
}

func (d *defaulted) Write(b []byte) (int, error) {
	d.WriteHeader(http.StatusOK)
	return d.ResponseWriter.Write(b)
}

// answer runs the handler of the request's route. A panic is answered like any other failure of ours.
func (f Function) answer(w *defaulted, r *http.Request) {
	fail := f.Fail
	if fail == nil {
		fail = Problem
	}
	defer func() {
		if p := recover(); p != nil {
			fail(w, r, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
		}
		w.WriteHeader(http.StatusOK)
	}()
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	handler, ok := f.Routes[r.Pattern]
	if !ok {
		fail(w, r, errNoRoute)
		return
	}
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		fail(w, r, errCrossOrigin)
		return
	}
	if err := handler(w, r); err != nil {
		fail(w, r, err)
	}
}

// Now is the instant at which the gateway took the request.
func Now(r *http.Request) time.Time {
	gateway, _ := core.GetAPIGatewayV2ContextFromContext(r.Context())
	return time.UnixMilli(gateway.TimeEpoch).UTC()
}

// RequestID is the gateway's name for this request, which its access log and every problem carry.
func RequestID(r *http.Request) string {
	gateway, _ := core.GetAPIGatewayV2ContextFromContext(r.Context())
	return gateway.RequestID
}

// SourceIP is the address that the gateway saw, which no header can change.
func SourceIP(r *http.Request) string {
	gateway, _ := core.GetAPIGatewayV2ContextFromContext(r.Context())
	return gateway.HTTP.SourceIP
}
