package flow_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"dayone/local/contract"
)

// heard is what the other system knows of one order: its events by their number, each once.
type heard map[int]json.RawMessage

// hears are the events that the other system was sent, by order, in whatever order they came.
func (w *world) hears() map[string]heard {
	w.Helper()
	all := map[string]heard{}
	for _, s := range w.SentEvents() {
		var e struct {
			Order    string
			Sequence int
			Data     json.RawMessage
		}
		if err := json.Unmarshal(s.Body, &e); err != nil {
			w.Fatal(err)
		}
		if all[e.Order] == nil {
			all[e.Order] = heard{}
		}
		all[e.Order][e.Sequence] = e.Data
	}
	return all
}

// commerceKnows holds every order, at the end of a test, to what the other system knows of it by what it was sent.
func (w *world) commerceKnows() {
	w.Helper()
	if err := w.Cloud.Run(w.end(), "Deliveries"); err != nil {
		w.Error(err)
	}
	for _, s := range w.SentEvents() {
		if err := contract.CheckSentEvent(s.Body); err != nil {
			w.Error(err)
		}
	}
	for id, events := range w.hears() {
		r, err := http.NewRequestWithContext(w.end(), http.MethodGet, w.URL+"/orders/"+id, nil)
		if err != nil {
			w.Fatal(err)
		}
		shown := w.do(r)
		if shown.Status == http.StatusNotFound {
			continue // another caller's
		}
		var told []json.RawMessage
		for _, seq := range slices.Sorted(maps.Keys(events)) {
			told = append(told, events[seq])
		}
		if err := contract.CheckTimeline([]byte(shown.Body), told...); err != nil {
			w.Errorf("order %s: %v", id, err)
		}
	}
}

func TestTheCommerceSystemHearsOfEveryChangeAndCanAskAgain(t *testing.T) {
	w := begin(t, nil)
	id := w.place(order{start: "2026-12-01", locale: "en"})
	w.run("Deliveries")
	if n := len(w.hears()[id]); n != 1 {
		t.Fatalf("%d events of an order that was placed", n)
	}
	w.ask("POST", "/orders/"+id+"/cancel", "", object{"reason": "typed twice"}).want(w, 200)
	w.run("Deliveries")
	if !strings.Contains(string(w.hears()[id][2]), `"cancelled"`) {
		t.Fatalf("it hears %v", w.hears()[id])
	}
	sent := w.ask("GET", "/orders/"+id+"/deliveries", "", nil).want(w, 200).List("deliveries")
	if len(sent) != 2 || sent[1].Text("status") != "delivered" || sent[1].Text("id") != "evt_"+id+"_2" {
		t.Errorf("deliveries %v", sent)
	}
	before := len(w.SentEvents())
	w.ask("POST", "/orders/"+id+"/events/1/redeliver", "", nil).want(w, 202)
	w.later(time.Minute, time.Minute)
	again := w.SentEvents()[before:]
	if len(again) != 1 || again[0].ID != "evt_"+id+"_1" {
		t.Errorf("sent again: %v", again)
	}
	if schema := w.ask("GET", "/events.schema.json", "", nil).want(w, 200); schema.Text("$schema") == "" {
		t.Errorf("the schema is %s", schema.Body)
	}
}

func TestWithoutAnAddressNothingIsSent(t *testing.T) {
	w := begin(t, map[string]string{"EventsUrl": "", "EventsSecret": ""})
	id := w.place(order{start: "2026-12-01", locale: "en"})
	w.later(time.Hour, time.Minute)
	if sent := w.SentEvents(); len(sent) > 0 {
		t.Errorf("%v", sent)
	}
	if all := w.ask("GET", "/orders/"+id+"/deliveries", "", nil).want(w, 200).List("deliveries"); len(all) > 0 {
		t.Errorf("%v", all)
	}
	w.ask("POST", "/orders/"+id+"/events/1/redeliver", "", nil).want(w, 409)
}
