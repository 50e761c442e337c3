package browser_test

import (
	"net/http"
	"net/url"
	"testing"
)

// people are the pages of the organization of the customer, of which one partner has access and another asks for it.
func people(p *reader) {
	p.Helper()
	p.get("password", "/password")
	p.submit("orders of the customer", "token", code(p.T, p.cloud, "it@alpine.example", "/password"), "password", "a short sentence works")
	p.get("orders, the first", "/services?limit=1")
	p.get("organization", "/organization")
	p.get("invite", "/organization/invite")
	p.submit("invite, nobody")
	p.submit("invite, a wrong address", "email", "ida@")
	p.submit("invite, the partner's", "email", "ana@nordlicht.example")
	p.submit("organization, invited", "email", "ida@alpine.example")
	send := func(name, path string, fields ...string) {
		p.Helper()
		form := url.Values{"lang": {p.lang}}
		for i := 0; i < len(fields); i += 2 {
			form.Set(fields[i], fields[i+1])
		}
		p.ask(name, http.MethodPost, path, form)
	}
	send("leave, the last one", "/organization/remove", "email", "it@alpine.example")
	send("remove nobody", "/organization/remove", "email", "nobody@alpine.example")
	send("remove", "/organization/remove", "email", "ida@alpine.example")
	p.submit("organization, removed")
	send("give access to nobody", "/organization/access", "give", "org_nobody")
	p.get("organization", "/organization")
	taken := buttons(p, "take")
	with, asks := taken[len(taken)-1], buttons(p, "give")[0]
	send("refuse-access", "/organization/access", "take", asks)
	send("give-access", "/organization/access", "give", asks)
	send("take-access", "/organization/access", "take", with)
	p.submit("organization, taken")
	send("give-access", "/organization/access", "give", with)
	p.submit("organization, given")
	p.ask("signed out", http.MethodPost, "/sign-out", url.Values{})
}

// signedIn opens a tab and signs in.
func signedIn(t *testing.T, url, email, password string) *tab {
	t.Helper()
	b := openTab(t, false)
	b.open(url + "/sign-in?lang=en")
	b.fill("email", email)
	b.fill("password", password)
	b.press("Sign in")
	return b
}

// Scenario 41, with a browser that has no scripts.
func TestSomebodyWhoIsNoMemberIsInvitedAndRemoved(t *testing.T) {
	t.Parallel()
	const password = "a short sentence works"
	c, _, setup := begun(t, "en")
	p := newReader(t, c, "en")
	partOne(p, setup)
	m := passwordLink.FindSubmatch(p.page().body)
	p.get("password", "/password")
	p.submit("tasks", "token", string(m[1]), "password", password)

	const bor = "borut@nordlicht.example"
	second := place(t, c, "CCW-2", "en", func(order map[string]any) {
		order["provisioning_contact"] = map[string]any{"email": bor, "alias": false}
	})
	runs(t, c, "Letters")
	somebody := newReader(t, c, "en")
	somebody.get("open", "/setup")
	somebody.submit("start", "token", code(t, c, bor, "/setup"))
	somebody.submit("role")
	somebody.submit("who", "role", "partner")
	somebody.submit("partner-existing", "set_up_by", "me")
	somebody.submit("customer-admin", "partner_organization", firstRadio(somebody, "partner_organization"))
	somebody.submit("customer-new", "customer_admin_email", "it@valley.example")
	somebody.submit("review", "customer_name", "Valley AG", "customer_country", "AT", "customer_language", "en")
	somebody.submit("success")

	ana := signedIn(t, c.URL, "ana@nordlicht.example", password)
	ana.on("Your orders")
	ana.press("Your organization")
	ana.on("Your organization")
	ana.press("Invite a colleague")
	ana.fill("email", bor)
	ana.press("Send invitation")
	ana.says("The invitation is on its way")
	ana.says("Invited")
	ana.picture("organization")
	runs(t, c, "Letters")

	b := openTab(t, false)
	b.open(c.URL + "/password?lang=en")
	b.fill("token", code(t, c, bor, "/password"))
	b.fill("password", password)
	b.press("Continue")
	b.on("Your orders")
	b.says("You can set up the services")
	b.press(second)
	b.on("Set up the services")
	b.press("Subscription details")
	b.press("Next")
	b.on("Set up the services")

	ana.press("Your organization")
	ana.says("Can sign in")
	ana.press("Remove " + bor)
	ana.on("Remove " + bor + "?")
	ana.press("Remove")
	ana.says("is signed out everywhere")
	b.press("Subscription details")
	b.on("Sign in")
}

func TestACustomerTakesAwayAccess(t *testing.T) {
	t.Parallel()
	const password = "a short sentence works"
	c, order, setup := begun(t, "en")
	p := newReader(t, c, "en")
	partOne(p, setup)
	m := passwordLink.FindSubmatch(p.page().body)
	p.get("password", "/password")
	p.submit("tasks", "token", string(m[1]), "password", password)
	runs(t, c, "Letters")
	it := newReader(t, c, "en")
	it.get("password", "/password")
	it.submit("tasks", "token", code(t, c, "it@alpine.example", "/password"), "password", password)

	partner, customer := signedIn(t, c.URL, "ana@nordlicht.example", password), signedIn(t, c.URL, "it@alpine.example", password)
	partner.press(order)
	partner.on("Set up the services")
	customer.press("Your organization")
	customer.says("Has access")
	customer.press("Take away access")
	customer.on("Take away the access of Nordlicht Partner d.o.o.?")
	customer.picture("take-access")
	customer.press("Take away access")
	customer.says("The partner no longer has access")
	partner.press("Subscription details")
	partner.on("You have no access to this order")
	partner.open(c.URL + "/services")
	partner.says("You see the status only")
	customer.press("Give access")
	customer.press("Give access")
	customer.says("The partner has access now")
	partner.open(c.URL + "/services/" + order)
	partner.on("Set up the services")
}
