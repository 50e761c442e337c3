package services_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"dayone/local/call"
	"dayone/shared/commerce"
)

// knows gives somebody the good password.
func (o *office) knows(who commerce.Address) {
	o.Helper()
	o.client(request{route: "POST /password", sent: `{"token":"` + o.reset(who) + `","password":"` + good + `"}`}).Want(o, 200)
}

func (o *office) signIn(email, password string) call.Response {
	o.Helper()
	sent, err := json.Marshal(map[string]string{"email": email, "password": password})
	o.must(err)
	return o.client(request{route: "POST /sign-in", sent: string(sent)})
}

func TestSignInAndOut(t *testing.T) {
	o := open(t)
	order := o.mapped(nil)
	o.knows(karl)
	var answer struct{ Session string }
	o.signIn(" Karl.Huber@ALPINE.example ", good).Want(t, 200).JSON(t, &answer)
	if got := o.list(order.ID, answer.Session); got.Order.ID != order.ID {
		t.Errorf("the session shows %v", got)
	}
	o.client(request{route: "POST /sign-out", as: answer.Session}).Want(t, 204)
	refused(t, o.client(request{route: "GET /services", as: answer.Session}), 401, "signed_out")
	o.client(request{route: "POST /sign-out", as: answer.Session}).Want(t, 204)

	o.signIn(string(karl), good).Want(t, 200).JSON(t, &answer)
	o.now = o.now.Add(commerce.SessionFor - time.Millisecond)
	o.client(request{route: "GET /services", as: answer.Session}).Want(t, 200)
	o.now = o.now.Add(time.Millisecond)
	refused(t, o.client(request{route: "GET /services", as: answer.Session}), 401, "signed_out")
}

func TestSignInOfABrowser(t *testing.T) {
	o := open(t)
	order := o.mapped(nil)
	o.knows(karl)
	path := "/services/" + order.ID
	goes(t, o.browser(request{route: "GET /services/{order}", order: order.ID}), "/sign-in?next=%2Fservices%2F"+order.ID)
	says(t, o.browser(request{route: "GET /sign-in", query: "next=" + path}).Want(t, 200), `name="next" value="`+path+`"`)

	wrong := o.browser(request{route: "POST /sign-in", form: map[string]string{"email": string(karl), "password": "not this one", "next": path, "lang": "sl"}}).Want(t, 401)
	says(t, wrong, "E-poštni naslov ali geslo ni pravilno", `value="karl.huber@alpine.example"`, `name="next" value="`+path+`"`)
	if strings.Contains(wrong.Body, "not this one") {
		t.Error("the page shows the password again")
	}
	in := o.browser(request{route: "POST /sign-in", form: map[string]string{"email": string(karl), "password": good, "next": path}})
	goes(t, in, path)
	session, _, _ := strings.Cut(strings.TrimPrefix(in.Cookies[0], "__Host-session="), ";")
	o.browser(request{route: "GET /services/{order}", order: order.ID, as: session}).Want(t, 200)

	out := o.browser(request{route: "POST /sign-out", as: session})
	goes(t, out, "/sign-in?signed_out")
	if len(out.Cookies) != 1 || !strings.HasPrefix(out.Cookies[0], "__Host-session=; Path=/; Max-Age=0;") {
		t.Errorf("cookies = %q", out.Cookies)
	}
	says(t, o.browser(request{route: "GET /sign-in", query: "signed_out", lang: "en"}), "You are signed out.")
	goes(t, o.browser(request{route: "GET /services", as: session}), "/sign-in?next=%2Fservices")
}

func TestSignInLeadsNowhereElse(t *testing.T) {
	o := open(t)
	o.mapped(nil)
	o.knows(karl)
	for _, next := range []string{"https://evil.example", "//evil.example/services", "/services/../console", "/services//evil.example", "/console", `/services\evil`, ""} {
		goes(t, o.browser(request{route: "POST /sign-in", form: map[string]string{"email": string(karl), "password": good, "next": next}}), "/services")
	}
}

func TestWrongPasswordsSlowDownTheSameForEverybody(t *testing.T) {
	o := open(t)
	o.mapped(nil)
	o.knows(karl)
	answers := map[string]string{}
	for _, email := range []string{string(karl), "nobody@alpine.example", string(ana)} { // known, unknown, and without a password yet
		start := o.now
		var seen strings.Builder
		for range 5 {
			refused(t, o.signIn(email, "the wrong password"), 401, "wrong_password")
		}
		for want := 2; want <= 16; want *= 2 {
			slow := o.signIn(email, good)
			refused(t, slow, 429, "slow_down")
			if slow.Header["retry-after"] != strconv.Itoa(want) {
				t.Errorf("%s: wait %s seconds, want %d", email, slow.Header["retry-after"], want)
			}
			seen.WriteString(slow.Body)
			o.now = o.now.Add(time.Duration(want) * time.Second)
			wrong := o.signIn(email, "the wrong password")
			refused(t, wrong, 401, "wrong_password")
			seen.WriteString(wrong.Body)
		}
		answers[seen.String()] = email
		o.now = start
	}
	if len(answers) != 1 {
		t.Errorf("the answers tell who is known: %v", answers)
	}
	page := o.browser(request{route: "POST /sign-in", form: map[string]string{"email": string(karl), "password": good, "lang": "sl"}}).Want(t, 429)
	says(t, page, "Preveč poskusov", `value="karl.huber@alpine.example"`)
	if page.Header["retry-after"] == "" {
		t.Error("the page does not say when to come back")
	}

	o.now = o.now.Add(time.Hour)
	o.signIn(string(karl), good).Want(t, 200)
	for range 5 { // a right password forgot them
		refused(t, o.signIn(string(karl), "the wrong password"), 401, "wrong_password")
	}
	refused(t, o.signIn(string(karl), good), 429, "slow_down")
	o.client(request{route: "POST /password", sent: `{"token":"` + o.reset(karl) + `","password":"another good sentence"}`}).Want(t, 200)
	o.signIn(string(karl), "another good sentence").Want(t, 200)
}

func TestManyTriesAtOnceAreNoMoreThanOneAfterAnother(t *testing.T) {
	o := open(t)
	statuses := make(chan int, 20)
	var wait sync.WaitGroup
	for range cap(statuses) {
		wait.Go(func() { statuses <- o.signIn("nobody@alpine.example", "the wrong password").Status })
	}
	wait.Wait()
	close(statuses)
	count := map[int]int{}
	for status := range statuses {
		count[status]++
	}
	if count[401] > 5 || count[401]+count[429] != 20 {
		t.Errorf("answers: %v", count)
	}
}

func TestSignInNamesWhatIsMissing(t *testing.T) {
	o := open(t)
	p := refused(t, o.client(request{route: "POST /sign-in", sent: `{}`}), 400, "invalid")
	p.field(t, "/email", "email_missing")
	if len(p.Errors) != 2 || p.Errors[1].Code != "password_missing" {
		t.Errorf("errors = %v", p.Errors)
	}
	refused(t, o.client(request{route: "POST /sign-in", sent: `{"email":"a@b","password":"x"}`}), 400, "invalid").field(t, "/email", "address_malformed")
	refused(t, o.client(request{route: "POST /sign-in", sent: `{"email":"a@b.example","password":"x","next":"/services"}`}), 400, "invalid").field(t, "/next", "unknown_field")
}

func TestPasswordIsTheSameHoweverItsLettersAreSpelled(t *testing.T) {
	o := open(t)
	o.mapped(nil)
	o.client(request{route: "POST /password", sent: `{"token":"` + o.reset(karl) + `","password":"ple\u0161ast \u010dmrlj leti"}`}).Want(t, 200)
	o.signIn(string(karl), "ples\u030cast c\u030cmrlj leti").Want(t, 200)
}
