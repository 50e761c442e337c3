package browser_test

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"dayone/local/cloud"
	"dayone/local/cloud/cloudtest"
	"dayone/local/functions"
)

// operator is who may sign in at the console of one machine.
const operator = "maja.zupan@vendor.example"

// enters signs an operator in, from the page that asks for the address to the orders.
func enters(p *reader) {
	p.Helper()
	p.get("desk-sign-in, sent here", "/console")
	p.submit("desk-sent", "email", operator)
	runs(p.T, p.cloud, "Letters")
	secret := code(p.T, p.cloud, operator, "/console/open")
	p.get("desk-open", "/console/open")
	p.submit("desk, first", "token", secret)
}

// fate is what becomes of an order before the operator looks.
type fate struct{ ref, customer, contact string }

// desks places orders that stand at every desk, and answers their ids by reference.
func desks(t *testing.T, c *cloud.Cloud, lang string) map[string]string {
	t.Helper()
	ids := map[string]string{}
	for _, f := range []fate{
		{"CCW-1", "Alpine Mills GmbH", "ana@nordlicht.example"}, {"CCW-2", "Kranjsko orodje d.d.", "eva@karst.example"},
		{"CCW-3", "Lago Foods S.p.A.", "bounce+lago@simulator.amazonses.com"}, {"CCW-4", "Vitis Wines", "ana@late.example"},
		{"CCW-5", "Soča Energija", "iztok@adria.example"}, {"CCW-6", "Bled Hotels", "petra@adria.example"},
	} {
		ids[f.ref] = place(t, c, f.ref, lang, func(order map[string]any) {
			order["customer"] = map[string]any{"name": f.customer, "country": "AT"}
			order["provisioning_contact"] = map[string]any{"email": f.contact, "alias": false}
			if f.ref == "CCW-2" {
				order["lines"] = everyLine()
			}
			if f.ref == "CCW-5" {
				order["requested_start_date"] = "2026-12-09"
			}
		})
	}
	runs(t, c, "Letters")
	if err := c.Advance(t.Context(), 25*time.Hour, time.Hour); err != nil {
		t.Fatal(err)
	}
	ids["CCW-9"] = running(t, c, lang)
	for i, customer := range []string{"Alpenblick Touristik GmbH", "Piranske soline d.o.o.", "Comune di Gorizia", "Holzwerke Kärnten AG", "Zavod za gozdove", "Luka Koper d.d.",
		"Müller & Söhne KG", "Adria Airways Tehnika", "Stadtwerke Villach", "Mlekarna Planika", "Porto Nuovo Logistica", "Terme Dobrna d.d.", "Gasthof zur Post", "Iskra Sistemi",
		"Cantina del Collio", "Kovinoplastika Lož", "Seilbahnen Nassfeld"} { // more than a page
		place(t, c, "CCW-"+strconv.Itoa(100+i), lang, func(order map[string]any) {
			order["customer"] = map[string]any{"name": customer, "country": "AT"}
			if i%3 == 0 {
				order["requested_start_date"] = "2026-12-1" + strconv.Itoa(i%10)
			}
		})
	}
	runs(t, c, "Letters")
	deed(t, c, "/orders/"+ids["CCW-4"]+"/hold", map[string]string{"reason": "The customer's credit is being checked."}, nil)
	deed(t, c, "/orders/"+ids["CCW-6"]+"/cancel", map[string]string{"reason": "Ordered twice."}, nil)
	return ids
}

// everyLine is one of each that a family has.
func everyLine() []map[string]any {
	var lines []map[string]any
	for i, sku := range []string{"CALL", "PSTN", "MEET", "ROOM", "MSG"} {
		lines = append(lines, map[string]any{"subscription_id": "Sub107654" + strconv.Itoa(i), "sku": "A-FLEX-" + sku, "quantity": 25, "term_months": 36,
			"billing": "monthly", "unit_price": 1250, "currency": "EUR"})
	}
	return lines
}

// running is an order whose services run, after a platform that failed first.
func running(t *testing.T, c *cloud.Cloud, lang string) string {
	t.Helper()
	id := place(t, c, "CCW-9", lang, func(order map[string]any) {
		order["provisioning_contact"] = map[string]any{"email": "nika@nordlicht.example", "alias": false}
	})
	runs(t, c, "Letters")
	p := newReader(t, c, lang)
	partOne(p, code(t, c, "nika@nordlicht.example", "/setup"))
	m := passwordLink.FindSubmatch(p.page().body)
	if m == nil {
		t.Fatalf("nobody is asked for a password: %s", p.page().body)
	}
	partTwo(p, id, string(m[1]))
	return id
}

// consolePages walks through all pages of the console in one language.
func consolePages(t *testing.T, lang string) []sheet {
	c := cloudtest.Start(t, cloud.Config{Functions: functions.All()})
	p := newReader(t, c, lang)
	ids := desks(t, c, lang)
	p.get("desk-sign-in", "/console/sign-in")
	p.submit("desk-sign-in, nothing")
	p.submit("desk-sign-in, a wrong address", "email", "maja@")
	p.get("desk-open", "/console/open")
	p.submit("desk-open, no code")
	p.submit("desk-open, no such code", "token", "pso_nothing")
	enters(p)
	for _, desk := range []string{"person", "running"} {
		p.get("desk, "+desk, "/console?desk="+desk)
	}
	p.get("desk, found", "/console?q=alp")
	p.get("desk, found by email", "/console?q=eva@karst.example")
	p.get("desk, nothing found", "/console?q=nobody")
	p.get("desk, too short", "/console?q=k")
	for _, ref := range []string{"CCW-1", "CCW-2", "CCW-3", "CCW-4", "CCW-9"} {
		p.get("desk-order "+ref, "/console/orders/"+ids[ref])
	}
	p.get("desk-timeline", "/console/orders/"+ids["CCW-9"]+"?until=40")
	p.get("desk-timeline, its beginning", "/console/orders/"+ids["CCW-9"]+"?until=3")
	p.get("no such order", "/console/orders/DO-0000-0000-0000")
	at := "/console/orders/" + ids["CCW-1"]
	for _, action := range []string{"contact", "handled"} {
		p.get("desk-action "+action, at+"/"+action)
	}
	p.get("desk-action retry, blocked", at+"/retry")
	p.get("desk-action resend", at+"/resend")
	p.submit("desk-action resend, no reason")
	p.submit("desk-order resent", "reason", "The contact cannot find it.")
	p.get("desk-action contact", at+"/contact")
	p.submit("desk-action contact, a wrong address", "email", "ana@")
	deed(t, c, "/orders/"+ids["CCW-1"]+"/hold", map[string]string{"reason": "A question is open."}, nil)
	p.submit("desk-action contact, conflict", "email", "borut@nordlicht.example")
	p.submit("desk-order contact changed")
	p.get("desk-place", "/console/place")
	p.submit("desk-place, nothing", "start_date", "", "time_zone", "", "locale", "")
	p.get("desk-place", "/console/place")
	order := []string{"external_ref", "HAND-1", "family", "A-FLEX", "customer_name", "Piranske soline d.o.o.", "customer_country", "SI",
		"partner_name", "Nordlicht Partner d.o.o.", "partner_country", "SI", "contact_email", "ana@nordlicht.example", "representative_name", "Maja Zupan",
		"representative_email", operator}
	p.submit("desk-prices", order...)
	p.submit("desk-prices, nothing", "currency", "", "term_months", "", "billing", "")
	prices := []string{"quantity_call", "25", "price_call", "12,50", "currency", "EUR", "term_months", "36", "billing", "monthly"}
	p.submit("desk-place, done", prices...)
	p.get("desk-place", "/console/place")
	p.submit("desk-prices", order...)
	p.submit("desk-place, twice", prices...)
	p.get("desk-charges", "/console/charges")
	p.get("desk-undelivered", "/console/undelivered")
	p.ask("desk-sign-in, signed out", http.MethodPost, "/console/sign-out", map[string][]string{})
	return p.seen
}

func TestTheConsoleIsForEverybody(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"en", "sl", "de"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			seen := different(consolePages(t, lang))
			for _, s := range seen {
				weighed(t, s)
			}
			if lang == "de" { // the same words stand in a page and in its variants
				seen = slices.DeleteFunc(seen, func(s sheet) bool { return strings.Contains(s.name, ", ") })
			}
			widths := map[string][]int64{"en": {1280, 768, 320}, "sl": {1280, 320}, "de": {375}}[lang] // longer words matter where it is narrow
			show(t, seen, widths, true)
		})
	}
}

func TestAnOperatorAtTheConsole(t *testing.T) {
	t.Parallel()
	for _, script := range []bool{true, false} {
		t.Run("script "+strconv.FormatBool(script), func(t *testing.T) {
			t.Parallel()
			c := cloudtest.Start(t, cloud.Config{Functions: functions.All()})
			ids := desks(t, c, "en")
			b := openTab(t, script)
			b.open(c.URL + "/console")
			b.on("Sign in to the console")
			b.fill("email", operator)
			b.press("Send link")
			b.on("Check your email")
			runs(t, c, "Letters")
			secret := code(t, c, operator, "/console/open")
			b.open(c.URL + "/console/open#" + secret)
			if script {
				if got := run(b, "read the address", chromedp.Location()); strings.Contains(got, "pso_") {
					t.Error("the address bar keeps the secret")
				}
			} else {
				b.fill("token", secret)
			}
			b.press("Continue")
			b.on("Orders")
			if script {
				b.picture("console")
			}
			b.press("need a person")
			b.says("who has waited longest first")
			b.fill("q", "vitis")
			b.choose("desk", "")
			b.press("Filter")
			b.says("1 order, by name")
			b.press(ids["CCW-4"])
			b.on(ids["CCW-4"])
			b.says("The customer's credit is being checked.")
			b.press("Release")
			b.fill("reason", "The credit is good.")
			b.press("Release")
			b.says("The order goes on.")
			b.press("Mark as handled")
			b.press("Mark as handled") // without a note
			b.says("Enter a reason")
			b.fill("reason", "Rang the partner, they start today.")
			b.press("Mark as handled")
			b.says("Marked as handled.")
			b.says("by " + operator + ", operator")
			b.press("Resend setup email")
			deed(t, c, "/orders/"+ids["CCW-4"]+"/hold", map[string]string{"reason": "One more question."}, nil)
			b.fill("reason", "They cannot find it.")
			b.press("Resend setup email")
			b.says("The order is on hold. Release it first.")
			b.open(c.URL + "/console/place")
			for id, value := range map[string]string{"external_ref": "HAND-1", "customer_name": "Piranske soline d.o.o.", "partner_name": "Nordlicht Partner d.o.o.",
				"contact_email": "ana@nordlicht.example", "representative_name": "Maja Zupan", "representative_email": operator,
				"customer_country": "Slovenia", "partner_country": "si"} {
				b.fill(id, value)
			}
			b.choose("family", "A-FLEX")
			b.press("Next")
			b.on("Services and prices")
			b.fill("quantity_call", "25")
			b.fill("price_call", "12,50")
			b.press("Place order")
			b.says("The order was placed.")
			b.says("Piranske soline d.o.o., Slovenia")
			b.press("Slovenščina")
			b.says("Časovnica")
			b.press("Odjava")
			b.on("Prijava v konzolo")
			b.open(c.URL + "/console/orders/" + ids["CCW-4"])
			b.on("Prijava v konzolo")
		})
	}
}
