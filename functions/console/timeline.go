package console

import (
	"slices"
	"strconv"
	"strings"

	"dayone/shared/commerce"
)

// entry is an event as the timeline shows it.
type entry struct {
	When, Text, By, Reason, Message string
	Hot                             bool
	Changes                         []changed // what people asked for, in their words
	All                             []commerce.Change
}

// changed is a field before and after, in words.
type changed struct{ Field, Before, After string }

// hot are the events that a person should see first.
var hot = []string{"letter_refused", "letter_bounced", "letter_complained", "uninvited", "escalated", "escalation_refused", "unrecognised", "closed", "line_failed",
	"provisioning_failed", "needs_person", "change_refused"}

// timelinePage is how many entries a page of the whole timeline has.
const timelinePage = 15

// timelineData is what a page of the whole timeline shows.
type timelineData struct {
	Lead           string
	Events         []entry
	Earlier, Later string // the addresses of the pages beside this one
}

// until is the address of the page of the timeline that ends with this many entries.
func (v visit) until(o commerce.Order, n int) string {
	return v.address(o) + "?until=" + strconv.Itoa(n)
}

// timeline is a page of the whole timeline, with every detail.
func (v visit) timeline(o commerce.Order, until string) error {
	to, err := strconv.Atoi(until)
	if err != nil || to < 1 {
		return commerce.Invalid("until", "out_of_range", "The timeline begins with its first entry.")
	}
	to = min(to, len(o.Events))
	from := max(0, to-timelinePage)
	data := timelineData{Lead: o.ID}
	if from > 0 {
		data.Earlier = v.until(o, from)
	}
	if to < len(o.Events) {
		data.Later = v.until(o, min(len(o.Events), to+timelinePage))
	}
	for _, e := range o.Events[from:to] {
		data.Events = append(data.Events, v.entry(o, e))
	}
	p := v.wide("desk-timeline", "")
	p.Title, p.Back, p.Data = v.lang.T("pages.desk_order.timeline"), v.address(o), data
	return v.show(v.w, p)
}

// entry tells an event in the language of the page.
func (v visit) entry(o commerce.Order, e commerce.Event) entry {
	said := entry{When: v.when(o, e.At), By: v.by(e.Actor), Reason: e.Reason, Hot: slices.Contains(hot, e.Kind)}
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
