package commerce

import (
	"strconv"
	"time"
)

// AccessChange is what an administrator of a customer says of a partner's access, with everything that is stored with
// it.
type AccessChange struct {
	Before, After Relation
	Letters       []Letter
	Note          Note
}

// Sides are the two organizations that access is about, and who administers them.
type Sides struct {
	Customer, Partner             Organization
	CustomerAdmins, PartnerAdmins []Address
}

// Give lets the partner manage the customer's organization, or takes that away; by belongs to the customer. It answers
// false where nothing changes. What is given this way opens the orders, too, for which access was given up before.
func (r Relation) Give(give bool, by Member, s Sides, now time.Time) (AccessChange, bool) {
	if give && r.Access == AccessGranted || !give && r.Access != AccessGranted && r.Access != AccessAsked {
		return AccessChange{}, false
	}
	after := r.answered(give, by.Email, now)
	if give {
		after.GivenAt = now
	} else if r.Access == AccessGranted {
		after.Access = AccessNone
	}
	return r.become(after, s), true
}

// answered is the relation after an administrator's yes or no.
func (r Relation) answered(yes bool, by Address, now time.Time) Relation {
	r.Access, r.By, r.At, r.GivenAt = AccessRefused, by, now, time.Time{}
	if yes {
		r.Access = AccessGranted
	}
	return r
}

// become is the change to after: noted at the customer, told to the partner, which waits for it, and to the customer's
// other administrators, who should not find out by chance.
func (r Relation) become(after Relation, s Sides) AccessChange {
	c := AccessChange{Before: r, After: after, Note: Note{Organization: r.Customer, Kind: NoteAccessGranted, At: after.At, By: after.By,
		Partner: r.Partner, PartnerName: s.Partner.Name, Order: after.Order}}
	kind := LetterAccessGranted
	switch after.Access {
	case AccessNone:
		c.Note.Kind, kind = NoteAccessTaken, LetterAccessTaken
	case AccessRefused:
		c.Note.Kind, kind = NoteAccessRefused, LetterAccessRefused
	}
	tell := func(kind LetterKind, to []Address, locale string) {
		for _, a := range without(to, after.By)[:min(len(without(to, after.By)), maxTold)] {
			c.Letters = append(c.Letters, Letter{
				ID:   string(kind) + "-" + r.Customer + "-" + r.Partner + "-" + a.tag() + "-" + strconv.FormatInt(after.At.UnixMilli(), 10),
				Kind: kind, To: a, Locale: locale, Customer: r.Customer, Partner: r.Partner, Organization: s.Customer.Name, Asker: s.Partner.Name, By: after.By, Access: after.Access, QueuedAt: after.At})
		}
	}
	tell(kind, s.PartnerAdmins, s.Partner.Language)
	tell(LetterAccessChanged, s.CustomerAdmins, s.Customer.Language)
	return c
}

// Decide is the answer to an access link: what the partner may do from now on, and the order with that in its timeline.
// The first answer stands: a later one that says the same is noted at its own order, one that says something else is
// refused.
func (o Order) Decide(g Grant, before Relation, yes bool, s Sides, now time.Time) (Order, AccessChange, error) {
	c := AccessChange{Before: before, After: before}
	switch {
	case before.Access == AccessAsked:
		c = before.become(before.answered(yes, g.Member, now), s)
	case yes != (before.Access == AccessGranted):
		return Order{}, AccessChange{}, ErrAccessAnswered
	}
	n := o.changed()
	answer := Change{"partner_access", string(before.Access), string(c.After.Access)}
	if o.Mapping.PartnerAccess == AccessAsked {
		n.Mapping.PartnerAccess = c.After.Access
		answer = Change{"mapping.partner_access", string(AccessAsked), string(c.After.Access)}
	}
	n.note(now, "access_decided", "member:"+string(g.Member), "", answer)
	return n, c, nil
}
