package commerce

import (
	"slices"
	"strings"
	"time"
)

// Why says why an order needs a person.
type Why string

const (
	WhyBounced      Why = "letter_bounced"      // the setup letter reached nobody
	WhyNotStarted   Why = "not_started"         // a day after the start date nobody had begun
	WhyNobodyTold   Why = "escalation_refused"  // nor could the representative be told of it
	WhyUnrecognised Why = "unrecognised"        // the contact does not know the partner organization that was offered
	WhyClosed       Why = "closed"              // not set up within its window
	WhyFailed       Why = "provisioning_failed" // undone, nothing billed
	WhyStuck        Why = "provisioning_stuck"  // the service platform does not come to an end
	WhyRefused      Why = "change_refused"      // the platform will not change running services
)

// Need is a reason for which an order needs a person, and since when.
type Need struct {
	Why   Why
	Since time.Time
}

// NeedsPerson lists why the order needs a person, what has waited longest first. What came up before an operator marked the
// order as handled is left out.
func (o Order) NeedsPerson() []Need {
	var all []Need
	for _, n := range o.troubles() {
		if n.Since.After(o.HandledAt) {
			all = append(all, n)
		}
	}
	slices.SortStableFunc(all, func(a, b Need) int { return a.Since.Compare(b.Since) })
	return all
}

// troubles are all needs, handled or not.
func (o Order) troubles() []Need {
	var all []Need
	add := func(is bool, why Why, since time.Time) {
		if is && !since.IsZero() {
			all = append(all, Need{why, since})
		}
	}
	before := o.open() == nil // it is not mapped
	add(before, WhyBounced, o.Link.FailedAt)
	// A reopened order begins anew, and its escalation stands only so that nobody is told twice.
	add(before && o.StartedAt.IsZero() && o.EscalatedAt.After(o.last("reopened")), WhyNotStarted, o.EscalatedAt)
	add(before && o.StartedAt.IsZero() && o.untoldAt().After(o.last("reopened")), WhyNobodyTold, o.untoldAt())
	add(before && o.UnknownTold == o.Link.Generation, WhyUnrecognised, o.last("unrecognised"))
	add(o.Status == Closed, WhyClosed, o.last("closed"))
	add(o.Status == Failed, WhyFailed, o.last("provisioning_failed"))
	add(o.Status == Provisioning, WhyStuck, o.Attempt.StuckAt)
	add(o.Changing(), WhyStuck, o.InFlight.StuckAt)
	add(o.Runs() && !o.Changing(), WhyRefused, o.Refusal.At)
	return all
}

// last is when an event of this kind happened last, zero where it never did.
func (o Order) last(kind string) time.Time {
	for _, e := range slices.Backward(o.Events) {
		if e.Kind == kind {
			return e.At
		}
	}
	return time.Time{}
}

// Handle notes that a person has taken care of all that the order needed one for. note says what was done.
func (o Order) Handle(actor, note string, now time.Time) (Order, error) {
	if len(o.NeedsPerson()) == 0 {
		return Order{}, ErrNothingToHandle
	}
	if err := o.roomy(); err != nil {
		return Order{}, err
	}
	if err := checkReason(note); err != nil {
		return Order{}, err
	}
	n := o.changed()
	n.HandledAt = now
	n.note(now, "handled", actor, note)
	return n, nil
}

// Desk is where operators look for an order: what it waits for and, before that, whether it needs a person.
type Desk string

const (
	DeskPerson    Desk = "person"    // needs a person
	DeskScheduled Desk = "scheduled" // its letter is still to go out
	DeskSetup     Desk = "setup"     // its contact has a link
	DeskServices  Desk = "services"  // its administrators set the services up, or they are being made
	DeskRunning   Desk = "running"   // its services are billed
	DeskEnded     Desk = "ended"     // over, in whichever way
)

// Desks are all of them: who needs a person first, then in the order of an order's life.
var Desks = []Desk{DeskPerson, DeskScheduled, DeskSetup, DeskServices, DeskRunning, DeskEnded}

// Desk is the order's desk, and the instant that says where on it. Of those who wait, the one who has waited longest
// comes first, or whose letter is due next.
func (o Order) Desk() (Desk, time.Time) {
	if needs := o.NeedsPerson(); len(needs) > 0 {
		return DeskPerson, needs[0].Since
	}
	switch o.Status {
	case Scheduled:
		return DeskScheduled, o.InviteAt
	case Invited, Started:
		return DeskSetup, o.InviteAt
	case Mapped, Provisioning, Failed:
		return DeskServices, o.Mapping.At
	case Active, Suspended:
		return DeskRunning, o.BilledAt
	}
	return DeskEnded, o.settledAt()
}

// settledAt is when the order came to its present status.
func (o Order) settledAt() time.Time {
	for _, e := range slices.Backward(o.Events) {
		status := slices.ContainsFunc(e.Changes, func(c Change) bool { return c.Field == "status" && c.After == string(o.Status) })
		if status && !strings.HasPrefix(e.Kind, "line_") {
			return e.At
		}
	}
	return o.PlacedAt
}
