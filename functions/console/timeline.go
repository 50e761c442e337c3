package console

import (
	"slices"
	"strings"
	"time"

	"dayone/shared/commerce"
)

// entry is an event as the timeline shows it.
type entry struct {
	ISO, When, Text, By, Reason, Message string
	Hot                                  bool
	Changes                              []changed // what people asked for, in their words
	All                                  []commerce.Change
	Details                              string // what All is called
}

// changed is a field before and after, in words.
type changed struct{ Field, Before, After string }

// hot are the events that a person should see first.
var hot = []string{"letter_refused", "letter_bounced", "letter_complained", "uninvited", "escalated", "unrecognised", "closed", "line_failed",
	"provisioning_failed", "needs_person", "change_refused"}

// entry tells an event in the language of the page.
func (v visit) entry(o commerce.Order, e commerce.Event) entry {
	said := entry{ISO: e.At.UTC().Format(time.RFC3339), When: v.when(o, e.At), By: v.by(e.Actor), Reason: e.Reason, Hot: slices.Contains(hot, e.Kind)}
	args := []any{"to", "", "line", "", "kind", ""}
	for _, c := range e.Changes {
		switch {
		case c.Field == "message":
			said.Message = short(c.After)
		case c.Field == "to", strings.HasPrefix(c.Field, "provisioning_contact") && strings.Contains(c.After, "@"):
			args[1] = c.After
		case c.Field == "line":
			args[3] = v.lineCalled(o, c.After)
		case c.Field == "change.kind", c.Field == "change_refused.kind":
			args[5] = v.serviceKind(c)
		}
		if c.Before != c.After {
			said.All = append(said.All, c)
		}
		if words, told := v.fact(c.Field); told && (e.Kind == "amended" || e.Kind == "changed" || e.Kind == "rescheduled") {
			said.Changes = append(said.Changes, changed{words, c.Before, c.After})
		}
	}
	said.Details = v.lang.N("pages.desk_order.details", len(said.All))
	said.Text = v.lang.T("words.event."+e.Kind, args...)
	if !v.lang.Has("words.event." + e.Kind) {
		said.Text = e.Kind // an entry of a newer version is better told raw than not at all
	}
	return said
}

// short is the beginning of the mail service's id of a letter, by which people tell it from others.
func short(message string) string {
	if len(message) <= 12 {
		return message
	}
	return message[:12] + "…"
}

// fact is what a field that people change is called.
func (v visit) fact(field string) (string, bool) {
	key := "words.fact." + strings.ReplaceAll(field, ".", "_")
	return v.lang.T(key), v.lang.Has(key)
}

// lineCalled is what a line is called by its number.
func (v visit) lineCalled(o commerce.Order, id string) string {
	for _, l := range o.Lines {
		if l.ID == id {
			return v.lang.T("words.sku." + strings.TrimPrefix(l.SKU, o.Family+"-"))
		}
	}
	return id
}

// serviceKind is what a change of running services is called.
func (v visit) serviceKind(c commerce.Change) string {
	kind := c.After
	if kind == "" {
		kind = c.Before
	}
	return v.lang.T("words.service_change." + kind)
}

// by is who did something; "" for the clock, which nobody asked.
func (v visit) by(actor string) string {
	kind, name, _ := strings.Cut(actor, ":")
	switch kind {
	case "operator", "member", "contact":
		return v.lang.T("words.actor."+kind, "name", name)
	case "caller":
		return v.lang.T("words.actor.caller")
	}
	return ""
}
