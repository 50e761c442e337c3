package provisioning_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"dayone/functions/provisioning"
	"dayone/shared/commerce"
	"dayone/shared/store"
)

func TestWithoutPlatformLinesBecomeEntitlements(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	d := h.deal("CALL", "MEET", "PSTN", "ROOM", "MSG")
	p := h.client(provisionRoute, d, click)
	if p.Status != "active" || h.entitlements(d) != 5 || h.charges(d) != 5 {
		t.Errorf("%+v, %d entitlements, %d charges", p, h.entitlements(d), h.charges(d))
	}
	customer, err := h.store.Organization(t.Context(), d.customer)
	h.must(err)
	if !customer.Settled {
		t.Error("the subdomain can still be changed")
	}
}

// All is one transaction, yet the timeline tells every step, and so do the events for the other system.
func TestWithoutPlatformEveryStepIsTold(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	s := store.FromEnv(h.tables.As("Provisioning", "PUBLISH_EVENTS", "yes"))
	h.function = provisioning.Handler(s, provisioning.Entitlements(s), "")
	d := h.deal("CALL", "PSTN")
	before := h.order(d)
	h.client(provisionRoute, d, click)
	o := h.order(d)
	var told []string
	for _, e := range o.Events[len(before.Events):] {
		for _, c := range e.Changes {
			if name := strings.TrimPrefix(c.Field, "lines."); c.Field == "status" || strings.HasSuffix(name, ".status") {
				told = append(told, e.Kind+" "+name+" "+c.After)
			}
		}
	}
	want := "provisioning_started status provisioning, provisioning_started 0.status provisioning, line_provisioned 0.status provisioned, " +
		"line_provisioning 1.status provisioning, line_provisioned 1.status provisioned, activated status active"
	if got := strings.Join(told, ", "); got != want {
		t.Errorf("told\n%s, want\n%s", got, want)
	}
	if sent := len(h.items("OrdersTable", "order#"+d.order, "event#")); sent != len(o.Events)-len(before.Events) {
		t.Errorf("%d events are on their way", sent)
	}
}

// Who had failed at a platform is tried again where none is any more: by a click, or by the schedule for an operator.
func TestTriedAgainWithoutPlatform(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	w.answer = refuse("2")
	h := newHouse(t, w.platform())
	clicked, retried := h.deal("CALL", "MEET"), h.deal("CALL", "MEET")
	for _, d := range []deal{clicked, retried} {
		if p := h.client(provisionRoute, d, click); p.Status != "failed" {
			t.Fatalf("%+v", p)
		}
	}
	s := store.FromEnv(h.tables.As("Provisioning"))
	h.function = provisioning.Handler(s, provisioning.Entitlements(s), "")
	h.client(provisionRoute, clicked, click)
	h.wants(retried, click, func(o commerce.Order) (commerce.Order, error) {
		return o.Retry("operator:maja", "there is room now", click)
	})
	h.must(h.tick(t.Context(), click))
	for _, d := range []deal{clicked, retried} {
		if o := h.order(d); o.Status != commerce.Active || o.Attempt.Number != 2 || h.entitled(d) != "1:25 2:25" || h.charges(d) != 2 {
			t.Errorf("%s, attempt %d, runs %s, %d charges", o.Status, o.Attempt.Number, h.entitled(d), h.charges(d))
		}
	}
}

// The greatest order does not fit into one transaction. Killed at any call it ends the same, whether its click was lost or
// a part of it is stored.
func TestGreatestOrderKilledAtAnyCall(t *testing.T) {
	t.Parallel()
	skus := make([]string, 50)
	for i := range skus {
		skus[i] = "CALL"
	}
	lines := strings.TrimSuffix(strings.Repeat("provisioned,", len(skus)), ",")
	var k killer
	h := newHouse(t, nil)
	tables := httptest.NewServer(k.before(proxy(t, h.tables.Engine.Endpoint)))
	t.Cleanup(tables.Close)
	s := store.FromEnv(h.tables.As("Provisioning", "AWS_ENDPOINT_URL_DYNAMODB", tables.URL))
	h.function = provisioning.Handler(s, provisioning.Entitlements(s), "")
	for at := 3; at <= 4; at++ { // two calls read
		for _, after := range []bool{false, true} {
			d := h.deal(skus...)
			process := k.arm(t.Context(), at, after)
			_, _ = h.ask(process, provisionRoute, d, click, "", "authorization", "Bearer "+d.administrator, "accept", "application/json")
			stored := map[bool]commerce.Status{false: commerce.Provisioning, true: commerce.Active}[at == 4 && after]
			if at == 3 && !after {
				stored = commerce.Mapped
			}
			o, beside := h.order(d), 0
			for _, l := range o.Lines {
				if l.Status == commerce.LineProvisioned {
					beside++
				}
			}
			if process.Err() == nil || o.Status != stored || h.entitlements(d) != beside {
				t.Errorf("killed at call %d, after it %t: %s, %d lines, %d entitlements", at, after, o.Status, beside, h.entitlements(d))
			}
			k.arm(t.Context(), 0, false)
			if p := h.client(provisionRoute, d, click); stored != commerce.Provisioning && p.Status != "active" {
				t.Errorf("clicked again after %s: %s", stored, p.Status)
			}
			h.must(h.tick(t.Context(), click.Add(3*time.Minute)))
			h.ended(d, nil, commerce.Active, lines, false, "in the end")
		}
	}
	d := h.deal(skus...)
	process := k.arm(t.Context(), 5, false)
	r, err := h.ask(process, provisionRoute, d, click, "", "authorization", "Bearer "+d.administrator, "accept", "application/json")
	if err != nil || process.Err() != nil || r.StatusCode != http.StatusOK || h.order(d).Status != commerce.Active {
		t.Errorf("a click is more than 4 calls: %d %v", r.StatusCode, err)
	}
}

// A customer's subdomain is settled by the first of their orders, and the next one leaves their organization alone.
func TestSecondOrderOfACustomerLeavesTheOrganizationAlone(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	versions := func(d deal) int {
		organization, err := h.store.Organization(t.Context(), d.customer)
		h.must(err)
		if !organization.Settled {
			t.Error("the subdomain can still be changed")
		}
		return organization.Version
	}
	first, second := h.inUse("CALL"), h.deal("CALL")
	settled := versions(first)
	o := h.order(second)
	moved := o
	moved.Version++
	moved.Mapping.Customer = first.customer
	h.must(h.store.Replace(t.Context(), o, moved))
	second.customer, second.administrator = first.customer, first.administrator
	if p := h.client(provisionRoute, second, click); p.Status != "active" || h.entitlements(second) != 2 {
		t.Errorf("%+v, %d entitlements", p, h.entitlements(second))
	}
	if again := versions(second); again != settled {
		t.Errorf("the organization is at version %d, was at %d", again, settled)
	}
}
