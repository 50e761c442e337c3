package webhook_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"dayone/shared/webhook"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

var noon = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)

// hears is an endpoint at a server that answers so.
func hears(t *testing.T, answer http.HandlerFunc) *webhook.Endpoint {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	e, err := webhook.Open(s.URL+"/path?key=hidden", secret, 200*time.Millisecond, 2)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestMessagesAreSigned(t *testing.T) {
	hook, err := webhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	e := hears(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = hook.VerifyIgnoringTimestamp(body, r.Header)
		}
		if h := r.Header; err != nil || r.Method != http.MethodPost || h.Get("webhook-id") != "msg_1" || h.Get("webhook-timestamp") != "1795435200" ||
			h.Get("Content-Type") != "application/json" || h.Get("Idempotency-Key") != "k" || string(body) != `{"a":1}` {
			t.Errorf("%v: %v %s", err, r.Header, body)
		}
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, "said")
	})
	answer, err := e.Post(t.Context(), "msg_1", []byte(`{"a":1}`), noon, http.Header{"Idempotency-Key": {"k"}})
	if err != nil || answer.Status != http.StatusTeapot || string(answer.Body) != "said" {
		t.Errorf("%v %d %s", err, answer.Status, answer.Body)
	}
}

func TestAnswersAreReadInPart(t *testing.T) {
	e := hears(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 1<<20)) })
	if answer, err := e.Post(t.Context(), "msg_1", nil, noon, nil); err != nil || len(answer.Body) != 16<<10 {
		t.Errorf("%v, %d bytes", err, len(answer.Body))
	}
}

func TestErrorsDoNotTellTheAddress(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"silence":   func(http.ResponseWriter, *http.Request) { time.Sleep(time.Second) },
		"a hang-up": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		if _, err := hears(t, answer).Post(t.Context(), "msg_1", nil, noon, nil); err == nil || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRedirectsAreAnswers(t *testing.T) {
	e := hears(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) })
	if answer, err := e.Post(t.Context(), "msg_1", nil, noon, nil); err != nil || answer.Status != http.StatusFound {
		t.Errorf("%v %d", err, answer.Status)
	}
}

func TestWhatNothingCanBeSentToOrSignedWithIsRefused(t *testing.T) {
	for name, tc := range map[string]struct{ address, secret string }{
		"no address":       {"", secret},
		"another protocol": {"ftp://commerce.example", secret},
		"no host":          {"https:///events", secret},
		"no secret":        {"https://commerce.example", ""},
		"no base64":        {"https://commerce.example", "whsec_!"},
	} {
		if _, err := webhook.Open(tc.address, tc.secret, time.Second, 1); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	one, err := webhook.Open("https://commerce.example/one", secret, time.Second, 1)
	if err != nil {
		t.Fatal(err)
	}
	other, err := webhook.Open("https://commerce.example/two", secret, time.Second, 1)
	if err != nil || one.Name() == other.Name() || strings.Contains(one.Name(), "commerce") {
		t.Errorf("%v: %s, %s", err, one.Name(), other.Name())
	}
}
