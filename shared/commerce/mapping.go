package commerce

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Plan is what completing the answers would do, as the review shows it.
type Plan struct {
	Partner     Organization // ID is "" where it would be created
	Customer    Organization // ID is "" where it would be created
	Access      Access       // what the partner gets of the customer's organization
	PartnerNew  bool
	CustomerNew bool
}

// Plan says what these answers, which have passed Check for the review, would do.
func (a Answers) Plan(o Order, k Known) Plan {
	var p Plan
	switch {
	case a.Role == RoleCustomer && len(k.Partners) == 1:
		p.Partner = k.Partners[0]
	case a.Role == RoleCustomer:
		p.PartnerNew = true
		p.Partner = Organization{Kind: PartnerKind, Name: o.Partner.Name, Country: o.Partner.Country}
	case a.PartnerOrganization == NewOrganization:
		p.PartnerNew = true
		p.Partner = Organization{Kind: PartnerKind, Name: a.PartnerName, Country: a.PartnerCountry, Phone: a.PartnerPhone,
			Language: o.Locale, Domain: o.Contact.CompanyDomain()} // the contact alone proved to own an address
	default:
		p.Partner, _ = pick(k.Partners, a.PartnerOrganization)
	}
	if a.CustomerOrganization == NewOrganization {
		p.CustomerNew = true
		p.Customer = Organization{Kind: CustomerKind, Name: a.CustomerName, Country: a.CustomerCountry, Language: a.CustomerLanguage,
			Domain: a.CustomerAdmin.CompanyDomain()}
	} else {
		p.Customer, _ = pick(k.Customers, a.CustomerOrganization)
	}
	switch {
	case a.Role == RoleCustomer || o.Handover:
		p.Access = AccessNone
	case p.CustomerNew || k.Relation.Access == AccessGranted:
		p.Access = AccessGranted
	default:
		p.Access = AccessAsked
	}
	return p
}

// Digest names what the review showed, in three parts (order, partner, customer), so that a stale one can say which of
// them changed.
func (a Answers) Digest(o Order, k Known) string {
	p := a.Plan(o, k)
	part := func(values ...any) string {
		sum := sha256.Sum256(fmt.Appendf(nil, "%q", values))
		return hex.EncodeToString(sum[:8])
	}
	return part(o.ID, o.Start, o.Partner, o.Customer, linesText(o.Lines), o.Contact) +
		"-" + part(a.Role, a.SetUpBy, a.PartnerOrganization, p.Partner.Name, p.Partner.Country, p.Partner.Phone, a.PartnerAdmin) +
		"-" + part(a.CustomerAdmin, a.CustomerOrganization, p.Customer.Name, p.Customer.Country, p.Customer.Language, p.Access)
}

// CheckDigest refuses a review that no longer fits, naming the parts that changed.
func (a Answers) CheckDigest(o Order, k Known) error {
	shown, now := strings.Split(a.ReviewDigest, "-"), strings.Split(a.Digest(o, k), "-")
	if slices.Equal(shown, now) {
		return nil
	}
	e := *ErrReviewStale
	for i, name := range []string{"order", "partner_organization", "customer_organization"} {
		if len(shown) != len(now) || shown[i] != now[i] {
			e.Problems = append(e.Problems, Problem{Field: name, Code: "changed", Detail: changedHelp})
		}
	}
	return &e
}

// answersDigest knows a repeat of the same answers by.
func (a Answers) answersDigest() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", a))
	return hex.EncodeToString(sum[:16])
}

// Fresh are the ids and hashes that completing needs, made by the caller because nothing here is random.
type Fresh struct {
	Partner  string // id for a new partner organization
	Customer string // id for a new customer organization
	Link     string // hash of the setup token in hand
	Password string // hash of the password token that would be answered
}

// Completion is everything that one transaction writes when an order is mapped (rule 4, 5, 12, 13).
type Completion struct {
	Order         Order
	Organizations []Organization // to be created
	Members       []Member       // to be created, each with the guard of its address
	Relation      Relation       // to be stored; zero where it stays as it is
	Letters       []Letter
	Password      Grant // what Fresh.Password opens; zero where nobody needs a password
}

// Map completes the setup: both organizations fixed, the link used. The answers have passed Check for StepComplete.
func (o Order) Map(a Answers, k Known, f Fresh, now time.Time) (Completion, error) {
	if err := o.ready(); err != nil {
		return Completion{}, err
	}
	if err := a.CheckDigest(o, k); err != nil {
		return Completion{}, err
	}
	p := a.Plan(o, k)
	var c Completion
	create := func(org *Organization, id string, admin Address) {
		org.ID, org.CreatedAt, org.Order, org.Version = id, now, o.ID, 1
		c.Organizations = append(c.Organizations, *org)
		if admin != "" {
			c.Members = append(c.Members, Member{Email: admin, Organization: id, Kind: org.Kind, Order: o.ID, CreatedAt: now, Version: 1})
		}
	}
	queue := func(kind LetterKind, to Address) *Letter {
		c.Letters = append(c.Letters, o.letter(kind, to, now))
		return &c.Letters[len(c.Letters)-1]
	}
	if p.PartnerNew {
		id := f.Partner
		if a.Role == RoleCustomer {
			id = UnclaimedPartner(o.Caller, o.Partner)
		}
		create(&p.Partner, id, a.PartnerAdmin)
	}
	if p.CustomerNew {
		create(&p.Customer, f.Customer, a.CustomerAdmin)
	}

	n := o.changed()
	n.start(now) // for whoever says all in one
	n.Link.DueAt = time.Time{}
	n.Mapping = Mapping{Partner: p.Partner.ID, Customer: p.Customer.ID, PartnerAccess: p.Access, By: o.Contact,
		Link: f.Link, Answers: a.answersDigest(), At: now}
	if who, of := a.chooser(p); who != "" {
		n.Mapping.Password, n.Mapping.PasswordFor = f.Password, who
		c.Password = passwordGrant(f.Password, who, of, o.ID, now)
	}
	n.to(Mapped, now, "mapped", "contact:"+string(o.Contact), "")
	last := &n.Events[len(n.Events)-1]
	last.Changes = append(last.Changes, Change{"mapping.partner_organization", "", p.Partner.ID},
		Change{"mapping.customer_organization", "", p.Customer.ID}, Change{"mapping.partner_access", "", string(p.Access)})
	c.Order = n

	if p.Access != AccessNone && p.Access != k.Relation.Access {
		c.Relation = Relation{Customer: p.Customer.ID, Partner: p.Partner.ID, Access: p.Access, Order: o.ID, By: o.Contact, At: now}
	}
	queue(LetterOrderSetUp, o.Contact)
	for _, m := range c.Members {
		if m.Email != o.Contact {
			l := queue(LetterWelcome, m.Email)
			if m.Kind == CustomerKind {
				l.Locale = p.Customer.Language
			}
		}
	}
	if !p.CustomerNew {
		admins := k.CustomerAdmins
		if k.CustomerAdmin.Organization == p.Customer.ID { // the one that was named hears of it in any case
			admins = append([]Address{k.CustomerAdmin.Email}, without(admins, k.CustomerAdmin.Email)...)
		}
		for _, admin := range admins[:min(len(admins), maxTold)] {
			switch {
			case p.Access == AccessAsked:
				l := queue(LetterConsent, admin)
				l.Customer, l.Partner, l.Asker = p.Customer.ID, p.Partner.ID, p.Partner.Name
			case admin != o.Contact:
				queue(LetterCarryOn, admin)
			}
		}
	}
	if a.Role == RolePartner && !p.PartnerNew && k.Contact.Organization != p.Partner.ID {
		for _, admin := range k.PartnerAdmins[:min(len(k.PartnerAdmins), maxTold)] {
			queue(LetterCarryOn, admin)
		}
	}
	return c, nil
}

// maxTold bounds how many administrators of one side are written to: one transaction holds a hundred writes.
const maxTold = 40

func without(all []Address, one Address) []Address {
	return slices.DeleteFunc(slices.Clone(all), func(a Address) bool { return a == one })
}

// chooser is who chooses a password right after completing: the administrator of the organization that the person with
// the link has just made for their own side.
func (a Answers) chooser(p Plan) (who Address, of string) {
	switch {
	case a.Role == RolePartner && p.PartnerNew:
		return a.PartnerAdmin, p.Partner.ID
	case a.Role == RoleCustomer && p.CustomerNew:
		return a.CustomerAdmin, p.Customer.ID
	}
	return "", ""
}

// passwordGrant is a token for a first password: it works only until the member has one.
func passwordGrant(hash string, who Address, of, order string, now time.Time) Grant {
	return Grant{Hash: hash, Kind: PasswordToken, Member: who, MemberOf: of, Order: order, First: true, IssuedAt: now, ExpiresAt: now.Add(PasswordTokenFor)}
}

// repeatFor is how long the same answers over the same link get the same success again.
const repeatFor = 15 * time.Minute

// Repeats reports whether these answers over the link hash are those that mapped the order a moment ago: a double
// click, or an answer that was lost.
func (o Order) Repeats(a Answers, hash string, now time.Time) bool {
	m := o.Mapping
	return m.Link != "" && m.Link == hash && m.Answers == a.answersDigest() && now.Sub(m.At) <= repeatFor
}

// FreshPassword is the password token that replaces the one which was answered when the order was mapped.
func (o Order) FreshPassword(hash string, now time.Time) Grant {
	return passwordGrant(hash, o.Mapping.PasswordFor, "", o.ID, now)
}
