package race_test

import (
	"fmt"
	"testing"
	"time"

	"dayone/local/client"
)

const password = "a short sentence works"

// mapped completes orders of one partner, each for a new customer, and answers its administrator's session.
func (w *world) mapped(n int) ([]order, string) {
	w.Helper()
	orders := w.invited(n, object{"provisioning_contact": object{"email": "ana@nordlicht.example", "alias": false}})
	first := w.must("POST", "/setup/complete", orders[0].link, w.reviewed(orders[0].link,
		client.PartnerSetsUp().With(client.NewPartner("ana@nordlicht.example"), client.NewCustomer(orders[0].customer()))))
	session := w.must("POST", "/password", "", object{"token": first.Text("password_token"), "password": password}).Text("session")
	offers := w.offers(orders, 1)
	each(n-1, func(i int) {
		o := orders[i+1]
		w.must("POST", "/setup/complete", o.link, w.reviewed(o.link,
			client.PartnerSetsUp().With(object{"partner_organization": offers}, client.NewCustomer(o.customer()))))
	})
	return orders, session
}

// offers is the id of the partner organization that an order's contact is offered, "" where there is no such order.
func (w *world) offers(orders []order, i int) string {
	if i >= len(orders) {
		return ""
	}
	offers := w.must("POST", "/setup/who", orders[i].link, client.PartnerSetsUp()).List("offers")
	if len(offers) != 1 {
		w.Fatalf("offered %v", offers)
	}
	return fmt.Sprint(offers[0]["id"])
}

// settle completes every task of an order's service setup.
func (w *world) settle(session, id, subdomain string) {
	w.Helper()
	for task, body := range map[string]object{"subscription": {"reviewed": true}, "calling": client.Calling(), "meetings": client.Meetings(),
		"enterprise": {"subdomain": subdomain}} {
		w.must("POST", "/services/"+id+"/"+task, session, body)
	}
}

// Scenario 25.
func TestEverybodyWantsTheSameSubdomain(t *testing.T) {
	w := begin(t)
	orders, session := w.mapped(workers)
	answers := together(workers, func(i int) answer {
		return w.ask("POST", "/services/"+orders[i].id+"/enterprise", session, object{"subdomain": "acme"})
	})
	w.wantTally(answers, map[string]int{"200": 1, "409 subdomain_taken": workers - 1})
	for _, a := range answers {
		if suggestions, _ := a.At("suggestions").([]any); a.Status == 409 && len(suggestions) == 0 {
			t.Fatalf("a loser without a suggestion: %s", a.Body)
		}
	}
	if b := w.books(); len(b.Subdomains) != 1 {
		t.Errorf("guards %v", b.Subdomains)
	}
}

func TestOneOrganizationSavesManySubdomainsAndHasOne(t *testing.T) {
	w := begin(t)
	orders, session := w.mapped(1)
	const savers = 20 // they are all on one order, whose writes follow one another
	w.wantTally(together(savers, func(i int) answer {
		return w.ask("POST", "/services/"+orders[0].id+"/enterprise", session, object{"subdomain": fmt.Sprintf("acme-%d", i)})
	}), map[string]int{"200": -1, "412 order_changed": -1})
	if b := w.books(); len(b.Subdomains) != 1 {
		t.Errorf("guards %v", b.Subdomains)
	}
}

// Scenario 26.
func TestTheProvisionClickStartsOnce(t *testing.T) {
	for name, slow := range map[string]bool{"on a quick platform": false, "on one that takes its time": true} {
		t.Run(name, func(t *testing.T) {
			w := begin(t)
			orders, session := w.mapped(1)
			id := orders[0].id
			w.settle(session, id, "alpine-mills")
			if slow {
				if err := w.Behave("calling", "slow", 0); err != nil {
					t.Fatal(err)
				}
			}
			w.wantTally(together(workers, func(i int) answer {
				if i%20 == 19 { // the schedule is at it too
					if err := w.runAt("Provisioning", w.Now().Add(time.Second)); err != nil {
						t.Error(err)
					}
				}
				return w.ask("POST", "/services/"+id+"/provision", session, object{})
			}), map[string]int{"200": workers})
			for i := range 4 {
				if err := w.Advance(t.Context(), time.Minute, time.Minute); err != nil {
					t.Fatal(i, err)
				}
			}
			if s := w.status(id); s != "active" {
				t.Errorf("the order is %s", s)
			}
			b := w.books()
			if n := len(b.Charges[id]); n != 2 {
				t.Errorf("%d first charges for two lines", n)
			}
			keys := map[string]bool{}
			for _, r := range w.ServiceRequests() {
				keys[r.Key] = true
			}
			if len(keys) != 2 || b.Orders[id].Attempt.Number != 1 || w.letters(id, "active") != 1 {
				t.Errorf("jobs %v, attempt %d, %d letters", keys, b.Orders[id].Attempt.Number, w.letters(id, "active"))
			}
		})
	}
}

// One link, one password: the others are told that it was used.
func TestAPasswordLinkWorksOnce(t *testing.T) {
	w := begin(t)
	o := w.invited(1)[0]
	done := w.must("POST", "/setup/complete", o.link, w.reviewed(o.link, o.answers()))
	const people = 20 // each hash takes 19 MiB and 50 ms
	answers := together(people, func(i int) answer {
		return w.ask("POST", "/password", "", object{"token": done.Text("password_token"), "password": fmt.Sprintf("%s %d", password, i)})
	})
	w.wantTally(answers, map[string]int{"200": 1, "410 link_used": people - 1})
}
