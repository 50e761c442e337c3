package services

import (
	"context"
	"net/http"
	"regexp"
	"sync"
	"time"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/pages"
	"dayone/shared/store"
	"dayone/shared/texts"
)

// onward are the addresses that signing in may lead to; anything else could be a trap.
// Its counted repeats take a third of a start to compile, so that waits for the first who signs in.
var onward = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^/(organization|services(/[A-Za-z0-9-]{1,64}(/[a-z]{1,32})?)?)$`)
})

// local is an address to go on to after signing in.
func local(next string) string {
	if onward().MatchString(next) {
		return next
	}
	return "/services"
}

func showSignIn(t *pages.Templates) api.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		query := r.URL.Query()
		page := signInPage(language(w, r), pages.Answer{Name: "next", Value: local(query.Get("next"))})
		page.Data = query.Has("signed_out")
		return show(w, t, page)
	}
}

// signInPage is the page; its Data says whether somebody has just signed out.
func signInPage(l *texts.Language, answers ...pages.Answer) pages.View {
	return pages.View{Lang: l, Name: "sign-in", Action: "/sign-in", Answers: answers, Data: false}
}

func signIn(s *store.Store, t *pages.Templates) api.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		names := []string{"email", "password"}
		if isForm(r) {
			names = append(names, "next")
		}
		in, err := read(w, r, names...)
		if err != nil {
			return err
		}
		page := signInPage(in.lang, in.answers("email", "next")...)
		if in.switched {
			return show(w, t, page)
		}
		session, err := admit(r.Context(), s, in, api.Now(r))
		if err != nil {
			return refuse(w, r, in, t, page, "email", err)
		}
		if in.client {
			return api.JSON(w, http.StatusOK, struct {
				Session string `json:"session"`
			}{session.Reveal()})
		}
		api.SetSession(w, session.Reveal())
		return redirect(w, r, local(in.Fields["next"]))
	}
}

// admit signs in whoever knows the password. An address that is nobody's is treated as one whose password was not
// guessed: the same reads and writes, the same hash, the same words, the same slowing down.
func admit(ctx context.Context, s *store.Store, in input, now time.Time) (commerce.Token, error) {
	var c commerce.Check
	email := checkEmail(&c, in)
	c.That(in.Fields["password"] != "", "password", "password_missing", "Enter a password.")
	if err := c.Err(); err != nil {
		return commerce.Token{}, err
	}
	if err := s.TakeTry(ctx, email, now); err != nil {
		return commerce.Token{}, err
	}
	member, _, err := s.Member(ctx, email)
	if err != nil {
		return commerce.Token{}, err
	}
	right, err := matches(member.Password, typed(in.Fields["password"]))
	if err != nil {
		return commerce.Token{}, err
	}
	if !right || member.Password == "" {
		return commerce.Token{}, commerce.ErrWrongPassword
	}
	session, opened, err := newSession(member.Email, now)
	if err != nil {
		return commerce.Token{}, err
	}
	return session, s.SignIn(ctx, opened)
}

// checkEmail reads the field email.
func checkEmail(c *commerce.Check, in input) commerce.Address {
	email := api.Address(in.Fields["email"])
	if c.That(in.trimmed("email") != "", "email", "email_missing", "Enter an email address.") {
		c.That(email != "", "email", "address_malformed", "Enter an email address in the correct format, like name@example.com.")
	}
	return email
}

// signOut ends the session, where there is one.
func signOut(s *store.Store) api.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		if session, err := commerce.ParseToken(commerce.SessionToken, api.SessionSecret(r)); err == nil {
			if err := s.Revoke(r.Context(), session); err != nil {
				return err
			}
		}
		if !isForm(r) && api.WantsJSON(r) {
			w.WriteHeader(http.StatusNoContent)
			return nil
		}
		api.SetSession(w, "")
		return redirect(w, r, "/sign-in?signed_out")
	}
}
