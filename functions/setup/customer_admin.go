package setup

import (
	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/pages"
)

// customerAdminPage asks who administers the customer's organization, by which the organization is found.
func customerAdminPage() page {
	return page{
		fields: []string{"customer_admin_email"},
		read:   func(f api.Fields, a *commerce.Answers) { a.CustomerAdmin = api.Address(f["customer_admin_email"]) },
		do:     begin,
		view:   customerAdminView,
	}
}

func customerAdminView(v *visit) pages.View {
	p := pages.View{Name: "customer-admin"}
	if v.answers.Role == commerce.RoleCustomer {
		p.Title = v.word("customer-admin", "title_customer")
		if !v.order.ContactAlias {
			v.suggest("customer_admin_email", string(v.order.Contact))
		}
	}
	return p
}
