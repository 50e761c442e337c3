package commerce_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"dayone/shared/commerce"
)

// active is an order billed since noon of a day in Ljubljana, with these lines.
func active(t *testing.T, start string, lines ...commerce.Line) commerce.Order {
	t.Helper()
	d, err := commerce.ParseDate(start)
	if err != nil {
		t.Fatal(err)
	}
	zone, err := commerce.Zone("Europe/Ljubljana")
	if err != nil {
		t.Fatal(err)
	}
	o := ready()
	o.Lines, o.Status, o.BilledAt = lines, commerce.Active, d.At(12, zone).UTC()
	for i := range o.Lines {
		o.Lines[i].ID, o.Lines[i].Status = fmt.Sprint(i+1), commerce.LineProvisioned
	}
	return o
}

func line(billing commerce.Billing, term int) commerce.Line {
	return commerce.Line{SKU: "A-FLEX-CALL", Quantity: 25, TermMonths: term, Billing: billing, UnitPrice: 1250, Currency: "EUR"}
}

func starts(charges []commerce.Charge) string {
	var all []string
	for _, c := range charges {
		all = append(all, c.PeriodStart.String())
	}
	return strings.Join(all, " ")
}

func TestPeriodsFollowTheAnchor(t *testing.T) {
	for name, tc := range map[string]struct {
		start string
		line  commerce.Line
		want  string
		end   string // of the last period
	}{
		"monthly from the 31st": {"2027-01-31", line(commerce.Monthly, 12),
			"2027-01-31 2027-02-28 2027-03-31 2027-04-30 2027-05-31 2027-06-30 2027-07-31 2027-08-31 2027-09-30 2027-10-31 2027-11-30 2027-12-31", "2028-01-31"},
		"monthly over a leap day":   {"2028-01-30", line(commerce.Monthly, 3), "2028-01-30 2028-02-29 2028-03-30", "2028-04-30"},
		"annually from the 29th":    {"2028-02-29", line(commerce.Annual, 36), "2028-02-29 2029-02-28 2030-02-28", "2031-02-28"},
		"prepaid, once":             {"2027-01-31", line(commerce.Prepaid, 13), "2027-01-31", "2028-02-29"},
		"monthly over the year end": {"2026-12-01", line(commerce.Monthly, 2), "2026-12-01 2027-01-01", "2027-02-01"},
	} {
		t.Run(name, func(t *testing.T) {
			o := active(t, tc.start, tc.line)
			billed, charges := o.Bill(o.BilledAt.AddDate(10, 0, 0))
			if got := starts(charges); got != tc.want {
				t.Errorf("periods begin %s, want %s", got, tc.want)
			}
			if got := charges[len(charges)-1].PeriodEnd.String(); got != tc.end {
				t.Errorf("the last period ends %s, want %s", got, tc.end)
			}
			for i, c := range charges {
				if c.Amount != 25*1250 || i > 0 && c.PeriodStart != charges[i-1].PeriodEnd {
					t.Errorf("charge %d: %+v", i, c)
				}
			}
			if again, more := billed.Bill(o.BilledAt.AddDate(20, 0, 0)); len(more) > 0 || again.Version != billed.Version {
				t.Errorf("billed again: %s", starts(more))
			}
			if due := billed.Next(); due.Deed != commerce.EndTerm {
				t.Errorf("after its last charge the order is due for %q", due.Deed)
			}
		})
	}
}

func TestChargeIsDueAtMidnightWhereTheOrderIs(t *testing.T) {
	o := active(t, "2027-01-31", line(commerce.Monthly, 12))
	o, _ = o.Bill(o.BilledAt)
	midnight := time.Date(2027, time.February, 27, 23, 0, 0, 0, time.UTC) // of the 28th in Ljubljana
	if due := o.Next(); due.Deed != commerce.ChargeLines || !due.At.Equal(midnight) {
		t.Errorf("due for %q at %s", due.Deed, due.At)
	}
	if _, early := o.Bill(midnight.Add(-time.Millisecond)); len(early) > 0 {
		t.Errorf("charged before midnight: %s", starts(early))
	}
	if _, charges := o.Bill(midnight); starts(charges) != "2027-02-28" {
		t.Errorf("charged at midnight: %s", starts(charges))
	}
}

func TestLinesOfOneOrderKeepTheirOwnPeriods(t *testing.T) {
	o := active(t, "2026-12-01", line(commerce.Monthly, 24), line(commerce.Annual, 24), line(commerce.Prepaid, 24))
	var sums [3]int
	for now := o.BilledAt; now.Before(o.BilledAt.AddDate(2, 1, 0)); now = now.Add(6 * time.Hour) {
		var charges []commerce.Charge
		o, charges = o.Bill(now)
		for _, c := range charges {
			sums[c.Line[0]-'1']++
		}
	}
	if sums != [3]int{24, 2, 1} {
		t.Errorf("charges a line: %v", sums)
	}
}

func TestOneTransactionHoldsOnlySoMany(t *testing.T) {
	o := active(t, "2026-12-01", line(commerce.Monthly, 120), line(commerce.Monthly, 120))
	all, late := map[string]bool{}, o.BilledAt.AddDate(11, 0, 0)
	for runs := 1; ; runs++ {
		billed, charges := o.Bill(late)
		if len(charges) == 0 {
			break
		}
		if len(charges) > 98 {
			t.Fatalf("%d charges at once", len(charges))
		}
		for _, c := range charges {
			all[c.ID] = true
		}
		o = billed
	}
	if len(all) != 240 {
		t.Errorf("%d charges, want 240", len(all))
	}
}

func TestLinesThatAreNotThereAreNotCharged(t *testing.T) {
	o := active(t, "2026-12-01", line(commerce.Monthly, 12), line(commerce.Monthly, 12))
	o.Lines[1].Status = commerce.LineRemoved
	if _, charges := o.Bill(o.BilledAt); len(charges) != 1 || charges[0].Line != "1" {
		t.Errorf("charges %+v", charges)
	}
}
