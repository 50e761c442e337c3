package audit

import (
	"slices"

	"dayone/shared/commerce"
)

// organizations: each was made by an order that is mapped to it, its subdomain is guarded, and it has somebody to
// administer it, unless it stands for a partner whom nobody represented.
func (r *report) organizations() {
	people := map[string]int{}
	for _, m := range r.Members {
		people[m.Organization]++
	}
	active := map[string]bool{}
	for _, o := range r.Orders {
		if isBilled(o.Status) {
			active[o.Mapping.Customer] = true
		}
	}
	for id, org := range r.Organizations {
		o, ok := r.Orders[org.Order]
		if !ok || o.Mapping.Partner != id && o.Mapping.Customer != id {
			r.say("organization %s: the order %s that made it is not mapped to it", id, org.Order)
		}
		unclaimed := org.Kind == "partner" && id == commerce.UnclaimedPartner(o.Caller, o.Partner)
		if people[id] == 0 && !unclaimed {
			r.say("organization %s: nobody is in it", id)
		}
		r.somebodyStays(id)
		if org.Subdomain != "" && r.Subdomains[org.Subdomain] != id {
			r.say("organization %s: its subdomain %s belongs to %q", id, org.Subdomain, r.Subdomains[org.Subdomain])
		}
		if org.Settled != active[id] {
			r.say("organization %s: settled is %v, and an order of it active %v", id, org.Settled, active[id])
		}
	}
}

// members: each is in an organization of their kind, made by an order that is mapped to it.
func (r *report) members() {
	for email, m := range r.Members {
		if org, ok := r.Organizations[m.Organization]; !ok || org.Kind != m.Kind {
			r.say("member %s: a %s in %s, which is %+v", email, m.Kind, m.Organization, org)
		}
		if m.Order == "" {
			r.invited(email, m)
			continue
		}
		if o, ok := r.Orders[m.Order]; !ok || o.Mapping.Partner != m.Organization && o.Mapping.Customer != m.Organization {
			r.say("member %s: the order %s is not mapped to %s", email, m.Order, m.Organization)
		}
	}
}

// relations: access is between a partner and a customer that have an order in common, and nobody got in who neither made
// the organization nor was let in by its administrator (rule 12).
func (r *report) relations() {
	for _, rel := range r.Relations {
		o, ok := r.Orders[rel.Order]
		if !ok || o.Mapping.Partner != rel.Partner || o.Mapping.Customer != rel.Customer {
			r.say("access of %s to %s: the order %s is not between them", rel.Partner, rel.Customer, rel.Order)
		}
		if rel.Access != "granted" {
			continue
		}
		maker := r.Orders[r.Organizations[rel.Customer].Order]
		made := maker.Mapping.Partner == rel.Partner && maker.Mapping.PartnerAccess == commerce.AccessGranted
		asked := false
		for _, g := range r.Grants {
			asked = asked || g.Kind == string(commerce.AccessToken) && g.UsedAt != 0 && g.Customer == rel.Customer && g.Partner == rel.Partner
		}
		given := r.noted(func(n Note) bool {
			return n.Organization == rel.Customer && n.Partner == rel.Partner && n.Kind == "access_granted"
		})
		if !made && !asked && !given {
			r.say("access of %s to %s: nobody granted it", rel.Partner, rel.Customer)
		}
	}
}

// subdomains: a name belongs to the organization that has it.
func (r *report) subdomains() {
	for name, id := range r.Subdomains {
		if r.Organizations[id].Subdomain != name {
			r.say("subdomain %s: %s has %q", name, id, r.Organizations[id].Subdomain)
		}
	}
}

// entitlements: a service runs for the customer of an order that is provisioned or about to be, and for no other.
func (r *report) entitlements() {
	for _, e := range r.Entitlements {
		o := r.Orders[e.Order]
		at := slices.IndexFunc(o.Lines, func(l commerce.Line) bool { return l.ID == e.Line })
		if o.Mapping.Customer != e.Customer || at < 0 || !o.Runs() && o.Status != commerce.Provisioning || o.Lines[at].Status == commerce.LineRemoved {
			r.say("%s runs line %s of order %s, which is %s", e.Customer, e.Line, e.Order, o.Status)
			continue
		}
		if o.Runs() && !o.Changing() && (e.Quantity != o.Lines[at].Quantity || e.Suspended != (o.Status == commerce.Suspended)) {
			r.say("%s runs line %s of order %s with %d, suspended %v", e.Customer, e.Line, e.Order, e.Quantity, e.Suspended)
		}
	}
}

// grants: a token opens something that is there, and a used link mapped its order.
func (r *report) grants() {
	for hash, g := range r.Grants {
		o, ok := r.Orders[g.Order]
		if g.Order != "" && !ok {
			r.say("token %.8s: %s opens order %s, which is not there", hash, g.Kind, g.Order)
		}
		_, member := r.Members[commerce.Address(g.Member)]
		removed := r.removed(g.Member)
		switch commerce.TokenKind(g.Kind) {
		case commerce.SetupToken:
			if g.Order == "" || g.Generation < 1 || g.Generation > o.Link.Generation {
				r.say("token %.8s: link %d of order %s, which has %d", hash, g.Generation, g.Order, o.Link.Generation)
			}
			if (g.UsedAt != 0) != (o.Mapping.Link == hash) {
				r.say("token %.8s: used at %d, and the order is mapped by %.8s", hash, g.UsedAt, o.Mapping.Link)
			}
		case commerce.PasswordToken, commerce.SessionToken:
			if !member && !removed {
				r.say("token %.8s: %s of %s, who is nobody", hash, g.Kind, g.Member)
			}
			if g.UsedAt != 0 && !removed && r.Members[commerce.Address(g.Member)].Password == "" {
				r.say("token %.8s: used, and %s has no password", hash, g.Member)
			}
		case commerce.AccessToken:
			if !member && !removed || r.Organizations[g.Customer].Kind != "customer" || r.Organizations[g.Partner].Kind != "partner" {
				r.say("token %.8s: access of %s to %s, asked of %s", hash, g.Partner, g.Customer, g.Member)
			}
		case commerce.OperatorToken, commerce.ConsoleToken:
			if g.Member == "" || g.Order != "" {
				r.say("token %.8s: %s of %q, order %q", hash, g.Kind, g.Member, g.Order)
			}
		default:
			r.say("token %.8s: of no kind, %q", hash, g.Kind)
		}
	}
}
