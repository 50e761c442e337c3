package console_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dayone/shared/commerce"
)

// letters are how many letters wait in the queue.
func (d *desk) letters() int {
	d.Helper()
	entries, err := d.store.Due(d.Context(), "Letters", d.now.Add(time.Hour), 100)
	d.must(err)
	return len(entries)
}

func TestSignInByALink(t *testing.T) {
	d := open(t)
	d.get("/console/sign-in").Want(t, 200)
	says(t, d.post("/console/sign-in", "email", " Maja.Zupan@Operator.example ").Want(t, 200), "Check your email", "If Maja.Zupan@Operator.example belongs to an operator")
	if n := d.letters(); n != 1 {
		t.Fatalf("%d letters wait", n)
	}
	inert := d.get("/console/open").Want(t, 200)
	link := d.link(maja)
	in := d.post("/console/open", "token", link.Reveal()).Want(t, 303)
	if in.Header["location"] != "/console" || len(in.Cookies) != 1 || !strings.HasPrefix(in.Cookies[0], "__Host-console=psc_") {
		t.Fatalf("signed in with %v to %s", in.Cookies, in.Header["location"])
	}
	for _, want := range []string{"HttpOnly", "Secure", "SameSite=Lax", "Path=/"} {
		if !strings.Contains(in.Cookies[0], want) {
			t.Errorf("the cookie is not %s", want)
		}
	}
	d.cookie, _, _ = strings.Cut(strings.TrimPrefix(in.Cookies[0], "__Host-console="), ";")
	d.get("/console").Want(t, 200)
	if again := d.get("/console/open"); again.Body != inert.Body {
		t.Error("the page of the link is another one")
	}
	// The link works once.
	says(t, d.post("/console/open", "token", link.Reveal()).Want(t, 410), "This link has been used or has expired", "Send a new link")
	out := d.post("/console/sign-out").Want(t, 303)
	if out.Header["location"] != "/console/sign-in?signed_out" {
		t.Errorf("signed out to %s", out.Header["location"])
	}
	if r := d.get("/console").Want(t, 303); r.Header["location"] != "/console/sign-in" {
		t.Errorf("signed out, and led to %s", r.Header["location"])
	}
	says(t, d.get("/console/sign-in?signed_out").Want(t, 200), "You are signed out.")
}

func TestNobodyElseCanTellWhoIsAnOperator(t *testing.T) {
	d := open(t)
	known := d.post("/console/sign-in", "email", string(maja)).Want(t, 200)
	other := d.post("/console/sign-in", "email", "petra@elsewhere.test.invalid").Want(t, 200)
	if strings.ReplaceAll(known.Body, string(maja), "") != strings.ReplaceAll(other.Body, "petra@elsewhere.test.invalid", "") {
		t.Error("an unknown address is answered otherwise")
	}
	if n := d.letters(); n != 1 {
		t.Errorf("%d letters wait, want the operator's", n)
	}
	// As often as it is asked for: one letter in five minutes.
	for range 5 {
		d.now = d.now.Add(20 * time.Second)
		d.post("/console/sign-in", "email", string(maja)).Want(t, 200)
	}
	if n := d.letters(); n != 1 {
		t.Errorf("%d letters wait after five more", n)
	}
	says(t, d.post("/console/sign-in", "email", "").Want(t, 400), "Enter an email address")
	says(t, d.post("/console/sign-in", "email", "maja@").Want(t, 400), "in the correct format")
}

func TestLinksThatOpenNothing(t *testing.T) {
	d := open(t)
	late := d.link(maja)
	stranger := d.link("petra@elsewhere.test.invalid")
	session := d.session(maja)
	d.now = d.now.Add(commerce.OperatorTokenFor)
	for name, tc := range map[string]struct {
		token  string
		status int
		words  string
	}{
		"nothing":                 {"", 400, "Paste the code"},
		"no link":                 {"pso_nothing", 404, "We do not recognise this code"},
		"another kind":            {session.Reveal(), 404, "We do not recognise this code"},
		"too late":                {late.Reveal(), 410, "used or has expired"},
		"somebody else's":         {stranger.Reveal(), 410, "used or has expired"},
		"one that was never sent": {"pso_" + strings.Repeat("A", 43), 404, "We do not recognise this code"},
	} {
		r := d.post("/console/open", "token", tc.token).Want(t, tc.status)
		if says(t, r, tc.words); len(r.Cookies) > 0 {
			t.Errorf("%s: signed in with %v", name, r.Cookies)
		}
	}
}

func TestTwoUseALinkAtOnce(t *testing.T) {
	d := open(t)
	link := d.link(maja)
	status := make(chan int, 2)
	for range 2 {
		go func() { status <- d.post("/console/open", "token", link.Reveal()).Status }()
	}
	if a, b := <-status, <-status; a+b != 303+410 {
		t.Errorf("answered %d and %d, want one to get in", a, b)
	}
}

func TestSessionsEnd(t *testing.T) {
	d := signedIn(t)
	d.get("/console").Want(t, 200)
	d.now = d.now.Add(commerce.ConsoleFor - time.Second)
	d.get("/console").Want(t, 200)
	d.now = d.now.Add(time.Second)
	d.get("/console").Want(t, 303)
	d.now = noon
	for name, cookie := range map[string]string{"nobody's": "", "no secret": "psc_nothing", "a link": d.link(maja).Reveal(),
		"no operator's any more": d.session("petra@elsewhere.test.invalid").Reveal()} {
		d.cookie = cookie
		for _, path := range []string{"/console", "/console/orders/DO-1", "/console/orders/DO-1/cancel", "/console/place", "/console/charges", "/console/undelivered"} {
			if r := d.get(path); r.Status != 303 || r.Header["location"] != "/console/sign-in" {
				t.Errorf("%s: %s answered %d", name, path, r.Status)
			}
		}
		d.post("/console/orders/DO-1/cancel", "reason", "x").Want(t, 303)
		d.post("/console/place", "key", "x").Want(t, 303)
	}
}

func TestAnotherSiteCannotAct(t *testing.T) {
	d := signedIn(t)
	o := d.invited()
	r := d.ask("POST /console/orders/{order}/{action}", "/console/orders/"+o.ID+"/cancel", map[string][]string{"reason": {"x"}}, "sec-fetch-site", "cross-site")
	r.Want(t, 403)
	if got := d.order(o.ID); got.Status != commerce.Invited {
		t.Errorf("the order is %s", got.Status)
	}
}

// Only hashes are stored.
func TestSecretsAreNotStored(t *testing.T) {
	d := open(t)
	link := d.link(maja)
	in := d.post("/console/open", "token", link.Reveal()).Want(t, 303)
	session, _, _ := strings.Cut(strings.TrimPrefix(in.Cookies[0], "__Host-console="), ";")
	out, err := d.tables.Scan(t.Context(), &dynamodb.ScanInput{TableName: new(d.tables.Name("TokensTable"))})
	d.must(err)
	for _, i := range out.Items {
		for name, v := range i {
			if text := strings.ToLower(strings.TrimSpace(stringOf(v))); strings.Contains(text, "pso_a") || strings.Contains(stringOf(v), session) || strings.Contains(stringOf(v), link.Reveal()) {
				t.Errorf("%s holds a secret", name)
			}
		}
	}
	if len(out.Items) != 2 {
		t.Errorf("%d tokens are stored", len(out.Items))
	}
}
