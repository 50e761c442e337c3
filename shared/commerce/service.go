package commerce

import (
	"fmt"
	"slices"
	"time"
)

// ServiceKind says what a service change does.
type ServiceKind string

const (
	ChangeQuantity ServiceKind = "quantity"  // other numbers of units
	Suspend        ServiceKind = "suspend"   // switched off; the term stands, and billing goes on
	Resume         ServiceKind = "resume"    // switched on again
	Terminate      ServiceKind = "terminate" // removed for good; what was paid and not used is credited
	EndOfTerm      ServiceKind = "term_end"  // lines whose term is over are removed
)

// removes reports whether the change takes services away for good.
func (k ServiceKind) removes() bool { return k == Terminate || k == EndOfTerm }

// ServiceChange is the one change of running services that is in flight: the service platform does it first, then the
// order says so and is charged for it. Zero: none is.
type ServiceChange struct {
	Number  int // which one of the order it is, from 1
	Kind    ServiceKind
	By      string // an actor
	Reason  string
	Since   time.Time
	NextAt  time.Time // when the clock should look at it again
	Tries   int       // runs that waited since a line last moved
	StuckAt time.Time // when a person was asked for help
	Refused string    // why the platform will not; what was changed is set back
	Lines   []LineChange
}

// LineChange is what a service change does to a line, and how far that is.
type LineChange struct {
	Line     string // its id
	From, To int    // quantities
	Step     LineStep
}

// LineStep is how far a line of a service change is.
type LineStep string

const (
	StepWaiting LineStep = "waiting"
	StepAsked   LineStep = "asked" // it may be done, whatever became of the answer
	StepDone    LineStep = "done"
	StepRefused LineStep = "refused"
	StepUndone  LineStep = "set_back"
)

// Refusal is the last service change, where the platform would not do it.
type Refusal struct {
	Kind   ServiceKind
	Reason string
	At     time.Time
}

// Changing reports whether a service change is in flight.
func (o Order) Changing() bool { return o.InFlight.Kind != "" }

// Requested is the quantity that a service change in flight asks for a line, 0 where none does.
func (o Order) Requested(l Line) int {
	for _, c := range o.InFlight.Lines {
		if c.Line == l.ID && o.InFlight.Kind == ChangeQuantity {
			return c.To
		}
	}
	return 0
}

// StuckSince is since when the service platform keeps failing what the order waits for, so that a person was asked for
// help; zero where it does not.
func (o Order) StuckSince() time.Time {
	if o.Status == Provisioning {
		return o.Attempt.StuckAt
	}
	return o.InFlight.StuckAt
}

// Runs reports whether the order has services that are billed.
func (o Order) Runs() bool { return o.Status == Active || o.Status == Suspended }

// Suspend switches the services off. The term stands and billing goes on. Suspending a suspended order changes nothing.
func (o Order) Suspend(actor, reason string, now time.Time) (Order, error) {
	if o.Status == Suspended && !o.Changing() {
		return o, nil
	}
	return o.ask(Suspend, actor, reason, now, Active)
}

// Resume switches the services of a suspended order on again.
func (o Order) Resume(actor, reason string, now time.Time) (Order, error) {
	if o.Status == Active && !o.Changing() {
		return Order{}, ErrNotSuspended
	}
	return o.ask(Resume, actor, reason, now, Suspended)
}

// Terminate ends the order before its term: its services are removed, and what was paid for days not used is credited.
// Terminating an ended order changes nothing.
func (o Order) Terminate(actor, reason string, now time.Time) (Order, error) {
	if o.Status == Ended {
		return o, nil
	}
	return o.ask(Terminate, actor, reason, now, Active, Suspended)
}

// ask begins a change of all running lines, for an order of these statuses.
func (o Order) ask(kind ServiceKind, actor, reason string, now time.Time, from ...Status) (Order, error) {
	if err := o.changeable(from...); err != nil {
		return Order{}, err
	}
	if err := checkReason(reason); err != nil {
		return Order{}, err
	}
	var lines []LineChange
	for _, l := range o.Lines {
		if l.billed() {
			lines = append(lines, LineChange{Line: l.ID, From: l.Quantity, To: l.Quantity, Step: StepWaiting})
		}
	}
	return o.begin(kind, actor, reason, lines, now), nil
}

// ChangeLines asks for other quantities of running lines, and says which lines renew, which is so at once. The lines are
// those of the order, by subscription; nothing else about them may differ, and lines that were removed may be left out.
func (o Order) ChangeLines(lines []Line, actor string, now time.Time) (Order, error) {
	if err := o.changeable(Active); err != nil {
		return Order{}, err
	}
	if err := o.checkFixed(lines); err != nil {
		return Order{}, err
	}
	n := o.changed()
	var changes []LineChange
	var renewals []Change
	for i := range n.Lines {
		l := &n.Lines[i]
		at := slices.IndexFunc(lines, func(sent Line) bool { return sent.Subscription == l.Subscription })
		if at < 0 || !l.billed() {
			continue
		}
		if sent := lines[at]; sent.AutoRenew != l.AutoRenew {
			renewals = append(renewals, Change{lineField(i, "auto_renew"), fmt.Sprint(l.AutoRenew), fmt.Sprint(sent.AutoRenew)})
			l.AutoRenew = sent.AutoRenew
		}
		if to := lines[at].Quantity; to != l.Quantity {
			changes = append(changes, LineChange{Line: l.ID, From: l.Quantity, To: to, Step: StepWaiting})
		}
	}
	if len(renewals) > 0 {
		n.note(now, "amended", actor, "", renewals...)
	}
	switch {
	case len(changes) > 0:
		n = n.begin(ChangeQuantity, actor, "", changes, now)
		n.Version = o.Version + 1
	case len(renewals) == 0:
		return o, nil
	}
	return n, nil
}

// checkFixed refuses lines that are not those of the order but for their quantities and renewals.
func (o Order) checkFixed(lines []Line) error {
	var c Check
	const fixed = "Of a running line only quantity and auto_renew can be changed."
	seen := map[string]bool{}
	for i, sent := range lines {
		at := func(field string) string { return fmt.Sprintf("lines/%d/%s", i, field) }
		n := slices.IndexFunc(o.Lines, func(l Line) bool { return l.Subscription == sent.Subscription })
		if !c.That(n >= 0, at("subscription_id"), "unknown", "The order has no such line. Lines cannot be added to running services.") {
			continue
		}
		c.That(!seen[sent.Subscription], at("subscription_id"), "twice", "Each line has a subscription of its own.")
		seen[sent.Subscription] = true
		l := o.Lines[n]
		c.That(sent.SKU == l.SKU, at("sku"), "fixed", fixed)
		c.That(sent.TermMonths == l.TermMonths, at("term_months"), "fixed", fixed)
		c.That(sent.Billing == l.Billing, at("billing"), "fixed", fixed)
		c.That(sent.UnitPrice == l.UnitPrice, at("unit_price"), "fixed", fixed)
		c.That(sent.Currency == l.Currency, at("currency"), "fixed", fixed)
		c.That(l.billed() || sent.Quantity == l.Quantity && sent.AutoRenew == l.AutoRenew, at("quantity"), "removed", "This line was removed.")
		c.That(sent.Quantity >= 1 && sent.Quantity <= maxQuantity, at("quantity"), "out_of_range", "Order from 1 to 1,000,000.")
	}
	for _, l := range o.Lines {
		c.That(seen[l.Subscription] || !l.billed(), "lines", "missing", "Send every running line; "+l.Subscription+" is missing. To end services, terminate the order.")
	}
	return c.Err()
}

// changeable refuses a service change of an order that is not of these statuses, or has one in flight.
func (o Order) changeable(from ...Status) error {
	switch {
	case o.Changing():
		return ErrChangeInFlight
	case slices.Contains(from, o.Status):
		return o.roomy()
	case o.Status == Suspended:
		return ErrSuspended
	case o.Status == Ended:
		return ErrEnded
	}
	return ErrNotActive
}

// begin puts a service change in flight. The clock takes it up at once.
func (o Order) begin(kind ServiceKind, actor, reason string, lines []LineChange, now time.Time) Order {
	n := o.changed()
	n.ServiceChanges++
	n.Refusal = Refusal{}
	n.InFlight = ServiceChange{Number: n.ServiceChanges, Kind: kind, By: actor, Reason: reason, Since: now, NextAt: now, Lines: lines}
	changes := []Change{{"change.kind", "", string(kind)}}
	if kind == ChangeQuantity {
		for _, l := range lines {
			changes = append(changes, Change{lineField(n.line(l.Line), "requested_quantity"), "", fmt.Sprint(l.To)})
		}
	}
	n.note(now, "change_started", actor, reason, changes...)
	return n
}
