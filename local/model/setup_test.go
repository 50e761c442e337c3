package model_test

import (
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"dayone/local/client"
)

// opened draws an order that somebody has a link of, and one of its links: mostly the newest. None where there is none.
func (w *world) opened(t *rapid.T) (*order, mailed) {
	o := w.pick(t, func(o *order) bool { return len(o.links) > 0 })
	if o == nil {
		return nil, mailed{}
	}
	back := max(0, rapid.IntRange(-4, len(o.links)-1).Draw(t, "links back"))
	return o, o.links[len(o.links)-1-back]
}

// gone is the answer to a step over a link that opens nothing; "" where it does.
func (o *order) gone(l mailed, now time.Time) string {
	if code := o.refused(l, now); code != "" {
		return "410 " + code
	}
	return ""
}

func or(first, otherwise string) string {
	if first != "" {
		return first
	}
	return otherwise
}

// scan is a mail scanner: it opens the link and presses the first button.
func (w *world) scan(t *rapid.T) {
	o, link := w.opened(t)
	if o == nil {
		return
	}
	w.ask(t, "GET", "/setup", "", nil, "200", "Accept", "text/html")
	for range 3 {
		w.ask(t, "POST", "/setup/start", link.secret, client.Object{}, or(o.gone(link, w.Now()), "200"))
	}
}

// role is somebody who says on which side they stand.
func (w *world) role(t *rapid.T) {
	o, link := w.opened(t)
	if o == nil {
		return
	}
	w.sayRole(t, o, link, rapid.SampledFrom([]string{"partner", "customer"}).Draw(t, "role"))
}

func (w *world) sayRole(t *rapid.T, o *order, link mailed, role string) {
	want := or(o.gone(link, w.Now()), "200")
	if want == "200" && o.handover && role == "partner" {
		want = "400 invalid"
	}
	w.insist(t, "Setup", "POST", "/setup/role", link.secret, client.Object{"role": role}, want)
	if want == "200" {
		w.begin(o)
	}
}

// begin is the first valid answer, at whichever step.
func (w *world) begin(o *order) {
	if o.started {
		return
	}
	o.started, o.status = true, "started"
	if o.bounced == o.link { // one address behind the contact bounced, and another had the link after all
		o.bounced, o.window, o.noticed, o.reminded = 0, w.Now(), false, 0
	}
}

// delegate passes the link on, and sometimes does so twice.
func (w *world) delegate(t *rapid.T) {
	o, link := w.opened(t)
	if o == nil {
		return
	}
	w.delegateOver(t, o, link)
}

func (w *world) delegateOver(t *rapid.T, o *order, link mailed) {
	to := rapid.SampledFrom(contacts).Draw(t, "to")
	toCustomer := rapid.Bool().Draw(t, "to the customer")
	body := client.Object{"role": "partner", "set_up_by": "colleague", "delegate_email": to}
	if toCustomer {
		body["set_up_by"] = "customer"
	}
	for range rapid.IntRange(1, 2).Draw(t, "times") {
		again := o.passedOn == link.secret && o.contact == to && (!toCustomer || o.handover)
		want := or(o.gone(link, w.Now()), "200")
		switch {
		case again:
			want = "200"
		case want != "200":
		case o.handover, to == o.contact:
			want = "400 invalid"
		case o.delegations == 5:
			want = "409 too_many_delegations"
		}
		w.insist(t, "Setup", "POST", "/setup/delegate", link.secret, body, want)
		if want != "200" || again {
			continue
		}
		w.begin(o)
		kind := "delegated"
		if toCustomer {
			kind, o.handover = "handed_over", true
		}
		o.relink(kind, w.Now())
		o.delegations++
		o.delegatedBy, o.passedOn, o.contact = o.contact, link.secret, to
	}
}

// offers are the organizations of a kind that an address is offered: its own first.
func (w *world) offers(kind, email string) (all []*organization) {
	own := w.members[email]
	if own != nil && own.kind == kind {
		all = append(all, own)
	}
	for _, org := range w.all {
		if org.kind == kind && org != own && org.domain == domain(email) {
			all = append(all, org)
		}
	}
	if kind == "customer" && own != nil {
		all = slices.DeleteFunc(all, func(org *organization) bool { return org != own })
	}
	return all
}

func domain(email string) string { return email[strings.IndexByte(email, '@')+1:] }

// unrecognise is a contact who does not know the organization that is offered.
func (w *world) unrecognise(t *rapid.T) {
	o, link := w.opened(t)
	if o == nil {
		return
	}
	w.unrecogniseOver(t, o, link)
}

func (w *world) unrecogniseOver(t *rapid.T, o *order, link mailed) {
	want := or(o.gone(link, w.Now()), "200")
	if want == "200" && (o.handover || len(w.offers("partner", o.contact)) == 0) {
		want = "400 invalid"
	}
	w.insist(t, "Setup", "POST", "/setup/partner-organization", link.secret, client.PartnerSetsUp().With(client.Object{"unrecognised": true}), want)
	if want == "200" {
		w.begin(o)
	}
	if want == "200" && o.told != o.link {
		o.told = o.link
		w.wait(o.is("rep_unrecognised", representative))
	}
}

var administrators = []string{"it@alpine.example", "boss@alpine.example", "it@mlin.example", "ana@nordlicht.example"}

// offered fails the check unless the answer offers these organizations, and answers one that is drawn, or none for a new
// one.
func (w *world) offered(t *rapid.T, a client.Answer, want []*organization, mayBeNew bool) *organization {
	t.Helper()
	var got []string
	for _, offer := range a.List("offers") {
		got = append(got, offer["id"].(string))
	}
	var ids []string
	for _, org := range want {
		ids = append(ids, org.id)
	}
	slices.Sort(got)
	slices.Sort(ids)
	if !slices.Equal(got, ids) {
		t.Fatalf("offered %v, not %v", got, ids)
	}
	low := 0
	if mayBeNew {
		low = -1
	}
	if i := rapid.IntRange(low, len(want)-1).Draw(t, "offer"); i >= 0 {
		return want[i]
	}
	return nil
}

// complete walks the wizard to its end.
func (w *world) complete(t *rapid.T) {
	o, link := w.opened(t)
	if o == nil {
		return
	}
	w.completeOver(t, o, link)
}

func (w *world) completeOver(t *rapid.T, o *order, link mailed) {
	ask := func(step string, body client.Object, want string) (client.Answer, bool) {
		t.Helper()
		want = or(o.gone(link, w.Now()), want)
		a := w.ask(t, "POST", "/setup/"+step, link.secret, body, want)
		if want == "200" {
			w.begin(o)
		}
		return a, want == "200"
	}
	answers := client.Object{"role": "customer"}
	if !o.handover {
		answers["role"] = rapid.SampledFrom([]string{"partner", "partner", "customer"}).Draw(t, "role")
	}
	if rapid.Bool().Draw(t, "step by step") { // nothing makes the first step necessary for the last
		w.sayRole(t, o, link, answers["role"].(string))
	}
	if o.gone(link, w.Now()) != "" {
		ask("role", answers, "")
		return
	}

	var partner, customer *organization
	var newPartner, newCustomer *organization
	if answers["role"] == "partner" {
		answers["set_up_by"] = "me"
		a, _ := ask("who", answers, "200")
		if partner = w.offered(t, a, w.offers("partner", o.contact), true); partner != nil {
			answers["partner_organization"] = partner.id
		} else {
			admin := rapid.SampledFrom([]string{o.contact, "admin@" + domain(o.contact)}).Draw(t, "partner's administrator")
			answers = answers.With(client.NewPartner(admin))
			if w.members[admin] != nil {
				ask("partner-organization", answers, "409 address_taken")
				return
			}
			newPartner = &organization{kind: "partner", domain: domain(o.contact), people: []string{admin}}
		}
	} else if partner = w.partnerOf(o); partner == nil {
		newPartner = &organization{kind: "partner", unclaimed: true}
	}

	admin := rapid.SampledFrom(administrators).Draw(t, "customer's administrator")
	answers["customer_admin_email"] = admin
	member := w.members[admin]
	want := "200"
	switch {
	case newPartner != nil && slices.Contains(newPartner.people, admin):
		want = "400 invalid"
	case member != nil && member.kind == "partner":
		want = "409 address_taken"
	}
	a, ok := ask("customer-admin", answers, want)
	if !ok {
		return
	}
	if customer = w.offered(t, a, w.offers("customer", admin), member == nil); customer != nil {
		answers["customer_organization"] = customer.id
	} else {
		answers = answers.With(client.NewCustomer(admin))
		newCustomer = &organization{kind: "customer", domain: domain(admin), people: []string{admin}}
	}

	access := "asked"
	switch {
	case answers["role"] == "customer" || o.handover:
		access = "none"
	case newCustomer != nil || partner != nil && w.access[[2]*organization{partner, customer}] == "granted":
		access = "granted"
	}
	review, _ := ask("review", answers, "200")
	if got := review.Text("review", "partner_access"); got != access {
		t.Fatalf("the review says access %s, not %s", got, access)
	}
	answers["review_digest"] = review.Text("review_digest")
	if rapid.IntRange(0, 9).Draw(t, "give up at the review") == 0 {
		return
	}
	done := w.insist(t, "Setup", "POST", "/setup/complete", link.secret, answers, "200")
	o.mapped, o.over, o.said, o.by, o.access, o.status, o.owed = w.Now(), link.secret, answers, o.contact, access, "mapped", time.Time{}
	shown := w.ask(t, "GET", "/orders/"+o.id, "", nil, "200")
	o.partner, o.customer = partner, customer
	w.found(newPartner, &o.partner, shown.Text("mapping", "partner_organization"))
	w.found(newCustomer, &o.customer, shown.Text("mapping", "customer_organization"))
	switch {
	case answers["role"] == "partner" && newPartner != nil:
		o.chooser = newPartner.people[0]
	case answers["role"] == "customer" && newCustomer != nil:
		o.chooser = admin
	}
	w.answered(t, o, done)
	w.tell(o, newPartner, newCustomer, admin)
	if pair := [2]*organization{o.partner, o.customer}; access != "none" {
		if w.access[pair] != access {
			delete(w.given, pair)
		}
		w.access[pair] = access
	}
}

// found adds an organization that was made.
func (w *world) found(made *organization, at **organization, id string) {
	if made == nil {
		return
	}
	made.id = id
	w.all = append(w.all, made)
	for _, email := range made.people {
		w.members[email] = made
	}
	*at = made
}

// partnerOf is the partner organization of an order that its customer sets up, or none: that of who handed it over, or
// the one that stands for this partner of the caller's.
func (w *world) partnerOf(o *order) *organization {
	if o.handover {
		all := w.offers("partner", o.delegatedBy)
		if len(all) == 1 || len(all) > 1 && w.members[o.delegatedBy] == all[0] {
			return all[0]
		}
	}
	for _, org := range w.all {
		if org.unclaimed {
			return org
		}
	}
	return nil
}

// answered takes the password link of an answer, which replaces the one before it.
func (w *world) answered(t *rapid.T, o *order, done client.Answer) {
	t.Helper()
	token := done.Text("password_token")
	if (token != "") != (o.chooser != "") || (done.Text("next") == "password") != (token != "") {
		t.Fatalf("completing answers %s, and %q is to choose a password", done.Body, o.chooser)
	}
	if token == "" {
		return
	}
	for _, l := range w.pwLinks {
		l.gone = l.gone || l.secret == o.password
	}
	o.password = token
	w.pwLinks = append(w.pwLinks, &passwordLink{secret: token, email: o.chooser, issued: w.Now()})
}

// tell queues the letters that a mapping makes necessary.
func (w *world) tell(o *order, newPartner, newCustomer *organization, admin string) {
	w.wait(o.is("order_set_up", o.contact))
	for _, org := range []*organization{newPartner, newCustomer} {
		if org == nil {
			continue
		}
		for _, email := range org.people {
			if email != o.contact {
				w.wait(o.is("welcome", email))
			}
		}
	}
	if newCustomer == nil {
		for _, email := range o.customer.people {
			switch {
			case o.access == "asked":
				w.wait(o.is("consent", email))
			case email != o.contact:
				w.wait(o.is("carry_on", email))
			}
		}
	}
	if o.said["role"] == "partner" && newPartner == nil && w.members[o.contact] != o.partner {
		for _, email := range o.partner.people {
			w.wait(o.is("carry_on", email))
		}
	}
}

// repeat completes an order once more over a link: with what was said, or with something else.
func (w *world) repeat(t *rapid.T) {
	o := w.pick(t, func(o *order) bool { return o.isMapped() })
	if o == nil {
		return
	}
	want := "410 link_used"
	said := o.said
	switch {
	case rapid.Bool().Draw(t, "changed"):
		said = said.With(client.Object{"customer_admin_email": "else@alpine.example"})
	case w.Now().Sub(o.mapped) <= 15*time.Minute:
		want = "200"
	}
	if done := w.ask(t, "POST", "/setup/complete", o.over, said, want); want == "200" {
		w.answered(t, o, done)
	}
}
