package commerce_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"dayone/shared/commerce"
)

// reader is another system that is told every event of an order as it happens, and nothing else.
type reader struct {
	known  map[string]string
	events []commerce.Event
}

// read takes the events that came since, as the order's timeline has them, and says what is wrong with them.
func (r *reader) read(o commerce.Order) string {
	timeline := o.Timeline()
	if diff := cmp.Diff(r.events, timeline[:len(r.events)]); diff != "" {
		return "what was told before is told otherwise now:\n" + diff
	}
	for i, e := range timeline[len(r.events):] {
		if want := len(r.events) + 1 + i; e.Seq != want {
			return fmt.Sprintf("event %d has number %d", want, e.Seq)
		}
		for _, c := range e.Changes {
			if _, fact := commerce.FactNamed(c.Field); !fact {
				continue
			}
			if r.known[c.Field] != c.Before {
				return fmt.Sprintf("%s: %s was %q, not %q", e.Kind, c.Field, r.known[c.Field], c.Before)
			}
			r.known[c.Field] = c.After
			if c.After == "" {
				delete(r.known, c.Field)
			}
		}
	}
	r.events = timeline
	shown := map[string]string{}
	for _, f := range o.Facts() {
		shown[f.Field] = f.Value
	}
	return cmp.Diff(shown, r.known)
}

func newReader() *reader { return &reader{known: map[string]string{}, events: []commerce.Event{}} }

func TestWhoIsToldEveryEventKnowsTheOrder(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		o, err := commerce.Place("DO-4F7K-9M2X-QT8B", caller, terms(), noon)
		if err != nil {
			r.Fatal(err)
		}
		told, now := newReader(), noon
		for range rapid.IntRange(1, 60).Draw(r, "deeds") {
			if diff := told.read(o); diff != "" {
				r.Fatalf("%s\n%s", diff, story(o))
			}
			now = now.Add(time.Duration(rapid.IntRange(0, 100_000).Draw(r, "seconds")) * time.Second)
			n := o
			for range rapid.IntRange(1, 2).Draw(r, "deeds in one write") {
				n = anything(r, n, now)
			}
			n = n.Explain(o)
			if again := n.Explain(o); !cmp.Equal(again, n) {
				r.Fatalf("explained again it is another:\n%s", cmp.Diff(n, again))
			}
			for _, e := range n.Events[len(o.Events):] {
				if e.Kind == "changed" {
					r.Fatalf("a deed has no event of its own:\n%s", story(n))
				}
			}
			o = n
		}
	})
}

// story is an order's timeline, a line an event.
func story(o commerce.Order) string {
	s := ""
	for _, e := range o.Events {
		s += fmt.Sprintln(e.Seq, e.Kind, e.Actor, e.Changes)
	}
	return s
}

// anything is an order to which something was done that its status allows.
func anything(r *rapid.T, o commerce.Order, now time.Time) commerce.Order {
	keep := func(n commerce.Order, err error) commerce.Order {
		if err != nil {
			return o
		}
		return n
	}
	switch what := rapid.IntRange(0, 12).Draw(r, "anything"); {
	case what == 0:
		return keep(o.Cancel(commerce.ByCaller(caller), "r", now))
	case what == 1:
		return keep(o.PutOnHold(commerce.ByOperator(ana), "r", now))
	case what <= 3:
		return keep(o.Release(commerce.ByOperator(ana), "r", now))
	case what == 4:
		t := o.Terms
		t.Zone = rapid.SampledFrom([]string{"Europe/Ljubljana", "America/New_York"}).Draw(r, "zone")
		t.Lines = slices.Clone(terms().Lines[:rapid.IntRange(1, 2).Draw(r, "lines")])
		t.Lines[0].Quantity = rapid.IntRange(1, 3).Draw(r, "quantity")
		t.Lines[0].AutoRenew = rapid.Bool().Draw(r, "renews")
		n, _, err := o.Amend(t, commerce.ByCaller(caller), now)
		return keep(n, err)
	case what <= 7 && o.CheckLink(commerce.Grant{Generation: o.Link.Generation}, now) == nil:
		a, k := asPartner(), known()
		a.ReviewDigest = a.Digest(o, k)
		c, err := o.Map(a, k, fresh, now)
		return keep(c.Order, err)
	}
	switch o.Status {
	case commerce.Mapped, commerce.Failed, commerce.Provisioning, commerce.Active, commerce.Suspended, commerce.Ended:
		return serviced(r, o, now)
	}
	return something(r, o, now)
}

// serviced is a mapped order that went on.
func serviced(r *rapid.T, o commerce.Order, now time.Time) commerce.Order {
	if o.Status == commerce.Mapped || o.Status == commerce.Failed {
		n := o
		n.Settings = ready().Settings // a reader is not told of settings
		n, err := n.BeginProvisioning(ana, settled, now)
		if err != nil {
			return o
		}
		return n
	}
	if o.Status != commerce.Provisioning && !o.Changing() {
		return running(r, o, now)
	}
	job, left := o.NextJob()
	switch {
	case !left:
		n, _, _ := o.Finish(now)
		return n
	case rapid.IntRange(0, 3).Draw(r, "wait") == 0:
		n, _ := o.Wait(true, now)
		return n
	}
	answer := rapid.SampledFrom([]commerce.Result{commerce.Done, commerce.Done, commerce.Later, commerce.Again, commerce.Never}).Draw(r, "answer")
	return o.Asking(job, now).Answered(job, answer, "no room", now)
}

// running is an active or suspended order that somebody or the clock did something to.
func running(r *rapid.T, o commerce.Order, now time.Time) commerce.Order {
	keep := func(n commerce.Order, err error) commerce.Order {
		if err != nil {
			return o
		}
		return n
	}
	switch rapid.IntRange(0, 6).Draw(r, "running") {
	case 0:
		return keep(o.Suspend(commerce.ByCaller(caller), "r", now))
	case 1:
		return keep(o.Resume(commerce.ByCaller(caller), "r", now))
	case 2:
		return keep(o.Terminate(commerce.ByCaller(caller), "r", now))
	case 3:
		lines := slices.Clone(o.Lines)
		lines[0].Quantity = rapid.IntRange(1, 3).Draw(r, "quantity")
		lines[0].AutoRenew = rapid.Bool().Draw(r, "renews")
		return keep(o.ChangeLines(lines, commerce.ByCaller(caller), now))
	case 4:
		return o.EndTerms(now.AddDate(rapid.IntRange(0, 4).Draw(r, "years"), 0, 0))
	}
	n, _ := o.Bill(now.AddDate(rapid.IntRange(0, 4).Draw(r, "years"), 0, 0))
	return n
}

func TestADeedWithoutAnEventIsExplainedAllTheSame(t *testing.T) {
	o := placed(t)
	n := o
	n.Version++
	n.StartedAt = opens
	explained := n.Explain(o)
	last := explained.Events[len(explained.Events)-1]
	want := commerce.Event{Seq: 2, At: noon, Kind: "changed", Actor: "clock", Changes: []commerce.Change{{Field: "started_at", After: "2026-12-01T07:00:00Z"}}}
	if diff := cmp.Diff(want, last); diff != "" {
		t.Error(diff)
	}
	if len(o.Events) != 1 || len(n.Events) != 1 {
		t.Error("the orders that were explained have changed themselves")
	}
}

func TestExplainingLeavesWhatEventsNameAlone(t *testing.T) {
	o := placed(t)
	cancelled, err := o.Cancel(commerce.ByCaller(caller), "r", noon)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(cancelled, cancelled.Explain(o)); diff != "" {
		t.Error(diff)
	}
}

func TestTheFirstEventTellsWhatWasPlacedHoweverMuchChanged(t *testing.T) {
	o := placed(t)
	before := o.Timeline()[0]
	if len(o.Events[0].Changes) != 0 {
		t.Errorf("it is stored as well: %v", o.Events[0].Changes)
	}
	n := amended(t, o, noon.Add(time.Hour), func(t *commerce.Terms) { t.Start, t.Lines = date("2027-01-10"), terms().Lines[:1] }).Explain(o)
	if diff := cmp.Diff(before, n.Timeline()[0]); diff != "" {
		t.Error(diff)
	}
}

func TestEveryFactHasAKind(t *testing.T) {
	kinds := map[commerce.FactKind]int{}
	for _, f := range placed(t).Facts() {
		kind, ok := commerce.FactNamed(f.Field)
		if !ok {
			t.Errorf("%s is no fact", f.Field)
		}
		kinds[kind]++
	}
	if len(kinds) != 3 {
		t.Errorf("kinds %v", slices.Collect(maps.Keys(kinds)))
	}
	for _, remark := range []string{"to", "lines", "lines.0", "lines.0.to", "provisioning_contact", "next"} {
		if _, ok := commerce.FactNamed(remark); ok {
			t.Errorf("%s is a fact", remark)
		}
	}
}
