package console

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"strings"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/pages"
	"dayone/shared/texts"
)

// showSignIn asks for an operator's address.
func (c console) showSignIn(w http.ResponseWriter, r *http.Request) error {
	p := signInPage(language(w, r))
	p.Data = r.URL.Query().Has("signed_out")
	return c.show(w, p)
}

// signInPage is the page; its Data says whether somebody has just signed out.
func signInPage(l *texts.Language, answers ...pages.Answer) pages.View {
	return pages.View{Lang: l, Name: "desk-sign-in", Action: "/console/sign-in", Answers: answers, Data: false}
}

// sentPage says the same to everybody.
func sentPage(l *texts.Language, in api.Fields) pages.View {
	return pages.View{Lang: l, Name: "desk-sent", Action: "/console/sign-in", Quiet: true, Back: "/console/sign-in",
		Data: strings.TrimSpace(in["email"]), Answers: append(answers(in, "email"), pages.Answer{Name: "sent", Value: "true"})}
}

// signIn sends an operator a link. Nobody else can tell who is one.
func (c console) signIn(w http.ResponseWriter, r *http.Request) error {
	in, l, switched, err := read(w, r, "email", "sent")
	if err != nil {
		return err
	}
	p := signInPage(l, answers(in, "email")...)
	switch {
	case switched && in["sent"] != "":
		return c.show(w, sentPage(l, in))
	case switched:
		return c.show(w, p)
	}
	email := api.Address(in["email"])
	if email == "" {
		code := "address_malformed"
		if strings.TrimSpace(in["email"]) == "" {
			code = "address_missing"
		}
		p.Problems = []pages.Problem{{Field: "email", Text: l.Problem("email", code)}}
		return c.show(w, p)
	}
	if err := c.invite(r.Context(), commerce.OperatorLetter(email, l.Tag, api.Now(r))); err != nil {
		return err
	}
	return c.show(w, sentPage(l, in))
}

// invite queues the letter where its address is an operator's, and else does as much for nothing: one write.
func (c console) invite(ctx context.Context, l commerce.Letter) error {
	if c.operates(l.To) {
		return c.store.Queue(ctx, l)
	}
	none, err := commerce.MintToken(commerce.OperatorToken, rand.Reader)
	if err != nil {
		return err
	}
	return c.store.Revoke(ctx, none)
}

// showOpen is an inert page: the same bytes for every link. Its script moves the code of the link into the form, and
// nobody is signed in before the button is pressed, whatever opens links in letters.
func (c console) showOpen(w http.ResponseWriter, r *http.Request) error {
	return c.show(w, openPage(language(w, r)))
}

func openPage(l *texts.Language, answers ...pages.Answer) pages.View {
	return pages.View{Lang: l, Name: "desk-open", Action: "/console/open", Answers: answers}
}

// open uses the link and signs in.
func (c console) open(w http.ResponseWriter, r *http.Request) error {
	in, l, switched, err := read(w, r, "token")
	if err != nil {
		return err
	}
	p := openPage(l, answers(in, "token")...)
	if switched {
		return c.show(w, p)
	}
	session, err := c.enter(r, in)
	if e, ok := errors.AsType[*commerce.Error](err); ok {
		p.Problems = problems(l, "token", e)
		_, p.Status = api.Mistake(r, err)
		return c.show(w, p)
	}
	if err != nil {
		return err
	}
	api.SetConsole(w, session.Reveal())
	return redirect(w, r, "/console")
}

// enter trades the code of a link for a session.
func (c console) enter(r *http.Request, in api.Fields) (commerce.Token, error) {
	if strings.TrimSpace(in["token"]) == "" {
		return commerce.Token{}, commerce.Invalid("token", "missing", "Send the token of the link.")
	}
	token, err := commerce.ParseToken(commerce.OperatorToken, in["token"])
	if err != nil {
		return commerce.Token{}, err
	}
	link, err := c.store.Grant(r.Context(), commerce.OperatorToken, token)
	if err != nil {
		return commerce.Token{}, err
	}
	now := api.Now(r)
	if err := link.MayEnter(now); err != nil {
		return commerce.Token{}, err
	}
	if !c.operates(link.Member) {
		return commerce.Token{}, commerce.ErrOperatorLink
	}
	session, err := commerce.MintToken(commerce.ConsoleToken, rand.Reader)
	if err != nil {
		return commerce.Token{}, err
	}
	return session, c.store.EnterConsole(r.Context(), link, commerce.Grant{Hash: session.Hash(), Kind: commerce.ConsoleToken,
		Member: link.Member, IssuedAt: now, ExpiresAt: now.Add(commerce.ConsoleFor)})
}

// signOut ends the session, where there is one.
func (c console) signOut(w http.ResponseWriter, r *http.Request) error {
	if session, err := commerce.ParseToken(commerce.ConsoleToken, api.ConsoleSecret(r)); err == nil {
		if err := c.store.Revoke(r.Context(), session); err != nil {
			return err
		}
	}
	api.SetConsole(w, "")
	return redirect(w, r, "/console/sign-in?signed_out")
}
