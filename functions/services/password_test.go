package services_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"dayone/shared/commerce"
)

func TestPasswordIsRefusedWithTheReasonAndThenSignsIn(t *testing.T) {
	o := open(t)
	order, link := o.completed(o.invited(nil), newToEachOther(ana, karl), commerce.Known{})
	send := func(password string) request {
		return request{route: "POST /password", sent: `{"token":"` + link.Reveal() + `","password":"` + password + `"}`}
	}
	for name, tc := range map[string]struct{ password, code string }{
		"14 characters":           {"fourteen chars", "password_short"},
		"129 characters":          {strings.Repeat("abc", 43), "password_long"},
		"the address itself":      {"Ana.Novak@Nordlicht.example", "password_guessable"},
		"the organization's name": {"nordlicht partner D.O.O.", "password_guessable"},
		"a common one":            {"passwordpassword", "password_guessable"},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, o.client(send(tc.password)), 400, "invalid").field(t, "/password", tc.code)
		})
	}
	var answer struct{ Session, Order string }
	r := o.client(send(good)).Want(t, 200)
	r.JSON(t, &answer)
	if answer.Order != order.ID || r.Header["cache-control"] != "no-store" {
		t.Errorf("answer %v, cached %q", answer, r.Header["cache-control"])
	}
	if got := o.list(order.ID, answer.Session); got.Order.ID != order.ID {
		t.Errorf("the session shows %v", got)
	}
	refused(t, o.client(send(good)), 410, "link_used")
	member, _, err := o.store.Member(o.Context(), ana)
	o.must(err)
	if !strings.HasPrefix(member.Password, "$argon2id$v=19$m=19456,t=2,p=1$") || strings.Contains(member.Password, good) {
		t.Errorf("stored as %s", member.Password)
	}
}

func TestPasswordPageOfABrowser(t *testing.T) {
	o := open(t)
	order, link := o.completed(o.invited(nil), newToEachOther(ana, karl), commerce.Known{})
	inert := o.browser(request{route: "GET /password", lang: "sl"}).Want(t, 200)
	says(t, inert, "Ustvarite geslo", "Pokaži", "Vsaj 15 znakov; dober je kratek stavek", `name="token"`)

	page := o.browser(request{route: "POST /password", lang: "en", form: map[string]string{"token": link.Reveal(), "password": "too short", "lang": "sl"}}).Want(t, 400)
	says(t, page, "Napaka: Ustvarite geslo", `role="alert"`, "Uporabite vsaj 15 znakov", `value="`+link.Reveal()+`"`)
	if strings.Contains(page.Body, "too short") {
		t.Error("the page shows the password again")
	}
	done := o.browser(request{route: "POST /password", form: map[string]string{"token": link.Reveal(), "password": good, "lang": "sl"}})
	goes(t, done, "/services/"+order.ID)
	if len(done.Cookies) != 1 || !strings.HasPrefix(done.Cookies[0], "__Host-session=pss_") ||
		!strings.HasSuffix(done.Cookies[0], "; Path=/; HttpOnly; Secure; SameSite=Lax") {
		t.Errorf("cookies = %q", done.Cookies)
	}
	again := o.browser(request{route: "POST /password", form: map[string]string{"token": link.Reveal(), "password": good, "lang": "sl"}}).Want(t, 410)
	says(t, again, "Povezava ne velja več", `href="/forgot"`)
	mistyped := o.browser(request{route: "POST /password", form: map[string]string{"token": "psp_x", "password": good, "lang": "en"}}).Want(t, 404)
	says(t, mistyped, "We do not recognise this code", `value="psp_x"`)
}

func TestPasswordLinks(t *testing.T) {
	o := open(t)
	_, first := o.completed(o.invited(nil), newToEachOther(ana, karl), commerce.Known{})
	send := func(token string) request {
		return request{route: "POST /password", sent: `{"token":"` + token + `","password":"` + good + `"}`}
	}
	refused(t, o.client(send("psp_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")), 404, "link_unknown")
	refused(t, o.client(send("nonsense")), 404, "link_unknown")
	refused(t, o.client(send(o.token(commerce.SetupToken).Reveal())), 404, "link_unknown")
	refused(t, o.client(send("")), 400, "invalid").field(t, "/token", "token_missing")

	older, newer := o.reset(ana), o.reset(ana)
	o.now = o.now.Add(time.Minute)
	session := o.session(ana)
	o.now = o.now.Add(time.Minute)
	o.client(send(newer)).Want(t, 200)
	refused(t, o.client(send(first.Reveal())), 410, "link_used")
	refused(t, o.client(send(older)), 410, "link_used")
	refused(t, o.client(request{route: "GET /services", as: session}), 401, "signed_out")

	late := o.reset(ana)
	o.now = o.now.Add(commerce.ResetTokenFor)
	refused(t, o.client(send(late)), 410, "link_expired")
}

func TestOnePasswordLinkUsedTwentyTimesAtOnceSignsInOnce(t *testing.T) {
	o := open(t)
	_, link := o.completed(o.invited(nil), newToEachOther(ana, karl), commerce.Known{})
	statuses := make(chan int, 20)
	var wait sync.WaitGroup
	for range cap(statuses) {
		wait.Go(func() {
			statuses <- o.client(request{route: "POST /password", sent: `{"token":"` + link.Reveal() + `","password":"` + good + `"}`}).Status
		})
	}
	wait.Wait()
	close(statuses)
	count := map[int]int{}
	for status := range statuses {
		count[status]++
	}
	if count[200] != 1 || count[410] != 19 {
		t.Errorf("answers: %v", count)
	}
}

func TestPasswordOfAPartnerWhoWaitsForConsentLeadsToTheListOfOrders(t *testing.T) {
	o := open(t)
	order := o.mapped(nil)
	o.consent("eva@sudlicht.example", order.Mapping.Customer)
	member, _, err := o.store.Member(o.Context(), "eva@sudlicht.example")
	o.must(err)
	orders, _, err := o.store.OrdersOf(o.Context(), commerce.PartnerKind, member.Organization, "", 10)
	o.must(err)
	link := o.token(commerce.PasswordToken)
	o.must(o.store.Issue(o.Context(), commerce.Grant{Hash: link.Hash(), Kind: commerce.PasswordToken, Member: member.Email, Order: orders[0].ID,
		First: true, IssuedAt: o.now, ExpiresAt: o.now.Add(time.Hour)}))
	goes(t, o.browser(request{route: "POST /password", form: map[string]string{"token": link.Reveal(), "password": good}}), "/services")
}
