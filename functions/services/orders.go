package services

import (
	"context"
	"errors"
	"net/http"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/pages"
	"dayone/shared/store"
)

// mine is an order of somebody's organization, and whether they may set it up or see no more than how it stands.
type mine struct {
	commerce.Order
	maySetUp bool
}

type mineView struct {
	ID       string    `json:"id"`
	Status   string    `json:"status"`
	Customer partyView `json:"customer"`
	MaySetUp bool      `json:"may_set_up"`
}

// listOrders is the orders of the organization of whoever is signed in.
func listOrders(s *store.Store, t *pages.Templates) api.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		member, err := s.SignedIn(r.Context(), api.SessionSecret(r), api.Now(r))
		if err != nil {
			return err
		}
		all, err := ordersOf(r.Context(), s, member)
		if err != nil {
			return err
		}
		if api.WantsJSON(r) {
			views := make([]mineView, len(all))
			for i, o := range all {
				views[i] = mineView{o.ID, string(o.Status), partyView(o.Customer), o.maySetUp}
			}
			return api.JSON(w, http.StatusOK, struct {
				Orders []mineView `json:"orders"`
			}{views})
		}
		l := language(w, r)
		items := make([]pages.Item, len(all))
		for i, o := range all {
			items[i] = pages.Item{Name: o.ID + " · " + o.Customer.Name}
			items[i].Status, items[i].Colour = pages.Tag(l, "order", string(o.Status))
			if o.maySetUp {
				items[i].Href = "/services/" + o.ID
			} else {
				items[i].Note = l.T("pages.orders.status_only")
			}
		}
		return show(w, t, pages.View{Lang: l, Name: "orders", SignOut: true, Switch: "/services", Data: items})
	}
}

// ordersOf is what listOrders lists. What a partner may do with a customer is read once for all orders of that customer.
func ordersOf(ctx context.Context, s *store.Store, member commerce.Member) ([]mine, error) {
	orders, err := s.OrdersOf(ctx, member.Kind, member.Organization)
	if err != nil {
		return nil, err
	}
	relations := map[string]commerce.Relation{}
	var all []mine
	for _, o := range orders {
		customer := o.Mapping.Customer
		relation, known := relations[customer]
		if !known && customer != member.Organization {
			if relation, err = s.Relation(ctx, customer, o.Mapping.Partner); err != nil {
				return nil, err
			}
			relations[customer] = relation
		}
		err := o.MaySetUp(member, relation)
		if errors.Is(err, commerce.ErrOrderUnknown) {
			continue
		}
		all = append(all, mine{o, err == nil})
	}
	return all, nil
}
