package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dayone/shared/commerce"
	"dayone/shared/store"
)

// billable is a stored order of one line that runs since noon of a day, between these organizations.
func billable(t *testing.T, s *store.Store, id, partner, customer string, at time.Time) commerce.Order {
	t.Helper()
	o := place(t, s, order(t, id))
	n := o.NoticeSent("m", noon)
	n.Status, n.BilledAt, n.Mapping.Partner, n.Mapping.Customer = commerce.Active, at, partner, customer
	n.Lines[0].Status = commerce.LineProvisioned
	return replace(t, s, o, n)
}

func totals(t *testing.T, s *store.Store, month string) map[string]string {
	t.Helper()
	all, whole, err := s.Totals(t.Context(), caller, month)
	if err != nil || !whole {
		t.Fatal(whole, err)
	}
	sums := map[string]string{}
	for _, x := range all {
		if x.PartnerName != "Nordlicht Partner d.o.o." || x.CustomerName != "Alpine Mills GmbH" {
			t.Errorf("names of %+v", x)
		}
		sums[x.Partner+" "+x.Customer+" "+x.Currency] = fmt.Sprint(x.Charges, " ", x.Amount)
	}
	return sums
}

// What a month comes to is kept with the charges, by whom they are between.
func TestTotalsOfAMonth(t *testing.T) {
	s, _, line := openBehind(t)
	start := time.Date(2026, time.December, 1, 12, 0, 0, 0, time.UTC)
	for i, between := range [][2]string{{"org_p", "org_a"}, {"org_p", "org_a"}, {"org_p", "org_b"}, {"org_q", "org_a"}} {
		o := billable(t, s, fmt.Sprint("DO-", i), between[0], between[1], start)
		billed, charges := o.Bill(start.AddDate(0, 1, 0)) // December and January
		if i == 0 {
			line.next("TransactWriteItems", line.loseAnswer) // it is repeated, and counts once
		}
		if err := s.Bill(t.Context(), o, billed, charges); err != nil {
			t.Fatal(err)
		}
		if err := s.Bill(t.Context(), o, billed, charges); !errors.Is(err, commerce.ErrOrderChanged) {
			t.Errorf("billed again: %v", err)
		}
	}
	want := map[string]string{"org_p org_a EUR": "2 62500", "org_p org_b EUR": "1 31250", "org_q org_a EUR": "1 31250"}
	for _, month := range []string{"2026-12", "2027-01"} {
		if diff := cmp.Diff(want, totals(t, s, month)); diff != "" {
			t.Errorf("%s: %s", month, diff)
		}
	}
	if got := totals(t, s, "2027-02"); len(got) != 0 {
		t.Errorf("a month without charges: %v", got)
	}
	if theirs, _, err := s.Totals(t.Context(), caller+"2", "2026-12"); err != nil || len(theirs) != 0 {
		t.Errorf("another caller sees %v, %v", theirs, err)
	}
}

// Orders of one customer are billed side by side: each counts.
func TestTotalsOfOrdersBilledAtOnce(t *testing.T) {
	s, _ := open(t)
	start := time.Date(2026, time.December, 1, 12, 0, 0, 0, time.UTC)
	var all []commerce.Order
	for i := range 6 {
		all = append(all, billable(t, s, fmt.Sprint("DO-", i), "org_p", "org_c", start))
	}
	for _, err := range atOnce(len(all), func(i int) error {
		billed, charges := all[i].Bill(start)
		return s.Bill(t.Context(), all[i], billed, charges)
	}) {
		if err != nil {
			t.Error(err)
		}
	}
	if diff := cmp.Diff(map[string]string{"org_p org_c EUR": "6 187500"}, totals(t, s, "2026-12")); diff != "" {
		t.Error(diff)
	}
}

// A correction is a fact of its own beside the period's, and a second one on the same day another.
func TestCorrectionsAreFactsOfTheirOwn(t *testing.T) {
	s, tables := open(t)
	start := time.Date(2026, time.December, 1, 12, 0, 0, 0, time.UTC)
	o := billable(t, s, "DO-1", "org_p", "org_c", start)
	billed, charges := o.Bill(start)
	if err := s.Bill(t.Context(), o, billed, charges); err != nil {
		t.Fatal(err)
	}
	stored := read(t, s, o.ID)
	for _, quantity := range []int{30, 20} {
		lines := []commerce.Line{stored.Lines[0]}
		lines[0].Quantity = quantity
		asked, err := stored.ChangeLines(lines, "caller:x", start)
		if err != nil {
			t.Fatal(err)
		}
		replace(t, s, stored, asked)
		if stored = read(t, s, o.ID); stored.Requested(stored.Lines[0]) != quantity || stored.Next().Deed != commerce.Provision {
			t.Fatalf("stored: %+v", stored.InFlight)
		}
		job, _ := stored.NextJob()
		done, facts, letters := stored.Asking(job, start).Answered(job, commerce.Done, "", start).Finish(start)
		if err := s.Finish(t.Context(), stored, store.Ending{Order: done, Charges: facts, Letters: letters}); err != nil {
			t.Fatal(err)
		}
		if err := s.Finish(t.Context(), stored, store.Ending{Order: done, Charges: facts, Letters: letters}); !errors.Is(err, commerce.ErrOrderChanged) {
			t.Errorf("finished twice: %v", err)
		}
		stored = read(t, s, o.ID)
	}
	page, _, err := s.Charges(t.Context(), caller, "2026-12", "", 10)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range page {
		got = append(got, fmt.Sprint(c.Kind, " ", c.Number, " ", c.Quantity, " ", c.Amount))
	}
	if diff := cmp.Diff([]string{"recurring 0 25 31250", "adjustment 1 5 6250", "adjustment 2 -10 -12500"}, got); diff != "" {
		t.Error(diff)
	}
	if n := count(t, tables, "OrdersTable", "order#DO-1"); n != 4 {
		t.Errorf("%d items of the order", n)
	}
	if diff := cmp.Diff(map[string]string{"org_p org_c EUR": "3 25000"}, totals(t, s, "2026-12")); diff != "" {
		t.Error(diff)
	}
}

// Of two changes asked for at once exactly one is in flight, and so it is with a change and a bill.
func TestChangesAtOnce(t *testing.T) {
	s, _ := open(t)
	start := time.Date(2026, time.December, 1, 12, 0, 0, 0, time.UTC)
	for round := range 10 {
		o := billable(t, s, fmt.Sprint("DO-", round), "org_p", "org_c", start)
		got := tally(atOnce(6, func(i int) error {
			switch i % 3 {
			case 0:
				billed, charges := o.Bill(start)
				return s.Bill(t.Context(), o, billed, charges)
			case 1:
				n, err := o.Suspend("caller:x", "unpaid", start)
				if err != nil {
					return err
				}
				return s.Replace(t.Context(), o, n)
			}
			n, err := o.Terminate("caller:x", "moved", start)
			if err != nil {
				return err
			}
			return s.Replace(t.Context(), o, n)
		}))
		if got["done"] != 1 || got["order_changed"] != 5 {
			t.Fatalf("round %d: %v", round, got)
		}
	}
}
