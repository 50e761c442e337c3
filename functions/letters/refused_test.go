package letters_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"dayone/local/call"
	"dayone/shared/commerce"
)

// What SES says of an address, and of what we did wrong.
const (
	badAddress = "Domain contains illegal character"
	badTag     = "Email tag values contain illegal characters"
)

// logged is what the functions of this package's tests wrote into the log so far.
var logged = sync.OnceValue(func() *book {
	b := new(book)
	slog.SetDefault(slog.New(slog.NewJSONHandler(b, nil)))
	return b
})

type book struct {
	mu    sync.Mutex
	lines bytes.Buffer
}

func (b *book) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lines.Write(line)
}

// of lists the lines about an order.
func (b *book) of(order string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.DeleteFunc(strings.Split(b.lines.String(), "\n"), func(line string) bool { return !strings.Contains(line, order) })
}

// refuses has SES answer letters to addresses that begin so with this status.
func (p *postOffice) refuses(prefix string, status int, says string) {
	logged()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.says = says
	p.refuse = func(to string) int {
		if strings.HasPrefix(to, prefix) {
			return status
		}
		return 0
	}
}

// mended has SES take everything again.
func (p *postOffice) mended() { p.refuses("", 0, "") }

// happened counts the events of this kind in the order's timeline.
func (p *postOffice) happened(id, kind string) (n int) {
	p.Helper()
	for _, e := range p.order(id).Events {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// What we set up or wrote wrongly blames no contact: everything waits, and goes out once as soon as that is mended.
func TestOurMistakeKeepsEveryLetterWaiting(t *testing.T) {
	for name, tc := range map[string]struct {
		status int
		says   string
	}{
		"a configuration set that is not there": {404, "Configuration set <day-one> does not exist."},
		"a tag that SES does not allow":         {400, badTag},
		"something that it does not explain":    {400, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := open(t)
			ids := []string{p.place(morning.AddDate(0, 0, -1), nil), p.place(morning.AddDate(0, 0, -1), nil)}
			if err := p.store.Queue(t.Context(), commerce.Letter{ID: "a", Kind: commerce.LetterPasswordReset, To: "ana@alpine.example", Locale: "en", QueuedAt: morning}); err != nil {
				t.Fatal(err)
			}
			p.refuses("", tc.status, tc.says)
			p.fails(morning)
			p.fails(morning.Add(10 * time.Minute))
			for _, id := range ids {
				if o := p.order(id); o.Status != commerce.Scheduled || o.Link.DueAt.IsZero() || !o.Link.FailedAt.IsZero() || p.happened(id, "letter_refused") > 0 {
					t.Errorf("order %+v", o)
				}
			}
			p.mended()
			call.Schedule(t, p.function, morning.Add(time.Hour))
			sent := strings.Fields(p.kinds())
			if slices.Sort(sent); !slices.Equal(sent, []string{"password_reset", "setup", "setup"}) {
				t.Errorf("mended, sent %q", sent)
			}
			p.want(morning.Add(2*time.Hour), "")
			for _, id := range ids {
				if o := p.order(id); o.Status != commerce.Invited || !o.WindowFrom.Equal(morning.Add(time.Hour)) {
					t.Errorf("mended, order %+v", o)
				}
			}
		})
	}
}

func TestAFaultyLetterStopsNoOther(t *testing.T) {
	p := open(t)
	p.place(morning.AddDate(0, 0, -1), func(terms *commerce.Terms) { terms.Contact = "odd@nordlicht.example" })
	p.place(morning.AddDate(0, 0, -1), nil)
	p.refuses("odd@", 400, badTag)
	p.fails(morning)
	if got := p.kinds(); got != "setup" {
		t.Errorf("sent %q beside the faulty one", got)
	}
}

func TestARefusedReminderIsToldLikeABounce(t *testing.T) {
	p := open(t)
	id := p.place(morning.AddDate(0, 0, -1), nil)
	p.want(morning, "setup")
	p.refuses("provisioning@", 400, badAddress)
	p.want(morning.AddDate(0, 0, 1), "rep_not_started rep_bounced")
	if o := p.order(id); !o.WindowFrom.IsZero() || o.Link.FailedAt.IsZero() || p.happened(id, "letter_refused") != 1 || p.happened(id, "reminded") != 0 {
		t.Errorf("order %+v", o)
	}
	p.want(morning.AddDate(0, 0, 6), "")
	p.want(morning.AddDate(0, 0, 7), "")
}

func TestARefusedEscalationIsNotToldAsDone(t *testing.T) {
	p := open(t)
	id := p.place(morning.AddDate(0, 0, -1), nil)
	p.want(morning, "setup")
	p.refuses("maja.zupan@", 400, badAddress)
	for n := range 3 {
		p.want(morning.AddDate(0, 0, 1).Add(time.Duration(n)*time.Hour), []string{"reminder", "", ""}[n])
	}
	if o := p.order(id); !o.EscalatedAt.IsZero() || p.happened(id, "escalated") != 0 || p.happened(id, "escalation_refused") != 1 {
		t.Errorf("order %+v", o)
	}
	p.want(morning.AddDate(0, 0, 3), "reminder")
}

func TestAnEscalationThatIsOurMistakeIsSentOnceMended(t *testing.T) {
	p := open(t)
	id := p.place(morning.AddDate(0, 0, -1), nil)
	p.want(morning, "setup")
	day := morning.AddDate(0, 0, 1)
	p.refuses("", 400, badTag)
	p.fails(day)
	if o := p.order(id); !o.EscalatedAt.IsZero() || o.Reminded != 0 || len(o.Events) != 3 {
		t.Errorf("order %+v", o)
	}
	p.mended()
	p.want(day.Add(time.Hour), "rep_not_started reminder")
	p.want(day.Add(2*time.Hour), "")
}

// Whatever SES does not take is a line of the log with the order, the kind and SES's own reason, and nobody's address.
func TestEveryRefusalIsALineOfTheLog(t *testing.T) {
	for name, tc := range map[string]struct {
		status int
		says   string
		reason string
	}{
		"an address":     {400, "Invalid email address provisioning@nordlicht.example.", "refused the address"},
		"our mistake":    {400, badTag, badTag},
		"a pause":        {429, "Daily message quota exceeded.", "Daily message quota exceeded."},
		"no answer":      {500, "", "did not answer"},
		"nothing set up": {404, "Configuration set <day-one> does not exist.", "<day-one> does not exist"},
	} {
		t.Run(name, func(t *testing.T) {
			p := open(t)
			id := p.place(morning.AddDate(0, 0, -1), nil)
			p.refuses("provisioning@", tc.status, tc.says)
			_ = p.function.Schedule(t.Context(), morning) // most of these runs fail
			lines := logged().of(id)
			if len(lines) != 1 {
				t.Fatalf("%d lines about the order: %q", len(lines), lines)
			}
			var line struct{ Level, Msg, Order, Kind, Reason string }
			if err := json.Unmarshal([]byte(lines[0]), &line); err != nil {
				t.Fatal(err)
			}
			if line.Msg != "letter not taken" || line.Level != "WARN" || line.Order != id || line.Kind != "setup" || !strings.Contains(line.Reason, tc.reason) {
				t.Errorf("the line is %s", lines[0])
			}
			if strings.Contains(lines[0], ".example") || strings.Contains(lines[0], "psl_") {
				t.Errorf("the line shows an address or a secret: %s", lines[0])
			}
		})
	}
}
