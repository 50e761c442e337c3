package deliveries_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"dayone/functions/deliveries"
	"dayone/local/call"
	"dayone/local/contract"
	"dayone/local/engine/enginetest"
	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/store"
	"dayone/shared/webhook"
)

const secret = "whsec_c2VjcmV0LW9mLXRoZS1vdGhlci1zeXN0ZW0="

// receiver is the other system: it checks what comes and answers as it is told to.
type receiver struct {
	*testing.T
	*httptest.Server

	mu     sync.Mutex
	now    time.Time // by its clock, which is the senders'
	answer func(w http.ResponseWriter, r *http.Request)
	came   []string // webhook-ids
	bodies map[string]string
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{T: t, bodies: map[string]string{}}
	r.Server = httptest.NewServer(http.HandlerFunc(r.take))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) take(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		r.Error(err)
	}
	hook, err := webhooks.NewWebhook(secret)
	if err != nil {
		r.Error(err)
	}
	if err := hook.VerifyIgnoringTimestamp(body, request.Header); err != nil {
		r.Errorf("the signature: %v", err)
	}
	if err := contract.CheckSentEvent(body); err != nil {
		r.Error(err)
	}
	var said api.SentEvent
	if err := json.Unmarshal(body, &said); err != nil {
		r.Error(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	id := request.Header.Get("webhook-id")
	if at := request.Header.Get("webhook-timestamp"); at != strconv.FormatInt(r.now.Unix(), 10) {
		r.Errorf("signed at %s, it is %d", at, r.now.Unix())
	}
	if before, again := r.bodies[id]; again && before != string(body) {
		r.Errorf("%s is another event now:\n%s\n%s", id, before, body)
	}
	if id != said.ID || id != fmt.Sprintf("evt_%s_%d", said.Order, said.Sequence) || said.Type != "order."+said.Data.Kind || request.Header.Get("Content-Type") != "application/json" {
		r.Errorf("%s: %v %s", id, request.Header, body)
	}
	r.came = append(r.came, id)
	r.bodies[id] = string(body)
	if r.answer != nil {
		r.answer(w, request)
	}
}

// took are the ids that came since the last time.
func (r *receiver) took() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := strings.Join(r.came, " ")
	r.came = nil
	return all
}

func (r *receiver) answers(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
}

// telling is an office whose events go to a receiver.
func telling(t *testing.T, timeout time.Duration) (*office, *receiver) {
	t.Parallel()
	r := newReceiver(t)
	tables := enginetest.New(t)
	as := tables.As("Deliveries", "PUBLISH_EVENTS", "yes")
	everything := func(name string) string {
		if name == "PUBLISH_EVENTS" {
			return "yes"
		}
		return tables.Getenv(name)
	}
	endpoint, err := webhook.Open(r.URL, secret, timeout, 8)
	if err != nil {
		t.Fatal(err)
	}
	return &office{t, tables, store.FromEnv(everything), deliveries.Handler(store.FromEnv(as), deliveries.Receiver{Endpoint: endpoint, Clock: time.Now})}, r
}

// run is a run of the schedule.
func (o *office) run(r *receiver, now time.Time) {
	o.Helper()
	r.mu.Lock()
	r.now = now
	r.mu.Unlock()
	call.Schedule(o, o.function, now)
}

func (o *office) sent(id string) []store.Outgoing {
	o.Helper()
	all, err := o.store.EventsOf(o.Context(), id, 0, store.MaxPage)
	if err != nil {
		o.Fatal(err)
	}
	return all
}

func TestEventsComeSignedInTheirSequenceOnce(t *testing.T) {
	o, r := telling(t, time.Second)
	o.invited("DO-1")
	o.run(r, morning)
	if got := r.took(); got != "evt_DO-1_1 evt_DO-1_2 evt_DO-1_3" {
		t.Errorf("%s", got)
	}
	o.run(r, morning.Add(time.Minute))
	if again := r.took(); again != "" {
		t.Errorf("again: %s", again)
	}
	for i, g := range o.sent("DO-1") {
		if g.Seq != i+1 || !g.DeliveredAt.Equal(morning) || !g.NextAt.IsZero() || len(g.Attempts) != 1 || g.Attempts[0].Status != 200 {
			t.Errorf("%+v", g)
		}
	}
	order := o.order("DO-1")
	var told []json.RawMessage
	for _, e := range order.Timeline() {
		body, err := json.Marshal(api.EventOf(e))
		o.must(err)
		told = append(told, body)
		var said struct{ Data json.RawMessage }
		o.must(json.Unmarshal([]byte(r.bodies[fmt.Sprintf("evt_DO-1_%d", e.Seq)]), &said))
		if diff := cmp.Diff(string(body), string(said.Data)); diff != "" {
			t.Errorf("the timeline and what was sent (-timeline +sent):\n%s", diff)
		}
	}
	if len(told) != 3 {
		t.Errorf("%d events", len(told))
	}
}

func (o *office) must(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

func TestNothingIsOnItsWayWhereNoAddressIs(t *testing.T) {
	o := open(t)
	o.invited("DO-1")
	if all := o.sent("DO-1"); len(all) > 0 {
		t.Errorf("%+v", all)
	}
	call.Schedule(t, o.function, morning)
	if err := o.store.Redeliver(t.Context(), o.order("DO-1"), 1, morning); !errors.Is(err, commerce.ErrEventsOff) {
		t.Error(err)
	}
}

func TestReceiverThatIsDownForThreeDaysGetsEveryEvent(t *testing.T) {
	o, r := telling(t, time.Second)
	r.answers(http.StatusServiceUnavailable)
	o.invited("DO-1")
	var tries []string
	now := morning
	for now.Before(morning.Add(72 * time.Hour)) {
		o.run(r, now)
		tries = append(tries, now.Sub(morning).String())
		if got := r.took(); got != "evt_DO-1_1 evt_DO-1_2 evt_DO-1_3" {
			t.Errorf("after %s: %s", now.Sub(morning), got)
		}
		now = o.sent("DO-1")[0].NextAt
		o.run(r, now.Add(-time.Millisecond))
	}
	if want := "0s 5s 5m5s 35m5s 2h35m5s 7h35m5s 17h35m5s 31h35m5s 51h35m5s"; strings.Join(tries, " ") != want {
		t.Errorf("tries after %v", tries)
	}
	r.answers(http.StatusNoContent)
	o.run(r, now)
	if got := r.took(); got != "evt_DO-1_1 evt_DO-1_2 evt_DO-1_3" {
		t.Errorf("%s", got)
	}
	for _, g := range o.sent("DO-1") {
		if len(g.Attempts) != 10 || g.DeliveredAt.IsZero() {
			t.Errorf("%+v", g)
		}
	}
}

func TestGivenUpEventsStayListedUntilSomebodyAsks(t *testing.T) {
	o, r := telling(t, time.Second)
	r.answers(http.StatusInternalServerError)
	o.invited("DO-1")
	end := morning
	for range 30 {
		end = end.Add(24 * time.Hour)
		o.run(r, end)
	}
	if n := len(strings.Fields(r.took())); n != 30 {
		t.Errorf("%d tries of three events", n)
	}
	all, next, err := o.store.Undelivered(t.Context(), "", 2)
	o.must(err)
	more, last, err := o.store.Undelivered(t.Context(), next, 2)
	o.must(err)
	if len(all) != 2 || len(more) != 1 || last != "" || all[0].Order != "DO-1" || all[0].GivenUpAt.IsZero() || len(all[0].Attempts) != 10 {
		t.Errorf("%+v %+v %q", all, more, last)
	}
	r.answers(http.StatusOK)
	for range 2 { // asked twice it is sent once
		o.must(o.store.Redeliver(t.Context(), o.order("DO-1"), 2, end))
	}
	o.run(r, end)
	o.run(r, end.Add(time.Minute))
	if got := r.took(); got != "evt_DO-1_2" {
		t.Errorf("%s", got)
	}
	all, _, err = o.store.Undelivered(t.Context(), "", 10)
	o.must(err)
	if len(all) != 2 || all[0].Seq != 1 || all[1].Seq != 3 {
		t.Errorf("%+v", all)
	}
	if g := o.sent("DO-1")[1]; g.DeliveredAt.IsZero() || !g.GivenUpAt.IsZero() || len(g.Attempts) != 11 {
		t.Errorf("%+v", g)
	}
	if err := o.store.Redeliver(t.Context(), o.order("DO-1"), 4, end); !errors.Is(err, commerce.ErrEventUnknown) {
		t.Error(err)
	}
}

func TestReceiverThatWantsNoMoreIsSentNoMoreUntilSomebodyAsks(t *testing.T) {
	o, r := telling(t, time.Second)
	r.answers(http.StatusGone)
	o.invited("DO-1")
	for n := range 5 {
		o.run(r, morning.Add(time.Duration(n)*24*time.Hour))
	}
	if got := r.took(); got != "evt_DO-1_1" {
		t.Errorf("it was sent %s", got)
	}
	o.invited("DO-2")
	now := morning.Add(200 * time.Hour)
	o.run(r, now)
	if got := r.took(); got != "" {
		t.Errorf("it was sent %s", got)
	}
	if all, _, err := o.store.Undelivered(t.Context(), "", 10); err != nil || len(all) != 6 {
		t.Errorf("%v %+v", err, all)
	}
	r.answers(http.StatusOK)
	o.must(o.store.Redeliver(t.Context(), o.order("DO-1"), 3, now))
	o.run(r, now)
	o.invited("DO-3")
	o.run(r, now.Add(time.Minute))
	if got := r.took(); got != "evt_DO-1_3 evt_DO-3_1 evt_DO-3_2 evt_DO-3_3" {
		t.Errorf("after it was back: %s", got)
	}
}

func TestWhatIsNoAnswerIsTriedAgain(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect was followed") }))
	t.Cleanup(elsewhere.Close)
	for name, tc := range map[string]struct {
		answer  func(w http.ResponseWriter, r *http.Request)
		status  int
		problem string
	}{
		"a redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		}, 307, ""},
		"a refusal":  {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(422) }, 422, ""},
		"silence":    {func(http.ResponseWriter, *http.Request) { time.Sleep(500 * time.Millisecond) }, 0, "no answer in time"},
		"a hang-up":  {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 0, "no connection"},
		"no message": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500); _, _ = w.Write(make([]byte, 1<<20)) }, 500, ""},
	} {
		t.Run(name, func(t *testing.T) {
			o, r := telling(t, 200*time.Millisecond)
			r.answer = tc.answer
			o.invited("DO-1")
			o.run(r, morning)
			for _, g := range o.sent("DO-1") {
				if a := g.Attempts[0]; len(g.Attempts) != 1 || a.Status != tc.status || a.Problem != tc.problem || !g.NextAt.Equal(morning.Add(5*time.Second)) {
					t.Errorf("%+v", g)
				}
				if tc.problem == "no answer in time" && g.Attempts[0].Took < 200*time.Millisecond {
					t.Errorf("it took %s", g.Attempts[0].Took)
				}
			}
			r.mu.Lock()
			r.answer = nil
			r.mu.Unlock()
			o.run(r, morning.Add(time.Minute))
			for _, g := range o.sent("DO-1") {
				if g.DeliveredAt.IsZero() || len(g.Attempts) != 2 {
					t.Errorf("%+v", g)
				}
			}
		})
	}
}

func TestKilledAtAnyCallEveryEventComesAndAtMostTwice(t *testing.T) {
	o, r := telling(t, time.Second)
	for at := 1; ; at++ {
		for _, after := range []bool{false, true} {
			id := fmt.Sprintf("DO-%d-%t", at, after)
			o.invited(id)
			cut := newCut(o, at, after)
			endpoint, err := webhook.Open(cut.receiver(r.Server), secret, time.Second, 1)
			o.must(err)
			dying := deliveries.Handler(store.FromEnv(o.tables.As("Deliveries", "PUBLISH_EVENTS", "yes", "AWS_ENDPOINT_URL_DYNAMODB", cut.tables())),
				deliveries.Receiver{Endpoint: endpoint, Clock: time.Now})
			r.mu.Lock()
			r.now = morning
			r.mu.Unlock()
			_, _ = dying.Invoke(cut.process, []byte(`{"source":"aws.events","detail-type":"Scheduled Event","time":"`+morning.Format(time.RFC3339)+`"}`))
			died := cut.process.Err() != nil
			for minute := 3; minute < 12; minute += 3 {
				o.run(r, morning.Add(time.Duration(minute)*time.Minute))
			}
			came := strings.Fields(r.took())
			distinct := slices.Compact(slices.Sorted(slices.Values(came)))
			if len(distinct) != 3 || len(came) > 4 {
				t.Errorf("killed at call %d, after it: %t: %v", at, after, came)
			}
			for _, g := range o.sent(id) {
				if g.DeliveredAt.IsZero() || !g.NextAt.IsZero() {
					t.Errorf("killed at call %d, after it: %t: %+v", at, after, g)
				}
			}
			if !died {
				if at < 20 {
					t.Fatalf("a run is only %d calls", at)
				}
				return // every call had its turn
			}
		}
	}
}
