package commerce

import (
	"fmt"
	"time"
)

// ChargeKind says what a charge is for.
type ChargeKind string

const (
	Recurring  ChargeKind = "recurring"  // a billing period
	Adjustment ChargeKind = "adjustment" // another quantity, for the rest of a period that is charged
	Credit     ChargeKind = "credit"     // days that were paid for and are not used
)

// Charge is a fact: what one line cost for one billing period, or how a service change corrects that. Its identity is
// order, line, period, kind and number; it is never edited (rule 8).
type Charge struct {
	ID          string
	Order       string
	Caller      string
	Line        string
	Kind        ChargeKind
	Number      int // of the service change; 0 for a billing period
	PeriodStart Date
	PeriodEnd   Date  // the first day that is no longer paid for
	Quantity    int   // signed: of a correction, the difference
	Amount      int64 // minor units of Currency; negative where money is given back
	Currency    string
	ChargedAt   time.Time
}

// Total is what the charges of a month add up to between a partner and a customer, in one currency.
type Total struct {
	Partner, PartnerName   string // the organization, and what the latest order calls it
	Customer, CustomerName string
	Currency               string
	Amount                 int64 // minor units
	Charges                int   // how many
}

// Month is the month a charge is listed under: that of the first day it pays for.
func (c Charge) Month() string { return c.PeriodStart.String()[:7] }

// Amount is what one billing period of a line costs, in minor units of its currency.
func (l Line) Amount() int64 { return int64(l.Quantity) * l.UnitPrice }

// months is the length of a billing period.
func (l Line) months() int {
	switch l.Billing {
	case Annual:
		return 12
	case Prepaid:
		return l.TermMonths
	}
	return 1
}

// periods is how many billing periods the term of a line has.
func (l Line) periods() int { return l.TermMonths / l.months() }

// charge is the fact for period number n of a line, counted from 0, of an order billed since start.
func (o Order) charge(l Line, n int, start Date, now time.Time) Charge {
	c := Charge{
		Order: o.ID, Caller: o.Caller, Line: l.ID, Kind: Recurring,
		PeriodStart: start.AddMonths(n * l.months()), PeriodEnd: start.AddMonths((n + 1) * l.months()),
		Quantity: l.Quantity, Amount: l.Amount(), Currency: l.Currency, ChargedAt: now,
	}
	c.ID = fmt.Sprintf("%s-%s-%s", o.ID, l.ID, c.PeriodStart)
	return c
}

// billed reports whether a line takes part in billing.
func (l Line) billed() bool { return l.Status == LineProvisioned }

// owes is the first day of the next period that a line is charged for, of an order billed since start; false where none is.
// An add-on is charged for nothing that begins when its last base ends: it goes with it.
func (o Order) owes(l Line, start Date) (Date, bool) {
	day := start.AddMonths(l.Charged * l.months())
	return day, l.billed() && l.lasts(l.Charged) && !o.baseless(l, day)
}

// nextCharge is when the next billing period of any line begins: midnight of its first day in the order's zone. Zero
// when every term is charged to its end.
func (o Order) nextCharge() time.Time {
	start := o.LocalDate(o.BilledAt)
	var next time.Time
	for _, l := range o.Lines {
		day, owes := o.owes(l, start)
		if !owes {
			continue
		}
		at := day.At(0, o.zone()).UTC()
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	return next
}

// chargesAtOnce bounds one transaction, the totals of the charges' months and the renewals that are told counted in: with
// the order itself and its letters it stays under DynamoDB's hundred.
const chargesAtOnce = 60

// Bill is the order with everything charged that is due at now, and the charges. What one transaction cannot hold is
// due again at once. The first charge after the end of a term renews its line.
func (o Order) Bill(now time.Time) (Order, []Charge) {
	n := o.changed()
	start := o.LocalDate(o.BilledAt)
	var charges []Charge
	months := map[string]bool{}
	for i := range n.Lines {
		l := &n.Lines[i]
		for len(charges)+len(months)+len(n.Events)-len(o.Events) < chargesAtOnce {
			if day, owes := n.owes(*l, start); !owes || day.At(0, o.zone()).After(now) {
				break
			}
			before := n.TermEnd(*l)
			c := o.charge(*l, l.Charged, start, now)
			charges, months[c.Month()] = append(charges, c), true
			l.Charged++
			if end := n.TermEnd(*l); end != before {
				n.note(now, "renewed", theClock, "", Change{lineField(i, "term_end"), before.String(), end.String()})
			}
		}
	}
	if len(charges) == 0 {
		return o, nil
	}
	return n, charges
}

// correction is the fact that corrects the period of a line that is charged, from a day of it on, by a difference in
// quantity. False where nothing of the period is left.
func (o Order) correction(l Line, kind ChargeKind, number int, from Date, quantity int, now time.Time) (Charge, bool) {
	if l.Charged == 0 {
		return Charge{}, false
	}
	c := o.charge(l, l.Charged-1, o.LocalDate(o.BilledAt), now)
	whole, left := c.PeriodStart.DaysUntil(c.PeriodEnd), from.DaysUntil(c.PeriodEnd)
	if left <= 0 {
		return Charge{}, false
	}
	c.Kind, c.Number, c.Quantity, c.PeriodStart = kind, number, quantity, from
	c.Amount = prorated(int64(quantity)*l.UnitPrice, min(left, whole), whole)
	c.ID = fmt.Sprintf("%s-%s-%s-%s-%d", o.ID, l.ID, from, kind, number)
	return c, true
}

// prorated is the part of an amount, rounded half away from zero. Of the greatest order it is some 7e18, which fits.
func prorated(amount int64, part, whole int) int64 {
	if amount < 0 {
		return -prorated(-amount, part, whole)
	}
	return (2*amount*int64(part) + int64(whole)) / (2 * int64(whole))
}
