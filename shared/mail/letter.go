package mail

import (
	"time"

	"dayone/shared/commerce"
)

// Letter is all that one letter says. What a kind has no use for may be left out, and is not said where it is set.
type Letter struct {
	Kind     commerce.LetterKind
	To       commerce.Address
	Language string // "de", "en", "sl"; any other is written to in English
	Help     string // where to ask; a Sender fills in its own
	Order    Order
	Link     Link // what the button opens

	Until        commerce.Date // setup letters, rep_not_started, rep_unrecognised: the day the order's window ends
	EscalatesOn  commerce.Date // setup letters: the day after which the representative gets in touch, if nobody starts
	Valid        time.Duration // welcome, consent, invitation, password_reset: how long the single-use link works, in whole hours
	BilledFrom   commerce.Date // active: the day billing started
	FirstCharges Money         // active: their total

	Representative commerce.Person  // greeted in letters to the representative, named in closed and replaced
	Contact        commerce.Address // letters to the representative: the provisioning contact
	By             commerce.Address // carry_on: who completed the setup; invitation, removed, access_changed: whose deed it was
	Organization   string           // carry_on, consent, welcome, rep_unrecognised, invitation, removed, access: the organization it is about, as it is called there
	Customer       bool             // carry_on: the organization is the customer, and who set up is not of its company
	Access         commerce.Access  // access_changed: what the partner has now
	PartnerAccess  bool             // welcome: the partner may manage the new organization
	Reason         string           // provisioning_failed, rep_bounced, rep_provisioning_failed, rep_stuck, rep_change_refused: why, on one line
}

// Order is what a letter says of its order.
type Order struct {
	ID       string
	Customer string
	Partner  string
	Family   string
	Start    commerce.Date
	Users    int // 0: not said
	Services []commerce.Service
}

// OrderOf is what letters say of o.
func OrderOf(o commerce.Order) Order {
	said := Order{ID: o.ID, Customer: o.Customer.Name, Partner: o.Partner.Name, Family: o.Family, Start: o.Start, Users: o.Users()}
	for _, service := range []commerce.Service{commerce.Calling, commerce.Meetings, commerce.Messaging} {
		if o.Buys(service) {
			said.Services = append(said.Services, service)
		}
	}
	return said
}

// Money is an amount in minor units of an ISO 4217 currency; without a currency it is not said.
type Money struct {
	Amount   int64
	Currency string
}

// Link is a URL that may carry a secret. It hides behind a pointer, which no print verb, encoder or logger follows; only the letter shows it.
type Link struct{ url *string }

// LinkTo is a link to url, which has to be absolute, https or (on one machine) http.
func LinkTo(url string) Link { return Link{&url} }

func (l Link) reveal() string {
	if l.url == nil {
		return ""
	}
	return *l.url
}
