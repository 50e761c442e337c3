package store_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dayone/shared/commerce"
	"dayone/shared/store"
)

// starting stores n orders that start day by day from the first of December.
func starting(t testing.TB, s *store.Store, prefix string, n int) []string {
	t.Helper()
	var ids []string
	for i := range n {
		o := order(t, fmt.Sprintf("%s-%03d", prefix, i), func(t *commerce.Terms) { t.Start = t.Start.AddDays(i) })
		ids = append(ids, place(t, s, o).ID)
	}
	return ids
}

// pages reads a list to its end and answers the ids and how many each page had.
func pages(t testing.TB, s *store.Store, f store.OrderFilter, limit int, between func()) (ids []string, sizes []int) {
	t.Helper()
	for cursor := ""; ; {
		orders, next, err := s.Orders(t.Context(), caller, f, cursor, limit)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range orders {
			ids = append(ids, o.ID)
		}
		sizes = append(sizes, len(orders))
		if len(orders) > limit || len(sizes) > 200 {
			t.Fatalf("pages of %v", sizes)
		}
		if next == "" {
			return ids, sizes
		}
		cursor = next
		if between != nil {
			between()
		}
	}
}

func TestListOfOrders(t *testing.T) {
	s, _ := open(t)
	all := starting(t, s, "DO", 10)
	other := order(t, "DO-other")
	other.Caller = caller + "2"
	place(t, s, other)
	for _, id := range all[:3] {
		o := read(t, s, id)
		cancelled, err := o.Cancel(commerce.ByCaller(caller), "withdrawn", noon)
		if err != nil {
			t.Fatal(err)
		}
		replace(t, s, o, cancelled)
	}
	start := func(n int) commerce.Date { return terms("").Start.AddDays(n) }
	cancelled := []commerce.Status{commerce.Cancelled}
	for name, tc := range map[string]struct {
		filter store.OrderFilter
		want   []string
	}{
		"all":                    {store.OrderFilter{}, all},
		"from a day":             {store.OrderFilter{From: start(7)}, all[7:]},
		"to a day":               {store.OrderFilter{To: start(2)}, all[:3]},
		"one day":                {store.OrderFilter{From: start(4), To: start(4)}, all[4:5]},
		"no day":                 {store.OrderFilter{From: start(40)}, nil},
		"from after to":          {store.OrderFilter{From: start(5), To: start(2)}, nil},
		"cancelled":              {store.OrderFilter{Statuses: cancelled}, all[:3]},
		"cancelled or scheduled": {store.OrderFilter{Statuses: append(cancelled, commerce.Scheduled)}, all},
		"cancelled from a day":   {store.OrderFilter{Statuses: cancelled, From: start(2)}, all[2:3]},
		"active":                 {store.OrderFilter{Statuses: []commerce.Status{commerce.Active}}, nil},
	} {
		for _, limit := range []int{1, 3, 10, 100} {
			got, _ := pages(t, s, tc.filter, limit, nil)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s, %d a page: %s", name, limit, diff)
			}
		}
	}
}

// Scenario 37: no row twice, none of those that were there missed.
func TestListWhileOrdersAreAdded(t *testing.T) {
	s, _ := open(t)
	there := starting(t, s, "DO", 12)
	added := 0
	got, _ := pages(t, s, store.OrderFilter{}, 2, func() {
		for _, offset := range []int{0, 5, 11} {
			added++
			place(t, s, order(t, fmt.Sprintf("DO-%03d-%d", offset, added), func(t *commerce.Terms) { t.Start = t.Start.AddDays(offset) }))
		}
	})
	seen := map[string]int{}
	for _, id := range got {
		seen[id]++
	}
	for id, n := range seen {
		if n > 1 {
			t.Errorf("%s is there %d times", id, n)
		}
	}
	for _, id := range there {
		if seen[id] == 0 {
			t.Errorf("%s is missing", id)
		}
	}
	if !slices.IsSortedFunc(got, func(a, b string) int { return strings.Compare(a[:6], b[:6]) }) {
		t.Errorf("not by start date: %v", got)
	}
}

// Charges that are written while somebody turns the pages of their month take none away and repeat none.
func TestListOfChargesWhileTheyAreAdded(t *testing.T) {
	s, _ := open(t)
	o := place(t, s, order(t, "DO-1"))
	bill := func(days ...int) {
		t.Helper()
		var charges []commerce.Charge
		for _, d := range days {
			day := commerce.Date{Year: 2026, Month: time.December, Day: d}
			charges = append(charges, commerce.Charge{ID: fmt.Sprintf("DO-1-1-%s", day), Order: o.ID, Caller: caller, Line: "1", Kind: "recurring",
				PeriodStart: day, PeriodEnd: day.AddMonths(1), Quantity: 1, Amount: 100, Currency: "EUR", ChargedAt: noon})
		}
		billed := o.NoticeSent("m", noon)
		if err := s.Bill(t.Context(), o, billed, charges); err != nil {
			t.Fatal(err)
		}
		o = billed
	}
	bill(2, 5, 8, 11, 14, 17)
	seen := map[string]int{}
	added := []int{3, 9, 20} // behind the page that was read, among the next, and after them all
	for cursor := ""; ; {
		page, next, err := s.Charges(t.Context(), caller, "2026-12", cursor, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page {
			seen[c.ID]++
		}
		if len(added) > 0 {
			bill(added[0])
			added = added[1:]
		}
		if cursor = next; next == "" {
			break
		}
	}
	for _, d := range []int{2, 5, 8, 11, 14, 17, 20} {
		if id := fmt.Sprintf("DO-1-1-2026-12-%02d", d); seen[id] != 1 {
			t.Errorf("%s was there %d times", id, seen[id])
		}
	}
	for id, n := range seen {
		if n > 1 {
			t.Errorf("%s was there %d times", id, n)
		}
	}
}

// Whoever filters for a rare status gets short pages rather than slow ones.
func TestPagesMayBeShort(t *testing.T) {
	s, _ := open(t)
	starting(t, s, "DO", 30)
	got, sizes := pages(t, s, store.OrderFilter{Statuses: []commerce.Status{commerce.Closed}}, 2, nil)
	if len(got) != 0 || len(sizes) < 3 {
		t.Errorf("%v in pages of %v", got, sizes)
	}
}

func TestCursorsOfOthersAreRefused(t *testing.T) {
	s, _ := open(t)
	starting(t, s, "DO", 3)
	_, next, err := s.Orders(t.Context(), caller, store.OrderFilter{}, "", 1)
	if err != nil || next == "" {
		t.Fatalf("cursor %q, %v", next, err)
	}
	for name, tc := range map[string]struct {
		cursor string
		filter store.OrderFilter
	}{
		"nonsense":              {"%%%", store.OrderFilter{}},
		"text":                  {base64.RawURLEncoding.EncodeToString([]byte("orders#x")), store.OrderFilter{}},
		"before what is listed": {base64.RawURLEncoding.EncodeToString([]byte("#")), store.OrderFilter{}},
		"of another filter":     {next, store.OrderFilter{From: terms("").Start.AddDays(2)}},
	} {
		_, _, err := s.Orders(t.Context(), caller, tc.filter, tc.cursor, 1)
		if e, ok := err.(*commerce.Error); !ok || e.Kind != commerce.KindInvalid || e.Problems[0].Field != "cursor" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if orders, _, err := s.Orders(t.Context(), caller+"2", store.OrderFilter{}, next, 1); err != nil || len(orders) != 0 {
		t.Errorf("somebody else's cursor shows %d orders, %v", len(orders), err)
	}
}

func TestListOfCharges(t *testing.T) {
	s, _ := open(t)
	o := place(t, s, order(t, "DO-1"))
	var want []string
	var charges []commerce.Charge
	for i := range 5 {
		day := commerce.Date{Year: 2026, Month: time.December, Day: 5 - i}
		c := commerce.Charge{ID: fmt.Sprintf("DO-1-1-%s", day), Order: o.ID, Caller: caller, Line: "1", Kind: "recurring", PeriodStart: day,
			PeriodEnd: day.AddMonths(1), Quantity: 25, Amount: 31250, Currency: "EUR", ChargedAt: noon}
		charges = append(charges, c)
		want = append(want, c.ID)
	}
	january := charges[0]
	january.ID, january.PeriodStart = "DO-1-1-2027-01-05", january.PeriodStart.AddMonths(1)
	billed := o.NoticeSent("m", noon)
	if err := s.Bill(t.Context(), o, billed, append(slices.Clone(charges), january)); err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	for _, limit := range []int{1, 2, 5, 100} {
		var got []string
		for cursor := ""; ; {
			page, next, err := s.Charges(t.Context(), caller, "2026-12", cursor, limit)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range page {
				got = append(got, c.ID)
				if i := slices.IndexFunc(charges, func(x commerce.Charge) bool { return x.ID == c.ID }); i < 0 || cmp.Diff(charges[i], c) != "" {
					t.Errorf("read %+v", c)
				}
			}
			if cursor = next; next == "" {
				break
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d a page: %s", limit, diff)
		}
	}
	if theirs, _, err := s.Charges(t.Context(), caller+"2", "2026-12", "", 10); err != nil || len(theirs) != 0 {
		t.Errorf("another caller sees %d charges, %v", len(theirs), err)
	}
	// A charge is a fact: the same period is not written again, not even with another amount.
	twice := charges[0]
	twice.Amount = 1
	if err := s.Bill(t.Context(), billed, billed.NoticeSent("m", noon), []commerce.Charge{twice}); err == nil {
		t.Error("charged twice")
	}
	if got := read(t, s, o.ID); got.Version != billed.Version {
		t.Error("the order was written without its charge")
	}
}
