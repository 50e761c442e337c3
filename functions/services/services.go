// Package services is part two: administrators choose a password, sign in and set up the services of their orders. A
// browser gets pages, a client JSON, by the same handlers.
package services

import (
	"embed"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/pages"
	"dayone/shared/store"
	"dayone/shared/texts"
)

//go:embed *.html
var files embed.FS

// Handler is the function. People write to help when they are stuck, and subdomains stand in front of domain.
func Handler(s *store.Store, help, domain string) api.Function {
	t := pages.New(files, help)
	return api.Function{
		Connect: s.Connect,
		Routes: map[string]api.HandlerFunc{
			"GET /password":                       showPassword(t),
			"POST /password":                      choosePassword(s, t),
			"GET /sign-in":                        showSignIn(t),
			"POST /sign-in":                       signIn(s, t),
			"POST /sign-out":                      signOut(s),
			"GET /forgot":                         showForgot(t),
			"POST /forgot":                        forgot(s, t),
			"GET /access":                         showAccess(t),
			"POST /access":                        decideAccess(s, t),
			"GET /organization":                   showOrganization(s, t),
			"GET /organization/invite":            showInvite(s, t),
			"POST /organization/invite":           invite(s, t),
			"POST /organization/remove":           remove(s, t),
			"POST /organization/access":           changeAccess(s, t),
			"GET /services":                       listOrders(s, t),
			"GET /services/{order}":               showTasks(s, t),
			"GET /services/{order}/subscription":  showSubscription(s, t),
			"POST /services/{order}/subscription": reviewSubscription(s, t),
			"GET /services/{order}/calling":       showCalling(s, t),
			"POST /services/{order}/calling":      saveCalling(s, t),
			"GET /services/{order}/meetings":      showMeetings(s, t),
			"POST /services/{order}/meetings":     saveMeetings(s, t),
			"GET /services/{order}/enterprise":    showEnterprise(s, t, domain),
			"POST /services/{order}/enterprise":   saveEnterprise(s, t, domain),
			"GET /subdomains/{name}":              checkSubdomain(s),
		},
		Fail: fail(t),
	}
}

// FromEnv is the function as its environment describes it: the tables, HELP_EMAIL and MEETING_DOMAIN.
func FromEnv(getenv func(string) string) lambda.Handler {
	return Handler(store.FromEnv(getenv), getenv("HELP_EMAIL"), getenv("MEETING_DOMAIN"))
}

// input is what somebody sent, and how to answer it.
type input struct {
	api.Fields
	client   bool            // answer JSON
	lang     *texts.Language // answer a page in it
	switched bool            // show the page as it is, in this language
}

// read reads the named fields. A form carries its language as well, and may ask for another.
func read(w http.ResponseWriter, r *http.Request, names ...string) (input, error) {
	if isForm(r) {
		names = append(names, "lang", "switch")
	}
	fields, client, err := api.ReadFields(r, names...)
	if err != nil {
		return input{}, err
	}
	in := input{Fields: fields, client: client, lang: language(w, r)}
	if client {
		return in, nil
	}
	if tag := fields["lang"]; tag != "" {
		in.lang = texts.For(tag)
	}
	if tag := fields["switch"]; tag != "" {
		in.lang, in.switched = texts.For(tag), true
		api.SetLanguage(w, in.lang.Tag)
	}
	w.Header().Set("Content-Language", in.lang.Tag)
	return in, nil
}

func isForm(r *http.Request) bool {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return kind == "application/x-www-form-urlencoded"
}

// language is the one to answer in: that of the form, or the one asked for or remembered, or the best the browser knows.
func language(w http.ResponseWriter, r *http.Request) *texts.Language {
	if tag := w.Header().Get("Content-Language"); tag != "" {
		return texts.For(tag)
	}
	l := texts.For(texts.Negotiate(api.Language(r), r.Header.Get("Accept-Language"), ""))
	if r.URL.Query().Has("lang") {
		api.SetLanguage(w, l.Tag)
	}
	return l
}

// answers are the fields of these names as a page shows them.
func (in input) answers(names ...string) []pages.Answer {
	all := make([]pages.Answer, len(names))
	for i, name := range names {
		all[i] = pages.Answer{Name: name, Value: in.Fields[name]}
	}
	return all
}

// trimmed is a field without the blanks around it.
func (in input) trimmed(name string) string { return strings.TrimSpace(in.Fields[name]) }

// show answers with a page.
func show(w http.ResponseWriter, t *pages.Templates, v pages.View) error {
	v.Area = "services"
	w.Header().Set("Cache-Control", "private, no-cache") // no-store would break the browser's Back after a form
	return t.Write(w, v)
}

// refuse answers an error that the page v can show: at its fields, or at the named one where the error has none. What
// it cannot show is returned, and so is everything for a client.
func refuse(w http.ResponseWriter, r *http.Request, in input, t *pages.Templates, v pages.View, field string, err error) error {
	e, ok := errors.AsType[*commerce.Error](err)
	if !ok || in.client {
		return err
	}
	switch e.Kind {
	case commerce.KindInvalid, commerce.KindUnauthorized, commerce.KindTooMany:
	default:
		return err
	}
	for _, p := range e.Problems {
		v.Problems = append(v.Problems, pages.Problem{Field: p.Field, Text: v.Lang.Problem(p.Field, p.Code)})
	}
	if len(e.Problems) == 0 {
		v.Problems = []pages.Problem{{Field: field, Text: v.Lang.Problem(field, e.Code)}}
	}
	_, v.Status = api.Mistake(r, err)
	api.RetryAfter(w.Header(), e)
	return show(w, t, v)
}

// tokenMissing is the error of a page that was sent without the code of its link.
func tokenMissing(in input) error {
	if in.trimmed("token") == "" {
		return commerce.Invalid("token", "token_missing", "Send the token of the link.")
	}
	return nil
}

// redirect sends a browser on with GET.
func redirect(w http.ResponseWriter, r *http.Request, to string) error {
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// fail answers the errors that no page shows: to a client as a problem, to a browser with the way to sign in or with a
// page that says what happened and what to do next.
func fail(t *pages.Templates) func(http.ResponseWriter, *http.Request, error) {
	return func(w http.ResponseWriter, r *http.Request, err error) {
		if !isForm(r) && api.WantsJSON(r) || strings.HasPrefix(r.URL.Path, "/subdomains/") {
			api.Problem(w, r, err)
			return
		}
		e, status := api.Mistake(r, err)
		if errors.Is(e, commerce.ErrSignedOut) {
			next := r.URL.Path
			if strings.HasPrefix(next, "/organization/") {
				next = "/organization" // not to where a form was sent
			}
			_ = redirect(w, r, "/sign-in?next="+url.QueryEscape(next))
			return
		}
		code, link, back := e.Code, "/sign-in", ""
		switch {
		case r.URL.Path == "/password" && e.Kind == commerce.KindGone:
			code, link = "password_link", "/forgot"
		case r.URL.Path == "/access" && e.Kind == commerce.KindGone:
			code, link = "access_link", "/organization"
		case r.URL.Path == "/access":
			link = "/organization"
		case strings.HasPrefix(r.URL.Path, "/organization"):
			link, back = "", "/organization"
		case strings.HasPrefix(r.URL.Path, "/services/") && e.Kind == commerce.KindNotFound:
			link = "/services"
		case strings.HasPrefix(r.URL.Path, "/services/"):
			back = "/services"
		}
		v := pages.DeadEnd(language(w, r), status, code, link, "id", api.RequestID(r))
		v.Back, v.Switch = back, r.URL.Path
		if show(w, t, v) != nil {
			api.Problem(w, r, err)
		}
	}
}
