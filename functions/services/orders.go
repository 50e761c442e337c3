package services

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/pages"
	"dayone/shared/store"
)

// ordersShown is how many orders a page lists where nobody asks for another number.
const ordersShown = 20

// mine is an order of somebody's organization, and what they can do with it.
type mine struct {
	commerce.Order
	can string
}

// What somebody can do with an order of theirs.
const (
	canSetUp  = "set_up"
	canFollow = "follow"      // provisioning goes on by itself
	canRetry  = "retry"       // provisioning failed
	canSee    = "see"         // the services run, or ran
	canWatch  = "status_only" // without access
)

// able is what somebody can do with an order that they may set up.
func able(o commerce.Order) string {
	switch o.Status {
	case commerce.Mapped:
		return canSetUp
	case commerce.Provisioning:
		return canFollow
	case commerce.Failed:
		return canRetry
	}
	return canSee
}

type mineView struct {
	ID       string    `json:"id"`
	Status   string    `json:"status"`
	Partner  partyView `json:"partner"`
	Customer partyView `json:"customer"`
	MaySetUp bool      `json:"may_set_up"`
	Can      string    `json:"can"`
}

// listOrders is a page of the orders of the organization of whoever is signed in: a partner's are those of all its
// customers.
func listOrders(s *store.Store, t *pages.Templates) api.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		member, err := s.SignedIn(r.Context(), api.SessionSecret(r), api.Now(r))
		if err != nil {
			return err
		}
		q, err := api.ReadQuery(r, "limit", "cursor", "lang")
		if err != nil {
			return err
		}
		var c commerce.Check
		limit := api.Limit(&c, q, ordersShown, store.MaxPage)
		if err := c.Err(); err != nil {
			return err
		}
		all, next, err := ordersOf(r.Context(), s, member, q["cursor"], limit)
		if err != nil {
			return err
		}
		if api.WantsJSON(r) {
			views := make([]mineView, len(all))
			for i, o := range all {
				views[i] = mineView{o.ID, string(o.Status), partyView(o.Partner), partyView(o.Customer), o.can != canWatch, o.can}
			}
			return api.JSON(w, http.StatusOK, struct {
				Orders []mineView `json:"orders"`
				Next   string     `json:"next,omitempty"`
			}{views, next})
		}
		l := language(w, r)
		items := make([]pages.Item, len(all))
		for i, o := range all {
			name := o.Customer.Name
			if member.Kind == commerce.CustomerKind {
				name = o.Partner.Name
			}
			items[i] = pages.Item{Name: o.ID + " · " + name, Note: l.T("pages.orders." + o.can)}
			items[i].Status, items[i].Colour = pages.Tag(l, "order", string(o.Status))
			if o.can != canWatch {
				items[i].Href = "/services/" + o.ID
			}
		}
		return show(w, t, pages.View{Lang: l, Name: "orders", SignOut: true, Switch: "/services", Data: listed{items, q["cursor"] != "", onwards(q, next)}})
	}
}

// listed is what the page of the orders shows: a part of them, and where the others are.
type listed struct {
	Orders  []pages.Item
	Further bool   // not the first page
	Next    string // the address of the next page
}

// onwards is the address of the next page, as long as this one.
func onwards(q api.Fields, next string) string {
	if next == "" {
		return ""
	}
	values := url.Values{"cursor": {next}}
	if q["limit"] != "" {
		values.Set("limit", q["limit"])
	}
	return "/services?" + values.Encode()
}

// ordersOf is what listOrders lists. What a partner may do is read at once for all customers of a page.
func ordersOf(ctx context.Context, s *store.Store, member commerce.Member, cursor string, limit int) ([]mine, string, error) {
	orders, next, err := s.OrdersOf(ctx, member.Kind, member.Organization, cursor, limit)
	if err != nil {
		return nil, "", err
	}
	var relations map[string]commerce.Relation
	if member.Kind == commerce.PartnerKind {
		var customers []string
		for _, o := range orders {
			customers = append(customers, o.Mapping.Customer)
		}
		if relations, err = s.RelationsOf(ctx, member.Organization, customers); err != nil {
			return nil, "", err
		}
	}
	var all []mine
	for _, o := range orders {
		switch err := o.MaySetUp(member, relations[o.Mapping.Customer]); {
		case err == nil:
			all = append(all, mine{o, able(o)})
		case !errors.Is(err, commerce.ErrOrderUnknown):
			all = append(all, mine{o, canWatch})
		}
	}
	return all, next, nil
}
