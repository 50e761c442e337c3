package commerce

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Billing says how often a line is charged.
type Billing string

const (
	Monthly Billing = "monthly"
	Annual  Billing = "annual"
	Prepaid Billing = "prepaid" // once, for the whole term
)

// Party is a company as the order names it.
type Party struct {
	Name    string
	Country string // ISO 3166-1 alpha-2
}

// Person is somebody with a name and an address.
type Person struct {
	Name  string
	Email Address
}

// Terms are what was ordered.
type Terms struct {
	ExternalRef    string
	Family         string
	Partner        Party
	Customer       Party
	Start          Date
	Zone           string // IANA name
	Locale         string // a language people can be written to in
	Contact        Address
	ContactAlias   bool // the contact is an alias of several people
	Representative Person
	PurchaseOrder  string
	Lines          []Line
}

// Line is one subscription of an order.
type Line struct {
	ID           string // unique in its order: "1", "2", …
	Subscription string
	SKU          string
	Quantity     int
	TermMonths   int
	Billing      Billing
	UnitPrice    int64 // minor units of Currency for one unit and one billing period
	Currency     string
	AutoRenew    bool // at the end of its term another one of the same length begins

	Status  LineStatus
	Reason  string // why it failed, in the service's words
	Charged int    // how many billing periods have been charged
}

// Limits of an order's fields.
const (
	maxName     = 120
	maxRef      = 64
	maxLines    = 50
	maxQuantity = 1_000_000
	maxPrice    = 1_000_000_000
	maxTerm     = 120
	maxAhead    = 3 * 366 // days from placing to starting
)

func (t Terms) check(now time.Time) error {
	var c Check
	if c.That(t.ExternalRef != "", "external_ref", "missing", "Name the order as your own system does.") {
		c.That(len(t.ExternalRef) <= maxRef && isToken(t.ExternalRef), "external_ref", "malformed", "Use up to 64 letters, digits and . _ : / -.")
	}
	family, known := FamilyNamed(t.Family)
	c.That(known, "family", "unknown", "Use A-FLEX, A-FLEX-3, A-WX or A-SPK.")
	t.Partner.check(&c, "partner")
	t.Customer.check(&c, "customer")
	zone, err := Zone(t.Zone)
	c.That(err == nil, "time_zone", "unknown", "Use an IANA time zone such as Europe/Ljubljana.")
	c.That(slices.Contains(Locales, t.Locale), "locale", "unknown", "Use one of: "+strings.Join(Locales, ", ")+".")
	if c.That(!t.Start.IsZero(), "requested_start_date", "missing", "Use a date such as 2026-12-01.") && err == nil {
		ahead := DateOf(now.In(zone)).DaysUntil(t.Start)
		c.That(ahead <= maxAhead && ahead >= -maxAhead, "requested_start_date", "out_of_range", "Use a date within three years of today.")
	}
	c.That(t.Contact != "", "provisioning_contact/email", "malformed", addressHelp)
	checkName(&c, t.Representative.Name, "account_representative/name")
	c.That(t.Representative.Email != "", "account_representative/email", "malformed", addressHelp)
	c.That(t.PurchaseOrder == "" || isText(t.PurchaseOrder, maxRef), "purchase_order", "malformed", "Use up to 64 characters on one line.")
	checkLines(&c, t.Lines, family, known)
	return c.Err()
}

const addressHelp = "Enter an email address in the correct format, like name@example.com."

// Locales are the languages that people can be written to in.
var Locales = []string{"de", "en", "sl"}

func (p Party) check(c *Check, field string) {
	checkName(c, p.Name, field+"/name")
	c.That(IsCountry(p.Country), field+"/country", "unknown", "Use an ISO 3166 code of two capital letters, such as SI.")
}

func checkName(c *Check, s, field string) {
	if c.That(strings.TrimSpace(s) != "", field, "missing", "Enter a name.") {
		c.That(isText(s, maxName), field, "malformed", "Use up to 120 characters on one line.")
	}
}

func checkLines(c *Check, lines []Line, family Family, known bool) {
	if !c.That(len(lines) > 0, "lines", "missing", "Order at least one subscription.") {
		return
	}
	c.That(len(lines) <= maxLines, "lines", "too_many", "An order has up to 50 lines.")
	subscriptions, skus := map[string]bool{}, map[string]bool{}
	for _, l := range lines {
		skus[l.SKU] = true
	}
	for i, l := range lines {
		at := func(field string) string { return fmt.Sprintf("lines/%d/%s", i, field) }
		if c.That(l.Subscription != "" && len(l.Subscription) <= maxRef && isToken(l.Subscription), at("subscription_id"), "malformed", "Use up to 64 letters, digits and . _ : / -.") {
			c.That(!subscriptions[l.Subscription], at("subscription_id"), "twice", "Each line has a subscription of its own.")
		}
		subscriptions[l.Subscription] = true
		if known {
			product, sold := family.Product(l.SKU)
			if c.That(sold, at("sku"), "unknown", "This family has no such sku.") {
				c.That(product.Needs == "" || skus[product.Needs], at("sku"), "needs_base", "This add-on needs "+product.Needs+" in the same order.")
			}
		}
		c.That(l.Quantity >= 1 && l.Quantity <= maxQuantity, at("quantity"), "out_of_range", "Order from 1 to 1,000,000.")
		term := c.That(l.TermMonths >= 1 && l.TermMonths <= maxTerm, at("term_months"), "out_of_range", "Use a term from 1 to 120 months.")
		billing := c.That(l.Billing == Monthly || l.Billing == Annual || l.Billing == Prepaid, at("billing"), "unknown", "Use monthly, annual or prepaid.")
		if term && billing && l.Billing == Annual {
			c.That(l.TermMonths%12 == 0, at("term_months"), "not_whole_years", "A line that is billed annually has a term of whole years.")
		}
		c.That(l.UnitPrice >= 0 && l.UnitPrice <= maxPrice, at("unit_price"), "out_of_range", "Use minor units from 0 to 1,000,000,000.")
		if c.That(IsCurrency(l.Currency), at("currency"), "unknown", "Use an ISO 4217 code, such as EUR.") {
			c.That(l.Currency == lines[0].Currency || !IsCurrency(lines[0].Currency), at("currency"), "mixed", "All lines of an order have one currency.")
		}
	}
}

// isToken reports whether s is made of what references and ids are made of.
func isToken(s string) bool {
	for _, r := range s {
		if !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("._:/-", r)) {
			return false
		}
	}
	return true
}
