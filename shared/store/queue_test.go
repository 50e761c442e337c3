package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dayone/shared/commerce"
	"dayone/shared/store"
)

// due is what waits for a function at now.
func due(t testing.TB, s *store.Store, function string, now time.Time) []store.Entry {
	t.Helper()
	entries, err := s.Due(t.Context(), function, now, 100)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func claim(t testing.TB, s *store.Store, e store.Entry, attempt string, now time.Time) (store.Claimed, bool) {
	t.Helper()
	c, ok, err := s.Claim(t.Context(), e, attempt, now, now.Add(2*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	return c, ok
}

func TestWhatIsDue(t *testing.T) {
	s, _ := open(t)
	o := place(t, s, order(t, "DO-1"))
	for name, tc := range map[string]struct {
		function string
		now      time.Time
		want     int
	}{
		"a millisecond before": {"Letters", opens.Add(-time.Millisecond), 0},
		"at the instant":       {"Letters", opens, 1},
		"a missed minute":      {"letters", opens.Add(time.Minute), 1},
		"weeks later":          {"Letters", opens.Add(1000 * time.Hour), 1},
		"another function":     {"Billing", opens.Add(1000 * time.Hour), 0},
	} {
		if got := due(t, s, tc.function, tc.now); len(got) != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	cancelled, err := o.Cancel(commerce.ByCaller(caller), "withdrawn", noon)
	if err != nil {
		t.Fatal(err)
	}
	replace(t, s, o, cancelled)
	if got := due(t, s, "Letters", opens.Add(1000*time.Hour)); len(got) != 0 {
		t.Errorf("a cancelled order is due: %v", got)
	}
}

func TestManyAreSpreadAndNoneIsForgotten(t *testing.T) {
	s, _ := open(t)
	for i := range 40 {
		place(t, s, order(t, fmt.Sprintf("DO-%d", i)))
	}
	few, err := s.Due(t.Context(), "Letters", opens, 1)
	if err != nil || len(few) < 4 || len(few) > store.Shards {
		t.Errorf("%d shards have work, %v", len(few), err)
	}
	seen := map[string]bool{}
	for _, e := range due(t, s, "Letters", opens) {
		seen[e.PK] = true
	}
	if len(seen) != 40 {
		t.Errorf("%d are due", len(seen))
	}
}

func TestClaiming(t *testing.T) {
	s, _ := open(t)
	o := place(t, s, order(t, "DO-1"))
	e := due(t, s, "Letters", opens)[0]
	c, ok := claim(t, s, e, "first", opens)
	if !ok || c.Order == nil || c.Tries != 1 {
		t.Fatalf("Claim = %+v, %t", c, ok)
	}
	if diff := cmp.Diff(o, *c.Order); diff != "" {
		t.Error(diff)
	}
	if _, ok := claim(t, s, e, "second", opens.Add(time.Minute)); ok {
		t.Error("claimed under another's lease")
	}
	if c, ok := claim(t, s, e, "first", opens.Add(time.Minute)); !ok || c.Tries != 2 {
		t.Error("a claim does not know itself")
	}
	if c, ok := claim(t, s, e, "second", opens.Add(3*time.Minute)); !ok || c.Tries != 3 {
		t.Error("a lease that is over still holds")
	}
	changed := replace(t, s, o, o.LinkSent(commerce.LetterSetup, o.Contact, 1, "m", opens.Add(3*time.Minute)))
	if _, ok := claim(t, s, e, "third", opens.Add(time.Hour)); ok {
		t.Error("an entry that is done was claimed")
	}
	if got := due(t, s, "Letters", opens.Add(23*time.Hour)); len(got) != 0 {
		t.Errorf("still due: %v", got)
	}
	next := due(t, s, "Letters", opens.Add(25*time.Hour))
	if c, ok := claim(t, s, next[0], "fourth", opens.Add(25*time.Hour)); !ok || c.Tries != 1 || c.Order.Version != changed.Version {
		t.Errorf("the next deed: %+v, %t", c, ok)
	}
	gone := store.Entry{PK: "order#DO-2", SK: "order", At: e.At}
	if _, ok := claim(t, s, gone, "fifth", opens); ok {
		t.Error("claimed what is not there")
	}
	if _, err := s.Order(t.Context(), "DO-2"); err == nil {
		t.Error("claiming made an order")
	}
}

func TestClaimingAtOnceIsDoneOnce(t *testing.T) {
	s, _ := open(t)
	place(t, s, order(t, "DO-1"))
	e := due(t, s, "Letters", opens)[0]
	errs := atOnce(20, func(i int) error {
		_, ok, err := s.Claim(t.Context(), e, fmt.Sprint(i), opens, opens.Add(time.Minute))
		if err == nil && !ok {
			err = commerce.ErrOrderChanged
		}
		return err
	})
	if got := tally(errs); got["done"] != 1 || got["order_changed"] != 19 {
		t.Errorf("%v", got)
	}
}

func TestDeferring(t *testing.T) {
	s, _ := open(t)
	o := place(t, s, order(t, "DO-1"))
	e := due(t, s, "Letters", opens)[0]
	claim(t, s, e, "first", opens)
	later := opens.Add(10 * time.Minute)
	if err := s.Defer(t.Context(), e, "another", later); err != nil {
		t.Fatal(err)
	}
	if got := due(t, s, "Letters", opens); len(got) != 1 {
		t.Error("deferred by somebody who does not hold it")
	}
	if err := s.Defer(t.Context(), e, "first", later); err != nil {
		t.Fatal(err)
	}
	if got := due(t, s, "Letters", later.Add(-time.Second)); len(got) != 0 {
		t.Errorf("due too early: %v", got)
	}
	got := due(t, s, "Letters", later)
	if len(got) != 1 {
		t.Fatalf("due %v", got)
	}
	if c, ok := claim(t, s, got[0], "second", later); !ok || c.Tries != 2 {
		t.Errorf("claimed %+v, %t", c, ok)
	}
	replace(t, s, o, o.LinkSent(commerce.LetterSetup, o.Contact, 1, "m", later))
	if err := s.Defer(t.Context(), got[0], "second", later); err != nil {
		t.Errorf("deferring what changed: %v", err)
	}
	if got := due(t, s, "Letters", later); len(got) != 0 {
		t.Errorf("what changed was deferred: %v", got)
	}
}

// A letter goes with the change that makes it necessary, waits, and leaves.
func TestLettersAreQueued(t *testing.T) {
	s, tables := open(t)
	o := invite(t, s, place(t, s, order(t, "DO-1")), "hash")
	closed, letter := o.Expire(opens)
	letter.Customer, letter.Partner, letter.Asker, letter.Reason = "org_c", "org_p", "<Nordlicht>", "why\u00e9"
	replace(t, s, o, closed, letter)
	entries := due(t, s, "Letters", opens)
	if len(entries) != 1 {
		t.Fatalf("due %v", entries)
	}
	c, ok := claim(t, s, entries[0], "a", opens)
	if !ok || c.Letter == nil || c.Order != nil {
		t.Fatalf("claimed %+v", c)
	}
	if diff := cmp.Diff(letter, *c.Letter); diff != "" {
		t.Error(diff)
	}
	if err := s.LetterSent(t.Context(), c, "message-1", opens); err != nil {
		t.Fatal(err)
	}
	if got := due(t, s, "Letters", opens.Add(1000*time.Hour)); len(got) != 0 {
		t.Errorf("sent, and due: %v", got)
	}
	for _, i := range items(t, tables, "OrdersTable") {
		if strings.HasPrefix(text(i["pk"]), "letter#") && text(i["message"]) != "message-1" {
			t.Errorf("no record of the letter: %v", i)
		}
	}
}

func TestRefusedLettersLeave(t *testing.T) {
	s, _ := open(t)
	if err := s.Queue(t.Context(), commerce.ResetLetter(ana, "sl", noon)); err != nil {
		t.Fatal(err)
	}
	e := due(t, s, "Letters", noon)[0]
	c, _ := claim(t, s, e, "a", noon)
	if err := s.LetterRefused(t.Context(), c, "no such mailbox", noon); err != nil {
		t.Fatal(err)
	}
	if got := due(t, s, "Letters", noon.Add(time.Hour)); len(got) != 0 {
		t.Errorf("due %v", got)
	}
}

func TestTheSameLetterWaitsOnce(t *testing.T) {
	s, _ := open(t)
	queue := func(now time.Time) int {
		t.Helper()
		if err := s.Queue(t.Context(), commerce.ResetLetter(ana, "sl", now)); err != nil {
			t.Fatal(err)
		}
		return len(due(t, s, "Letters", now.Add(time.Hour)))
	}
	if n := queue(noon); n != 1 {
		t.Fatalf("%d letters", n)
	}
	if n := queue(noon.Add(time.Hour)); n != 1 {
		t.Errorf("%d letters wait", n)
	}
	e := due(t, s, "Letters", noon)[0]
	c, _ := claim(t, s, e, "a", noon)
	if err := s.LetterSent(t.Context(), c, "m", noon); err != nil {
		t.Fatal(err)
	}
	if n := queue(noon.Add(time.Minute)); n != 0 {
		t.Error("asked for again at once, and queued")
	}
	if n := queue(noon.Add(time.Hour)); n != 1 {
		t.Error("asked for again later, and not queued")
	}
}
