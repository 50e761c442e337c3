package setup

import (
	"context"
	"slices"
	"time"

	"dayone/shared/commerce"
)

// needed tells which steps come, on the path of these answers, no later than until.
func needed(a commerce.Answers, until commerce.Step) func(commerce.Step) bool {
	path := a.Path()
	return func(step commerce.Step) bool {
		at := slices.Index(path, step)
		return at >= 0 && at <= slices.Index(path, until)
	}
}

// know looks up what the steps up to until need. Each address that somebody typed counts once: the link may ask about a
// few, and not try out many, not even as the last step.
func (z wizard) know(ctx context.Context, v *visit, until commerce.Step) (err error) {
	needs, asked := needed(v.answers, until), []commerce.Address(nil)
	if needs(commerce.StepPartnerOrganization) && v.answers.PartnerOrganization == commerce.NewOrganization {
		asked = append(asked, v.answers.PartnerAdmin)
	}
	if needs(commerce.StepCustomerAdmin) {
		asked = append(asked, v.answers.CustomerAdmin)
	}
	if v.grant.Looks, err = z.store.Look(ctx, v.grant, asked, v.now); err != nil {
		return err
	}
	v.known, err = z.lookup(ctx, v.order, v.answers, until, v.now)
	return err
}

// lookup reads what is stored about the answers, as far as the steps up to until need it. Members and access are read
// consistently; which organizations are offered for a domain may be a moment old.
func (z wizard) lookup(ctx context.Context, o commerce.Order, a commerce.Answers, until commerce.Step, now time.Time) (k commerce.Known, err error) {
	needs := needed(a, until)
	if needs(commerce.StepPartnerOrganization) {
		if k.Contact, k.Partners, err = z.offers(ctx, commerce.PartnerKind, o.Contact, now); err != nil {
			return k, err
		}
		if a.PartnerOrganization == commerce.NewOrganization {
			if k.PartnerAdmin, err = z.member(ctx, a.PartnerAdmin, now); err != nil {
				return k, err
			}
		}
	}
	if needs(commerce.StepReview) && a.Role == commerce.RoleCustomer {
		if k.Partners, err = z.partnerOf(ctx, o, now); err != nil {
			return k, err
		}
	}
	if needs(commerce.StepCustomerAdmin) {
		if k.CustomerAdmin, k.Customers, err = z.offers(ctx, commerce.CustomerKind, a.CustomerAdmin, now); err != nil {
			return k, err
		}
		if k.CustomerAdmin.Organization != "" {
			k.Customers = slices.DeleteFunc(k.Customers, func(c commerce.Organization) bool { return c.ID != k.CustomerAdmin.Organization })
		}
	}
	if needs(commerce.StepReview) {
		if p := a.Plan(o, k); p.Partner.ID != "" && p.Customer.ID != "" {
			k.Relation, err = z.store.Relation(ctx, p.Customer.ID, p.Partner.ID)
		}
	}
	return k, err
}

// member is who has an address. An invitation that nobody accepted in time keeps it no more.
func (z wizard) member(ctx context.Context, email commerce.Address, now time.Time) (commerce.Member, error) {
	m, _, err := z.store.Member(ctx, email)
	if m.Lapsed(now) {
		return commerce.Member{}, err
	}
	return m, err
}

// offers are the organizations of one kind that an address may see: its own first, then those of its domain.
func (z wizard) offers(ctx context.Context, kind commerce.OrganizationKind, email commerce.Address, now time.Time) (m commerce.Member, all []commerce.Organization, err error) {
	if email == "" {
		return m, nil, nil
	}
	if m, err = z.member(ctx, email, now); err != nil {
		return m, nil, err
	}
	if m.Kind == kind {
		own, err := z.store.Organization(ctx, m.Organization)
		if err != nil {
			return m, nil, err
		}
		all = append(all, own)
	}
	others, err := z.store.OfDomain(ctx, kind, email.CompanyDomain())
	for _, o := range others {
		if o.ID != m.Organization {
			all = append(all, o)
		}
	}
	return m, all, err
}

// partnerOf is the partner organization of an order that its customer sets up, or none: the one of the person who
// handed it over, where there is no doubt which that is, else the one that stands for a partner whom nobody represented.
func (z wizard) partnerOf(ctx context.Context, o commerce.Order, now time.Time) ([]commerce.Organization, error) {
	if o.Handover {
		m, all, err := z.offers(ctx, commerce.PartnerKind, o.DelegatedBy, now)
		if err != nil {
			return nil, err
		}
		if len(all) == 1 || len(all) > 1 && all[0].ID == m.Organization {
			return all[:1], nil
		}
	}
	unclaimed, found, err := z.store.FindOrganization(ctx, commerce.UnclaimedPartner(o.Caller, o.Partner))
	if err != nil || !found {
		return nil, err
	}
	return []commerce.Organization{unclaimed}, nil
}

// maxAdministrators is how many administrators of an organization a letter goes to: what is stored at the end fits into
// one transaction of at most a hundred writes.
const maxAdministrators = 25

// administrators are the members of an organization to write to. The index that lists them may be a moment old, so
// those of the given members that belong to it are always among them.
func (z wizard) administrators(ctx context.Context, organization string, members ...commerce.Member) ([]commerce.Address, error) {
	var all []commerce.Address
	for _, m := range members {
		if m.Organization == organization && !slices.Contains(all, m.Email) {
			all = append(all, m.Email)
		}
	}
	listed, err := z.store.Administrators(ctx, organization)
	for _, a := range listed {
		if !slices.Contains(all, a) {
			all = append(all, a)
		}
	}
	return all[:min(len(all), maxAdministrators)], err
}
