package commerce

import (
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
	EndTerm     Deed = "end_term"
)

// Function is the template's name of the function that does the deed.
func (d Deed) Function() string {
	switch d {
	case SendLink, Remind, Escalate, GiveNotice, Close:
		return "Letters"
	case Provision, EndTerm:
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
		if o.Held() {
			break
		}
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
	case Active, Suspended:
		add(Provision, o.InFlight.NextAt)
		add(ChargeLines, o.nextCharge())
		if !o.Changing() {
			add(EndTerm, o.nextTermEnd())
		}
	}
	return all
}

// EscalatesAt is when the representative is told that nobody has started; zero where somebody has, where that was done, or
// where their address refused it.
func (o Order) EscalatesAt() time.Time {
	if !o.StartedAt.IsZero() || !o.EscalatedAt.IsZero() || !o.untoldAt().IsZero() {
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

// Owes reports whether the clock owes the order a deed at now, whatever else it owes.
func (o Order) Owes(deed Deed, now time.Time) bool {
	return slices.ContainsFunc(o.dues(), func(d Due) bool { return d.Deed == deed && !d.At.After(now) })
}
