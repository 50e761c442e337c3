package orders_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"dayone/functions/orders"
	"dayone/local/engine/enginetest"
	"dayone/shared/commerce"
	"dayone/shared/store"
)

// whole is what GET /orders/{order} shows of the deeds of this file.
type whole struct {
	view
	Version int
	Hold    *struct{ Since, Reason string }
	Change  *struct{ Kind, Reason string }
	Refused *struct{ Kind, Reason string } `json:"change_refused"`
	Lines   []struct {
		Quantity  int
		Requested int    `json:"requested_quantity"`
		AutoRenew bool   `json:"auto_renew"`
		TermEnd   string `json:"term_end"`
	}
}

// withStore is the function, and the store beside it.
func withStore(t *testing.T) (*office, *store.Store) {
	t.Parallel()
	tables := enginetest.New(t)
	s := store.FromEnv(tables.Getenv)
	return &office{t, orders.Handler(store.FromEnv(tables.As("Orders")), orders.Defaults{Zone: "Europe/Ljubljana", Locale: "en"}), noon, 0}, s
}

// active places order n and has its services run since now.
func (o *office) active(s *store.Store, n int) string {
	o.Helper()
	id := o.placed(n)
	o.set(s, id, func(c *commerce.Order) {
		c.Status, c.BilledAt, c.Mapping.At, c.Link.DueAt = commerce.Active, o.now, o.now, time.Time{}
		c.Mapping.Partner, c.Mapping.Customer, c.Mapping.PartnerAccess = "org_p", "org_c", commerce.AccessGranted
		for i := range c.Lines {
			c.Lines[i].Status, c.Lines[i].Charged = commerce.LineProvisioned, 1
		}
	})
	return id
}

// set stores an order as change leaves it.
func (o *office) set(s *store.Store, id string, change func(*commerce.Order)) {
	o.Helper()
	before, err := s.Order(o.Context(), id)
	if err != nil {
		o.Fatal(err)
	}
	after := before
	after.Version++
	after.Lines = append([]commerce.Line{}, before.Lines...)
	change(&after)
	if err := s.Replace(o.Context(), before, after); err != nil {
		o.Fatal(err)
	}
}

func (o *office) shown(id string) whole {
	o.Helper()
	var v whole
	o.send("commerce", "GET /orders/{order}", id, "", nil).Want(o, 200).JSON(o, &v)
	return v
}

// code is that of the problem which a refusal is answered with.
func (o *office) code(route, id, body string, status int, header map[string]string) string {
	o.Helper()
	var problem struct{ Code string }
	o.send("commerce", route, id, body, header).Want(o, status).JSON(o, &problem)
	return problem.Code
}

func lines(call, meet int, more string) string {
	return fmt.Sprintf(`{"lines": [
		{"subscription_id": "Sub1", "sku": "A-FLEX-CALL", "quantity": %d, "term_months": 36, "billing": "monthly", "unit_price": 1250, "currency": "EUR"%s},
		{"subscription_id": "Sub2", "sku": "A-FLEX-MEET", "quantity": %d, "term_months": 36, "billing": "annual", "unit_price": 9900, "currency": "EUR"}]}`, call, more, meet)
}

func TestAnOrderIsHeldAndReleased(t *testing.T) {
	o := open(t)
	id := o.placed(1)
	const because = `{"reason": "credit check"}`
	if got := o.code("POST /orders/{order}/release", id, because, 409, nil); got != "order_not_on_hold" {
		t.Errorf("released before it was held: %s", got)
	}
	if got := o.code("POST /orders/{order}/hold", id, `{}`, 400, nil); got != "invalid" {
		t.Errorf("held without a reason: %s", got)
	}
	var v whole
	o.send("commerce", "POST /orders/{order}/hold", id, because, map[string]string{"If-Match": `"1"`}).Want(t, 200).JSON(t, &v)
	if v.Status != "scheduled" || v.Hold == nil || v.Hold.Reason != "credit check" || v.Next.What != "release" || v.Next.Who != "caller" {
		t.Errorf("held: %+v", v)
	}
	o.send("commerce", "POST /orders/{order}/hold", id, because, nil).Want(t, 200).JSON(t, &v)
	if v.Version != 2 {
		t.Errorf("held twice: version %d", v.Version)
	}
	if got := o.code("POST /orders/{order}/resend", id, because, 409, nil); got != "order_on_hold" {
		t.Errorf("resent while it is held: %s", got)
	}
	o.send("commerce", "POST /orders/{order}/release", id, `{"reason": "paid"}`, nil).Want(t, 200)
	if v = o.shown(id); v.Hold != nil || v.Next.What != "setup_letter" {
		t.Errorf("released: %+v", v)
	}
	o.send("other", "POST /orders/{order}/hold", id, because, nil).Want(t, 404)
	o.send("commerce", "POST /orders/{order}/hold", id, because, map[string]string{"If-Match": `"1"`}).Want(t, 412)
}

func TestServicesThatRunAreChanged(t *testing.T) {
	o, s := withStore(t)
	id := o.active(s, 1)
	const because = `{"reason": "three invoices are open"}`
	for _, deed := range []string{"suspend", "resume", "terminate"} {
		if got := o.code("POST /orders/{order}/"+deed, o.placed(len(deed)+10), because, 409, nil); got != "order_not_active" {
			t.Errorf("%s of a scheduled order: %s", deed, got)
		}
	}
	v := o.shown(id)
	if v.Lines[0].TermEnd != "2029-11-20" || v.Lines[0].AutoRenew || v.Change != nil {
		t.Errorf("active: %+v", v)
	}
	match := func() map[string]string {
		return map[string]string{"If-Match": fmt.Sprintf(`"%d"`, o.shown(id).Version)}
	}
	if got := o.code("PATCH /orders/{order}", id, lines(30, 25, ""), 428, nil); got != "if_match_missing" {
		t.Errorf("without If-Match: %s", got)
	}
	if got := o.code("PATCH /orders/{order}", id, `{"requested_start_date": "2027-01-01"}`, 409, match()); got != "order_already_set_up" {
		t.Errorf("another start date: %s", got)
	}
	answer := o.send("commerce", "PATCH /orders/{order}", id, strings.ReplaceAll(lines(30, 25, ""), "9900", "1"), match()).Want(t, 400)
	if !strings.Contains(answer.Body, `"pointer":"/lines/1/unit_price","code":"fixed"`) {
		t.Errorf("another price: %s", answer.Body)
	}
	o.send("commerce", "PATCH /orders/{order}", id, lines(25, 25, `, "auto_renew": true`), match()).Want(t, 200).JSON(t, &v)
	if !v.Lines[0].AutoRenew || v.Change != nil {
		t.Errorf("it shall renew: %+v", v)
	}
	o.send("commerce", "PATCH /orders/{order}", id, lines(30, 25, ""), match()).Want(t, 200).JSON(t, &v)
	if v.Status != "active" || v.Change == nil || v.Change.Kind != "quantity" || v.Lines[0].Quantity != 25 || v.Lines[0].Requested != 30 ||
		v.Lines[1].Requested != 0 || !v.Lines[0].AutoRenew || v.Next.What != "change" || v.Next.Who != "service_platform" {
		t.Errorf("more are asked for: %+v", v)
	}
	if got := o.code("POST /orders/{order}/suspend", id, because, 409, nil); got != "change_in_flight" {
		t.Errorf("a second change: %s", got)
	}
	o.set(s, id, func(c *commerce.Order) { c.Status, c.InFlight = commerce.Suspended, commerce.ServiceChange{} })
	if got := o.code("PATCH /orders/{order}", id, lines(30, 25, ""), 409, match()); got != "order_is_suspended" {
		t.Errorf("more of what is suspended: %s", got)
	}
	var again, resumed whole
	o.send("commerce", "POST /orders/{order}/suspend", id, because, nil).Want(t, 200).JSON(t, &again)
	if again.Change != nil {
		t.Errorf("suspended again: %+v", again.Change)
	}
	o.send("commerce", "POST /orders/{order}/resume", id, `{"reason": "paid"}`, nil).Want(t, 200).JSON(t, &resumed)
	if resumed.Status != "suspended" || resumed.Change == nil || resumed.Change.Kind != "resume" || resumed.Change.Reason != "paid" {
		t.Errorf("to be resumed: %+v", resumed)
	}
	o.set(s, id, func(c *commerce.Order) { c.Status, c.InFlight = commerce.Ended, commerce.ServiceChange{} })
	o.send("commerce", "POST /orders/{order}/terminate", id, because, nil).Want(t, 200)
	if got := o.code("POST /orders/{order}/resume", id, because, 409, nil); got != "order_is_ended" {
		t.Errorf("resumed what is over: %s", got)
	}
	o.send("other", "POST /orders/{order}/terminate", id, because, nil).Want(t, 404)
}

// Of changes asked for at once, with the same version or with none, exactly one wins.
func TestOfTwoChangesAtOnceOneWins(t *testing.T) {
	o, s := withStore(t)
	for round := range 8 {
		id := o.active(s, round+1)
		match := fmt.Sprintf(`"%d"`, o.shown(id).Version)
		asks := []func() int{
			func() int {
				return o.send("commerce", "PATCH /orders/{order}", id, lines(30, 25, ""), map[string]string{"If-Match": match}).Status
			},
			func() int {
				return o.send("commerce", "PATCH /orders/{order}", id, lines(20, 25, ""), map[string]string{"If-Match": match}).Status
			},
			func() int {
				return o.send("commerce", "POST /orders/{order}/suspend", id, `{"reason": "unpaid"}`, nil).Status
			},
			func() int {
				return o.send("commerce", "POST /orders/{order}/terminate", id, `{"reason": "moved"}`, nil).Status
			},
		}
		got := make([]int, len(asks))
		var wait sync.WaitGroup
		for i, ask := range asks {
			wait.Go(func() { got[i] = ask() })
		}
		wait.Wait()
		won := 0
		for _, status := range got {
			switch status {
			case http.StatusOK:
				won++
			case http.StatusConflict, http.StatusPreconditionFailed:
			default:
				t.Errorf("answered %d", status)
			}
		}
		if v := o.shown(id); won != 1 || v.Change == nil {
			t.Errorf("round %d: %v, %+v", round, got, v.Change)
		}
	}
}

func TestARefusedChangeIsShown(t *testing.T) {
	o, s := withStore(t)
	id := o.active(s, 1)
	o.set(s, id, func(c *commerce.Order) {
		c.Refusal = commerce.Refusal{Kind: commerce.Suspend, Reason: "A-FLEX-CALL: not now", At: o.now}
	})
	if v := o.shown(id); v.Refused == nil || v.Refused.Kind != "suspend" || v.Refused.Reason != "A-FLEX-CALL: not now" {
		t.Errorf("refused: %+v", v.Refused)
	}
}
