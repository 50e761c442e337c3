package commerce

import (
	"slices"
	"time"
)

// Retry has the schedule take up again at once what the service platform has not done: an order whose provisioning was
// undone begins another attempt, in the name of who clicked last, and one that the platform does not come to an end with
// waits no longer.
func (o Order) Retry(actor, reason string, now time.Time) (Order, error) {
	stuck := o.Status == Provisioning && !o.Attempt.StuckAt.IsZero() || o.Changing() && !o.InFlight.StuckAt.IsZero()
	if o.Status != Failed && !stuck {
		return Order{}, ErrNothingToRetry
	}
	if err := o.ready(); err != nil {
		return Order{}, err
	}
	if err := o.roomy(); err != nil {
		return Order{}, err
	}
	if err := checkReason(reason); err != nil {
		return Order{}, err
	}
	n := o.changed()
	switch {
	case o.Status == Failed:
		n.attempt(o.Attempt.By, now)
		n.Attempt.NextAt = now
		n.to(Provisioning, now, "provisioning_started", actor, reason)
	case o.Changing():
		n.InFlight.NextAt = now
		n.note(now, "retried", actor, reason)
	default:
		n.Attempt.NextAt = now
		n.note(now, "retried", actor, reason)
	}
	return n, nil
}

// attempt begins a run of provisioning in which no line is there.
func (o *Order) attempt(by Address, now time.Time) {
	o.Lines = slices.Clone(o.Lines)
	for i := range o.Lines {
		o.Lines[i].Status, o.Lines[i].Reason = LinePending, ""
	}
	o.Attempt = Attempt{Number: o.Attempt.Number + 1, By: by, StartedAt: now}
}
