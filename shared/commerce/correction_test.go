package commerce_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dayone/shared/commerce"
)

// What a change of quantity, or an end, corrects of the period that is charged.
func TestCorrections(t *testing.T) {
	for name, tc := range map[string]struct {
		start  string
		line   commerce.Line // 25 at 12.50
		change string        // the instant
		to     int           // 0 terminates
		amount int64
		from   string
		until  string
	}{
		"five more, for 22 of 31 days":               {"2026-12-01", line(commerce.Monthly, 12), "2026-12-10T09:00:00Z", 30, 4435, "2026-12-10", "2027-01-01"},
		"five fewer, likewise":                       {"2026-12-01", line(commerce.Monthly, 12), "2026-12-10T09:00:00Z", 20, -4435, "2026-12-10", "2027-01-01"},
		"on the first day, all of it":                {"2026-12-01", line(commerce.Monthly, 12), "2026-12-01T20:00:00Z", 30, 6250, "2026-12-01", "2027-01-01"},
		"on the last day, one of 31":                 {"2026-12-01", line(commerce.Monthly, 12), "2026-12-31T20:00:00Z", 26, 40, "2026-12-31", "2027-01-01"},
		"after midnight in Ljubljana, before it UTC": {"2026-12-01", line(commerce.Monthly, 12), "2026-12-09T23:00:00Z", 30, 4435, "2026-12-10", "2027-01-01"},
		"a moment earlier":                           {"2026-12-01", line(commerce.Monthly, 12), "2026-12-09T22:59:59Z", 30, 4637, "2026-12-09", "2027-01-01"},
		"in a clamped month, 14 of 28 days":          {"2027-01-31", line(commerce.Monthly, 12), "2027-03-17T09:00:00Z", 27, 1129, "2027-03-17", "2027-03-31"},
		"in a leap February, 15 of 29 days":          {"2028-02-01", line(commerce.Monthly, 12), "2028-02-15T09:00:00Z", 27, 1293, "2028-02-15", "2028-03-01"},
		"in a year with a leap day, 365 of 366":      {"2027-03-01", line(commerce.Annual, 24), "2027-03-02T09:00:00Z", 26, 1247, "2027-03-02", "2028-03-01"},
		"over the change to summer time":             {"2027-03-15", line(commerce.Monthly, 12), "2027-03-28T00:30:00Z", 26, 726, "2027-03-28", "2027-04-15"},
		"prepaid for two years":                      {"2026-12-01", line(commerce.Prepaid, 24), "2027-12-01T09:00:00Z", 26, 626, "2027-12-01", "2028-12-01"},
		"half a cent up":                             {"2026-11-01", commerce.Line{SKU: "A-FLEX-CALL", Quantity: 1, TermMonths: 12, Billing: commerce.Monthly, UnitPrice: 1, Currency: "EUR"}, "2026-11-16T09:00:00Z", 2, 1, "2026-11-16", "2026-12-01"},
		"half a cent down":                           {"2026-11-01", commerce.Line{SKU: "A-FLEX-CALL", Quantity: 2, TermMonths: 12, Billing: commerce.Monthly, UnitPrice: 1, Currency: "EUR"}, "2026-11-16T09:00:00Z", 1, -1, "2026-11-16", "2026-12-01"},
		"less than half a cent":                      {"2026-11-01", commerce.Line{SKU: "A-FLEX-CALL", Quantity: 1, TermMonths: 12, Billing: commerce.Monthly, UnitPrice: 1, Currency: "EUR"}, "2026-11-17T09:00:00Z", 2, 0, "2026-11-17", "2026-12-01"},
		"the greatest order":                         {"2026-12-01", commerce.Line{SKU: "A-FLEX-CALL", Quantity: 1, TermMonths: 120, Billing: commerce.Prepaid, UnitPrice: 1_000_000_000, Currency: "EUR"}, "2026-12-02T09:00:00Z", 1_000_000, 999_725_252_669_039, "2026-12-02", "2036-12-01"},
		"ended on the tenth, 21 days are given back": {"2026-12-01", line(commerce.Monthly, 12), "2026-12-10T09:00:00Z", 0, -21169, "2026-12-11", "2027-01-01"},
		"ended on the first, all but that":           {"2026-12-01", line(commerce.Annual, 12), "2026-12-01T20:00:00Z", 0, -31164, "2026-12-02", "2027-12-01"},
		"ended on the last, nothing":                 {"2026-12-01", line(commerce.Monthly, 12), "2026-12-31T20:00:00Z", 0, 0, "", ""},
		"ended in the second month, before its bill": {"2026-12-01", line(commerce.Monthly, 12), "2027-01-10T09:00:00Z", 0, -21169, "2027-01-11", "2027-02-01"},
	} {
		t.Run(name, func(t *testing.T) {
			now := instant(tc.change)
			o := active(t, tc.start, tc.line)
			o.Lines[0].Subscription = "Sub1"
			var err error
			if tc.to == 0 {
				o, err = o.Terminate(operator, "moved away", now)
			} else {
				o, err = o.ChangeLines(quantities(o, tc.to), operator, now)
			}
			if err != nil {
				t.Fatal(err)
			}
			o, _ = script(o, nil)
			o, _ = o.Bill(now)
			o, charges, _ := o.Finish(now)
			if tc.from == "" {
				if len(charges) > 0 {
					t.Errorf("charged %+v", charges)
				}
				return
			}
			if len(charges) != 1 {
				t.Fatalf("charges %+v", charges)
			}
			c := charges[0]
			kind, quantity := commerce.Adjustment, tc.to-tc.line.Quantity
			if tc.to == 0 {
				kind, quantity = commerce.Credit, -tc.line.Quantity
			}
			if c.Amount != tc.amount || c.PeriodStart.String() != tc.from || c.PeriodEnd.String() != tc.until || c.Kind != kind || c.Quantity != quantity ||
				c.Number != 1 || c.ID != "DO-0000-0000-0001-1-"+tc.from+"-"+string(kind)+"-1" {
				t.Errorf("charged %+v", c)
			}
			if tc.to > 0 {
				if next, charges := o.Bill(c.PeriodEnd.At(12, time.UTC)); next.Version == o.Version || charges[0].Amount != int64(tc.to)*tc.line.UnitPrice {
					if tc.line.Billing != commerce.Prepaid {
						t.Errorf("the next period is charged %+v", charges)
					}
				}
			}
		})
	}
}

// However quantities change, and whenever the order ends, what is charged is what was used, day by day, but for the
// rounding of each correction.
func TestChargesComeToWhatWasUsed(t *testing.T) {
	zone, err := commerce.Zone("Europe/Ljubljana")
	if err != nil {
		t.Fatal(err)
	}
	months := map[commerce.Billing]int{commerce.Monthly: 1, commerce.Annual: 12, commerce.Prepaid: 12}
	rapid.Check(t, func(r *rapid.T) {
		billing := rapid.SampledFrom([]commerce.Billing{commerce.Monthly, commerce.Annual, commerce.Prepaid}).Draw(r, "billing")
		o := ready()
		o.Lines = []commerce.Line{{ID: "1", Subscription: "Sub1", SKU: "A-FLEX-CALL", Quantity: rapid.IntRange(1, 50).Draw(r, "quantity"), TermMonths: 12,
			Status: commerce.LineProvisioned, Billing: billing, UnitPrice: 12_345, Currency: "EUR", AutoRenew: rapid.Bool().Draw(r, "renews")}}
		start := commerce.Date{Year: 2027, Month: time.March, Day: rapid.IntRange(1, 31).Draw(r, "day")}
		o.Status, o.BilledAt = commerce.Active, start.At(12, zone).UTC()

		total, corrections, used := int64(0), 0, 0.0
		charge := func(charges []commerce.Charge) {
			for _, c := range charges {
				total += c.Amount
				if c.Kind != commerce.Recurring {
					corrections++
				}
			}
		}
		finish := func(now time.Time) {
			o, _ = script(o, nil)
			var charges []commerce.Charge
			o, charges, _ = o.Finish(now)
			charge(charges)
		}
		next := start.AddDays(rapid.IntRange(0, 40).Draw(r, "until the first"))
		for day, n := start, 1; o.Status == commerce.Active; day = day.AddDays(1) {
			now := day.At(13, zone)
			billed, charges := o.Bill(now)
			o = billed
			charge(charges)
			if o.Owes(commerce.EndTerm, now) {
				o = o.EndTerms(now)
				finish(now)
				break
			}
			quantity := o.Lines[0].Quantity
			if day == next {
				next = day.AddDays(rapid.IntRange(1, 60).Draw(r, "until the next"))
				var err error
				if to := rapid.IntRange(0, 50).Draw(r, "to"); to == 0 || start.DaysUntil(day) > 700 {
					o, err = o.Terminate(operator, "r", now)
				} else {
					o, err = o.ChangeLines(quantities(o, to), operator, now)
					quantity = to
				}
				if err != nil {
					r.Fatal(err)
				}
				if o.Changing() {
					finish(now)
				}
			}
			for n*months[billing] < 100 && day.Compare(start.AddMonths(n*months[billing])) >= 0 {
				n++
			}
			from, to := start.AddMonths((n-1)*months[billing]), start.AddMonths(n*months[billing])
			used += float64(quantity) * 12_345 / float64(from.DaysUntil(to))
		}
		if off := math.Abs(float64(total) - used); off > float64(corrections)/2+0.01 {
			r.Fatalf("charged %d, used %.2f, after %d corrections", total, used, corrections)
		}
	})
}
