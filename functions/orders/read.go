package orders

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/store"
)

// mine reads the order of the path, if the caller placed it.
func mine(s *store.Store, r *http.Request) (commerce.Order, string, error) {
	caller, err := api.Caller(r)
	if err != nil {
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
		if r.Header.Get("If-None-Match") == etag(o) {
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

type event struct {
	Seq     int       `json:"seq"`
	At      time.Time `json:"at"`
	Kind    string    `json:"kind"`
	Actor   string    `json:"actor"`
	Reason  string    `json:"reason,omitempty"`
	Changes []change  `json:"changes,omitempty"`
}

type change struct {
	Field  string `json:"field"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

type eventPage struct {
	Events []event `json:"events"`
	Next   string  `json:"next,omitempty"`
}

// timeline answers everything that happened to an order, oldest first. The cursor is the number of the last entry seen,
// so that a reader can come back for what is new.
func timeline(s *store.Store) api.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		o, _, err := mine(s, r)
		if err != nil {
			return err
		}
		q, err := api.ReadQuery(r, "limit", "cursor")
		if err != nil {
			return err
		}
		var c commerce.Check
		limit := api.Limit(&c, q, store.MaxPage, store.MaxPage)
		seen := 0
		if q["cursor"] != "" {
			seen, err = strconv.Atoi(q["cursor"])
			c.That(err == nil && seen >= 0, "cursor", "malformed", "Use the cursor of the last page as it came.")
		}
		if err := c.Err(); err != nil {
			return err
		}
		page := eventPage{Events: []event{}}
		for _, e := range o.Events[min(seen, len(o.Events)):min(seen+limit, len(o.Events))] {
			v := event{Seq: e.Seq, At: e.At, Kind: e.Kind, Actor: e.Actor, Reason: e.Reason}
			for _, ch := range e.Changes {
				v.Changes = append(v.Changes, change(ch))
			}
			page.Events = append(page.Events, v)
		}
		if seen+limit < len(o.Events) {
			page.Next = strconv.Itoa(seen + limit)
		}
		return api.JSON(w, http.StatusOK, page)
	}
}
