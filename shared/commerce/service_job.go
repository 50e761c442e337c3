package commerce

import (
	"fmt"
	"slices"
	"time"
)

// nextChange is NextJob for the service change in flight: what runs is taken away or switched off add-ons first, all else
// is done to bases first and, once it was refused, set back one after the other.
func (o Order) nextChange(asked []string) (Job, bool) {
	lines := o.changeOrder()
	if o.InFlight.Refused != "" {
		for _, c := range slices.Backward(lines) {
			if c.Step == StepAsked || c.Step == StepDone {
				j := o.changeJob(c, true)
				return j, !slices.Contains(asked, j.Key)
			}
		}
		return Job{}, false
	}
	for _, c := range lines {
		if c.Step != StepWaiting && c.Step != StepAsked || o.waitsForAnother(c) {
			continue
		}
		if j := o.changeJob(c, false); !slices.Contains(asked, j.Key) {
			return j, true
		}
	}
	return Job{}, false
}

// takes reports whether the change in flight takes services away, for good or for a while.
func (c ServiceChange) takes() bool { return c.Kind == Suspend || c.Kind.removes() }

// changeOrder is the lines of the change in the order in which they are asked for.
func (o Order) changeOrder() []LineChange {
	var all []LineChange
	for _, i := range o.dependencyOrder() {
		for _, c := range o.InFlight.Lines {
			if c.Line == o.Lines[i].ID {
				all = append(all, c)
			}
		}
	}
	if o.InFlight.takes() {
		slices.Reverse(all)
	}
	return all
}

// waitsForAnother reports whether another line of the change has to be done before c.
func (o Order) waitsForAnother(c LineChange) bool {
	l := o.Lines[o.line(c.Line)]
	needs := func(add, base Line) bool {
		p, _ := o.FamilyOf().Product(add.SKU)
		return p.Needs == base.SKU
	}
	return slices.ContainsFunc(o.InFlight.Lines, func(other LineChange) bool {
		if other.Step == StepDone {
			return false
		}
		m := o.Lines[o.line(other.Line)]
		if o.InFlight.takes() {
			return needs(m, l)
		}
		return needs(l, m)
	})
}

// changeJob is the job for a line of the change, or the one that sets it back.
func (o Order) changeJob(c LineChange, undo bool) Job {
	j := Job{Line: o.Lines[o.line(c.Line)], Undo: undo, Key: fmt.Sprintf("%s-%s-change-%d", o.ID, c.Line, o.InFlight.Number)}
	switch o.InFlight.Kind {
	case ChangeQuantity:
		j.Action, j.Line.Quantity = ActQuantity, c.To
	case Suspend:
		j.Action = ActSuspend
	case Resume:
		j.Action = ActResume
	case Terminate, EndOfTerm:
		j.Action = ActDeprovision
	}
	if undo {
		j.Key += "-undo"
		switch j.Action {
		case ActQuantity:
			j.Line.Quantity = c.From
		case ActSuspend:
			j.Action = ActResume
		case ActResume:
			j.Action = ActSuspend
		}
	}
	return j
}

// stepOf is the change of the job's line.
func (o *Order) stepOf(j Job) *LineChange {
	return &o.InFlight.Lines[slices.IndexFunc(o.InFlight.Lines, func(c LineChange) bool { return c.Line == j.Line.ID })]
}

func (o *Order) askingChange(j Job, now time.Time) bool {
	c := o.stepOf(j)
	if j.Undo || c.Step == StepAsked {
		return false
	}
	c.Step = StepAsked
	o.InFlight.NextAt = now.Add(provisionFor)
	return true
}

// answeredChange is Answered for the service change in flight.
func (o Order) answeredChange(j Job, r Result, reason string, now time.Time) Order {
	n := o.changed()
	c, l := n.stepOf(j), &n.Lines[n.line(j.Line.ID)]
	step, why := c.Step, l.Reason
	switch {
	case r == Done && j.Undo:
		c.Step, l.Reason = StepUndone, ""
	case r == Done:
		c.Step, l.Reason = StepDone, ""
	case r == Later:
		l.Reason = ""
	case r == Again, j.Undo, o.InFlight.Kind.removes() && !o.untouched(c.Line):
		l.Reason = reason // a removal that has begun cannot be taken back: it is asked for until it is done
	default:
		c.Step, l.Reason = StepRefused, reason
		n.InFlight.Refused = l.SKU + ": " + reason
	}
	if c.Step == step && l.Reason == why {
		return o
	}
	n.InFlight.NextAt = now.Add(provisionFor)
	if c.Step != step {
		n.InFlight.Tries = 0
	}
	return n
}

// untouched reports whether a termination can still be refused as a whole: no other line may be gone. The end of a term
// cannot.
func (o Order) untouched(line string) bool {
	return o.InFlight.Kind == Terminate && !slices.ContainsFunc(o.InFlight.Lines, func(c LineChange) bool { return c.Line != line && c.Step != StepWaiting })
}

// finishChange ends a service change that has no job left: the order is as was asked and charged for that from today on,
// or as it was before, with the reason. The order is billed up to now.
func (o Order) finishChange(now time.Time) (Order, []Charge, []Letter) {
	c, n := o.InFlight, o.changed()
	n.InFlight = ServiceChange{}
	for i := range n.Lines {
		n.Lines[i].Reason = ""
	}
	if c.Refused != "" {
		n.Refusal = Refusal{Kind: c.Kind, Reason: c.Refused, At: now}
		n.note(now, "change_refused", theClock, c.Refused, Change{"change_refused.kind", "", string(c.Kind)})
		l := o.letter(LetterRepChangeRefused, o.Representative.Email, now)
		l.ID += fmt.Sprint("-", c.Number)
		l.Reason = c.Refused
		return n, nil, []Letter{l}
	}
	var changes []Change
	var charges []Charge
	for _, lc := range c.Lines {
		at := n.line(lc.Line)
		l := &n.Lines[at]
		switch {
		case c.Kind == ChangeQuantity:
			if fact, some := o.correction(*l, Adjustment, c.Number, o.LocalDate(now), lc.To-lc.From, now); some {
				charges = append(charges, fact)
			}
			changes = append(changes, Change{lineField(at, "quantity"), fmt.Sprint(l.Quantity), fmt.Sprint(lc.To)})
			l.Quantity = lc.To
		case c.Kind.removes():
			// The day on which a service ends was used.
			if fact, some := o.correction(*l, Credit, c.Number, o.LocalDate(now).AddDays(1), -l.Quantity, now); some {
				charges = append(charges, fact)
			}
			changes = append(changes, Change{lineField(at, "status"), string(l.Status), string(LineRemoved)})
			l.Status = LineRemoved
		}
	}
	kind := map[ServiceKind]string{ChangeQuantity: "quantity_changed", Suspend: "suspended", Resume: "resumed", Terminate: "terminated", EndOfTerm: "term_ended"}[c.Kind]
	before := o.Status
	switch {
	case c.Kind == Suspend:
		n.Status = Suspended
	case c.Kind == Resume:
		n.Status = Active
	case c.Kind.removes() && !slices.ContainsFunc(n.Lines, Line.billed):
		n.Status = Ended
	}
	if n.Status != before {
		changes = append([]Change{{"status", string(before), string(n.Status)}}, changes...)
	}
	n.note(now, kind, theClock, c.Reason, changes...)
	return n, charges, nil
}
