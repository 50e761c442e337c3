package setup

import (
	"dayone/shared/commerce"
	"dayone/shared/pages"
)

// reviewPage shows what completing would do. What it showed has a digest, which completing needs.
func reviewPage() page { return page{do: begin, view: reviewView} }

func reviewView(v *visit) pages.View {
	a, o := v.answers, v.order
	plan := a.Plan(o, v.known)
	return pages.View{
		Name: "review", Action: "/setup/complete",
		Answers: []pages.Answer{{Name: "review_digest", Value: a.Digest(o, v.known)}},
		Data: struct {
			Sections []pages.Section
			Asks     bool
		}{[]pages.Section{v.partnerSection(plan), v.customerSection(plan), v.orderSection()}, plan.Access == commerce.AccessAsked},
	}
}

func (v *visit) partnerSection(p commerce.Plan) pages.Section {
	s := pages.Section{Title: v.lang.T("words.partner"), Change: string(commerce.StepPartnerOrganization), Rows: v.sideRows(p.Partner, p.PartnerNew)}
	if v.answers.Role == commerce.RoleCustomer {
		s.Change = string(commerce.StepRole) // a customer is not asked for the partner organization
	}
	if p.PartnerNew && v.answers.PartnerAdmin != "" {
		s.Rows = append(s.Rows, v.row("words.field.admin_email", string(v.answers.PartnerAdmin)), v.row("words.phone", p.Partner.Phone))
	}
	access := map[commerce.Access]string{commerce.AccessGranted: "access_yes", commerce.AccessAsked: "access_ask", commerce.AccessNone: "access_no"}
	s.Rows = append(s.Rows, v.row("pages.review.access", v.word("review", access[p.Access])))
	return s
}

func (v *visit) customerSection(p commerce.Plan) pages.Section {
	s := pages.Section{Title: v.lang.T("words.customer"), Change: string(commerce.StepCustomerAdmin), Rows: v.sideRows(p.Customer, p.CustomerNew)}
	s.Rows = append(s.Rows, v.row("words.field.admin_email", string(v.answers.CustomerAdmin)))
	if p.CustomerNew {
		s.Rows = append(s.Rows, v.row("words.field.language", v.lang.LanguageName(p.Customer.Language)))
	}
	return s
}

func (v *visit) orderSection() pages.Section {
	role := v.word("role", v.answers.Role)
	s := pages.Section{Title: v.lang.T("words.order"), Change: string(commerce.StepRole), Rows: []pages.Row{
		v.row("words.order_number", v.order.ID), v.row("words.start_date", v.lang.Date(v.order.Start)), v.row("words.field.role", role),
	}}
	for _, l := range v.order.Lines {
		product, _ := v.order.FamilyOf().Product(l.SKU)
		s.Rows = append(s.Rows, pages.Row{Label: v.product(l), Value: v.lang.N("words.unit."+product.Unit, l.Quantity)})
	}
	return s
}

// sideRows describe an organization. Of one that exists they tell no more than its name and country.
func (v *visit) sideRows(o commerce.Organization, created bool) []pages.Row {
	what := v.word("review", "existing")
	if created {
		what = v.word("review", "new")
	}
	return []pages.Row{v.row("words.field.name", o.Name), v.row("words.field.country", v.lang.Country(o.Country)), v.row("pages.review.kind", what)}
}

func (v *visit) row(key, value string) pages.Row {
	return pages.Row{Label: v.lang.T(key), Value: value}
}
