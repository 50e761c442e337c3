package commerce

import (
	"slices"
	"time"
)

// begun is how many terms of a line have begun: one, and one more with each renewal that was charged.
func (l Line) begun() int { return max(1, (l.Charged+l.periods()-1)/l.periods()) }

// lasts reports whether a billing period, counted from 0, is in the present term of a line; one that renews has no end.
func (l Line) lasts(period int) bool { return l.AutoRenew || period < l.begun()*l.periods() }

// TermEnd is the first day that is no longer in the line's present term; zero while billing has not started.
func (o Order) TermEnd(l Line) Date {
	if o.BilledAt.IsZero() {
		return Date{}
	}
	return o.LocalDate(o.BilledAt).AddMonths(l.begun() * l.TermMonths)
}

// nextTermEnd is when the term of a line is over that does not renew: midnight of that day in the order's zone. Zero
// where none will be.
func (o Order) nextTermEnd() time.Time {
	var next time.Time
	for _, l := range o.Lines {
		if !l.billed() || l.AutoRenew {
			continue
		}
		if at := o.TermEnd(l).At(0, o.zone()).UTC(); next.IsZero() || at.Before(next) {
			next = at
		}
	}
	return next
}

// EndTerms begins to remove the lines whose term is over, and add-ons whose last base goes, which cannot run without it.
func (o Order) EndTerms(now time.Time) Order {
	if !o.Runs() || o.Changing() {
		return o
	}
	var lines []LineChange
	for _, l := range o.Lines {
		if today := o.LocalDate(now); l.billed() && (o.over(l, today) || o.baseless(l, today)) {
			lines = append(lines, LineChange{Line: l.ID, From: l.Quantity, Step: StepWaiting})
		}
	}
	if len(lines) == 0 {
		return o
	}
	n := o.begin(EndOfTerm, theClock, "", lines, now)
	n.InFlight.NextAt = now.Add(provisionFor) // by the run that begins it
	return n
}

// over reports whether a line's term is over on a day and no other begins.
func (o Order) over(l Line, day Date) bool { return !l.AutoRenew && o.TermEnd(l).Compare(day) <= 0 }

// baseless reports whether l is an add-on and no line that it needs goes on from a day.
func (o Order) baseless(l Line, day Date) bool {
	p, _ := o.FamilyOf().Product(l.SKU)
	return p.Needs != "" && !slices.ContainsFunc(o.Lines, func(base Line) bool { return base.SKU == p.Needs && base.billed() && !o.over(base, day) })
}
