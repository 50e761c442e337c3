package commerce

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Outcome is what became of a letter that the mail service had accepted.
type Outcome string

const (
	Delivered  Outcome = "delivered"
	Delayed    Outcome = "delayed"    // not delivered so far, perhaps never
	Bounced    Outcome = "bounced"    // the address takes no letters, for good
	Complained Outcome = "complained" // whoever got it called it spam
)

// Delivery is what the mail service tells of a letter. Letter, Order, Kind and Link are as the letter was sent with.
type Delivery struct {
	Outcome Outcome
	Message string // the mail service's id of the letter
	To      Address
	Reason  string
	Letter  string // the letter of the queue that it was; "" for one that its order owed
	Order   string // "" for letters that belong to no order
	Kind    LetterKind
	Link    int // number of the setup link in it; 0 for a letter without
}

// Record is the id of the letter's record: its own in the queue, else the mail service's.
func (d Delivery) Record() string { return cmp.Or(d.Letter, d.Message) }

// opens reports whether a letter of this kind has a setup link.
func (k LetterKind) opens() bool {
	return slices.Contains([]LetterKind{LetterSetup, LetterDelegated, LetterHandedOver, LetterReminder, LetterClosingSoon}, k)
}

// Hear is the order with what became of one of its letters, and the letters that makes necessary. Only a bounce and a
// complaint about a letter with a setup link concern the order, and only until it is mapped. A bounce of the link in
// force stops the window and tells the representative; one of a link that was replaced only goes into the timeline. What
// was told before, in whatever order it comes, changes nothing.
func (o Order) Hear(d Delivery, now time.Time) (Order, []Letter) {
	kind := map[Outcome]string{Bounced: "letter_bounced", Complained: "letter_complained"}[d.Outcome]
	if kind == "" || !d.Kind.opens() || o.open() != nil && o.Status != Closed || o.heard(kind, "message", d.Message) {
		return o, nil
	}
	n := o.changed()
	n.note(now, kind, theClock, d.Reason, Change{"letter", "", string(d.Kind)}, Change{"to", "", string(d.To)}, Change{"message", "", d.Message})
	switch {
	case o.Status == Closed:
		return n, nil
	case d.Outcome == Complained && !o.heard(kind, "to", string(d.To)):
		l := o.letter(LetterRepComplained, o.Representative.Email, now)
		l.ID += "-" + d.To.tag()
		return n, []Letter{l}
	case d.Outcome == Bounced && d.Link == o.Link.Generation && o.Link.FailedAt.IsZero():
		l := n.undeliverable(d.Reason, now)
		return n, []Letter{l}
	}
	return n, nil
}

// heard reports whether the timeline has an event of a kind in which a field got this value.
func (o Order) heard(kind, field, value string) bool {
	return slices.ContainsFunc(o.Events, func(e Event) bool {
		return e.Kind == kind && slices.Contains(e.Changes, Change{field, "", value})
	})
}

// undeliverable marks the link as one that reached nobody, and tells the representative. The window does not run: the
// caller changes the contact or asks for another letter, which opens a new one.
func (o *Order) undeliverable(reason string, now time.Time) Letter {
	o.Link.DueAt, o.Link.FailedAt = time.Time{}, now
	o.WindowFrom = time.Time{}
	if o.Status == Invited {
		o.to(Scheduled, now, "uninvited", theClock, reason)
	}
	l := o.letter(LetterRepBounced, o.Representative.Email, now)
	l.ID += fmt.Sprint("-", o.Link.Generation)
	l.Reason = reason
	return l
}

// failure is why the last letter with a setup link reached nobody, as the timeline has it.
func (o Order) failure() string {
	for _, e := range slices.Backward(o.Events) {
		if e.Kind == "letter_bounced" || e.Kind == "letter_refused" {
			return e.Reason
		}
	}
	return ""
}
