package commerce

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// OrganizationKind is which side of an order an organization stands on.
type OrganizationKind string

const (
	PartnerKind  OrganizationKind = "partner"
	CustomerKind OrganizationKind = "customer"
)

// Organization is a company that has people and orders here.
type Organization struct {
	ID        string
	Kind      OrganizationKind
	Name      string
	Country   string // ISO 3166-1 alpha-2
	Phone     string
	Language  string
	Domain    string // whose people it is offered to; "" for nobody's
	Subdomain string // customer organizations: saved in the enterprise settings
	Settled   bool   // an order is active under the subdomain: it stays (rule 6)
	Version   int
	CreatedAt time.Time
	Order     string // that made it
}

// Member is a person in an organization; all members administer it. The address is the key: one address is in one
// organization, ever (rule 5).
type Member struct {
	Email        Address
	Organization string
	Kind         OrganizationKind
	Password     string // encoded argon2id hash, "" until one is chosen
	Order        string // that made the account; "" for whoever was invited
	InvitedBy    Address
	InvitedAt    time.Time // last
	Version      int
	CreatedAt    time.Time
	PasswordAt   time.Time // when the password was chosen; sessions and links from before are over
}

// Access is what a partner may do with a customer's organization.
type Access string

const (
	AccessNone    Access = "none"    // given up, or never asked for
	AccessAsked   Access = "asked"   // waits for the customer's administrator
	AccessGranted Access = "granted" // the partner manages it
	AccessRefused Access = "refused"
)

// Relation is what one partner may do with one customer organization.
type Relation struct {
	Customer, Partner string
	Access            Access
	Order             string // that asked or granted
	By                Address
	At                time.Time
	GivenAt           time.Time // when the customer's administrator gave it of their own accord
}

// UnclaimedPartner is the id of the organization that stands for a partner whom nobody represented: the customer set the
// order up alone. The same partner of the same caller always gets the same one.
func UnclaimedPartner(caller string, p Party) string {
	sum := sha256.Sum256([]byte(caller + "\n" + strings.ToLower(p.Name) + "\n" + p.Country))
	return "org_" + hex.EncodeToString(sum[:10])
}

// MaySetUp decides whether a member may see and set up the services of a mapped order. relation is what is stored
// between the order's two organizations.
func (o Order) MaySetUp(m Member, relation Relation) error {
	switch {
	case o.Mapping.At.IsZero():
		return ErrOrderUnknown
	case m.Organization == o.Mapping.Customer:
		return nil
	case m.Organization != o.Mapping.Partner:
		return ErrOrderUnknown
	case relation.Access != AccessGranted:
		return ErrNoAccess
	case o.Mapping.PartnerAccess == AccessNone && !relation.GivenAt.After(o.Mapping.At): // given up, and not given since
		return ErrNoAccess
	}
	return nil
}

// Chosen gives the member a password by its hash.
func (m Member) Chosen(hash string, now time.Time) Member {
	m.Version++
	m.Password, m.PasswordAt = hash, now
	return m
}
