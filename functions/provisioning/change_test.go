package provisioning_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dayone/functions/provisioning"
	"dayone/shared/commerce"
	"dayone/shared/store"
)

// tenth is a morning nine days after the click: 22 of the month's 31 days are left.
var tenth = click.AddDate(0, 0, 9)

// inUse is a deal whose services run since the click.
func (h *house) inUse(skus ...string) deal {
	h.Helper()
	d := h.deal(skus...)
	if p := h.client(provisionRoute, d, click); p.Status != "active" {
		h.Fatalf("after the click %+v", p)
	}
	return d
}

// wants stores that the commerce system asks for a change.
func (h *house) wants(d deal, now time.Time, ask func(commerce.Order) (commerce.Order, error)) {
	h.Helper()
	o := h.order(d)
	n, err := ask(o)
	h.must(err)
	h.must(h.store.Replace(h.Context(), o, n))
}

func more(now time.Time, to ...int) func(commerce.Order) (commerce.Order, error) {
	return func(o commerce.Order) (commerce.Order, error) {
		lines := slices.Clone(o.Lines)
		for i, n := range to {
			lines[i].Quantity = n
		}
		return o.ChangeLines(lines, "caller:commerce", now)
	}
}

func suspend(now time.Time) func(commerce.Order) (commerce.Order, error) {
	return func(o commerce.Order) (commerce.Order, error) { return o.Suspend("caller:commerce", "unpaid", now) }
}

func resume(now time.Time) func(commerce.Order) (commerce.Order, error) {
	return func(o commerce.Order) (commerce.Order, error) { return o.Resume("caller:commerce", "paid", now) }
}

func terminate(now time.Time) func(commerce.Order) (commerce.Order, error) {
	return func(o commerce.Order) (commerce.Order, error) {
		return o.Terminate("caller:commerce", "moved", now)
	}
}

// bill charges what is due, as Billing does.
func (h *house) bill(d deal, now time.Time) {
	h.Helper()
	o := h.order(d)
	billed, charges := o.Bill(now)
	h.must(h.store.Bill(h.Context(), o, billed, charges))
}

// facts are the charges of an order that are no billing periods, "line kind quantity amount from".
func (h *house) facts(d deal) string {
	h.Helper()
	var all []string
	for _, i := range h.items("OrdersTable", "order#"+d.order, "charge#") {
		text := func(name string) string {
			switch v := i[name].(type) {
			case *types.AttributeValueMemberS:
				return v.Value
			case *types.AttributeValueMemberN:
				return v.Value
			}
			return ""
		}
		if text("kind") != "recurring" {
			all = append(all, fmt.Sprint(text("line"), " ", text("kind"), " ", text("quantity"), " ", text("amount"), " ", text("period_start")))
		}
	}
	return strings.Join(all, ", ")
}

// entitled is what runs without a platform: "line:quantity", "(off)" where it is suspended.
func (h *house) entitled(d deal) string {
	h.Helper()
	var all []string
	for _, i := range h.items("OrganizationsTable", "organization#"+d.customer, "entitlement#") {
		sk, _ := i["sk"].(*types.AttributeValueMemberS)
		n, _ := i["quantity"].(*types.AttributeValueMemberN)
		s := sk.Value[strings.LastIndex(sk.Value, "#")+1:] + ":" + n.Value
		if off, ok := i["suspended"].(*types.AttributeValueMemberBOOL); ok && off.Value {
			s += "(off)"
		}
		all = append(all, s)
	}
	return strings.Join(all, " ")
}

// at the platform is what runs there, in the same words.
func (w *wire) has(d deal) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []string
	for line := 1; line <= 9; line++ {
		of := d.order + strconv.Itoa(line)
		if !w.runs[of] {
			continue
		}
		s := fmt.Sprint(line, ":", 25)
		if n := w.units[of]; n > 0 {
			s = fmt.Sprint(line, ":", n)
		}
		if w.off[of] {
			s += "(off)"
		}
		all = append(all, s)
	}
	return strings.Join(all, " ")
}

// The order's life after activation, with a platform and without: done there first, then charged.
func TestChangesOfRunningServices(t *testing.T) {
	t.Parallel()
	for name, platform := range map[string]bool{"with a platform": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire(t)
			h := newHouse(t, nil)
			if platform {
				h.function = provisioning.Handler(h.store, w.platform(), "")
			}
			d := h.inUse("CALL", "MEET", "PSTN")
			w.jobs()
			now := tenth
			step := func(ask func(time.Time) func(commerce.Order) (commerce.Order, error), status commerce.Status, jobs, runs, facts string) {
				t.Helper()
				h.wants(d, now, ask(now))
				h.must(h.tick(t.Context(), w.at(now)))
				o := h.order(d)
				has := w.has(d)
				if !platform {
					has, jobs = h.entitled(d), ""
				}
				if o.Status != status || o.Changing() || w.jobs() != jobs || has != runs || h.facts(d) != facts {
					t.Errorf("%s, changing %v, runs %q, facts %q", o.Status, o.Changing(), has, h.facts(d))
				}
				now = now.Add(24 * time.Hour)
			}
			step(func(now time.Time) func(commerce.Order) (commerce.Order, error) { return more(now, 30, 25, 20) }, commerce.Active,
				"change_quantity 1, change_quantity 3", "1:30 2:25 3:20", "1 adjustment 5 4435 2026-12-10, 3 adjustment -5 -4435 2026-12-10")
			step(suspend, commerce.Suspended, "suspend 3, suspend 2, suspend 1", "1:30(off) 2:25(off) 3:20(off)", h.facts(d))
			step(resume, commerce.Active, "resume 1, resume 2, resume 3", "1:30 2:25 3:20", h.facts(d))
			step(terminate, commerce.Ended, "deprovision 3, deprovision 2, deprovision 1", "",
				"1 adjustment 5 4435 2026-12-10, 1 credit -30 -21774 2026-12-14, 2 credit -25 -18145 2026-12-14, "+
					"3 adjustment -5 -4435 2026-12-10, 3 credit -20 -14516 2026-12-14")
			if due := h.order(d).Next(); due.Deed != commerce.NoDeed {
				t.Errorf("an ended order is due for %q", due.Deed)
			}
			h.must(h.tick(t.Context(), w.at(now.AddDate(2, 0, 0))))
			if got := h.charges(d); got != 8 || w.jobs() != "" {
				t.Errorf("%d charges two years later", got)
			}
		})
	}
}

// What the platform refuses is set back, costs nothing and is told.
func TestChangeThatIsRefusedLeavesAllAsItWas(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	h := newHouse(t, w.platform())
	d := h.inUse("CALL", "MEET", "MSG")
	w.jobs()
	w.answer = func(action, line string, nth int) (int, string) {
		if action == "change_quantity" && line == "3" {
			return http.StatusUnprocessableEntity, `{"reason":"no room in this region"}`
		}
		return 0, ""
	}
	h.wants(d, tenth, more(tenth, 30, 31, 32))
	h.must(h.tick(t.Context(), w.at(tenth)))
	if got := w.jobs(); !strings.HasPrefix(got, "change_quantity 1, change_quantity 2, change_quantity 3, change_quantity 2, change_quantity 1") {
		t.Errorf("asked %s", got)
	}
	o := h.order(d)
	if o.Changing() || o.Status != commerce.Active || o.Refusal.Reason != "A-FLEX-MSG: no room in this region" || w.has(d) != "1:25 2:25 3:25" || h.facts(d) != "" {
		t.Errorf("%+v, at the platform %s, charged %s", o.Refusal, w.has(d), h.facts(d))
	}
	for i, l := range o.Lines {
		if l.Quantity != 25 {
			t.Errorf("line %d has %d", i, l.Quantity)
		}
	}
	if got := h.letters(d, commerce.LetterRepChangeRefused); got != 1 {
		t.Errorf("%d letters", got)
	}
	w.answer, w.keys = nil, map[string]string{} // the next change has keys of its own
	h.wants(d, tenth, more(tenth, 30))
	h.must(h.tick(t.Context(), tenth))
	if o := h.order(d); o.Refusal != (commerce.Refusal{}) || o.Lines[0].Quantity != 30 {
		t.Errorf("asked again: %+v", o.Refusal)
	}
}

// A change at the instant at which a month begins, before the billing ran: the month is charged at the old quantity, and
// the change from its first day on.
func TestChangeAndBillAtTheSameMoment(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	d := h.inUse("CALL")
	midnight := time.Date(2027, time.January, 31, 23, 0, 0, 0, time.UTC) // of 1 February in Ljubljana
	h.bill(d, midnight.Add(-time.Minute))
	h.wants(d, midnight, more(midnight, 30))
	h.must(h.tick(t.Context(), midnight))
	o := h.order(d)
	if o.Lines[0].Charged != 3 || h.charges(d) != 4 || h.facts(d) != "1 adjustment 5 6250 2027-02-01" {
		t.Errorf("charged %d periods, %d facts: %s", o.Lines[0].Charged, h.charges(d), h.facts(d))
	}
	totals, _, err := h.store.Totals(t.Context(), o.Caller, "2027-02")
	if err != nil || len(totals) != 1 || totals[0].Amount != 31250+6250 || totals[0].Charges != 2 {
		t.Errorf("totals %+v, %v", totals, err)
	}
}

func TestTermEndsByItself(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	w.answer = func(action, _ string, nth int) (int, string) {
		if action == "deprovision" && nth == 1 {
			return http.StatusServiceUnavailable, `{"reason":"busy"}`
		}
		return 0, ""
	}
	h := newHouse(t, w.platform())
	d, renewed := h.inUse("CALL"), h.inUse("CALL")
	h.wants(renewed, tenth, func(o commerce.Order) (commerce.Order, error) {
		lines := slices.Clone(o.Lines)
		lines[0].AutoRenew = true
		return o.ChangeLines(lines, "caller:commerce", tenth)
	})
	w.jobs()
	over := time.Date(2027, time.November, 30, 23, 0, 0, 0, time.UTC)
	h.must(h.tick(t.Context(), w.at(over.Add(-time.Minute))))
	if got := w.jobs(); got != "" {
		t.Errorf("before midnight asked %s", got)
	}
	h.bill(d, over)
	h.bill(renewed, over)
	h.must(h.tick(t.Context(), w.at(over)))
	o := h.order(d)
	if !o.Changing() || o.Status != commerce.Active || o.Lines[0].Reason != "busy" {
		t.Errorf("%s, %+v", o.Status, o.InFlight)
	}
	h.must(h.tick(t.Context(), w.at(over.Add(time.Minute))))
	if o = h.order(d); o.Status != commerce.Ended || h.charges(d) != 12 || h.facts(d) != "" || w.has(d) != "" {
		t.Errorf("%s with %d charges, %s", o.Status, h.charges(d), h.facts(d))
	}
	if o = h.order(renewed); o.Status != commerce.Active || h.charges(renewed) != 13 || w.has(renewed) != "1:25" {
		t.Errorf("the other is %s with %d charges", o.Status, h.charges(renewed))
	}
	if got := w.jobs(); got != "deprovision 1, deprovision 1" {
		t.Errorf("asked %s", got)
	}
}

// After ten tries a person is told, once; whoever clicked sees why.
func TestTenTriesTellAPerson(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	w.answer = func(_, line string, _ int) (int, string) {
		if line == "2" {
			return http.StatusServiceUnavailable, `{"reason":"the exchange is down"}`
		}
		return 0, ""
	}
	h := newHouse(t, w.platform())
	d := h.deal("CALL", "MEET")
	h.client(provisionRoute, d, click)
	now := click
	for try := 2; try <= 14; try++ {
		now = w.at(h.order(d).Next().At)
		h.must(h.tick(t.Context(), now))
		stuck := h.order(d).StuckSince()
		if got := h.letters(d, commerce.LetterRepStuck); (got == 1) != (try >= 10) || stuck.IsZero() != (try < 10) {
			t.Errorf("after %d tries %d letters, stuck since %s", try, got, stuck)
		}
	}
	p := h.client(progressRoute, d, now)
	if p.Status != "provisioning" || p.Lines[1].Reason != "the exchange is down" || p.StuckAt == nil {
		t.Errorf("progress %+v", p)
	}
	_, page, _ := h.person(progressRoute+"?lang=en", d, "")
	for _, want := range []string{"This takes longer than usual. Your account representative knows", "Reason: the exchange is down", "data-live"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q: %s", want, page)
		}
	}
	w.answer = nil
	h.must(h.tick(t.Context(), w.at(h.order(d).Next().At)))
	if p := h.client(progressRoute, d, now); p.Status != "active" || p.StuckAt != nil || p.Lines[1].Reason != "" {
		t.Errorf("in the end %+v", p)
	}
	if got := h.letters(d, commerce.LetterRepStuck); got != 1 {
		t.Errorf("%d letters", got)
	}
}

func TestRunsOfAChangeAtOnceAskOnce(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	h := newHouse(t, w.platform())
	var deals []deal
	for range 6 {
		d := h.inUse("CALL")
		h.wants(d, tenth, more(tenth, 30))
		deals = append(deals, d)
	}
	before := w.calls
	w.at(tenth)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			if err := h.tick(t.Context(), tenth); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if got := w.calls - before; got != len(deals) {
		t.Errorf("%d calls for %d changes", got, len(deals))
	}
	for _, d := range deals {
		if o := h.order(d); o.Lines[0].Quantity != 30 || h.facts(d) != "1 adjustment 5 4435 2026-12-10" {
			t.Errorf("%d with %s", o.Lines[0].Quantity, h.facts(d))
		}
	}
}

// The greatest order there is, with every event published, fits into its transactions: activated, changed, terminated.
func TestGreatestOrderIsPublished(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	s := store.FromEnv(h.tables.As("Provisioning", "PUBLISH_EVENTS", "yes"))
	h.function = provisioning.Handler(s, provisioning.Entitlements(s), "")
	skus := make([]string, 50)
	for i := range skus {
		skus[i] = "CALL"
	}
	d := h.inUse(skus...)
	to := make([]int, len(skus))
	for i := range to {
		to[i] = 30
	}
	h.wants(d, tenth, more(tenth, to...))
	h.must(h.tick(t.Context(), tenth))
	month := time.Date(2026, time.December, 31, 23, 0, 0, 0, time.UTC) // begins, and is charged first
	h.wants(d, month, terminate(month))
	h.must(h.tick(t.Context(), month))
	if o := h.order(d); o.Status != commerce.Ended || h.charges(d) != 200 || h.entitlements(d) != 0 {
		t.Errorf("%s with %d charges", o.Status, h.charges(d))
	}
	if o, n := h.order(d), len(h.items("OrdersTable", "order#"+d.order, "event#")); n < len(o.Events)-4 { // placing, mapping and asking are not the function's
		t.Errorf("%d of %d events are on their way", n, len(o.Events))
	}
}
