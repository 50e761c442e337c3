package contract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"dayone/shared/api"
)

// eventSchemas are the schema of what is sent, and the part of it that an entry of the timeline is.
var eventSchemas = sync.OnceValues(func() ([2]*jsonschema.Schema, error) {
	var both [2]*jsonschema.Schema
	served := httptest.NewRecorder()
	if err := api.EventSchema(served); err != nil {
		return both, err
	}
	document, err := jsonschema.UnmarshalJSON(served.Body)
	if err != nil {
		return both, err
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("events.schema.json", document); err != nil {
		return both, err
	}
	if both[0], err = c.Compile("events.schema.json"); err != nil {
		return both, err
	}
	both[1], err = c.Compile("events.schema.json#/$defs/event")
	return both, err
})

// CheckSentEvent is nil where body is an event as /events.schema.json has it.
func CheckSentEvent(body []byte) error { return checkEvent(0, body) }

func checkEvent(which int, body []byte) error {
	schemas, err := eventSchemas()
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	if err := schemas[which].Validate(value); err != nil {
		return fmt.Errorf("%.2000s: %w", body, err)
	}
	return nil
}

// timelineEvent is what a reader of events needs of one.
type timelineEvent struct {
	Seq     int `json:"seq"`
	Changes []struct {
		Field  string `json:"field"`
		Before any    `json:"before"`
		After  any    `json:"after"`
	} `json:"changes"`
}

// CheckTimeline is nil where events, entries of a timeline from the first on, are as the schema has them and lead to order, the
// answer of GET /orders/{order}, which it does as another system would: it knows the order from its events alone.
func CheckTimeline(order []byte, events ...json.RawMessage) error {
	shown, err := facts(order)
	if err != nil {
		return err
	}
	known := map[string]any{}
	for i, body := range events {
		if err := checkEvent(1, body); err != nil {
			return err
		}
		var e timelineEvent
		if err := decode(body, &e); err != nil {
			return err
		}
		if e.Seq != i+1 {
			return fmt.Errorf("event %d has number %d", i+1, e.Seq)
		}
		for _, c := range e.Changes {
			if was := known[c.Field]; !remark(c.Field) && was != c.Before {
				return fmt.Errorf("event %d says that %s was %v before, and it was %v", e.Seq, c.Field, c.Before, was)
			}
			if c.After == nil {
				delete(known, c.Field)
			} else {
				known[c.Field] = c.After
			}
		}
	}
	for field := range known {
		if remark(field) {
			delete(known, field)
		}
	}
	if diff := cmp.Diff(shown, known); diff != "" {
		return fmt.Errorf("the order and what its events say (-shown +told):\n%s", diff)
	}
	return nil
}

// remark reports whether a field of the timeline has no place in the order, by the list in the schema.
func remark(field string) bool {
	name, _, _ := strings.Cut(field, "/")
	switch name {
	case "letter", "to", "message", "line", "task", "subdomain", "handover", "partner_access":
		return true
	}
	return false
}

// facts are the values of an order by their dotted paths.
func facts(order []byte) (map[string]any, error) {
	var document map[string]any
	if err := decode(order, &document); err != nil {
		return nil, err
	}
	delete(document, "next")
	delete(document, "version")
	all := map[string]any{}
	flatten("", document, all)
	return all, nil
}

func flatten(at string, value any, into map[string]any) {
	switch v := value.(type) {
	case map[string]any:
		for name, inner := range v {
			flatten(at+"."+name, inner, into)
		}
	case []any:
		for i, inner := range v {
			flatten(fmt.Sprint(at, ".", i), inner, into)
		}
	case nil:
	default:
		into[strings.TrimPrefix(at, ".")] = v
	}
}

// decode keeps numbers as they are written.
func decode(body []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	return d.Decode(into)
}
