package setup

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/pages"
	"dayone/shared/texts"
)

// write answers with a page. The browser may keep it for its Back button, which after a POST fails without.
func (z wizard) write(w http.ResponseWriter, p pages.View) error {
	w.Header().Set("Cache-Control", "private, no-cache")
	return z.pages.Write(w, p)
}

// fail answers an error that belongs to no step.
func (z wizard) fail(w http.ResponseWriter, r *http.Request, err error) {
	if !wantsPage(r) {
		api.Problem(w, r, err)
		return
	}
	e, status := api.Mistake(r, err)
	l := texts.For(texts.Negotiate(api.Language(r), r.Header.Get("Accept-Language"), ""))
	if err := z.write(w, deadEnd(r, l, e, status)); err != nil {
		api.Problem(w, r, err)
	}
}

// answerPage answers a browser: the page that the step leads to or, with what is wrong, the one to mend it on.
func (z wizard) answerPage(w http.ResponseWriter, r *http.Request, v *visit, err error) error {
	if err == nil {
		return z.write(w, v.outcome())
	}
	e, status := api.Mistake(r, err)
	switch {
	case errors.Is(e, commerce.ErrTokenUnknown) && v.link == "":
		return z.write(w, unopened(v, status))
	case v.order.ID == "" || len(e.Problems) == 0:
		api.RetryAfter(w.Header(), e)
		p := deadEnd(r, v.lang, e, status)
		p.Action, p.Quiet = "/setup/"+string(v.step), true
		p.Answers = v.everything()
		if errors.Is(e, commerce.ErrTokenExpired) {
			p.Action, p.Quiet = "/setup/"+string(resend), false
		} else if v.order.ID != "" && v.order.CheckLink(v.grant, v.now) == nil {
			p.Back = string(v.answers.Before(v.step))
		}
		return z.write(w, p)
	}
	step, wrong := v.broken(e)
	p := v.page(step)
	p.Status = status
	if errors.Is(e, commerce.ErrReviewStale) {
		p.Problems = append(p.Problems, pages.Problem{Text: v.lang.Problem("", e.Code)})
	}
	for _, problem := range wrong {
		shown := pages.Problem{Text: v.lang.Problem(problem.Field, problem.Code)}
		if slices.Contains(v.inputs, problem.Field) {
			shown.Field = problem.Field
		}
		if !slices.Contains(p.Problems, shown) {
			p.Problems = append(p.Problems, shown)
		}
	}
	return z.write(w, p)
}

// deadEnd is the page of a mistake that no form can mend. It says what to do next.
func deadEnd(r *http.Request, l *texts.Language, e *commerce.Error, status int) pages.View {
	args := []any{"id", api.RequestID(r)}
	if date, err := commerce.ParseDate(e.Existing); err == nil {
		args = append(args, "date", l.On(date))
	}
	return pages.DeadEnd(l, status, e.Code, "/sign-in?lang="+l.Tag, args...)
}

// broken is the step whose page mends an error, and what is wrong there: the first step that refuses the answers, else
// the one in hand.
func (v *visit) broken(e *commerce.Error) (commerce.Step, []commerce.Problem) {
	path := v.answers.Path()
	at := slices.Index(path, shown(v.step))
	for _, step := range path[:at+1] {
		refused, ok := errors.AsType[*commerce.Error](exact(v.answers.Check(step, v.order, v.known), v.fields))
		if ok {
			return step, refused.Problems
		}
	}
	switch {
	case at >= 0:
		return path[at], e.Problems
	case v.answers.Role == commerce.RolePartner:
		return commerce.StepWho, e.Problems
	}
	return commerce.StepRole, e.Problems
}

// outcome is the page that the step leads to.
func (v *visit) outcome() pages.View {
	switch v.next {
	case nextSent:
		if v.step == resend {
			return v.resentView()
		}
		return v.around(v.sentView())
	case nextStop:
		return v.around(v.stopView())
	case nextPassword, nextSignIn:
		return v.around(v.successView())
	}
	return v.page(v.shown)
}

// steps is how many parts the wizard shows itself in.
const steps = 4

// page is the page of a step.
func (v *visit) page(step commerce.Step) pages.View {
	v.inputs = pageOf(step).fields
	p := pageOf(step).view(v)
	if p.Action == "" {
		p.Action = "/setup/" + string(step)
	}
	if p.Back == "" {
		p.Back = string(v.answers.Before(step))
	}
	p.Leave = "/setup"
	if step != commerce.StepStart {
		p.Step, p.Steps = step.Number(), steps
		p.StepName = v.word(p.Name, "step")
	}
	return v.around(p)
}

// around is a page with what all pages of an order have: the order at the side, and the answers so far.
func (v *visit) around(p pages.View) pages.View {
	o := v.order
	p.Lang = v.lang
	p.Order = &pages.Order{Number: o.ID, Customer: o.Customer.Name, Start: v.lang.Date(o.Start),
		Subscription: o.Family + " · " + v.lang.N("words.unit.user", o.Users())}
	p.Answers = append(v.carried(), p.Answers...)
	return p
}

// carried are the token and the answers on the path. Those that were given on another path are dropped.
func (v *visit) carried() []pages.Answer {
	all := []pages.Answer{{Name: "token", Value: v.link}}
	for _, step := range v.answers.Path() {
		if step == commerce.StepComplete {
			break
		}
		for _, name := range pageOf(step).fields {
			if value, ok := v.fields[name]; ok {
				all = append(all, pages.Answer{Name: name, Value: value})
			}
		}
	}
	return all
}

// everything is all that was sent, to be sent again for the same page in another language.
func (v *visit) everything() []pages.Answer {
	var all []pages.Answer
	for _, name := range names() {
		if value, ok := v.fields[name]; ok && name != "lang" && name != "switch" {
			all = append(all, pages.Answer{Name: name, Value: value})
		}
	}
	return all
}

// suggest fills in a field that was not answered yet.
func (v *visit) suggest(name, value string) {
	if _, ok := v.fields[name]; !ok {
		v.fields[name] = value
	}
}

// forget drops answers that no longer fit.
func (v *visit) forget(names ...string) {
	for _, name := range names {
		delete(v.fields, name)
	}
}

// word is a text of a page.
func (v *visit) word(page, key string, args ...any) string {
	return v.lang.T("pages."+strings.ReplaceAll(page, "-", "_")+"."+key, args...)
}
