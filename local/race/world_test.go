// Package race_test has many people do what excludes each other at the same instant, through the gateway and on a real
// DynamoDB engine: exactly one wins, the others get an answer they can read, and nothing is left lying about.
package race_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"dayone/local/audit"
	"dayone/local/client"
	"dayone/local/cloud"
	"dayone/local/cloud/cloudtest"
	"dayone/local/functions"
	"dayone/shared/store"
)

// workers is how many ask at the same instant.
const workers = 200

var rounds = flag.Int("rounds", 100, "how many orders each race of two is run over")

// world is everything, running, and its clients.
type world struct {
	*testing.T
	*cloud.Cloud
	*client.Client
	placed int
}

func begin(t *testing.T) *world {
	c := cloudtest.Start(t, cloud.Config{Functions: functions.All()})
	w := &world{T: t, Cloud: c, Client: client.New(c.URL, workers)}
	t.Cleanup(w.audit)
	return w
}

// audit holds all that is stored to the rules, whatever the race was about.
func (w *world) audit() {
	tables := store.Tables{Orders: w.Table("OrdersTable"), Organizations: w.Table("OrganizationsTable"), Tokens: w.Table("TokensTable")}
	if err := audit.Check(context.WithoutCancel(w.Context()), w.DynamoDB, tables); err != nil {
		w.Error(err)
	}
	if err := cloudtest.Secretless(context.WithoutCancel(w.Context()), w.Cloud, password); err != nil {
		w.Error(err)
	}
}

// books are all that is stored.
func (w *world) books() *audit.Books {
	w.Helper()
	tables := store.Tables{Orders: w.Table("OrdersTable"), Organizations: w.Table("OrganizationsTable"), Tokens: w.Table("TokensTable")}
	b, err := audit.Read(w.Context(), w.DynamoDB, tables)
	if err != nil {
		w.Fatal(err)
	}
	return b
}

type (
	object = client.Object
	answer = client.Answer
)

// ask asks, and is not content with a failure of ours.
func (w *world) ask(method, path, secret string, body any, headers ...string) answer {
	a, err := w.Ask(w.Context(), method, path, secret, body, headers...)
	if err != nil {
		w.Error(err)
	}
	if a.Status >= 500 {
		w.Errorf("%s %s answered %d: %s", method, path, a.Status, a.Body)
	}
	return a
}

// must is ask where there is one right answer.
func (w *world) must(method, path, secret string, body any, headers ...string) answer {
	w.Helper()
	a := w.ask(method, path, secret, body, headers...)
	if a.Status != 200 && a.Status != 201 {
		w.Errorf("%s %s answered %d: %s", method, path, a.Status, a.Body)
	}
	return a
}

// each does something n times, some side by side.
func each(n int, do func(i int)) {
	var wait sync.WaitGroup
	places := make(chan struct{}, 16)
	for i := range n {
		places <- struct{}{}
		wait.Go(func() {
			defer func() { <-places }()
			do(i)
		})
	}
	wait.Wait()
}

// together has n people ask at the same instant, and answers what each was told.
func together(n int, ask func(i int) answer) []answer {
	answers := make([]answer, n)
	gate := make(chan struct{})
	var wait, ready sync.WaitGroup
	for i := range n {
		ready.Add(1)
		wait.Go(func() {
			ready.Done()
			<-gate
			answers[i] = ask(i)
		})
	}
	ready.Wait()
	close(gate)
	wait.Wait()
	return answers
}

// tally counts answers by status and code.
func tally(answers []answer) map[string]int {
	counts := map[string]int{}
	for _, a := range answers {
		counts[strings.TrimSpace(fmt.Sprint(a.Status, " ", a.Text("code")))]++
	}
	return counts
}

// wantTally fails the test unless the answers are of these kinds, and exactly so many of each that has a number; -1 is
// any number.
func (w *world) wantTally(answers []answer, want map[string]int) {
	w.Helper()
	got := tally(answers)
	w.Log(got)
	for kind, n := range got {
		if most, known := want[kind]; !known || most >= 0 && n != most {
			w.Errorf("%d times %q among the answers %v", n, kind, got)
		}
	}
	for kind, n := range want {
		if n > 0 && got[kind] != n {
			w.Errorf("%d times %q, not %d, among the answers %v", got[kind], kind, n, got)
		}
	}
}

// order is one that was placed, and its link once it was invited.
type order struct {
	n        int
	id, link string
}

func (o order) contact() string  { return fmt.Sprintf("ana@partner-%d.example", o.n) }
func (o order) customer() string { return fmt.Sprintf("it@customer-%d.example", o.n) }

// answers are those of a partner who sets up a new customer.
func (o order) answers() object {
	return client.PartnerSetsUp().With(client.NewPartner(o.contact()), client.NewCustomer(o.customer()))
}

// invited places n orders that start today and has their letters sent.
func (w *world) invited(n int, changes ...object) []order {
	w.Helper()
	orders := make([]order, n)
	first := w.placed
	w.placed += n
	each(n, func(i int) {
		number := first + i + 1
		a := w.must("POST", "/orders", "", client.Order(number, w.Now()).With(changes...), "Idempotency-Key", client.Key(number))
		orders[i] = order{n: number, id: a.Text("id")}
	})
	w.run("Letters")
	links := w.links()
	for i := range orders {
		if all := links[orders[i].id]; len(all) > 0 {
			orders[i].link = all[0]
		} else {
			w.Fatalf("no letter for order %s", orders[i].id)
		}
	}
	return orders
}

// links are the secrets of all setup links that were mailed, by order, newest first.
func (w *world) links() map[string][]string {
	links := map[string][]string{}
	for _, l := range w.Inbox() {
		link, err := url.Parse(l.Link(w.URL + "/setup#"))
		if err != nil || link.Fragment == "" {
			continue
		}
		for _, tag := range l.Tags {
			if tag.Name == "order" {
				links[tag.Value] = append(links[tag.Value], link.Fragment)
			}
		}
	}
	return links
}

// reviewed is the last body of the wizard for these answers.
func (w *world) reviewed(link string, answers object) object {
	w.Helper()
	w.must("POST", "/setup/role", link, object{"role": answers["role"]})
	return answers.With(object{"review_digest": w.must("POST", "/setup/review", link, answers).Text("review_digest")})
}

// run runs a schedule now.
func (w *world) run(function string) {
	w.Helper()
	if err := w.Cloud.Run(w.Context(), function); err != nil {
		w.Fatal(err)
	}
}

// runAt runs a schedule as if the clock were there already.
func (w *world) runAt(function string, at time.Time) error {
	payload, err := json.Marshal(map[string]any{"version": "0", "detail-type": "Scheduled Event", "source": "aws.events", "time": at.UTC(), "detail": object{}})
	if err == nil {
		_, err = w.Invoke(w.Context(), function, payload)
	}
	return err
}

// letters counts the letters of a kind for an order.
func (w *world) letters(order, kind string) int {
	n := 0
	for _, l := range w.Inbox() {
		if slices.Contains(l.Tags, cloud.Named{Name: "order", Value: order}) && slices.Contains(l.Tags, cloud.Named{Name: "kind", Value: kind}) {
			n++
		}
	}
	return n
}

func (w *world) status(id string) string { return w.must("GET", "/orders/"+id, "", nil).Text("status") }
