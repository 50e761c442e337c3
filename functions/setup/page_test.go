package setup_test

import (
	"bytes"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"dayone/local/call"
	"dayone/shared/commerce"
)

// browser is somebody without script: one page, the form on it, and what a form sends.
type browser struct {
	h      *house
	status int
	page   string
	action string
	fields url.Values // what the form would send as it stands
	header map[string]string
}

// browse opens a link and pastes its code.
func (h *house) browse(link string) *browser {
	h.Helper()
	b := &browser{h: h}
	b.take(call.HTTP(h, h.function, call.Request{Route: "GET /setup", Now: h.now, Header: map[string]string{"Accept": "text/html"}}))
	return b.press(said{"token": link})
}

// press sends the form with these fields filled in, as its main button does, or as the button that is among them.
func (b *browser) press(s said) *browser {
	b.h.Helper()
	values := url.Values{}
	for name, all := range b.fields {
		values[name] = all
	}
	for name, value := range s {
		if _, there := b.fields[name]; !there && name != "back" && name != "change" && name != "switch" && !strings.Contains(b.page, `name="`+name+`"`) {
			b.h.Fatalf("the page has no field %s: %s", name, b.page)
		}
		values.Set(name, value.(string))
	}
	step, ok := strings.CutPrefix(b.action, "/setup/")
	if !ok {
		b.h.Fatalf("the form posts to %q: %s", b.action, b.page)
	}
	b.take(call.HTTP(b.h, b.h.function, call.Request{Route: "POST /setup/{step}", Path: map[string]string{"step": step}, Body: values.Encode(), Now: b.h.now,
		Header: map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}}))
	return b
}

func (b *browser) take(r call.Response) {
	b.h.Helper()
	b.status, b.page, b.header = r.Status, r.Body, r.Header
	b.action, b.fields = "", url.Values{}
	if len(r.Body) > 12<<10 {
		b.h.Errorf("%d bytes, want at most 12 KB", len(r.Body))
	}
	if i := strings.Index(r.Body, "⟦"); i >= 0 {
		b.h.Errorf("a text is missing: %.60s", r.Body[i:])
	}
	doc, err := html.Parse(bytes.NewReader([]byte(r.Body)))
	b.h.must(err)
	ids := map[string]bool{}
	for n := range doc.Descendants() {
		ids[attr(n, "id")] = true
	}
	for n := range doc.Descendants() {
		switch name := attr(n, "name"); {
		case n.Data == "form" && attr(n, "id") == "f":
			b.action = attr(n, "action")
		case n.Data == "a" && len(attr(n, "href")) > 1 && attr(n, "href")[0] == '#' && !ids[attr(n, "href")[1:]]:
			b.h.Errorf("a link leads to %s, which is not there", attr(n, "href"))
		case n.Data == "input" && name != "" && (attr(n, "type") != "radio" || has(n, "checked")):
			if b.fields.Has(name) {
				b.h.Errorf("%s is there twice", name)
			}
			b.fields.Set(name, attr(n, "value"))
		case n.Data == "option" && has(n, "selected"):
			b.fields.Set(attr(n.Parent, "name"), attr(n, "value"))
		case n.Data == "select" && !b.fields.Has(name):
			b.fields.Set(name, "")
		}
	}
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

var title = regexp.MustCompile(`<h1 id="h">(.*?)</h1>`)

// sees fails the test unless the page has this heading and these texts.
func (b *browser) sees(heading string, texts ...string) *browser {
	b.h.Helper()
	m := title.FindStringSubmatch(b.page)
	if m == nil || html.UnescapeString(m[1]) != heading {
		b.h.Fatalf("%d, heading %q, want %q", b.status, m, heading)
	}
	page := html.UnescapeString(b.page)
	for _, text := range texts {
		if !strings.Contains(page, text) {
			b.h.Errorf("%q does not say %q", heading, text)
		}
	}
	return b
}

// has fails the test unless the form would send these values.
func (b *browser) has(s said) *browser {
	b.h.Helper()
	for name, value := range s {
		if got := b.fields.Get(name); got != value {
			b.h.Errorf("%s is %q, want %q", name, got, value)
		}
	}
	return b
}

func TestThePagesOfAFirstOrder(t *testing.T) {
	h := open(t)
	o, link := h.invited()
	b := h.browse(link).sees("Set up your order", o.ID, "Alpine Mills GmbH", "23 November 2026", "A-FLEX · 25 users", "2 numbers", "Start setup")
	b.press(nil).sees("What is your role?", "Step 1 of 4 · Your role", "Leave setup")
	b.press(nil).sees("What is your role?", "Select your role", "There is a problem")
	if b.status != 400 || !strings.Contains(b.page, "<title>Error: ") {
		t.Errorf("status %d", b.status)
	}
	b.press(said{"role": "partner"}).sees("Will you set up the services?", "Will you set up the services?", "You will have no access to manage the customer's organization")
	b.press(said{"set_up_by": "me"}).sees("Create your partner organization", "Step 2 of 4 · Partner organization", "Phone number (optional)")
	b.has(said{"partner_name": "Nordlicht Partner d.o.o.", "partner_country": "SI", "partner_admin_email": "provisioning@nordlicht.example"})
	b.press(said{"partner_name": " ", "partner_admin_email": "ana@", "partner_country": "", "partner_phone": "x"}).sees("Create your partner organization",
		"Enter the organization name", "Enter an email address in the correct format, like name@example.com", "Select a country or region")
	if b.status != 400 || strings.Count(b.page, `<p class="err"`) != 4 {
		t.Errorf("status %d, %d errors at the fields", b.status, strings.Count(b.page, `<p class="err"`))
	}
	b.has(said{"partner_name": " ", "partner_admin_email": "ana@", "partner_phone": "x", "role": "partner", "set_up_by": "me"})
	b.press(said{"partner_admin_email": ""}).sees("Create your partner organization", "Enter an email address")
	b.press(said{"partner_name": "Nordlicht", "partner_admin_email": "ana.novak@nordlicht.example", "partner_country": "SI", "partner_phone": ""}).
		sees("Who is the customer's administrator?", "Step 3 of 4 · Customer organization", "A user can be a member of one organization only")
	b.press(said{"customer_admin_email": "ANA.novak@nordlicht.example"}).
		sees("Who is the customer's administrator?", "This address already belongs to another organization. Enter a different address")
	b.press(said{"customer_admin_email": "it@alpine-mills.example"}).sees("Confirm the customer's details").
		has(said{"customer_name": "Alpine Mills GmbH", "customer_country": "AT", "customer_language": "sl"})
	b.press(nil).sees("Check the details before you set up the order", "Step 4 of 4 · Review", "Nordlicht", "ana.novak@nordlicht.example", "it@alpine-mills.example",
		"The partner gets access", "New organization")
	if h.read(o.ID).Status != "started" {
		t.Error("not started")
	}
	b.press(nil).sees("Your order was set up successfully", o.ID, "Create a password", "Continue")
	next := regexp.MustCompile(`href="(/password#psp_[\w-]{43})"`).FindStringSubmatch(b.page)
	if next == nil || b.header["cache-control"] != "private, no-cache" {
		t.Errorf("no link to the password page, or headers %v", b.header)
	}
	b.press(said{"switch": "sl"}).sees("Vaše naročilo je bilo uspešno nastavljeno", o.ID)
	if strings.Contains(b.page, next[1]) {
		t.Error("the repeat has the same password token")
	}
	if !strings.Contains(b.page, `href="/password?lang=sl#psp_`) {
		t.Error("the next page is not told the language")
	}
	h.browse(link).sees("This order is already set up", "Sign in", `href="/sign-in?lang=en"`)
}

func TestBackChangeAndSwitchKeepTheAnswers(t *testing.T) {
	h := open(t)
	_, link := h.invited()
	b := h.browse(link).press(nil).press(said{"role": "partner"}).press(said{"set_up_by": "me"})
	b.press(said{"partner_name": "Typed", "partner_admin_email": "half@", "switch": "sl"}).sees("Ustvarite svojo partnersko organizacijo", "2. korak od 4")
	if b.status != 200 {
		t.Errorf("a switch was checked: %d", b.status)
	}
	b.has(said{"partner_name": "Typed", "partner_admin_email": "half@", "role": "partner", "lang": "sl"})
	b.press(said{"back": "who"}).sees("Ali boste storitve nastavili vi?").has(said{"set_up_by": "me", "partner_name": "Typed", "lang": "sl"})
	b.press(nil).sees("Ustvarite svojo partnersko organizacijo").has(said{"partner_name": "Typed", "partner_admin_email": "half@"})
	b.press(said{"partner_admin_email": "ana@nordlicht.example", "switch": "en"}).sees("Create your partner organization")
	b.press(nil).press(said{"customer_admin_email": "it@alpine-mills.example"}).press(said{"customer_name": "Mills"}).sees("Check the details before you set up the order")
	b.press(said{"switch": "sl"}).sees("Preverite podatke, preden nastavite naročilo", "Mills").press(said{"switch": "en"})
	b.press(said{"change": "partner-organization"}).sees("Create your partner organization").has(said{"partner_name": "Typed", "customer_name": "Mills"})
	b.press(said{"partner_name": "Changed"}).sees("Who is the customer's administrator?").has(said{"customer_admin_email": "it@alpine-mills.example"})
	b.press(nil).sees("Confirm the customer's details").has(said{"customer_name": "Mills"})
	b.press(nil).sees("Check the details before you set up the order", "Changed", "Mills")
	b.press(said{"back": "customer-organization"}).sees("Confirm the customer's details").has(said{"customer_name": "Mills"}).press(nil)

	// Another role asks other questions, and what is not asked any more does not travel on.
	b.press(said{"change": "role"}).sees("What is your role?").has(said{"role": "partner"})
	b.press(said{"role": "customer"}).sees("Who is your organization's administrator?").has(said{"customer_name": "Mills"})
	if b.fields.Has("partner_name") || b.fields.Has("set_up_by") {
		t.Errorf("carried %v", b.fields)
	}
	b.press(nil).press(nil).sees("Check the details before you set up the order", "The partner gets no access")
	b.press(nil).sees("Your order was set up successfully")
}

func TestThePagesOfAColleagueAndOfACustomer(t *testing.T) {
	h := open(t)
	o, link := h.invited()
	b := h.browse(link).press(nil).press(said{"role": "partner"}).press(said{"set_up_by": "colleague"}).sees("Who will set up the services?", "We send the link there and your link stops working", "Send link")
	b.press(said{"delegate_email": ""}).sees("Who will set up the services?", "Enter an email address")
	b.press(said{"delegate_email": "bojan@nordlicht.example"}).sees("We sent the link to bojan@nordlicht.example", "30 November 2026")
	b.press(said{"switch": "sl"}).sees("Povezavo smo poslali na bojan@nordlicht.example", "30. novembra 2026")
	h.browse(link).sees("This link was replaced by a newer one").press(said{"switch": "sl"}).sees("To povezavo je nadomestila novejša")

	link = h.mail(o.ID)
	b = h.browse(link).press(nil).press(said{"role": "partner"}).press(said{"set_up_by": "customer"}).
		sees("Who will set up the services for the customer?", "This cannot be changed later")
	b.press(said{"delegate_email": "it@alpine-mills.example"}).sees("We sent the link to it@alpine-mills.example")
	b = h.browse(h.mail(o.ID)).press(nil).sees("What is your role?")
	if strings.Contains(b.page, `value="partner"`) {
		t.Error("the partner's role is offered after it was handed over")
	}
	b.press(said{"role": "customer"}).sees("Who is your organization's administrator?").has(said{"customer_admin_email": "it@alpine-mills.example"})
	b.press(nil).press(nil).press(nil).sees("Your order was set up successfully", "Create a password")
}

func TestThePagesOfASecondOrder(t *testing.T) {
	h := open(t)
	_, link := h.invited()
	h.complete(link, first).want(h, "password")
	o, link := h.invited()
	b := h.browse(link).press(nil).press(said{"role": "partner"}).press(said{"set_up_by": "me"}).
		sees("Is this your partner organization?", "Nordlicht Partner d.o.o.", "Slovenia", "Yes, this is my organization", "No, I do not recognise it")
	partner := h.member("ana.novak@nordlicht.example").Organization
	b.press(nil).sees("Is this your partner organization?", "Select whether this is your organization")
	b.press(said{"partner_organization": "unrecognised"}).sees("Contact your account representative and do not continue", "Maja Zupan")
	b.press(said{"switch": "sl"}).sees("Obrnite se na predstavnika računa in ne nadaljujte").press(said{"switch": "en"})
	h.wantLetters(o.ID, "rep_unrecognised maja.zupan@vendor.example")
	b.press(said{"back": "partner-organization"}).sees("Is this your partner organization?")
	b.press(said{"partner_organization": partner}).sees("Who is the customer's administrator?")

	// A member: their own organization, and nothing to choose.
	b.press(said{"customer_admin_email": "ana.novak@nordlicht.example"}).sees("Who is the customer's administrator?", "This address already belongs to another organization")
	if b.status != 409 {
		t.Errorf("status %d, want 409", b.status)
	}
	b.press(said{"customer_admin_email": "it@alpine-mills.example"}).sees("Check the customer's organization", "Alpine Mills GmbH", "Austria")
	if strings.Contains(b.page, `value="new"`) {
		t.Error("a new organization is offered to a member of another")
	}
	b.press(nil).sees("Check the details before you set up the order", "Existing organization", "The partner gets access")

	// Somebody of the same domain: the organization, or a new one.
	b.press(said{"change": "customer-admin"}).press(said{"customer_admin_email": "boss@alpine-mills.example"}).
		sees("Check the customer's organization", "Yes, add the order to this organization", "No, create a new one")
	b.press(said{"customer_organization": ""}).sees("Check the customer's organization", "Select an organization")
	b.press(said{"customer_organization": "new"}).sees("Confirm the customer's details").press(said{"customer_name": ""}).
		sees("Confirm the customer's details", "Enter the organization name")
	b.press(said{"back": "customer-organization"}).sees("Check the customer's organization").has(said{"customer_organization": "new"})
	b.press(said{"switch": "sl"}).sees("Preverite strankino organizacijo").press(said{"switch": "en"}).sees("Check the customer's organization")
	b.press(nil).sees("Confirm the customer's details").press(said{"customer_name": "Typed by hand", "customer_country": "IT", "back": "customer-organization"})
	b.sees("Check the customer's organization").press(said{"customer_organization": "new"}).sees("Confirm the customer's details").
		has(said{"customer_name": "Typed by hand", "customer_country": "IT"})
	b.press(said{"back": "customer-organization"}).press(nil).press(nil).sees("Check the details before you set up the order").press(said{"back": "customer-organization"}).sees("Confirm the customer's details")
	b.press(said{"back": "customer-organization"}).press(said{"customer_organization": h.member("it@alpine-mills.example").Organization}).
		sees("Check the details before you set up the order", "Existing organization")
	b.press(nil).sees("Your order was set up successfully", "administrators of your organization", `href="/sign-in"`)
}

func TestAStaleReviewIsShownAgain(t *testing.T) {
	h := open(t)
	o, link := h.invited()
	b := h.browse(link).press(nil).press(said{"role": "partner"}).press(said{"set_up_by": "me"}).press(nil).press(said{"customer_admin_email": "it@alpine-mills.example"}).press(nil)
	terms := h.read(o.ID).Terms
	terms.Lines[0].Quantity = 30
	before := h.read(o.ID)
	amended, _, err := before.Amend(terms, commerce.ByCaller("commerce"), h.now)
	h.must(err)
	h.must(h.store.Replace(t.Context(), before, amended))
	b.press(nil).sees("Check the details before you set up the order", "The details changed while you were looking", "The order has changed", "30 users")
	if b.status != 409 {
		t.Errorf("status %d, want 409", b.status)
	}

	// The administrator joins an organization meanwhile.
	_, other := h.invited(func(t *commerce.Terms) { t.Contact = "sales@rival.example" })
	h.complete(other, first).want(h, "password")
	b.press(nil).sees("Check the customer's organization", "The administrator already belongs to this organization")
	b.press(nil).sees("Check the details before you set up the order", "The customer's administrator decides").press(nil).sees("Your order was set up successfully")
}

func TestThePagesInSlovenian(t *testing.T) {
	h := open(t)
	_, link := h.invited()
	b := h.browse(link).press(said{"switch": "sl"}).sees("Nastavite svoje naročilo", "25 uporabnikov", "2 številki", "23. november 2026", "Začni nastavitev")
	b.press(nil).sees("Kakšna je vaša vloga?", "1. korak od 4 · Vaša vloga", "Zapusti nastavitev", "Čarovnika lahko kadar koli zapustite")
	b.press(nil).sees("Kakšna je vaša vloga?", "Prišlo je do težave", "Izberite svojo vlogo")
	b.press(said{"role": "partner"}).press(nil).sees("Ali boste storitve nastavili vi?", "Izberite, kdo bo opravil nastavitev")
	b.press(said{"set_up_by": "me"}).press(said{"partner_name": "", "partner_admin_email": "x", "partner_country": ""}).
		sees("Ustvarite svojo partnersko organizacijo", "Vnesite ime organizacije", "Vnesite e-poštni naslov v pravilni obliki, na primer ime@primer.si", "Izberite državo ali regijo")
	b.press(said{"partner_name": "Nordlicht", "partner_admin_email": "ana@nordlicht.example", "partner_country": "SI"}).sees("Kdo je skrbnik stranke?")
	b.press(said{"customer_admin_email": "it@alpine-mills.example"}).sees("Potrdite podatke stranke", "Slovenščina")
	b.press(nil).sees("Preverite podatke, preden nastavite naročilo", "Partner dobi dostop", "Slovenija", "Nova organizacija")
	b.press(nil).sees("Vaše naročilo je bilo uspešno nastavljeno", "Sklic", "Nadaljuj")
}

func TestAFailureOfOursSaysItsNumber(t *testing.T) {
	h := open(t)
	link := h.another(commerce.Order{ID: "DO-NONE", Link: commerce.Link{Generation: 1}})
	b := h.browse(link).sees("Something went wrong on our side", "test-request")
	if b.status != 500 {
		t.Errorf("status %d, want 500", b.status)
	}
	h.post(link, "start", nil).refused(h, 500, "internal")
}

func TestDeadEndsLeadOn(t *testing.T) {
	h := open(t)
	_, link := h.invited()
	b := h.browse("").sees("Set up your order", "Paste the code from the email")
	if b.status != 404 {
		t.Errorf("status %d", b.status)
	}
	h.browse("psl_wrong").sees("We do not recognise this link").press(said{"switch": "sl"}).sees("Te povezave ne prepoznamo")
	h.now = noon.AddDate(0, 0, 7)
	b = h.browse(link).sees("This link has expired", "Send a new link")
	b.press(nil).sees("We sent a new link")
	h.browse(link).sees("This link was replaced by a newer one")
}

func TestHostileNamesAreText(t *testing.T) {
	h := open(t)
	hostile := `"><script>alert(1)</script><img src=x onerror=alert(1)>' Мельница`
	_, link := h.invited(func(t *commerce.Terms) {
		t.Customer.Name, t.Partner.Name, t.Representative.Name = hostile, hostile, hostile
	})
	b := h.browse(link).press(nil).press(said{"role": "partner"}).press(said{"set_up_by": "me"}).press(nil)
	b.press(said{"customer_admin_email": "it@alpine-mills.example"}).press(nil).sees("Check the details before you set up the order", hostile).press(nil)
	_, link = h.invited()
	b = h.browse(link).press(nil).press(said{"role": "partner"}).press(said{"set_up_by": "me"}).sees("Is this your partner organization?", hostile)
	for _, bad := range []string{"<script>alert", "<img"} {
		if strings.Contains(b.page, bad) {
			t.Errorf("the page has %s", bad)
		}
	}
}
