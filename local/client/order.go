package client

import (
	"fmt"
	"time"
)

// Order is the body of an order number n that starts on a day: two lines, calls by the month and meetings by the year.
// Numbers give it a reference, subscriptions and a contact of its own.
func Order(n int, start time.Time) Object {
	line := func(i int, sku, billing string, price int64) Object {
		return Object{"subscription_id": fmt.Sprintf("Sub%d-%d", n, i), "sku": sku, "quantity": 25, "term_months": 36,
			"billing": billing, "unit_price": price, "currency": "EUR"}
	}
	return Object{
		"external_ref": fmt.Sprintf("CCW-%d", n), "family": "A-FLEX",
		"partner": Object{"name": "Nordlicht Partner d.o.o.", "country": "SI"}, "customer": Object{"name": "Alpine Mills GmbH", "country": "AT"},
		"requested_start_date": start.Format(time.DateOnly), "time_zone": "Europe/Ljubljana", "locale": "en",
		"provisioning_contact":   Object{"email": fmt.Sprintf("ana@partner-%d.example", n), "alias": false},
		"account_representative": Object{"name": "Maja Zupan", "email": "maja.zupan@vendor.example"},
		"lines":                  []Object{line(1, "A-FLEX-CALL", "monthly", 1250), line(2, "A-FLEX-MEET", "annual", 9900)},
	}
}

// Key is the idempotency key of order number n.
func Key(n int) string { return fmt.Sprintf("order-number-%012d", n) }

// PartnerSetsUp are the first answers of a partner who sets up.
func PartnerSetsUp() Object { return Object{"role": "partner", "set_up_by": "me"} }

// NewPartner creates a partner organization with an administrator.
func NewPartner(administrator string) Object {
	return Object{"partner_organization": "new", "partner_name": "Nordlicht Partner d.o.o.", "partner_country": "SI", "partner_admin_email": administrator}
}

// NewCustomer creates a customer organization with an administrator.
func NewCustomer(administrator string) Object {
	return Object{"customer_admin_email": administrator, "customer_organization": "new", "customer_name": "Alpine Mills GmbH",
		"customer_country": "AT", "customer_language": "en"}
}

// Calling are calling settings.
func Calling() Object {
	return Object{"country": "AT", "location_name": "Head office", "address": "Mühlgasse 1", "city": "Graz", "postal_code": "8010",
		"time_zone": "Europe/Vienna", "language": "en", "main_number": "+43 316 123456"}
}

// Meetings are meeting settings.
func Meetings() Object { return Object{"time_zone": "Europe/Vienna", "language": "en"} }
