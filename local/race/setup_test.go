package race_test

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"dayone/local/client"
	"dayone/local/cloud"
	"dayone/shared/commerce"
)

// Scenario 19: a letter whose answer was lost is sent again, so that two links are out there which both work.
func TestTwoPeopleFinishTheSameOrderOverTwoLinks(t *testing.T) {
	w := begin(t)
	w.FailMail(1, cloud.MailFailure{Status: http.StatusInternalServerError, Taken: true})
	a := w.must("POST", "/orders", "", client.Order(1, w.Now()), "Idempotency-Key", client.Key(1))
	o := order{n: 1, id: a.Text("id")}
	_ = w.Cloud.Run(t.Context(), "Letters") // it fails, as it was told to
	if err := w.Advance(t.Context(), 2*time.Minute, time.Minute); err != nil {
		t.Fatal(err)
	}
	links := w.links()[o.id]
	if len(links) != 2 {
		t.Fatalf("%d links", len(links))
	}
	bodies := []object{
		w.reviewed(links[0], o.answers()),
		w.reviewed(links[1], o.answers().With(object{"customer_name": "Alpine Mills & Co", "customer_admin_email": "boss@customer-1.example"})),
	}
	answers := together(workers, func(i int) answer { return w.ask("POST", "/setup/complete", links[i%2], bodies[i%2]) })
	w.wantTally(answers, map[string]int{"200": workers / 2, "410 link_used": -1, "409 review_stale": -1})
	winners := map[int]bool{}
	for i, a := range answers {
		if a.Status == http.StatusOK {
			winners[i%2] = true
			if a.Text("password_token") == "" {
				t.Errorf("a success without the link to a password: %s", a.Body)
			}
		}
	}
	if len(winners) != 1 {
		t.Errorf("both sets of answers won")
	}
	w.run("Letters")
	if b := w.books(); len(b.Organizations) != 2 || w.letters(o.id, "welcome") != 1 {
		t.Errorf("%d organizations, %d letters of welcome", len(b.Organizations), w.letters(o.id, "welcome"))
	}
}

// head is how much of a head start the slower of two deeds has: an order's quick one waits until one in so many of the
// slow ones that began before it is answered, so that both win now and then.
const head = 10

// duel runs two deeds that exclude each other over many orders, all at the same time. An order's status says which took
// effect; every order has exactly one winner.
func (w *world) duel(orders []order, slow, quick func(i int) answer, statusSlow, statusQuick string, tally map[string]int) {
	w.Helper()
	var answered atomic.Int64
	answers := together(2*len(orders), func(i int) answer {
		if i%2 == 0 {
			defer answered.Add(1)
			return slow(i / 2)
		}
		for answered.Load() < int64(i/head) {
			time.Sleep(time.Millisecond)
		}
		return quick(i / 2)
	})
	w.wantTally(answers, tally)
	wins := map[string]int{}
	for i, o := range orders {
		first, second := answers[2*i].Status == http.StatusOK, answers[2*i+1].Status == http.StatusOK
		status := w.status(o.id)
		wins[status]++
		if first == second || first && status != statusSlow || second && status != statusQuick {
			w.Errorf("order %s is %s after %d %s and %d %s", o.id, status, answers[2*i].Status, answers[2*i].Body, answers[2*i+1].Status, answers[2*i+1].Body)
		}
	}
	w.Logf("%d rounds, won by %v", len(orders), wins)
}

// waves runs a race over as many orders as there are rounds, in waves that no more than the workers take part in.
func waves(t *testing.T, race func(w *world, orders []order, bodies []object)) {
	w := begin(t)
	for left := *rounds; left > 0; left -= workers / 2 {
		orders := w.invited(min(left, workers/2))
		bodies := make([]object, len(orders))
		each(len(orders), func(i int) { bodies[i] = w.reviewed(orders[i].link, orders[i].answers()) })
		race(w, orders, bodies)
	}
}

// Scenario 33.
func TestCompleteAgainstCancel(t *testing.T) {
	waves(t, func(w *world, orders []order, bodies []object) {
		w.duel(orders,
			func(i int) answer { return w.ask("POST", "/setup/complete", orders[i].link, bodies[i]) },
			func(i int) answer {
				return w.ask("POST", "/orders/"+orders[i].id+"/cancel", "", object{"reason": "withdrawn"})
			},
			"mapped", "cancelled", map[string]int{"200": len(orders), "410 link_cancelled": -1, "409 order_already_set_up": -1})
	})
}

func TestCompleteAgainstDelegate(t *testing.T) {
	waves(t, func(w *world, orders []order, bodies []object) {
		w.duel(orders,
			func(i int) answer { return w.ask("POST", "/setup/complete", orders[i].link, bodies[i]) },
			func(i int) answer {
				return w.ask("POST", "/setup/delegate", orders[i].link, object{"role": "partner", "set_up_by": "colleague", "delegate_email": "bor@" + orders[i].contact()[4:]})
			},
			"mapped", "started", map[string]int{"200": len(orders), "410 link_replaced": -1, "410 link_used": -1})
		w.run("Letters")
		for _, o := range orders {
			if delegated := w.letters(o.id, "delegated"); delegated == 1 == (w.status(o.id) == "mapped") {
				w.Errorf("order %s is %s with %d letters to the colleague", o.id, w.status(o.id), delegated)
			}
		}
	})
}

func TestCompleteAgainstTheEndOfTheWindow(t *testing.T) {
	waves(t, func(w *world, orders []order, bodies []object) {
		ends, err := time.Parse(time.RFC3339, w.must("GET", "/orders/"+orders[0].id, "", nil).Text("closes_at"))
		if err != nil {
			w.Fatal(err)
		}
		if err := w.Set(w.Context(), ends.Add(-time.Second), 24*time.Hour); err != nil {
			w.Fatal(err)
		}
		// The gateway's clock is a second behind the schedule's, as two machines may be.
		var answered atomic.Int64
		answers := together(len(orders)+1, func(i int) answer {
			if i == len(orders) {
				for answered.Load() == 0 {
					time.Sleep(time.Millisecond)
				}
				if err := w.runAt("Letters", ends); err != nil {
					w.Error(err)
				}
				return answer{}
			}
			defer answered.Add(1)
			return w.ask("POST", "/setup/complete", orders[i].link, bodies[i])
		})[:len(orders)]
		w.wantTally(answers, map[string]int{"200": -1, "410 link_closed": -1})
		if err := w.runAt("Letters", ends.Add(time.Minute)); err != nil {
			w.Error(err)
		}
		wins := map[string]int{}
		for i, o := range orders {
			status := w.status(o.id)
			wins[status]++
			if mapped := answers[i].Status == http.StatusOK; mapped != (status == "mapped") || !mapped && status != "closed" {
				w.Errorf("order %s is %s after %d %s", o.id, status, answers[i].Status, answers[i].Body)
			}
			if closed := w.letters(o.id, "closed"); closed != map[string]int{"closed": 1}[status] {
				w.Errorf("order %s is %s with %d letters that it is closed", o.id, status, closed)
			}
		}
		w.Logf("%d rounds, won by %v", len(orders), wins)
	})
}

// Scenario 18, in pairs.
func TestTheSameNewAdministratorInTwoOrders(t *testing.T) {
	waves(t, func(w *world, orders []order, bodies []object) {
		pairs := len(orders) / 2
		for i := range pairs {
			named := object{"customer_admin_email": orders[2*i].customer()}
			bodies[2*i+1] = w.reviewed(orders[2*i+1].link, orders[2*i+1].answers().With(named))
		}
		orders = orders[:2*pairs]
		answers := together(len(orders), func(i int) answer { return w.ask("POST", "/setup/complete", orders[i].link, bodies[i]) })
		w.wantTally(answers, map[string]int{"200": pairs, "409 review_stale": pairs})
		for i := range pairs {
			a, b := answers[2*i], answers[2*i+1]
			if (a.Status == http.StatusOK) == (b.Status == http.StatusOK) {
				w.Errorf("of two orders with one administrator: %d %s and %d %s", a.Status, a.Body, b.Status, b.Body)
			}
		}
	})
}

// Scenario 18, with everybody naming the same person.
func TestTheSameNewAdministratorInEveryOrder(t *testing.T) {
	w := begin(t)
	orders := w.invited(workers)
	bodies := make([]object, len(orders))
	each(len(orders), func(i int) {
		bodies[i] = w.reviewed(orders[i].link, orders[i].answers().With(client.NewCustomer("it@alpine.example")))
	})
	answers := together(len(orders), func(i int) answer { return w.ask("POST", "/setup/complete", orders[i].link, bodies[i]) })
	w.wantTally(answers, map[string]int{"200": 1, "409 review_stale": workers - 1})
	for _, a := range answers {
		if problems := a.List("errors"); a.Status == http.StatusConflict && (len(problems) != 1 || problems[0]["pointer"] != "/customer_organization") {
			t.Errorf("a loser is not told what changed: %s", a.Body)
		}
	}
	b := w.books()
	if len(b.Members) != 2 || b.Members[commerce.Address("it@alpine.example")].Kind != "customer" {
		t.Errorf("members %v", b.Members)
	}
	// The losers are offered the organization that is there now.
	for i, a := range answers {
		if a.Status == http.StatusOK {
			continue
		}
		offers := w.must("POST", "/setup/customer-admin", orders[i].link, client.PartnerSetsUp().With(client.NewPartner(orders[i].contact()),
			object{"customer_admin_email": "it@alpine.example"})).List("offers")
		if len(offers) != 1 {
			t.Errorf("offered %v", offers)
		}
		break
	}
}
