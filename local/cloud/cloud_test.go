package cloud_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/google/go-cmp/cmp"

	"dayone/local/cloud"
	"dayone/local/cloud/cloudtest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// stage is the test template's functions, and what they saw.
type stage struct {
	*cloud.Cloud

	mu    sync.Mutex
	fired []string                               // "Late 2026-11-23T13:00:00Z"
	event []byte                                 // what Echo was given last
	fail  error                                  // what the scheduled ones answer
	told  []string                               // what Hears was told: "Email Bounced to a@b.example"
	deaf  int                                    // how many events Hears fails to take
	does  func(context.Context) ([]byte, error)  // what Answers does on HTTP
	env   map[string]func(string) (value string) // by function
}

type handler func(context.Context, []byte) ([]byte, error)

func (h handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) { return h(ctx, payload) }

func play(t *testing.T, config cloud.Config) *stage {
	t.Helper()
	s := &stage{env: map[string]func(string) string{}}
	config.Template = "testdata/template.yaml"
	config.Functions = s.functions()
	s.Cloud = cloudtest.Start(t, config)
	return s
}

func (s *stage) functions() map[string]cloud.Constructor {
	made := func(id string, h handler) cloud.Constructor {
		return func(getenv func(string) string) lambda.Handler {
			s.env[id] = getenv
			return h
		}
	}
	return map[string]cloud.Constructor{
		"Echo": made("Echo", func(_ context.Context, payload []byte) ([]byte, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.event = payload
			return []byte(`{"statusCode":204}`), nil
		}),
		"Answers": made("Answers", func(ctx context.Context, payload []byte) ([]byte, error) {
			if bytes.Contains(payload, []byte("aws.events")) {
				return nil, s.saw("Answers", payload)
			}
			return s.does(ctx)
		}),
		"Hears": made("Hears", func(_ context.Context, payload []byte) ([]byte, error) { return []byte("null"), s.hear(payload) }),
		"Late":  made("Late", func(_ context.Context, payload []byte) ([]byte, error) { return nil, s.saw("Late", payload) }),
	}
}

// hear notes an event of SES that is whole.
func (s *stage) hear(payload []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.deaf > 0 {
		s.deaf--
		return errors.New("deaf")
	}
	var e events.EventBridgeEvent
	var d struct {
		EventType string
		Mail      struct {
			MessageID   string
			Destination []string
			Tags        map[string][]string
		}
	}
	if err := json.Unmarshal(payload, &e); err != nil {
		return err
	}
	if err := json.Unmarshal(e.Detail, &d); err != nil {
		return err
	}
	if d.EventType == "" || d.Mail.MessageID == "" || d.Mail.Tags["order"][0] != "o-1" {
		return errors.New("not an event of SES's")
	}
	s.told = append(s.told, e.DetailType+" to "+d.Mail.Destination[0])
	return nil
}

func (s *stage) saw(id string, payload []byte) error {
	var e events.EventBridgeEvent
	if err := json.Unmarshal(payload, &e); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fired = append(s.fired, id+" "+e.Time.Format(time.RFC3339))
	return s.fail
}

func (s *stage) do(t *testing.T, method, path, body string, header ...string) (int, http.Header, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(text)
}

func TestEventsHaveTheDocumentedShape(t *testing.T) {
	t.Parallel()
	s := play(t, cloud.Config{})
	for name, tc := range map[string]struct {
		method, path, body string
		header             []string
	}{
		"signed": {"POST", "/things/a%20b%2Fc/parts?x=1&x=2&y=%C5%A1", `{"name":"Miha"}`, []string{
			"Content-Type", "application/json", "X-Local-Caller", "other", "Cookie", "one=1; two=2", "X-Many", "a", "X-Many", "b, c"}},
		"form":    {"PUT", "/things", "a=1&b=2", []string{"Content-Type", "application/x-www-form-urlencoded"}},
		"no type": {"PUT", "/things", "a", nil},
		"broken":  {"PUT", "/things", "{\"a\":\"\xff\"}", []string{"Content-Type", "application/json"}},
		"patch":   {"PUT", "/things", "{}", []string{"Content-Type", "application/merge-patch+json"}},
		"greedy":  {"GET", "/files/a/b%20c/d.txt", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			status, header, _ := s.do(t, tc.method, tc.path, tc.body, append(tc.header, "User-Agent", "test", "Accept-Encoding", "identity")...)
			if status != http.StatusNoContent || header.Get("Apigw-Requestid") == "" {
				t.Fatalf("status %d, request id %q", status, header.Get("Apigw-Requestid"))
			}
			golden(t, "event "+name, s.event)
			strict := json.NewDecoder(bytes.NewReader(s.event))
			strict.DisallowUnknownFields()
			var e events.APIGatewayV2HTTPRequest
			if err := strict.Decode(&e); err != nil {
				t.Errorf("aws-lambda-go does not know this: %v", err)
			}
			if got := time.UnixMilli(e.RequestContext.TimeEpoch); !got.Equal(s.Now()) {
				t.Errorf("timeEpoch is %s, the clock says %s", got, s.Now())
			}
		})
	}
}

// changing is what differs from run to run in an event.
var changing = regexp.MustCompile(`("(?:apiId|requestId|x-amzn-trace-id|x-forwarded-port|host|domainName|domainPrefix)": )"[^"]*"`)

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	var text bytes.Buffer
	if err := json.Indent(&text, got, "", "  "); err != nil {
		t.Fatal(err)
	}
	text.WriteByte('\n')
	plain := changing.ReplaceAll(text.Bytes(), []byte(`$1"*"`))
	file := filepath.Join("testdata", strings.ReplaceAll(name, " ", "-")+".json")
	if *update {
		if err := os.WriteFile(file, plain, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(plain)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func TestUnknownIsNotFound(t *testing.T) {
	t.Parallel()
	s := play(t, cloud.Config{})
	for name, tc := range map[string]struct{ method, path string }{
		"path":             {"GET", "/nothing"},
		"method":           {"DELETE", "/things/a"},
		"options":          {"OPTIONS", "/things/a"},
		"longer":           {"GET", "/things/a/b"},
		"trailing slash":   {"GET", "/things/a/"},
		"empty parameter":  {"POST", "/things//parts"},
		"nothing greedy":   {"GET", "/files/"},
		"not the front":    {"POST", "/"},
		"nothing of ours":  {"GET", "/_local/nothing"},
		"broken escapes":   {"GET", "/things/%zz"},
		"case of the path": {"GET", "/Things/a"},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.path == "/things/%zz" {
				conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				if _, err := io.WriteString(conn, "GET /things/%zz HTTP/1.0\r\nHost: localhost\r\n\r\n"); err != nil {
					t.Fatal(err)
				}
				answer, err := io.ReadAll(conn)
				if err != nil || !bytes.HasPrefix(answer, []byte("HTTP/1.0 400")) && !bytes.HasPrefix(answer, []byte("HTTP/1.1 400")) {
					t.Errorf("answer %q, %v", answer, err)
				}
				return
			}
			status, header, body := s.do(t, tc.method, tc.path, "")
			if status != 404 || body != `{"message":"Not Found"}` || header.Get("Content-Type") != "application/json" {
				t.Errorf("%d %s %s", status, header.Get("Content-Type"), body)
			}
		})
	}
	if status, _, _ := s.do(t, "HEAD", "/things/a", ""); status != 404 {
		t.Errorf("HEAD of a GET route: %d", status)
	}
}

func TestKnownWordGoesBeforeAnyWord(t *testing.T) {
	t.Parallel()
	s := play(t, cloud.Config{})
	for path, want := range map[string]string{"/things/known": "GET /things/known", "/things/other": "GET /things/{thing}"} {
		s.do(t, "GET", path, "")
		var e events.APIGatewayV2HTTPRequest
		if err := json.Unmarshal(s.event, &e); err != nil {
			t.Fatal(err)
		}
		if e.RouteKey != want || e.RequestContext.Authorizer != nil {
			t.Errorf("%s: route %s, authorizer %v", path, e.RouteKey, e.RequestContext.Authorizer)
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	s := play(t, cloud.Config{})
	for name, tc := range map[string]struct {
		path, body, header string
		status             int
	}{
		"body at the limit":     {"/things", strings.Repeat("a", 10<<20), "", 204},
		"body over the limit":   {"/things", strings.Repeat("a", 10<<20+1), "", 413},
		"headers over":          {"/things", "", strings.Repeat("a", 10240), 431},
		"request line over":     {"/things?" + strings.Repeat("a", 10240), "", "", 431},
		"headers under":         {"/things", "", strings.Repeat("a", 9000), 204},
		"far over what Go says": {"/things", "", strings.Repeat("a", 100<<10), 431},
	} {
		t.Run(name, func(t *testing.T) {
			if status, _, body := s.do(t, "PUT", tc.path, tc.body, "X-Long", tc.header); status != tc.status {
				t.Errorf("status %d, want %d: %s", status, tc.status, body)
			}
		})
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	s := play(t, cloud.Config{})
	const internal = `{"message":"Internal Server Error"}`
	for name, tc := range map[string]struct {
		answer string
		err    error
		status int
		body   string
		header http.Header
	}{
		"whole": {`{"statusCode":201,"headers":{"content-type":"text/html","x-a":"1"},"multiValueHeaders":{"x-b":["2"]},"cookies":["a=1; Path=/","b=2"],"body":"hi"}`, nil, 201, "hi",
			http.Header{"Content-Type": {"text/html"}, "X-A": {"1"}, "X-B": nil, "Set-Cookie": {"a=1; Path=/", "b=2"}}},
		"base64":        {`{"statusCode":200,"body":"/wA=","isBase64Encoded":true}`, nil, 200, "\xff\x00", nil},
		"bad base64":    {`{"statusCode":200,"body":"%","isBase64Encoded":true}`, nil, 500, internal, nil},
		"no status":     {`{"a":1}`, nil, 200, `{"a":1}`, http.Header{"Content-Type": {"application/json"}}},
		"bad status":    {`{"statusCode":99}`, nil, 500, internal, nil},
		"not JSON":      {`hello`, nil, 500, internal, nil},
		"its own error": {``, errors.New("secret detail"), 500, internal, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s.does = func(context.Context) ([]byte, error) { return []byte(tc.answer), tc.err }
			status, header, body := s.do(t, "POST", "/answer", "")
			if status != tc.status || body != tc.body {
				t.Errorf("%d %q, want %d %q", status, body, tc.status, tc.body)
			}
			for name, want := range tc.header {
				if diff := cmp.Diff(want, header[name]); diff != "" {
					t.Errorf("%s: %s", name, diff)
				}
			}
		})
	}
	t.Run("panic", func(t *testing.T) {
		s.does = func(context.Context) ([]byte, error) { panic("oh") }
		if status, _, body := s.do(t, "POST", "/answer", ""); status != 500 || body != internal {
			t.Errorf("%d %s", status, body)
		}
	})
	t.Run("over its own limit", func(t *testing.T) {
		s.does = func(ctx context.Context) ([]byte, error) {
			<-ctx.Done()
			time.Sleep(50 * time.Millisecond)
			return nil, ctx.Err()
		}
		if status, _, body := s.do(t, "POST", "/answer", ""); status != 500 || body != internal {
			t.Errorf("%d %s", status, body)
		}
	})
}

func TestFunctionsAndTemplateAgree(t *testing.T) {
	t.Parallel()
	s := &stage{env: map[string]func(string) string{}}
	for name, tc := range map[string]struct {
		change func(map[string]cloud.Constructor)
		want   string
	}{
		"one missing":  {func(m map[string]cloud.Constructor) { delete(m, "Late") }, "function Late of testdata/template.yaml is not there"},
		"one too many": {func(m map[string]cloud.Constructor) { m["More"] = m["Late"] }, "function More is not in testdata/template.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			functions := s.functions()
			tc.change(functions)
			c, err := cloud.Start(t.Context(), cloud.Config{Root: "../..", Template: "testdata/template.yaml", Functions: functions})
			if err == nil {
				_ = c.Close()
			}
			if err == nil || err.Error() != tc.want {
				t.Errorf("Start: %v, want %s", err, tc.want)
			}
		})
	}
}

// inside is where functions reach what they call, on a port of its own.
var inside = regexp.MustCompile(`^http://127\.0\.0\.1:[0-9]+`)

func TestEachFunctionHasItsOwnEnvironment(t *testing.T) {
	t.Parallel()
	s := play(t, cloud.Config{})
	for name, tc := range map[string]struct{ got, want string }{
		"a table by its name here":   {s.env["Echo"]("TABLE"), s.Table("Table")},
		"where people reach it":      {s.env["Echo"]("BASE_URL"), s.URL},
		"not another's":              {s.env["Late"]("BASE_URL"), ""},
		"whose it is":                {s.env["Late"]("AWS_LAMBDA_FUNCTION_NAME"), "Late"},
		"region":                     {s.env["Late"]("AWS_REGION"), "eu-central-1"},
		"nothing of the machine's":   {s.env["Late"]("PATH"), ""},
		"the letters go to local's":  {inside.ReplaceAllString(s.env["Late"]("AWS_ENDPOINT_URL_SESV2"), "inside"), "inside/_local/ses/Late"},
		"tables have another prefix": {s.env["Echo"]("TABLE")[:1], "t"},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: %q, want %q", name, tc.got, tc.want)
		}
	}
}

func TestTakenPortIsSaidPlainly(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, err = cloud.Start(t.Context(), cloud.Config{Root: "../..", Port: l.Addr().(*net.TCPAddr).Port})
	if err == nil || !strings.Contains(err.Error(), "is taken") {
		t.Errorf("Start: %v", err)
	}
}
