package store_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dayone/local/engine/enginetest"
	"dayone/shared/commerce"
	"dayone/shared/store"
)

// publishing is a store whose orders' events go on their way.
func publishing(t testing.TB) (*store.Store, *enginetest.Tables) {
	t.Helper()
	tables := enginetest.New(t)
	return store.FromEnv(func(name string) string {
		if name == "PUBLISH_EVENTS" {
			return "yes"
		}
		return tables.Getenv(name)
	}), tables
}

// onTheirWay are the numbers and kinds of an order's events that are on their way.
func onTheirWay(t testing.TB, s *store.Store, id string) []string {
	t.Helper()
	all, err := s.EventsOf(t.Context(), id, 0, store.MaxPage)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, g := range all {
		if g.NextAt.IsZero() || g.Order != id {
			t.Errorf("%+v", g)
		}
		names = append(names, fmt.Sprint(g.Seq, " ", g.Kind))
	}
	return names
}

func TestEveryWriteOfAnOrderPutsItsEventsOnTheirWay(t *testing.T) {
	t.Parallel()
	s, tables := publishing(t)
	o := invite(t, s, place(t, s, order(t, "DO-1")), "hash")
	want := []string{"1 placed", "2 letter_sent", "3 invited"}
	if diff := cmp.Diff(want, onTheirWay(t, s, "DO-1")); diff != "" {
		t.Error(diff)
	}
	o = read(t, s, o.ID)
	closed, letter := o.Expire(opens)
	replace(t, s, o, closed, letter)
	if got := onTheirWay(t, s, "DO-1"); got[len(got)-1] != "4 closed" {
		t.Errorf("with a letter: %v", got)
	}
	if n := len(items(t, tables, "OrdersTable")); n != 3+4+1 {
		t.Errorf("%d items", n)
	}
}

func TestWhatIsRefusedPutsNothingOnItsWay(t *testing.T) {
	t.Parallel()
	s, _ := publishing(t)
	o := place(t, s, order(t, "DO-1"))
	if _, err := s.Place(t.Context(), order(t, "DO-2"), "key-of-DO-1", "digest"); err != nil { // the same key is the first order
		t.Fatal(err)
	}
	if got := onTheirWay(t, s, "DO-2"); len(got) > 0 {
		t.Errorf("%v", got)
	}
	var wait sync.WaitGroup
	errs := make([]error, 10)
	for i := range errs {
		wait.Go(func() {
			cancelled, err := o.Cancel(commerce.ByCaller(fmt.Sprint(i)), "r", noon)
			errs[i] = errors.Join(err, s.Replace(t.Context(), o, cancelled))
		})
	}
	wait.Wait()
	if n := len(slices.DeleteFunc(errs, func(err error) bool { return errors.Is(err, commerce.ErrOrderChanged) })); n != 1 {
		t.Errorf("%d of ten win: %v", n, errs)
	}
	if diff := cmp.Diff([]string{"1 placed", "2 cancelled"}, onTheirWay(t, s, "DO-1")); diff != "" {
		t.Error(diff)
	}
}

func TestStoredOrdersAreExplained(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	o := place(t, s, order(t, "DO-1"))
	silent := o
	silent.Version++
	silent.StartedAt = opens
	replace(t, s, o, silent)
	got := read(t, s, o.ID)
	want := []commerce.Change{{Field: "started_at", After: "2026-12-01T07:00:00Z"}}
	if last := got.Events[len(got.Events)-1]; len(got.Events) != 2 || last.Kind != "changed" || !cmp.Equal(last.Changes, want) {
		t.Errorf("%+v", got.Events)
	}
}

func TestAClaimedEventIsMarkedOnce(t *testing.T) {
	t.Parallel()
	s, _ := publishing(t)
	o := place(t, s, order(t, "DO-1"))
	claim := func(now time.Time) store.Claimed {
		t.Helper()
		due, err := s.Due(t.Context(), "Deliveries", now, 10)
		if err != nil || len(due) != 1 {
			t.Fatalf("%v, due %v", err, due)
		}
		c, ok, err := s.Claim(t.Context(), due[0], fmt.Sprint("attempt at ", now), now, now.Add(time.Minute))
		if err != nil || !ok || c.Event == nil || c.Event.Order != "DO-1" || c.Event.Seq != 1 || c.Event.Kind != "placed" {
			t.Fatalf("%v %v %+v", err, ok, c)
		}
		return c
	}
	attempt := func(at time.Time, status int) store.Attempt {
		return store.Attempt{At: at, Status: status, Took: 7 * time.Millisecond}
	}
	first := claim(noon)
	late := noon.Add(2 * time.Minute) // the first died, or is very slow
	second := claim(late)
	if err := s.EventFailed(t.Context(), second, attempt(late, 503), late.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := s.EventDelivered(t.Context(), first, attempt(noon, 200)); err != nil {
		t.Fatal(err)
	}
	all, err := s.EventsOf(t.Context(), "DO-1", 0, 10)
	if err != nil || len(all) != 1 {
		t.Fatal(err, all)
	}
	want := store.Outgoing{Order: "DO-1", Seq: 1, Kind: "placed", Tries: 1, Attempts: []store.Attempt{attempt(late, 503)}, NextAt: late.Add(time.Hour)}
	if diff := cmp.Diff(want, all[0]); diff != "" {
		t.Error(diff)
	}
	third := claim(late.Add(time.Hour))
	if err := s.Redeliver(t.Context(), o, 1, late.Add(time.Hour+time.Second)); err != nil { // while it is on its way
		t.Fatal(err)
	}
	if err := s.EventDelivered(t.Context(), third, attempt(late.Add(time.Hour), 200)); err != nil {
		t.Fatal(err)
	}
	if all, _ = s.EventsOf(t.Context(), "DO-1", 0, 10); all[0].NextAt.IsZero() {
		t.Errorf("what was asked for meanwhile is forgotten: %+v", all[0])
	}
}

func TestOnlySoManyTriesAreKept(t *testing.T) {
	t.Parallel()
	s, _ := publishing(t)
	place(t, s, order(t, "DO-1"))
	for n := range 25 {
		at := noon.Add(time.Duration(n) * time.Hour)
		due, err := s.Due(t.Context(), "Deliveries", at, 10)
		if err != nil || len(due) != 1 {
			t.Fatal(err, due)
		}
		c, _, err := s.Claim(t.Context(), due[0], fmt.Sprint(n), at, at.Add(time.Minute))
		if err == nil {
			err = s.EventFailed(t.Context(), c, store.Attempt{At: at, Problem: "no answer in time"}, at.Add(time.Hour))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	all, err := s.EventsOf(t.Context(), "DO-1", 0, 10)
	if err != nil || len(all[0].Attempts) != 20 || all[0].Tries != 25 || !all[0].Attempts[19].At.Equal(noon.Add(24*time.Hour)) {
		t.Errorf("%v %+v", err, all)
	}
}
