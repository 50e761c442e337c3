package audit

import (
	"slices"
	"strings"

	"dayone/shared/commerce"
)

// Note is an entry of what happened in an organization.
type Note struct {
	Organization string
	Kind         string `dynamodbav:"note"`
	At           int64  `dynamodbav:"at"`
	By           string `dynamodbav:"by"`
	Who          string `dynamodbav:"who"`
	Partner      string `dynamodbav:"partner"`
	Order        string `dynamodbav:"order"`
}

// noted reports whether a note fits.
func (b *Books) noted(fits func(Note) bool) bool { return slices.ContainsFunc(b.Notes, fits) }

// removed reports whether somebody was in an organization and was removed from it, whoever they are now.
func (b *Books) removed(who string) bool {
	return b.noted(func(n Note) bool { return n.Kind == "removed" && n.Who == who })
}

// notes: each names what its kind is about, and whoever was invited last and not removed since is there, if the
// invitation still counts.
func (r *report) notes() {
	for _, n := range r.Notes {
		people := n.Kind == "invited" || n.Kind == "removed"
		if n.By == "" || n.At == 0 || people != (n.Who != "") || people == (n.Partner != "") {
			r.say("organization %s: it notes %+v", n.Organization, n)
		}
		if _, ok := r.Organizations[n.Organization]; !ok {
			r.say("a note of %s, which is not there: %+v", n.Organization, n)
		}
	}
}

// somebodyStays: an organization from which somebody was removed has somebody who can sign in.
func (r *report) somebodyStays(id string) {
	if !r.noted(func(n Note) bool { return n.Organization == id && n.Kind == "removed" }) {
		return
	}
	for _, m := range r.Members {
		if m.Organization == id && m.Password != "" {
			return
		}
	}
	r.say("organization %s: somebody was removed, and nobody is left who can sign in", id)
}

// invited: a member whom no order made was invited by somebody, and holds the address for as long as that counts.
func (r *report) invited(email commerce.Address, m Member) {
	if m.InvitedBy == "" || !r.noted(func(n Note) bool {
		return n.Kind == "invited" && n.Who == string(email) && n.Organization == m.Organization
	}) {
		r.say("member %s: neither an order nor an invitation made them: %+v", email, m)
	}
	if (m.LapsesAt != 0) != (m.Password == "") {
		r.say("member %s: the address is free from %d, with a password: %v", email, m.LapsesAt, m.Password != "")
	}
}

// withoutOrder: a letter that belongs to no order tells of what a note says.
func (r *report) withoutOrder(id string, l Letter) {
	switch {
	case l.Kind == "password_reset":
		if _, ok := r.Members[commerce.Address(l.To)]; !ok && !r.removed(l.To) {
			r.say("letter %s: it goes to nobody's address", id)
		}
	case l.Kind == "operator_sign_in":
	case l.Kind == "invitation", l.Kind == "removed":
		kind := map[string]string{"invitation": "invited", "removed": "removed"}[l.Kind]
		if !r.noted(func(n Note) bool { return n.Kind == kind && n.Who == l.To && n.At == l.QueuedAt }) {
			r.say("letter %s: %s, and no note says so", id, l.Kind)
		}
	case strings.HasPrefix(l.Kind, "access_"):
		if !r.noted(func(n Note) bool {
			return n.Organization == l.Customer && n.Partner == l.Partner && n.At == l.QueuedAt && (l.Kind == "access_changed" || n.Kind == l.Kind)
		}) {
			r.say("letter %s: %s, and no note says so", id, l.Kind)
		}
	default:
		r.say("letter %s: %s without an order", id, l.Kind)
	}
}

// takenAway reports whether a partner had access once that the customer ended.
func (b *Books) takenAway(customer, partner string) bool {
	return b.noted(func(n Note) bool {
		return n.Organization == customer && n.Partner == partner && n.Kind == "access_taken"
	})
}
