package browser_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"dayone/local/cloud"
	"dayone/local/cloud/cloudtest"
)

// sheet is a page as it was answered.
type sheet struct {
	name   string // what the walk calls it
	path   string
	status int
	header http.Header
	body   []byte
}

// reader is somebody with a browser that does nothing but show pages and post their forms. It keeps every page it sees.
type reader struct {
	*testing.T
	cloud   *cloud.Cloud
	lang    string
	cookies map[string]string
	seen    []sheet
}

func newReader(t *testing.T, c *cloud.Cloud, lang string) *reader {
	return &reader{T: t, cloud: c, lang: lang, cookies: map[string]string{}}
}

// ask sends a request, follows where it leads, and keeps the page under a name.
func (p *reader) ask(name, method, path string, form url.Values) {
	p.Helper()
	for range 5 {
		answer := p.send(method, path, form)
		if answer.status >= 300 && answer.status < 400 {
			method, path, form = http.MethodGet, answer.header.Get("Location"), nil
			continue
		}
		answer.name = p.lang + " " + name
		if !strings.HasPrefix(answer.header.Get("Content-Type"), "text/html") {
			p.Fatalf("%s: %s %s answers no page: %s", name, method, path, answer.body)
		}
		if !bytes.Contains(answer.body, []byte(`<html lang="`+p.lang+`"`)) {
			p.Errorf("%s is not in the language %s", name, p.lang)
		}
		p.seen = append(p.seen, answer)
		return
	}
	p.Fatalf("%s leads in circles", name)
}

func (p *reader) send(method, path string, form url.Values) sheet {
	p.Helper()
	path, _, _ = strings.Cut(path, "#")
	r, err := http.NewRequestWithContext(p.Context(), method, p.cloud.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		p.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Accept-Language", p.lang)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range p.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		p.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		p.Fatal(err)
	}
	for _, c := range answer.Cookies() {
		p.cookies[c.Name] = c.Value
	}
	return sheet{path: path, status: answer.StatusCode, header: answer.Header, body: body}
}

// get opens an address.
func (p *reader) get(name, path string) { p.Helper(); p.ask(name, http.MethodGet, path, nil) }

// page is the one in front of the reader.
func (p *reader) page() sheet { return p.seen[len(p.seen)-1] }

// submit posts the form of the page as it is, but for the fields given as names and values in turn. A button is a field.
func (p *reader) submit(name string, fields ...string) {
	p.Helper()
	action, form := p.form()
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	p.ask(name, http.MethodPost, action, form)
}

// form is what the page's form posts, and where.
func (p *reader) form() (action string, fields url.Values) {
	p.Helper()
	doc, err := html.Parse(bytes.NewReader(p.page().body))
	if err != nil {
		p.Fatal(err)
	}
	fields = url.Values{}
	for n := range doc.Descendants() {
		if n.Data != "form" || attr(n, "id") != "f" {
			continue
		}
		action = attr(n, "action")
		for in := range n.Descendants() {
			name, value := attr(in, "name"), attr(in, "value")
			switch {
			case name == "":
			case in.Data == "input" && (attr(in, "type") != "radio" && attr(in, "type") != "checkbox" || has(in, "checked")):
				fields.Set(name, value)
			case in.Data == "select":
				fields.Set(name, "")
				for o := range in.Descendants() {
					if o.Data == "option" && has(o, "selected") {
						fields.Set(name, attr(o, "value"))
					}
				}
			}
		}
	}
	if action == "" {
		p.Fatalf("the page has no form: %s", p.page().body)
	}
	return action, fields
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

// change is what somebody says who places an order that is not quite the usual one.
type change func(order map[string]any)

// place places an order that starts today, and answers its id.
func place(t *testing.T, c *cloud.Cloud, ref, locale string, changes ...change) string {
	t.Helper()
	var order map[string]any
	if err := json.Unmarshal([]byte(sent), &order); err != nil {
		t.Fatal(err)
	}
	order["external_ref"], order["locale"] = ref, locale
	for _, change := range changes {
		change(order)
	}
	var placed struct{ ID string }
	deed(t, c, "/orders", order, &placed, "Idempotency-Key", "browser-order-"+ref)
	return placed.ID
}

// deed does something as the commerce system.
func deed(t *testing.T, c *cloud.Cloud, path string, in, out any, header ...string) {
	t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.URL+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode >= 300 {
		t.Fatalf("POST %s: %s: %s", path, answer.Status, said)
	}
	if out != nil {
		if err := json.Unmarshal(said, out); err != nil {
			t.Fatal(err)
		}
	}
}

// runs runs a scheduled function now.
func runs(t *testing.T, c *cloud.Cloud, function string) {
	t.Helper()
	if err := c.Run(context.WithoutCancel(t.Context()), function); err != nil {
		t.Fatal(err)
	}
}

// code is the secret in the newest letter to an address whose link leads to a page.
func code(t *testing.T, c *cloud.Cloud, to, page string) string {
	t.Helper()
	if secret := cloudtest.Secret(c, to, page); secret != "" {
		return secret
	}
	t.Fatalf("no letter to %s leads to %s", to, page)
	return ""
}
