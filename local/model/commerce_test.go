package model_test

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"pgregory.net/rapid"

	"dayone/local/client"
)

// pick draws an order for which something can be tried, nil where there is none.
func (w *world) pick(t *rapid.T, suits func(*order) bool) *order {
	var some []*order
	for _, o := range w.orders {
		if suits == nil || suits(o) {
			some = append(some, o)
		}
	}
	if len(some) == 0 {
		return nil
	}
	return some[rapid.IntRange(0, len(some)-1).Draw(t, "order")]
}

// kinds of orders: what they buy.
var bought = [][]line{
	{{"CALL", "calling", "", "monthly", 3}},
	{{"CALL", "calling", "", "monthly", 2}, {"MEET", "meetings", "", "annual", 24}},
	{{"MSG", "messaging", "", "prepaid", 6}},
	{{"PSTN", "calling", "CALL", "monthly", 2}, {"CALL", "calling", "", "monthly", 2}, {"MSG", "messaging", "", "prepaid", 12}},
}

var contacts = []string{"ana@nordlicht.example", "bor@nordlicht.example", "eva@sever.example", "it@alpine.example"}

const mostOrders = 5

// place places an order, sends it again, and sends what contradicts it.
func (w *world) place(t *rapid.T) {
	if len(w.orders) == mostOrders {
		return
	}
	n := len(w.orders) + 1
	start := w.Now().In(zone).AddDate(0, 0, rapid.SampledFrom([]int{-2, 0, 1, 3, 40}).Draw(t, "starts in days")).Format(time.DateOnly)
	family := rapid.SampledFrom([]string{"A-FLEX", "A-WX"}).Draw(t, "family")
	lines := slices.Clone(rapid.SampledFrom(bought).Draw(t, "lines"))
	var sent []client.Object
	for i := range lines {
		l := &lines[i]
		l.sku = family + "-" + l.sku
		sent = append(sent, client.Object{"subscription_id": fmt.Sprintf("Sub%d-%d", n, i), "sku": l.sku, "quantity": 2, "term_months": l.term,
			"billing": l.billing, "unit_price": 500, "currency": "EUR"})
	}
	contact := rapid.SampledFrom(contacts).Draw(t, "contact")
	body := client.Order(n, w.Now()).With(client.Object{"family": family, "requested_start_date": start, "lines": sent,
		"provisioning_contact": client.Object{"email": contact, "alias": false}})
	a := w.insist(t, "Orders", "POST", "/orders", "", body, "201", "Idempotency-Key", client.Key(n))
	now := w.Now()
	o := &order{n: n, id: a.Text("id"), body: body, answer: a.Body, placed: now, start: start, contact: contact, lines: lines,
		status: "scheduled", inviteAt: opening(start, now), link: 1, kind: "setup", tasks: map[string]bool{}}
	o.owed = o.inviteAt
	w.orders = append(w.orders, o)
}

// replay sends the body of an order again, or what contradicts it.
func (w *world) replay(t *rapid.T) {
	o := w.pick(t, nil)
	if o == nil {
		return
	}
	key := []string{"Idempotency-Key", client.Key(o.n)}
	kept := w.Now().Before(o.placed.Add(7 * day)) // as long as a key stands for its order
	switch rapid.IntRange(0, 2).Draw(t, "which") {
	case 0:
		want := "201"
		if !kept {
			want = "409 external_ref_taken"
		}
		if a := w.insist(t, "Orders", "POST", "/orders", "", o.body, want, key...); kept && a.Body != o.answer {
			t.Fatalf("the replay answers\n%s, the first time it was\n%s", a.Body, o.answer)
		}
	case 1:
		if kept {
			w.ask(t, "POST", "/orders", "", o.body.With(client.Object{"purchase_order": "PO-1"}), "422 idempotency_key_reused", key...)
		}
	case 2:
		w.ask(t, "POST", "/orders", "", o.body, "409 external_ref_taken", "Idempotency-Key", "another-key-for-this-order")
	}
}

// closedTo is the refusal of changes to an order that is not open.
func (o *order) closedTo() string {
	switch {
	case o.status == "cancelled":
		return "409 order_is_cancelled"
	case o.status == "closed":
		return "409 order_is_closed"
	case o.status == "ended":
		return "409 order_is_ended"
	case o.isMapped():
		return "409 order_already_set_up"
	}
	return "200"
}

// amend moves an order's start, changes its contact or its quantities.
func (w *world) amend(t *rapid.T) {
	o := w.pick(t, nil)
	if o == nil {
		return
	}
	shown := w.ask(t, "GET", "/orders/"+o.id, "", nil, "200")
	etag := shown.Header.Get("ETag")
	now := w.Now()
	start, contact := o.start, o.contact
	var patch client.Object
	quantity := 0
	switch rapid.IntRange(0, 3).Draw(t, "what") {
	case 0:
		start = now.In(zone).AddDate(0, 0, rapid.SampledFrom([]int{-1, 0, 2, 9}).Draw(t, "starts in days")).Format(time.DateOnly)
		patch = client.Object{"requested_start_date": start}
	case 1:
		contact = rapid.SampledFrom(contacts).Draw(t, "contact")
		patch = client.Object{"provisioning_contact": client.Object{"email": contact}}
	case 2:
		lines := o.body["lines"].([]client.Object)
		more := maps.Clone(lines[0])
		quantity = rapid.IntRange(1, 9).Draw(t, "quantity")
		more["quantity"] = quantity
		patch = client.Object{"lines": append([]client.Object{more}, lines[1:]...)}
	case 3:
		w.ask(t, "PATCH", "/orders/"+o.id, "", client.Object{"time_zone": "Europe/Vienna"}, "412 order_changed", "If-Match", `"0"`)
		return
	}
	want, changes := o.closedTo(), false
	switch {
	case o.runs() && quantity > 0:
		want, changes = o.resized(shown, quantity)
	case o.runs() && start == o.start && contact == o.contact: // it asks for nothing
		want = or(o.unchangeable("active"), "200")
	}
	w.ask(t, "PATCH", "/orders/"+o.id, "", patch, want, "If-Match", etag)
	if changes {
		o.change, o.changed, o.changes = "quantity", now, 0
	}
	if !o.open() {
		return
	}
	moved, recontacted := start != o.start, contact != o.contact
	if recontacted && o.sent {
		w.wait(o.is("replaced", o.contact))
	}
	o.start, o.contact = start, contact
	opens, kind := opening(start, now), o.kind
	if recontacted && !o.handover { // nobody passed the link on to them
		kind = "setup"
	}
	switch {
	case o.status == "scheduled" && (moved || recontacted):
		if moved {
			o.inviteAt = opens
		}
		if o.inviteAt.After(now) {
			o.escalated = false
		}
		o.relink(kind, o.inviteAt)
	case o.status != "scheduled" && moved && opens.After(now):
		o.relink(kind, opens)
		o.restart(opens)
		o.escalated = false
	case o.status != "scheduled" && recontacted:
		o.relink(kind, now)
	}
}

// because is the body of a change that needs a reason.
var because = client.Object{"reason": "so it was decided"}

func (w *world) cancel(t *rapid.T) {
	o := w.pick(t, nil)
	if o == nil {
		return
	}
	want := "200"
	if o.isMapped() {
		want = o.closedTo()
	}
	w.insist(t, "Orders", "POST", "/orders/"+o.id+"/cancel", "", because, want)
	if o.open() || o.status == "closed" {
		o.status, o.owed = "cancelled", time.Time{}
	}
}

func (w *world) resend(t *rapid.T) {
	o := w.pick(t, nil)
	if o == nil {
		return
	}
	want := o.closedTo()
	if o.status == "scheduled" && o.inviteAt.After(w.Now()) {
		want = "409 order_not_invited"
	}
	w.ask(t, "POST", "/orders/"+o.id+"/resend", "", because, want)
	if want == "200" {
		o.relink(o.kind, w.Now())
	}
}

func (w *world) reopen(t *rapid.T) {
	o := w.pick(t, nil)
	if o == nil {
		return
	}
	want := "409 order_not_closed"
	if o.status == "closed" {
		want = "200"
		o.relink(o.kind, w.Now())
		o.restart(w.Now())
	}
	w.ask(t, "POST", "/orders/"+o.id+"/reopen", "", because, want)
}
