package browser_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"dayone/local/cloud"
	"dayone/local/cloud/cloudtest"
	"dayone/local/functions"
)

const sent = `{"external_ref": "CCW-81234567", "family": "A-FLEX",
  "partner": {"name": "Nordlicht Partner d.o.o.", "country": "SI"}, "customer": {"name": "Alpine Mills GmbH", "country": "AT"},
  "requested_start_date": "2026-11-23", "time_zone": "Europe/Ljubljana", "locale": "en",
  "provisioning_contact": {"email": "ana@nordlicht.example", "alias": false},
  "account_representative": {"name": "Maja Zupan", "email": "maja.zupan@vendor.example"},
  "lines": [
    {"subscription_id": "Sub1076543", "sku": "A-FLEX-CALL", "quantity": 25, "term_months": 36, "billing": "monthly", "unit_price": 1250, "currency": "EUR"},
    {"subscription_id": "Sub1076544", "sku": "A-FLEX-MEET", "quantity": 25, "term_months": 36, "billing": "annual", "unit_price": 9900, "currency": "EUR"}]}`

// invited plays the cloud, places an order that starts today and answers it with the address of its letter.
func invited(t *testing.T, locale string) (c *cloud.Cloud, order, letter string) {
	t.Helper()
	c = cloudtest.Start(t, cloud.Config{Functions: functions.All()})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.URL+"/orders", strings.NewReader(strings.Replace(sent, `"en"`, `"`+locale+`"`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", "browser-walk-0001")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var placed struct{ ID string }
	if err := json.NewDecoder(answer.Body).Decode(&placed); err != nil || answer.StatusCode != http.StatusCreated {
		t.Fatalf("place: %d %v", answer.StatusCode, err)
	}
	if err := c.Run(t.Context(), "Letters"); err != nil {
		t.Fatal(err)
	}
	inbox := c.Inbox()
	if len(inbox) != 1 {
		t.Fatalf("%d letters", len(inbox))
	}
	return c, placed.ID, c.URL + "/_local/inbox/" + inbox[0].ID + "/html"
}

// status is where the order stands, as its caller sees it.
func status(t *testing.T, c *cloud.Cloud, order string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.URL+"/orders/"+order, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var o struct{ Status string }
	if err := json.NewDecoder(answer.Body).Decode(&o); err != nil {
		t.Fatal(err)
	}
	return o.Status
}

func TestFromTheLetterToServicesThatRun(t *testing.T) {
	c, order, letter := invited(t, "en")
	b := openTab(t, true)
	b.open(letter)
	b.picture("letter-alone")
	b.press("Set up now")
	b.press("Continue")
	b.on("Set up your order")
	b.picture("start")
	b.press("Start setup")
	b.on("What is your role?")
	b.press("Next")
	b.says("There is a problem")
	b.picture("error")
	b.pick("role", "partner")
	b.press("Next")
	b.on("Will you set up the services?")
	b.pick("set_up_by", "me")
	b.press("Next")
	b.on("Create your partner organization")
	b.picture("wizard")
	b.fill("partner_name", "Nordlicht Partner d.o.o.")
	b.fill("partner_admin_email", "ana@")
	b.choose("partner_country", "SI")
	b.press("Next")
	b.says("Enter an email address in the correct format, like name@example.com")
	if got := b.value("partner_name"); got != "Nordlicht Partner d.o.o." {
		t.Errorf("the name was not kept: %q", got)
	}
	b.fill("partner_admin_email", "ana@nordlicht.example")
	b.press("Next")
	b.on("Who is the customer's administrator?")
	b.fill("customer_admin_email", "it@alpine.example")
	b.press("Back")
	b.on("Create your partner organization")
	b.press("Next")
	if got := b.value("customer_admin_email"); got != "it@alpine.example" {
		t.Errorf("Back lost what was typed: %q", got)
	}
	b.press("Next")
	b.on("Confirm the customer's details")
	b.picture("customer")
	b.fill("customer_name", "Alpine Mills GmbH")
	b.choose("customer_country", "AT")
	b.choose("customer_language", "en")
	b.press("Next")
	b.on("Check the details before you set up the order")
	b.picture("review")
	b.press("Next")
	b.on("Your order was set up successfully")
	b.picture("success")
	if got := status(t, c, order); got != "mapped" {
		t.Fatalf("the order is %s", got)
	}

	b.press("Continue")
	b.on("Create a password")
	b.picture("password")
	b.fill("password", "too short")
	b.press("Continue")
	b.says("Use at least 15 characters")
	b.fill("password", "a short sentence works")
	b.press("Continue")
	b.says("Not yet started")
	b.picture("tasks")
	b.press("Subscription details")
	b.press("Next")
	b.press("Calling settings")
	b.picture("calling")
	b.choose("country", "AT")
	b.fill("location_name", "Head office")
	b.fill("address", "Mühlgasse 1")
	b.fill("city", "Graz")
	b.fill("postal_code", "8010")
	b.press("Save")
	b.press("Meeting settings")
	b.press("Save")
	b.press("Enterprise settings")
	b.fill("subdomain", "alpine-mills")
	b.press("Check availability")
	b.says("is available")
	b.picture("enterprise")
	b.press("Save")
	b.picture("activate")
	b.press("Provision and start billing")
	b.on("Your services are ready")
	b.picture("ready")
	if got := status(t, c, order); got != "active" {
		t.Fatalf("the order is %s", got)
	}
}
