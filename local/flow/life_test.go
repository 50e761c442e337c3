package flow_test

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	ana = "ana@nordlicht.example"
	it  = "it@alpine.example"
)

func TestAnOrderBecomesRunningBilledServices(t *testing.T) {
	for name, parameters := range map[string]map[string]string{
		"on the service platform": nil,
		"as entitlements":         {"ProvisionerUrl": ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := begin(t, parameters)
			id := w.place(order{start: "2026-12-01", locale: "sl"})
			w.later(24*time.Hour, time.Hour)
			if n := len(w.Inbox()); n != 0 {
				t.Fatalf("%d letters before the start date", n)
			}
			if err := w.Set(t.Context(), time.Date(2026, 12, 1, 7, 0, 0, 0, time.UTC), time.Hour); err != nil {
				t.Fatal(err)
			}
			letters := w.letters(ana, id)
			if len(letters) != 1 || !strings.Contains(letters[0].HTML, "Nastavi zdaj") || !strings.Contains(letters[0].Text, "/setup#psl_") {
				t.Fatalf("on the start date came %+v", letters)
			}
			if got := w.show(id); got.Text("status") != "invited" || got.Text("next", "what") != "setup" {
				t.Fatalf("invited: %s", got.Body)
			}

			done := w.complete(w.secret(ana, "/setup"), asPartner("new", it))
			if done.Text("next") != "password" {
				t.Fatalf("completed: %s", done.Body)
			}
			if got := w.show(id); got.Text("status") != "mapped" || got.Text("mapping", "partner_access") != "granted" {
				t.Fatalf("mapped: %s", got.Body)
			}
			session := w.choose(done.Text("password_token"))
			w.settle(session, id, "alpine-mills")
			progress := w.ask("POST", "/services/"+id+"/provision", session, object{}).want(w, 200)
			if progress.Text("status") != "active" || progress.Text("billing_started_at") == "" {
				t.Fatalf("provisioned: %s", progress.Body)
			}
			if got := w.show(id); got.Text("status") != "active" || got.Text("next", "what") != "charge" {
				t.Errorf("active: %s", got.Body)
			}

			var total float64
			for _, c := range w.charges("2026-12") {
				total += c.At("amount").(float64)
			}
			if total != 25*1250+25*9900 {
				t.Errorf("first charges %v", total)
			}
			csv := w.ask("GET", "/charges?month=2026-12", "", nil, "Accept", "text/csv").want(w, 200)
			if !strings.Contains(csv.Header.Get("Content-Type"), "text/csv") || strings.Count(csv.Body, id) < 2 {
				t.Errorf("CSV %s", csv.Body)
			}
			w.run("Letters")
			for _, to := range []string{ana, it} {
				if len(w.letters(to, "")) == 0 {
					t.Errorf("no letter to %s", to)
				}
			}
		})
	}
}

func TestTheCustomerSetsUpAndThePartnerStaysOut(t *testing.T) {
	w := begin(t, nil)
	// The partner's organization exists from an earlier order, so that there is somebody to keep out.
	first, link := w.invited(order{})
	partner := w.choose(w.complete(link, asPartner("new", "it@other.example")).Text("password_token"))

	id, link := w.invited(order{})
	w.ask("POST", "/setup/delegate", link, object{"role": "partner", "set_up_by": "customer", "delegate_email": it}).want(w, 200)
	w.run("Letters")
	if got := w.ask("POST", "/setup/start", link, object{}); got.Status != 410 || got.Text("code") != "link_replaced" {
		t.Errorf("the old link: %d %s", got.Status, got.Body)
	}
	customer := w.secret(it, "/setup")
	w.ask("POST", "/setup/role", customer, object{"role": "partner"}).want(w, 400)
	done := w.complete(customer, object{"role": "customer", "customer_admin_email": it, "customer_organization": "new",
		"customer_name": "Alpine Mills GmbH", "customer_country": "AT", "customer_language": "sl"})
	session := w.choose(done.Text("password_token"))
	w.ask("GET", "/services/"+id, session, nil).want(w, 200)
	w.ask("GET", "/services/"+id, partner, nil).want(w, 403)
	w.ask("POST", "/services/"+id+"/subscription", partner, object{"reviewed": true}).want(w, 403)
	w.ask("GET", "/services/"+first, partner, nil).want(w, 200)
	w.ask("GET", "/services/"+first, session, nil).want(w, 404)
	if got := w.show(id); got.Text("status") != "mapped" || got.Text("mapping", "partner_access") != "none" {
		t.Errorf("the orderer sees %s", got.Body)
	}
}

func TestAColleagueCarriesOnWithinTheSameWindow(t *testing.T) {
	w := begin(t, nil)
	id, link := w.invited(order{})
	closes := w.show(id).Text("closes_at")
	w.later(26*time.Hour, time.Hour)
	pass := object{"role": "partner", "set_up_by": "colleague", "delegate_email": "Bor@Nordlicht.example "}
	for range 2 {
		w.ask("POST", "/setup/delegate", link, pass).want(w, 200)
	}
	w.run("Letters")
	if n := len(w.letters("bor@nordlicht.example", "")); n != 1 {
		t.Errorf("%d letters to the colleague", n)
	}
	if got := w.show(id); got.Text("closes_at") != closes {
		t.Errorf("the window moved from %s to %s", closes, got.Text("closes_at"))
	}
	done := w.complete(w.secret("bor@nordlicht.example", "/setup"), asPartner("new", it))
	if done.Text("password_token") == "" {
		t.Errorf("completed: %s", done.Body)
	}
}

func TestASecondOrderOffersTheOrganization(t *testing.T) {
	w := begin(t, nil)
	_, link := w.invited(order{})
	w.complete(link, asPartner("new", it))
	_, link = w.invited(order{contact: "bor@nordlicht.example"})
	offers := w.ask("POST", "/setup/who", link, object{"role": "partner", "set_up_by": "me"}).want(w, 200).List("offers")
	if len(offers) != 1 || offers[0].Text("name") != "Nordlicht Partner d.o.o." || offers[0].Text("country") != "SI" {
		t.Fatalf("offered %v", offers)
	}
	// Typed with capitals and spaces, the administrator is still the same, and so is the organization.
	answers := object{"role": "partner", "set_up_by": "me", "partner_organization": offers[0].Text("id"), "customer_admin_email": " IT@Alpine.Example "}
	customers := w.ask("POST", "/setup/customer-admin", link, answers).want(w, 200).List("offers")
	if len(customers) != 1 {
		t.Fatalf("offered %v", customers)
	}
	answers["customer_organization"] = customers[0].Text("id")
	if done := w.complete(link, answers); done.Text("next") != "sign-in" || done.Text("password_token") != "" {
		t.Errorf("completed: %s", done.Body)
	}
	w.run("Letters")
	if len(w.letters(ana, "")) < 3 {
		t.Errorf("the administrator was not told that a colleague who is no member set up an order: %v", w.letters(ana, ""))
	}
	// A partner's administrator cannot administer a customer.
	_, link = w.invited(order{contact: "bor@nordlicht.example"})
	answers = object{"role": "partner", "set_up_by": "me", "partner_organization": offers[0].Text("id"), "customer_admin_email": ana}
	if got := w.ask("POST", "/setup/customer-admin", link, answers); got.Status != 409 || got.Text("code") != "address_taken" || strings.Contains(got.Body, "Nordlicht") {
		t.Errorf("a partner's administrator: %d %s", got.Status, got.Body)
	}
}

func TestTypingAnAddressOpensNobodysOrganization(t *testing.T) {
	w := begin(t, nil)
	_, link := w.invited(order{})
	w.complete(link, asPartner("new", it))
	w.run("Letters")
	owner := w.choose(w.secret(it, "/password"))

	for _, decision := range []string{"yes", "no", ""} {
		contact := "eva@obala" + decision + ".example"
		id, link := w.invited(order{contact: contact, partner: "Obala"})
		answers := asPartner("new", it)
		answers["partner_name"], answers["partner_admin_email"] = "Obala", contact
		for _, field := range []string{"customer_name", "customer_country", "customer_language"} {
			delete(answers, field)
		}
		offers := w.ask("POST", "/setup/customer-admin", link, object{"role": "partner", "set_up_by": "me", "partner_organization": "new",
			"partner_name": "Obala", "partner_country": "SI", "partner_admin_email": contact, "customer_admin_email": it}).want(w, 200).List("offers")
		answers["customer_organization"] = offers[0].Text("id")
		session := w.choose(w.complete(link, answers).Text("password_token"))
		w.ask("GET", "/services/"+id, session, nil).want(w, 403)
		w.ask("GET", "/services/"+id, owner, nil).want(w, 200)
		w.run("Letters")
		consent := w.secret(it, "/access")
		want := 403
		if decision != "" {
			w.ask("POST", "/access", "", object{"token": consent, "decision": decision}).want(w, 200)
			if got := w.ask("POST", "/access", "", object{"token": consent, "decision": "yes"}); got.Status != 410 {
				t.Errorf("the link a second time: %d", got.Status)
			}
		}
		if decision == "yes" {
			want = 200
		}
		w.ask("GET", "/services/"+id, session, nil).want(w, want)
	}
}

func TestAScannerDoesNoHarm(t *testing.T) {
	w := begin(t, nil)
	id, link := w.invited(order{})
	before := w.show(id).Body
	page := ""
	for _, path := range []string{"/setup", "/setup?x=1", "/setup%23" + link, "/setup/start"} {
		for range 12 {
			got := w.ask("GET", path, "", nil, "Accept", "text/html")
			if path == "/setup" {
				if page == "" {
					page = got.Body
				}
				if got.Body != page || got.Status != 200 {
					t.Fatal("the page is not the same for everybody")
				}
			}
			w.ask("HEAD", path, "", nil)
			w.ask("OPTIONS", path, "", nil)
		}
	}
	if strings.Contains(page, link) {
		t.Error("the page has the secret")
	}
	w.form("/setup/start", url.Values{"token": {link}}).want(w, 200) // the first button
	if after := w.show(id).Body; after != before {
		t.Errorf("changed to %s", after)
	}
	w.later(25*time.Hour, time.Hour)
	if n := len(w.letters("maja.zupan@vendor.example", "")); n != 1 {
		t.Errorf("the representative was told %d times", n)
	}
	w.complete(w.secret(ana, "/setup"), asPartner("new", it))
}

func TestStartedMeansNobodyIsTold(t *testing.T) {
	w := begin(t, nil)
	_, link := w.invited(order{})
	w.ask("POST", "/setup/role", link, object{"role": "customer"}).want(w, 200)
	w.later(72*time.Hour, time.Hour)
	if n := len(w.letters("maja.zupan@vendor.example", "")); n != 0 {
		t.Errorf("the representative was told %d times", n)
	}
}

// Scenario 20.
func TestAMappedOrderIsPastThePointOfNoReturn(t *testing.T) {
	w := begin(t, nil)
	id, link := w.invited(order{})
	done := w.complete(link, asPartner("new", it))
	etag := w.show(id).Header.Get("ETag")
	for _, deed := range []string{"resend", "cancel"} {
		if got := w.ask("POST", "/orders/"+id+"/"+deed, "", object{"reason": "too late"}); got.Status != 409 || got.Text("code") != "order_already_set_up" {
			t.Errorf("%s: %d %s", deed, got.Status, got.Body)
		}
	}
	w.ask("PATCH", "/orders/"+id, "", object{"requested_start_date": "2027-01-01"}, "If-Match", etag).want(w, 409)
	if got := w.ask("POST", "/setup/start", link, object{}); got.Status != 410 || got.Text("code") != "link_used" {
		t.Errorf("the link: %d %s", got.Status, got.Body)
	}
	if page := w.form("/setup/start", url.Values{"token": {link}}); page.Status != 410 || !strings.Contains(page.Body, "/sign-in") {
		t.Errorf("the page of a used link leads nowhere: %d", page.Status)
	}
	if done.Text("password_token") == "" {
		t.Errorf("completed: %s", done.Body)
	}
}

func TestEveryDeadLinkSaysWhy(t *testing.T) {
	w := begin(t, nil)
	want := func(link string, status int, code string) {
		t.Helper()
		got := w.ask("POST", "/setup/start", link, object{})
		if got.Status != status || got.Text("code") != code {
			t.Errorf("%d %s, want %d %s", got.Status, got.Text("code"), status, code)
		}
		if page := w.form("/setup/start", url.Values{"token": {link}}); page.Status != status || !strings.Contains(page.Body, "<h1") {
			t.Errorf("the page of %s: %d %s", code, page.Status, page.Body)
		}
	}
	unknown := "psl_" + strings.Repeat("A", 43)
	want(unknown, 404, "link_unknown")
	want("psl_nonsense", 404, "link_unknown")

	id, replaced := w.invited(order{})
	w.ask("POST", "/orders/"+id+"/resend", "", object{"reason": "they lost it"}).want(w, 200)
	want(replaced, 410, "link_replaced")
	w.run("Letters")
	cancelled := w.secret(ana, "/setup")
	w.ask("POST", "/orders/"+id+"/cancel", "", object{"reason": "not wanted"}).want(w, 200)
	want(cancelled, 410, "link_cancelled")

	_, closed := w.invited(order{contact: "bor@nordlicht.example"})
	w.later(7*24*time.Hour+time.Hour, 6*time.Hour)
	want(closed, 410, "link_closed")
}

func TestChargesFollowTheCalendarToTheEndOfTheTerm(t *testing.T) {
	w := begin(t, map[string]string{"ProvisionerUrl": ""})
	if err := w.Set(t.Context(), time.Date(2027, 1, 31, 12, 0, 0, 0, time.UTC), 31*24*time.Hour); err != nil {
		t.Fatal(err)
	}
	id, link := w.invited(order{lines: []line{{"CALL", "monthly", 10, 1000, 12}}})
	session := w.choose(w.complete(link, asPartner("new", it)).Text("password_token"))
	w.settle(session, id, "alpine-mills")
	w.ask("POST", "/services/"+id+"/provision", session, object{}).want(w, 200)
	w.later(400*24*time.Hour, 24*time.Hour)
	w.run("Billing")
	var days []string
	total := 0.0
	for month := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC); month.Year() < 2029; month = month.AddDate(0, 1, 0) {
		for _, c := range w.charges(month.Format("2006-01")) {
			days = append(days, c.Text("period_start"))
			total += c.At("amount").(float64)
		}
	}
	want := "2027-01-31 2027-02-28 2027-03-31 2027-04-30 2027-05-31 2027-06-30 2027-07-31 2027-08-31 2027-09-30 2027-10-31 2027-11-30 2027-12-31"
	if got := strings.Join(days, " "); got != want || total != 12*10*1000 {
		t.Errorf("charged on %s, in all %v", got, total)
	}
}

func TestProvisioningThatTakesItsTime(t *testing.T) {
	w := begin(t, nil)
	id, link := w.invited(order{})
	session := w.choose(w.complete(link, asPartner("new", it)).Text("password_token"))
	w.settle(session, id, "alpine-mills")
	if err := w.Behave("meetings", "slow", 0); err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			if got := w.ask("POST", "/services/"+id+"/provision", session, object{}); got.Status != 200 {
				t.Errorf("a click: %d %s", got.Status, got.Body)
			}
		})
	}
	wait.Wait()
	if got := w.ask("GET", "/services/"+id+"/progress", session, nil).want(w, 200); got.Text("status") != "provisioning" || got.At("billing_started_at") != nil {
		t.Errorf("meanwhile: %s", got.Body)
	}
	w.later(10*time.Minute, time.Minute)
	if got := w.ask("GET", "/services/"+id+"/progress", session, nil).want(w, 200); got.Text("status") != "active" {
		t.Errorf("at last: %s", got.Body)
	}
	month := w.Now().Format("2006-01")
	if n := len(w.charges(month)); n != 2 {
		t.Errorf("%d first charges for two lines", n)
	}
}

func TestHostileNamesAreDataEverywhere(t *testing.T) {
	for i, name := range []string{`<script>alert("1")</script>`, "=HYPERLINK(\"http://x\")", "Алпски млинови", "شركة الطواحين", `"><img src=x onerror=alert(1)>`} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			w := begin(t, nil)
			id, link := w.invited(order{customer: name, partner: name})
			for _, l := range w.Inbox() {
				if strings.Contains(l.HTML, "<script>alert") || strings.Contains(l.HTML, "<img src=x") || strings.ContainsAny(l.Subject, "\r\n") {
					t.Errorf("letter %q: %s", l.Subject, l.HTML)
				}
			}
			if page := w.form("/setup/start", url.Values{"token": {link}}).want(w, 200); strings.Contains(page.Body, "<script>alert") || strings.Contains(page.Body, "<img src=x") {
				t.Errorf("page %s", page.Body)
			}
			if got := w.show(id); got.Text("customer", "name") != name {
				t.Errorf("name became %q", got.Text("customer", "name"))
			}
		})
	}
	w := begin(t, nil)
	for _, name := range []string{"two\nlines", "tab\there", "nul\x00", "turn\u202eround"} {
		got := w.ask("POST", "/orders", "", object{"external_ref": "X", "family": "A-FLEX", "customer": object{"name": name, "country": "AT"}}, "Idempotency-Key", "hostile-names-key")
		if got.Status != 400 {
			t.Errorf("%q was taken: %d", name, got.Status)
		}
	}
}
