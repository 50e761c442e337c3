package provisioning_test

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"dayone/functions/provisioning"
	"dayone/shared/commerce"
)

var secret = "whsec_" + base64.StdEncoding.EncodeToString([]byte("a secret of thirty-two bytes ...."))

// wire is a service platform on the loopback interface.
type wire struct {
	*httptest.Server
	t *testing.T

	mu     sync.Mutex
	asked  []string          // "provision 1", "deprovision 1", … in turn
	keys   map[string]string // Idempotency-Key of each order, action, line and quantity
	runs   map[string]bool   // order and line that run
	units  map[string]int    // of those, where a change said so
	off    map[string]bool   // suspended
	calls  int
	answer func(action, line string, nth int) (status int, body string) // nth time this is asked; nil is 200
	count  map[string]int
	now    time.Time // what the signatures must say
}

func newWire(t *testing.T) *wire {
	w := &wire{t: t, keys: map[string]string{}, runs: map[string]bool{}, units: map[string]int{}, off: map[string]bool{}, count: map[string]int{}, now: click}
	w.Server = httptest.NewServer(w)
	t.Cleanup(w.Close)
	return w
}

func (w *wire) platform() provisioning.Platform {
	w.t.Helper()
	p, err := provisioning.Webhook(w.URL+"/lines", secret)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *wire) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	hook, err := webhooks.NewWebhook(secret)
	if err == nil {
		err = hook.VerifyIgnoringTimestamp(body, r.Header)
	}
	if err != nil {
		w.t.Errorf("signature: %v", err)
	}
	if got := r.Header.Get(webhooks.HeaderWebhookTimestamp); got != strconv.FormatInt(w.now.Unix(), 10) {
		w.t.Errorf("signed at %s, want %d", got, w.now.Unix())
	}
	var job struct {
		Order, Line, Service, SKU, Action string
		Quantity                          int
		Subscription                      string `json:"subscription_id"`
		Customer                          string `json:"customer_organization"`
	}
	if err := json.Unmarshal(body, &job); err != nil || job.Service == "" || job.Quantity != 25 && job.Action == "provision" || job.Quantity < 1 || job.Subscription == "" || job.Customer == "" ||
		r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
		w.t.Errorf("asked %s %s (%v)", r.Method, body, err)
	}
	what := job.Action + " " + job.Line
	w.calls++
	w.asked = append(w.asked, what)
	w.count[job.Order+what]++
	key := r.Header.Get("Idempotency-Key")
	same := fmt.Sprint(job.Order, what, " ", job.Quantity)
	if before := cmp.Or(w.keys[same], key); before != key {
		w.t.Errorf("%s asked under %s, before under %s", what, key, before)
	}
	w.keys[same] = key
	status, said := http.StatusOK, `{"status":"ok"}`
	if w.answer != nil {
		if s, b := w.answer(job.Action, job.Line, w.count[job.Order+what]); s != 0 {
			status, said = s, b
		}
	}
	if status == http.StatusOK {
		switch of := job.Order + job.Line; job.Action {
		case "provision", "deprovision":
			w.runs[of] = job.Action == "provision"
		case "suspend", "resume":
			w.off[of] = job.Action == "suspend"
		case "change_quantity":
			w.units[of] = job.Quantity
		default:
			w.t.Errorf("asked to %s", job.Action)
		}
	}
	out.WriteHeader(status)
	_, _ = io.WriteString(out, said)
}

// jobs is what was asked so far, and forgets it.
func (w *wire) jobs() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := strings.Join(w.asked, ", ")
	w.asked = nil
	return all
}

// running is how many lines of an order run.
func (w *wire) running(order string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for name, on := range w.runs {
		if on && strings.HasPrefix(name, order) {
			n++
		}
	}
	return n
}

func (w *wire) at(now time.Time) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = now
	return now
}

func TestAnswersOfThePlatform(t *testing.T) {
	long := strings.Repeat("ž", 5000)
	for name, tc := range map[string]struct {
		status int
		body   string
		undo   bool
		want   commerce.Result
		reason string // where it matters
	}{
		"done":                       {200, `{}`, false, commerce.Done, ""},
		"done without a body":        {204, ``, false, commerce.Done, ""},
		"later":                      {202, `{"status":"pending"}`, false, commerce.Later, ""},
		"refused with a reason":      {422, `{"reason":"no room"}`, false, commerce.Never, "no room"},
		"refused with a problem":     {409, `{"title":"Conflict","detail":"the number is taken"}`, false, commerce.Never, "the number is taken"},
		"refused without words":      {400, `<html>`, false, commerce.Never, "The service platform answered 400."},
		"refused in control letters": {422, `{"reason":" a\u0000b\r\nSet-Cookie: x\u202e \u2028c "}`, false, commerce.Never, "ab Set-Cookie: x c"},
		"refused at length":          {422, `{"reason":"` + long + `"}`, false, commerce.Never, long[:400]},
		"not there to take away":     {404, ``, true, commerce.Done, ""},
		"gone before it is taken":    {410, ``, true, commerce.Done, ""},
		"not there to make":          {404, ``, false, commerce.Never, ""},
		"timed out there":            {408, ``, false, commerce.Again, ""},
		"too many":                   {429, ``, false, commerce.Again, ""},
		"broken":                     {500, ``, false, commerce.Again, ""},
		"unavailable":                {503, ``, false, commerce.Again, ""},
		"elsewhere":                  {307, ``, false, commerce.Again, ""},
		"an answer without end":      {422, `{"reason":"x","y":"` + strings.Repeat("y", 1<<20) + `"}`, false, commerce.Never, "The service platform answered 422."},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWire(t)
			w.answer = func(string, string, int) (int, string) { return tc.status, tc.body }
			job := commerce.Job{Line: commerce.Line{ID: "1", SKU: "A-FLEX-CALL", Quantity: 25, Subscription: "Sub1"}, Action: commerce.ActProvision, Undo: tc.undo, Key: "DO-1-1"}
			if tc.undo {
				job.Action = commerce.ActDeprovision
			}
			o := commerce.Order{ID: "DO", Terms: commerce.Terms{Family: "A-FLEX"}, Mapping: commerce.Mapping{Customer: "org_1"}}
			got := w.platform().Ask(t.Context(), o, job, click)
			if got.Result != tc.want || tc.reason != "" && got.Reason != tc.reason {
				t.Errorf("Ask = %+v, want %d %q", got, tc.want, tc.reason)
			}
		})
	}
}

func TestPlatformThatDoesNotAnswerIsAskedAgain(t *testing.T) {
	reset := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			err = c.Close()
		}
		if err != nil {
			t.Error(err)
		}
	}))
	gone := httptest.NewServer(nil)
	gone.Close()
	defer reset.Close()
	job := commerce.Job{Line: commerce.Line{ID: "1", SKU: "A-FLEX-CALL"}, Action: commerce.ActProvision, Key: "DO-1-1"}
	for name, server := range map[string]*httptest.Server{"reset": reset, "nobody there": gone} {
		t.Run(name, func(t *testing.T) {
			p, err := provisioning.Webhook(server.URL+"/?code=hidden", secret)
			if err != nil {
				t.Fatal(err)
			}
			got := p.Ask(t.Context(), commerce.Order{}, job, click)
			if got.Result != commerce.Again || strings.Contains(got.Reason, "hidden") {
				t.Errorf("Ask = %+v", got)
			}
		})
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }))
	defer elsewhere.Close()
	here := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer here.Close()
	p, err := provisioning.Webhook(here.URL, secret)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Ask(t.Context(), commerce.Order{}, commerce.Job{Key: "k"}, click); got.Result != commerce.Again {
		t.Errorf("Ask = %+v", got)
	}
}

func TestPlatformThatCannotBeAskedIsRefusedAtTheStart(t *testing.T) {
	for name, tc := range map[string][2]string{
		"no secret":        {"https://platform.example", ""},
		"secret not coded": {"https://platform.example", "whsec_***"},
		"no address":       {"platform.example", secret},
		"another scheme":   {"file:///etc/passwd", secret},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := provisioning.Webhook(tc[0], tc[1]); err == nil || strings.Contains(fmt.Sprint(err), "***") {
				t.Errorf("Webhook = %v", err)
			}
		})
	}
}
