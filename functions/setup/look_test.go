package setup_test

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"dayone/local/call"
)

// ask asks about an address as the customer's administrator, on a step.
func (h *house) ask(link, step, address string) reply {
	h.Helper()
	s := first.with(said{"partner_admin_email": "ana.novak@nordlicht.example", "customer_admin_email": address})
	if step == "complete" {
		s["review_digest"] = "x"
	}
	return h.post(link, step, s)
}

func stranger(n int) string { return fmt.Sprintf("somebody%d@alpine-mills.example", n) }

func TestALinkAsksAboutTwentyAddressesAnHour(t *testing.T) {
	h := open(t)
	o, link := h.invited()
	for n := range 19 { // the partner's administrator is the twentieth
		h.ask(link, "customer-admin", stranger(n)).want(h, "customer-organization")
	}
	for _, step := range []string{"customer-admin", "customer-organization", "review", "complete"} {
		r := h.ask(link, step, stranger(20)).refused(h, 429, "too_many_lookups")
		if r.Header["retry-after"] != "3600" {
			t.Errorf("%s: Retry-After %q", step, r.Header["retry-after"])
		}
	}
	t.Run("an address that was asked about costs nothing", func(*testing.T) { h.ask(link, "review", stranger(7)).want(h, "complete") })
	t.Run("another link is another's", func(*testing.T) { h.ask(h.another(o), "customer-admin", stranger(20)).want(h, "customer-organization") })
	t.Run("no header helps", func(t *testing.T) {
		for _, header := range []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip", "X-GoLambdaProxy-ApiGw-Context"} {
			r := call.HTTP(h, h.function, call.Request{Route: "POST /setup/{step}", Path: map[string]string{"step": "customer-admin"}, Now: h.now,
				Header: map[string]string{"Content-Type": "application/json", "Authorization": "Bearer " + link, header: "198.51.100.7"},
				Body:   `{"role":"customer","customer_admin_email":"` + stranger(21) + `"}`})
			if r.Status != 429 {
				t.Errorf("with %s: %d", header, r.Status)
			}
		}
	})
	t.Run("going back and forth does not help", func(t *testing.T) {
		for _, turn := range []string{"back", "change"} {
			form := url.Values{"token": {link}, "role": {"customer"}, "customer_admin_email": {stranger(22)}, turn: {"customer-organization"}, "lang": {"sl"}}
			r := call.HTTP(h, h.function, call.Request{Route: "POST /setup/{step}", Path: map[string]string{"step": "review"}, Now: h.now,
				Header: map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}, Body: form.Encode()})
			if r.Status != 429 || r.Header["retry-after"] == "" || !strings.Contains(r.Body, "Preveč naslovov") || strings.Contains(r.Body, "⟦") {
				t.Errorf("%s: %d %v %s", turn, r.Status, r.Header, r.Body)
			}
		}
	})
	t.Run("an hour later", func(*testing.T) {
		h.now = h.now.Add(time.Hour)
		h.ask(link, "customer-admin", stranger(20)).want(h, "customer-organization")
	})
}

func TestALinkAsksAboutSixtyAddressesInAll(t *testing.T) {
	h := open(t)
	_, link := h.invited()
	for n := range 59 {
		h.ask(link, "customer-admin", stranger(n)).want(h, "customer-organization")
		h.now = h.now.Add(5 * time.Minute)
	}
	h.now = h.now.Add(24 * time.Hour)
	h.ask(link, "customer-admin", stranger(60)).refused(h, 429, "lookups_over")
	if r := h.complete(link, first.with(said{"customer_admin_email": stranger(3)})); r.Status != 200 {
		t.Errorf("completing with what was asked before: %d %s", r.Status, r.Body)
	}
}

// A walk with many detours, and then some, is far below the limit, and writes once for each address.
func TestAWalkWithDetoursIsNotSlowed(t *testing.T) {
	h := open(t)
	_, link := h.invited()
	for range 10 {
		for _, step := range []string{"role", "who", "partner-organization", "customer-admin", "customer-organization", "review", "partner-organization"} {
			if r := h.post(link, step, first); r.Status != 200 {
				t.Fatalf("%s: %d %s", step, r.Status, r.Body)
			}
		}
	}
	for _, i := range h.items("TokensTable") {
		if looks, _ := i["looks"].(map[string]any); len(looks) != 2 {
			t.Errorf("looks %v", i["looks"])
		}
	}
}

// Asked at once, no more are answered than one after the other.
func TestAskingAtOnceDoesNotHelp(t *testing.T) {
	h := open(t)
	_, link := h.invited()
	statuses := make([]int, 60)
	var wait sync.WaitGroup
	for n := range statuses {
		wait.Go(func() {
			statuses[n] = h.post(link, "customer-admin", said{"role": "customer", "customer_admin_email": stranger(n)}).Status
		})
	}
	wait.Wait()
	answered := 0
	for _, s := range statuses {
		if s == 200 {
			answered++
		} else if s != 429 {
			t.Errorf("status %d", s)
		}
	}
	if answered > 20 || answered == 0 {
		t.Errorf("%d were answered", answered)
	}
}
