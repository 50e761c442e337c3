// Package api is the edge: events of API Gateway and EventBridge in, answers out. It reads strictly, knows who is
// calling and when, and is the one place where a business error becomes a status.
package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
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
// the events of other services, or several of these. It is a lambda.Handler.
type Function struct {
	// Routes holds the handler of every route that template.yaml sends here.
	Routes map[string]HandlerFunc
	// Schedule does what is due at now. An error makes the invocation fail, so that its alarm rings.
	Schedule func(ctx context.Context, now time.Time) error
	// Event hears what another service tells through EventBridge: its detail-type, its detail, and when it happened. It
	// may be told again, late and in any order. An error has it told again.
	Event func(ctx context.Context, kind string, detail json.RawMessage, at time.Time) error
	// Connect opens, while the function starts, what its first event needs, if it can: a start has more of a processor than
	// an event has, and nobody waits for it twice.
	Connect func(ctx context.Context)
	// Fail answers an error of a route; nil means Problem, which answers application/problem+json.
	Fail func(w http.ResponseWriter, r *http.Request, err error)
}

// told is what EventBridge sends, for a schedule or for another service.
type told struct {
	Source     string          `json:"source"`
	DetailType string          `json:"detail-type"`
	Time       time.Time       `json:"time"`
	Detail     json.RawMessage `json:"detail"`
}

// schedules is the source of what EventBridge tells for a schedule.
const schedules = "aws.events"

// Invoke implements lambda.Handler: payload is an API Gateway HTTP API event (payload format 2.0), an EventBridge
// scheduled event or another service's event; anything else is an error.
func (f Function) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	var shape struct { // read once, whichever it is: reading takes a tenth of a small request
		events.APIGatewayV2HTTPRequest
		told
	}
	if err := json.Unmarshal(payload, &shape); err != nil {
		return nil, fmt.Errorf("read event: %w", err)
	}
	switch {
	case shape.RouteKey != "":
		answer, err := f.serve(ctx, shape.APIGatewayV2HTTPRequest)
		if err != nil {
			return nil, err
		}
		return json.Marshal(answer)
	case shape.DetailType == "Scheduled Event" && f.Schedule != nil && !shape.Time.IsZero():
		err := f.Schedule(ctx, shape.Time.UTC())
		Count(ctx, ScheduleRuns)
		if err != nil {
			slog.ErrorContext(ctx, "schedule", "error", err.Error())
			return nil, err
		}
		return []byte("null"), nil
	case shape.Source != "" && shape.Source != schedules && f.Event != nil && !shape.Time.IsZero():
		if err := f.Event(ctx, shape.DetailType, shape.Detail, shape.Time.UTC()); err != nil {
			slog.ErrorContext(ctx, "event", "kind", shape.DetailType, "error", err.Error())
			return nil, err
		}
		return []byte("null"), nil
	}
	return nil, errors.New("read event: neither a request of API Gateway, a schedule nor an event of this function")
}

// serve answers one request through the adapter, whose gaps it closes: it splits headers at commas, takes a path that
// does not parse for its own failure, and answers nothing when a handler wrote nothing.
func (f Function) serve(ctx context.Context, event events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	_, err := url.ParseRequestURI(event.RawPath)
	readable := err == nil
	if !readable {
		event.RawPath = "/"
	}
	event.RawPath = unescaped.Replace(event.RawPath)
	maps.DeleteFunc(event.Headers, func(name, _ string) bool { // nobody may tell us what the gateway said
		return strings.HasPrefix(strings.ToLower(name), "x-golambdaproxy-")
	})
	adapter := httpadapter.NewV2(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range event.Headers {
			r.Header[http.CanonicalHeaderKey(name)] = []string{value}
		}
		r.Header.Del("Host") // it is r.Host
		for name, value := range event.PathParameters {
			r.SetPathValue(name, value)
		}
		r.Pattern = event.RouteKey
		answer := reply{ResponseWriter: w}
		if readable {
			f.answer(&answer, r)
		} else {
			sealed(w.Header())
			Problem(&answer, r, errBadPath)
		}
		answer.send()
	}))
	return adapter.ProxyWithContext(ctx, event)
}

// unescaped are the characters that mean another thing in a URL than in a path that the gateway has decoded.
var unescaped = strings.NewReplacer("#", "%23", "?", "%3F")

// reply keeps an answer until it is whole, so that a failure half-way replaces it. Where nothing is written it is 200,
// as with net/http.
type reply struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (a *reply) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *reply) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}

// reset forgets what was written, and what the headers say of it.
func (a *reply) reset() {
	a.status = 0
	a.body.Reset()
	for _, name := range []string{"Content-Type", "Content-Disposition", "Etag", "Location"} {
		a.Header().Del(name)
	}
}

func (a *reply) send() {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	a.ResponseWriter.WriteHeader(a.status)
	if a.body.Len() > 0 {
		_, _ = a.ResponseWriter.Write(a.body.Bytes()) // the adapter's buffer never fails
	}
}

// sealed has an answer taken for what it says it is, kept by nobody, and its address told to nobody.
func sealed(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
}

// answer runs the handler of the request's route. A panic is answered like any other failure of ours.
func (f Function) answer(w *reply, r *http.Request) {
	fail := func(err error) {
		w.reset()
		if f.Fail != nil {
			f.Fail(w, r, err)
		} else {
			Problem(w, r, err)
		}
	}
	defer func() {
		if p := recover(); p != nil {
			fail(fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
		}
	}()
	sealed(w.Header())
	handler, ok := f.Routes[r.Pattern]
	if !ok {
		fail(errNoRoute)
		return
	}
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		fail(errCrossOrigin)
		return
	}
	if err := handler(w, r); err != nil {
		fail(err)
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
