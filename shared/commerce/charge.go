package commerce

import (
	"fmt"
	"time"
)

// Charge is a fact: what one line cost for one billing period. Its identity is order, line and period; it is never
// edited (rule 8).
type Charge struct {
	ID          string
	Order       string
	Caller      string
	Line        string
	Kind        string // "recurring"
	PeriodStart Date
	PeriodEnd   Date // the first day that is no longer paid for
	Quantity    int
	Amount      int64 // minor units of Currency
	Currency    string
	ChargedAt   time.Time
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
		Order: o.ID, Caller: o.Caller, Line: l.ID, Kind: "recurring",
		PeriodStart: start.AddMonths(n * l.months()), PeriodEnd: start.AddMonths((n + 1) * l.months()),
		Quantity: l.Quantity, Amount: l.Amount(), Currency: l.Currency, ChargedAt: now,
	}
	c.ID = fmt.Sprintf("%s-%s-%s", o.ID, l.ID, c.PeriodStart)
	return c
}

// billed reports whether a line takes part in billing.
func (l Line) billed() bool { return l.Status == LineProvisioned }

// nextCharge is when the next billing period of any line begins: midnight of its first day in the order's zone. Zero
// when every term is charged to its end.
func (o Order) nextCharge() time.Time {
	start := o.LocalDate(o.BilledAt)
	var next time.Time
	for _, l := range o.Lines {
		if !l.billed() || l.Charged >= l.periods() {
			continue
		}
		at := start.AddMonths(l.Charged*l.months()).At(0, o.zone()).UTC()
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	return next
}

// chargesAtOnce bounds one transaction: with the order itself it stays under DynamoDB's hundred.
const chargesAtOnce = 90

// Bill is the order with everything charged that is due at now, and the charges. What one transaction cannot hold is
// due again at once.
func (o Order) Bill(now time.Time) (Order, []Charge) {
	n := o.changed()
	start := o.LocalDate(o.BilledAt)
	var charges []Charge
	for i := range n.Lines {
		l := &n.Lines[i]
		for l.billed() && l.Charged < l.periods() && len(charges) < chargesAtOnce &&
			!start.AddMonths(l.Charged*l.months()).At(0, o.zone()).After(now) {
			charges = append(charges, o.charge(*l, l.Charged, start, now))
			l.Charged++
		}
	}
	if len(charges) == 0 {
		return o, nil
	}
	return n, charges
}
