package services

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/pages"
	"dayone/shared/store"
)

type enterpriseView struct {
	Subdomain string `json:"subdomain"`
	Domain    string `json:"domain"`
	Fixed     bool   `json:"fixed"`
	Status    string `json:"status"`
}

// showEnterprise shows the customer organization's subdomain: its own, or one made of its name to begin with.
func showEnterprise(s *store.Store, t *pages.Templates, domain string) api.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		v, err := arrive(s, r)
		if err != nil {
			return err
		}
		name := v.customer.Subdomain
		if name == "" {
			name, _ = commerce.ParseSubdomain(commerce.Slug(v.customer.Name)) // "" where the name makes none
		}
		if api.WantsJSON(r) {
			return api.JSON(w, http.StatusOK, enterpriseView{name, domain, v.customer.Settled, v.taskStatus(commerce.TaskEnterprise)})
		}
		if !v.order.Settable() && !v.customer.Settled {
			return redirect(w, r, v.settled())
		}
		in := input{lang: language(w, r), Fields: api.Fields{"subdomain": name}}
		return show(w, t, enterprisePage(v, in, domain, enterpriseData{}))
	}
}

// enterpriseData is what the page says of the subdomain besides asking for it.
type enterpriseData struct {
	Domain      string
	Fixed       string // the name that stays
	Free, Taken string // what checking found out
}

func enterprisePage(v visit, in input, domain string, data enterpriseData) pages.View {
	page := v.form(in, commerce.TaskEnterprise, in.answers("subdomain")...)
	data.Domain = domain
	if v.customer.Settled {
		data.Fixed, page.Quiet = v.customer.Subdomain, true
	}
	page.Data = data
	return page
}

// saveEnterprise saves the subdomain. The form's second button only says whether it could.
func saveEnterprise(s *store.Store, t *pages.Templates, domain string) api.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		v, err := arrive(s, r)
		if err != nil {
			return err
		}
		names := []string{"subdomain"}
		if isForm(r) {
			names = append(names, "check")
		}
		in, err := read(w, r, names...)
		if err != nil {
			return err
		}
		page := enterprisePage(v, in, domain, enterpriseData{})
		if in.switched {
			return show(w, t, page)
		}
		name, err := commerce.ParseSubdomain(in.Fields["subdomain"])
		if err != nil {
			return refuse(w, r, in, t, page, "subdomain", err)
		}
		if in.Fields["check"] != "" {
			found, err := lookUp(r.Context(), s, name, v.customer)
			if err != nil {
				return err
			}
			return show(w, t, enterprisePage(v, in, domain, found.told(in)))
		}
		saved, err := v.saveSubdomain(r, s, name)
		if errors.Is(err, commerce.ErrSubdomainTaken) {
			return refuseTaken(w, r, in, t, page, name, err)
		}
		if err != nil {
			return err
		}
		return saved.saved(w, r, in)
	}
}

// saveSubdomain decides and writes, again from the start where somebody else wrote in between. Where another
// organization has the name, the error says which are free.
func (v visit) saveSubdomain(r *http.Request, s *store.Store, name string) (visit, error) {
	for try := 1; ; try++ {
		order, renamed, err := v.order.SetSubdomain(v.customer, name, v.member.Email, api.Now(r))
		if err != nil {
			return v, err
		}
		err = s.SaveSubdomain(r.Context(), v.customer, renamed, v.order, order)
		switch {
		case err == nil:
			v.order, v.customer = order, renamed
			return v, nil
		case errors.Is(err, commerce.ErrSubdomainTaken):
			return v, taken(r.Context(), s, name, v.customer)
		case !errors.Is(err, commerce.ErrOrderChanged) || try == saveTries:
			return v, err
		}
		if v, err = v.again(r.Context(), s); err != nil {
			return v, err
		}
	}
}

// taken is the error of a name that another organization has, with some that are free.
func taken(ctx context.Context, s *store.Store, name string, o commerce.Organization) error {
	free, err := freeNames(ctx, s, name, o)
	if err != nil {
		return err
	}
	e := *commerce.ErrSubdomainTaken
	e.Problems = []commerce.Problem{{Field: "subdomain", Code: e.Code, Detail: e.Detail}}
	e.Suggestions = free
	return &e
}

// refuseTaken shows the page with the names that are free.
func refuseTaken(w http.ResponseWriter, r *http.Request, in input, t *pages.Templates, page pages.View, name string, err error) error {
	e, status := api.Mistake(r, err)
	if in.client {
		return err
	}
	page.Status = status
	page.Problems = []pages.Problem{{Field: "subdomain", Text: in.taken(name, e.Suggestions)}}
	return show(w, t, page)
}

// taken is that in words.
func (in input) taken(name string, free []string) string {
	if len(free) == 0 {
		return in.lang.T("errors.subdomain.taken_alone", "name", name)
	}
	return in.lang.T("errors.subdomain.taken", "name", name, "suggestions", strings.Join(free, ", "))
}
