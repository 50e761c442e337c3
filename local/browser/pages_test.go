package browser_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"dayone/local/cloud"
	"dayone/local/cloud/cloudtest"
	"dayone/local/functions"
	"dayone/shared/pages"
	"dayone/shared/texts"
)

var passwordLink = regexp.MustCompile(`/password[^"]*#(psp_[\w-]+)`)

// everyPage walks through all pages and error states in one language and answers them in the order they were seen.
func everyPage(t *testing.T, lang string) []sheet {
	c := cloudtest.Start(t, cloud.Config{Functions: functions.All()})
	p := newReader(t, c, lang)
	order := place(t, c, "CCW-81234567", lang)
	runs(t, c, "Letters")
	setup := code(t, c, "ana@nordlicht.example", "/setup")

	partOne(p, setup)
	m := passwordLink.FindSubmatch(p.page().body)
	if m == nil {
		t.Fatalf("%s: nobody is asked for a password: %s", lang, p.page().body)
	}
	success := p.page()
	partTwo(p, order, string(m[1]))
	p.seen = append(p.seen, success)
	returning(p)
	links(p, setup)
	p.seen = append(p.seen, deadEnds(t, lang)...)
	return p.seen
}

// partOne is a first order: both organizations are new.
func partOne(p *reader, setup string) {
	p.get("open", "/setup")
	p.submit("open, no code")
	p.submit("open, no such code", "token", "psl_nothing")
	p.get("begin", "/setup/role")
	p.get("open", "/setup")
	p.submit("start", "token", setup)
	p.submit("role")
	p.submit("role, none")
	p.submit("who", "role", "partner")
	p.submit("who, none")
	p.submit("delegate to a customer", "set_up_by", "customer")
	p.submit("delegate to a customer, no address")
	p.submit("who again", "back", "who")
	p.submit("delegate", "set_up_by", "colleague")
	p.submit("delegate, a wrong address", "delegate_email", "borut@")
	p.submit("who again", "back", "who")
	p.submit("partner-new", "set_up_by", "me")
	p.submit("partner-new, nothing", "partner_name", "", "partner_admin_email", "", "partner_country", "")
	p.submit("partner-new, all wrong", "partner_name", strings.Repeat("N", 200), "partner_admin_email", "ana@", "partner_country", "SI", "partner_phone", "1")
	p.submit("customer-admin", "partner_name", "Nordlicht Partner d.o.o.", "partner_admin_email", "ana@nordlicht.example", "partner_phone", "+386 1 234 56 78")
	p.submit("customer-admin, none")
	p.submit("customer-admin, the partner's", "customer_admin_email", "ana@nordlicht.example")
	p.submit("customer-new", "customer_admin_email", "it@alpine.example")
	p.submit("customer-new, nothing", "customer_name", "", "customer_country", "", "customer_language", "")
	p.submit("review", "customer_name", "Alpine Mills GmbH", "customer_country", "AT", "customer_language", p.lang)
	p.submit("success")
}

// partTwo goes from the password to services that run, over a platform that is slow, then fails, then works.
func partTwo(p *reader, order, password string) {
	p.get("password", "/password")
	p.submit("password, none", "token", password)
	p.submit("password, short", "password", "too short")
	p.submit("password, guessable", "password", "passwordpassword")
	p.submit("password, no such code", "token", "psp_nothing", "password", "a short sentence works")
	p.get("password", "/password")
	p.submit("tasks", "token", password, "password", "a short sentence works")
	at := "/services/" + order
	p.get("tasks", at)
	p.get("orders", "/services")
	p.get("no such order", "/services/WX-2026-999999")
	p.get("subscription", at+"/subscription")
	p.submit("subscription-wrong", "wrong", "true")
	p.get("subscription", at+"/subscription")
	p.submit("tasks, one done")
	p.get("calling", at+"/calling")
	p.submit("calling, nothing", "location_name", "", "address", "", "postal_code", "", "city", "", "country", "", "time_zone", "", "language", "", "main_number", "12")
	p.submit("tasks, two done", "location_name", "Head office", "address", "Mühlgasse 1", "postal_code", "8010", "city", "Graz",
		"country", "AT", "time_zone", "Europe/Vienna", "language", p.lang, "main_number", "+43 316 123456")
	p.get("calling, saved", at+"/calling")
	p.get("meetings", at+"/meetings")
	p.submit("meetings, nothing", "time_zone", "", "language", "")
	p.submit("tasks, three done", "time_zone", "Europe/Vienna", "language", p.lang)
	p.get("enterprise", at+"/enterprise")
	for _, name := range []string{"", "a b", "-acme", "ab--acme", "admin"} {
		p.submit("enterprise, "+name, "subdomain", name)
	}
	p.submit("enterprise, free", "subdomain", "alpine-mills", "check", "true")
	p.get("enterprise", at+"/enterprise")
	p.submit("tasks, all done", "subdomain", "alpine-mills")
	behave(p, "meetings", cloud.BehaveSlow)
	p.submit("progress")
	p.get("settings while it is provisioned", at+"/calling")
	behave(p, "meetings", cloud.BehaveFail)
	later(p, 10*time.Minute)
	p.get("progress, failed", at+"/progress")
	behave(p, "meetings", cloud.BehaveOK)
	p.submit("progress, again")
	later(p, 10*time.Minute)
	p.get("progress, done", at+"/progress")
	p.get("tasks, active", at)
	p.get("enterprise, fixed", at+"/enterprise")
	p.ask("signed out", http.MethodPost, "/sign-out", map[string][]string{})
	p.get("sign-in to see orders", "/services")
	p.get("sign-in", "/sign-in")
	p.submit("sign-in, nothing")
	p.submit("sign-in, wrong", "email", "ana@nordlicht.example", "password", "wrong wrong wrong")
	for range 5 {
		p.submit("sign-in, too often", "email", "ana@nordlicht.example", "password", "wrong wrong wrong")
	}
	p.get("forgot", "/forgot")
	p.submit("forgot, a wrong address", "email", "ana@")
	p.submit("forgot-sent", "email", "ana@nordlicht.example")
}

func behave(p *reader, service, behaviour string) {
	p.Helper()
	if err := p.cloud.Behave(service, behaviour, 0); err != nil {
		p.Fatal(err)
	}
}

// later moves the clock, and all that becomes due runs.
func later(p *reader, d time.Duration) {
	p.Helper()
	if err := p.cloud.Advance(p.Context(), d, time.Minute); err != nil {
		p.Fatal(err)
	}
}

// returning are later orders of the same people, and one of another partner for the same customer.
func returning(p *reader) {
	place(p.T, p.cloud, "CCW-2", p.lang)
	place(p.T, p.cloud, "CCW-3", p.lang, func(order map[string]any) {
		order["partner"] = map[string]any{"name": "Karst d.o.o.", "country": "SI"}
		order["provisioning_contact"] = map[string]any{"email": "eva@karst.example", "alias": false}
	})
	runs(p.T, p.cloud, "Letters")

	p.get("open", "/setup")
	p.submit("start", "token", code(p.T, p.cloud, "ana@nordlicht.example", "/setup"))
	p.submit("role")
	p.submit("customer-admin of a customer", "role", "customer")
	p.submit("role again", "back", "role")
	p.submit("who", "role", "partner")
	p.submit("partner-existing", "set_up_by", "me")
	p.submit("partner-existing, none")
	p.submit("partner-stop", "partner_organization", "no", "unrecognised", "true")
	p.submit("partner-stop, again")

	p.get("open", "/setup")
	p.submit("start", "token", code(p.T, p.cloud, "eva@karst.example", "/setup"))
	p.submit("role")
	p.submit("who", "role", "partner")
	p.submit("partner-new", "set_up_by", "me")
	p.submit("customer-admin", "partner_name", "Karst d.o.o.", "partner_country", "SI", "partner_admin_email", "eva@karst.example")
	p.submit("customer-existing", "customer_admin_email", "it@alpine.example")
	p.submit("customer-existing, none", "customer_organization", "")
	_, form := p.form()
	organization := form.Get("customer_organization")
	if organization == "" {
		organization = firstRadio(p, "customer_organization")
	}
	p.submit("review, consent", "customer_organization", organization)
	p.submit("success, consent")
	runs(p.T, p.cloud, "Letters")
	people(p)
	access := code(p.T, p.cloud, "it@alpine.example", "/access")
	p.get("access-open", "/access")
	p.submit("access-open, no code")
	p.submit("access", "token", access)
	p.submit("access, no answer")
	p.submit("access-refused", "decision", "no")
	p.get("access-open", "/access")
	p.submit("access again", "token", access)
}

// firstRadio is the first option of a question.
func firstRadio(p *reader, name string) string {
	p.Helper()
	m := regexp.MustCompile(`name="` + name + `" value="([^"]+)"`).FindSubmatch(p.page().body)
	if m == nil {
		p.Fatalf("the page does not ask for %s: %s", name, p.page().body)
	}
	return string(m[1])
}

// buttons are what the buttons of a name post.
func buttons(p *reader, name string) (values []string) {
	p.Helper()
	for _, m := range regexp.MustCompile(`<button [^>]*name="`+name+`" value="([^"]+)"`).FindAllSubmatch(p.page().body, -1) {
		values = append(values, string(m[1]))
	}
	if len(values) == 0 {
		p.Fatalf("the page has no button %s: %s", name, p.page().body)
	}
	return values
}

// links are the pages of links that do not open anything any more.
func links(p *reader, used string) {
	open := func(name, token string) {
		p.Helper()
		p.get("open", "/setup")
		p.submit(name, "token", token)
	}
	open("link used", used)
	ana := "ana@late.example"
	order := place(p.T, p.cloud, "CCW-4", p.lang, func(order map[string]any) {
		order["provisioning_contact"] = map[string]any{"email": ana, "alias": false}
	})
	runs(p.T, p.cloud, "Letters")
	old := code(p.T, p.cloud, ana, "/setup")
	deed(p.T, p.cloud, "/orders/"+order+"/resend", map[string]string{"reason": "lost"}, nil)
	runs(p.T, p.cloud, "Letters")
	open("link replaced", old)
	now := code(p.T, p.cloud, ana, "/setup")
	p.get("open", "/setup")
	p.submit("start", "token", now)
	p.submit("role")
	p.submit("who", "role", "partner")
	p.submit("delegate", "set_up_by", "colleague")
	p.submit("delegate-sent", "delegate_email", "borut@late.example")
	runs(p.T, p.cloud, "Letters")
	deed(p.T, p.cloud, "/orders/"+order+"/cancel", map[string]string{"reason": "not wanted"}, nil)
	open("link cancelled", code(p.T, p.cloud, "borut@late.example", "/setup"))
}

// deadEnds are all that there are words for.
func deadEnds(t *testing.T, lang string) []sheet {
	var all []sheet
	templates := pages.New(fstest.MapFS{}, "help@dayone.example")
	for code, status := range map[string]int{
		"link_expired": 410, "link_sent": 200, "link_too_early": 403, "link_closed": 410, "review_stale": 409, "password_link": 410, "access_answered": 409, "no_access": 403, "cross_origin": 403, "order_unknown": 404, "task_unknown": 404, "signed_out": 401,
		"conflict": 409, "too_many": 429, "too_many_lookups": 429, "lookups_over": 429, "internal": 500, "unavailable": 503, "too_many_delegations": 409,
		"order_provisioning": 409, "tasks_open": 409, "bad_request": 400,
	} {
		v := pages.DeadEnd(texts.For(lang), status, code, "/sign-in", "id", "c6af9ac6-7b61-11e6-9a41-93e8deadbeef", "date", "24")
		if !v.Quiet {
			v.Action = "/setup/resend"
		}
		w := httptest.NewRecorder()
		if err := templates.Write(w, v); err != nil {
			t.Fatal(err)
		}
		all = append(all, sheet{fmt.Sprintf("%s dead end, %s", lang, code), "/", status, w.Header(), w.Body.Bytes()})
	}
	return all
}
