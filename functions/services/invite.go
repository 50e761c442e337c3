package services

import (
	"context"
	"errors"
	"net/http"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/pages"
	"dayone/shared/store"
	"dayone/shared/texts"
)

func showInvite(s *store.Store, t *pages.Templates) api.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		if _, err := s.SignedIn(r.Context(), api.SessionSecret(r), api.Now(r)); err != nil {
			return err
		}
		return show(w, t, invitePage(language(w, r)))
	}
}

func invitePage(l *texts.Language, answers ...pages.Answer) pages.View {
	return pages.View{Lang: l, Name: "invite", SignOut: true, Action: "/organization/invite", Back: "/organization", Answers: answers}
}

// invite asks an address into the organization of whoever is signed in. Doing it again sends the letter again, though not
// more often than every few minutes, and is answered the same.
func invite(s *store.Store, t *pages.Templates) api.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		in, err := read(w, r, "email")
		if err != nil {
			return err
		}
		h, err := comeHome(s, r)
		if err != nil {
			return err
		}
		page := invitePage(in.lang, in.answers("email")...)
		if in.switched {
			return show(w, t, page)
		}
		var c commerce.Check
		email := checkEmail(&c, in)
		if err := c.Err(); err != nil {
			return refuse(w, r, in, t, page, "email", err)
		}
		m, err := h.invite(r.Context(), s, email, in.lang.Tag)
		if errors.Is(err, commerce.ErrAddressTaken) && !in.client {
			page.Problems, page.Status = []pages.Problem{{Field: "email", Text: in.lang.Problem("email", commerce.ErrAddressTaken.Code)}}, http.StatusConflict
			return show(w, t, page)
		}
		if err != nil {
			return h.fallBack(w, r, in, t, err)
		}
		if in.client {
			return api.JSON(w, http.StatusOK, h.colleague(m))
		}
		return redirect(w, r, "/organization?done=invited")
	}
}

// invite stores the invitation and answers the colleague as they stand then. Somebody who is in the organization already
// is left as they are. Every other address counts until one is invited: what is refused tells that it is somebody's.
func (h home) invite(ctx context.Context, s *store.Store, email commerce.Address, locale string) (commerce.Member, error) {
	for try := 1; ; try++ {
		m, _, err := s.Member(ctx, email)
		if err != nil {
			return m, err
		}
		switch {
		case m.Organization == h.own.ID && m.Password != "":
			return m, nil
		case m.Organization == h.own.ID:
			m, err = s.InviteAgain(ctx, h.me, m, h.own.InviteAgain(h.me, m, locale, h.now))
		default:
			if err := h.mayAsk(ctx, s, m); err != nil {
				return m, err
			}
			i := h.own.Invite(h.me, email, locale, h.now)
			m, err = i.Member, s.Invite(ctx, h.me, i)
		}
		if err == nil {
			return m, nil
		}
		// Somebody was quicker: who it was decides.
		if !errors.Is(err, commerce.ErrOrderChanged) && !errors.Is(err, commerce.ErrAddressTaken) || try == saveTries {
			return m, err
		}
	}
}

// mayAsk refuses an address that is another organization's, and more people than there may be.
func (h home) mayAsk(ctx context.Context, s *store.Store, m commerce.Member) error {
	if err := s.TakeTry(ctx, store.InviteTries(h.own.ID), h.now); err != nil {
		return err
	}
	switch {
	case m.Organization != "" && !m.Lapsed(h.now):
		return commerce.ErrAddressTaken
	case len(h.colleagues) >= commerce.MaxColleagues:
		return commerce.ErrTooManyColleagues
	}
	return nil
}
