package services

import (
	"context"
	"crypto/rand"
	"net/http"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/pages"
	"dayone/shared/store"
	"dayone/shared/texts"
)

func showForgot(t *pages.Templates) api.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		return show(w, t, forgotPage(language(w, r)))
	}
}

func forgotPage(l *texts.Language, answers ...pages.Answer) pages.View {
	return pages.View{Lang: l, Name: "forgot", Action: "/forgot", Answers: answers, Back: "/sign-in"}
}

// forgotSentPage says the same to everybody.
func forgotSentPage(in input) pages.View {
	return pages.View{Lang: in.lang, Name: "forgot-sent", Action: "/forgot", Quiet: true, Back: "/sign-in", Data: in.trimmed("email"),
		Answers: append(in.answers("email"), pages.Answer{Name: "sent", Value: "true"})}
}

// forgot sends a link to choose a new password to an address that is a member's. Nobody else can tell whether it is.
func forgot(s *store.Store, t *pages.Templates) api.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		names := []string{"email"}
		if isForm(r) {
			names = append(names, "sent")
		}
		in, err := read(w, r, names...)
		if err != nil {
			return err
		}
		page := forgotPage(in.lang, in.answers("email")...)
		switch {
		case in.switched && in.Fields["sent"] != "":
			return show(w, t, forgotSentPage(in))
		case in.switched:
			return show(w, t, page)
		}
		var c commerce.Check
		email := checkEmail(&c, in)
		if err := c.Err(); err != nil {
			return refuse(w, r, in, t, page, "email", err)
		}
		if err := queueReset(r.Context(), s, commerce.ResetLetter(email, in.lang.Tag, api.Now(r))); err != nil {
			return err
		}
		if in.client {
			return api.JSON(w, http.StatusAccepted, struct {
				Email string `json:"email"`
			}{string(email)})
		}
		return show(w, t, forgotSentPage(in))
	}
}

// queueReset queues the letter where its address is a member's, and else does as much for nothing: one write.
func queueReset(ctx context.Context, s *store.Store, l commerce.Letter) error {
	_, found, err := s.Member(ctx, l.To)
	if err != nil {
		return err
	}
	if found {
		return s.Queue(ctx, l)
	}
	none, err := commerce.MintToken(commerce.PasswordToken, rand.Reader)
	if err != nil {
		return err
	}
	return s.Revoke(ctx, none)
}
