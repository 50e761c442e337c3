package setup

import (
	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/pages"
)

// whoPage asks a partner who sets up.
func whoPage() page {
	return page{
		fields: []string{"set_up_by"},
		read:   func(f api.Fields, a *commerce.Answers) { a.SetUpBy = text(f, "set_up_by") },
		do:     begin,
		view:   func(*visit) pages.View { return pages.View{Name: "who"} },
	}
}
