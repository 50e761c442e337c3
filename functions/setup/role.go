package setup

import (
	"context"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/pages"
)

// rolePage asks which side of the order somebody stands on. The first answer starts the order.
func rolePage() page {
	return page{
		fields: []string{"role"},
		read:   func(f api.Fields, a *commerce.Answers) { a.Role = text(f, "role") },
		do:     begin,
		view:   func(v *visit) pages.View { return pages.View{Name: "role", Data: v.order.Handover} },
	}
}

// begin marks the order as started, once.
func begin(z wizard, ctx context.Context, v *visit) error {
	started, first := v.order.Begin(v.now)
	if !first {
		return nil
	}
	if err := z.store.Replace(ctx, v.order, started); err != nil {
		return lost(err)
	}
	v.order = started
	api.Count(ctx, api.SetupStarted)
	return nil
}
