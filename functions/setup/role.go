package setup

import (
	"context"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/pages"
)

// rolePage asks which side of the order somebody stands on.
func rolePage() page {
	return page{
		fields: []string{"role"},
		read:   func(f api.Fields, a *commerce.Answers) { a.Role = text(f, "role") },
		do:     begin,
		view:   func(v *visit) pages.View { return pages.View{Name: "role", Data: v.order.Handover} },
	}
}

// begin marks the order as started, once: the first answer does, to whichever step it was sent. What a step stores of
// its own says so itself.
func begin(z wizard, ctx context.Context, v *visit) error {
	started, first := v.order.Begin(v.now)
	if !first {
		return nil
	}
	if err := z.store.Replace(ctx, v.order, started); err != nil {
		return lost(err)
	}
	v.keep(ctx, started)
	return nil
}

// keep takes over the order as it was just stored, and counts the answer that started it.
func (v *visit) keep(ctx context.Context, o commerce.Order) {
	if v.order.StartedAt.IsZero() && !o.StartedAt.IsZero() {
		api.Count(ctx, api.SetupStarted)
	}
	v.order = o
}
