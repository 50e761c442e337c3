package services

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"time"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/pages"
	"dayone/shared/store"
	"dayone/shared/texts"
)

// saveTries bounds how often a change is decided again because somebody else wrote in between.
const saveTries = 5

// showPassword is an inert page: the same bytes for every link. Its script moves the code of the link into the form.
func showPassword(t *pages.Templates) api.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		return show(w, t, passwordPage(language(w, r)))
	}
}

func passwordPage(l *texts.Language, answers ...pages.Answer) pages.View {
	return pages.View{Lang: l, Name: "password", Action: "/password", Answers: answers}
}

// choosePassword uses the link and signs in. A password that is refused leaves the link as it was.
func choosePassword(s *store.Store, t *pages.Templates) api.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		in, err := read(w, r, "token", "password")
		if err != nil {
			return err
		}
		page := passwordPage(in.lang, in.answers("token")...)
		if in.switched {
			return show(w, t, page)
		}
		session, grant, err := choose(r.Context(), s, in, api.Now(r))
		if err != nil {
			return refuseToken(w, r, in, t, page, err)
		}
		return welcome(w, r, s, in, session, grant.Member, grant.Order)
	}
}

// choose gives the member of a password link the password, and a session.
func choose(ctx context.Context, s *store.Store, in input, now time.Time) (commerce.Token, commerce.Grant, error) {
	if err := tokenMissing(in); err != nil {
		return commerce.Token{}, commerce.Grant{}, err
	}
	token, err := commerce.ParseToken(commerce.PasswordToken, in.Fields["token"])
	if err != nil {
		return commerce.Token{}, commerce.Grant{}, err
	}
	password, hash := typed(in.Fields["password"]), ""
	for try := 1; ; try++ {
		grant, member, organization, err := s.Chooser(ctx, token)
		if err != nil {
			return commerce.Token{}, grant, err
		}
		if err := grant.MayChoose(member, now); err != nil {
			return commerce.Token{}, grant, err
		}
		if err := commerce.CheckPassword(password, member.Email, organization.Name); err != nil {
			return commerce.Token{}, grant, err
		}
		if hash == "" {
			hash = hashed(password)
		}
		session, opened, err := newSession(member.Email, now)
		if err != nil {
			return commerce.Token{}, grant, err
		}
		err = s.ChoosePassword(ctx, grant, member, member.Chosen(hash, now), opened)
		if errors.Is(err, commerce.ErrOrderChanged) && try < saveTries {
			continue
		}
		return session, grant, err
	}
}

// newSession mints a session of a member.
func newSession(who commerce.Address, now time.Time) (commerce.Token, commerce.Grant, error) {
	secret, err := commerce.MintToken(commerce.SessionToken, rand.Reader)
	return secret, commerce.Grant{Hash: secret.Hash(), Kind: commerce.SessionToken, Member: who, IssuedAt: now,
		ExpiresAt: now.Add(commerce.SessionFor)}, err
}

// welcome hands out a new session: to a client in the answer, to a browser as a cookie, with the way to the order that
// the member came for where there is one to set up.
func welcome(w http.ResponseWriter, r *http.Request, s *store.Store, in input, session commerce.Token, who commerce.Address, order string) error {
	if in.client {
		return api.JSON(w, http.StatusOK, struct {
			Session string `json:"session"`
			Order   string `json:"order,omitempty"`
		}{session.Reveal(), order})
	}
	api.SetSession(w, session.Reveal())
	if order == "" {
		return redirect(w, r, "/services")
	}
	member, found, err := s.Member(r.Context(), who)
	if err != nil || !found {
		return err
	}
	if _, err := s.ArriveAs(r.Context(), member, order); err != nil {
		return redirect(w, r, "/services")
	}
	return redirect(w, r, "/services/"+order)
}

// refuseToken is refuse for a page that asks for the code of a link: a code that is not known is a mistake in it.
func refuseToken(w http.ResponseWriter, r *http.Request, in input, t *pages.Templates, v pages.View, err error) error {
	if errors.Is(err, commerce.ErrTokenUnknown) && !in.client {
		v.Problems = []pages.Problem{{Field: "token", Text: v.Lang.Problem("token", "link_unknown")}}
		v.Status = http.StatusNotFound
		return show(w, t, v)
	}
	return refuse(w, r, in, t, v, "token", err)
}
