package model_test

import (
	"encoding/json"
	"fmt"

	"pgregory.net/rapid"

	"dayone/local/contract"
)

// heard is what the other system was sent of an order, and which version of it was compared last.
type heard struct {
	version int
	events  map[int]string
}

// checkEvents compares every order that changed with what its events say, and what was sent with those. What was sent once
// is never told otherwise.
func (w *world) checkEvents(t *rapid.T) {
	t.Helper()
	sent := w.SentEvents()
	for _, s := range sent[w.sentEvents:] {
		if err := contract.CheckSentEvent(s.Body); err != nil {
			t.Fatal(err)
		}
		var e struct {
			Order    string
			Sequence int
			Data     json.RawMessage
		}
		if err := json.Unmarshal(s.Body, &e); err != nil {
			t.Fatal(err)
		}
		known := w.of(e.Order)
		if before, again := known.events[e.Sequence]; again && before != string(e.Data) {
			t.Fatalf("%s was %s, and is sent as %s", s.ID, before, e.Data)
		}
		known.events[e.Sequence] = string(e.Data)
	}
	w.sentEvents = len(sent)
	for _, o := range w.orders {
		known := w.of(o.id)
		if version := w.books.Orders[o.id].Version; version != known.version {
			known.version = version
			w.checkTimeline(t, o, known)
		}
	}
}

func (w *world) of(order string) *heard {
	if w.hears == nil {
		w.hears = map[string]*heard{}
	}
	if w.hears[order] == nil {
		w.hears[order] = &heard{events: map[int]string{}}
	}
	return w.hears[order]
}

// checkTimeline knows the order from its events alone, page by page.
func (w *world) checkTimeline(t *rapid.T, o *order, known *heard) {
	t.Helper()
	var all []json.RawMessage
	for cursor := ""; ; {
		var page struct {
			Events []json.RawMessage
			Next   string
		}
		a := w.ask(t, "GET", fmt.Sprintf("/orders/%s/events?limit=%d&cursor=%s", o.id, rapid.IntRange(1, 100).Draw(t, "limit"), cursor), "", nil, "200")
		if err := json.Unmarshal([]byte(a.Body), &page); err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Events...)
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	shown := w.ask(t, "GET", "/orders/"+o.id, "", nil, "200")
	if err := contract.CheckTimeline([]byte(shown.Body), all...); err != nil {
		t.Fatalf("order %s: %v\n%s", o.id, err, story(w.books.Orders[o.id]))
	}
	for seq, data := range known.events {
		if seq > len(all) || data != string(all[seq-1]) {
			t.Fatalf("order %s: event %d was sent as\n%s, and the timeline has %s", o.id, seq, data, all)
		}
	}
}
