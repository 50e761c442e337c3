package audit_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"dayone/local/audit"
	"dayone/local/client"
	"dayone/local/cloud"
	"dayone/local/cloud/cloudtest"
	"dayone/local/functions"
	"dayone/shared/commerce"
	"dayone/shared/store"
)

const ana, it = "ana@partner-1.example", "it@customer-1.example"

// life is a cloud with one order that runs and is billed, and one that is invited.
func life(t *testing.T) (c *cloud.Cloud, running, invited string) {
	t.Helper()
	c = cloudtest.Start(t, cloud.Config{Functions: functions.All(), Parameters: map[string]string{"ProvisionerUrl": ""}})
	web := client.New(c.URL, 4)
	ask := func(path, secret string, body client.Object, headers ...string) client.Answer {
		t.Helper()
		a, err := web.Ask(t.Context(), http.MethodPost, path, secret, body, headers...)
		if err == nil {
			err = a.Error(http.StatusOK, http.StatusCreated)
		}
		if err != nil {
			t.Fatal(path, err)
		}
		return a
	}
	running = ask("/orders", "", client.Order(1, c.Now()), "Idempotency-Key", client.Key(1)).Text("id")
	invited = ask("/orders", "", client.Order(2, c.Now()), "Idempotency-Key", client.Key(2)).Text("id")
	run := func() {
		t.Helper()
		if err := c.Run(t.Context(), "Letters"); err != nil {
			t.Fatal(err)
		}
	}
	run()
	link := ""
	for _, l := range c.Inbox() {
		if u, err := url.Parse(l.Link(c.URL + "/setup#")); err == nil && l.To[0] == ana {
			link = u.Fragment
		}
	}
	answers := client.PartnerSetsUp().With(client.NewPartner(ana), client.NewCustomer(it))
	answers["review_digest"] = ask("/setup/review", link, answers).Text("review_digest")
	done := ask("/setup/complete", link, answers)
	session := ask("/password", "", client.Object{"token": done.Text("password_token"), "password": "a short sentence works"}).Text("session")
	for task, body := range map[string]client.Object{"subscription": {"reviewed": true}, "calling": client.Calling(), "meetings": client.Meetings(),
		"enterprise": {"subdomain": "alpine-mills"}} {
		ask("/services/"+running+"/"+task, session, body)
	}
	ask("/services/"+running+"/provision", session, client.Object{})
	run()
	return c, running, invited
}

func TestWhatDoesNotFitTogetherIsFound(t *testing.T) {
	c, running, invited := life(t)
	read := func() *audit.Books {
		t.Helper()
		b, err := audit.Read(t.Context(), c.DynamoDB, store.Tables{Orders: c.Table("OrdersTable"), Organizations: c.Table("OrganizationsTable"), Tokens: c.Table("TokensTable")})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if err := read().Check(); err != nil {
		t.Fatalf("what is there does not fit together: %v", err)
	}
	customer := read().Orders[running].Mapping.Customer
	order := func(b *audit.Books, id string, change func(*audit.Order)) {
		o := b.Orders[id]
		change(&o)
		b.Orders[id] = o
	}
	for name, tc := range map[string]struct {
		damage func(*audit.Books)
		says   string
	}{
		"an organization without its order": {func(b *audit.Books) { delete(b.Orders, running) }, "is not mapped to it"},
		"an organization without anybody":   {func(b *audit.Books) { delete(b.Members, it) }, "nobody is in it"},
		"a member without an organization":  {func(b *audit.Books) { delete(b.Organizations, customer) }, "member " + it},
		"a subdomain without an owner":      {func(b *audit.Books) { b.Subdomains["acme"] = customer }, "subdomain acme"},
		"an owner without the guard":        {func(b *audit.Books) { delete(b.Subdomains, "alpine-mills") }, "its subdomain alpine-mills"},
		"an order without its reference":    {func(b *audit.Books) { clear(b.References) }, "its reference CCW-1"},
		"a key for no order":                {func(b *audit.Books) { b.Keys["caller#key"] = "DO-NONE" }, "idempotency key"},
		"a link used without a mapping":     {func(b *audit.Books) { order(b, running, func(o *audit.Order) { o.Mapping.Link = "another" }) }, "used at"},
		"a mapping of an order that is not": {func(b *audit.Books) { order(b, invited, func(o *audit.Order) { o.Mapping.Customer = customer }) }, "and has a mapping"},
		"a letter without a reason": {func(b *audit.Books) {
			b.Letters["x"] = audit.Letter{Kind: "closed", Order: invited, QueuedAt: 1, SentAt: 1}
		}, "letters closed"},
		"a letter for no order": {func(b *audit.Books) {
			b.Letters["x"] = audit.Letter{Kind: "closed", Order: "DO-NONE", QueuedAt: 1, SentAt: 1}
		}, "there is no order"},
		"a letter that nobody will send":           {func(b *audit.Books) { b.Letters["x"] = audit.Letter{Kind: "closed", Order: invited, QueuedAt: 1} }, "letter x"},
		"a letter that was not queued":             {func(b *audit.Books) { clear(b.Letters) }, "letters order_set_up"},
		"an order that the clock forgets":          {func(b *audit.Books) { order(b, invited, func(o *audit.Order) { o.Due, o.DueAt = "", "" }) }, "is owed"},
		"an order that is late":                    {func(b *audit.Books) { order(b, invited, func(o *audit.Order) { o.DueAt = "2099" + o.DueAt[4:] }) }, "is owed"},
		"an order at another desk":                 {func(b *audit.Books) { order(b, invited, func(o *audit.Order) { o.Desk = "ended#1" }) }, "it belongs at setup"},
		"a status that its timeline does not know": {func(b *audit.Books) { order(b, invited, func(o *audit.Order) { o.Status = commerce.Started }) }, "its timeline ends with"},
		"a charge too many": {func(b *audit.Books) {
			b.Charges[running] = append(b.Charges[running], audit.Charge{SK: "charge#1#2030-01-01"})
		}, "one too many"},
		"a charge too few":                       {func(b *audit.Books) { delete(b.Charges, running) }, "has no charge"},
		"a charge of another amount":             {func(b *audit.Books) { b.Charges[running][0].Amount++ }, "is charged"},
		"charges of an order that is not active": {func(b *audit.Books) { b.Charges[invited] = b.Charges[running] }, "one too many"},
		"a total that is not the sum": {func(b *audit.Books) {
			for key := range b.Totals {
				b.Totals[key] = audit.Total{Amount: 1, Charges: 2}
			}
		}, "the charges come to"},
		"a total of nothing":          {func(b *audit.Books) { b.Totals["total#x#2030-01 total#p#c#EUR"] = audit.Total{} }, "of no charge"},
		"a quantity nobody asked for": {func(b *audit.Books) { b.Entitlements[0].Quantity++ }, "runs line"},
		"a service that is off":       {func(b *audit.Books) { b.Entitlements[0].Suspended = true }, "suspended true"},
		"a correction without a change": {func(b *audit.Books) {
			b.Charges[running] = append(b.Charges[running], audit.Charge{SK: "charge#1#2026-12-10#adjustment#1", Kind: "adjustment"})
		}, "one too many"},
		"access that nobody granted": {func(b *audit.Books) {
			order(b, running, func(o *audit.Order) { o.Mapping.PartnerAccess = commerce.AccessAsked })
		}, "nobody granted it"},
		"access that only the order says":        {func(b *audit.Books) { b.Relations = nil }, "by the order alone"},
		"a service that runs for nobody's order": {func(b *audit.Books) { b.Entitlements[0].Order = invited }, "runs line"},
		"a session of nobody": {func(b *audit.Books) {
			b.Grants["x"] = audit.Grant{Kind: string(commerce.SessionToken), Member: "no@body.example"}
		}, "who is nobody"},
		"a member whom nobody invited": {func(b *audit.Books) {
			m := b.Members[it]
			m.Order = ""
			b.Members[it] = m
		}, "neither an order nor an invitation"},
		"an organization that nobody can sign in to": {func(b *audit.Books) {
			b.Notes = []audit.Note{{Organization: customer, Kind: "removed", At: 1, By: it, Who: "gone@customer-1.example"}}
		}, "nobody is left who can sign in"},
		"a note that names nobody": {func(b *audit.Books) {
			b.Notes = []audit.Note{{Organization: customer, Kind: "invited", At: 1, By: it}}
		}, "it notes"},
		"a letter that no note explains": {func(b *audit.Books) {
			b.Letters["x"] = audit.Letter{Kind: "access_taken", QueuedAt: 1, SentAt: 1, Customer: customer}
		}, "no note says so"},
		"an event that is not on its way": {func(b *audit.Books) { delete(b.Events[invited], 2) }, "events are on their way"},
		"an event that nobody will send":  {func(b *audit.Books) { b.Events[invited][2] = audit.Outgoing{Kind: "letter_sent", Expires: 1} }, "event 2 is"},
		"an event that did not happen": {func(b *audit.Books) {
			b.Events[invited][9] = audit.Outgoing{Kind: "cancelled", DeliveredAt: 1, Expires: 1}
		}, "it has no event 9"},
		"events of no order": {func(b *audit.Books) { b.Events["DO-NONE"] = b.Events[invited] }, "there is no such order"},
		"a change that no event explains": {func(b *audit.Books) {
			order(b, invited, func(o *audit.Order) { o.StartedAt = o.PlacedAt })
		}, "placed with started_at"},
		"an event that follows upon another order": {func(b *audit.Books) {
			order(b, running, func(o *audit.Order) {
				for i, e := range o.Order.Events {
					if e.Kind == "line_provisioned" {
						o.Order.Events[i].Changes[1].Before = "pending"
					}
				}
			})
		}, "before, and it was"},
		"a deed without a name": {func(b *audit.Books) { order(b, invited, func(o *audit.Order) { o.Order.Events[1].Kind = "changed" }) }, "says not why"},
		"an item of no kind":    {func(b *audit.Books) { b.Unknown = []string{"strange#1"} }, "no rule knows"},
	} {
		t.Run(name, func(t *testing.T) {
			b := read()
			tc.damage(b)
			if err := b.Check(); err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("the audit says %v, not %q", err, tc.says)
			}
		})
	}
}
