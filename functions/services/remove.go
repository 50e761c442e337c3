package services

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/pages"
	"dayone/shared/store"
)

// removePage asks whether a colleague is to go, or whoever is signed in.
func (h home) removePage(in input, email commerce.Address) pages.View {
	l, name := in.lang, "remove"
	if email == h.me.Email {
		name = "leave"
	}
	return pages.View{Lang: l, Name: name, Title: l.T("pages."+name+".title", "email", string(email), "organization", h.own.Name),
		SignOut: true, Action: "/organization/remove", Back: "/organization",
		Answers: []pages.Answer{{Name: "email", Value: string(email)}, {Name: "confirmed", Value: "true"}}}
}

// remove takes a colleague out of the organization of whoever is signed in, or themselves. A browser is asked first.
func remove(s *store.Store, t *pages.Templates) api.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		names := []string{"email"}
		if isForm(r) {
			names = append(names, "confirmed")
		}
		in, err := read(w, r, names...)
		if err != nil {
			return err
		}
		h, err := comeHome(s, r)
		if err != nil {
			return err
		}
		var c commerce.Check
		email := checkEmail(&c, in)
		if err := c.Err(); err != nil {
			return err
		}
		if !in.client && (in.switched || in.Fields["confirmed"] == "") {
			if _, err := h.own.Remove(h.me, email, h.colleagues, in.lang.Tag, h.now); err != nil && !in.switched {
				return h.fallBack(w, r, in, t, err)
			}
			return show(w, t, h.removePage(in, email))
		}
		if err := h.remove(r.Context(), s, email, in.lang.Tag); err != nil {
			return h.fallBack(w, r, in, t, err)
		}
		switch {
		case in.client:
			return api.JSON(w, http.StatusOK, colleagueView{Email: string(email), Standing: "removed", You: email == h.me.Email})
		case email == h.me.Email:
			api.SetSession(w, "")
			return redirect(w, r, "/sign-in?signed_out")
		}
		return redirect(w, r, "/organization?done=removed")
	}
}

// remove stores that a colleague went. One who went a moment ago is gone already.
func (h home) remove(ctx context.Context, s *store.Store, email commerce.Address, locale string) error {
	for try := 1; ; try++ {
		removal, err := h.own.Remove(h.me, email, h.colleagues, locale, h.now)
		if errors.Is(err, commerce.ErrColleagueUnknown) && slices.ContainsFunc(h.notes, func(n commerce.Note) bool {
			return n.Kind == commerce.NoteRemoved && n.Who == email
		}) {
			return nil
		}
		if err != nil {
			return err
		}
		err = s.Remove(ctx, h.me, removal)
		if !errors.Is(err, commerce.ErrOrderChanged) || try == saveTries {
			return err
		}
		if h, err = h.again(ctx, s); err != nil {
			return err
		}
	}
}
