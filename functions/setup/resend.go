package setup

import (
	"context"
	"errors"
	"net/http"

	"dayone/shared/commerce"
	"dayone/shared/pages"
)

// resend is no step, but what the page of an expired link posts to.
const resend commerce.Step = "resend"

// renew has a new link sent in place of one that has expired: only ever to the contact on file.
func (z wizard) renew(ctx context.Context, v *visit) error {
	err := v.order.CheckLink(v.grant, v.now)
	if err == nil {
		v.next, v.shown = string(commerce.StepRole), commerce.StepStart // it works: nothing to send
		return nil
	}
	if !errors.Is(err, commerce.ErrTokenExpired) {
		return err
	}
	renewed, err := v.order.Renew(v.now)
	if err != nil {
		return err
	}
	if err := z.store.Replace(ctx, v.order, renewed); err != nil {
		return lost(err)
	}
	v.order, v.next = renewed, nextSent
	return nil
}

// resentView says where the new link went, without saying the address: the holder of an old link may be anybody.
func (v *visit) resentView() pages.View {
	return pages.DeadEnd(v.lang, http.StatusOK, "link_sent", "")
}
