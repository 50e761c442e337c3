// Package model_test leads random lives of several orders, by random people and with a clock that jumps and processes
// that end in the middle of what they do, and compares after every step everything that is stored, waits or was sent with
// a small model of the design, and with the audit.
package model_test

import (
	"flag"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dayone/local/audit"
	"dayone/local/engine/enginetest"
	"dayone/shared/commerce"
)

// What fits into a run of all tests, the same each time; flags of rapid on the command line ask for more, and for others.
const (
	lives = "12"
	steps = "75"
	seed  = "20261123"
)

func TestLives(t *testing.T) {
	given := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { given[f.Name] = true })
	for name, usual := range map[string]string{"rapid.checks": lives, "rapid.steps": steps, "rapid.seed": seed} {
		if !given[name] {
			if err := flag.Set(name, usual); err != nil {
				t.Fatal(err)
			}
		}
	}
	enginetest.Log().To(io.Discard) // what crashes make functions log is no news
	all := &met{counts: map[string]int{}}
	t.Cleanup(func() { t.Log(all) })
	rapid.Check(t, func(r *rapid.T) { live(t, r, all) })
}

// met counts what happened in all lives, to see that nothing of it is rare.
type met struct {
	mu     sync.Mutex
	counts map[string]int
}

func (m *met) add(w *world) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counts["worlds"]++
	m.counts["steps"] += w.steps
	m.counts["letters"] += len(w.Inbox())
	m.counts["crashes"] += w.crashes.happened
	if w.books == nil {
		return
	}
	m.counts["organizations"] += len(w.books.Organizations)
	for id, o := range w.books.Orders {
		m.counts["orders"]++
		m.counts["charges"] += len(w.books.Charges[id])
		for _, e := range o.Events {
			m.counts[e.Kind]++
		}
	}
}

func (m *met) String() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return fmt.Sprint(m.counts)
}

// live leads the lives of one world.
func live(tb testing.TB, t *rapid.T, met *met) {
	w := begin(tb, t)
	defer met.add(w)
	actions := map[string]func(*rapid.T){
		"":               w.check,
		"place":          w.place,
		"replay":         w.replay,
		"amend":          w.amend,
		"cancel":         w.cancel,
		"resend":         w.resend,
		"reopen":         w.reopen,
		"scan":           w.scan,
		"say the role":   w.role,
		"delegate":       w.delegate,
		"not recognise":  w.unrecognise,
		"complete":       w.complete,
		"complete again": w.repeat,
		"choose":         w.choose,
		"sign in":        w.signIn,
		"decide":         w.decide,
		"forget":         w.forget,
		"give or take":   w.giveOrTake,
		"look":           w.look,
		"save":           w.save,
		"set platform":   w.behave,
		"click":          w.click,
		"change":         w.change,
		"wait":           w.pass,
		"crash":          w.crash,
	}
	for i := range 20 { // of what else happens half is of no use to anybody
		actions[fmt.Sprint("carry on ", i)] = w.carryOn
	}
	for i := range 3 { // of what is told of letters half comes too late
		actions[fmt.Sprint("hear ", i)] = w.hear
	}
	t.Repeat(actions)
}

// old reports whether much time has gone by, and no more may: orders must start within three years of whatever is sent of
// them.
func (w *world) old() bool { return w.Now().Sub(noon) > 900*day }

// carryOn does what leads an order on.
func (w *world) carryOn(t *rapid.T) {
	if w.old() {
		return
	}
	o := w.pick(t, func(o *order) bool { return o.n%3 > 0 || o.status != "cancelled" })
	if o == nil {
		return
	}
	now := w.Now()
	switch {
	case o.status == "cancelled":
		w.place(t)
	case o.status == "closed":
		w.reopen(t)
	case o.open() && !o.owed.IsZero():
		w.tick(t, later(o.owed, now.Add(time.Minute)))
	case o.open():
		link := o.links[len(o.links)-1]
		switch rapid.IntRange(0, 7).Draw(t, "or not") {
		case 0, 1:
			w.delegateOver(t, o, link)
		case 2:
			w.unrecogniseOver(t, o, link)
		default:
			w.completeOver(t, o, link)
		}
	case o.status == "provisioning":
		w.tick(t, now.Add(5*time.Minute))
	case o.status == "ended":
		w.tick(t, now.Add(day))
	case o.runs():
		if rapid.IntRange(0, 2).Draw(t, "change") == 0 {
			w.change(t)
			w.tick(t, w.Now().Add(3*time.Minute))
			return
		}
		for range 7 {
			w.tick(t, w.Now().Add(5*day))
		}
	default:
		w.prepare(t, o)
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// prepare has somebody who may do the next task of an order's service setup, or get to it.
func (w *world) prepare(t *rapid.T, o *order) {
	people := o.customer.people
	if o.access == "granted" && w.access[[2]*organization{o.partner, o.customer}] == "granted" {
		people = append(slices.Clone(people), o.partner.people...)
	}
	for _, email := range people {
		if !w.has[email] {
			continue
		}
		who, want := w.as(t, email, o)
		switch todo := o.todo(); {
		case len(todo) > 0:
			w.saveAs(t, o, who, want, todo)
		default:
			w.clickAs(t, o, who, email, want)
		}
		return
	}
	for _, l := range w.pwLinks {
		if slices.Contains(people, l.email) && !l.gone && w.Now().Before(l.issued.Add(7*day)) {
			w.chooseBy(t, l)
			return
		}
	}
	w.tick(t, w.Now().Add(time.Minute)) // a letter may be on its way
}

// spans are how far the clock jumps at once, and in which steps.
var spans = []struct{ span, step time.Duration }{
	{20 * time.Second, 20 * time.Second}, {2 * time.Minute, time.Minute}, {time.Hour, time.Hour}, {20 * time.Hour, 5 * time.Hour},
	{3 * day, 12 * time.Hour}, {8 * day, day}, {31 * day, 5 * day},
}

// pass moves the clock.
func (w *world) pass(t *rapid.T) {
	if w.old() {
		return
	}
	s := rapid.SampledFrom(spans).Draw(t, "span")
	for at := s.step; at <= s.span; at += s.step {
		w.tick(t, w.Now().Add(s.step))
	}
}

// crash moves the clock, has the process of a scheduled function end at one of its calls, and waits until what it left
// behind is due again. What was under way was done by then or is done now, and cost at most one letter more of its kind.
func (w *world) crash(t *rapid.T) {
	if w.old() {
		return
	}
	span := rapid.SampledFrom([]time.Duration{time.Minute, 9 * time.Hour, day, 2 * day, 7 * day}).Draw(t, "span")
	function := rapid.SampledFrom([]string{"Letters", "Letters", "Provisioning", "Billing"}).Draw(t, "function")
	at := w.Now().Add(span)
	w.crashes.next(function, 8+rapid.IntRange(1, 12).Draw(t, "at call"), rapid.Bool().Draw(t, "after it")) // the first 8 look what is due
	err := w.Set(t.Context(), at, 1000*day)
	if crashed := w.crashes.over(); !crashed || function != "Letters" {
		if err != nil && !crashed {
			t.Fatal(err)
		}
		for _, o := range w.orders {
			w.goOut(o.attend(at, 100))
		}
		w.deliver()
		w.rest(t, at)
		w.tick(t, at.Add(40*time.Minute))
		return
	}
	for _, l := range w.queue {
		w.extra[l]++
	}
	w.rest(t, at)
	later := at.Add(40 * time.Minute)
	if err := w.Set(t.Context(), later, 1000*day); err != nil {
		t.Fatal(err)
	}
	books, err := audit.Read(t.Context(), w.DynamoDB, w.tables)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range w.orders {
		if o.open() {
			w.recover(t, o, books.Orders[o.id].Order, at, later)
		}
	}
	w.deliver()
	w.rest(t, later)
}

// recover finds out how much of what the clock owed an order was done before the process ended; the rest was done later.
func (w *world) recover(t *rapid.T, o *order, stored commerce.Order, at, later time.Time) {
	whole := *o
	owed := whole.attend(at, 100)
	for _, l := range owed {
		w.extra[l]++
	}
	for done := range len(owed) + 1 {
		try := *o
		letters := append(try.attend(at, done), try.attend(later, 100)...)
		if try.differs(stored) == "" {
			*o = try
			w.goOut(letters)
			return
		}
	}
	t.Fatalf("after a crash at %s: order %s: %s", at, o.id, whole.differs(stored))
}
