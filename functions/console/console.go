// Package console is where operators look after orders: those that need a person first, one order's timeline, and what
// can be done about it. It speaks to browsers only.
//
// Who may sign in is a list of addresses, and each is sent a link that works once. What an operator does is decided by
// the same rules as what the commerce system asks for, and the order's timeline says who did it.
package console

import (
	"embed"
	"errors"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/pages"
	"dayone/shared/store"
	"dayone/shared/texts"
)

//go:embed *.html
var files embed.FS

// Config is what a console is set up with.
type Config struct {
	Help      string             // whom people write to when they are stuck
	Operators []commerce.Address // who may sign in
	Caller    string             // whose the orders are that are placed here, and the charges that are shown

	Zone, Locale string // what the form for an order begins with
}

// console is the function's parts.
type console struct {
	Config
	store *store.Store
	pages *pages.Templates
}

// Handler is the function.
func Handler(s *store.Store, config Config) api.Function {
	c := console{config, s, pages.New(files, config.Help)}
	return api.Function{
		Connect: s.Connect,
		Routes: map[string]api.HandlerFunc{
			"GET /console/sign-in":                  c.showSignIn,
			"POST /console/sign-in":                 c.signIn,
			"GET /console/open":                     c.showOpen,
			"POST /console/open":                    c.open,
			"POST /console/sign-out":                c.signOut,
			"GET /console":                          c.signedIn(visit.list),
			"GET /console/orders/{order}":           c.signedIn(visit.showOrder),
			"GET /console/orders/{order}/{action}":  c.signedIn(visit.showAction),
			"POST /console/orders/{order}/{action}": c.signedIn(visit.act),
			"GET /console/place":                    c.signedIn(visit.showPlace),
			"POST /console/place":                   c.signedIn(visit.place),
			"GET /console/charges":                  c.signedIn(visit.charges),
			"GET /console/undelivered":              c.signedIn(visit.undelivered),
		},
		Fail: c.fail,
	}
}

// FromEnv is the function as its environment describes it: the tables, OPERATOR_EMAILS, DEFAULT_CALLER,
// DEFAULT_TIME_ZONE, DEFAULT_LOCALE and HELP_EMAIL. What is no address in OPERATOR_EMAILS lets nobody in.
func FromEnv(getenv func(string) string) lambda.Handler {
	config := Config{Help: getenv("HELP_EMAIL"), Caller: getenv("DEFAULT_CALLER"), Zone: getenv("DEFAULT_TIME_ZONE"), Locale: getenv("DEFAULT_LOCALE")}
	for name := range strings.SplitSeq(getenv("OPERATOR_EMAILS"), ",") {
		if a := api.Address(name); a != "" {
			config.Operators = append(config.Operators, a)
		}
	}
	return Handler(store.FromEnv(getenv), config)
}

// operates reports whether an address is an operator's.
func (c console) operates(a commerce.Address) bool { return slices.Contains(c.Operators, a) }

// visit is an operator at the console.
type visit struct {
	console
	w    http.ResponseWriter
	r    *http.Request
	who  commerce.Address
	lang *texts.Language
	now  time.Time
}

// signedIn lets operators in, and nobody else: a session ends with its place on the list.
func (c console) signedIn(answer func(visit) error) api.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		who, err := c.store.Operator(r.Context(), api.ConsoleSecret(r), api.Now(r))
		if err != nil {
			return err
		}
		if !c.operates(who) {
			return commerce.ErrSignedOut
		}
		return answer(visit{c, w, r, who, language(w, r), api.Now(r)})
	}
}

// actor is the operator as the actor of an event.
func (v visit) actor() string { return commerce.ByOperator(v.who) }

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

// read reads a form's fields. A form carries its language as well, and may ask for another: then switched says that the
// page is only to be shown again in it.
func read(w http.ResponseWriter, r *http.Request, names ...string) (in api.Fields, l *texts.Language, switched bool, err error) {
	in, _, err = api.ReadFields(r, append(names, "lang", "switch")...)
	if err != nil {
		return nil, nil, false, err
	}
	l = language(w, r)
	if tag := in["lang"]; tag != "" {
		l = texts.For(tag)
	}
	if tag := in["switch"]; tag != "" {
		l, switched = texts.For(tag), true
		api.SetLanguage(w, l.Tag)
	}
	w.Header().Set("Content-Language", l.Tag)
	return in, l, switched, nil
}

func isForm(r *http.Request) bool {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return kind == "application/x-www-form-urlencoded"
}

// answers are the fields of these names as a page shows them.
func answers(in api.Fields, names ...string) []pages.Answer {
	all := make([]pages.Answer, len(names))
	for i, name := range names {
		all[i] = pages.Answer{Name: name, Value: in[name]}
	}
	return all
}

// show answers with a page.
func (c console) show(w http.ResponseWriter, p pages.View) error {
	p.Area = "console"
	w.Header().Set("Cache-Control", "private, no-cache") // no-store would break the browser's Back after a form
	return c.pages.Write(w, p)
}

// wide is a page that takes the whole width, under the console's menu.
func (v visit) wide(name, here string) pages.View {
	p := pages.View{Lang: v.lang, Name: name, Wide: true, SignOut: true, Switch: v.r.URL.Path, Query: query(v.r)}
	for _, place := range []struct{ href, name string }{
		{"/console", "orders"}, {"/console/place", "place"}, {"/console/charges", "charges"}, {"/console/undelivered", "undelivered"},
	} {
		p.Menu = append(p.Menu, pages.Place{Href: place.href, Text: v.lang.T("words.console." + place.name), Here: place.href == here})
	}
	return p
}

// query is what the address of a page says besides its language, for the switch to another one.
func query(r *http.Request) string {
	values := r.URL.Query()
	values.Del("lang")
	values.Del("done")
	return values.Encode()
}

// redirect sends a browser on with GET.
func redirect(w http.ResponseWriter, r *http.Request, to string) error {
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// problems are an error that a form can show: at its fields, or at the named one where the error has none.
func problems(l *texts.Language, field string, e *commerce.Error) []pages.Problem {
	var all []pages.Problem
	for _, p := range e.Problems {
		name := formName(p.Field)
		all = append(all, pages.Problem{Field: name, Text: l.Problem(name, p.Code)})
	}
	if len(all) == 0 {
		all = []pages.Problem{{Field: field, Text: l.Problem(field, e.Code)}}
	}
	return all
}

// fail answers the errors that no page shows: with the way to sign in, or with a page that says what happened and what to
// do next.
func (c console) fail(w http.ResponseWriter, r *http.Request, err error) {
	if !isForm(r) && api.WantsJSON(r) { // no browser
		api.Problem(w, r, err)
		return
	}
	e, status := api.Mistake(r, err)
	if errors.Is(e, commerce.ErrSignedOut) {
		_ = redirect(w, r, "/console/sign-in")
		return
	}
	code := e.Code
	if errors.Is(e, commerce.ErrOrderUnknown) {
		code = "desk_unknown"
	}
	p := pages.DeadEnd(language(w, r), status, code, "/console/sign-in", "id", api.RequestID(r))
	p.Switch, p.Back = r.URL.Path, "/console"
	if r.Method != http.MethodGet { // what was posted is not there to be opened
		p.Switch = p.Back
	}
	if c.show(w, p) != nil {
		api.Problem(w, r, err)
	}
}
