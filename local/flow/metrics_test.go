package flow_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/google/go-cmp/cmp"

	"dayone/local/cloud"
	"dayone/local/cloud/cloudtest"
	"dayone/local/functions"
	"dayone/shared/api"
)

// metrics are what functions log of what they count, and how often their schedules were fired.
type metrics struct {
	fired atomic.Int64
	mu    sync.Mutex
	log   bytes.Buffer
}

func (m *metrics) Write(b []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.log.Write(b)
}

// all are the functions, measured as Lambda's are.
func (m *metrics) all() map[string]cloud.Constructor {
	all := functions.All()
	for id, construct := range all {
		all[id] = func(getenv func(string) string) lambda.Handler {
			f := construct(getenv)
			return api.Measured(handler(func(ctx context.Context, payload []byte) ([]byte, error) {
				if strings.Contains(string(payload), `"Scheduled Event"`) {
					m.fired.Add(1)
				}
				return f.Invoke(ctx, payload)
			}), id, m, func() time.Time { return cloudtest.Noon })
		}
	}
	return all
}

type handler func(context.Context, []byte) ([]byte, error)

func (h handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) { return h(ctx, payload) }

// sums are what CloudWatch makes of the log: of each metric the sum, of the oldest the most.
func (m *metrics) sums(w *world) map[string]float64 {
	w.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	sums := map[string]float64{}
	for line := range bytes.Lines(m.log.Bytes()) {
		var values map[string]any
		var read struct {
			AWS struct {
				CloudWatchMetrics []struct{ Metrics []struct{ Name string } }
			} `json:"_aws"`
		}
		if err := json.Unmarshal(line, &read); err != nil || len(read.AWS.CloudWatchMetrics) != 1 {
			w.Fatalf("line %s: %v", line, err)
		}
		if err := json.Unmarshal(line, &values); err != nil {
			w.Fatal(err)
		}
		for _, metric := range read.AWS.CloudWatchMetrics[0].Metrics {
			v, ok := values[metric.Name].(float64)
			if !ok {
				w.Fatalf("line %s has no %s", line, metric.Name)
			}
			if metric.Name == string(api.OldestUnstartedHours) {
				sums[metric.Name] = max(sums[metric.Name], v)
			} else {
				sums[metric.Name] += v
			}
		}
	}
	return sums
}

// listener is another system that takes events, or not: it answers whatever it is told to.
type listener struct {
	answers atomic.Int64 // a status
	took    atomic.Int64
}

func (l *listener) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	status := int(l.answers.Load())
	if status < 300 {
		l.took.Add(1)
	}
	w.WriteHeader(status)
}

// undelivered counts the events of an order that were given up after their last try ended with this status.
func (w *world) undelivered(id string, status float64) float64 {
	w.Helper()
	n := 0.0
	for _, d := range w.ask("GET", "/orders/"+id+"/deliveries", "", nil).want(w, 200).List("deliveries") {
		tries := d.List("attempts")
		if d.Text("status") != "undelivered" || len(tries) == 0 {
			continue
		}
		if last, _ := tries[len(tries)-1].At("status").(float64); last == status {
			n++
		}
	}
	return n
}

// What the alarms and the dashboard live on is what happened: no deed goes uncounted, none is counted for another, twice,
// or because somebody did it again.
func TestTheMetricsAreWhatHappened(t *testing.T) {
	var counted metrics
	other := new(listener)
	other.answers.Store(http.StatusNoContent)
	server := httptest.NewServer(other)
	t.Cleanup(server.Close)
	w := beginWith(t, cloud.Config{Functions: counted.all(), Parameters: map[string]string{"EventsUrl": server.URL}})
	want := map[string]float64{}
	deed := func(m api.Metric, n float64) { want[string(m)] += n }

	w.FailMail(1, cloud.MailFailure{Status: http.StatusTooManyRequests}) // over in a second: no failure
	id, link := w.invited(order{start: w.Now().Format(time.DateOnly)})
	w.orders--
	if again := w.place(order{}); again != id {
		t.Fatalf("the same order again is %s", again)
	}
	deed(api.OrdersPlaced, 1)
	for range 2 {
		w.ask("POST", "/setup/role", link, object{"role": "partner"}).want(w, 200)
	}
	deed(api.SetupStarted, 1)
	answers := asPartner("new", it)
	answers["review_digest"] = w.ask("POST", "/setup/review", link, answers).want(w, 200).Text("review_digest")
	var done answer
	for range 2 { // whose first answer was lost
		done = w.ask("POST", "/setup/complete", link, answers).want(w, 200)
	}
	deed(api.OrdersMapped, 1)
	session := w.choose(done.Text("password_token"))
	w.settle(session, id, "alpine-mills")
	provision := func(behaviour, status string) {
		t.Helper()
		if err := w.Behave("meetings", behaviour, 0); err != nil {
			t.Fatal(err)
		}
		if got := w.ask("POST", "/services/"+id+"/provision", session, object{}).want(w, 200); got.Text("status") != status {
			t.Fatalf("provisioned: %s", got.Body)
		}
	}
	provision(cloud.BehaveFail, "failed")
	deed(api.ProvisioningFailed, 1)
	for range 2 { // a second click
		provision(cloud.BehaveOK, "active")
	}
	deed(api.BillingStarted, 1)
	w.byHand()
	deed(api.OrdersPlaced, 1)
	w.run("Letters")

	refused := w.place(order{contact: "nobody@obala.example"}) // whose address the mail service refuses
	deed(api.OrdersPlaced, 1)
	w.FailMail(1, cloud.MailFailure{Status: http.StatusBadRequest, Type: "BadRequestException", Message: "Domain contains illegal character"})
	w.run("Letters")
	deed(api.LettersFailed, 1)
	w.because(refused, "cancel", "nobody knows the address")
	faulty := w.place(order{contact: "eva@obala.example"}) // whose letter is our mistake
	deed(api.OrdersPlaced, 1)
	w.FailMail(1, cloud.MailFailure{Status: http.StatusBadRequest, Type: "BadRequestException", Message: "Email tag values contain illegal characters"})
	if err := w.Cloud.Run(t.Context(), "Letters"); err == nil {
		t.Error("a run whose letter is refused does not fail")
	}
	deed(api.LettersFailed, 1)
	if got := w.show(faulty); got.Text("status") != "scheduled" || w.happened(faulty, "letter_refused") != 0 {
		t.Errorf("our mistake is told of an order: %s", got.Body)
	}
	w.because(faulty, "cancel", "it was a test")
	left := w.place(order{contact: "eva@obala.example"}) // which nobody starts
	deed(api.OrdersPlaced, 1)
	w.FailMail(1, cloud.MailFailure{Status: http.StatusBadRequest, Type: "LimitExceededException"}) // the day's quota
	if err := w.Cloud.Run(t.Context(), "Letters"); err == nil {
		t.Error("a run that may send nothing does not fail")
	}
	deed(api.LettersFailed, 1)
	w.run("Letters")
	w.run("Deliveries")

	far := order{start: "2027-03-01", contact: "bor@obala.example"}
	deed(api.OrdersPlaced, 3)
	other.answers.Store(http.StatusInternalServerError)
	unheard := w.place(far)
	w.later(8*24*time.Hour, 6*time.Hour)
	if got := w.show(left); got.Text("status") != "closed" || w.happened(left, "escalated") != 1 {
		t.Fatalf("nobody started it: %s", got.Body)
	}
	deed(api.Escalations, 1)
	deed(api.OldestUnstartedHours, 7*24) // of its closing, after which it is nobody's to start
	other.answers.Store(http.StatusGone)
	unwanted := w.place(far)
	w.later(24*time.Hour, 6*time.Hour)
	unsent := w.place(far)
	w.run("Deliveries")
	for name, status := range map[string]float64{"tried for days": 500, "wanted no more": 410, "not sent at all": 0} {
		given := 0.0
		for _, o := range []string{id, refused, faulty, left, unheard, unwanted, unsent} {
			given += w.undelivered(o, status)
		}
		if given == 0 {
			t.Errorf("no event was given up that was %s", name)
		}
		deed(api.EventsGivenUp, given)
	}

	deed(api.EventsDelivered, float64(other.took.Load()))
	deed(api.LettersSent, float64(len(w.Inbox())))
	deed(api.ScheduleRuns, float64(counted.fired.Load()))
	if diff := cmp.Diff(want, counted.sums(w)); diff != "" {
		t.Errorf("what happened, and what was counted (-want +got):\n%s", diff)
	}
	for _, person := range []string{ana, it, rep, "obala.example", "Alpine", id} {
		if counted.log.Len() == 0 || strings.Contains(counted.log.String(), person) {
			t.Errorf("the metrics tell of %s", person)
		}
	}
}

// operator signs in at the console and answers the cookie.
func (w *world) operator() string {
	w.Helper()
	w.form("/console/sign-in", url.Values{"email": {rep}}).want(w, 200)
	w.run("Letters")
	in := w.form("/console/open", url.Values{"token": {w.secret(rep, "/console/open")}}).want(w, 303)
	cookie, _, _ := strings.Cut(in.Header.Get("Set-Cookie"), ";")
	return cookie
}

// byHand places an order at the console, which starts a long time later, with a second click on the button.
func (w *world) byHand() {
	w.Helper()
	cookie := w.operator()
	form := url.Values{"key": {"a-form-of-the-console"}, "external_ref": {"HAND-1"}, "family": {"A-FLEX"}, "partner_name": {"Obala d.o.o."},
		"partner_country": {"SI"}, "customer_name": {"Piranske soline d.o.o."}, "customer_country": {"SI"}, "start_date": {"2027-03-01"},
		"time_zone": {"Europe/Ljubljana"}, "locale": {"sl"}, "contact_email": {"eva@obala.example"}, "representative_name": {"Maja Zupan"},
		"representative_email": {rep}, "term_months": {"36"}, "billing": {"monthly"}, "currency": {"EUR"}, "quantity_call": {"25"}, "price_call": {"12,50"}}
	for range 2 {
		w.form("/console/place", form, "Cookie", cookie).want(w, 303)
	}
}
