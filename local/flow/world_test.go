// Package flow_test walks whole orders through the whole thing, as a commerce system and people would: over HTTP, with
// letters from the inbox and a clock that is moved.
package flow_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"dayone/local/client"
	"dayone/local/cloud"
	"dayone/local/cloud/cloudtest"
	"dayone/local/functions"
)

// world is everything, running, and a client of it.
type world struct {
	*testing.T
	*cloud.Cloud
	orders int
	seen   *watcher
}

func begin(t *testing.T, parameters map[string]string) *world {
	return beginWith(t, cloud.Config{Functions: functions.All(), Parameters: parameters})
}

func beginWith(t *testing.T, config cloud.Config) *world {
	t.Parallel()
	config.Log = slog.New(slog.NewTextHandler(io.MultiWriter(t.Output(), logs()), nil))
	w := &world{T: t, Cloud: cloudtest.Start(t, config), seen: &watcher{}}
	w.watch()
	t.Cleanup(w.commerceKnows)
	return w
}

// end is a context for what is done once the test is over.
func (w *world) end() context.Context { return context.WithoutCancel(w.Context()) }

type object = client.Object

// answer is what came back.
type answer struct{ client.Answer }

// ask sends a request with a JSON body, or none, and a secret, or none.
func (w *world) ask(method, path, secret string, body any, header ...string) answer {
	w.Helper()
	var sent io.Reader = strings.NewReader("")
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			w.Fatal(err)
		}
		sent = strings.NewReader(string(b))
	}
	r, err := http.NewRequestWithContext(w.Context(), method, w.URL+path, sent)
	if err != nil {
		w.Fatal(err)
	}
	r.Header.Set("Accept", "application/json")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if secret != "" {
		r.Header.Set("Authorization", "Bearer "+secret)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return w.do(r)
}

// form posts a form as a browser does.
func (w *world) form(path string, fields url.Values, header ...string) answer {
	w.Helper()
	r, err := http.NewRequestWithContext(w.Context(), http.MethodPost, w.URL+path, strings.NewReader(fields.Encode()))
	if err != nil {
		w.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return w.do(r)
}

func (w *world) do(r *http.Request) answer {
	w.Helper()
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	out, err := browser.Do(r)
	if err != nil {
		w.Fatal(err)
	}
	got, err := client.Read(out)
	a := answer{got}
	defer func() { w.saw(r, a) }()
	if err != nil {
		w.Fatal(err)
	}
	return a
}

// want fails the test unless the answer has this status.
func (a answer) want(w *world, status int) answer {
	w.Helper()
	if a.Status != status {
		w.Fatalf("status %d, want %d: %s", a.Status, status, a.Body)
	}
	return a
}

// sku is a line of an order: a sku without its family, and how it is billed.
type line struct {
	sku, billing string
	quantity     int
	price        int64
	term         int
}

// order is what a test may change of the order it places.
type order struct {
	family, contact, start, zone, locale, partner, customer string
	lines                                                   []line
}

// place places an order; what is left out is usual.
func (w *world) place(o order) string {
	w.Helper()
	w.orders++
	set := func(s *string, usual string) {
		if *s == "" {
			*s = usual
		}
	}
	set(&o.family, "A-FLEX")
	set(&o.contact, "ana@nordlicht.example")
	set(&o.start, w.Now().Format(time.DateOnly))
	set(&o.zone, "Europe/Ljubljana")
	set(&o.locale, "en")
	set(&o.partner, "Nordlicht Partner d.o.o.")
	set(&o.customer, "Alpine Mills GmbH")
	if o.lines == nil {
		o.lines = []line{{"CALL", "monthly", 25, 1250, 36}, {"MEET", "annual", 25, 9900, 36}}
	}
	var lines []object
	for i, l := range o.lines {
		lines = append(lines, object{"subscription_id": fmt.Sprintf("Sub%d-%d", w.orders, i), "sku": o.family + "-" + l.sku, "quantity": l.quantity,
			"term_months": l.term, "billing": l.billing, "unit_price": l.price, "currency": "EUR"})
	}
	a := w.ask("POST", "/orders", "", object{
		"external_ref": fmt.Sprintf("CCW-%d", w.orders), "family": o.family,
		"partner": object{"name": o.partner, "country": "SI"}, "customer": object{"name": o.customer, "country": "AT"},
		"requested_start_date": o.start, "time_zone": o.zone, "locale": o.locale,
		"provisioning_contact":   object{"email": o.contact, "alias": false},
		"account_representative": object{"name": "Maja Zupan", "email": "maja.zupan@vendor.example"},
		"lines":                  lines,
	}, "Idempotency-Key", fmt.Sprintf("whole-flow-key-%d", w.orders)).want(w, 201)
	return a.Text("id")
}

// show reads an order as its caller.
func (w *world) show(id string) answer {
	w.Helper()
	return w.ask("GET", "/orders/"+id, "", nil).want(w, 200)
}

// run runs a schedule now.
func (w *world) run(function string) {
	w.Helper()
	if err := w.Cloud.Run(w.Context(), function); err != nil {
		w.Fatal(err)
	}
}

// later moves the clock.
func (w *world) later(d, step time.Duration) {
	w.Helper()
	if err := w.Advance(w.Context(), d, step); err != nil {
		w.Fatal(err)
	}
}

// letters counts the letters to an address whose subject has a word.
func (w *world) letters(to, subject string) []cloud.Letter {
	w.Helper()
	var all []cloud.Letter
	for _, l := range w.Inbox() {
		if slices.Contains(l.To, to) && strings.Contains(l.Subject, subject) {
			all = append(all, l)
		}
	}
	return all
}

// secret is the secret of the newest letter to an address with a link under this path.
func (w *world) secret(to, path string) string {
	w.Helper()
	if secret := cloudtest.Secret(w.Cloud, to, path); secret != "" {
		return secret
	}
	w.Fatalf("no letter to %s has a link under %s", to, path)
	return ""
}

// invited places an order that starts today and answers its id and the link's secret.
func (w *world) invited(o order) (id, link string) {
	w.Helper()
	id = w.place(o)
	w.run("Letters")
	if o.contact == "" {
		o.contact = "ana@nordlicht.example"
	}
	return id, w.secret(o.contact, "/setup")
}

// asPartner are the answers of a partner who sets up a new customer.
func asPartner(partner, customerAdmin string) object {
	a := object{"role": "partner", "set_up_by": "me", "partner_organization": partner,
		"customer_admin_email": customerAdmin, "customer_organization": "new", "customer_name": "Alpine Mills GmbH", "customer_country": "AT", "customer_language": "en"}
	if partner == "new" {
		a["partner_name"], a["partner_country"], a["partner_admin_email"] = "Nordlicht Partner d.o.o.", "SI", "ana@nordlicht.example"
	}
	return a
}

// complete reviews and completes answers.
func (w *world) complete(link string, answers object) answer {
	w.Helper()
	w.ask("POST", "/setup/role", link, object{"role": answers["role"]}).want(w, 200)
	review := w.ask("POST", "/setup/review", link, answers).want(w, 200)
	sent := object{"review_digest": review.Text("review_digest")}
	for name, value := range answers {
		sent[name] = value
	}
	return w.ask("POST", "/setup/complete", link, sent).want(w, 200)
}

const password = "copper kettle on the sill"

// choose creates a password and answers the session.
func (w *world) choose(token string) string {
	w.Helper()
	return w.ask("POST", "/password", "", object{"token": token, "password": password}).want(w, 200).Text("session")
}

// settle completes every task of an order's service setup.
func (w *world) settle(session, id, subdomain string) {
	w.Helper()
	post := func(task string, body object) { w.ask("POST", "/services/"+id+"/"+task, session, body).want(w, 200) }
	tasks := w.ask("GET", "/services/"+id, session, nil).want(w, 200)
	for _, task := range tasks.List("tasks") {
		if task.Text("status") == "completed" {
			continue
		}
		switch task.Text("name") {
		case "subscription":
			post("subscription", object{"reviewed": true})
		case "calling":
			post("calling", object{"country": "AT", "location_name": "Head office", "address": "Mühlgasse 1", "city": "Graz", "postal_code": "8010",
				"time_zone": "Europe/Vienna", "language": "en", "main_number": "+43 316 123456"})
		case "meetings":
			post("meetings", object{"time_zone": "Europe/Vienna", "language": "en"})
		case "enterprise":
			post("enterprise", object{"subdomain": subdomain})
		}
	}
	if got := w.ask("GET", "/services/"+id, session, nil).want(w, 200); got.At("can_provision") != true {
		w.Fatalf("the tasks are not complete: %s", got.Body)
	}
}

// charges are the charges of a month.
func (w *world) charges(month string) []object {
	w.Helper()
	return w.ask("GET", "/charges?month="+month, "", nil).want(w, 200).List("charges")
}
