// Package fault_test breaks every call that functions make to DynamoDB, SES and the service platform, one at a time and
// in every way, while an order lives its life; people and the commerce system repeat what they got no answer to, and the
// schedules run until nothing is due. Whatever happened, the life must end as it does undisturbed.
//
// The calls are those that an undisturbed life makes: a new one is broken the day it is written. Without a flag a test
// has each call killed before and after, and a sample of all else; -torture does everything, and pairs of faults.
package fault_test

import (
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"dayone/local/engine/enginetest"
)

var (
	torture = flag.Bool("torture", false, "every fault at every call, and pairs of faults")
	pairs   = flag.Int("pairs", 400, "pairs of faults for each life, with -torture")
	seed    = flag.Uint64("seed", 1, "of what is taken at random")
	sample  = flag.Int("sample", 8, "faults of the other kinds for each life, without -torture")
)

// tally counts runs.
type tally struct {
	runs, converged, unreached, repeated, links atomic.Int64
}

func (c *tally) String() string {
	return fmt.Sprintf("%d runs, %d converged, %d never met their fault; %d letters came once more; %d links tried", c.runs.Load(), c.converged.Load(),
		c.unreached.Load(), c.repeated.Load(), c.links.Load())
}

func TestEveryFaultEndsAsIfItHadNotHappened(t *testing.T) {
	quiet(t)
	on, all, begun, known := newStages(t), new(tally), time.Now(), map[string]bool{}
	t.Cleanup(func() { t.Logf("in all: %v, in %s", all, time.Since(begun).Round(time.Second)) })
	for _, l := range lives() {
		t.Run(l.name, func(t *testing.T) {
			fresh := map[string]bool{} // steps that no life before has
			for _, s := range l.steps {
				fresh[s.name] = *torture || !known[s.name]
			}
			for name := range fresh {
				known[name] = true
			}
			t.Parallel()
			h := undisturbed(t, on, l)
			c := new(tally)
			h.run(t, on, h.plan(fresh), c)
			t.Logf("%d steps, %d calls: %v", len(l.steps), len(h.calls), c)
			all.add(c)
		})
	}
}

// quiet keeps to itself what functions say of thousands of failures, and lets garbage lie for longer.
func quiet(t *testing.T) {
	percent := debug.SetGCPercent(400)
	t.Cleanup(func() { debug.SetGCPercent(percent) })
	said := enginetest.Log().To(io.Discard)
	t.Cleanup(func() { enginetest.Log().To(said) })
}

// history is an undisturbed life.
type history struct {
	life
	moments []moment // before each step, and after the last
	calls   []call
}

func undisturbed(t *testing.T, on *stages, l life) history {
	t.Helper()
	h := history{life: l}
	if err := on.use(l, func(s *stage) error {
		w, err := s.live(l, moment{memory: memory{has: map[string]string{}, names: map[string]string{}}, cloud: s.empty}, l.steps)
		h.moments, h.calls = w.moments, w.wire.calls
		return err
	}); err != nil {
		t.Fatalf("undisturbed: %v", err)
	}
	return h
}

// stepOf is the number of the step that a call belongs to.
func (h history) stepOf(c call) int {
	return slices.IndexFunc(h.steps, func(s step) bool { return s.name == strings.TrimSuffix(c.step, schedulesOf) })
}

// What happens twice at once happens once.
func TestTwoSchedulersAtOnceDoEverythingOnce(t *testing.T) {
	quiet(t)
	on := newStages(t)
	rounds := 1
	if *torture {
		rounds = 50
	}
	all, begun := 0, time.Now()
	for _, l := range lives() {
		h := undisturbed(t, on, l)
		l.twice = true
		for range rounds {
			twice := undisturbed(t, on, l)
			if d := twice.moments[len(l.steps)].state.differs(h.moments[len(l.steps)].state, false); d != "" {
				t.Errorf("%s: the end differs:\n\t%s", l.name, d)
				continue
			}
			all++
		}
	}
	t.Logf("%d whole lives with two schedulers at once, %d ended as with one, in %s", len(lives())*rounds, all, time.Since(begun).Round(time.Second))
}

// SES is down for three hours when orders start; back, it gets every letter once.
func TestEveryLetterGoesOutOnceWhenSESIsBack(t *testing.T) {
	quiet(t)
	on := newStages(t)
	const orders = 5
	contact := func(n int) string { return fmt.Sprintf("contact%d@nordlicht.example", n) }
	down := life{name: "SES down", steps: []step{{"SES is down", func(w *world) {
		w.wire.sesDown.Store(true)
		for n := range orders {
			w.place(w.Now(), contact(n))
		}
		for end := w.Now().Add(3 * time.Hour); w.Now().Before(end); {
			w.wire.quietly(func() { _ = w.Set(w.ctx, w.Now().Add(5*time.Minute), 5*time.Minute) }) // it fails, and comes back
		}
		if n := len(w.Inbox()); n != 0 {
			w.fail("%d letters while SES was down", n)
		}
		w.wire.sesDown.Store(false)
	}}}}
	h := undisturbed(t, on, down)
	end := h.moments[len(h.moments)-1].state
	for l, n := range end.letters {
		if n != 1 {
			t.Errorf("%q came %d times", l, n)
		}
	}
	if len(end.letters) != orders {
		t.Errorf("%d letters for %d orders", len(end.letters), orders)
	}
	t.Logf("SES down for three hours: %d letters due, %d came once", orders, len(end.letters))
}

func (c *tally) add(d *tally) {
	c.runs.Add(d.runs.Load())
	c.converged.Add(d.converged.Load())
	c.unreached.Add(d.unreached.Load())
	c.repeated.Add(d.repeated.Load())
	c.links.Add(d.links.Load())
}

// planned is a run: from a step, through as many as it takes, with faults on the way.
type planned struct {
	from, to int
	faults   []fault
}

// plan is the runs: every call of a step that no life before had is killed before and after, which is the same where it
// only reads; of all other kinds a sample. Of the runs that send events to the other system the first stands for all, since
// each does the same. Under torture each kind is at each call of every step, and pairs of faults are in whole lives.
func (h history) plan(fresh map[string]bool) []planned {
	var first, others []planned
	var published call // the invocation whose calls are broken
	at := sites(h.calls)
	for _, c := range at {
		n := h.stepOf(c)
		if !fresh[h.steps[n].name] {
			continue
		}
		if c.by == eventsOut && !*torture {
			if inv := (call{step: c.step, run: c.run}); published == (call{}) {
				published = inv
			} else if published != inv {
				continue
			}
		}
		for _, k := range kinds {
			p := planned{n, n + 1, []fault{{c, k}}}
			switch {
			case k == killBefore, k == killAfter && (*torture || !c.reads()):
				first = append(first, p)
			case k != killAfter && k.suits(c):
				others = append(others, p)
			}
		}
	}
	r := rand.New(rand.NewPCG(*seed, 0))
	if !*torture {
		r.Shuffle(len(others), func(i, j int) { others[i], others[j] = others[j], others[i] })
		return append(first, others[:min(*sample, len(others))]...)
	}
	plans := append(first, others...)
	for range *pairs {
		i := r.IntN(len(at))
		j := i + r.IntN(len(at)-i)
		plans = append(plans, planned{0, len(h.steps), []fault{{at[i], some(r, at[i])}, {at[j], some(r, at[j])}}})
	}
	return plans
}

// some is any kind that suits a call.
func some(r *rand.Rand, c call) kind {
	for {
		if k := kinds[r.IntN(len(kinds))]; k.suits(c) {
			return k
		}
	}
}

// run lives every plan and compares what it ends with.
func (h history) run(t *testing.T, on *stages, plans []planned, c *tally) {
	var wait sync.WaitGroup
	for _, p := range plans {
		wait.Go(func() {
			c.runs.Add(1)
			if err := on.use(h.life, func(s *stage) error { return h.converges(s, p, c) }); err != nil {
				t.Errorf("%v: %v", p.faults, err)
			}
		})
	}
	wait.Wait()
}

// converges lives a plan and says how its end differs from the undisturbed one.
func (h history) converges(s *stage, p planned, c *tally) error {
	w, err := s.live(h.life, h.moments[p.from], h.steps[p.from:p.to], p.faults...)
	if err != nil {
		return err
	}
	want := h.moments[p.to].state
	if d := w.end.differs(want, w.wire.mayRepeat()); d != "" {
		return fmt.Errorf("the end differs:\n\t%s", d)
	}
	c.converged.Add(1)
	c.repeated.Add(int64(w.end.more(want)))
	c.links.Add(int64(w.links))
	if len(w.wire.faults) > 0 {
		c.unreached.Add(1)
	}
	return nil
}
