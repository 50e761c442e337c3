package setup

import (
	"context"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/pages"
)

// delegatePage passes the link on: to a colleague, or to the customer, who then is the only one with access.
func delegatePage() page {
	return page{
		fields: []string{"delegate_email"},
		read:   func(f api.Fields, a *commerce.Answers) { a.DelegateEmail = api.Address(f["delegate_email"]) },
		do:     delegate,
		view:   delegateView,
	}
}

func delegate(z wizard, ctx context.Context, v *visit) error {
	delegated, err := v.order.Delegate(v.answers.DelegateEmail, v.toCustomer(), v.grant.Hash, v.now)
	if err != nil {
		return err
	}
	if err := z.store.Replace(ctx, v.order, delegated); err != nil {
		return lost(err)
	}
	v.keep(ctx, delegated)
	v.next = nextSent
	return nil
}

// delegated reports whether the link was passed on to this very address before.
func (v *visit) delegated() bool {
	a := v.answers
	by := a.Role == commerce.RolePartner && (a.SetUpBy == commerce.ByColleague || v.toCustomer())
	if !by || a.DelegateEmail == "" || !v.order.DelegatedAlready(a.DelegateEmail, v.toCustomer(), v.grant.Hash) {
		return false
	}
	v.next = nextSent
	return true
}

func (v *visit) toCustomer() bool { return v.answers.SetUpBy == commerce.ByCustomer }

func delegateView(v *visit) pages.View {
	p := pages.View{Name: "delegate", Data: v.toCustomer()}
	if v.toCustomer() {
		p.Title = v.word("delegate", "title_customer")
	}
	return p
}

// sentView says where the link went. It has a form only so that the language can be changed.
func (v *visit) sentView() pages.View {
	note := v.word("delegate-sent", "text_open")
	if end := v.order.ClosesAt(); !end.IsZero() {
		note = v.word("delegate-sent", "text", "date", v.lang.On(v.order.LocalDate(end)))
	}
	return pages.View{Name: "delegate-sent", Title: v.word("delegate-sent", "title", "email", string(v.answers.DelegateEmail)), Data: note,
		Action: "/setup/delegate", Quiet: true}
}
