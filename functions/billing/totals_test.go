package billing_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"dayone/shared/commerce"
	"dayone/shared/store"
)

// total is a row of what a month adds up to.
type monthTotal struct {
	Partner, Customer struct{ ID, Name string }
	Currency          string
	Amount, Charges   int64
}

func (h *house) totals(by, query string) []monthTotal {
	h.Helper()
	r := h.ask(by, query, "application/json")
	if r.StatusCode != http.StatusOK {
		h.Fatalf("%d %s", r.StatusCode, r.Body)
	}
	var page struct{ Totals []monthTotal }
	h.must(json.Unmarshal([]byte(r.Body), &page))
	return page.Totals
}

// terminated ends an order as the platform does it at once.
func (h *house) terminated(o commerce.Order, now time.Time) commerce.Order {
	h.Helper()
	n, err := o.Terminate("caller:commerce", "moved", now)
	h.must(err)
	job, _ := n.NextJob()
	n, charges, letters := n.Answered(job, commerce.Done, "", now).Finish(now)
	n = n.Explain(o)
	h.must(h.store.Finish(h.Context(), o, store.Ending{Order: n, Charges: charges, Letters: letters}))
	return n
}

// A month's totals are the sums of its charges, corrections and all, on its first page only.
func TestTotalsOfTheMonth(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	start := time.Date(2026, time.December, 1, 12, 0, 0, 0, time.UTC)
	first := h.active(caller, start, monthly(12), monthly(12))
	second := h.active(caller, start, monthly(12))
	h.active(other, start, monthly(12))
	h.terminated(second, time.Date(2026, time.December, 10, 9, 0, 0, 0, time.UTC))

	want := map[string]string{first.Mapping.Customer: "62500 EUR of 2", second.Mapping.Customer: "10081 EUR of 2"}
	got := h.totals(caller, "month=2026-12&limit=2")
	if len(got) != len(want) {
		t.Fatalf("totals %+v", got)
	}
	for _, sum := range got {
		if s := fmt.Sprint(sum.Amount, " ", sum.Currency, " of ", sum.Charges); s != want[sum.Customer.ID] || sum.Customer.Name != "=1+1" || sum.Partner.Name != "Nordlicht" {
			t.Errorf("%+v", sum)
		}
	}
	var page struct{ Next string }
	h.must(json.Unmarshal([]byte(h.ask(caller, "month=2026-12&limit=2", "application/json").Body), &page))
	if page.Next == "" {
		t.Fatal("there is no second page")
	}
	if got := h.totals(caller, "month=2026-12&limit=2&cursor="+page.Next); len(got) != 0 {
		t.Errorf("the second page has totals %+v", got)
	}
	if got := h.totals(caller, "month=2027-01"); len(got) != 0 {
		t.Errorf("a month without charges has totals %+v", got)
	}
	h.must(h.tick(t.Context(), time.Date(2027, time.January, 1, 0, 0, 0, 0, time.UTC)))
	h.must(h.tick(t.Context(), time.Date(2027, time.January, 1, 0, 15, 0, 0, time.UTC)))
	if got := h.totals(caller, "month=2027-01"); len(got) != 1 || got[0].Amount != 62500 || got[0].Charges != 2 {
		t.Errorf("January: %+v", got)
	}

	// In the file a credit is a negative number, which no spreadsheet takes for a formula.
	rows, err := csv.NewReader(strings.NewReader(h.ask(caller, "month=2026-12", "text/csv").Body)).ReadAll()
	h.must(err)
	credits := 0
	for _, row := range rows {
		if row[3] == "credit" {
			credits++
			if row[6] != "-25" || row[7] != "-21169" || row[4] != "2026-12-11" || row[5] != "2027-01-01" {
				t.Errorf("credit %v", row)
			}
		}
	}
	if len(rows) != 5 || credits != 1 {
		t.Errorf("%d rows, %d credits", len(rows), credits)
	}
}

// A line that renews is charged past its term; a suspended order is charged on; one that changes is charged in its turn.
func TestWhatRunsOnIsChargedOn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	start := time.Date(2026, time.December, 1, 12, 0, 0, 0, time.UTC)
	renewing := monthly(1)
	renewing.AutoRenew = true
	renewed := h.active(caller, start, renewing)
	ends := h.active(caller, start, monthly(1))
	suspended := h.active(caller, start, monthly(12))
	off := suspended
	off.Version, off.Status = off.Version+1, commerce.Suspended
	h.must(h.store.Replace(t.Context(), suspended, off))
	for month := range 3 {
		h.must(h.tick(t.Context(), start.AddDate(0, month, 0)))
	}
	for o, want := range map[string]int{renewed.ID: 3, ends.ID: 1, suspended.ID: 3} {
		stored, err := h.store.Order(t.Context(), o)
		h.must(err)
		if got := stored.Lines[0].Charged; got != want {
			t.Errorf("%s is charged %d times, want %d", o, got, want)
		}
	}
	stored, err := h.store.Order(t.Context(), renewed.ID)
	h.must(err)
	if got := stored.TermEnd(stored.Lines[0]).String(); got != "2027-03-01" {
		t.Errorf("its term ends %s", got)
	}
}
