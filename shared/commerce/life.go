package commerce

import (
	"fmt"
	"slices"
	"time"
)

// LinkSent marks the letter with link number generation as accepted by the mail service. A link that was replaced
// meanwhile only goes into the timeline, and so does one whose bounce was quicker than this mark.
func (o Order) LinkSent(kind LetterKind, to Address, generation int, message string, now time.Time) Order {
	n := o.changed()
	n.note(now, "letter_sent", theClock, "", Change{"letter", "", string(kind)}, Change{"to", "", string(to)}, Change{"message", "", message})
	if generation != o.Link.Generation {
		return n
	}
	n.Link.SentAt = now
	n.Link.DueAt = time.Time{}
	if !o.Link.FailedAt.IsZero() {
		return n
	}
	switch o.Status {
	case Scheduled, Invited, Started:
		if n.WindowFrom.IsZero() {
			n.openWindow(now)
		}
		n.skipReminders(now)
	}
	if o.Status == Scheduled {
		n.to(Invited, now, "invited", theClock, "")
	}
	return n
}

// openWindow begins the time in which the order has to be mapped, with all its reminders ahead.
func (o *Order) openWindow(now time.Time) {
	o.WindowFrom, o.NoticedAt, o.Reminded = now, time.Time{}, 0
}

// LinkRefused notes that the mail service will never take the letter to this contact, and tells the representative. The
// window does not run; the caller changes the contact or asks for another letter.
func (o Order) LinkRefused(reason string, now time.Time) (Order, Letter) {
	n := o.changed()
	n.note(now, "letter_refused", theClock, reason, Change{"to", "", string(o.Contact)})
	l := n.undeliverable(reason, now)
	return n, l
}

// ReminderSent puts every reminder that is due behind us.
func (o Order) ReminderSent(message string, now time.Time) Order {
	n := o.changed()
	n.skipReminders(now)
	n.note(now, "reminded", theClock, "", Change{"to", "", string(o.Contact)}, Change{"message", "", message})
	return n
}

// skipReminders puts every reminder that is due behind us: whatever letter with a link goes out reminds as well.
func (o *Order) skipReminders(now time.Time) {
	for reminders := o.FamilyOf().Reminders; o.Reminded < len(reminders) && !o.WindowFrom.Add(reminders[o.Reminded]).After(now); {
		o.Reminded++
	}
}

// NoticeSent marks the closing notice. Where it was sent twice, the first instant stays.
func (o Order) NoticeSent(message string, now time.Time) Order {
	n := o.changed()
	if o.NoticedAt.IsZero() {
		n.NoticedAt = now
	}
	n.skipReminders(now)
	n.note(now, "notice_sent", theClock, "", Change{"to", "", string(o.Contact)}, Change{"message", "", message})
	return n
}

// Escalated marks that the representative was told that nobody has started. Where they were told twice, the first instant
// stays.
func (o Order) Escalated(message string, now time.Time) Order {
	n := o.changed()
	if o.EscalatedAt.IsZero() {
		n.EscalatedAt = now
	}
	n.note(now, "escalated", theClock, "", Change{"to", "", string(o.Representative.Email)}, Change{"message", "", message})
	return n
}

// EscalationRefused notes that the mail service will never take the escalation to this representative, who was told nothing.
// It is owed again to another, and for another start date.
func (o Order) EscalationRefused(to Address, reason string, now time.Time) Order {
	n := o.changed()
	n.note(now, "escalation_refused", theClock, reason, Change{"to", "", string(to)})
	return n
}

// untoldAt is when the representative's address refused to be told that nobody has started since the start date; zero where
// it did not.
func (o Order) untoldAt() time.Time {
	to := Change{"to", "", string(o.Representative.Email)}
	for _, e := range slices.Backward(o.Events) {
		if e.Kind == "escalation_refused" && e.At.After(o.InviteAt) && slices.Contains(e.Changes, to) {
			return e.At
		}
	}
	return time.Time{}
}

// Expire closes an order whose window is over, and writes to its contact.
func (o Order) Expire(now time.Time) (Order, Letter) {
	n := o.changed()
	n.to(Closed, now, "closed", theClock, "not set up within its window")
	l := o.letter(LetterClosed, o.Contact, now)
	l.ID += fmt.Sprint("-", o.Link.Generation)
	return n, l
}

// CheckLink refuses a setup token that opens this order no more, each reason in its own words.
func (o Order) CheckLink(g Grant, now time.Time) error {
	switch o.Status {
	case Mapped, Provisioning, Active, Failed, Suspended, Ended:
		return ErrTokenUsed
	case Cancelled:
		return ErrLinkCancelled
	case Closed:
		return ErrLinkClosed
	}
	if g.Generation != o.Link.Generation {
		if o.Status == Scheduled && o.InviteAt.After(now) && g.Generation < o.Link.Generation {
			return &Error{Kind: KindGone, Code: "link_too_early", Detail: "You can start on " + o.Start.String() + ". A new email comes then.", Existing: o.Start.String()}
		}
		return ErrTokenReplaced
	}
	if end := o.ClosesAt(); !end.IsZero() && !o.still(now).Before(end) {
		return ErrTokenExpired
	}
	return nil
}

// Begin marks the first valid answer of the wizard: the order is started and the escalation disarmed (rule 2). It
// answers false where that had happened before.
func (o Order) Begin(now time.Time) (Order, bool) {
	n := o.changed()
	if !n.start(now) {
		return o, false
	}
	return n, true
}

func (o *Order) start(now time.Time) bool {
	if !o.StartedAt.IsZero() || o.Status != Scheduled && o.Status != Invited {
		return false
	}
	o.StartedAt = now
	if !o.Link.FailedAt.IsZero() { // one address behind the contact bounced, and another had the link after all
		o.Link.FailedAt = time.Time{}
		o.openWindow(now)
	}
	o.to(Started, now, "started", "contact:"+string(o.Contact), "")
	return true
}

// maxDelegations is how often a link may be passed on.
const maxDelegations = 5

// Delegate passes the setup on to somebody else: a colleague or, with handover, the customer, which gives up the
// partner's access for good. The old link stops at once, the window stays. hash is the link of who delegates. Like every
// answer it starts an order that nobody has started.
func (o Order) Delegate(to Address, handover bool, hash string, now time.Time) (Order, error) {
	if to == o.Contact {
		return Order{}, Invalid("delegate_email", "same_address", "The link is at this address already. Enter a different address.")
	}
	if err := o.ready(); err != nil {
		return Order{}, err // its letter would have to wait
	}
	if o.Delegations >= maxDelegations {
		return Order{}, ErrTooManyDelegate
	}
	n := o.changed()
	n.start(now) // for whoever says all in one
	n.Delegations++
	n.DelegatedBy, n.DelegatedHash = o.Contact, hash
	n.Handover = o.Handover || handover
	kind := LetterDelegated
	if handover {
		kind = LetterHandedOver
	}
	n.relink(kind, now)
	n.Contact, n.ContactAlias = to, false
	n.note(now, "delegated", "contact:"+string(o.Contact), "",
		Change{"provisioning_contact.email", string(o.Contact), string(to)}, Change{"handover", fmt.Sprint(o.Handover), fmt.Sprint(n.Handover)})
	return n, nil
}

// DelegatedAlready reports whether the holder of the link hash has passed the order on to this very address: a double
// click, a lost answer.
func (o Order) DelegatedAlready(to Address, handover bool, hash string) bool {
	return o.DelegatedHash == hash && o.Contact == to && (!handover || o.Handover)
}

// relink owes the contact a new link from at on and stops those before it.
func (o *Order) relink(kind LetterKind, at time.Time) {
	o.Link = Link{Kind: kind, Generation: o.Link.Generation + 1, DueAt: at}
}

// Unrecognised tells the representative that the contact does not recognise the partner organization that was offered.
// It answers false where the holder of this link has said so before.
func (o Order) Unrecognised(now time.Time) (Order, Letter, bool) {
	if o.UnknownTold == o.Link.Generation {
		return o, Letter{}, false
	}
	n := o.changed()
	n.start(now)
	n.UnknownTold = o.Link.Generation
	n.note(now, "unrecognised", "contact:"+string(o.Contact), "")
	l := o.letter(LetterRepUnrecognised, o.Representative.Email, now)
	l.ID += fmt.Sprint("-", o.Link.Generation)
	return n, l, true
}
