package orders

import (
	"dayone/shared/api"
	"dayone/shared/commerce"
)

// terms is an order as the commerce system sends it.
type terms struct {
	ExternalRef           string  `json:"external_ref"`
	Family                string  `json:"family"`
	Partner               party   `json:"partner"`
	Customer              party   `json:"customer"`
	RequestedStartDate    string  `json:"requested_start_date"`
	TimeZone              string  `json:"time_zone,omitempty"`
	Locale                string  `json:"locale,omitempty"`
	ProvisioningContact   contact `json:"provisioning_contact"`
	AccountRepresentative person  `json:"account_representative"`
	PurchaseOrder         string  `json:"purchase_order,omitempty"`
	Lines                 []line  `json:"lines"`
}

type party struct {
	Name    string `json:"name"`
	Country string `json:"country"`
}

type contact struct {
	Email string `json:"email"`
	Alias bool   `json:"alias"`
}

type person struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

type line struct {
	SubscriptionID string `json:"subscription_id"`
	SKU            string `json:"sku"`
	Quantity       int    `json:"quantity"`
	TermMonths     int    `json:"term_months"`
	Billing        string `json:"billing"`
	UnitPrice      int64  `json:"unit_price"`
	Currency       string `json:"currency"`
	AutoRenew      *bool  `json:"auto_renew,omitempty"` // left out: as it is, false for a new line
}

// commerce is the terms in the business's words. A date or an address that is none becomes empty, which the rules name.
func (t terms) commerce(d Defaults) commerce.Terms {
	start, _ := commerce.ParseDate(t.RequestedStartDate)
	c := commerce.Terms{
		ExternalRef: t.ExternalRef, Family: t.Family,
		Partner: commerce.Party(t.Partner), Customer: commerce.Party(t.Customer),
		Start: start, Zone: t.TimeZone, Locale: t.Locale,
		Contact: api.Address(t.ProvisioningContact.Email), ContactAlias: t.ProvisioningContact.Alias,
		Representative: commerce.Person{Name: t.AccountRepresentative.Name, Email: api.Address(t.AccountRepresentative.Email)},
		PurchaseOrder:  t.PurchaseOrder,
		Lines:          ordered(t.Lines),
	}
	if c.Zone == "" {
		c.Zone = d.Zone
	}
	if c.Locale == "" {
		c.Locale = d.Locale
	}
	return c
}

// checkDate refuses a start date that was sent and is none; one that was left out is named by the rules.
func checkDate(start string) error {
	if _, err := commerce.ParseDate(start); err != nil && start != "" {
		return commerce.Invalid("requested_start_date", "malformed", "Use a date such as 2026-12-01.")
	}
	return nil
}

func ordered(lines []line) []commerce.Line {
	all := make([]commerce.Line, len(lines))
	for i, l := range lines {
		all[i] = commerce.Line{Subscription: l.SubscriptionID, SKU: l.SKU, Quantity: l.Quantity, TermMonths: l.TermMonths,
			Billing: commerce.Billing(l.Billing), UnitPrice: l.UnitPrice, Currency: l.Currency,
			AutoRenew: l.AutoRenew != nil && *l.AutoRenew}
	}
	return all
}
