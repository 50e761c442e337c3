package setup

import (
	"dayone/shared/commerce"
)

// answer is what a client is told after each step.
type answer struct {
	Step          string  `json:"step"`
	Next          string  `json:"next"`
	Order         order   `json:"order"`
	Offers        []offer `json:"offers"` // for the next step
	Review        *review `json:"review,omitempty"`
	ReviewDigest  string  `json:"review_digest,omitempty"`
	PasswordToken string  `json:"password_token,omitempty"`
}

// order is what the holder of its link sees of an order.
type order struct {
	ID                 string `json:"id"`
	Status             string `json:"status"`
	Family             string `json:"family"`
	Partner            party  `json:"partner"`
	Customer           party  `json:"customer"`
	RequestedStartDate string `json:"requested_start_date"`
	TimeZone           string `json:"time_zone"`
	Locale             string `json:"locale"`
	Lines              []line `json:"lines"`
}

type party struct {
	Name    string `json:"name"`
	Country string `json:"country"`
}

type line struct {
	ID         string `json:"id"`
	SKU        string `json:"sku"`
	Service    string `json:"service"`
	Quantity   int    `json:"quantity"`
	TermMonths int    `json:"term_months"`
	Billing    string `json:"billing"`
	UnitPrice  int64  `json:"unit_price"`
	Currency   string `json:"currency"`
}

type offer struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Country string `json:"country"`
}

// review is what completing would do.
type review struct {
	Partner       side   `json:"partner"`
	Customer      side   `json:"customer"`
	PartnerAccess string `json:"partner_access"`
}

// side is an organization that an order would be mapped to; ID is "" for one that would be created.
type side struct {
	ID       string `json:"id,omitempty"`
	New      bool   `json:"new"`
	Name     string `json:"name"`
	Country  string `json:"country"`
	Phone    string `json:"phone,omitempty"`
	Language string `json:"language,omitempty"`
}

func answerOf(v *visit) answer {
	a := answer{Step: string(v.step), Next: v.next, Order: orderOf(v.order), Offers: []offer{}, PasswordToken: v.password}
	var offered []commerce.Organization
	switch commerce.Step(v.next) {
	case commerce.StepPartnerOrganization:
		offered = v.known.Partners
	case commerce.StepCustomerOrganization:
		offered = v.known.Customers
	}
	for _, o := range offered {
		a.Offers = append(a.Offers, offer{o.ID, o.Name, o.Country})
	}
	if v.step == commerce.StepReview && v.next == string(commerce.StepComplete) {
		p := v.answers.Plan(v.order, v.known)
		a.Review = &review{sideOf(p.Partner, p.PartnerNew), sideOf(p.Customer, p.CustomerNew), string(p.Access)}
		a.ReviewDigest = v.answers.Digest(v.order, v.known)
	}
	return a
}

func orderOf(o commerce.Order) order {
	all := order{ID: o.ID, Status: string(o.Status), Family: o.Family, Partner: party(o.Partner), Customer: party(o.Customer),
		RequestedStartDate: o.Start.String(), TimeZone: o.Zone, Locale: o.Locale, Lines: []line{}}
	for _, l := range o.Lines {
		all.Lines = append(all.Lines, line{l.ID, l.SKU, string(o.ServiceOf(l)), l.Quantity, l.TermMonths, string(l.Billing), l.UnitPrice, l.Currency})
	}
	return all
}

// sideOf shows of an organization that exists no more than its name and country: whoever holds the link may be outside
// it.
func sideOf(o commerce.Organization, created bool) side {
	if !created {
		return side{ID: o.ID, Name: o.Name, Country: o.Country}
	}
	return side{New: true, Name: o.Name, Country: o.Country, Phone: o.Phone, Language: o.Language}
}
