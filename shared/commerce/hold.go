package commerce

import "time"

// Hold keeps an order from being set up and provisioned until it is released. Zero: the order is not held.
type Hold struct {
	Since  time.Time
	Reason string
	By     string // an actor
}

// Held reports whether the order is on hold.
func (o Order) Held() bool { return !o.Hold.Since.IsZero() }

// ready refuses what a held order must not do.
func (o Order) ready() error {
	if o.Held() {
		return ErrOnHold
	}
	return nil
}

// PutOnHold stops the order where it is: it can be opened and read, and its settings saved, but it is neither mapped nor
// provisioned, and nobody is written to about what it waits for. To hold a held order changes nothing.
func (o Order) PutOnHold(actor, reason string, now time.Time) (Order, error) {
	if o.Held() {
		return o, nil
	}
	switch o.Status {
	case Scheduled, Invited, Started, Mapped, Failed:
	default:
		return Order{}, ErrNotHoldable
	}
	if err := o.roomy(); err != nil {
		return Order{}, err
	}
	if err := checkReason(reason); err != nil {
		return Order{}, err
	}
	n := o.changed()
	n.Hold = Hold{Since: now, Reason: reason, By: actor}
	n.note(now, "held", actor, reason)
	return n, nil
}

// Release lets a held order go on. What the clock owed meanwhile is owed from now on, and the contact has as much time
// left as when the order was held.
func (o Order) Release(actor, reason string, now time.Time) (Order, error) {
	if !o.Held() {
		return Order{}, ErrNotHeld
	}
	if err := checkReason(reason); err != nil {
		return Order{}, err
	}
	n := o.changed()
	if o.open() == nil { // of an order that was set up, when that began is history
		n.InviteAt, n.WindowFrom = o.Hold.resumed(o.InviteAt, now), o.Hold.resumed(o.WindowFrom, now)
	}
	if o.Link.DueAt.Before(now) && !o.Link.DueAt.IsZero() {
		n.Link.DueAt = now
	}
	n.Hold = Hold{}
	n.note(now, "released", actor, reason)
	return n, nil
}

// resumed is an instant from which time is counted, as if no time had passed between the hold and now: one before the
// hold moves by as long as that lasted, one in between begins now, and one to come stays.
func (h Hold) resumed(t, now time.Time) time.Time {
	switch {
	case t.IsZero() || t.After(now):
		return t
	case t.Before(h.Since):
		return t.Add(now.Sub(h.Since))
	}
	return now
}

// still is the instant that counts for the order's window: while it is held the clock stands.
func (o Order) still(now time.Time) time.Time {
	if o.Held() && now.After(o.Hold.Since) {
		return o.Hold.Since
	}
	return now
}
