package commerce

import (
	"fmt"
	"strings"
	"time"
)

// open refuses orders that are past the point of no return or ended: what may no longer be amended.
func (o Order) open() error {
	switch o.Status {
	case Scheduled, Invited, Started:
		return nil
	case Cancelled:
		return ErrOrderCancelled
	case Ended:
		return ErrEnded
	case Closed:
		return ErrOrderIsClosed
	}
	return ErrAlreadyMapped
}

// Cancel ends an order that is not mapped yet. Cancelling a cancelled order changes nothing.
func (o Order) Cancel(actor, reason string, now time.Time) (Order, error) {
	if o.Status == Cancelled {
		return o, nil
	}
	if err := o.open(); err != nil && o.Status != Closed {
		return Order{}, err
	}
	if err := checkReason(reason); err != nil {
		return Order{}, err
	}
	n := o.changed()
	n.Link.DueAt, n.Hold = time.Time{}, Hold{}
	n.to(Cancelled, now, "cancelled", actor, reason)
	return n, nil
}

// Resend replaces the link of an order that was invited: a new letter goes out with the next run, the old link stops,
// the window stays.
func (o Order) Resend(actor, reason string, now time.Time) (Order, error) {
	if err := o.open(); err != nil {
		return Order{}, err
	}
	if err := o.ready(); err != nil {
		return Order{}, err
	}
	if err := o.roomy(); err != nil {
		return Order{}, err
	}
	if o.Status == Scheduled && o.InviteAt.After(now) {
		return Order{}, ErrNotInvited
	}
	if err := checkReason(reason); err != nil {
		return Order{}, err
	}
	n := o.changed()
	n.relink(o.Link.Kind, now)
	n.note(now, "resent", actor, reason)
	return n, nil
}

// Reopen gives a closed order a new link and a new window; its history and its escalation stand.
func (o Order) Reopen(actor, reason string, now time.Time) (Order, error) {
	if o.Status != Closed {
		return Order{}, ErrNotClosed
	}
	if err := o.roomy(); err != nil {
		return Order{}, err
	}
	if err := checkReason(reason); err != nil {
		return Order{}, err
	}
	n := o.changed()
	n.reopen(now, actor, reason)
	return n, nil
}

// Renew closes an order whose window is over, as the clock is about to, and reopens it for its contact, who asks for a
// link in place of the expired one.
func (o Order) Renew(now time.Time) (Order, error) {
	if err := o.open(); err != nil {
		return Order{}, err
	}
	if err := o.ready(); err != nil {
		return Order{}, err
	}
	if err := o.roomy(); err != nil {
		return Order{}, err
	}
	n := o.changed()
	n.to(Closed, now, "closed", theClock, "not set up within its window")
	n.reopen(now, "contact:"+string(o.Contact), "asked for a new link")
	return n, nil
}

// reopen owes the contact a new link, whose letter opens a new window.
func (o *Order) reopen(now time.Time, actor, reason string) {
	o.relink(o.Link.Kind, now)
	o.WindowFrom, o.NoticedAt, o.Reminded = time.Time{}, time.Time{}, 0
	o.StartedAt, o.InviteAt = time.Time{}, now
	o.to(Scheduled, now, "reopened", actor, reason)
}

func checkReason(reason string) error {
	if strings.TrimSpace(reason) == "" {
		return Invalid("reason", "missing", "Say why; it goes into the order's timeline.")
	}
	if !isText(reason, 500) {
		return Invalid("reason", "malformed", "Use up to 500 characters on one line.")
	}
	return nil
}

// Amend changes the terms of an order that is not mapped yet: start date, time zone, contact, lines. A start moved into
// the future takes an invited order back to scheduled, and its link waits. A changed contact of an invited order is
// written to at once, and so is the old one, whose link stops. Of running services only quantities and renewals change.
func (o Order) Amend(t Terms, actor string, now time.Time) (Order, []Letter, error) {
	if o.Runs() {
		n, err := o.amendRunning(t, actor, now)
		return n, nil, err
	}
	if err := o.open(); err != nil {
		return Order{}, nil, err
	}
	if err := t.check(now); err != nil {
		return Order{}, nil, err
	}
	n := o.changed()
	n.Terms = t
	n.Lines = numbered(t.Lines)
	changes := toldBy(o.Facts()).missing(n.Facts())
	if len(changes) == 0 {
		return o, nil, nil
	}
	if err := o.roomy(); err != nil {
		return Order{}, nil, err
	}
	n.note(now, "amended", actor, "", changes...)

	var letters []Letter
	newContact := t.Contact != o.Contact
	moved := t.Start != o.Start || t.Zone != o.Zone
	opening := n.opening(now)
	kind := o.Link.Kind
	if newContact && !o.Handover { // nobody passed the link on to them
		kind = LetterSetup
	}
	switch {
	case o.Status == Scheduled && (moved || newContact):
		if moved {
			n.InviteAt = opening
		}
		if n.InviteAt.After(now) {
			n.EscalatedAt = time.Time{}
		}
		// A letter that is on its way already must not open the order too early, or to the old contact.
		n.relink(kind, n.InviteAt)
	case o.Status != Scheduled && opening.After(now) && t.Start != o.Start:
		n.relink(kind, opening)
		n.InviteAt, n.WindowFrom, n.NoticedAt, n.Reminded = opening, time.Time{}, time.Time{}, 0
		n.StartedAt, n.EscalatedAt = time.Time{}, time.Time{}
		n.to(Scheduled, now, "rescheduled", actor, "")
	case o.Status != Scheduled && newContact:
		n.relink(kind, now)
	}
	if newContact && !o.Link.SentAt.IsZero() && o.Link.FailedAt.IsZero() {
		l := o.letter(LetterReplaced, o.Contact, now)
		l.ID += fmt.Sprint("-", o.Link.Generation)
		letters = append(letters, l)
	}
	return n, letters, nil
}

// amendRunning asks for other quantities; nothing else of running services can be amended.
func (o Order) amendRunning(t Terms, actor string, now time.Time) (Order, error) {
	rest := o
	rest.Terms = t
	rest.Lines = o.Lines
	if len(toldBy(o.Facts()).missing(rest.Facts())) > 0 {
		return Order{}, ErrAlreadyMapped
	}
	return o.ChangeLines(t.Lines, actor, now)
}

// linesText is the lines in one line.
func linesText(lines []Line) string {
	s := ""
	for i, l := range lines {
		if i > 0 {
			s += "; "
		}
		s += fmt.Sprintf("%s %d × %s, %d months, %s %d %s", l.Subscription, l.Quantity, l.SKU, l.TermMonths, l.Billing, l.UnitPrice, l.Currency)
		if l.AutoRenew {
			s += ", renews"
		}
	}
	return s
}
