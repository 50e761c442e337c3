package budget

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"dayone/local/client"
	"dayone/local/cloud"
)

// Counted is a deed and what it took.
type Counted struct {
	Deed  string `json:"deed"`
	Cost  Cost   `json:"cost"`
	Calls []Call `json:"calls"`
}

// String is the deed with every call of it.
func (d Counted) String() string {
	s := d.Deed + ": " + d.Cost.String()
	for _, c := range d.Calls {
		s += fmt.Sprintf("\n  %s %s %gw %gr", c.Function, c.Operation, c.Writes, c.Reads)
	}
	return s
}

// Walker walks orders through a cloud whose wire its meter is, one deed after the other.
type Walker struct {
	Cloud  *cloud.Cloud
	Client *client.Client
	Meter  *Meter

	Deeds   []Counted
	orders  int
	ID      string // of the order that is walked
	Link    string // the secret of its letter
	Session string // of who sets its services up
}

// Contact gets the link, and CustomerAdmin administers the customer.
const (
	Contact       = "ana@nordlicht.example"
	CustomerAdmin = "it@alpine.example"
)

const password = "copper kettle on the sill"

// deed does something, and counts it under a name.
func (w *Walker) deed(name string, do func() error) error {
	w.Meter.Take()
	if err := do(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	cost, calls := w.Meter.Take()
	w.Deeds = append(w.Deeds, Counted{name, cost, calls})
	return nil
}

// apart takes the calls that mean something else out of the deed that was counted last.
func (w *Walker) apart(name string, other func(Call) bool) Counted {
	last := &w.Deeds[len(w.Deeds)-1]
	of := Counted{Deed: name}
	last.Calls = slices.DeleteFunc(last.Calls, func(c Call) bool {
		if !other(c) {
			return false
		}
		of.Calls = append(of.Calls, c)
		of.Cost = of.Cost.Plus(Cost{Calls: 1, Writes: c.Writes, Reads: c.Reads})
		return true
	})
	last.Cost = last.Cost.Plus(Cost{Calls: -of.Cost.Calls, Writes: -of.Cost.Writes, Reads: -of.Cost.Reads})
	return of
}

// ask is a deed that is one request.
func (w *Walker) ask(ctx context.Context, name, method, path, secret string, body any, headers ...string) (client.Answer, error) {
	var a client.Answer
	return a, w.deed(name, func() (err error) {
		if a, err = w.Client.Ask(ctx, method, path, secret, body, headers...); err == nil {
			err = a.Error(http.StatusOK, http.StatusCreated)
		}
		return err
	})
}

// run is a deed that is one run of a schedule. What such a run asks whatever is due, and what becomes of its letters, is
// counted by itself.
func (w *Walker) run(ctx context.Context, name, function string) error {
	if err := w.deed(name, func() error { return w.Cloud.Run(ctx, function) }); err != nil {
		return err
	}
	told := w.apart(Told, func(c Call) bool { return c.Function == "Deliveries" })
	over := w.apart(Over, func(c Call) bool { return c.Operation == "Query" })
	w.Deeds = append(w.Deeds, over, told)
	return nil
}

// Names of deeds. Those of the wizard and of the services are also the steps and tasks.
const (
	Place         = "place"
	Letter        = "letter"
	Password      = "password"
	Provision     = "provision"
	QueuedLetters = "queued letters"
	Nothing       = "nothing due"
)

// Step is a step of the wizard with the answers that it adds, or a task with what is sent for it.
type Step struct {
	Name string
	Adds client.Object
}

// asPartner are the answers of a partner who sets up a new customer, step by step.
var asPartner = []Step{
	{"start", nil},
	{"role", client.Object{"role": "partner"}},
	{"who", client.Object{"set_up_by": "me"}},
	{"partner-organization", client.Object{"partner_organization": "new", "partner_name": "Nordlicht Partner d.o.o.", "partner_country": "SI", "partner_admin_email": Contact}},
	{"customer-admin", client.Object{"customer_admin_email": CustomerAdmin}},
	{"customer-organization", client.Object{"customer_organization": "new", "customer_name": "Alpine Mills GmbH", "customer_country": "AT", "customer_language": "en"}},
}

// tasks are those of an order with calling and meetings.
var tasks = []Step{
	{"subscription", client.Object{"reviewed": true}},
	{"calling", client.Object{"country": "AT", "location_name": "Head office", "address": "Mühlgasse 1", "city": "Graz", "postal_code": "8010",
		"time_zone": "Europe/Vienna", "language": "en", "main_number": "+43 316 123456"}},
	{"meetings", client.Object{"time_zone": "Europe/Vienna", "language": "en"}},
	{"enterprise", client.Object{"subdomain": "alpine-mills"}},
}

// Steps are those of the wizard up to the review, as a partner answers them, and the tasks after it.
func Steps() (wizard, after []Step) { return slices.Clone(asPartner), slices.Clone(tasks) }

// Order is what the walked orders are: two lines, starting today.
func (w *Walker) Order() client.Object {
	w.orders++
	return client.Order(w.orders, w.Cloud.Now()).With(client.Object{
		"provisioning_contact": client.Object{"email": Contact, "alias": false},
	})
}

// Life walks one order from the commerce system to services that run and the first charge, by the shortest way that a
// client has: the steps of the wizard that do something, and every task.
func (w *Walker) Life(ctx context.Context) error { return w.life(ctx, false) }

// Person is Life as somebody with a browser walks it, page by page.
func (w *Walker) Person(ctx context.Context) error { return w.life(ctx, true) }

func (w *Walker) life(ctx context.Context, everyPage bool) error {
	if err := w.Invite(ctx); err != nil {
		return err
	}
	if err := w.Wizard(ctx, everyPage); err != nil {
		return err
	}
	return w.Services(ctx, everyPage)
}

// Invite places an order and has its letter sent.
func (w *Walker) Invite(ctx context.Context) error {
	placed, err := w.ask(ctx, Place, http.MethodPost, "/orders", "", w.Order(), "Idempotency-Key", client.Key(w.orders))
	if err != nil {
		return err
	}
	w.ID = placed.Text("id")
	if err := w.run(ctx, Letter, "Letters"); err != nil {
		return err
	}
	w.Link, err = w.secret(Contact, "/setup")
	return err
}

// Wizard maps the order.
func (w *Walker) Wizard(ctx context.Context, everyPage bool) error {
	answers := client.Object{}
	if everyPage {
		if _, err := w.ask(ctx, "open the link", http.MethodGet, "/setup", "", nil, "Accept", "text/html"); err != nil {
			return err
		}
	}
	for _, s := range asPartner {
		answers = answers.With(s.Adds)
		if !everyPage && s.Name != "role" {
			continue
		}
		if _, err := w.ask(ctx, s.Name, http.MethodPost, "/setup/"+s.Name, w.Link, answers); err != nil {
			return err
		}
	}
	review, err := w.ask(ctx, "review", http.MethodPost, "/setup/review", w.Link, answers)
	if err != nil {
		return err
	}
	done, err := w.ask(ctx, "complete", http.MethodPost, "/setup/complete", w.Link, answers.With(client.Object{"review_digest": review.Text("review_digest")}))
	if err != nil {
		return err
	}
	session, err := w.ask(ctx, Password, http.MethodPost, "/password", "", client.Object{"token": done.Text("password_token"), "password": password})
	w.Session = session.Text("session")
	return err
}

// Services sets the order's services up, provisions them and has the letters about it sent.
func (w *Walker) Services(ctx context.Context, everyPage bool) error {
	base := "/services/" + w.ID
	for _, t := range tasks {
		if everyPage {
			if _, err := w.ask(ctx, "task list", http.MethodGet, base, w.Session, nil); err != nil {
				return err
			}
			if _, err := w.ask(ctx, t.Name+" page", http.MethodGet, base+"/"+t.Name, w.Session, nil, "Accept", "text/html"); err != nil {
				return err
			}
		}
		if _, err := w.ask(ctx, t.Name, http.MethodPost, base+"/"+t.Name, w.Session, t.Adds); err != nil {
			return err
		}
	}
	provisioned, err := w.ask(ctx, Provision, http.MethodPost, base+"/provision", w.Session, client.Object{})
	if err != nil {
		return err
	}
	if status := provisioned.Text("status"); status != "active" {
		return errors.New("provisioned, and the order is " + status)
	}
	return w.run(ctx, QueuedLetters, "Letters")
}

// Idle counts a run of every schedule with nothing due.
func (w *Walker) Idle(ctx context.Context) error {
	for _, function := range []string{"Letters", "Provisioning", "Billing"} {
		err := w.deed(Nothing+": "+function, func() error { return w.Cloud.Run(ctx, function) })
		if err != nil {
			return err
		}
	}
	return nil
}

// Questions counts what is asked of stored orders.
func (w *Walker) Questions(ctx context.Context) error {
	for _, q := range []struct{ name, path, secret string }{
		{"show an order", "/orders/" + w.ID, ""},
		{"list orders", "/orders?limit=25", ""},
		{"charges of a month", "/charges?month=" + w.Cloud.Now().Format("2006-01"), ""},
		{"progress", "/services/" + w.ID + "/progress", w.Session},
	} {
		if _, err := w.ask(ctx, q.name, http.MethodGet, q.path, q.secret, nil); err != nil {
			return err
		}
	}
	return nil
}

// Of are the costs of a deed, each time that it was counted.
func (w *Walker) Of(deed string) []Counted {
	return slices.DeleteFunc(slices.Clone(w.Deeds), func(d Counted) bool { return d.Deed != deed })
}

// secret is the secret of the newest letter to an address with a link under this path.
func (w *Walker) secret(to, path string) (string, error) {
	for _, l := range w.Cloud.Inbox() {
		for _, link := range l.Links {
			if u, err := url.Parse(link); err == nil && slices.Contains(l.To, to) && u.Path == path && u.Fragment != "" {
				return u.Fragment, nil
			}
		}
	}
	return "", fmt.Errorf("at %s no letter to %s has a link under %s", w.Cloud.Now().Format(time.RFC3339), to, path)
}
