package cloud

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"dayone/local/template"
)

// What an HTTP API takes, and how long it waits.
const (
	largestBody   = 10 << 20
	largestHeader = 10240
	longestWait   = 30 * time.Second
)

// callerHeader picks who signs a request, where the route wants signatures. It is not passed on.
const callerHeader = "X-Local-Caller"

// gateway answers what is not local's own with the functions, as an HTTP API with payload format 2.0 does.
func (c *Cloud) gateway(w http.ResponseWriter, r *http.Request) {
	if headerSize(r) > largestHeader {
		refuse(w, http.StatusRequestHeaderFieldsTooLarge)
		return
	}
	route, values, ok := match(c.routes, r.Method, r.URL.EscapedPath())
	if !ok {
		refuse(w, http.StatusNotFound)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largestBody))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		refuse(w, http.StatusRequestEntityTooLarge)
		return
	}
	if err != nil {
		refuse(w, http.StatusBadRequest)
		return
	}
	event := c.event(r, route, values, body)
	w.Header().Set("Apigw-Requestid", event.RequestContext.RequestID)
	payload, err := json.Marshal(event)
	if err != nil {
		refuse(w, http.StatusInternalServerError)
		return
	}
	c.answer(w, r, body, c.functions[route.function], payload)
}

// answer waits for the function as long as the gateway does, then writes what it answered.
func (c *Cloud) answer(w http.ResponseWriter, r *http.Request, body []byte, f *function, payload []byte) {
	// A client that goes away does not end the function: Lambda finishes what it began.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), f.Timeout)
	type result struct {
		answer []byte
		err    error
	}
	done := make(chan result, 1)
	go func() {
		defer cancel()
		answer, err := c.invoke(ctx, f, payload)
		done <- result{answer, err}
	}()
	patience := time.NewTimer(min(f.Timeout, longestWait))
	defer patience.Stop()
	select {
	case <-patience.C:
		c.log.Error("a function took too long", "function", f.ID, "path", r.URL.Path)
		if f.Timeout < longestWait { // Lambda gave up before the gateway did
			refuse(w, http.StatusInternalServerError)
			return
		}
		refuse(w, http.StatusServiceUnavailable)
	case out := <-done:
		if out.err == nil {
			out.err = c.seen(r, body, w, out.answer)
		}
		if out.err != nil {
			c.log.Error("a function failed", "function", f.ID, "path", r.URL.Path, "error", out.err)
			refuse(w, http.StatusInternalServerError)
		}
	}
}

// Exchange is what a function was asked over HTTP and what it answered. What the gateway answers by itself is none.
type Exchange struct {
	Request     *http.Request
	RequestBody []byte
	Status      int
	Header      http.Header
	Body        []byte
}

// seen writes a function's answer, and tells of it where somebody wants to know before the client does.
func (c *Cloud) seen(r *http.Request, body []byte, w http.ResponseWriter, answer []byte) error {
	if c.config.Seen == nil {
		return writeAnswer(w, answer)
	}
	kept := &keeper{ResponseWriter: w}
	if err := writeAnswer(kept, answer); err != nil {
		return err
	}
	c.config.Seen(Exchange{r, body, kept.status, w.Header(), kept.body})
	return nil
}

// keeper keeps what goes through it.
type keeper struct {
	http.ResponseWriter
	status int
	body   []byte
}

// WriteHeader implements http.ResponseWriter.
func (k *keeper) WriteHeader(status int) {
	k.status = status
	k.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (k *keeper) Write(body []byte) (int, error) {
	if k.status == 0 {
		k.status = http.StatusOK
	}
	k.body = body // it is all in one piece
	return k.ResponseWriter.Write(body)
}

// refuse answers in the gateway's own words.
func refuse(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	message, _ := json.Marshal(map[string]string{"message": http.StatusText(status)}) // a map of strings always encodes
	_, _ = w.Write(message)                                                           // the client may be gone
}

// headerSize is what the request line and the headers take on the wire.
func headerSize(r *http.Request) int {
	size := len(r.Method) + len(r.RequestURI) + len(r.Proto) + 4 + len("Host: ") + len(r.Host) + 2
	for name, values := range r.Header {
		for _, v := range values {
			size += len(name) + len(v) + 4
		}
	}
	return size
}

// event is API Gateway's request event, payload format 2.0, in the shape AWS documents. The types of aws-lambda-go are for reading it:
// written, they add members that the real one has not.
type event struct {
	Version               string            `json:"version"`
	RouteKey              string            `json:"routeKey"`
	RawPath               string            `json:"rawPath"`
	RawQueryString        string            `json:"rawQueryString"`
	Cookies               []string          `json:"cookies,omitempty"`
	Headers               map[string]string `json:"headers"`
	QueryStringParameters map[string]string `json:"queryStringParameters,omitempty"`
	RequestContext        eventContext      `json:"requestContext"`
	PathParameters        map[string]string `json:"pathParameters,omitempty"`
	Body                  string            `json:"body,omitempty"`
	IsBase64Encoded       bool              `json:"isBase64Encoded"`
}

type eventContext struct {
	AccountID    string           `json:"accountId"`
	APIID        string           `json:"apiId"`
	Authorizer   *eventAuthorizer `json:"authorizer,omitempty"`
	DomainName   string           `json:"domainName"`
	DomainPrefix string           `json:"domainPrefix"`
	HTTP         eventHTTP        `json:"http"`
	RequestID    string           `json:"requestId"`
	RouteKey     string           `json:"routeKey"`
	Stage        string           `json:"stage"`
	Time         string           `json:"time"`
	TimeEpoch    int64            `json:"timeEpoch"`
}

type eventHTTP struct {
	Method    string `json:"method"`
	Path      string `json:"path"`
	Protocol  string `json:"protocol"`
	SourceIP  string `json:"sourceIp"`
	UserAgent string `json:"userAgent"`
}

type eventAuthorizer struct {
	IAM eventIAM `json:"iam"`
}

type eventIAM struct {
	AccessKey       string  `json:"accessKey"`
	AccountID       string  `json:"accountId"`
	CallerID        string  `json:"callerId"`
	CognitoIdentity *string `json:"cognitoIdentity"` // always null: nobody signs through Cognito
	PrincipalOrgID  string  `json:"principalOrgId"`
	UserARN         string  `json:"userArn"`
	UserID          string  `json:"userId"`
}

func (c *Cloud) event(r *http.Request, route route, values map[string]string, body []byte) event {
	now := c.clock.Now()
	source, port, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		source = r.RemoteAddr
	}
	e := event{
		Version:        "2.0",
		RouteKey:       route.Key(),
		RawPath:        r.URL.Path, // an HTTP API hands the path over decoded, "raw" or not
		RawQueryString: r.URL.RawQuery,
		Headers:        map[string]string{},
		PathParameters: values,
		RequestContext: eventContext{
			AccountID:    template.Account,
			APIID:        c.api,
			DomainName:   r.Host,
			DomainPrefix: strings.SplitN(r.Host, ".", 2)[0],
			HTTP:         eventHTTP{Method: r.Method, Path: r.URL.Path, Protocol: r.Proto, SourceIP: source, UserAgent: r.UserAgent()},
			RequestID:    newID(),
			RouteKey:     route.Key(),
			Stage:        "$default",
			Time:         now.Format("02/Jan/2006:15:04:05 -0700"),
			TimeEpoch:    now.UnixMilli(),
		},
	}
	if route.IAM {
		e.RequestContext.Authorizer = &eventAuthorizer{IAM: signer(r.Header.Get(callerHeader))}
	}
	for name, all := range r.Header {
		switch name {
		case "Cookie":
			for _, line := range all {
				for cookie := range strings.SplitSeq(line, ";") {
					e.Cookies = append(e.Cookies, strings.TrimSpace(cookie))
				}
			}
		case callerHeader, "Connection", "Keep-Alive", "Te", "Transfer-Encoding", "Upgrade":
		default:
			e.Headers[strings.ToLower(name)] = strings.Join(all, ",")
		}
	}
	e.Headers["host"] = r.Host
	e.Headers["content-length"] = strconv.Itoa(len(body))
	e.Headers["x-forwarded-for"] = source
	e.Headers["x-forwarded-port"] = port
	e.Headers["x-forwarded-proto"] = "http"
	e.Headers["x-amzn-trace-id"] = fmt.Sprintf("Root=1-%08x-%s", now.Unix(), strings.ReplaceAll(newID(), "-", "")[:24])
	for name, all := range query(r.URL.RawQuery) {
		if e.QueryStringParameters == nil {
			e.QueryStringParameters = map[string]string{}
		}
		e.QueryStringParameters[name] = strings.Join(all, ",")
	}
	e.Body, e.IsBase64Encoded = encodeBody(r.Header.Get("Content-Type"), body)
	return e
}

// query reads what can be read of a query; the raw one is passed on as it came.
func query(raw string) url.Values {
	values, _ := url.ParseQuery(raw) // it returns the good parts together with the error
	return values
}

// encodeBody hands a body over as text for the few types that an HTTP API takes for text, and in base64 for all others: forms, bodies of
// no type, and what JSON could not carry unchanged.
func encodeBody(contentType string, body []byte) (string, bool) {
	if len(body) == 0 {
		return "", false
	}
	kind, _, err := mime.ParseMediaType(contentType)
	plain := err == nil && (strings.HasPrefix(kind, "text/") || slices.Contains([]string{"application/json", "application/xml", "application/javascript"}, kind))
	if plain && utf8.Valid(body) {
		return string(body), false
	}
	return base64.StdEncoding.EncodeToString(body), true
}

// signer is who the IAM authorizer says signed: somebody in the role of the commerce system, unless a name says otherwise.
func signer(name string) eventIAM {
	if name == "" {
		name = "commerce"
	}
	id := "AROA" + strings.ToUpper(name) + ":local"
	return eventIAM{
		AccessKey:      "ASIALOCAL",
		AccountID:      template.Account,
		CallerID:       id,
		PrincipalOrgID: "o-local",
		UserARN:        fmt.Sprintf("arn:aws:sts::%s:assumed-role/%s/local", template.Account, name),
		UserID:         id,
	}
}

// answerEvent is what a function may answer.
type answerEvent struct {
	StatusCode      *int              `json:"statusCode"`
	Headers         map[string]string `json:"headers"`
	Cookies         []string          `json:"cookies"`
	Body            string            `json:"body"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
}

// writeAnswer writes a function's answer. One without a status is a body of JSON by itself, as the payload format says.
func writeAnswer(w http.ResponseWriter, payload []byte) error {
	var a answerEvent
	if err := json.Unmarshal(payload, &a); err != nil || a.StatusCode == nil {
		if !json.Valid(payload) {
			return fmt.Errorf("the answer is not JSON: %.100q", payload)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(payload) // the client may be gone
		return nil
	}
	if *a.StatusCode < 100 || *a.StatusCode > 599 {
		return fmt.Errorf("the answer has status %d", *a.StatusCode)
	}
	body := []byte(a.Body)
	if a.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(a.Body); err != nil {
			return fmt.Errorf("the answer's body: %w", err)
		}
	}
	for name, value := range a.Headers {
		w.Header().Set(name, value)
	}
	for _, cookie := range a.Cookies {
		w.Header().Add("Set-Cookie", cookie)
	}
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if *a.StatusCode == http.StatusNoContent || *a.StatusCode == http.StatusNotModified {
		w.Header().Del("Content-Length")
	}
	w.WriteHeader(*a.StatusCode)
	_, _ = w.Write(body) // the client may be gone
	return nil
}
