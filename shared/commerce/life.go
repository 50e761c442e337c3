package commerce

import (
	"fmt"
	"slices"
	"time"
)

// afterOpening is how long nobody may start before the representative is told (rule 2).
const afterOpening = 24 * time.Hour

// noticeBefore is how long before the end of the window the closing notice is due (rule 2).
const noticeBefore = 24 * time.Hour

// Deed is something that the clock owes an order.
type Deed string

const (
	NoDeed      Deed = ""
	SendLink    Deed = "send_link"
	Remind      Deed = "remind"
	Escalate    Deed = "escalate"
	GiveNotice  Deed = "give_notice"
	Close       Deed = "close"
	Provision   Deed = "provision"
	ChargeLines Deed = "charge"
)

// Function is the template's name of the function that does the deed.
func (d Deed) Function() string {
	switch d {
	case SendLink, Remind, Escalate, GiveNotice, Close:
		return "Letters"
	case Provision:
		return "Provisioning"
	case ChargeLines:
		return "Billing"
	}
	return ""
}

// Due is a deed and the instant from which it is owed.
type Due struct {
	Deed Deed
	At   time.Time
}

// dues are all deeds that the order will be owed as it stands, the most pressing first: of two that are due, the first
// is done.
func (o Order) dues() []Due {
	var all []Due
	add := func(deed Deed, at time.Time) {
		if !at.IsZero() {
			all = append(all, Due{deed, at})
		}
	}
	switch o.Status {
	case Scheduled, Invited, Started:
		if end := o.ClosesAt(); !end.IsZero() {
			add(Close, end)
		}
		add(SendLink, o.Link.DueAt)
		add(Escalate, o.EscalatesAt())
		if o.WindowFrom.IsZero() {
			break
		}
		if o.NoticedAt.IsZero() {
			add(GiveNotice, o.ClosesAt().Add(-noticeBefore))
		}
		if reminders := o.FamilyOf().Reminders; o.Status == Invited && o.Reminded < len(reminders) {
			add(Remind, o.WindowFrom.Add(reminders[o.Reminded]))
		}
	case Provisioning:
		add(Provision, o.Attempt.NextAt)
	case Active:
		add(ChargeLines, o.nextCharge())
	}
	return all
}

// EscalatesAt is when the representative is told that nobody has started; zero where somebody has, or where that was
// done.
func (o Order) EscalatesAt() time.Time {
	if !o.StartedAt.IsZero() || !o.EscalatedAt.IsZero() {
		return time.Time{}
	}
	return o.InviteAt.Add(afterOpening)
}

// Next is what the clock owes the order next, and when: what the due index holds of it. NoDeed where nothing.
func (o Order) Next() Due {
	var next Due
	for _, d := range o.dues() {
		if next.Deed == NoDeed || d.At.Before(next.At) {
			next = d
		}
	}
	return next
}

// Owed is what the clock owes the order at now: of all that is due the most pressing, so that an order found late gets
// one letter that makes sense and not all that were missed.
func (o Order) Owed(now time.Time) Deed {
	for _, d := range o.dues() {
		if !d.At.After(now) {
			return d.Deed
		}
	}
	return NoDeed
}

// LinkSent marks the letter with link number generation as accepted by the mail service. A link that was replaced
// meanwhile only goes into the timeline.
func (o Order) LinkSent(kind LetterKind, to Address, generation int, message string, now time.Time) Order {
	n := o.changed()
	n.note(now, "letter_sent", theClock, "", Change{"letter", "", string(kind)}, Change{"to", "", string(to)}, Change{"message", "", message})
	if generation != o.Link.Generation {
		return n
	}
	n.Link.SentAt = now
	n.Link.DueAt = time.Time{}
	switch o.Status {
	case Scheduled, Invited, Started:
		if n.WindowFrom.IsZero() {
			n.WindowFrom = now
		}
		n.skipReminders(now)
	}
	if o.Status == Scheduled {
		n.to(Invited, now, "invited", theClock, "")
	}
	return n
}

// LinkRefused notes that the mail service will never take the letter to this contact, and tells the representative. The
// window does not run; the caller changes the contact or asks for another letter.
func (o Order) LinkRefused(reason string, now time.Time) (Order, Letter) {
	n := o.changed()
	n.Link.DueAt = time.Time{}
	n.note(now, "letter_refused", theClock, reason, Change{"to", "", string(o.Contact)})
	l := o.letter(LetterRepBounced, o.Representative.Email, now)
	l.ID += fmt.Sprint(".", o.Link.Generation)
	l.Reason = reason
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

// NoticeSent marks the closing notice.
func (o Order) NoticeSent(message string, now time.Time) Order {
	n := o.changed()
	n.NoticedAt = now
	n.skipReminders(now)
	n.note(now, "notice_sent", theClock, "", Change{"to", "", string(o.Contact)}, Change{"message", "", message})
	return n
}

// Escalated marks that the representative was told that nobody has started.
func (o Order) Escalated(message string, now time.Time) Order {
	n := o.changed()
	n.EscalatedAt = now
	n.note(now, "escalated", theClock, "", Change{"to", "", string(o.Representative.Email)}, Change{"message", "", message})
	return n
}

// Expire closes an order whose window is over, and writes to its contact.
func (o Order) Expire(now time.Time) (Order, Letter) {
	n := o.changed()
	n.to(Closed, now, "closed", theClock, "not set up within its window")
	l := o.letter(LetterClosed, o.Contact, now)
	l.ID += fmt.Sprint(".", o.Link.Generation)
	return n, l
}

// CheckLink refuses a setup token that opens this order no more, each reason in its own words.
func (o Order) CheckLink(g Grant, now time.Time) error {
	switch o.Status {
	case Mapped, Provisioning, Active, Failed:
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
	if end := o.ClosesAt(); !end.IsZero() && !now.Before(end) {
		return ErrTokenExpired
	}
	return nil
}

// Begin marks the first valid answer of the wizard: the order is started and the escalation disarmed (rule 2). It
// answers false where that had happened before.
func (o Order) Begin(now time.Time) (Order, bool) {
	if !o.StartedAt.IsZero() || o.Status != Scheduled && o.Status != Invited {
		return o, false
	}
	n := o.changed()
	n.StartedAt = now
	n.to(Started, now, "started", "contact:"+string(o.Contact), "")
	return n, true
}

// maxDelegations is how often a link may be passed on.
const maxDelegations = 5

// Delegate passes the setup on to somebody else: a colleague or, with handover, the customer, which gives up the
// partner's access for good. The old link stops at once, the window stays. hash is the link of who delegates.
func (o Order) Delegate(to Address, handover bool, hash string, now time.Time) (Order, error) {
	if to == o.Contact {
		return Order{}, Invalid("delegate_email", "same_address", "The link is at this address already. Enter a different address.")
	}
	if o.Delegations >= maxDelegations {
		return Order{}, ErrTooManyDelegate
	}
	n := o.changed()
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
		Change{"provisioning_contact", string(o.Contact), string(to)}, Change{"handover", fmt.Sprint(o.Handover), fmt.Sprint(n.Handover)})
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
	n.UnknownTold = o.Link.Generation
	n.note(now, "unrecognised", "contact:"+string(o.Contact), "")
	l := o.letter(LetterRepUnrecognised, o.Representative.Email, now)
	l.ID += fmt.Sprint(".", o.Link.Generation)
	return n, l, true
}

// open refuses orders that are past the point of no return or ended: what may no longer be amended.
func (o Order) open() error {
	switch o.Status {
	case Scheduled, Invited, Started:
		return nil
	case Cancelled:
		return ErrOrderCancelled
	case Closed:
		return ErrOrderIsClosed
	}
	return ErrAlreadyMapped
}

// Cancel ends an order that is not mapped yet. Cancelling a cancelled order changes nothing.
func (o Order) Cancel(caller, reason string, now time.Time) (Order, error) {
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
	n.Link.DueAt = time.Time{}
	n.to(Cancelled, now, "cancelled", "caller:"+caller, reason)
	return n, nil
}

// Resend replaces the link of an order that was invited: a new letter goes out with the next run, the old link stops,
// the window stays.
func (o Order) Resend(caller, reason string, now time.Time) (Order, error) {
	if err := o.open(); err != nil {
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
	n.relink(LetterSetup, now)
	n.note(now, "resent", "caller:"+caller, reason)
	return n, nil
}

// Reopen gives a closed order a new link and a new window; its history and its escalation stand.
func (o Order) Reopen(caller, reason string, now time.Time) (Order, error) {
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
	n.reopen(now, "caller:"+caller, reason)
	return n, nil
}

// Renew closes an order whose window is over, as the clock is about to, and reopens it for its contact, who asks for a
// link in place of the expired one.
func (o Order) Renew(now time.Time) (Order, error) {
	if err := o.open(); err != nil {
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
	o.relink(LetterSetup, now)
	o.WindowFrom, o.NoticedAt, o.Reminded = time.Time{}, time.Time{}, 0
	o.StartedAt, o.InviteAt = time.Time{}, now
	o.to(Scheduled, now, "reopened", actor, reason)
}

func checkReason(reason string) error {
	if reason == "" {
		return Invalid("reason", "missing", "Say why; it goes into the order's timeline.")
	}
	if !isText(reason, 500) {
		return Invalid("reason", "malformed", "Use up to 500 characters on one line.")
	}
	return nil
}

// Amend changes the terms of an order that is not mapped yet: start date, time zone, contact, lines. A start moved into
// the future takes an invited order back to scheduled, and its link waits. A changed contact of an invited order is
// written to at once, and so is the old one, whose link stops.
func (o Order) Amend(t Terms, caller string, now time.Time) (Order, []Letter, error) {
	if err := o.open(); err != nil {
		return Order{}, nil, err
	}
	if err := t.check(now); err != nil {
		return Order{}, nil, err
	}
	changes := o.differences(t)
	if len(changes) == 0 {
		return o, nil, nil
	}
	if err := o.roomy(); err != nil {
		return Order{}, nil, err
	}
	n := o.changed()
	n.Terms = t
	n.Lines = numbered(t.Lines)
	n.note(now, "amended", "caller:"+caller, "", changes...)

	var letters []Letter
	newContact := t.Contact != o.Contact
	moved := t.Start != o.Start || t.Zone != o.Zone
	opening := n.opening(now)
	switch {
	case o.Status == Scheduled && (moved || newContact):
		if moved {
			n.InviteAt = opening
		}
		if n.InviteAt.After(now) {
			n.EscalatedAt = time.Time{}
		}
		// A letter that is on its way already must not open the order too early, or to the old contact.
		n.relink(LetterSetup, n.InviteAt)
	case o.Status != Scheduled && opening.After(now) && t.Start != o.Start:
		n.relink(LetterSetup, opening)
		n.InviteAt, n.WindowFrom, n.NoticedAt, n.Reminded = opening, time.Time{}, time.Time{}, 0
		n.StartedAt, n.EscalatedAt = time.Time{}, time.Time{}
		n.to(Scheduled, now, "rescheduled", "caller:"+caller, "")
	case o.Status != Scheduled && newContact:
		n.relink(LetterSetup, now)
	}
	if newContact && !o.Link.SentAt.IsZero() {
		l := o.letter(LetterReplaced, o.Contact, now)
		l.ID += fmt.Sprint(".", o.Link.Generation)
		letters = append(letters, l)
	}
	return n, letters, nil
}

// differences lists what of the order t would change.
func (o Order) differences(t Terms) []Change {
	var all []Change
	add := func(field, before, after string) {
		if before != after {
			all = append(all, Change{field, before, after})
		}
	}
	add("requested_start_date", o.Start.String(), t.Start.String())
	add("time_zone", o.Zone, t.Zone)
	add("provisioning_contact", string(o.Contact), string(t.Contact))
	add("provisioning_contact.alias", fmt.Sprint(o.ContactAlias), fmt.Sprint(t.ContactAlias))
	if !slices.Equal(numbered(o.Lines), numbered(t.Lines)) {
		all = append(all, Change{"lines", linesText(o.Lines), linesText(t.Lines)})
	}
	return all
}

// linesText is the lines in one line of the timeline.
func linesText(lines []Line) string {
	s := ""
	for i, l := range lines {
		if i > 0 {
			s += "; "
		}
		s += fmt.Sprintf("%s %d × %s, %d months, %s %d %s", l.Subscription, l.Quantity, l.SKU, l.TermMonths, l.Billing, l.UnitPrice, l.Currency)
	}
	return s
}
