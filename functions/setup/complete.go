package setup

import (
	"context"
	"crypto/rand"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/pages"
)

// completePage maps the order. Everything was read again and checked again before, and one transaction decides.
func completePage() page {
	return page{
		fields: []string{"review_digest"},
		read:   func(f api.Fields, a *commerce.Answers) { a.ReviewDigest = text(f, "review_digest") },
		do:     complete,
	}
}

func complete(z wizard, ctx context.Context, v *visit) (err error) {
	k := v.known
	plan := v.answers.Plan(v.order, k)
	if !plan.PartnerNew {
		if k.PartnerAdmins, err = z.administrators(ctx, plan.Partner.ID, k.Contact); err != nil {
			return err
		}
	}
	if !plan.CustomerNew {
		if k.CustomerAdmins, err = z.administrators(ctx, plan.Customer.ID, k.CustomerAdmin); err != nil {
			return err
		}
	}
	password, err := commerce.MintToken(commerce.PasswordToken, rand.Reader)
	if err != nil {
		return err
	}
	fresh := commerce.Fresh{Partner: api.NewID("org"), Customer: api.NewID("org"), Link: v.grant.Hash, Password: password.Hash()}
	done, err := v.order.Map(v.answers, k, fresh, v.now)
	if err != nil {
		return err
	}
	if err := z.store.Complete(ctx, v.order, done); err != nil {
		return lost(err)
	}
	api.Count(ctx, api.OrdersMapped)
	v.keep(ctx, done.Order)
	return z.finish(ctx, v, password)
}

// completed answers the same answers over the same link again, with a fresh password token in place of the last.
func (z wizard) completed(ctx context.Context, v *visit) (bool, error) {
	if !v.order.Repeats(v.answers, v.grant.Hash, v.now) {
		return false, nil
	}
	password, err := commerce.MintToken(commerce.PasswordToken, rand.Reader)
	if err != nil {
		return false, err
	}
	if v.order.Mapping.Password != "" {
		if err := z.store.FreshPassword(ctx, v.order, v.order.FreshPassword(password.Hash(), v.now)); err != nil {
			return false, err
		}
	}
	return true, z.finish(ctx, v, password)
}

// finish says what comes after a mapped order: a password, where somebody has to choose one, else to sign in.
func (z wizard) finish(ctx context.Context, v *visit, password commerce.Token) error {
	v.next = nextSignIn
	m := v.order.Mapping
	if m.Password != "" {
		v.next, v.password = nextPassword, password.Reveal()
	}
	if !v.form {
		return nil
	}
	contact, _, err := z.store.Member(ctx, v.order.Contact)
	if err != nil {
		return err
	}
	a := v.answers
	switch {
	case v.next == nextPassword:
		v.steps = append(v.steps, "next_password")
	case a.Role == commerce.RolePartner && contact.Organization != m.Partner:
		v.steps = append(v.steps, "next_admins") // rule 13
	default:
		v.steps = append(v.steps, "next_sign_in")
	}
	if a.Role == commerce.RolePartner && a.CustomerOrganization == commerce.NewOrganization {
		v.steps = append(v.steps, "next_customer")
	}
	if m.PartnerAccess == commerce.AccessAsked {
		v.steps = append(v.steps, "next_consent")
	}
	v.steps = append(v.steps, "next_billing")
	return nil
}

// successView leads on. The password token travels in the link's fragment, which no server and no log sees. The page
// has a form only so that the language can be changed, which repeats the step.
func (v *visit) successView() pages.View {
	next := "/sign-in" + v.chosen
	if v.password != "" {
		next = "/password" + v.chosen + "#" + v.password
	}
	var steps []string
	for _, key := range v.steps {
		steps = append(steps, v.word("success", key))
	}
	return pages.View{
		Name: "success", Action: "/setup/complete", Quiet: true,
		Answers: []pages.Answer{{Name: "review_digest", Value: v.answers.ReviewDigest}},
		Data: struct {
			Reference, Next string
			Steps           []string
		}{v.order.ID, next, steps},
	}
}
