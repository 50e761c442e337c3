package console_test

import (
	"crypto/rand"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"dayone/functions/console"
	"dayone/local/call"
	"dayone/local/engine/enginetest"
	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/store"
)

// noon is when the orders of these tests start, and a quarter of an hour after most were mailed.
var noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

const (
	maja   = commerce.Address("maja.zupan@operator.example")
	caller = "arn:aws:iam::123456789012:role/commerce"
)

// desk is the function with tables of its own, and somebody in front of it.
type desk struct {
	*testing.T
	function api.Function
	store    *store.Store
	tables   *enginetest.Tables
	now      time.Time
	cookie   string
	lang     string
	orders   int
}

// open is the console with maja as its only operator, and nobody signed in. Events of orders go to another system.
func open(t *testing.T) *desk {
	t.Helper()
	t.Parallel()
	tables := enginetest.New(t)
	publishing := func(name string) string {
		if name == "PUBLISH_EVENTS" {
			return "yes"
		}
		return tables.Getenv(name)
	}
	return &desk{T: t, tables: tables, store: store.FromEnv(publishing), now: noon, lang: "en",
		function: console.Handler(store.FromEnv(tables.As("Console", "PUBLISH_EVENTS", "yes")), console.Config{
			Help: "help@dayone.example", Operators: []commerce.Address{maja}, Caller: caller, Zone: "Europe/Ljubljana", Locale: "en"})}
}

// signedIn is open with maja signed in.
func signedIn(t *testing.T) *desk {
	t.Helper()
	d := open(t)
	d.cookie = d.session(maja).Reveal()
	return d
}

func (d *desk) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

// session is a session of an address, as the link would begin it.
func (d *desk) session(who commerce.Address) commerce.Token {
	d.Helper()
	token, err := commerce.MintToken(commerce.ConsoleToken, rand.Reader)
	d.must(err)
	d.must(d.store.Issue(d.Context(), commerce.Grant{Hash: token.Hash(), Kind: commerce.ConsoleToken, Member: who, IssuedAt: d.now, ExpiresAt: d.now.Add(commerce.ConsoleFor)}))
	return token
}

// link is a link of an address, as its letter would have it.
func (d *desk) link(who commerce.Address) commerce.Token {
	d.Helper()
	token, err := commerce.MintToken(commerce.OperatorToken, rand.Reader)
	d.must(err)
	d.must(d.store.Issue(d.Context(), commerce.Grant{Hash: token.Hash(), Kind: commerce.OperatorToken, Member: who, IssuedAt: d.now, ExpiresAt: d.now.Add(commerce.OperatorTokenFor)}))
	return token
}

// ask sends a request of a browser. Path and query are as in an address.
func (d *desk) ask(route, address string, form url.Values, header ...string) call.Response {
	d.Helper()
	path, query, _ := strings.Cut(address, "?")
	r := call.Request{Route: route, Query: query, Now: d.now, Path: map[string]string{},
		Header: map[string]string{"accept": "text/html", "accept-language": d.lang, "content-type": "application/x-www-form-urlencoded"}}
	if parts := strings.Split(path, "/"); len(parts) > 3 {
		r.Path["order"] = parts[3]
		if len(parts) > 4 {
			r.Path["action"] = parts[4]
		}
	}
	if form == nil {
		delete(r.Header, "content-type")
	}
	r.Body = form.Encode()
	if d.cookie != "" {
		r.Header["cookie"] = "__Host-console=" + d.cookie
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header[header[i]] = header[i+1]
	}
	return call.HTTP(d, d.function, r)
}

// get opens an address.
func (d *desk) get(address string) call.Response {
	d.Helper()
	path, _, _ := strings.Cut(address, "?")
	return d.ask("GET "+route(path), address, nil)
}

// post sends a form.
func (d *desk) post(path string, fields ...string) call.Response {
	d.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return d.ask("POST "+route(path), path, form)
}

// route is the template's route of a path.
func route(path string) string {
	parts := strings.Split(path, "/")
	if len(parts) > 3 && parts[2] == "orders" {
		parts[3] = "{order}"
		if len(parts) > 4 {
			parts[4] = "{action}"
		}
	}
	return strings.Join(parts, "/")
}

// act does an action on an order as the page in front of the operator would, at its present version.
func (d *desk) act(o commerce.Order, action string, fields ...string) call.Response {
	d.Helper()
	now := d.order(o.ID)
	return d.post("/console/orders/"+o.ID+"/"+action, append([]string{"version", fmt.Sprint(now.Version), "seen", fmt.Sprint(len(now.Events))}, fields...)...)
}

func (d *desk) order(id string) commerce.Order {
	d.Helper()
	o, err := d.store.Order(d.Context(), id)
	d.must(err)
	return o
}

// says fails the test unless the page has all of these words.
func says(t testing.TB, r call.Response, words ...string) {
	t.Helper()
	text := html.UnescapeString(strings.Join(strings.Fields(tags.ReplaceAllString(r.Body, " ")), " "))
	for _, w := range words {
		if !strings.Contains(text, w) && !strings.Contains(r.Body, w) {
			t.Errorf("the page does not say %q:\n%s", w, text)
		}
	}
}

var tags = regexp.MustCompile(`(?s)<style>.*?</style>|<script>.*?</script>|<[^>]*>`)

// placed is an order that starts today.
func (d *desk) placed(change func(*commerce.Terms)) commerce.Order {
	d.Helper()
	d.orders++
	terms := commerce.Terms{
		ExternalRef: fmt.Sprint("CCW-", d.orders), Family: "A-FLEX",
		Partner: commerce.Party{Name: "Nordlicht Partner d.o.o.", Country: "SI"}, Customer: commerce.Party{Name: "Alpine Mills GmbH", Country: "AT"},
		Start: commerce.DateOf(noon), Zone: "Europe/Ljubljana", Locale: "sl", Contact: "provisioning@nordlicht.example",
		Representative: commerce.Person{Name: "Maja Zupan", Email: "maja.zupan@vendor.example"},
		Lines: []commerce.Line{
			{Subscription: "Sub1", SKU: "A-FLEX-CALL", Quantity: 25, TermMonths: 36, Billing: commerce.Monthly, UnitPrice: 1250, Currency: "EUR"},
		},
	}
	if change != nil {
		change(&terms)
	}
	o, err := commerce.Place(api.NewOrderID(), caller, terms, d.now.Add(-time.Hour))
	d.must(err)
	_, err = d.store.Place(d.Context(), o, fmt.Sprintf("test-key-%08d", d.orders), "digest")
	d.must(err)
	return o
}

// changed stores a change of an order and answers it as it is stored.
func (d *desk) changed(o commerce.Order, change func(commerce.Order) (commerce.Order, error)) commerce.Order {
	d.Helper()
	before := d.order(o.ID)
	after, err := change(before)
	d.must(err)
	d.must(d.store.Replace(d.Context(), before, after))
	return d.order(o.ID)
}

// invited is an order whose link was sent an hour ago.
func (d *desk) invited() commerce.Order {
	d.Helper()
	return d.changed(d.placed(nil), func(o commerce.Order) (commerce.Order, error) {
		return o.LinkSent(commerce.LetterSetup, o.Contact, 1, "0107019f3c2a77b1-message", d.now.Add(-time.Hour)), nil
	})
}

// escalated is an invited order that needs a person.
func (d *desk) escalated() commerce.Order {
	d.Helper()
	return d.changed(d.invited(), func(o commerce.Order) (commerce.Order, error) {
		return o.Escalated("message-2", d.now.Add(-30*time.Minute)), nil
	})
}

// failed is an order whose provisioning was undone.
func (d *desk) failed() commerce.Order {
	d.Helper()
	return d.changed(d.invited(), func(o commerce.Order) (commerce.Order, error) {
		o.Status, o.Mapping = commerce.Provisioning, commerce.Mapping{Partner: "org_p", Customer: "org_c", At: d.now.Add(-time.Hour)}
		o.Attempt = commerce.Attempt{Number: 1, By: "ana@nordlicht.example"}
		o.Lines[0].Status, o.Lines[0].Reason = commerce.LineFailed, "no such number range"
		failed, _, _ := o.Finish(d.now.Add(-time.Minute))
		return failed, nil
	})
}

// last is the newest entry of an order's timeline that somebody made.
func last(t testing.TB, o commerce.Order, kind string) commerce.Event {
	t.Helper()
	for i := len(o.Events) - 1; i >= 0; i-- {
		if o.Events[i].Kind == kind {
			return o.Events[i]
		}
	}
	t.Fatalf("nothing of %s happened: %+v", kind, o.Events)
	return commerce.Event{}
}
