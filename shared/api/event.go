package api

import (
	_ "embed"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"dayone/shared/commerce"
)

// eventSchema describes an event as it is sent to the other system, and as the timeline shows it.
//
//go:embed events.schema.json
var eventSchema []byte

// EventSchema answers the JSON schema of events.
func EventSchema(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "application/schema+json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, err := w.Write(eventSchema)
	return err
}

// Event is an event of an order's timeline.
type Event struct {
	Seq     int           `json:"seq"`
	At      time.Time     `json:"at"`
	Kind    string        `json:"kind"`
	Actor   string        `json:"actor"`
	Reason  string        `json:"reason,omitempty"`
	Changes []EventChange `json:"changes,omitempty"`
}

// EventChange is a field before and after an event, each as the order shows it and left out where it has none.
type EventChange struct {
	Field  string `json:"field"`
	Before any    `json:"before,omitempty"`
	After  any    `json:"after,omitempty"`
}

// EventOf is an event as JSON has it: numbers as numbers, truths as truths, the rest as text.
func EventOf(e commerce.Event) Event {
	v := Event{Seq: e.Seq, At: e.At, Kind: e.Kind, Actor: e.Actor, Reason: e.Reason}
	for _, c := range e.Changes {
		kind, _ := commerce.FactNamed(c.Field)
		v.Changes = append(v.Changes, EventChange{c.Field, factValue(kind, c.Before), factValue(kind, c.After)})
	}
	return v
}

func factValue(kind commerce.FactKind, text string) any {
	switch {
	case text == "":
		return nil
	case kind == commerce.FactNumber:
		return json.Number(text)
	case kind == commerce.FactTruth:
		truth, _ := strconv.ParseBool(text) // it was written as true or false
		return truth
	}
	return text
}

// SentEvent is an event as it is sent to the other system.
type SentEvent struct {
	ID        string    `json:"id"`
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Order     string    `json:"order"`
	Sequence  int       `json:"sequence"`
	Data      Event     `json:"data"`
}

// SentEventOf is the message that tells of an event of an order: the same bytes whenever it is made.
func SentEventOf(order string, e commerce.Event) ([]byte, error) {
	return json.Marshal(SentEvent{commerce.EventID(order, e.Seq), "order." + e.Kind, e.At, order, e.Seq, EventOf(e)})
}
