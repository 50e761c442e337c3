package fault_test

import (
	"fmt"
	"net/http"
	"time"

	"dayone/local/cloud/cloudtest"
)

// life is an order from its beginning to its end.
type life struct {
	name       string
	parameters map[string]string
	steps      []step
	twice      bool // two schedulers run at once
}

// step is something that somebody does, or that the clock does by being moved. Steps of one name are the same step, and
// need not be broken in two lives.
type step struct {
	name string
	do   func(*world)
}

const (
	ana      = "ana@nordlicht.example"
	bor      = "bor@nordlicht.example"
	eva      = "eva@obala.example"
	it       = "it@alpine.example"
	day      = 24 * time.Hour
	password = "a short sentence works"
)

// What a stack may be without: a service platform, and another system that hears of events. Without the latter most changes
// are one write, and no transaction.
var (
	entitlements = map[string]string{"ProvisionerUrl": ""}
	unheard      = map[string]string{"EventsUrl": ""}
)

func lives() []life {
	return []life{
		{name: "set up by a colleague and billed", steps: setUp()},
		{name: "set up where no service platform is", steps: entitled(), parameters: entitlements},
		{name: "left alone, reopened and cancelled", steps: leftAlone(), parameters: unheard},
		{name: "handed over to the customer", steps: handedOver(), parameters: unheard},
		{name: "not recognised", steps: unrecognised(), parameters: unheard},
		{name: "asked for access, provisioned at the second attempt", steps: consented()},
		{name: "held, then changed while it runs, to its end", steps: changed()},
	}
}

// place places an order that starts on a day, and answers its id.
func (w *world) place(start time.Time, contact string) string {
	w.orders++
	n := w.orders
	line := func(sku, billing string, price int) object {
		return object{"subscription_id": fmt.Sprintf("Sub%d-%s", n, sku), "sku": "A-FLEX-" + sku, "quantity": 25, "term_months": 36,
			"billing": billing, "unit_price": price, "currency": "EUR"}
	}
	id := w.ask("POST", "/orders", "", object{
		"external_ref": fmt.Sprintf("CCW-%d", n), "family": "A-FLEX",
		"partner": object{"name": "Nordlicht Partner d.o.o.", "country": "SI"}, "customer": object{"name": "Alpine Mills GmbH", "country": "AT"},
		"requested_start_date": start.Format(time.DateOnly), "time_zone": "Europe/Ljubljana", "locale": "en",
		"provisioning_contact":   object{"email": contact, "alias": false},
		"account_representative": object{"name": "Maja Zupan", "email": "maja.zupan@vendor.example"},
		"lines":                  []object{line("CALL", "monthly", 1250), line("MEET", "annual", 9900)},
	}, []int{http.StatusCreated}, "Idempotency-Key", fmt.Sprintf("fault-harness-key-%d", n)).text("id")
	w.name(id, fmt.Sprintf("order-%d", n))
	return id
}

// partner are the answers of a partner for a new customer.
func partner(organization string) object {
	a := object{"role": "partner", "set_up_by": "me", "partner_organization": organization,
		"customer_admin_email": it, "customer_organization": "new", "customer_name": "Alpine Mills GmbH", "customer_country": "AT", "customer_language": "en"}
	if organization == "new" {
		a["partner_name"], a["partner_country"], a["partner_admin_email"] = "Nordlicht Partner d.o.o.", "SI", bor
	}
	return a
}

// complete reviews and completes, again from the review where something changed meanwhile, and answers the password
// token.
func (w *world) complete(link string, answers object) string {
	w.ask("POST", "/setup/role", link, object{"role": answers["role"]}, ok)
	review := w.ask("POST", "/setup/review", link, answers, ok)
	sent := object{"review_digest": review.text("review_digest")}
	for name, v := range answers {
		sent[name] = v
	}
	return w.ask("POST", "/setup/complete", link, sent, ok).text("password_token")
}

// choose creates a password. Whoever hears that the link was used although they got no answer signs in with it.
func (w *world) choose(token, email string) (session string) {
	a := w.ask("POST", "/password", "", object{"token": token, "password": password}, []int{200, 410})
	if a.status == 410 {
		a = w.ask("POST", "/sign-in", "", object{"email": email, "password": password}, ok)
	}
	return a.text("session")
}

// saves posts a page of part two as whoever is signed in.
func saves(task string, fields object) step {
	return step{task, func(w *world) { w.ask("POST", "/services/"+w.has["order"]+"/"+task, w.has["session"], fields, ok) }}
}

// settings are the pages of part two.
func settings() []step {
	rename := saves("enterprise", object{"subdomain": "alpine-mills"})
	rename.name = "enterprise renamed"
	return []step{
		saves("subscription", object{"reviewed": true}),
		saves("calling", object{"country": "AT", "location_name": "Head office", "address": "Mühlgasse 1", "city": "Graz", "postal_code": "8010",
			"time_zone": "Europe/Vienna", "language": "en", "main_number": "+43 316 123456"}),
		saves("meetings", object{"time_zone": "Europe/Vienna", "language": "en"}),
		saves("enterprise", object{"subdomain": "alpine"}),
		rename,
	}
}

// becomes is a step after which the order has this status.
func becomes(status string, s step) step {
	do := s.do
	s.do = func(w *world) {
		do(w)
		w.quiet()
		w.wire.quietly(func() {
			if got := w.ask("GET", "/orders/"+w.has["order"], "", nil, ok).text("status"); got != status {
				w.fail("after %q the order is %s, not %s", s.name, got, status)
			}
		})
	}
	return s
}

// later is a step that moves the clock to an instant after the beginning.
func later(name string, after time.Duration) step {
	return step{name, func(w *world) { w.move(cloudtest.Noon.Add(after)) }}
}

func placed(contact string) step {
	return step{"place", func(w *world) { w.has["order"] = w.place(w.Now(), contact) }}
}

func invited() step { return step{"invite", (*world).runAll} }

func completed(contact, organization string) step {
	return step{"complete", func(w *world) { w.has["token"] = w.complete(w.secret(contact, "/setup"), partner(organization)) }}
}

func chosen(email string) step {
	return step{"password", func(w *world) { w.has["session"] = w.choose(w.has["token"], email) }}
}

func welcomed() step {
	return step{"welcome", func(w *world) { w.choose(w.secret(it, "/password"), it) }}
}

// provisioned is a click, the nth that begins something. Whoever gets no answer clicks again.
func provisioned(name string, attempt int) step {
	return step{name, func(w *world) {
		w.ask("POST", "/services/"+w.has["order"]+"/provision", w.has["session"], object{"attempt": attempt}, ok)
	}}
}

// noted sends a change of the order with the version that was seen: whoever got no answer then hears that the order has
// changed, and does not change it twice.
func noted(name, method, path string, body object) step {
	return step{name, func(w *world) {
		at, etag := "/orders/"+w.has["order"], ""
		w.wire.quietly(func() { etag = w.ask("GET", at, "", nil, ok).header.Get("ETag") })
		w.ask(method, at+path, "", body, []int{200, 412}, "If-Match", etag)
	}}
}
