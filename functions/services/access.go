package services

import (
	"context"
	"errors"
	"net/http"
	"time"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/pages"
	"dayone/shared/store"
)

// showAccess is an inert page, as showPassword.
func showAccess(t *pages.Templates) api.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		return show(w, t, accessOpenPage(input{lang: language(w, r)}))
	}
}

// accessOpenPage asks for the code of the link and says nothing yet.
func accessOpenPage(in input) pages.View {
	return pages.View{Lang: in.lang, Name: "access-open", Action: "/access", Answers: in.answers("token")}
}

// request is what an access link asks: may this partner manage this customer's organization?
type request struct {
	grant    commerce.Grant
	member   commerce.Member
	partner  commerce.Organization
	customer commerce.Organization
	order    commerce.Order
	relation commerce.Relation
}

// accessPage shows the request and asks for the decision.
func accessPage(in input, q request) pages.View {
	l := in.lang
	return pages.View{
		Lang: l, Name: "access", Title: l.T("pages.access.title", "partner", q.partner.Name), Action: "/access",
		Answers: append(in.answers("token", "decision"), pages.Answer{Name: "asked", Value: "true"}),
		Data: struct {
			Partner, Customer, Order string
			Section                  pages.Section
		}{q.partner.Name, q.customer.Name, q.order.ID, pages.Section{Title: l.T("words.partner"), Rows: []pages.Row{
			{Label: l.Label("partner_name"), Value: q.partner.Name},
			{Label: l.Label("partner_country"), Value: l.Country(q.partner.Country)},
		}}},
	}
}

// accessDonePage says how the request was answered.
func accessDonePage(in input, q request) pages.View {
	name, title := "access-refused", "pages.access_refused.title"
	if q.relation.Access == commerce.AccessGranted {
		name, title = "access-given", "pages.access_given.title"
	}
	return pages.View{
		Lang: in.lang, Name: name, Title: in.lang.T(title, "partner", q.partner.Name),
		Action: "/access", Quiet: true, Data: q.order.ID,
		Answers: append(in.answers("token"), pages.Answer{Name: "done", Value: "true"}),
	}
}

// requestView is a request as a client reads it.
type requestView struct {
	Access   string    `json:"access"`
	Order    string    `json:"order"`
	Partner  partyView `json:"partner"`
	Customer partyView `json:"customer"`
}

func (q request) view() requestView {
	return requestView{string(q.relation.Access), q.order.ID, partyView{q.partner.Name, q.partner.Country}, partyView{q.customer.Name, q.customer.Country}}
}

// decideAccess takes the answer of the customer's administrator (rule 12). Without a decision it says what is asked.
func decideAccess(s *store.Store, t *pages.Templates) api.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		names := []string{"token", "decision"}
		if isForm(r) {
			names = append(names, "asked", "done")
		}
		in, err := read(w, r, names...)
		if err != nil {
			return err
		}
		open := accessOpenPage(in)
		if in.switched && in.trimmed("token") == "" {
			return show(w, t, open)
		}
		asked, err := accessLink(r.Context(), s, in)
		if err != nil {
			return refuseToken(w, r, in, t, open, err)
		}
		if in.switched && in.Fields["done"] != "" {
			return show(w, t, accessDonePage(in, asked))
		}
		if err := asked.grant.MayDecide(asked.member, api.Now(r)); err != nil {
			return refuseToken(w, r, in, t, open, err)
		}
		page := accessPage(in, asked)
		if asked.relation.Access != commerce.AccessAsked && in.Fields["decision"] == "" && !in.client {
			return show(w, t, accessDonePage(in, asked)) // a colleague answered, and the first answer stands
		}
		yes, err := decision(in)
		switch {
		case in.switched, err == nil && in.Fields["decision"] == "" && !in.client:
			return show(w, t, page)
		case err != nil:
			return refuse(w, r, in, t, page, "decision", err)
		case in.Fields["decision"] == "":
			return api.JSON(w, http.StatusOK, asked.view())
		}
		decided, err := decide(r.Context(), s, asked, yes, api.Now(r))
		if err != nil {
			return err
		}
		if in.client {
			return api.JSON(w, http.StatusOK, decided.view())
		}
		return show(w, t, accessDonePage(in, decided))
	}
}

// decision reads the field: yes, no or, before the question was seen, nothing.
func decision(in input) (yes bool, err error) {
	switch in.Fields["decision"] {
	case "yes":
		return true, nil
	case "no":
		return false, nil
	case "":
		if in.Fields["asked"] == "" {
			return false, nil
		}
	}
	return false, commerce.Invalid("decision", "decision_missing", "Answer yes or no.")
}

// accessLink is what an access link asks, whether or not it was answered.
func accessLink(ctx context.Context, s *store.Store, in input) (request, error) {
	if err := tokenMissing(in); err != nil {
		return request{}, err
	}
	token, err := commerce.ParseToken(commerce.AccessToken, in.Fields["token"])
	if err != nil {
		return request{}, err
	}
	var q request
	if q.grant, err = s.Grant(ctx, commerce.AccessToken, token); err != nil {
		return request{}, err
	}
	return q.again(ctx, s)
}

// again reads what others may have changed.
func (q request) again(ctx context.Context, s *store.Store) (request, error) {
	a, err := s.Asked(ctx, q.grant)
	return request{q.grant, a.Member, a.Partner, a.Customer, a.Order, a.Relation}, err
}

// decide stores the answer. The first one stands: a later one that says otherwise is refused.
func decide(ctx context.Context, s *store.Store, q request, yes bool, now time.Time) (request, error) {
	sides, err := s.Sides(ctx, q.grant.Customer, q.grant.Partner)
	if err != nil {
		return request{}, err
	}
	for try := 1; ; try++ {
		order, c, err := q.order.Decide(q.grant, q.relation, yes, sides, now)
		if err != nil {
			return request{}, err
		}
		err = s.Decide(ctx, q.grant, c, q.order, order)
		if err == nil {
			q.order, q.relation = order, c.After
			return q, nil
		}
		if !errors.Is(err, commerce.ErrOrderChanged) || try == saveTries {
			return request{}, err
		}
		if q, err = q.again(ctx, s); err != nil {
			return request{}, err
		}
	}
}
