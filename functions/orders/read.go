package orders

import (
	"net/http"
	"slices"
	"strings"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/store"
)

// mine reads the order of the path, if the caller placed it. The address has no parameters.
func mine(s *store.Store, r *http.Request) (commerce.Order, string, error) {
	caller, err := api.Caller(r)
	if err != nil {
		return commerce.Order{}, "", err
	}
	if _, err := api.ReadQuery(r); err != nil {
		return commerce.Order{}, "", err
	}
	o, err := s.OrderOf(r.Context(), caller, r.PathValue("order"))
	return o, caller, err
}

// show answers one order with what is next.
func show(s *store.Store) api.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		o, _, err := mine(s, r)
		if err != nil {
			return err
		}
		if known(r, o) {
			w.Header().Set("ETag", etag(o))
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
		return answer(w, http.StatusOK, o)
	}
}

// page is a page of a list.
const (
	pageSize = 20
)

type orderPage struct {
	Orders []order `json:"orders"`
	Next   string  `json:"next,omitempty"`
}

// list answers a page of the caller's orders, by start date.
func list(s *store.Store) api.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		caller, err := api.Caller(r)
		if err != nil {
			return err
		}
		q, err := api.ReadQuery(r, "status", "starts_from", "starts_to", "limit", "cursor")
		if err != nil {
			return err
		}
		var c commerce.Check
		filter := store.OrderFilter{From: date(&c, q, "starts_from"), To: date(&c, q, "starts_to")}
		for name := range strings.SplitSeq(q["status"], ",") {
			status := commerce.Status(name)
			if name != "" && c.That(slices.Contains(commerce.Statuses, status), "status", "unknown", "There is no such status.") {
				filter.Statuses = append(filter.Statuses, status)
			}
		}
		limit := api.Limit(&c, q, pageSize, store.MaxPage)
		if err := c.Err(); err != nil {
			return err
		}
		orders, cursor, err := s.Orders(r.Context(), caller, filter, q["cursor"], limit)
		if err != nil {
			return err
		}
		page := orderPage{Orders: make([]order, len(orders)), Next: cursor}
		for i, o := range orders {
			page.Orders[i] = view(o)
		}
		return api.JSON(w, http.StatusOK, page)
	}
}

func date(c *commerce.Check, q api.Fields, name string) commerce.Date {
	if q[name] == "" {
		return commerce.Date{}
	}
	d, err := commerce.ParseDate(q[name])
	c.That(err == nil, name, "malformed", "Use a date such as 2026-12-01.")
	return d
}
