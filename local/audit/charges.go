package audit

import (
	"fmt"
	"math/big"
	"strconv"
	"time"

	"dayone/shared/commerce"
)

// isBilled reports whether an order of this status is, or was, charged.
func isBilled(s commerce.Status) bool {
	return s == commerce.Active || s == commerce.Suspended || s == commerce.Ended
}

// charges: a line is charged for its periods since billing started, each once and for the quantity of that time, none
// left out; every change and every end corrects what was charged for days to come; nothing else is billed.
func (r *report) charges(o Order) {
	if isBilled(o.Status) == o.BilledAt.IsZero() {
		r.say("order %s: it is %s and billed since %s", o.ID, o.Status, o.BilledAt)
	}
	found := map[string]Charge{}
	for _, c := range r.Charges[o.ID] {
		found[c.SK] = c
	}
	for i, l := range o.Lines {
		if !isBilled(o.Status) && l.Charged > 0 {
			r.say("order %s: line %s is charged %d times and the order is %s", o.ID, l.ID, l.Charged, o.Status)
			continue
		}
		a := account{Order: o, line: l, at: i, start: o.LocalDate(o.BilledAt), found: found, report: r}
		a.periods()
		a.corrections()
	}
	for key := range found {
		r.say("order %s: %s is one too many", o.ID, key)
	}
}

// account is one line of an order and what was charged for it.
type account struct {
	Order
	*report
	line  commerce.Line
	at    int
	start commerce.Date
	found map[string]Charge // of the order; what was looked at is taken out
}

func (a account) months() int {
	return map[commerce.Billing]int{commerce.Monthly: 1, commerce.Annual: 12, commerce.Prepaid: a.line.TermMonths}[a.line.Billing]
}

// field is the place of something of the line in the timeline.
func (a account) field(name string) string { return fmt.Sprintf("lines.%d.%s", a.at, name) }

// told is the changes of a field of the line in events of a kind.
func (a account) told(kind, name string, each func(e commerce.Event, number int, c commerce.Change)) {
	number := 0
	for _, e := range a.Order.Events {
		if e.Kind == "change_started" {
			number++
		}
		for _, c := range e.Changes {
			if e.Kind == kind && c.Field == a.field(name) {
				each(e, number, c)
			}
		}
	}
}

// quantities are those that the line may have been charged for at an instant: two where it changed right then.
func (a account) quantities(at time.Time) map[int]bool {
	now, all := a.line.Quantity, map[int]bool{}
	first := true
	a.told("quantity_changed", "quantity", func(e commerce.Event, _ int, c commerce.Change) {
		before, _ := strconv.Atoi(c.Before)
		if first && !e.At.Before(at) {
			all[before] = true
		}
		if !e.At.Before(at) {
			first = false
		}
		if e.At.Equal(at) {
			after, _ := strconv.Atoi(c.After)
			all[after] = true
		}
	})
	if first {
		all[now] = true
	}
	return all
}

// periods checks the charges of the line's billing periods.
func (a account) periods() {
	terms := 1
	a.told("renewed", "term_end", func(commerce.Event, int, commerce.Change) { terms++ })
	if a.line.Charged*a.months() > a.line.TermMonths*terms {
		a.say("order %s: line %s is charged %d times, past its term", a.ID, a.line.ID, a.line.Charged)
	}
	for n := range a.line.Charged {
		from, to := a.start.AddMonths(n*a.months()), a.start.AddMonths((n+1)*a.months())
		c, ok := a.take("charge#" + a.line.ID + "#" + from.String())
		if !ok {
			a.say("order %s: line %s has no charge for %s", a.ID, a.line.ID, from)
			continue
		}
		if c.End != to.String() || c.Kind != "recurring" || c.Amount != int64(c.Quantity)*a.line.UnitPrice || !a.quantities(time.UnixMilli(c.At))[c.Quantity] ||
			!a.fits(c, from) {
			a.say("order %s: line %s is charged %+v", a.ID, a.line.ID, c)
		}
	}
}

// corrections checks what changes and ends corrected.
func (a account) corrections() {
	a.told("quantity_changed", "quantity", func(e commerce.Event, number int, c commerce.Change) {
		before, _ := strconv.Atoi(c.Before)
		after, _ := strconv.Atoi(c.After)
		a.corrected("adjustment", number, a.LocalDate(e.At), after-before)
	})
	for _, kind := range []string{"terminated", "term_ended"} {
		a.told(kind, "status", func(e commerce.Event, number int, _ commerce.Change) {
			a.corrected("credit", number, a.LocalDate(e.At).AddDays(1), -a.line.Quantity)
		})
	}
}

// corrected checks the fact that corrects the period which from is in; none where that is not charged.
func (a account) corrected(kind string, number int, from commerce.Date, quantity int) {
	for n := range a.line.Charged {
		begins, ends := a.start.AddMonths(n*a.months()), a.start.AddMonths((n+1)*a.months())
		if from.Compare(begins) < 0 || from.Compare(ends) >= 0 || kind == "credit" && from == begins {
			continue
		}
		key := fmt.Sprintf("charge#%s#%s#%s#%d", a.line.ID, from, kind, number)
		c, ok := a.take(key)
		if !ok {
			a.say("order %s: line %s has no %s", a.ID, a.line.ID, key)
			return
		}
		want := part(int64(quantity)*a.line.UnitPrice, from.DaysUntil(ends), begins.DaysUntil(ends))
		if c.Kind != kind || c.End != ends.String() || c.Quantity != quantity || c.Amount != want || !a.fits(c, from) {
			a.say("order %s: line %s is corrected by %+v, want %d", a.ID, a.line.ID, c, want)
		}
	}
}

func (a account) take(key string) (Charge, bool) {
	c, ok := a.found[key]
	delete(a.found, key)
	return c, ok
}

// fits reports whether a charge says whose it is, and is listed under its month.
func (a account) fits(c Charge, from commerce.Date) bool {
	return c.Currency == a.line.Currency && c.Caller == a.Caller && c.List == "charges#"+a.Caller+"#"+from.String()[:7]
}

// part is amount × days / of, rounded half away from zero.
func part(amount int64, days, of int) int64 {
	exact := new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(amount), big.NewInt(int64(days))), big.NewInt(int64(of)))
	rounded, _ := strconv.ParseInt(exact.FloatString(0), 10, 64) // FloatString rounds halves away from zero
	return rounded
}

// totals: what a month adds up to is the sum of its charges.
func (r *report) totals() {
	sums := map[string]Total{}
	for id, charges := range r.Charges {
		o := r.Orders[id]
		for _, c := range charges {
			key := "total#" + c.Caller + "#" + c.Start[:min(7, len(c.Start))] + " total#" + o.Mapping.Partner + "#" + o.Mapping.Customer + "#" + c.Currency
			sums[key] = Total{sums[key].Amount + c.Amount, sums[key].Charges + 1}
		}
	}
	for key, sum := range sums {
		if r.Totals[key] != sum {
			r.say("%s: it is %+v, and the charges come to %+v", key, r.Totals[key], sum)
		}
	}
	for key, t := range r.Totals {
		if _, ok := sums[key]; !ok {
			r.say("%s: it is %+v of no charge", key, t)
		}
	}
}
