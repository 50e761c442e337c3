package cloud_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"dayone/local/cloud"
)

func TestReceiverKeepsWhatIsSignedAndShowsIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := play(t, cloud.Config{Dir: dir})
	send := func(secret, id, body string, at time.Time) (int, string) {
		t.Helper()
		hook, err := webhooks.NewWebhook(secret)
		if err != nil {
			t.Fatal(err)
		}
		signature, err := hook.Sign(id, at, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		status, _, answer := s.do(t, "POST", "/_local/events", body, "webhook-id", id, "webhook-timestamp", strconv.FormatInt(at.Unix(), 10), "webhook-signature", signature)
		return status, answer
	}
	secret := s.Template.Parameters["EventsSecret"]
	for name, tc := range map[string]struct {
		secret, body string
		at           time.Time
		status       int
	}{
		"another secret": {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", `{}`, s.Now(), 401},
		"too old":        {secret, `{}`, s.Now().Add(-6 * time.Minute), 401},
		"no JSON":        {secret, `{`, s.Now(), 400},
	} {
		if status, answer := send(tc.secret, "evt_1", tc.body, tc.at); status != tc.status {
			t.Errorf("%s: %d %s, want %d", name, status, answer, tc.status)
		}
	}
	for _, id := range []string{"evt_DO-1_1", "evt_DO-1_2"} {
		if status, answer := send(secret, id, `{"type":"order.placed","note":"<b>"}`, s.Now()); status != 204 {
			t.Errorf("%d %s", status, answer)
		}
	}
	if sent := s.SentEvents(); len(sent) != 2 || sent[0].ID != "evt_DO-1_1" || !sent[0].At.Equal(s.Now()) {
		t.Errorf("%v", sent)
	}
	_, _, shown := s.do(t, "GET", "/_local/events", "")
	if second, first := strings.Index(shown, "evt_DO-1_2"), strings.Index(shown, "evt_DO-1_1"); second < 0 || second > first {
		t.Errorf("not the newest first: %s", shown)
	}
	_, _, page := s.do(t, "GET", "/_local/events", "", "Accept", "text/html")
	if !strings.Contains(page, "order.placed") || !strings.Contains(page, "evt_DO-1_2") || strings.Contains(page, "<b>") {
		t.Errorf("%s", page)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if again := play(t, cloud.Config{Dir: dir}); len(again.SentEvents()) != 2 {
		t.Errorf("after a restart it knows %v", again.SentEvents())
	}
}
