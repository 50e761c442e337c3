// Package setup is part one: whoever holds the link of an order's letter maps the order to a partner organization and a
// customer organization, step by step.
//
// There is no session. Every request carries the link's token and all answers so far, as form fields for a browser,
// which is answered with the next page, or as one flat JSON object for a client, which is answered with JSON. Nothing is
// stored before the last step, but for three things that somebody has to know of: that the setup was started, that the
// link was passed on, that the contact does not recognise the partner organization.
package setup

import (
	"context"
	"embed"
	"net/http"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/pages"
	"dayone/shared/store"
)

//go:embed *.html
var files embed.FS

// wizard is what the steps work with.
type wizard struct {
	store *store.Store
	pages *pages.Templates
}

// Handler is the function. People who are stuck are told to write to help.
func Handler(s *store.Store, help string) api.Function {
	z := wizard{s, pages.New(files, help)}
	return api.Function{
		Connect: s.Connect,
		Routes: map[string]api.HandlerFunc{
			"GET /setup":         z.open,
			"GET /setup/{step}":  z.openAt,
			"GET /{link}":        z.openMangled,
			"POST /setup/{step}": z.post,
		},
		Fail: z.fail,
	}
}

// FromEnv is the function as its environment describes it: the tables and HELP_EMAIL.
func FromEnv(getenv func(string) string) lambda.Handler {
	return Handler(store.FromEnv(getenv), getenv("HELP_EMAIL"))
}

// page is what a step of the wizard is made of. Each is in a file of its own.
type page struct {
	fields []string                                    // the answers that it adds
	read   func(api.Fields, *commerce.Answers)         // takes them from what was sent
	do     func(wizard, context.Context, *visit) error // stores what cannot wait; nil where all of it can
	view   func(*visit) pages.View                     // the page that asks for them
}

func pageOf(step commerce.Step) page {
	switch step {
	case commerce.StepStart:
		return startPage()
	case commerce.StepRole:
		return rolePage()
	case commerce.StepWho:
		return whoPage()
	case commerce.StepDelegate:
		return delegatePage()
	case commerce.StepPartnerOrganization:
		return partnerPage()
	case commerce.StepCustomerAdmin:
		return customerAdminPage()
	case commerce.StepCustomerOrganization:
		return customerPage()
	case commerce.StepReview:
		return reviewPage()
	}
	return completePage()
}

// names are those of all fields that a request may have.
func names() []string {
	all := []string{"token", "lang", "back", "change", "switch", "offered"}
	for _, step := range commerce.Steps {
		all = append(all, pageOf(step).fields...)
	}
	return all
}

// said takes the answers from what was sent. A form cannot leave out what an earlier page asked, so of a form the
// details of a new organization are left out here where another one is chosen.
func said(fields api.Fields, form bool) commerce.Answers {
	var a commerce.Answers
	for _, step := range commerce.Steps {
		if read := pageOf(step).read; read != nil {
			read(fields, &a)
		}
	}
	if form && a.PartnerOrganization != commerce.NewOrganization {
		a.PartnerName, a.PartnerCountry, a.PartnerAdmin, a.PartnerPhone = "", "", "", ""
	}
	if form && a.CustomerOrganization != commerce.NewOrganization {
		a.CustomerName, a.CustomerCountry, a.CustomerLanguage = "", "", ""
	}
	return a
}

// text is what was typed, without the spaces around it.
func text(fields api.Fields, name string) string { return strings.TrimSpace(fields[name]) }

var errNoStep = &commerce.Error{Kind: commerce.KindNotFound, Code: "not_found", Detail: "There is nothing at this address."}

// post answers a step.
func (z wizard) post(w http.ResponseWriter, r *http.Request) error {
	step := commerce.Step(r.PathValue("step"))
	if !commerce.IsStep(step) && step != resend {
		return errNoStep
	}
	v, err := z.visit(r, step)
	if err == nil {
		err = z.walk(r.Context(), v)
	}
	switch {
	case v.form:
		return z.answerPage(w, r, v, err)
	case err != nil:
		return err
	}
	return api.JSON(w, http.StatusOK, answerOf(v))
}
