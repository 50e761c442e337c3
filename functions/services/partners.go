package services

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/pages"
	"dayone/shared/store"
)

// partnerPage asks whether a partner is to get access, or to lose or not get it.
func partnerPage(in input, p partner, give bool) pages.View {
	name, access := "take-access", "none"
	switch {
	case give:
		name, access = "give-access", "granted"
	case p.Access == commerce.AccessAsked:
		name = "refuse-access"
	}
	return pages.View{Lang: in.lang, Name: name, SignOut: true, Action: "/organization/access", Back: "/organization",
		Title: in.lang.T("pages."+strings.ReplaceAll(name, "-", "_")+".title", "partner", p.Name), Data: p.Name,
		Answers: []pages.Answer{{Name: "partner", Value: p.Partner}, {Name: "access", Value: access}, {Name: "confirmed", Value: "true"}}}
}

// changeAccess gives a partner access to the organization of whoever is signed in, or takes it away, or refuses what it
// asked for. A browser is asked first; its buttons name the partner by what they do.
func changeAccess(s *store.Store, t *pages.Templates) api.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		names := []string{"partner", "access"}
		if isForm(r) {
			names = append(names, "confirmed", "give", "take")
		}
		in, err := read(w, r, names...)
		if err != nil {
			return err
		}
		id, give, err := wished(in)
		if err != nil {
			return err
		}
		h, err := comeHome(s, r)
		if err != nil {
			return err
		}
		p, err := h.partner(id)
		if err != nil {
			return h.fallBack(w, r, in, t, err)
		}
		if !in.client && (in.switched || in.Fields["confirmed"] == "") {
			return show(w, t, partnerPage(in, p, give))
		}
		done := map[bool]string{true: "given", false: "taken"}[give]
		if !give && p.Access == commerce.AccessAsked {
			done = "refused"
		}
		if p, err = h.change(r.Context(), s, p, give); err != nil {
			return h.fallBack(w, r, in, t, err)
		}
		if in.client {
			return api.JSON(w, http.StatusOK, p.view())
		}
		return redirect(w, r, "/organization?done="+done)
	}
}

// wished reads whose access is to be changed, and whether it is to be given.
func wished(in input) (id string, give bool, err error) {
	switch {
	case in.trimmed("give") != "":
		return in.trimmed("give"), true, nil
	case in.trimmed("take") != "":
		return in.trimmed("take"), false, nil
	}
	var c commerce.Check
	c.That(in.trimmed("partner") != "", "partner", "missing", "Name the partner by its id.")
	access := in.Fields["access"]
	c.That(access == "granted" || access == "none", "access", "unknown", "Say granted or none.")
	return in.trimmed("partner"), access == "granted", c.Err()
}

// partner is a partner of the customer's by its id.
func (h home) partner(id string) (partner, error) {
	if h.own.Kind != commerce.CustomerKind {
		return partner{}, commerce.ErrNotACustomer
	}
	i := slices.IndexFunc(h.partners, func(p partner) bool { return p.Partner == id })
	if i < 0 {
		return partner{}, commerce.ErrPartnerUnknown
	}
	return h.partners[i], nil
}

// change stores what the partner may do from now on, and answers it. What is so already stays as it is.
func (h home) change(ctx context.Context, s *store.Store, p partner, give bool) (partner, error) {
	sides, err := s.Sides(ctx, h.own.ID, p.Partner)
	if err != nil {
		return p, err
	}
	for try := 1; ; try++ {
		c, changes := p.Give(give, h.me, sides, h.now)
		if !changes {
			return p, nil
		}
		err := s.ChangeAccess(ctx, h.me, c)
		if err == nil {
			p.Relation = c.After
			return p, nil
		}
		if !errors.Is(err, commerce.ErrOrderChanged) || try == saveTries {
			return p, err
		}
		order := p.Order
		if p.Relation, err = s.Relation(ctx, h.own.ID, p.Partner); err != nil {
			return p, err
		}
		if p.Order == "" {
			p.Order = order
		}
	}
}
