package console

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/store"
)

// chargeRow is a charge as an order's page shows it.
type chargeRow struct {
	ID, Line, Period, Kind, Quantity, Amount string
}

// chargesShown and deliveriesShown are how many there are beside an order, and undeliveredShown on a page of their own.
const (
	chargesShown     = 4
	deliveriesShown  = 3
	undeliveredShown = 15
)

// beside fills in what stands at the side of an order: its latest events on their way to another system, and its charges.
func (v visit) beside(data *orderData, o commerce.Order, cursor string) error {
	if o.Runs() || !o.BilledAt.IsZero() {
		charges, next, err := v.store.ChargesOf(v.r.Context(), o.ID, cursor, chargesShown)
		if err != nil {
			return err
		}
		for _, c := range charges {
			data.Charges = append(data.Charges, v.charge(o, c))
		}
		if next != "" {
			data.More = v.address(o) + "?charges=" + next + "#charges"
		}
	}
	if !v.store.Publishes() {
		return nil
	}
	events, err := v.store.EventsOf(v.r.Context(), o.ID, max(0, len(o.Events)-deliveriesShown), deliveriesShown)
	if err != nil {
		return err
	}
	data.Deliveries = &deliveries{Address: v.address(o) + "/" + redeliverName, Empty: v.lang.T("pages.desk_order.no_deliveries")}
	for _, e := range slices.Backward(events) {
		data.Deliveries.Rows = append(data.Deliveries.Rows, v.delivery(o, e))
	}
	return nil
}

// charge is a charge in the words of the page.
func (v visit) charge(o commerce.Order, c commerce.Charge) chargeRow {
	return chargeRow{ID: c.ID, Line: v.lineCalled(o, c.Line), Period: v.lang.Date(c.PeriodStart) + " – " + v.lang.Date(c.PeriodEnd.AddDays(-1)),
		Kind: v.lang.T("words.charge_kind." + string(c.Kind)), Quantity: v.lang.Number(c.Quantity), Amount: v.lang.Money(c.Amount, c.Currency)}
}

// deliveries are events of an order on their way to another system.
type deliveries struct {
	Address, Empty string
	Rows           []deliveryRow
}

// deliveryRow is one of them: what it tells, and what became of it.
type deliveryRow struct {
	Seq         int
	Order, Text string
	Tag         tag
	Last        string // the last attempt
	Next        string // when it is tried again
	Again       bool   // it can be asked for
}

// delivery is an outgoing event in the words of the page.
func (v visit) delivery(o commerce.Order, e store.Outgoing) deliveryRow {
	row := deliveryRow{Seq: e.Seq, Order: e.Order, Text: e.Kind, Again: e.NextAt.IsZero()}
	zone, state, colour := time.UTC, "waiting", "info"
	if o.ID != "" {
		if e, err := o.Event(e.Seq); err == nil {
			row.Text = v.entry(o, e).Text
		}
		if z, err := commerce.Zone(o.Zone); err == nil {
			zone = z
		}
	}
	switch {
	case !e.GivenUpAt.IsZero():
		state, colour = "given_up", "bad"
	case e.NextAt.IsZero() && !e.DeliveredAt.IsZero():
		state, colour = "delivered", "ok"
	case e.Tries > 0:
		state = "again"
	}
	row.Tag = tag{v.lang.T("words.delivery." + state), colour}
	if n := len(e.Attempts); n > 0 {
		a := e.Attempts[n-1]
		answer := a.Problem
		if a.Status != 0 {
			answer = fmt.Sprint(a.Status, " ", http.StatusText(a.Status))
		}
		row.Last = v.lang.N("pages.desk_order.attempts", n) + ": " + v.lang.DateTime(a.At, zone) + ", " + answer + ", " + strconv.FormatInt(a.Took.Milliseconds(), 10) + " ms"
	}
	if !e.NextAt.IsZero() && e.Tries > 0 {
		row.Next = v.lang.T("pages.desk_order.again_at", "date", v.lang.DateTime(e.NextAt, zone))
	}
	return row
}

// redeliverName is the address of the button that has an event sent again. It changes nothing of the order, so it needs no
// version.
const redeliverName = "redeliver"

// redeliver has an event sent again.
func (v visit) redeliver() error {
	in, _, _, err := read(v.w, v.r, "seq", "to")
	if err != nil {
		return err
	}
	seq, err := strconv.Atoi(in["seq"])
	if err != nil {
		return commerce.ErrEventUnknown
	}
	o, err := v.store.Order(v.r.Context(), v.r.PathValue("order"))
	if err != nil {
		return err
	}
	if err := v.store.Redeliver(v.r.Context(), o, seq, v.now); err != nil {
		return err
	}
	if in["to"] == "undelivered" {
		return redirect(v.w, v.r, "/console/undelivered?done="+redeliverName)
	}
	return redirect(v.w, v.r, v.address(o)+"?done="+redeliverName+"#deliveries")
}

// undeliveredData is what the page of undelivered events shows.
type undeliveredData struct {
	Done  string
	Off   bool // no events are sent at all
	Rows  []deliveryRow
	Next  string
	First bool
}

// undelivered are the events that were given up, the longest ago first.
func (v visit) undelivered() error {
	q, err := api.ReadQuery(v.r, "cursor", "lang", "done")
	if err != nil {
		return err
	}
	data := undeliveredData{Off: !v.store.Publishes(), First: q["cursor"] == ""}
	if q["done"] != "" {
		data.Done = v.lang.T("pages.desk_action.redeliver.done")
	}
	events, next, err := v.store.Undelivered(v.r.Context(), q["cursor"], undeliveredShown)
	if err != nil {
		return err
	}
	for _, e := range events {
		data.Rows = append(data.Rows, v.delivery(commerce.Order{}, e))
	}
	if next != "" {
		data.Next = "/console/undelivered?cursor=" + next
	}
	p := v.wide("desk-undelivered", "/console/undelivered")
	p.Data = data
	return v.show(v.w, p)
}
