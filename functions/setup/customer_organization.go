package setup

import (
	"slices"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/pages"
)

// customerPage asks for the customer organization: one that is there, or the details of a new one.
func customerPage() page {
	return page{
		fields: []string{"customer_organization", "customer_name", "customer_country", "customer_language"},
		read: func(f api.Fields, a *commerce.Answers) {
			a.CustomerOrganization, a.CustomerName = text(f, "customer_organization"), text(f, "customer_name")
			a.CustomerCountry, a.CustomerLanguage = text(f, "customer_country"), text(f, "customer_language")
		},
		do:   begin,
		view: customerView,
	}
}

// choseNew reports whether somebody turned the offers down just now: on the page with the offers, not on the one that
// asks for the details of a new organization.
func (v *visit) choseNew() bool {
	_, asked := v.fields["customer_name"]
	return v.form && v.step == commerce.StepCustomerOrganization && v.answers.CustomerOrganization == commerce.NewOrganization &&
		(!asked || v.fields["offered"] != "")
}

// forgetBlank drops details of a new organization that were left blank, so that they are suggested anew. What was typed
// is kept for whoever comes back to it.
func (v *visit) forgetBlank() {
	for _, name := range []string{"customer_name", "customer_country", "customer_language"} {
		if text(v.fields, name) == "" {
			v.forget(name)
		}
	}
}

func customerView(v *visit) pages.View {
	offers := v.known.Customers
	isNew := v.answers.CustomerOrganization == commerce.NewOrganization && v.step != commerce.StepCustomerAdmin &&
		!(v.turned && v.step == commerce.StepCustomerOrganization) && !(v.fields["switch"] != "" && v.fields["offered"] != "")
	switch {
	case v.known.CustomerAdmin.Organization != "" && len(offers) == 1:
		// An administrator belongs to this organization alone: there is nothing to choose.
		v.forgetBlank()
		v.inputs = nil
		v.fields["customer_organization"] = offers[0].ID
		one := v.choice(offers, "", "customer-existing", "none_one", "none")
		one.Options = nil
		return pages.View{Name: "customer-existing", Data: one}
	case len(offers) > 0 && !isNew:
		v.forgetBlank()
		v.inputs = []string{"customer_organization"}
		if !slices.ContainsFunc(offers, func(o commerce.Organization) bool { return o.ID == v.fields["customer_organization"] }) &&
			v.fields["customer_organization"] != commerce.NewOrganization {
			v.forget("customer_organization")
		}
		return pages.View{Name: "customer-existing", Data: v.choice(offers, commerce.NewOrganization, "customer-existing", "none_one", "none"),
			Answers: []pages.Answer{{Name: "offered", Value: "true"}}}
	}
	v.inputs = []string{"customer_name", "customer_country", "customer_language"}
	v.fields["customer_organization"] = commerce.NewOrganization
	v.suggest("customer_name", v.order.Customer.Name)
	v.suggest("customer_country", v.order.Customer.Country)
	v.suggest("customer_language", v.order.Locale)
	var languages []pages.Option
	for _, tag := range commerce.Locales {
		languages = append(languages, pages.Option{Value: tag, Label: v.lang.LanguageName(tag)})
	}
	p := pages.View{Name: "customer-new", Data: languages}
	if len(offers) > 0 {
		p.Back = string(commerce.StepCustomerOrganization)
	}
	return p
}
