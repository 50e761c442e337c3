package commerce

import (
	"slices"
	"time"
)

// InvitationFor is how long an invitation holds its address. Later anybody may invite it, or name it in an order.
const InvitationFor = PasswordTokenFor

// MaxColleagues bounds the people of one organization, so that nobody has letters sent to the whole world.
const MaxColleagues = 50

// The errors of what administrators do in their organization.
var (
	ErrColleagueUnknown  = &Error{Kind: KindNotFound, Code: "colleague_unknown", Detail: "Nobody with this address is in your organization."}
	ErrLastAdministrator = &Error{Kind: KindConflict, Code: "last_administrator", Detail: "Somebody who can sign in has to stay. Invite a colleague first."}
	ErrTooManyColleagues = &Error{Kind: KindConflict, Code: "too_many_colleagues", Detail: "Your organization has as many people as it can have. Remove somebody first."}
	ErrNotACustomer      = &Error{Kind: KindForbidden, Code: "not_a_customer", Detail: "Only a customer's administrators give partners access."}
	ErrPartnerUnknown    = &Error{Kind: KindNotFound, Code: "partner_unknown", Detail: "No order connects this partner with your organization."}
	ErrAccessAnswered    = &Error{Kind: KindConflict, Code: "access_answered", Detail: "Another administrator has answered otherwise, and the first answer stands. Sign in and open Your organization to change it."}
)

// Standing is how far somebody has come who belongs to an organization.
type Standing string

const (
	StandingActive  Standing = "active"  // has chosen a password
	StandingInvited Standing = "invited" // has a letter with a link to choose one
	StandingExpired Standing = "expired" // had one, and the link is over
)

// Standing is how far the member has come at now.
func (m Member) Standing(now time.Time) Standing {
	switch {
	case m.Password != "":
		return StandingActive
	case now.Before(m.InvitedUntil()):
		return StandingInvited
	}
	return StandingExpired
}

// InvitedUntil is when the last letter with a link to a first password is over.
func (m Member) InvitedUntil() time.Time {
	if m.InvitedAt.After(m.CreatedAt) {
		return m.InvitedAt.Add(InvitationFor)
	}
	return m.CreatedAt.Add(InvitationFor)
}

// LapsesAt is when the address is free for others although the member is still listed: an invitation that nobody
// accepted must not keep an address from its owner's company. It is zero for whoever was named by an order.
func (m Member) LapsesAt() time.Time {
	if m.Order != "" || m.Password != "" {
		return time.Time{}
	}
	return m.InvitedUntil()
}

// Lapsed reports whether the address is free for others at now.
func (m Member) Lapsed(now time.Time) bool {
	at := m.LapsesAt()
	return m.Email != "" && !at.IsZero() && !now.Before(at)
}

// NoteKind says what happened in an organization.
type NoteKind string

const (
	NoteInvited       NoteKind = "invited"
	NoteRemoved       NoteKind = "removed"
	NoteAccessGranted NoteKind = "access_granted"
	NoteAccessRefused NoteKind = "access_refused"
	NoteAccessTaken   NoteKind = "access_taken"
)

// Note is an entry of what happened in an organization: which administrator did it, to whom, and when.
type Note struct {
	Organization string
	Kind         NoteKind
	At           time.Time
	By           Address // the administrator
	Who          Address // who was invited or removed
	Partner      string  // id of whose access it was
	PartnerName  string
	Order        string // removed: the order that had made the account; access: the order that asked
}

// ID names the note among those of its organization and instant.
func (n Note) ID() string {
	if n.Who != "" {
		return string(n.Kind) + "-" + n.Who.tag()
	}
	return string(n.Kind) + "-" + n.Partner
}

// Invitation is a colleague who is about to be asked in, with everything that is stored with them.
type Invitation struct {
	Member Member
	Letter Letter
	Note   Note
}

// Invite asks an address into the organization of by. The letter's link chooses a first password.
func (o Organization) Invite(by Member, email Address, locale string, now time.Time) Invitation {
	return o.invitation(by, Member{Email: email, Organization: o.ID, Kind: o.Kind, InvitedBy: by.Email, InvitedAt: now, CreatedAt: now, Version: 1}, locale, now)
}

// InviteAgain sends somebody who has no password yet another letter, over the account they have.
func (o Organization) InviteAgain(by, m Member, locale string, now time.Time) Invitation {
	m.Version++
	m.InvitedBy, m.InvitedAt = by.Email, now
	return o.invitation(by, m, locale, now)
}

func (o Organization) invitation(by, m Member, locale string, now time.Time) Invitation {
	if o.Language != "" {
		locale = o.Language
	}
	return Invitation{m,
		Letter{ID: string(LetterInvitation) + "-" + o.ID + "-" + m.Email.tag(), Kind: LetterInvitation, To: m.Email, Locale: locale,
			Customer: o.ID, Organization: o.Name, By: by.Email, QueuedAt: now},
		Note{Organization: o.ID, Kind: NoteInvited, At: now, By: by.Email, Who: m.Email}}
}

// Removal is a colleague who is about to go, with everything that is stored with that.
type Removal struct {
	Member  Member
	Stays   Address // who can sign in and stays, whatever else happens at this instant
	Letters []Letter
	Note    Note
}

// Remove takes somebody out of the organization of by: another, or by alone. colleagues are those who belong to it.
// Somebody who can sign in always stays: who removes another does, and who goes needs a colleague who can.
func (o Organization) Remove(by Member, email Address, colleagues []Member, locale string, now time.Time) (Removal, error) {
	i := slices.IndexFunc(colleagues, func(m Member) bool { return m.Email == email && m.Organization == o.ID })
	if i < 0 {
		return Removal{}, ErrColleagueUnknown
	}
	gone := colleagues[i]
	r := Removal{Member: gone, Stays: by.Email,
		Note: Note{Organization: o.ID, Kind: NoteRemoved, At: now, By: by.Email, Who: email, Order: gone.Order}}
	if email == by.Email {
		i := slices.IndexFunc(colleagues, func(m Member) bool { return m.Email != email && m.Password != "" && m.Organization == o.ID })
		if i < 0 {
			return Removal{}, ErrLastAdministrator
		}
		r.Stays = colleagues[i].Email
	}
	if gone.Password != "" && email != by.Email {
		if o.Language != "" {
			locale = o.Language
		}
		r.Letters = []Letter{{ID: string(LetterRemoved) + "-" + o.ID + "-" + email.tag(), Kind: LetterRemoved, To: email, Locale: locale,
			Organization: o.Name, By: by.Email, QueuedAt: now}}
	}
	return r, nil
}
