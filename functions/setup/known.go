package setup

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
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
	byCustomer := needs(commerce.StepReview) && a.Role == commerce.RoleCustomer
	var who addresses
	switch {
	case needs(commerce.StepPartnerOrganization):
		who.partner = o.Contact
		if a.PartnerOrganization == commerce.NewOrganization {
			who.partnerAdmin = a.PartnerAdmin
		}
	case byCustomer && o.Handover:
		who.partner = o.DelegatedBy
	}
	if needs(commerce.StepCustomerAdmin) {
		who.customer = a.CustomerAdmin
	}
	p, err := z.people(ctx, who, now)
	if err != nil {
		return k, err
	}
	k.Contact, k.PartnerAdmin, k.CustomerAdmin = p.partner, p.partnerAdmin, p.customer
	k.Partners, k.Customers = p.partners, p.customers
	if byCustomer {
		k.Contact = commerce.Member{}
		if k.Partners, err = z.partnerOf(ctx, o, p); err != nil {
			return k, err
		}
	}
	if k.CustomerAdmin.Organization != "" {
		k.Customers = slices.DeleteFunc(k.Customers, func(c commerce.Organization) bool { return c.ID != k.CustomerAdmin.Organization })
	}
	if needs(commerce.StepReview) {
		if p := a.Plan(o, k); p.Partner.ID != "" && p.Customer.ID != "" {
			k.Relation, err = z.store.Relation(ctx, p.Customer.ID, p.Partner.ID)
		}
	}
	return k, err
}

// addresses are those that matter, "" where one does not: who is offered partner organizations, who should administer
// a new one, and who is offered customer organizations.
type addresses struct{ partner, partnerAdmin, customer commerce.Address }

// people is who has these addresses, and the organizations that are offered to them: one's own first, then those of the
// domain.
type people struct {
	partner, partnerAdmin, customer commerce.Member
	partners, customers             []commerce.Organization
}

// people reads who has these addresses, side by side with what is there for their domains. An invitation that nobody
// accepted in time keeps an address no more.
func (z wizard) people(ctx context.Context, who addresses, now time.Time) (p people, err error) {
	var wait sync.WaitGroup
	var failed [2]error
	wait.Go(func() {
		p.partners, failed[0] = z.store.OfDomain(ctx, commerce.PartnerKind, who.partner.CompanyDomain())
	})
	wait.Go(func() {
		p.customers, failed[1] = z.store.OfDomain(ctx, commerce.CustomerKind, who.customer.CompanyDomain())
	})
	members, own, err := z.members(ctx, who, now)
	wait.Wait()
	if err := errors.Join(err, failed[0], failed[1]); err != nil {
		return p, err
	}
	p.partner, p.partnerAdmin, p.customer = members[who.partner], members[who.partnerAdmin], members[who.customer]
	p.partners = offers(commerce.PartnerKind, p.partner, own, p.partners)
	p.customers = offers(commerce.CustomerKind, p.customer, own, p.customers)
	return p, nil
}

// members reads the members, and those organizations of theirs that are of a kind to be offered, by id.
func (z wizard) members(ctx context.Context, who addresses, now time.Time) (map[commerce.Address]commerce.Member, map[string]commerce.Organization, error) {
	members, err := z.store.Members(ctx, who.partner, who.partnerAdmin, who.customer)
	if err != nil {
		return nil, nil, err
	}
	maps.DeleteFunc(members, func(_ commerce.Address, m commerce.Member) bool { return m.Lapsed(now) })
	var ids []string
	if m := members[who.partner]; m.Kind == commerce.PartnerKind {
		ids = append(ids, m.Organization)
	}
	if m := members[who.customer]; m.Kind == commerce.CustomerKind {
		ids = append(ids, m.Organization)
	}
	own, err := z.store.Organizations(ctx, ids...)
	return members, own, err
}

// offers are the organizations of one kind that a member may see: their own first, then the others of their domain.
func offers(kind commerce.OrganizationKind, m commerce.Member, own map[string]commerce.Organization, near []commerce.Organization) []commerce.Organization {
	var all []commerce.Organization
	if m.Kind == kind {
		all = append(all, own[m.Organization])
	}
	for _, o := range near {
		if o.ID != m.Organization {
			all = append(all, o)
		}
	}
	return all
}

// partnerOf is the partner organization of an order that its customer sets up, or none: the one of the person who
// handed it over, where there is no doubt which that is, else the one that stands for a partner whom nobody represented.
func (z wizard) partnerOf(ctx context.Context, o commerce.Order, p people) ([]commerce.Organization, error) {
	if all := p.partners; len(all) == 1 || len(all) > 1 && all[0].ID == p.partner.Organization {
		return all[:1], nil
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
