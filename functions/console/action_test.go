package console_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dayone/shared/commerce"
)

func TestEveryActionIsInTheTimelineWithItsActor(t *testing.T) {
	for name, tc := range map[string]struct {
		order  func(d *desk) commerce.Order
		action string
		fields []string
		event  string
		want   func(before, after commerce.Order) bool
	}{
		"resend": {(*desk).invited, "resend", []string{"reason", "They lost it."}, "resent", func(b, a commerce.Order) bool {
			return a.Link.Generation == b.Link.Generation+1 && a.Owed(noon) == commerce.SendLink
		}},
		"change contact": {(*desk).invited, "contact", []string{"email", "Borut@Nordlicht.example", "alias", "true"}, "amended", func(b, a commerce.Order) bool {
			return a.Contact == "borut@nordlicht.example" && a.ContactAlias && a.Link.Generation == b.Link.Generation+1
		}},
		"retry": {(*desk).failed, "retry", []string{"reason", "They mended it."}, "provisioning_started", func(_, a commerce.Order) bool {
			return a.Status == commerce.Provisioning && a.Attempt.Number == 2 && a.Owed(noon) == commerce.Provision
		}},
		"reopen":  {(*desk).closed, "reopen", []string{"reason", "Wanted after all."}, "reopened", func(_, a commerce.Order) bool { return a.Status == commerce.Scheduled }},
		"hold":    {(*desk).invited, "hold", []string{"reason", "Credit is checked."}, "held", func(_, a commerce.Order) bool { return a.Held() && a.Hold.Reason == "Credit is checked." }},
		"release": {(*desk).held, "release", []string{"reason", "Credit is good."}, "released", func(_, a commerce.Order) bool { return !a.Held() }},
		"handled": {(*desk).escalated, "handled", []string{"reason", "Rang them."}, "handled", func(b, a commerce.Order) bool {
			return len(b.NeedsPerson()) == 1 && len(a.NeedsPerson()) == 0
		}},
		"cancel": {(*desk).invited, "cancel", []string{"reason", "Ordered twice."}, "cancelled", func(_, a commerce.Order) bool { return a.Status == commerce.Cancelled }},
	} {
		t.Run(name, func(t *testing.T) {
			d := signedIn(t)
			before := tc.order(d)
			form := d.get("/console/orders/"+before.ID+"/"+tc.action).Want(t, 200)
			says(t, form, before.ID, `name="version" value="`+fmt.Sprint(before.Version)+`"`)
			done := d.act(before, tc.action, tc.fields...).Want(t, 303)
			if want := "/console/orders/" + before.ID + "?done=" + tc.action; done.Header["location"] != want {
				t.Errorf("led to %s, want %s", done.Header["location"], want)
			}
			after := d.order(before.ID)
			if !tc.want(before, after) {
				t.Errorf("before %+v\nafter %+v", before, after)
			}
			if e := last(t, after, tc.event); e.Actor != "operator:"+string(maja) || tc.action != "contact" && e.Reason != tc.fields[1] {
				t.Errorf("the timeline says %+v", e)
			}
			says(t, d.get(done.Header["location"]).Want(t, 200), `role="status"`, "by "+string(maja)+", operator")
		})
	}
}

// closed is an order that was not set up in time.
func (d *desk) closed() commerce.Order {
	d.Helper()
	return d.changed(d.invited(), func(o commerce.Order) (commerce.Order, error) {
		closed, _ := o.Expire(d.now.Add(-time.Minute))
		return closed, nil
	})
}

// held is an order on hold.
func (d *desk) held() commerce.Order {
	d.Helper()
	return d.changed(d.invited(), func(o commerce.Order) (commerce.Order, error) {
		return o.PutOnHold("caller:"+caller, "Credit is checked.", d.now.Add(-time.Minute))
	})
}

// What is not possible now is shown, disabled, with the reason; and it is refused where it is asked for all the same.
func TestWhatIsNotPossible(t *testing.T) {
	d := signedIn(t)
	for name, tc := range map[string]struct {
		order   commerce.Order
		refused map[string]string
	}{
		"scheduled": {d.placed(func(t *commerce.Terms) { t.Start = t.Start.AddDays(9) }), map[string]string{
			"resend": "No email has gone out yet", "retry": "Nothing waits to be tried again", "reopen": "Only a closed order can be reopened",
			"release": "This order is not on hold", "handled": "Nothing about this order needs a person now"}},
		"on hold": {d.held(), map[string]string{"resend": "The order is on hold. Release it first", "hold": "The order is on hold. Release it first",
			"retry": "Nothing waits", "reopen": "Only a closed", "handled": "Nothing about"}},
		"failed": {d.failed(), map[string]string{"resend": "The order is set up already", "contact": "The order is set up already", "cancel": "The order is set up already",
			"reopen": "Only a closed", "release": "not on hold"}},
		"cancelled": {d.changed(d.invited(), func(o commerce.Order) (commerce.Order, error) { return o.Cancel("caller:x", "no", d.now) }), map[string]string{
			"resend": "The order is cancelled", "contact": "The order is cancelled", "cancel": "The order is cancelled", "reopen": "Only a closed",
			"hold": "Only an order that is not provisioned yet", "release": "not on hold", "retry": "Nothing waits", "handled": "Nothing about"}},
	} {
		page := d.get("/console/orders/"+tc.order.ID).Want(t, 200)
		for _, action := range []string{"resend", "contact", "retry", "reopen", "hold", "release", "handled", "cancel"} {
			off := strings.Contains(page.Body, `disabled aria-describedby=off-`+action+`>`)
			why, want := tc.refused[action]
			if off != want {
				t.Errorf("%s: %s is disabled: %t", name, action, off)
			}
			if !want {
				continue
			}
			says(t, page, why)
			says(t, d.get("/console/orders/"+tc.order.ID+"/"+action).Want(t, 409), why)
			fields := []string{"reason", "all the same"}
			if action == "contact" {
				fields = []string{"email", "x@y.example"}
			}
			says(t, d.act(tc.order, action, fields...).Want(t, 409), why)
		}
		if got := d.order(tc.order.ID); got.Version != tc.order.Version {
			t.Errorf("%s: changed by what was refused", name)
		}
	}
}

// An order that changed while the operator looked: nothing is done, the page says what changed and asks again.
func TestAnOrderThatChangedMeanwhile(t *testing.T) {
	d := signedIn(t)
	o := d.invited()
	seen := []string{"version", fmt.Sprint(o.Version), "seen", fmt.Sprint(len(o.Events))}
	d.changed(o, func(o commerce.Order) (commerce.Order, error) {
		return o.Delegate("borut@late.example", false, "hash", d.now.Add(-time.Minute))
	})
	path := "/console/orders/" + o.ID + "/cancel"
	page := d.post(path, append(seen, "reason", "Nobody answers.")...).Want(t, 409)
	says(t, page, "The order changed while you were looking at it", "Setup passed on to borut@late.example", `value="Nobody answers."`)
	now := d.order(o.ID)
	if now.Status == commerce.Cancelled {
		t.Fatalf("the order is %s", now.Status)
	}
	says(t, page, `name="version" value="`+fmt.Sprint(now.Version)+`"`)
	d.act(now, "cancel", "reason", "Nobody answers.").Want(t, 303)
	// Where it is not possible any more, the page says why.
	says(t, d.post(path, append(seen, "reason", "Another time.")...).Want(t, 409), "The order is cancelled")
}

// A double click, or a form that is sent again after a lost answer, does it once.
func TestTheSameAgainIsDoneOnce(t *testing.T) {
	d := signedIn(t)
	for action, fields := range map[string][]string{
		"resend": {"reason", "Lost it."}, "hold": {"reason", "Wait."}, "contact": {"email", "borut@nordlicht.example"}, "cancel": {"reason", "Twice."},
	} {
		o := d.invited()
		sent := append([]string{"version", fmt.Sprint(o.Version), "seen", fmt.Sprint(len(o.Events))}, fields...)
		for range 3 {
			d.post("/console/orders/"+o.ID+"/"+action, sent...).Want(t, 303)
		}
		n := 0
		for _, e := range d.order(o.ID).Events {
			if e.Actor == "operator:"+string(maja) {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%s: done %d times", action, n)
		}
	}
}

// Who went back and corrected an address is not told that it is done.
func TestAnotherContactIsNotTheSame(t *testing.T) {
	d := signedIn(t)
	o := d.invited()
	seen := []string{"version", fmt.Sprint(o.Version), "seen", fmt.Sprint(len(o.Events))}
	path := "/console/orders/" + o.ID + "/contact"
	d.post(path, append(seen, "email", "wrong@nordlicht.example")...).Want(t, 303)
	page := d.post(path, append(seen, "email", "right@nordlicht.example")...).Want(t, 409)
	says(t, page, "The order changed while you were looking at it", `value="right@nordlicht.example"`)
	d.act(d.order(o.ID), "contact", "email", "right@nordlicht.example").Want(t, 303)
	if got := d.order(o.ID).Contact; got != "right@nordlicht.example" {
		t.Errorf("the contact is %s", got)
	}
}

// Two operators act on one order at once: one does, the other reads what changed.
func TestTwoOperatorsAtOnce(t *testing.T) {
	d := signedIn(t)
	o := d.invited()
	var wait sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	for i := range 8 {
		wait.Go(func() {
			r := d.post("/console/orders/"+o.ID+"/resend", "version", fmt.Sprint(o.Version), "seen", fmt.Sprint(len(o.Events)), "reason", fmt.Sprint("reason ", i))
			mu.Lock()
			statuses[r.Status]++
			mu.Unlock()
		})
	}
	wait.Wait()
	if statuses[303] != 1 || statuses[409] != 7 {
		t.Errorf("answered %v", statuses)
	}
	if got := d.order(o.ID); got.Link.Generation != o.Link.Generation+1 {
		t.Errorf("%d links", got.Link.Generation)
	}
}

func TestBadInputChangesNothing(t *testing.T) {
	d := signedIn(t)
	o := d.escalated()
	says(t, d.act(o, "handled", "reason", "").Want(t, 400), "Enter a reason")
	says(t, d.act(o, "resend", "reason", strings.Repeat("x", 501)).Want(t, 400), "Use up to 500 characters")
	says(t, d.act(o, "contact", "email", "ana@").Want(t, 400), "Enter an email address")
	says(t, d.get("/console/orders/DO-0000-0000-0000").Want(t, 404), "There is no such order")
	d.post("/console/orders/"+o.ID+"/redeliver", "seq", "99").Want(t, 404)
	d.post("/console/orders/"+o.ID+"/redeliver", "seq", "x").Want(t, 404)
	if got := d.order(o.ID); got.Version != o.Version {
		t.Error("changed")
	}
	// A reason is data, whatever it looks like.
	d.act(o, "handled", "reason", `<script>alert(1)</script>`).Want(t, 303)
	if page := d.get("/console/orders/"+o.ID).Want(t, 200); strings.Contains(page.Body, "<script>alert") {
		t.Error("a reason became an element")
	}
}

// A switch of the language keeps what was typed, and does nothing.
func TestTheLanguageSwitchKeepsTheForm(t *testing.T) {
	d := signedIn(t)
	o := d.invited()
	page := d.act(o, "cancel", "reason", "Ordered twice.", "switch", "sl").Want(t, 200)
	says(t, page, "Prekličite naročilo", `value="Ordered twice."`)
	if got := d.order(o.ID); got.Status != commerce.Invited {
		t.Errorf("the order is %s", got.Status)
	}
}

func TestRedeliver(t *testing.T) {
	d := signedIn(t)
	o := d.invited()
	page := d.get("/console/orders/"+o.ID).Want(t, 200)
	says(t, page, "Events to other systems", "Order placed", "Waiting")
	r := d.post("/console/orders/"+o.ID+"/redeliver", "seq", "1").Want(t, 303)
	says(t, d.get(strings.TrimSuffix(r.Header["location"], "#deliveries")).Want(t, 200), "The event is sent again within a minute.")
	out, err := d.tables.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: new(d.tables.Name("OrdersTable")), Key: key("order#"+o.ID, "event#000001")})
	d.must(err)
	if _, asked := out.Item["asked_at"]; !asked {
		text, _ := json.Marshal(out.Item)
		t.Errorf("nobody asked for it: %s", text)
	}
	says(t, d.get("/console/undelivered").Want(t, 200), "Every event was delivered.")
}
