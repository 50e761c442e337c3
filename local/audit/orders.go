package audit

import (
	"slices"
	"strings"
	"time"

	"dayone/shared/commerce"
)

// stamp is how an instant begins an entry of the due index.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// dueEntry: the due index holds what commerce says comes next. Only after a failed try may it be later.
func (r *report) dueEntry(o Order) {
	next := o.Next()
	if next.Deed == commerce.NoDeed {
		if o.Due != "" || o.DueAt != "" {
			r.say("order %s: nothing is owed, yet it is due as %s at %s", o.ID, o.Due, o.DueAt)
		}
		return
	}
	if !strings.HasPrefix(o.Due, strings.ToLower(next.Deed.Function())+"#") {
		r.say("order %s: %s is owed next, yet it is due as %q", o.ID, next.Deed, o.Due)
	}
	if want := stamp(next.At) + "#" + o.ID; o.DueAt != want && (o.Tries == 0 || o.DueAt < want) {
		r.say("order %s: %s is owed at %s, yet it is due at %s", o.ID, next.Deed, want, o.DueAt)
	}
}

// listed: the caller's list shows the order under its start date.
func (r *report) listed(o Order) {
	if o.List != "orders#"+o.Caller || o.Listed != o.Start.String()+"#"+o.ID {
		r.say("order %s: it is listed in %s as %s", o.ID, o.List, o.Listed)
	}
}

// seated: operators find the order at its desk, in its place there.
func (r *report) seated(o Order) {
	desk, at := o.Order.Desk()
	if !strings.HasPrefix(o.Desk, string(desk)+"#") || o.Desked != stamp(at)+"#"+o.ID {
		r.say("order %s: it belongs at %s since %s, and is at %s, %s", o.ID, desk, stamp(at), o.Desk, o.Desked)
	}
}

// legal are the steps from one status to another that the design allows.
var legal = map[commerce.Status][]commerce.Status{
	"":                    {commerce.Scheduled},
	commerce.Scheduled:    {commerce.Invited, commerce.Started, commerce.Mapped, commerce.Cancelled, commerce.Closed},
	commerce.Invited:      {commerce.Started, commerce.Mapped, commerce.Cancelled, commerce.Closed, commerce.Scheduled},
	commerce.Started:      {commerce.Mapped, commerce.Cancelled, commerce.Closed, commerce.Scheduled},
	commerce.Mapped:       {commerce.Provisioning},
	commerce.Provisioning: {commerce.Active, commerce.Failed},
	commerce.Failed:       {commerce.Provisioning},
	commerce.Active:       {commerce.Suspended, commerce.Ended},
	commerce.Suspended:    {commerce.Active, commerce.Ended},
	commerce.Closed:       {commerce.Scheduled, commerce.Cancelled},
}

// timeline: the order's history leads from placed to where it stands, by legal steps and without a gap.
func (r *report) timeline(o Order) {
	at := commerce.Scheduled
	if len(o.Events) == 0 || o.Events[0].Kind != "placed" {
		r.say("order %s: its timeline does not begin with its placing", o.ID)
	}
	for _, e := range o.Events {
		for _, c := range e.Changes {
			if c.Field != "status" || strings.HasPrefix(e.Kind, "line_") {
				continue
			}
			from, to := commerce.Status(c.Before), commerce.Status(c.After)
			if from != at || !slices.Contains(legal[from], to) {
				r.say("order %s: %s goes from %s to %s, and it was %s", o.ID, e.Kind, from, to, at)
			}
			at = to
		}
	}
	if at != o.Status {
		r.say("order %s: it is %s, its timeline ends with %s", o.ID, o.Status, at)
	}
}

// isMapped reports whether an order is past the point of no return.
func isMapped(s commerce.Status) bool {
	return slices.Contains([]commerce.Status{commerce.Mapped, commerce.Provisioning, commerce.Failed}, s) || isBilled(s)
}

// mapping: a mapped order has both organizations, and its link is used; no other order has any of it.
func (r *report) mapping(o Order) {
	m := o.Mapping
	if !isMapped(o.Status) {
		if m != (commerce.Mapping{}) {
			r.say("order %s: it is %s and has a mapping", o.ID, o.Status)
		}
		return
	}
	for id, kind := range map[string]string{m.Partner: "partner", m.Customer: "customer"} {
		if org, ok := r.Organizations[id]; !ok || org.Kind != kind {
			r.say("order %s: its %s organization %s is %+v", o.ID, kind, id, org)
		}
	}
	if link := r.Grants[m.Link]; link.UsedAt == 0 || link.Order != o.ID {
		r.say("order %s: the link that mapped it is %+v", o.ID, link)
	}
	if m.Password != "" {
		if g, ok := r.Grants[m.Password]; !ok || g.Member != string(m.PasswordFor) {
			r.say("order %s: its password link for %s is %+v", o.ID, m.PasswordFor, g)
		}
	}
	if m.PartnerAccess == commerce.AccessGranted && !slices.ContainsFunc(r.Relations, func(rel Relation) bool {
		return rel.Customer == m.Customer && rel.Partner == m.Partner && rel.Access == "granted"
	}) && !r.takenAway(m.Customer, m.Partner) {
		r.say("order %s: the partner's access is granted by the order alone", o.ID)
	}
}

// events counts the events of a kind.
func (o Order) events(kind string) int {
	n := 0
	for _, e := range o.Events {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// letters: everything that happened and makes letters necessary queued exactly those.
func (r *report) letters(o Order) {
	queued := map[string]int{}
	for _, l := range r.Letters {
		if l.Order == o.ID && l.QueuedAt != 0 {
			queued[l.Kind]++
		}
	}
	renewed, recontacted := 0, 0
	for _, e := range o.Events {
		if e.Kind == "reopened" && strings.HasPrefix(e.Actor, "contact:") {
			renewed++
		}
		if e.Kind == "amended" && slices.ContainsFunc(e.Changes, func(c commerce.Change) bool { return c.Field == "provisioning_contact.email" }) {
			recontacted++
		}
	}
	exact := func(kind string, want int) {
		if queued[kind] != want {
			r.say("order %s: %d letters %s were queued, not %d", o.ID, queued[kind], kind, want)
		}
	}
	exact("closed", o.events("closed")-renewed) // who asks for a new link needs no letter about the old one
	exact("order_set_up", o.events("mapped"))
	exact("active", o.events("activated"))
	exact("provisioning_failed", o.events("provisioning_failed"))
	exact("rep_provisioning_failed", o.events("provisioning_failed"))
	exact("rep_stuck", o.events("needs_person"))
	exact("rep_change_refused", o.events("change_refused"))
	exact("rep_unrecognised", o.events("unrecognised"))
	welcome := 0
	for email, m := range r.Members {
		if m.Order == o.ID && email != o.Mapping.By {
			welcome++
		}
	}
	for _, n := range r.Notes {
		if n.Kind == "removed" && n.Order == o.ID && n.Who != string(o.Mapping.By) {
			welcome++
		}
	}
	exact("welcome", welcome)
	if failed := o.events("letter_refused") + o.events("letter_bounced"); queued["rep_bounced"] > failed {
		r.say("order %s: %d letters tell of %d that came back", o.ID, queued["rep_bounced"], failed)
	}
	if queued["replaced"] > recontacted {
		r.say("order %s: %d letters tell of a replaced link, after %d changes of the contact", o.ID, queued["replaced"], recontacted)
	}
	if queued["carry_on"]+queued["consent"] > 0 && o.events("mapped") == 0 {
		r.say("order %s: letters to administrators before it was mapped", o.ID)
	}
}

// queue: a letter waits, or was sent or refused, and its order is there.
func (r *report) queue() {
	for id, l := range r.Letters {
		if l.QueuedAt == 0 {
			if _, ok := r.Orders[l.Order]; !ok || id != l.Message || l.Due != "" {
				r.say("letter %s: the record of %s for %s, due %q", id, l.Message, l.Order, l.Due)
			}
			continue
		}
		if waits, over := l.Due != "" && l.DueAt != "", l.SentAt != 0 || l.RefusedAt != 0; waits == over || (l.Due == "") != (l.DueAt == "") {
			r.say("letter %s: due %q at %q, sent %d, refused %d", id, l.Due, l.DueAt, l.SentAt, l.RefusedAt)
		}
		if _, ok := r.Orders[l.Order]; !ok && l.Order != "" {
			r.say("letter %s: there is no order %s", id, l.Order)
		}
		if l.Order == "" {
			r.withoutOrder(id, l)
		}
	}
}

// guards: a key and a reference stand for an order of their caller, and every order has its reference.
func (r *report) guards() {
	for name, guards := range map[string]map[string]string{"idempotency key": r.Keys, "reference": r.References} {
		for key, id := range guards {
			o, ok := r.Orders[id]
			if caller, _, _ := strings.Cut(key, "#"); !ok || o.Caller != caller {
				r.say("%s %s: it stands for %s, which is not its caller's", name, key, id)
			}
		}
	}
	for id, o := range r.Orders {
		if r.References[o.Caller+"#"+o.ExternalRef] != id {
			r.say("order %s: its reference %s stands for %q", id, o.ExternalRef, r.References[o.Caller+"#"+o.ExternalRef])
		}
	}
	for id := range r.Charges {
		if _, ok := r.Orders[id]; !ok {
			r.say("charges of %s: there is no such order", id)
		}
	}
}
