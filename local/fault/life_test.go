package fault_test

import (
	"fmt"
	"net/http"
	"slices"
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

var entitlements = map[string]string{"ProvisionerUrl": ""}

func lives() []life {
	return []life{
		{name: "set up by a colleague and billed", steps: setUp()},
		{name: "set up where no service platform is", steps: entitled(), parameters: entitlements},
		{name: "left alone, reopened and cancelled", steps: leftAlone()},
		{name: "handed over to the customer", steps: handedOver()},
		{name: "not recognised", steps: unrecognised()},
		{name: "asked for access, provisioned at the second attempt", steps: consented()},
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

// provisioned is the click. Whoever got no answer looks how far it is before they click again: a click on an order that
// failed is another attempt.
func provisioned(name string) step {
	return step{name, func(w *world) {
		at := "/services/" + w.has["order"]
		for range repeats {
			if a, err := w.send("POST", at+"/provision", w.has["session"], object{}); err == nil && a.status == http.StatusOK {
				return
			}
			if w.ask("GET", at+"/progress", w.has["session"], nil, ok).text("status") == "failed" && w.has["failed"] == "" {
				return
			}
		}
		w.fail("the click gets no answer")
	}}
}

// setUp is an order placed days ahead whose contact lets it lie, then passes it on to a colleague, who does everything.
func setUp() []step {
	start := time.Date(2026, time.December, 1, 0, 0, 0, 0, time.UTC)
	opening := start.Add(7 * time.Hour).Sub(cloudtest.Noon)
	return slices.Concat([]step{
		{"place ahead", func(w *world) { w.has["order"] = w.place(start, ana) }},
		becomes("invited", later("invite on the day", opening)),
		later("escalate and remind", opening+day+2*time.Hour),
		later("remind", opening+3*day+2*time.Hour),
		{"start", func(w *world) { w.ask("POST", "/setup/role", w.secret(ana, "/setup"), object{"role": "partner"}, ok) }},
		{"delegate", func(w *world) {
			w.ask("POST", "/setup/delegate", w.secret(ana, "/setup"), object{"role": "partner", "set_up_by": "colleague", "delegate_email": bor}, ok)
		}},
		becomes("mapped", completed(bor, "new")), chosen(bor), welcomed()},
		settings(), []step{becomes("active", provisioned("provision")), later("charge", opening+40*day)})
}

// entitled is a short life, without a service platform.
func entitled() []step {
	return slices.Concat([]step{placed(bor), invited(), completed(bor, "new"), chosen(bor)}, settings(),
		[]step{becomes("active", provisioned("entitle")), later("charge for months", 100*day)})
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

// leftAlone is an order that nobody sets up: reminded, closed, reopened, sent again, its contact changed, cancelled.
func leftAlone() []step {
	return []step{
		placed(bor), invited(),
		later("remind all", 5*day+2*time.Hour),
		later("give notice", 6*day+2*time.Hour),
		becomes("closed", later("close", 7*day+2*time.Hour)),
		becomes("invited", noted("reopen", "POST", "/reopen", object{"reason": "they were away"})),
		noted("resend", "POST", "/resend", object{"reason": "they lost it"}),
		noted("amend", "PATCH", "", object{"provisioning_contact": object{"email": ana}}),
		becomes("cancelled", step{"cancel", func(w *world) {
			w.ask("POST", "/orders/"+w.has["order"]+"/cancel", "", object{"reason": "not wanted"}, ok)
		}}),
		later("long after", 60*day),
	}
}

// handedOver is an order that the customer sets up alone.
func handedOver() []step {
	return []step{
		placed(bor), invited(),
		{"hand over", func(w *world) {
			w.ask("POST", "/setup/delegate", w.secret(bor, "/setup"), object{"role": "partner", "set_up_by": "customer", "delegate_email": it}, ok)
		}},
		becomes("mapped", step{"complete as customer", func(w *world) {
			w.has["token"] = w.complete(w.secret(it, "/setup"), object{"role": "customer", "customer_admin_email": it, "customer_organization": "new",
				"customer_name": "Alpine Mills GmbH", "customer_country": "AT", "customer_language": "sl"})
		}}),
		{"password of the customer", func(w *world) { w.has["session"] = w.choose(w.has["token"], it) }},
	}
}

// unrecognised is a second order whose contact does not know the organization that is offered.
func unrecognised() []step {
	return []step{placed(bor), invited(), completed(bor, "new"), placed(ana), invited(), {"unrecognised", func(w *world) {
		link := w.secret(ana, "/setup")
		w.ask("POST", "/setup/role", link, object{"role": "partner"}, ok)
		w.ask("POST", "/setup/partner-organization", link, object{"role": "partner", "set_up_by": "me", "unrecognised": "true"}, ok)
	}}}
}

// consented is a second order whose partner asks the customer of the first for access; its platform first refuses, then
// takes its time.
func consented() []step {
	behaving := func(how string, s step) step {
		do := s.do
		s.do = func(w *world) {
			if err := w.Behave("meetings", how, 0); err != nil {
				w.fail("%v", err)
			}
			do(w)
		}
		return s
	}
	return slices.Concat([]step{placed(bor), invited(), completed(bor, "new"), welcomed(), placed(eva), invited(),
		{"complete with an organization that exists", func(w *world) {
			link, a := w.secret(eva, "/setup"), partner("new")
			a["partner_name"], a["partner_admin_email"] = "Obala", eva
			for _, name := range []string{"customer_organization", "customer_name", "customer_country", "customer_language"} {
				delete(a, name)
			}
			offers, _ := w.ask("POST", "/setup/customer-admin", link, a, ok).object["offers"].([]any)
			if len(offers) != 1 {
				w.fail("%d organizations are offered", len(offers))
			}
			a["customer_organization"] = object(offers[0].(map[string]any)).text("id")
			w.has["token"] = w.complete(link, a)
		}},
		chosen(eva),
		{"consent", func(w *world) { // what was answered although nobody heard of it is not answered again
			w.ask("POST", "/access", "", object{"token": w.secret(it, "/access"), "decision": "yes"}, []int{200, 410})
		}},
		{"forget the password", func(w *world) { w.ask("POST", "/forgot", "", object{"email": eva}, []int{http.StatusAccepted}) }},
		{"sign in", func(w *world) {
			w.has["session"] = w.ask("POST", "/sign-in", "", object{"email": eva, "password": password}, ok).text("session")
		}}},
		settings(), []step{
			becomes("failed", behaving("fail", provisioned("provision in vain"))),
			{"know of it", func(w *world) { w.has["failed"] = "known" }},
			becomes("active", behaving("slow", provisioned("provision again"))),
		})
}
