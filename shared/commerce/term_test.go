package commerce_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"dayone/shared/commerce"
)

// ends are the terms' ends that the clock keeps, as days in the order's zone.
func TestTermsEndOnTheirDay(t *testing.T) {
	for name, tc := range map[string]struct {
		start string
		line  commerce.Line
		end   string
		at    string // when the clock ends it
	}{
		"a year":                             {"2026-12-01", line(commerce.Monthly, 12), "2027-12-01", "2027-11-30T23:00:00Z"},
		"from the 31st into a short month":   {"2027-01-31", line(commerce.Monthly, 1), "2027-02-28", "2027-02-27T23:00:00Z"},
		"into a leap day":                    {"2027-08-29", line(commerce.Monthly, 6), "2028-02-29", "2028-02-28T23:00:00Z"},
		"from a leap day":                    {"2028-02-29", line(commerce.Annual, 12), "2029-02-28", "2029-02-27T23:00:00Z"},
		"prepaid":                            {"2026-12-31", line(commerce.Prepaid, 14), "2028-02-29", "2028-02-28T23:00:00Z"},
		"into summer time":                   {"2027-02-28", line(commerce.Monthly, 2), "2027-04-28", "2027-04-27T22:00:00Z"},
		"on the day when the clock is moved": {"2026-09-28", line(commerce.Monthly, 6), "2027-03-28", "2027-03-27T23:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			o := active(t, tc.start, tc.line)
			o, _ = o.Bill(o.BilledAt)
			if got := o.TermEnd(o.Lines[0]).String(); got != tc.end {
				t.Errorf("the term ends %s, want %s", got, tc.end)
			}
			at := instant(tc.at)
			o, _ = o.Bill(at)
			if next := o.Next(); next.Deed != commerce.EndTerm || !next.At.Equal(at) {
				t.Errorf("next is %q at %s, want the end at %s", next.Deed, next.At, at)
			}
			if early := o.EndTerms(at.Add(-time.Millisecond)); early.Version != o.Version {
				t.Error("it ends before midnight")
			}
			o = o.EndTerms(at)
			if !o.Changing() || o.InFlight.Kind != commerce.EndOfTerm {
				t.Fatalf("in flight: %+v", o.InFlight)
			}
			o, asked := script(o, nil)
			ended, charges, letters := o.Finish(at)
			if strings.Join(asked, ",") != "1" || ended.Status != commerce.Ended || ended.Lines[0].Status != commerce.LineRemoved || len(charges)+len(letters) > 0 {
				t.Errorf("asked %v, then %s with %d charges and %d letters", asked, ended.Status, len(charges), len(letters))
			}
			if next := ended.Next(); next.Deed != commerce.NoDeed {
				t.Errorf("afterwards it is due for %q", next.Deed)
			}
		})
	}
}

// Until somebody says otherwise a renewing line is charged on and on, from the same anchor.
func TestRenewal(t *testing.T) {
	for name, tc := range map[string]struct {
		start string
		line  commerce.Line
		years int
		want  int    // charges
		end   string // of the term that runs then
		last  string // the last period's first day
	}{
		"monthly":                  {"2027-01-31", line(commerce.Monthly, 12), 3, 37, "2031-01-31", "2030-01-31"},
		"monthly, three at a time": {"2027-11-30", line(commerce.Monthly, 3), 1, 13, "2029-02-28", "2028-11-30"},
		"annually from a leap day": {"2028-02-29", line(commerce.Annual, 24), 4, 5, "2034-02-28", "2032-02-29"},
		"prepaid for seven months": {"2026-12-31", line(commerce.Prepaid, 7), 2, 4, "2029-04-30", "2028-09-30"},
	} {
		t.Run(name, func(t *testing.T) {
			tc.line.AutoRenew = true
			o := active(t, tc.start, tc.line)
			until := date(tc.start).AddMonths(12*tc.years).At(1, time.UTC)
			var charges []commerce.Charge
			for now := o.BilledAt; !now.After(until); now = now.Add(12 * time.Hour) {
				if o.Owes(commerce.EndTerm, now) || o.EndTerms(now).Version != o.Version {
					t.Fatalf("a term ends at %s", now)
				}
				billed, more := o.Bill(now)
				o, charges = billed, append(charges, more...)
			}
			if len(charges) != tc.want || charges[len(charges)-1].PeriodStart.String() != tc.last {
				t.Errorf("%d charges, the last from %s; want %d, from %s", len(charges), charges[len(charges)-1].PeriodStart, tc.want, tc.last)
			}
			for i, c := range charges[1:] {
				if c.PeriodStart != charges[i].PeriodEnd {
					t.Errorf("a gap before %s", c.PeriodStart)
				}
			}
			if got := o.TermEnd(o.Lines[0]).String(); got != tc.end {
				t.Errorf("this term ends %s, want %s", got, tc.end)
			}
			renewals := 0
			for _, e := range o.Events {
				if e.Kind == "renewed" {
					renewals++
				}
			}
			perTerm := map[commerce.Billing]int{commerce.Monthly: tc.line.TermMonths, commerce.Annual: tc.line.TermMonths / 12, commerce.Prepaid: 1}[tc.line.Billing]
			if want := (tc.want - 1) / perTerm; renewals != want {
				t.Errorf("%d renewals are told, want %d", renewals, want)
			}

			// Switched off, it ends with the term that runs.
			lines := []commerce.Line{o.Lines[0]}
			lines[0].AutoRenew = false
			off, err := o.ChangeLines(lines, operator, until)
			if err != nil || off.Changing() || off.Lines[0].AutoRenew {
				t.Fatalf("switched off: %+v, %v", off.InFlight, err)
			}
			over := date(tc.end).At(12, time.UTC)
			off, more := off.Bill(over)
			if len(more) != perTerm-(tc.want-1)%perTerm-1 {
				t.Errorf("%d more charges in the last term", len(more))
			}
			if !off.Owes(commerce.EndTerm, over) {
				t.Error("it does not end")
			}
		})
	}
}

// A late billing renews a line only if it still says so.
func TestRenewalIsDecidedWhenTheTermIsOver(t *testing.T) {
	l := line(commerce.Monthly, 12)
	l.AutoRenew = true
	o := active(t, "2026-12-01", l)
	late := date("2028-06-15").At(12, time.UTC)
	billed, charges := o.Bill(late)
	if len(charges) != 19 || billed.TermEnd(billed.Lines[0]) != date("2028-12-01") {
		t.Errorf("%d charges, the term ends %s", len(charges), billed.TermEnd(billed.Lines[0]))
	}
	o.Lines[0].AutoRenew = false
	if _, charges := o.Bill(late); len(charges) != 12 {
		t.Errorf("%d charges without renewal", len(charges))
	}
}

// An add-on goes with its base, and is charged for nothing that begins then; what it was charged for beyond is given back.
func TestAddOnGoesWithItsBase(t *testing.T) {
	sold := func(sku string, term int, renews bool) commerce.Line {
		l := line(commerce.Monthly, term)
		l.SKU, l.AutoRenew = "A-FLEX-"+sku, renews
		return l
	}
	yearly := sold("PSTN", 24, false)
	yearly.Billing = commerce.Annual
	for name, tc := range map[string]struct {
		lines  []commerce.Line
		asked  string
		status commerce.Status
		credit int
	}{
		"whose term is longer":        {[]commerce.Line{sold("CALL", 12, false), sold("PSTN", 24, false)}, "2,1", commerce.Ended, 0},
		"that renews":                 {[]commerce.Line{sold("PSTN", 1, true), sold("CALL", 12, false)}, "1,2", commerce.Ended, 0},
		"unless that renews":          {[]commerce.Line{sold("CALL", 12, true), sold("PSTN", 12, false)}, "2", commerce.Active, 0},
		"unless there is another":     {[]commerce.Line{sold("CALL", 12, false), sold("CALL", 24, false), sold("PSTN", 24, false)}, "1", commerce.Active, 0},
		"and nothing else does":       {[]commerce.Line{sold("CALL", 12, false), sold("MEET", 24, false)}, "1", commerce.Active, 0},
		"also when all end the same":  {[]commerce.Line{sold("CALL", 12, false), sold("PSTN", 12, false)}, "2,1", commerce.Ended, 0},
		"which was paid for a year":   {[]commerce.Line{sold("CALL", 18, false), yearly}, "2,1", commerce.Ended, 1},
		"and a room without meetings": {[]commerce.Line{sold("MEET", 12, false), sold("ROOM", 36, true), sold("CALL", 12, true)}, "2,1", commerce.Active, 0},
	} {
		t.Run(name, func(t *testing.T) {
			o := active(t, "2026-12-01", tc.lines...)
			end := o.TermEnd(o.Lines[slices.IndexFunc(o.Lines, func(l commerce.Line) bool { return strings.HasSuffix(tc.asked, l.ID) })])
			at := end.At(9, time.UTC)
			o, charged := o.Bill(at)
			for _, c := range charged {
				if c.PeriodStart == end && tc.status == commerce.Ended {
					t.Errorf("charged for what goes: %+v", c)
				}
			}
			if next := o.Next(); next.Deed != commerce.EndTerm || o.LocalDate(next.At) != end {
				t.Errorf("due next: %+v", next)
			}
			o, asked := script(o.EndTerms(at), nil)
			o, charges, _ := o.Finish(at)
			if got := strings.Join(asked, ","); got != tc.asked || o.Status != tc.status || len(charges) != tc.credit {
				t.Errorf("asked %s, %s, charges %+v; want %s, %s, %d", got, o.Status, charges, tc.asked, tc.status, tc.credit)
			}
			for _, c := range charges {
				// The day on which it ends is paid for: 182 of 366 days are given back.
				if c.Kind != commerce.Credit || c.Amount != -15540 || c.PeriodStart != date("2028-06-02") || c.PeriodEnd != date("2028-12-01") {
					t.Errorf("credit %+v", c)
				}
			}
		})
	}
}
