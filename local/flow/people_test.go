package flow_test

import (
	"strings"
	"testing"
	"time"

	"dayone/local/audit"
	"dayone/shared/store"
)

// bor is of the partner's company, and no member of its organization.
const bor = "bor@nordlicht.example"

// audited holds all that is stored to the rules.
func (w *world) audited() {
	w.Helper()
	tables := store.Tables{Orders: w.Table("OrdersTable"), Organizations: w.Table("OrganizationsTable"), Tokens: w.Table("TokensTable")}
	if err := audit.Check(w.end(), w.DynamoDB, tables); err != nil {
		w.Error(err)
	}
}

// Scenario 41.
func TestSomebodyWhoIsNoMemberCompletesAndIsInvited(t *testing.T) {
	w := begin(t, nil)
	_, link := w.invited(order{})
	admin := w.choose(w.complete(link, asPartner("new", it)).Text("password_token"))

	id, link := w.invited(order{contact: bor})
	offers := w.ask("POST", "/setup/who", link, object{"role": "partner", "set_up_by": "me"}).want(w, 200).List("offers")
	answers := asPartner(offers[0].Text("id"), "it@valley.example")
	done := w.complete(link, answers)
	if done.Text("next") != "sign-in" || done.Text("password_token") != "" {
		t.Fatalf("somebody who is no member got an account: %s", done.Body)
	}
	w.ask("POST", "/sign-in", "", object{"email": bor, "password": password}).want(w, 401)
	w.ask("POST", "/forgot", "", object{"email": bor}).want(w, 202)
	w.run("Letters")
	if got := w.letters(bor, "password"); len(got) != 0 {
		t.Errorf("somebody who is no member can choose a password: %v", got)
	}
	told := w.letters(ana, id)
	if len(told) != 1 || !strings.Contains(told[0].Text, "invite that person") || !strings.Contains(told[0].Text, bor) {
		t.Fatalf("the administrator was told %+v", told)
	}

	home := w.ask("GET", "/organization", admin, nil).want(w, 200)
	if len(home.List("colleagues")) != 1 {
		t.Errorf("at home: %s", home.Body)
	}
	for range 2 {
		w.ask("POST", "/organization/invite", admin, object{"email": "Bor@Nordlicht.example"}).want(w, 200)
	}
	w.run("Letters")
	if got := w.letters(bor, "invites you"); len(got) != 1 || !strings.Contains(got[0].Text, "Nordlicht Partner d.o.o.") {
		t.Fatalf("invitations %+v", got)
	}
	session := w.choose(w.secret(bor, "/password"))
	w.settle(session, id, "valley")
	w.ask("POST", "/services/"+id+"/provision", session, object{}).want(w, 200)
	if got := w.show(id); got.Text("status") != "active" {
		t.Errorf("the order is %s", got.Text("status"))
	}
	w.audited()
}

func TestAColleagueIsRemovedAndSignedOutAtOnce(t *testing.T) {
	w := begin(t, nil)
	id, link := w.invited(order{})
	admin := w.choose(w.complete(link, asPartner("new", it)).Text("password_token"))
	w.ask("POST", "/organization/invite", admin, object{"email": bor}).want(w, 200)
	w.run("Letters")
	w.later(8*24*time.Hour, 12*time.Hour)
	admin = w.ask("POST", "/sign-in", "", object{"email": ana, "password": password}).want(w, 200).Text("session")
	expired := w.secret(bor, "/password")
	w.ask("POST", "/password", "", object{"token": expired, "password": password}).want(w, 410)
	w.ask("POST", "/organization/invite", admin, object{"email": bor}).want(w, 200)
	w.run("Letters")
	session := w.choose(w.secret(bor, "/password"))
	w.ask("GET", "/services/"+id, session, nil).want(w, 200)

	w.ask("POST", "/organization/remove", admin, object{"email": bor}).want(w, 200)
	w.ask("GET", "/services/"+id, session, nil).want(w, 401)
	w.ask("POST", "/services/"+id+"/subscription", session, object{"reviewed": true}).want(w, 401)
	w.ask("GET", "/services/"+id+"/progress", session, nil).want(w, 401)
	w.run("Letters")
	if got := w.letters(bor, "no longer belong"); len(got) != 1 {
		t.Errorf("letters %v", got)
	}
	if got := w.ask("POST", "/organization/remove", admin, object{"email": ana}); got.Status != 409 || got.Text("code") != "last_administrator" {
		t.Errorf("the last one left: %d %s", got.Status, got.Body)
	}
	w.audited()
}

func TestTheCustomerSeesWhoHasAccessAndChangesIt(t *testing.T) {
	w := begin(t, nil)
	id, link := w.invited(order{})
	partner := w.choose(w.complete(link, asPartner("new", it)).Text("password_token"))
	w.run("Letters")
	customer := w.choose(w.secret(it, "/password"))
	home := w.ask("GET", "/organization", customer, nil).want(w, 200)
	partners := home.List("partners")
	if len(partners) != 1 || partners[0].Text("name") != "Nordlicht Partner d.o.o." || partners[0].Text("access") != "granted" {
		t.Fatalf("at home: %s", home.Body)
	}
	before := w.show(id).Body
	change := func(access string) {
		t.Helper()
		w.later(2*time.Minute, time.Minute)
		w.ask("POST", "/organization/access", customer, object{"partner": partners[0].Text("id"), "access": access}).want(w, 200)
		w.run("Letters")
	}
	change("none")
	for _, path := range []string{"", "/subscription", "/calling", "/progress"} {
		w.ask("GET", "/services/"+id+path, partner, nil).want(w, 403)
	}
	w.ask("POST", "/services/"+id+"/provision", partner, object{}).want(w, 403)
	if got := w.letters(ana, "took away"); len(got) != 1 {
		t.Errorf("letters %v", got)
	}
	if got := w.ask("GET", "/services", partner, nil).want(w, 200).List("orders"); got[0].Text("can") != "status_only" {
		t.Errorf("the partner's list %v", got)
	}
	change("granted")
	w.ask("GET", "/services/"+id, partner, nil).want(w, 200)
	if got := w.letters(ana, "gave you access"); len(got) != 1 {
		t.Errorf("letters %v", got)
	}
	if after := w.show(id).Body; after != before {
		t.Errorf("the order tells of it: %s", after)
	}
	w.audited()
}

// The customer that set up alone, and gave up the partner's access with that, may change its mind.
func TestAccessThatWasGivenUpIsGivenLater(t *testing.T) {
	w := begin(t, nil)
	_, link := w.invited(order{})
	partner := w.choose(w.complete(link, asPartner("new", "it@other.example")).Text("password_token"))
	id, link := w.invited(order{})
	w.ask("POST", "/setup/delegate", link, object{"role": "partner", "set_up_by": "customer", "delegate_email": it}).want(w, 200)
	w.run("Letters")
	done := w.complete(w.secret(it, "/setup"), object{"role": "customer", "customer_admin_email": it, "customer_organization": "new",
		"customer_name": "Alpine Mills GmbH", "customer_country": "AT", "customer_language": "sl"})
	customer := w.choose(done.Text("password_token"))
	w.ask("GET", "/services/"+id, partner, nil).want(w, 403)
	partners := w.ask("GET", "/organization", customer, nil).want(w, 200).List("partners")
	if len(partners) != 1 || partners[0].Text("access") != "none" {
		t.Fatalf("partners %v", partners)
	}
	w.later(time.Minute, time.Minute)
	w.ask("POST", "/organization/access", customer, object{"partner": partners[0].Text("id"), "access": "granted"}).want(w, 200)
	w.ask("GET", "/services/"+id, partner, nil).want(w, 200)
	w.audited()
}

// Strangers at a provider of mail for everybody are not offered each other's organizations.
func TestAPublicMailProviderIsNobodysCompany(t *testing.T) {
	w := begin(t, nil)
	_, link := w.invited(order{contact: "ana@gmail.com"})
	answers := asPartner("new", "it@yahoo.co.uk")
	answers["partner_admin_email"] = "ana@gmail.com"
	w.complete(link, answers)
	_, link = w.invited(order{contact: "bor@gmail.com"})
	if got := w.ask("POST", "/setup/who", link, object{"role": "partner", "set_up_by": "me"}).want(w, 200); len(got.List("offers")) != 0 {
		t.Errorf("a stranger is offered %s", got.Body)
	}
	answers = asPartner("new", "other@yahoo.co.uk")
	answers["partner_admin_email"] = "bor@gmail.com"
	delete(answers, "customer_organization")
	if got := w.ask("POST", "/setup/customer-admin", link, answers); len(got.List("offers")) != 0 {
		t.Errorf("a stranger is offered %s", got.Body)
	}
}
