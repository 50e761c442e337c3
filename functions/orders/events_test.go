package orders_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"dayone/functions/orders"
	"dayone/local/call"
	"dayone/local/contract"
	"dayone/local/engine/enginetest"
	"dayone/shared/commerce"
	"dayone/shared/store"
)

// publishing is an office whose orders' events go somewhere, and everything that may be done to them.
func publishing(t *testing.T) (*office, *store.Store) {
	t.Parallel()
	tables := enginetest.New(t)
	o := &office{t, orders.Handler(store.FromEnv(tables.As("Orders", "PUBLISH_EVENTS", "yes")), orders.Defaults{Zone: "Europe/Ljubljana", Locale: "en"}), noon, 0}
	return o, store.FromEnv(func(name string) string {
		if name == "PUBLISH_EVENTS" {
			return "yes"
		}
		return tables.Getenv(name)
	})
}

// get reads something of an order, and answers it as JSON where into is not nil.
func (o *office) get(route, id, query string, into any) call.Response {
	o.Helper()
	a := call.HTTP(o, o.function, call.Request{Route: route, Path: map[string]string{"order": id}, Query: query, Caller: "commerce", Now: o.now})
	if into != nil {
		a.Want(o, 200).JSON(o, into)
	}
	return a
}

// knows holds the order to what its events say, read page by page.
func (o *office) knows(id, after string) {
	o.Helper()
	var all []json.RawMessage
	for cursor := "0"; cursor != ""; {
		var page struct {
			Events []json.RawMessage
			Next   string
		}
		o.get("GET /orders/{order}/events", id, "limit=3&cursor="+cursor, &page)
		all, cursor = append(all, page.Events...), page.Next
	}
	shown := o.get("GET /orders/{order}", id, "", nil).Want(o, 200)
	if err := contract.CheckTimeline([]byte(shown.Body), all...); err != nil {
		o.Errorf("after %s: %v", after, err)
	}
}

func TestWhoReadsTheEventsAloneKnowsTheOrder(t *testing.T) {
	o, s := publishing(t)
	id := o.placed(1)
	now := noon
	deed := func(name string, do func(commerce.Order) (commerce.Order, error)) {
		t.Helper()
		before, err := s.Order(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Hour)
		changed, err := do(before)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if changed.Version == before.Version {
			t.Fatalf("%s does nothing", name)
		}
		if err := s.Replace(t.Context(), before, changed); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		o.knows(id, name)
	}
	const by, ana = "operator:maja@vendor.example", commerce.Address("ana@nordlicht.example")
	o.knows(id, "placing")
	deed("a hold", func(o commerce.Order) (commerce.Order, error) { return o.PutOnHold(by, "unpaid", now) })
	deed("a release", func(o commerce.Order) (commerce.Order, error) { return o.Release(by, "paid", now) })
	deed("another contact and fewer lines", func(o commerce.Order) (commerce.Order, error) {
		terms := o.Terms
		terms.Contact, terms.Lines = ana, terms.Lines[:1]
		n, _, err := o.Amend(terms, by, now)
		return n, err
	})
	deed("more lines", func(o commerce.Order) (commerce.Order, error) {
		terms := o.Terms
		more := terms.Lines[0]
		more.Subscription, more.SKU, more.AutoRenew = "Sub9", "A-FLEX-MSG", true
		terms.Lines = append(terms.Lines[:1:1], more)
		n, _, err := o.Amend(terms, by, now)
		return n, err
	})
	now = noon.AddDate(0, 0, 10)
	deed("the letter", func(o commerce.Order) (commerce.Order, error) {
		return o.LinkSent(commerce.LetterSetup, o.Contact, o.Link.Generation, "m1", now), nil
	})
	deed("a reminder", func(o commerce.Order) (commerce.Order, error) { return o.ReminderSent("m2", now), nil })
	deed("the escalation", func(o commerce.Order) (commerce.Order, error) { return o.Escalated("m3", now), nil })
	deed("a bounce", func(o commerce.Order) (commerce.Order, error) {
		n, _ := o.Hear(commerce.Delivery{Outcome: commerce.Bounced, Kind: commerce.LetterSetup, Message: "m1", Link: o.Link.Generation}, now)
		return n, nil
	})
	deed("the start", func(o commerce.Order) (commerce.Order, error) { n, _ := o.Begin(now); return n, nil })
	deed("a delegation", func(o commerce.Order) (commerce.Order, error) {
		return o.Delegate("bor@nordlicht.example", true, "hash", now)
	})
	deed("the end of the window", func(o commerce.Order) (commerce.Order, error) { n, _ := o.Expire(now); return n, nil })
	deed("reopening", func(o commerce.Order) (commerce.Order, error) { return o.Reopen(by, "late", now) })
	deed("the next letter", func(o commerce.Order) (commerce.Order, error) {
		return o.LinkSent(commerce.LetterSetup, o.Contact, o.Link.Generation, "m4", now), nil
	})
	deed("what no deed of ours does", func(o commerce.Order) (commerce.Order, error) {
		o.Version++
		o.Mapping = commerce.Mapping{Partner: "org_p", Customer: "org_c", PartnerAccess: commerce.AccessNone, By: ana, At: now}
		o.Status, o.Settings.ReviewedAt = commerce.Mapped, now
		return o, nil
	})
	deed("the click", func(o commerce.Order) (commerce.Order, error) {
		o.Status = commerce.Failed // so that no settings are asked for
		n, err := o.BeginProvisioning(ana, commerce.Organization{Subdomain: "acme"}, now)
		if err != nil { // settings are missing: as if they were there
			o.Settings.Calling.Country = "AT"
			n, err = o.BeginProvisioning(ana, commerce.Organization{Subdomain: "acme"}, now)
		}
		return n, err
	})
	for n := range 2 {
		deed(fmt.Sprint("line ", n+1), func(o commerce.Order) (commerce.Order, error) {
			job, _ := o.NextJob()
			return o.Asking(job, now).Answered(job, commerce.Done, "", now), nil
		})
	}
	deed("the activation", func(o commerce.Order) (commerce.Order, error) { n, _, _ := o.Finish(now); return n, nil })
	deed("a change of quantity", func(o commerce.Order) (commerce.Order, error) {
		lines := append([]commerce.Line(nil), o.Lines...)
		lines[0].Quantity += 5
		return o.ChangeLines(lines, by, now)
	})
	finish := func(o commerce.Order) (commerce.Order, error) {
		for job, left := o.NextJob(); left; job, left = o.NextJob() {
			o = o.Asking(job, now).Answered(job, commerce.Done, "", now)
		}
		n, _, _ := o.Finish(now)
		return n, nil
	}
	deed("the changed quantity", finish)
	deed("suspending", func(o commerce.Order) (commerce.Order, error) { return o.Suspend(by, "unpaid", now) })
	deed("suspended", finish)
	deed("terminating", func(o commerce.Order) (commerce.Order, error) { return o.Terminate(by, "bankrupt", now) })
	deed("terminated", finish)
	if last, err := s.Order(t.Context(), id); err != nil || last.Status != commerce.Ended {
		t.Errorf("%v, the order is %s", err, last.Status)
	}
}

type sentPage struct {
	Deliveries []struct {
		ID, Kind, Status string
		Sequence         int
		NextAt           time.Time `json:"next_at"`
	}
	Next string
}

func TestDeliveriesAreShownToWhoPlacedTheOrder(t *testing.T) {
	o, s := publishing(t)
	id := o.placed(1)
	o.send("commerce", "POST /orders/{order}/cancel", id, `{"reason":"typed twice"}`, nil).Want(t, 200)
	var first, second sentPage
	o.get("GET /orders/{order}/deliveries", id, "limit=1", &first)
	o.get("GET /orders/{order}/deliveries", id, "cursor="+first.Next, &second)
	if len(first.Deliveries) != 1 || len(second.Deliveries) != 1 || first.Next != "1" || second.Next != "" {
		t.Fatalf("%+v %+v", first, second)
	}
	if d := second.Deliveries[0]; d.ID != "evt_"+id+"_2" || d.Kind != "cancelled" || d.Status != "pending" || !d.NextAt.Equal(noon) {
		t.Errorf("%+v", d)
	}
	o.get("GET /orders/{order}/deliveries", id, "cursor=x", nil).Want(t, 400)
	o.get("GET /orders/{order}/events", id, "cursor=99999999999", nil).Want(t, 400)
	o.send("other", "GET /orders/{order}/deliveries", id, "", nil).Want(t, 404)
	if all, err := s.EventsOf(t.Context(), id, 0, 10); err != nil || len(all) != 2 {
		t.Errorf("%v %+v", err, all)
	}
}

func TestAnEventIsSentAgainForWhoPlacedTheOrder(t *testing.T) {
	o, s := publishing(t)
	id := o.placed(1)
	again := func(caller, seq string) call.Response {
		return call.HTTP(o, o.function, call.Request{Route: "POST /orders/{order}/events/{seq}/redeliver", Path: map[string]string{"order": id, "seq": seq}, Caller: caller, Now: o.now.Add(time.Hour)})
	}
	again("other", "1").Want(t, 404)
	again("commerce", "2").Want(t, 404)
	again("commerce", "x").Want(t, 404)
	again("commerce", "1").Want(t, 202)
	if all, err := s.EventsOf(t.Context(), id, 0, 10); err != nil || len(all) != 1 || !all[0].Asked || !all[0].NextAt.Equal(o.now.Add(time.Hour)) {
		t.Errorf("%v %+v", err, all)
	}
	silent := &office{t, o.function, noon, 0}
	silent.function = orders.Handler(store.FromEnv(enginetest.New(t).As("Orders")), orders.Defaults{Zone: "Europe/Ljubljana", Locale: "en"})
	id = silent.placed(2)
	call.HTTP(t, silent.function, call.Request{Route: "POST /orders/{order}/events/{seq}/redeliver", Path: map[string]string{"order": id, "seq": "1"}, Caller: "commerce", Now: noon}).Want(t, 409)
}
