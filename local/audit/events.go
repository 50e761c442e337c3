package audit

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"

	"dayone/shared/commerce"
)

// Outgoing is an event of an order on its way to the other system.
type Outgoing struct {
	Due         string `dynamodbav:"due"`
	DueAt       string `dynamodbav:"due_at"`
	Kind        string `dynamodbav:"kind"`
	List        string `dynamodbav:"list"`
	DeliveredAt int64  `dynamodbav:"delivered_at"`
	GivenUpAt   int64  `dynamodbav:"given_up_at"`
	Expires     int64  `dynamodbav:"expires_at"`
}

// keepEvent keeps an event of an order by its number.
func (b *Books) keepEvent(order, sk string, i item) error {
	seq, err := strconv.Atoi(strings.TrimPrefix(sk, "event#"))
	if err != nil {
		return err
	}
	var g Outgoing
	if err := attributevalue.UnmarshalMap(i, &g); err != nil {
		return err
	}
	if b.Events[order] == nil {
		b.Events[order] = map[int]Outgoing{}
	}
	b.Events[order][seq] = g
	return nil
}

// events: where an order's events are sent, each is on its way, arrived or given up, and none is missing.
func (r *report) events() {
	for id, sent := range r.Events {
		o, ok := r.Orders[id]
		if !ok {
			r.say("events of %s: there is no such order", id)
			continue
		}
		for _, seq := range slices.Sorted(maps.Keys(sent)) {
			g := sent[seq]
			if seq < 1 || seq > len(o.Order.Events) || o.Order.Events[seq-1].Kind != g.Kind {
				r.say("order %s: it has no event %d %s", id, seq, g.Kind)
			}
			waits, listed := g.Due != "", g.List == "undelivered"
			if waits != (g.DueAt != "") || waits && !strings.HasPrefix(g.Due, "deliveries#") || listed != (g.GivenUpAt != 0) ||
				waits && listed || !waits && !listed && g.DeliveredAt == 0 || g.Expires == 0 {
				r.say("order %s: event %d is %+v", id, seq, g)
			}
		}
		if len(sent) != len(o.Order.Events) {
			r.say("order %s: %d of its %d events are on their way", id, len(sent), len(o.Order.Events))
		}
	}
}

// told: who knows the order from its events alone knows what it shows, at every moment: each event says what was before
// it, from a first one that tells of an order just placed.
func (r *report) told(o Order) {
	known := map[string]string{}
	for _, e := range o.Timeline() {
		if e.Kind == "changed" {
			r.say("order %s: event %d changes %v, and says not why", o.ID, e.Seq, e.Changes)
		}
		for _, c := range e.Changes {
			if _, fact := commerce.FactNamed(c.Field); !fact {
				continue
			}
			if known[c.Field] != c.Before {
				r.say("order %s: event %d %s says that %s was %q before, and it was %q", o.ID, e.Seq, e.Kind, c.Field, c.Before, known[c.Field])
			}
			known[c.Field] = c.After
			if e.Seq == 1 && !placedWith(c) {
				r.say("order %s: placed with %s %q", o.ID, c.Field, c.After)
			}
		}
	}
}

// placedWith reports whether an order that was just placed can show this.
func placedWith(c commerce.Change) bool {
	switch c.Field {
	case "status":
		return c.After == string(commerce.Scheduled)
	case "placed_at", "invite_at":
		return true
	}
	if strings.HasPrefix(c.Field, "lines.") && strings.HasSuffix(c.Field, ".status") {
		return c.After == string(commerce.LinePending)
	}
	for _, later := range []string{"_at", ".at", ".reason", "mapping.", "hold.", "change.", "change_refused.", "stuck_since", "requested_quantity", "term_end"} {
		if strings.HasSuffix(c.Field, later) || strings.HasPrefix(c.Field, later) {
			return false
		}
	}
	return true
}
