package orders

import (
	"net/http"
	"strconv"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/store"
)

type eventPage struct {
	Events []api.Event `json:"events"`
	Next   string      `json:"next,omitempty"`
}

// timeline answers everything that happened to an order, oldest first: applied in that order, the changes lead to the
// order as show answers it. The cursor is the number of the last entry seen, so that a reader can come back for what is new.
func timeline(s *store.Store) api.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		o, seen, limit, err := paged(s, r)
		if err != nil {
			return err
		}
		events := o.Timeline()
		page := eventPage{Events: []api.Event{}}
		for _, e := range events[min(seen, len(events)):min(seen+limit, len(events))] {
			page.Events = append(page.Events, api.EventOf(e))
		}
		if seen+limit < len(events) {
			page.Next = strconv.Itoa(seen + limit)
		}
		return api.JSON(w, http.StatusOK, page)
	}
}

// furthest bounds what a cursor can say: no timeline is as long.
const furthest = 1_000_000

// paged reads the order of the path, if the caller placed it, and which page of its events is asked for.
func paged(s *store.Store, r *http.Request) (o commerce.Order, seen, limit int, err error) {
	caller, err := api.Caller(r)
	if err != nil {
		return o, 0, 0, err
	}
	if seen, limit, err = after(r); err != nil {
		return o, 0, 0, err
	}
	o, err = s.OrderOf(r.Context(), caller, r.PathValue("order"))
	return o, seen, limit, err
}

// after reads which page of an order's events is asked for: those after a number, and how many.
func after(r *http.Request) (seen, limit int, err error) {
	q, err := api.ReadQuery(r, "limit", "cursor")
	if err != nil {
		return 0, 0, err
	}
	var c commerce.Check
	limit = api.Limit(&c, q, store.MaxPage, store.MaxPage)
	if q["cursor"] != "" {
		seen, err = strconv.Atoi(q["cursor"])
		c.That(err == nil && seen >= 0 && seen <= furthest, "cursor", "malformed", "Use the cursor of the last page as it came.")
	}
	return seen, limit, c.Err()
}
