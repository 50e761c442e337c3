package orders

import (
	"net/http"
	"strconv"
	"time"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/store"
)

// delivery is what became of an event that is sent to the other system.
type delivery struct {
	ID          string     `json:"id"`
	Sequence    int        `json:"sequence"`
	Kind        string     `json:"kind"`
	Status      string     `json:"status"` // pending, delivered, undelivered
	NextAt      *time.Time `json:"next_at,omitempty"`
	DeliveredAt *time.Time `json:"delivered_at,omitempty"`
	GivenUpAt   *time.Time `json:"given_up_at,omitempty"`
	Attempts    []attempt  `json:"attempts"`
}

type attempt struct {
	At      time.Time `json:"at"`
	Status  int       `json:"status,omitempty"`
	Millis  int64     `json:"ms"`
	Problem string    `json:"problem,omitempty"`
}

type deliveryPage struct {
	Deliveries []delivery `json:"deliveries"`
	Next       string     `json:"next,omitempty"`
}

func deliveryOf(g store.Outgoing) delivery {
	d := delivery{ID: commerce.EventID(g.Order, g.Seq), Sequence: g.Seq, Kind: g.Kind, Status: "pending", NextAt: some(g.NextAt),
		DeliveredAt: some(g.DeliveredAt), GivenUpAt: some(g.GivenUpAt), Attempts: []attempt{}}
	switch {
	case !g.NextAt.IsZero():
	case !g.GivenUpAt.IsZero():
		d.Status = "undelivered"
	default:
		d.Status = "delivered"
	}
	for _, a := range g.Attempts {
		d.Attempts = append(d.Attempts, attempt{a.At, a.Status, a.Took.Milliseconds(), a.Problem})
	}
	return d
}

// deliveries answers what became of the events of an order that are sent to the other system, by their number. The cursor
// is the number of the last one seen.
func deliveries(s *store.Store) api.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		o, seen, limit, err := paged(s, r)
		if err != nil {
			return err
		}
		sent, err := s.EventsOf(r.Context(), o.ID, seen, limit)
		if err != nil {
			return err
		}
		page := deliveryPage{Deliveries: make([]delivery, len(sent))}
		for i, g := range sent {
			page.Deliveries[i] = deliveryOf(g)
		}
		if len(sent) == limit {
			page.Next = strconv.Itoa(sent[limit-1].Seq)
		}
		return api.JSON(w, http.StatusOK, page)
	}
}

// redeliver has an event sent again.
func redeliver(s *store.Store) api.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		o, _, err := mine(s, r)
		if err != nil {
			return err
		}
		seq, err := strconv.Atoi(r.PathValue("seq"))
		if err != nil {
			return commerce.ErrEventUnknown
		}
		if err := s.Redeliver(r.Context(), o, seq, api.Now(r)); err != nil {
			return err
		}
		w.WriteHeader(http.StatusAccepted)
		return nil
	}
}
