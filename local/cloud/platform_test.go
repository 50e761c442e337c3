package cloud_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"dayone/local/cloud"
)

// provision asks the service platform for a line, signed with the secret that the template was given.
func (s *stage) provision(t *testing.T, key string, change func(*cloud.ServiceLine)) (int, string) {
	t.Helper()
	line := cloud.ServiceLine{Order: "o-1", Line: "l-1", Service: "calling", SKU: "A-FLEX-CALL", Quantity: 25, Action: "provision", SubscriptionID: "Sub1", CustomerOrganization: "c-1"}
	if change != nil {
		change(&line)
	}
	body, err := json.Marshal(line)
	if err != nil {
		t.Fatal(err)
	}
	return s.ask(t, key, s.Template.Parameters["ProvisionerSecret"], s.Now(), string(body))
}

func (s *stage) ask(t *testing.T, key, secret string, at time.Time, body string) (int, string) {
	t.Helper()
	hook, err := webhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := hook.Sign("msg_1", at, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	status, _, answer := s.do(t, "POST", "/_local/platform", body, "Idempotency-Key", key,
		"webhook-id", "msg_1", "webhook-timestamp", strconv.FormatInt(at.Unix(), 10), "webhook-signature", signature)
	return status, answer
}

func (s *stage) set(t *testing.T, body string) {
	t.Helper()
	if status, _, answer := s.do(t, "POST", "/_local/services", body); status != http.StatusOK {
		t.Fatalf("%s: %d %s", body, status, answer)
	}
}

func TestPlatformProvisionsAndTakesBack(t *testing.T) {
	t.Parallel()
	s := play(t, cloud.Config{})
	remove := func(l *cloud.ServiceLine) { l.Action = "deprovision" }
	for i, step := range []struct {
		key    string
		change func(*cloud.ServiceLine)
		status int
		part   string
	}{
		{"a", nil, 200, "provisioned"},
		{"a", nil, 200, "provisioned"},
		{"a", func(l *cloud.ServiceLine) { l.Quantity = 26 }, 422, "was for something else"},
		{"b", remove, 200, "removed"},
		{"a", nil, 200, "provisioned"},
		{"", nil, 400, "Idempotency-Key is missing"},
		{"c", func(l *cloud.ServiceLine) { l.Action = "" }, 422, "action"},
	} {
		if status, body := s.provision(t, step.key, step.change); status != step.status || !strings.Contains(body, step.part) {
			t.Errorf("step %d: %d %s, want %d %s", i, status, body, step.status, step.part)
		}
	}
	if got := len(s.ServiceRequests()); got != 5 {
		t.Errorf("%d requests kept, want 5", got)
	}
}

func TestPlatformChecksSignaturesByTheLocalClock(t *testing.T) {
	t.Parallel()
	s := play(t, cloud.Config{})
	secret := s.Template.Parameters["ProvisionerSecret"]
	for name, tc := range map[string]struct {
		secret string
		at     time.Time
		status int
	}{
		"another secret": {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", s.Now(), 401},
		"too old":        {secret, s.Now().Add(-6 * time.Minute), 401},
		"too new":        {secret, s.Now().Add(6 * time.Minute), 401},
		"old enough":     {secret, s.Now().Add(-4 * time.Minute), 422}, // the signature is right, the body says nothing
	} {
		if status, body := s.ask(t, "k", tc.secret, tc.at, "{}"); status != tc.status {
			t.Errorf("%s: %d %s, want %d", name, status, body, tc.status)
		}
	}
}

func TestServicesBehaveAsTheyAreTold(t *testing.T) {
	t.Parallel()
	t.Run("slow is done after two minutes of the clock", func(t *testing.T) {
		t.Parallel()
		s := play(t, cloud.Config{})
		s.set(t, `{"service":"calling","behaviour":"slow"}`)
		for i, want := range []int{202, 202, 200, 200} {
			if status, body := s.provision(t, "a", nil); status != want {
				t.Errorf("ask %d: %d %s, want %d", i, status, body, want)
			}
			if err := s.Advance(t.Context(), time.Minute, 0); err != nil {
				t.Fatal(err)
			}
		}
	})
	t.Run("fails as often as it is told", func(t *testing.T) {
		t.Parallel()
		s := play(t, cloud.Config{})
		s.set(t, `{"service":"A-FLEX-CALL","behaviour":"fail_once","times":2}`)
		for i, want := range []int{503, 503, 200} {
			if status, body := s.provision(t, "a", nil); status != want {
				t.Errorf("ask %d: %d %s, want %d", i, status, body, want)
			}
		}
	})
	t.Run("fails until it is well", func(t *testing.T) {
		t.Parallel()
		s := play(t, cloud.Config{})
		s.set(t, `{"service":"calling","behaviour":"fail","reason":"no numbers left"}`)
		if status, body := s.provision(t, "a", nil); status != 422 || !strings.Contains(body, "no numbers left") {
			t.Errorf("%d %s", status, body)
		}
		if status, _ := s.provision(t, "b", func(l *cloud.ServiceLine) { l.Service, l.SKU = "meetings", "A-FLEX-MEET" }); status != 200 {
			t.Errorf("another service: %d", status)
		}
		s.set(t, `{"service":"calling","behaviour":"ok"}`)
		if status, _ := s.provision(t, "a", nil); status != 200 {
			t.Errorf("well again: %d", status)
		}
	})
	t.Run("refuses what it does not know", func(t *testing.T) {
		t.Parallel()
		s := play(t, cloud.Config{})
		for _, body := range []string{`{"service":"calling","behaviour":"odd"}`, `{"behaviour":"ok"}`, `{"service":"calling","behaviour":"ok","more":1}`, `[]`} {
			if status, _, answer := s.do(t, "POST", "/_local/services", body); status != 400 {
				t.Errorf("%s: %d %s", body, status, answer)
			}
		}
	})
	t.Run("tells what it was asked", func(t *testing.T) {
		t.Parallel()
		s := play(t, cloud.Config{})
		s.set(t, `{"service":"meetings","behaviour":"slow"}`)
		s.provision(t, "a", nil)
		_, _, body := s.do(t, "GET", "/_local/services", "")
		var got struct {
			Requests   []map[string]any
			Behaviours map[string]cloud.Behaviour
		}
		if err := json.Unmarshal([]byte(body), &got); err != nil {
			t.Fatal(err)
		}
		if len(got.Requests) != 1 || got.Requests[0]["at"] != "2026-11-23T12:00:00Z" || got.Requests[0]["answer"] != 200.0 || got.Behaviours["meetings"].Behaviour != "slow" {
			t.Errorf("%s", body)
		}
		if _, header, body := s.do(t, "GET", "/_local/services", "", "Accept", "text/html"); !strings.HasPrefix(header.Get("Content-Type"), "text/html") || !strings.Contains(body, "25 × A-FLEX-CALL") {
			t.Errorf("page: %s", body)
		}
	})
}

func TestLocalIsForThisMachineOnly(t *testing.T) {
	t.Parallel()
	s := play(t, cloud.Config{})
	for name, header := range map[string][]string{
		"a page of another site": {"Sec-Fetch-Site", "cross-site"},
		"an origin of another":   {"Origin", "https://evil.example"},
	} {
		if status, _, body := s.do(t, "POST", "/_local/clock", `{"advance":"1h"}`, header...); status != 403 {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	r, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+"/_local/inbox.json", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "evil.example"
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != 403 {
		t.Errorf("another name: %d", response.StatusCode)
	}
}

func TestFrontPageSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := play(t, cloud.Config{})
	status, _, body := s.do(t, "GET", "/", "")
	if status != 200 || !strings.Contains(body, "GET /orders answers 404") || !strings.Contains(body, "rate(15 minutes)") {
		t.Errorf("%d %s", status, body)
	}
}
