package flow_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"dayone/local/template"
)

// open are the template's routes that anybody may ask.
func (w *world) open() []template.Route {
	var all []template.Route
	for _, f := range w.Template.Functions {
		for _, r := range f.Routes {
			if !r.IAM {
				all = append(all, r)
			}
		}
	}
	return all
}

// filled is the path of a route, with an order in it.
func filled(r template.Route, order string) string {
	return regexp.MustCompile(`\{(\w+)\}`).ReplaceAllStringFunc(r.Path, func(p string) string {
		return map[string]string{"{order}": order, "{step}": "start", "{name}": "alpine-mills", "{link}": "setup%23psl_x", "{action}": "cancel"}[p]
	})
}

// Every page that can be asked for is sealed: the watch of the world looks at all of them.
func TestEveryPageIsSealed(t *testing.T) {
	w := begin(t, nil)
	id, link := w.invited(order{})
	session := w.choose(w.complete(link, asPartner("new", it)).Text("password_token"))
	pages := 0
	for _, r := range w.open() {
		if r.Method != "GET" || r.Path == "/openapi.json" {
			continue
		}
		for _, cookie := range []string{"__Host-session=" + session, "__Host-session=pss_nonsense"} {
			for _, path := range []string{filled(r, id), filled(r, "DO-NONE"), filled(r, id) + "?lang=sl", filled(r, id) + "?unknown=1"} {
				if a := w.ask("GET", path, "", nil, "Accept", "text/html", "Cookie", cookie); strings.Contains(a.Header.Get("Content-Type"), "text/html") {
					pages++
				}
			}
		}
	}
	if pages < 40 {
		t.Errorf("only %d pages were seen", pages)
	}
}

// Another site cannot have a browser post anything, whatever it holds.
func TestNobodyPostsFromAnotherSite(t *testing.T) {
	w := begin(t, nil)
	id, link := w.invited(order{})
	session := w.choose(w.complete(link, asPartner("new", it)).Text("password_token"))
	before := w.stored()
	routes := 0
	for _, r := range w.open() {
		if r.Method != "POST" {
			continue
		}
		routes++
		for name, header := range map[string][]string{
			"a form of another site":    {"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"},
			"a sister host":             {"Sec-Fetch-Site", "same-site"},
			"an old browser":            {"Origin", "https://evil.example"},
			"a page without an origin":  {"Origin", "null"},
			"another port of this host": {"Origin", "http://localhost:1"},
		} {
			a := w.ask("POST", filled(r, id), "", object{"token": link, "email": ana, "password": password, "subdomain": "evil"},
				append(header, "Cookie", "__Host-session="+session)...)
			if a.Status != 403 || a.Text("code") != "cross_origin" {
				t.Errorf("%s by %s: %d %s", r.Key(), name, a.Status, a.Body)
			}
		}
	}
	if routes < 11 {
		t.Errorf("only %d routes were tried", routes)
	}
	for what, text := range w.stored() {
		if before[what] != text {
			t.Errorf("%s was changed", what)
		}
	}
	same := w.ask("POST", "/services/"+id+"/subscription", "", object{"reviewed": true}, "Cookie", "__Host-session="+session, "Sec-Fetch-Site", "same-origin", "Origin", w.URL)
	same.want(w, 200)
}

// The slow-down counts what is tried for an address, from wherever it is said to come.
func TestSlowDownCannotBeDodged(t *testing.T) {
	w := begin(t, nil)
	_, link := w.invited(order{})
	w.choose(w.complete(link, asPartner("new", it)).Text("password_token"))
	slow := 0
	for n := range 30 {
		from := fmt.Sprintf("198.51.100.%d", n)
		spelled := []string{ana, "ANA@nordlicht.example", " ana@Nordlicht.example "}[n%3]
		a := w.ask("POST", "/sign-in", "", object{"email": spelled, "password": "wrong, and long enough"},
			"X-Forwarded-For", from, "Forwarded", "for="+from, "X-Real-Ip", from, "User-Agent", from, "X-GoLambdaProxy-ApiGw-Context", `{"http":{"sourceIp":"`+from+`"}}`)
		switch {
		case a.Status == 429 && a.Header.Get("Retry-After") != "":
			slow++
		case a.Status != 401:
			t.Fatalf("%d %s", a.Status, a.Body)
		}
	}
	if slow != 25 {
		t.Errorf("%d of 30 tries were slowed, want 25", slow)
	}
	if a := w.ask("POST", "/sign-in", "", object{"email": ana, "password": password}); a.Status != 429 {
		t.Errorf("the right password in between: %d", a.Status)
	}
}

// Who is calling is what the authorizer says, and no header.
func TestNobodyForgesACaller(t *testing.T) {
	w := begin(t, nil)
	id := w.place(order{})
	mine := `{"authorizer":{"iam":{"userArn":"arn:aws:sts::123456789012:assumed-role/commerce/local"}},"timeEpoch":0,"requestId":"forged","http":{"sourceIp":"127.0.0.1"}}`
	for _, header := range []string{"X-GoLambdaProxy-ApiGw-Context", "x-golambdaproxy-apigw-context", "X-Golambdaproxy-Apigw-Stagevars", "X-Golambdaproxy-Lambda-Context"} {
		for _, ask := range []struct{ method, path string }{{"GET", ""}, {"GET", "/events"}, {"POST", "/cancel"}, {"POST", "/resend"}} {
			var body any
			if ask.method == "POST" {
				body = object{"reason": "because"}
			}
			if a := w.ask(ask.method, "/orders/"+id+ask.path, "", body, "X-Local-Caller", "somebody-else", header, mine); a.Status != 404 || strings.Contains(a.Body, "forged") {
				t.Errorf("%s %s with %s: %d %s", ask.method, ask.path, header, a.Status, a.Body)
			}
		}
	}
	w.show(id)
}

// The session of a browser is for this host, over TLS, and out of reach of scripts.
func TestTheCookieIsKeptClose(t *testing.T) {
	w := begin(t, nil)
	_, link := w.invited(order{})
	w.choose(w.complete(link, asPartner("new", it)).Text("password_token"))
	a := w.form("/sign-in", url.Values{"email": {ana}, "password": {password}})
	cookie := a.Header.Get("Set-Cookie")
	if !regexp.MustCompile(`^__Host-session=pss_[\w-]{43}; Path=/; HttpOnly; Secure; SameSite=Lax$`).MatchString(cookie) {
		t.Errorf("Set-Cookie: %s", cookie)
	}
}
