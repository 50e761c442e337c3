package letters_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"dayone/functions/letters"
	"dayone/local/call"
	"dayone/local/engine/enginetest"
	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/mail"
	"dayone/shared/store"
)

// morning is the opening hour in Ljubljana of the day that the orders of these tests start.
var morning = time.Date(2026, 12, 1, 7, 0, 0, 0, time.UTC)

// postOffice is the function with tables of its own and an endpoint of SES that keeps what it takes.
type postOffice struct {
	*testing.T
	store    *store.Store
	function api.Function

	mu     sync.Mutex
	taken  []letter
	refuse func(to string) int // the status for a letter; nil takes all
	says   string              // to a letter that is refused
	placed int
}

type letter struct{ kind, to, link string }

func open(t *testing.T) *postOffice {
	t.Parallel()
	tables := enginetest.New(t)
	p := &postOffice{T: t, store: store.FromEnv(tables.Getenv)}
	ses := httptest.NewServer(http.HandlerFunc(p.take))
	t.Cleanup(ses.Close)
	getenv := tables.As("Letters", "AWS_ENDPOINT_URL_SESV2", ses.URL)
	p.function = letters.Handler(store.FromEnv(getenv), mail.FromEnv(getenv), "https://setup.example.test")
	return p
}

var setupLink = regexp.MustCompile(`https://setup\.example\.test/\w+#(ps\w_[A-Za-z0-9_-]{43,})`)

// take is SES: it keeps the letter, then answers.
func (p *postOffice) take(w http.ResponseWriter, r *http.Request) {
	var sent struct {
		Destination struct{ ToAddresses []string }
		Content     struct {
			Simple struct {
				Body struct{ Text struct{ Data string } }
			}
		}
		EmailTags []struct{ Name, Value string }
	}
	if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
		p.Errorf("SES got no JSON: %v", err)
	}
	l := letter{to: sent.Destination.ToAddresses[0]}
	for _, tag := range sent.EmailTags {
		if tag.Name == "kind" {
			l.kind = tag.Value
		}
	}
	if m := setupLink.FindStringSubmatch(sent.Content.Simple.Body.Text.Data); m != nil {
		l.link = m[1]
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refuse != nil {
		if status := p.refuse(l.to); status != 0 {
			w.Header().Set("X-Amzn-ErrorType", map[int]string{400: "BadRequestException", 404: "NotFoundException", 429: "TooManyRequestsException"}[status])
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, `{"message":%q}`, p.says)
			return
		}
	}
	p.taken = append(p.taken, l)
	_, _ = fmt.Fprintf(w, `{"MessageId":"message-%d"}`, len(p.taken))
}

// kinds lists what was taken since the last time.
func (p *postOffice) kinds() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []string
	for _, l := range p.taken {
		all = append(all, l.kind)
	}
	p.taken = nil
	return strings.Join(all, " ")
}

func terms(n int) commerce.Terms {
	return commerce.Terms{
		ExternalRef: fmt.Sprintf("CCW-%d", n), Family: "A-FLEX",
		Partner: commerce.Party{Name: "Nordlicht Partner d.o.o.", Country: "SI"}, Customer: commerce.Party{Name: "Alpine Mills GmbH", Country: "AT"},
		Start: commerce.Date{Year: 2026, Month: 12, Day: 1}, Zone: "Europe/Ljubljana", Locale: "sl",
		Contact: "provisioning@nordlicht.example", Representative: commerce.Person{Name: "Maja Zupan", Email: "maja.zupan@vendor.example"},
		Lines: []commerce.Line{{Subscription: "Sub1", SKU: "A-FLEX-CALL", Quantity: 25, TermMonths: 36, Billing: commerce.Monthly, UnitPrice: 1250, Currency: "EUR"}},
	}
}

// place places an order at now, changed by the given function.
func (p *postOffice) place(now time.Time, change func(*commerce.Terms)) string {
	p.Helper()
	p.placed++
	t := terms(p.placed)
	if change != nil {
		change(&t)
	}
	o, err := commerce.Place(api.NewOrderID(), "caller", t, now)
	if err != nil {
		p.Fatal(err)
	}
	if _, err := p.store.Place(p.Context(), o, fmt.Sprintf("key-%012d", p.placed), "digest"); err != nil {
		p.Fatal(err)
	}
	return o.ID
}

func (p *postOffice) order(id string) commerce.Order {
	p.Helper()
	o, err := p.store.Order(p.Context(), id)
	if err != nil {
		p.Fatal(err)
	}
	return o
}

// change replaces the order by what a deed makes of it.
func (p *postOffice) change(id string, deed func(commerce.Order) (commerce.Order, error)) {
	p.Helper()
	o := p.order(id)
	changed, err := deed(o)
	if err != nil {
		p.Fatal(err)
	}
	if err := p.store.Replace(p.Context(), o, changed); err != nil {
		p.Fatal(err)
	}
}

// want runs the schedule at an instant and fails unless it sends letters of these kinds.
func (p *postOffice) want(now time.Time, kinds string) {
	p.Helper()
	call.Schedule(p, p.function, now)
	if got := p.kinds(); got != kinds {
		p.Errorf("at %s sent %q, want %q", now.Format(time.DateTime), got, kinds)
	}
}

// fails runs the schedule at an instant and fails unless the run says that it could not do all.
func (p *postOffice) fails(now time.Time) {
	p.Helper()
	if err := p.function.Schedule(p.Context(), now); err == nil {
		p.Errorf("at %s all went well", now.Format(time.DateTime))
	}
}

func TestTheSetupLetterGoesOutOnTheStartDateOnce(t *testing.T) {
	p := open(t)
	id := p.place(morning.AddDate(0, 0, -10), nil)
	p.want(morning.Add(-time.Minute), "")
	p.want(morning, "setup")
	p.want(morning.Add(time.Minute), "")
	o := p.order(id)
	if o.Status != commerce.Invited || !o.WindowFrom.Equal(morning) || !o.Link.DueAt.IsZero() {
		t.Errorf("order %+v", o)
	}
}

func TestADateThatHasComeIsMailedWithTheNextRun(t *testing.T) {
	for name, start := range map[string]commerce.Date{
		"today, before the opening hour": {Year: 2026, Month: 11, Day: 25}, "yesterday": {Year: 2026, Month: 11, Day: 24},
	} {
		t.Run(name, func(t *testing.T) {
			p := open(t)
			early := time.Date(2026, 11, 25, 4, 0, 0, 0, time.UTC)
			id := p.place(early, func(terms *commerce.Terms) { terms.Start = start })
			p.want(early.Add(time.Minute), "setup")
			if o := p.order(id); o.Start != start || !o.BilledAt.IsZero() {
				t.Errorf("order %+v", o)
			}
		})
	}
}

func TestAStartFarAheadIsMailedOnce(t *testing.T) {
	p := open(t)
	placed := morning.AddDate(0, 0, -400)
	p.place(placed, nil)
	for at := placed; at.Before(morning); at = at.AddDate(0, 0, 50) {
		p.want(at, "")
	}
	p.want(morning.Add(time.Second), "setup")
	p.want(morning.Add(time.Hour), "")
}

func TestOpeningHoursAroundTheWorld(t *testing.T) {
	for name, tc := range map[string]struct {
		start commerce.Date
		zone  string
		at    string
	}{
		"the clock jumps in Berlin": {commerce.Date{Year: 2026, Month: 3, Day: 29}, "Europe/Berlin", "2026-03-29T06:00:00Z"},
		"the first zone of all":     {commerce.Date{Year: 2026, Month: 3, Day: 29}, "Pacific/Kiritimati", "2026-03-28T18:00:00Z"},
		"the last zone of all":      {commerce.Date{Year: 2026, Month: 3, Day: 29}, "Pacific/Pago_Pago", "2026-03-29T19:00:00Z"},
		"29 February":               {commerce.Date{Year: 2028, Month: 2, Day: 29}, "Europe/Ljubljana", "2028-02-29T07:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			p := open(t)
			at, err := time.Parse(time.RFC3339, tc.at)
			if err != nil {
				t.Fatal(err)
			}
			p.place(at.AddDate(0, -1, 0), func(terms *commerce.Terms) { terms.Start, terms.Zone = tc.start, tc.zone })
			p.want(at.Add(-time.Second), "")
			p.want(at, "setup")
		})
	}
}

func TestAMovedOrCancelledOrderIsNotMailed(t *testing.T) {
	p := open(t)
	placed := morning.AddDate(0, 0, -5)
	moved, cancelled := p.place(placed, nil), p.place(placed, nil)
	p.change(moved, func(o commerce.Order) (commerce.Order, error) {
		later := o.Terms
		later.Start = later.Start.AddDays(3)
		n, _, err := o.Amend(later, commerce.ByCaller("caller"), placed)
		return n, err
	})
	p.change(cancelled, func(o commerce.Order) (commerce.Order, error) {
		return o.Cancel(commerce.ByCaller("caller"), "not wanted", placed)
	})
	p.want(morning.AddDate(0, 0, 1), "")
	p.want(morning.AddDate(0, 0, 3), "setup")
	p.want(morning.AddDate(0, 0, 4), "rep_not_started reminder")
}

func TestTheRepresentativeIsToldOnceThatNobodyStarted(t *testing.T) {
	p := open(t)
	placed := morning.AddDate(0, 0, -1)
	p.place(placed, nil)
	started := p.place(placed, nil)
	p.want(morning, "setup setup")
	p.change(started, func(o commerce.Order) (commerce.Order, error) {
		n, _ := o.Begin(morning.Add(time.Hour))
		return n, nil
	})
	p.want(morning.Add(24*time.Hour-time.Second), "")
	p.want(morning.Add(24*time.Hour), "rep_not_started reminder")
	p.want(morning.Add(25*time.Hour), "")
}

func TestAnOrderNobodySetsUpIsRemindedOfAndClosed(t *testing.T) {
	p := open(t)
	id := p.place(morning.AddDate(0, 0, -1), nil)
	p.want(morning, "setup")
	p.want(morning.AddDate(0, 0, 1), "rep_not_started reminder")
	p.want(morning.AddDate(0, 0, 3), "reminder")
	p.want(morning.AddDate(0, 0, 5), "reminder")
	p.want(morning.AddDate(0, 0, 6), "closing_soon")
	p.want(morning.AddDate(0, 0, 7), "closed")
	p.want(morning.AddDate(0, 0, 30), "")
	if o := p.order(id); o.Status != commerce.Closed || !o.BilledAt.IsZero() {
		t.Errorf("order %+v", o)
	}
	reopened := morning.AddDate(0, 0, 31)
	p.change(id, func(o commerce.Order) (commerce.Order, error) {
		return o.Reopen(commerce.ByCaller("caller"), "asked for by phone", reopened)
	})
	p.want(reopened, "setup")
	if o := p.order(id); !o.ClosesAt().Equal(reopened.AddDate(0, 0, 7)) || len(o.Events) < 8 {
		t.Errorf("reopened %+v", o)
	}
}

func TestAfterAnOutageTheMailIsCaughtUpOnce(t *testing.T) {
	p := open(t)
	for range 40 {
		p.place(morning.AddDate(0, 0, -1), nil)
	}
	down := 503
	p.refuse = func(string) int { return down }
	p.fails(morning)
	for at := morning.Add(10 * time.Minute); at.Before(morning.Add(3 * time.Hour)); at = at.Add(10 * time.Minute) {
		_ = p.function.Schedule(t.Context(), at) // some of these runs find all letters put off
	}
	if got := p.kinds(); got != "" {
		t.Errorf("sent %q while the mail was down", got)
	}
	p.mu.Lock()
	down = 0
	p.mu.Unlock()
	for at := morning.Add(3 * time.Hour); at.Before(morning.Add(4 * time.Hour)); at = at.Add(5 * time.Minute) {
		call.Schedule(t, p.function, at)
	}
	if got := strings.Count(p.kinds(), "setup"); got != 40 {
		t.Errorf("%d letters after the outage, want 40", got)
	}
}

func TestALetterWhoseAnswerWasLostIsSentAtMostOnceMoreAndEveryLinkWorks(t *testing.T) {
	p := open(t)
	id := p.place(morning.AddDate(0, 0, -1), nil)
	lost := true
	p.refuse = func(string) int {
		if lost {
			lost = false
			p.taken = append(p.taken, letter{kind: "setup"}) // it went out, and the answer did not come back
			return 500
		}
		return 0
	}
	p.fails(morning)
	for at := morning; at.Before(morning.Add(time.Hour)); at = at.Add(time.Minute) {
		call.Schedule(t, p.function, at)
	}
	if got := p.kinds(); got != "setup setup" {
		t.Errorf("sent %q", got)
	}
	if o := p.order(id); o.Status != commerce.Invited {
		t.Errorf("status %s", o.Status)
	}
}

func TestEveryMailedLinkOpensTheOrder(t *testing.T) {
	p := open(t)
	id := p.place(morning.AddDate(0, 0, -1), nil)
	for day := range 6 {
		call.Schedule(t, p.function, morning.AddDate(0, 0, day))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	links := 0
	for _, l := range p.taken {
		if l.link == "" {
			continue
		}
		token, err := commerce.ParseToken(commerce.SetupToken, l.link)
		if err != nil {
			t.Fatal(err)
		}
		g, err := p.store.Grant(t.Context(), commerce.SetupToken, token)
		if err != nil || g.Order != id {
			t.Fatalf("grant %+v, %v", g, err)
		}
		if err := p.order(id).CheckLink(g, morning.AddDate(0, 0, 6)); err != nil {
			t.Errorf("the link of %s: %v", l.kind, err)
		}
		links++
	}
	if links != 4 {
		t.Errorf("%d links in %v, want those of the setup letter and three reminders", links, p.taken)
	}
}

func TestARefusedAddressIsToldToTheRepresentative(t *testing.T) {
	p := open(t)
	id := p.place(morning.AddDate(0, 0, -1), nil)
	p.refuses("provisioning@", 400, badAddress)
	p.want(morning, "rep_bounced")
	if o := p.order(id); !o.WindowFrom.IsZero() || o.Status != commerce.Scheduled {
		t.Errorf("order %+v", o)
	}
	p.want(morning.Add(time.Hour), "")
}

func TestTwoSchedulersSendOneLetterEach(t *testing.T) {
	p := open(t)
	for range 30 {
		p.place(morning.AddDate(0, 0, -1), nil)
	}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() { call.Schedule(t, p.function, morning) })
	}
	wait.Wait()
	if got := strings.Count(p.kinds(), "setup"); got != 30 {
		t.Errorf("%d letters for 30 orders", got)
	}
}

func TestQueuedLettersAreSentOnceWithTheirOwnSecrets(t *testing.T) {
	p := open(t)
	admin := commerce.Address("ana@alpine.example")
	for _, l := range []commerce.Letter{
		{ID: "a", Kind: commerce.LetterPasswordReset, To: admin, Locale: "en", QueuedAt: morning},
		{ID: "a", Kind: commerce.LetterPasswordReset, To: admin, Locale: "en", QueuedAt: morning},
	} {
		if err := p.store.Queue(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	call.Schedule(t, p.function, morning)
	call.Schedule(t, p.function, morning.Add(time.Hour))
	if len(p.taken) != 1 || !strings.HasPrefix(p.taken[0].link, string(commerce.PasswordToken)) {
		t.Fatalf("sent %+v", p.taken)
	}
	token, err := commerce.ParseToken(commerce.PasswordToken, p.taken[0].link)
	if err != nil {
		t.Fatal(err)
	}
	g, err := p.store.Grant(t.Context(), commerce.PasswordToken, token)
	if err != nil || g.Member != admin || g.First || !g.ExpiresAt.Equal(morning.Add(commerce.ResetTokenFor)) {
		t.Errorf("grant %+v, %v", g, err)
	}
}
