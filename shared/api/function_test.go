package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/google/go-cmp/cmp"

	"dayone/shared/api"
	"dayone/shared/commerce"
)

var _ lambda.Handler = api.Function{}

var noon = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)

// request is an event of the gateway for a route, with what the test changes.
func request(route string, change ...func(*events.APIGatewayV2HTTPRequest)) events.APIGatewayV2HTTPRequest {
	method, path, _ := strings.Cut(route, " ")
	e := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: route, RawPath: path, Headers: map[string]string{"host": "dayone.example"},
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			RequestID: "req-1", Stage: "$default", TimeEpoch: noon.UnixMilli() + 7, DomainName: "dayone.example", RouteKey: route,
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: method, Path: path, SourceIP: "192.0.2.1"},
		},
	}
	for _, c := range change {
		c(&e)
	}
	return e
}

func header(name, value string) func(*events.APIGatewayV2HTTPRequest) {
	return func(e *events.APIGatewayV2HTTPRequest) { e.Headers[name] = value }
}

func signed(arn string) func(*events.APIGatewayV2HTTPRequest) {
	return func(e *events.APIGatewayV2HTTPRequest) {
		e.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{IAM: &events.APIGatewayV2HTTPRequestContextAuthorizerIAMDescription{UserARN: arn}}
	}
}

// invoke sends an event through a function as Lambda would.
func invoke(t testing.TB, f api.Function, e events.APIGatewayV2HTTPRequest) events.APIGatewayV2HTTPResponse {
	t.Helper()
	payload, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	out, err := f.Invoke(t.Context(), payload)
	if err != nil {
		t.Fatal(err)
	}
	var answer events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal(out, &answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

// handling is a function with one route.
func handling(route string, h api.HandlerFunc) api.Function {
	return api.Function{Routes: map[string]api.HandlerFunc{route: h}}
}

type problem struct {
	Type, Title, Detail, Code, Existing string
	Status                              int
	RequestID                           string `json:"request_id"`
	Suggestions                         []string
	Errors                              []struct{ Pointer, Code, Detail string }
}

func problemOf(t testing.TB, answer events.APIGatewayV2HTTPResponse) problem {
	t.Helper()
	if got := answer.Headers["Content-Type"]; got != "application/problem+json" {
		t.Fatalf("answered %d as %s: %s", answer.StatusCode, got, answer.Body)
	}
	var p problem
	d := json.NewDecoder(strings.NewReader(answer.Body))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		t.Fatal(err)
	}
	if p.Status != answer.StatusCode || p.Type != "/problems/"+p.Code || p.Title != http.StatusText(p.Status) || p.RequestID != "req-1" || p.Detail == "" {
		t.Errorf("problem %+v with status %d", p, answer.StatusCode)
	}
	return p
}

func TestAnswers(t *testing.T) {
	const route = "POST /orders/{order}/cancel"
	mine := &commerce.Error{Kind: commerce.KindConflict, Code: "mine", Detail: "So it is."}
	for name, tc := range map[string]struct {
		handler api.HandlerFunc
		event   events.APIGatewayV2HTTPRequest
		status  int
		code    string
	}{
		"silence is 200":          {func(http.ResponseWriter, *http.Request) error { return nil }, request(route), 200, ""},
		"a status alone":          {func(w http.ResponseWriter, _ *http.Request) error { w.WriteHeader(204); return nil }, request(route), 204, ""},
		"the first status counts": {func(w http.ResponseWriter, _ *http.Request) error { w.WriteHeader(201); w.WriteHeader(500); return nil }, request(route), 201, ""},
		"a mistake of the asker":  {func(http.ResponseWriter, *http.Request) error { return fmt.Errorf("deed: %w", mine) }, request(route), 409, "mine"},
		"a failure of ours":       {func(http.ResponseWriter, *http.Request) error { return errors.New("secret cause") }, request(route), 500, "internal"},
		"a panic":                 {func(http.ResponseWriter, *http.Request) error { panic("secret cause") }, request(route), 500, "internal"},
		"a panic half-way": {func(w http.ResponseWriter, _ *http.Request) error {
			w.Header().Set("Etag", `"1"`)
			_, _ = io.WriteString(w, `{"half":`)
			panic("secret cause")
		}, request(route), 500, "internal"},
		"an error half-way": {func(w http.ResponseWriter, _ *http.Request) error {
			w.WriteHeader(201)
			_, _ = io.WriteString(w, `{"half":`)
			return mine
		}, request(route), 409, "mine"},
		"a route that is not here":    {nil, request("GET /elsewhere"), 404, "not_found"},
		"no route at all":             {nil, request("$default", func(e *events.APIGatewayV2HTTPRequest) { e.RawPath = "/elsewhere" }), 404, "not_found"},
		"a path that escapes nothing": {nil, request(route, func(e *events.APIGatewayV2HTTPRequest) { e.RawPath = "/orders/%zz/cancel" }), 400, "bad_path"},
		"another site's form":         {nil, request(route, header("origin", "https://evil.example")), 403, "cross_origin"},
		"another site's fetch":        {nil, request(route, header("sec-fetch-site", "cross-site")), 403, "cross_origin"},
		"a sister site's form":        {nil, request(route, header("sec-fetch-site", "same-site")), 403, "cross_origin"},
		"its own form":                {func(http.ResponseWriter, *http.Request) error { return nil }, request(route, header("origin", "https://dayone.example")), 200, ""},
		"its own fetch":               {func(http.ResponseWriter, *http.Request) error { return nil }, request(route, header("sec-fetch-site", "same-origin")), 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			answer := invoke(t, handling(route, tc.handler), tc.event)
			if answer.StatusCode != tc.status {
				t.Errorf("answered %d: %s", answer.StatusCode, answer.Body)
			}
			if strings.Contains(answer.Body, "secret cause") {
				t.Error("the cause is in the answer")
			}
			if tc.code != "" {
				if p := problemOf(t, answer); p.Code != tc.code {
					t.Errorf("code %s", p.Code)
				}
				if answer.Headers["Etag"] != "" {
					t.Error("a header of the answer that failed is left")
				}
			}
			for h, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"} {
				if answer.Headers[h] != want {
					t.Errorf("%s: %s", h, answer.Headers[h])
				}
			}
		})
	}
}

func TestLinksFromOtherSitesAreFollowed(t *testing.T) {
	f := handling("GET /setup", func(http.ResponseWriter, *http.Request) error { return nil })
	if answer := invoke(t, f, request("GET /setup", header("sec-fetch-site", "cross-site"))); answer.StatusCode != 200 {
		t.Errorf("answered %d", answer.StatusCode)
	}
}

func TestFailuresCanBeAnsweredByTheFunction(t *testing.T) {
	f := handling("GET /page", func(w http.ResponseWriter, _ *http.Request) error {
		_, _ = io.WriteString(w, "half a page")
		return commerce.ErrTokenUsed
	})
	f.Fail = func(w http.ResponseWriter, r *http.Request, err error) {
		e, status := api.Mistake(r, err)
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "<p>"+e.Code)
	}
	if answer := invoke(t, f, request("GET /page")); answer.StatusCode != 410 || answer.Body != "<p>link_used" {
		t.Errorf("answered %d %s", answer.StatusCode, answer.Body)
	}
}

// What the gateway says of a request comes from the gateway, not from a header that anybody can send.
func TestForgedContextIsDropped(t *testing.T) {
	forged, err := json.Marshal(events.APIGatewayV2HTTPRequestContext{RequestID: "forged", TimeEpoch: 1,
		Authorizer: &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{IAM: &events.APIGatewayV2HTTPRequestContextAuthorizerIAMDescription{UserARN: "arn:aws:iam::1:user/root"}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"x-golambdaproxy-apigw-context", "X-GoLambdaProxy-ApiGw-Context", "x-golambdaproxy-apigw-stagevars", "X-GOLAMBDAPROXY-ANYTHING"} {
		f := handling("GET /orders", func(_ http.ResponseWriter, r *http.Request) error {
			for h := range r.Header {
				if strings.HasPrefix(strings.ToLower(h), "x-golambdaproxy") {
					t.Errorf("%s came through", h)
				}
			}
			if caller, err := api.Caller(r); err == nil {
				t.Errorf("%s: called by %s", name, caller)
			}
			if api.RequestID(r) != "req-1" || !api.Now(r).Equal(noon.Add(7*time.Millisecond)) || api.SourceIP(r) != "192.0.2.1" {
				t.Errorf("request %s at %s from %s", api.RequestID(r), api.Now(r), api.SourceIP(r))
			}
			return nil
		})
		invoke(t, f, request("GET /orders", header(name, string(forged))))
	}
}

func TestSchedules(t *testing.T) {
	var at time.Time
	f := api.Function{Schedule: func(_ context.Context, now time.Time) error {
		if at = now; now.Minute() == 13 {
			return errors.New("broken")
		}
		return nil
	}}
	event := `{"version":"0","id":"1","detail-type":"Scheduled Event","source":"aws.events","account":"1","time":%q,"region":"eu-central-1","resources":[],"detail":{}}`
	if out, err := f.Invoke(t.Context(), fmt.Appendf(nil, event, "2026-12-01T08:00:00+01:00")); err != nil || string(out) != "null" {
		t.Errorf("Invoke = %s, %v", out, err)
	}
	if !at.Equal(time.Date(2026, 12, 1, 7, 0, 0, 0, time.UTC)) || at.Location() != time.UTC {
		t.Errorf("ran at %s", at)
	}
	if _, err := f.Invoke(t.Context(), fmt.Appendf(nil, event, "2026-12-01T08:13:00Z")); err == nil {
		t.Error("a schedule that failed was answered as done")
	}
	for name, payload := range map[string]string{
		"nothing": "", "no JSON": "{", "no event": "{}", "a schedule without a time": `{"detail-type":"Scheduled Event"}`,
		"another event": `{"detail-type":"EC2 Instance State-change Notification","time":"2026-12-01T08:00:00Z"}`,
	} {
		if out, err := f.Invoke(t.Context(), []byte(payload)); err == nil {
			t.Errorf("%s: answered %s", name, out)
		}
	}
	if _, err := (api.Function{}).Invoke(t.Context(), fmt.Appendf(nil, event, "2026-12-01T08:00:00Z")); err == nil {
		t.Error("a function without a schedule took one")
	}
}

// seen is what a handler can see of a request.
type seen struct {
	Method, Path, Query, Host string
	Header                    map[string][]string
	Cookies                   []string
	Body                      string
}

func see(r *http.Request) seen {
	body, _ := io.ReadAll(r.Body)
	s := seen{Method: r.Method, Path: r.URL.Path, Query: r.URL.Query().Encode(), Host: r.Host, Header: map[string][]string{}, Body: string(body)}
	for name, values := range r.Header {
		// The adapter has no connection: what belongs to one is not compared. Cookies are, as cookies.
		if !slices.Contains([]string{"Cookie", "Accept-Encoding", "Content-Length", "User-Agent"}, name) {
			s.Header[name] = values
		}
	}
	for _, c := range r.Cookies() {
		s.Cookies = append(s.Cookies, c.Name+"="+c.Value)
	}
	return s
}

// A handler sees the same request, and its client the same answer, through Lambda as through net/http.
func TestLikeNetHTTP(t *testing.T) {
	const route = "POST /orders/{order}"
	for name, tc := range map[string]struct {
		path, query, body string
		headers           map[string]string
		cookies           []string
		answer            http.HandlerFunc
	}{
		"plain":                 {path: "/orders/DO-1"},
		"a body":                {path: "/orders/DO-1", body: `{"a":"č"}`, headers: map[string]string{"Content-Type": "application/json"}},
		"a query":               {path: "/orders/DO-1", query: "a=1&b=x+y&b=z&c=%C4%8D&d="},
		"an empty query":        {path: "/orders/DO-1", query: "a"},
		"commas in headers":     {path: "/orders/DO-1", headers: map[string]string{"Accept-Language": "sl,en;q=0.8, de;q=0.5", "If-None-Match": `"1","2", "3"`, "Idempotency-Key": "a,b", "Accept": "text/html,application/json"}},
		"a date":                {path: "/orders/DO-1", headers: map[string]string{"If-Modified-Since": "Mon, 23 Nov 2026 12:00:00 GMT", "X-When": "Mon, 23 Nov 2026"}},
		"spaces in a header":    {path: "/orders/DO-1", headers: map[string]string{"X-Odd": "a ,  b"}},
		"a secret":              {path: "/orders/DO-1", headers: map[string]string{"Authorization": "Bearer psl_abc"}},
		"cookies":               {path: "/orders/DO-1", cookies: []string{"__Host-session=pss_x", "lang=sl"}},
		"a number sign":         {path: "/setup#psl_abc", query: "lang=sl"},
		"a question mark":       {path: "/a?b", query: "c=d"},
		"letters beyond ASCII":  {path: "/orders/č š"},
		"a status and a header": {path: "/orders/DO-1", answer: func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Location", "/x"); w.WriteHeader(303) }},
		"two cookies set": {path: "/orders/DO-1", answer: func(w http.ResponseWriter, _ *http.Request) {
			http.SetCookie(w, &http.Cookie{Name: "a", Value: "1"})
			http.SetCookie(w, &http.Cookie{Name: "b", Value: "2"})
		}},
		"a page": {path: "/orders/DO-1", answer: func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "<!doctype html><p>š")
			_, _ = io.WriteString(w, "more")
		}},
		"bytes": {path: "/orders/DO-1", answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "image/png")
			_, _ = w.Write([]byte{0x89, 'P', 0xff, 0})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var sights []seen
			handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				sights = append(sights, see(r))
				if tc.answer != nil {
					tc.answer(w, r)
				}
			})
			server := httptest.NewServer(handler)
			defer server.Close()
			r, err := http.NewRequestWithContext(t.Context(), "POST", server.URL, strings.NewReader(tc.body))
			if err != nil {
				t.Fatal(err)
			}
			r.URL.Path, r.URL.RawQuery, r.Host = tc.path, tc.query, "dayone.example"
			for n, v := range tc.headers {
				r.Header.Set(n, v)
			}
			if len(tc.cookies) > 0 {
				r.Header.Set("Cookie", strings.Join(tc.cookies, "; "))
			}
			client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
			want, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			wantBody, err := io.ReadAll(want.Body)
			if err != nil {
				t.Fatal(err)
			}
			_ = want.Body.Close()

			f := handling(route, func(w http.ResponseWriter, r *http.Request) error { handler.ServeHTTP(w, r); return nil })
			got := invoke(t, f, request(route, func(e *events.APIGatewayV2HTTPRequest) {
				e.RawPath, e.RawQueryString, e.Cookies, e.Body = tc.path, tc.query, tc.cookies, tc.body
				for n, v := range tc.headers {
					e.Headers[strings.ToLower(n)] = v
				}
			}))
			if len(sights) != 2 {
				t.Fatalf("answered %d %s", got.StatusCode, got.Body)
			}
			if diff := cmp.Diff(sights[0], sights[1]); diff != "" {
				t.Errorf("a server and Lambda see:\n%s", diff)
			}
			body := []byte(got.Body)
			if got.IsBase64Encoded {
				body = decode64(t, got.Body)
			}
			if got.StatusCode != want.StatusCode || !bytes.Equal(body, wantBody) {
				t.Errorf("answered %d %q, want %d %q", got.StatusCode, body, want.StatusCode, wantBody)
			}
			if diff := cmp.Diff(want.Header.Values("Set-Cookie"), got.Cookies); len(want.Header.Values("Set-Cookie")) > 0 && diff != "" {
				t.Error(diff)
			}
			for _, n := range []string{"Location", "Content-Type"} {
				if want.Header.Get(n) != got.Headers[n] {
					t.Errorf("%s: %q, want %q", n, got.Headers[n], want.Header.Get(n))
				}
			}
		})
	}
}

func TestBodiesInBase64(t *testing.T) {
	f := handling("POST /x", func(_ http.ResponseWriter, r *http.Request) error {
		if body, err := api.Body(r); err != nil || string(body) != "a=č" {
			t.Errorf("Body = %q, %v", body, err)
		}
		return nil
	})
	invoke(t, f, request("POST /x", func(e *events.APIGatewayV2HTTPRequest) { e.Body, e.IsBase64Encoded = "YT3EjQ==", true }))
}

func TestPathParametersAndPattern(t *testing.T) {
	const route = "GET /orders/{order}/events"
	f := handling(route, func(_ http.ResponseWriter, r *http.Request) error {
		if r.PathValue("order") != "DO-1/2" || r.Pattern != route || r.PathValue("none") != "" {
			t.Errorf("%q of %q", r.PathValue("order"), r.Pattern)
		}
		return nil
	})
	invoke(t, f, request(route, func(e *events.APIGatewayV2HTTPRequest) { e.PathParameters = map[string]string{"order": "DO-1/2"} }))
}

func TestCallers(t *testing.T) {
	for arn, want := range map[string]string{
		"arn:aws:iam::123456789012:user/commerce":                   "arn:aws:iam::123456789012:user/commerce",
		"arn:aws:sts::123456789012:assumed-role/commerce/session-1": "arn:aws:iam::123456789012:role/commerce",
		"arn:aws:sts::123456789012:assumed-role/commerce/other":     "arn:aws:iam::123456789012:role/commerce",
		"arn:aws-us-gov:sts::123456789012:assumed-role/commerce/s":  "arn:aws-us-gov:iam::123456789012:role/commerce",
		"arn:aws:sts::123456789012:assumed-role/other/session-1":    "arn:aws:iam::123456789012:role/other",
		"": "",
	} {
		f := handling("GET /orders", func(w http.ResponseWriter, r *http.Request) error {
			caller, err := api.Caller(r)
			if err != nil {
				return err
			}
			_, err = io.WriteString(w, caller)
			return err
		})
		answer := invoke(t, f, request("GET /orders", signed(arn)))
		if want == "" {
			if p := problemOf(t, answer); p.Status != 403 || p.Code != "no_caller" {
				t.Errorf("%q: %+v", arn, p)
			}
		} else if answer.Body != want {
			t.Errorf("%q is %q", arn, answer.Body)
		}
	}
	for name, e := range map[string]events.APIGatewayV2HTTPRequest{
		"no authorizer": request("GET /orders"),
		"another authorizer": request("GET /orders", func(e *events.APIGatewayV2HTTPRequest) {
			e.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{}
		}),
	} {
		f := handling("GET /orders", func(_ http.ResponseWriter, r *http.Request) error { _, err := api.Caller(r); return err })
		if answer := invoke(t, f, e); answer.StatusCode != 403 {
			t.Errorf("%s: %d", name, answer.StatusCode)
		}
	}
	if _, err := api.Caller(httptest.NewRequest("GET", "/", nil)); err == nil {
		t.Error("a request of no gateway has a caller")
	}
}

func TestSecretsInHand(t *testing.T) {
	for name, tc := range map[string]struct {
		authorization, cookie, bearer, session string
	}{
		"a client":              {"Bearer pss_1", "", "pss_1", "pss_1"},
		"a client in small":     {"bearer  pss_1 ", "", "pss_1", "pss_1"},
		"a browser":             {"", "__Host-session=pss_2", "", "pss_2"},
		"both":                  {"Bearer pss_1", "__Host-session=pss_2", "pss_1", "pss_1"},
		"a signature":           {"AWS4-HMAC-SHA256 Credential=x", "", "", ""},
		"a cookie of that name": {"", "session=pss_3", "", ""},
		"nothing":               {"", "", "", ""},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		if tc.authorization != "" {
			r.Header.Set("Authorization", tc.authorization)
		}
		if tc.cookie != "" {
			r.Header.Set("Cookie", tc.cookie)
		}
		if api.Bearer(r) != tc.bearer || api.SessionSecret(r) != tc.session {
			t.Errorf("%s: %q and %q", name, api.Bearer(r), api.SessionSecret(r))
		}
	}
	w := httptest.NewRecorder()
	api.SetSession(w, "pss_1")
	api.SetSession(w, "")
	if diff := cmp.Diff([]string{"__Host-session=pss_1; Path=/; HttpOnly; Secure; SameSite=Lax", "__Host-session=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax"},
		w.Header().Values("Set-Cookie")); diff != "" {
		t.Error(diff)
	}
}

func TestEveryKindHasAStatus(t *testing.T) {
	want := map[commerce.Kind]int{
		commerce.KindInvalid: 400, commerce.KindUnprocessable: 422, commerce.KindUnauthorized: 401, commerce.KindForbidden: 403, commerce.KindNotFound: 404,
		commerce.KindConflict: 409, commerce.KindGone: 410, commerce.KindPrecondition: 412, commerce.KindMissing: 428, commerce.KindTooMany: 429,
	}
	for kind := commerce.KindInvalid; kind <= commerce.KindTooMany; kind++ {
		f := handling("GET /x", func(http.ResponseWriter, *http.Request) error {
			return &commerce.Error{Kind: kind, Code: "code", Detail: "d", Wait: 1500 * time.Millisecond}
		})
		answer := invoke(t, f, request("GET /x"))
		if answer.StatusCode != want[kind] {
			t.Errorf("kind %d is %d", kind, answer.StatusCode)
		}
		if kind == commerce.KindTooMany && answer.Headers["Retry-After"] != "2" {
			t.Errorf("Retry-After: %s", answer.Headers["Retry-After"])
		}
		if (answer.Headers["Www-Authenticate"] != "") != (answer.StatusCode == 401) {
			t.Errorf("%d: WWW-Authenticate: %s", answer.StatusCode, answer.Headers["Www-Authenticate"])
		}
	}
}

func TestProblemNamesEveryField(t *testing.T) {
	f := handling("GET /x", func(http.ResponseWriter, *http.Request) error {
		var c commerce.Check
		c.That(false, "lines/1/quantity", "out_of_range", "Order from 1.")
		c.That(false, "/already/slashed", "x", "y")
		err := c.Err().(*commerce.Error)
		err.Existing, err.Suggestions = "DO-1", []string{"acme-2"}
		return err
	})
	p := problemOf(t, invoke(t, f, request("GET /x")))
	if len(p.Errors) != 2 || p.Errors[0].Pointer != "/lines/1/quantity" || p.Errors[0].Code != "out_of_range" || p.Errors[1].Pointer != "/already/slashed" {
		t.Errorf("%+v", p.Errors)
	}
	if p.Existing != "DO-1" || len(p.Suggestions) != 1 {
		t.Errorf("%+v", p)
	}
}

func TestJSONThatCannotBeWrittenIsOurFailure(t *testing.T) {
	f := handling("GET /x", func(w http.ResponseWriter, _ *http.Request) error {
		return api.JSON(w, 200, map[string]any{"x": func() {}})
	})
	if p := problemOf(t, invoke(t, f, request("GET /x"))); p.Status != 500 {
		t.Errorf("%+v", p)
	}
}

func TestFreshIDs(t *testing.T) {
	orders, others := map[string]bool{}, map[string]bool{}
	for range 1000 {
		orders[api.NewOrderID()], others[api.NewID("org")] = true, true
	}
	if len(orders) != 1000 || len(others) != 1000 {
		t.Errorf("%d and %d of 1000 are different", len(orders), len(others))
	}
	for id := range maps.Keys(orders) {
		if len(id) != len("DO-4F7K-9M2X-QT8B") || strings.ContainsAny(id, "ILOU") && !strings.HasPrefix(id, "DO-") || strings.ContainsAny(id[3:], "ILOU") {
			t.Fatalf("order %s", id)
		}
	}
	for id := range maps.Keys(others) {
		if !strings.HasPrefix(id, "org_") || id != strings.ToLower(id) {
			t.Fatalf("id %s", id)
		}
	}
}
