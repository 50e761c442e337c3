package commerce

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Fact is something that an order shows to who placed it: the dotted path of its place in GET /orders/{order}, where a
// number is a place in a list from 0, and its value as text. What is not there has no fact.
type Fact struct {
	Field, Value string
}

// FactKind says what a fact's text stands for.
type FactKind int

const (
	FactText FactKind = iota // instants and dates too, as RFC 3339 writes them
	FactNumber
	FactTruth // "true" or "false"
)

// shown is one fact of an order or a line, by its field.
type shown[T any] struct {
	field string
	kind  FactKind
	of    func(*T) string
}

// orderShows is everything that an order shows but its lines, its version, and what it waits for, which follows from the
// rest and the time.
var orderShows = []shown[Order]{
	{"id", FactText, func(o *Order) string { return o.ID }},
	{"status", FactText, func(o *Order) string { return string(o.Status) }},
	{"external_ref", FactText, func(o *Order) string { return o.ExternalRef }},
	{"family", FactText, func(o *Order) string { return o.Family }},
	{"partner.name", FactText, func(o *Order) string { return o.Partner.Name }},
	{"partner.country", FactText, func(o *Order) string { return o.Partner.Country }},
	{"customer.name", FactText, func(o *Order) string { return o.Customer.Name }},
	{"customer.country", FactText, func(o *Order) string { return o.Customer.Country }},
	{"requested_start_date", FactText, func(o *Order) string { return o.Start.String() }},
	{"time_zone", FactText, func(o *Order) string { return o.Zone }},
	{"locale", FactText, func(o *Order) string { return o.Locale }},
	{"provisioning_contact.email", FactText, func(o *Order) string { return string(o.Contact) }},
	{"provisioning_contact.alias", FactTruth, func(o *Order) string { return fmt.Sprint(o.ContactAlias) }},
	{"account_representative.name", FactText, func(o *Order) string { return o.Representative.Name }},
	{"account_representative.email", FactText, func(o *Order) string { return string(o.Representative.Email) }},
	{"purchase_order", FactText, func(o *Order) string { return o.PurchaseOrder }},
	{"mapping.partner_organization", FactText, func(o *Order) string { return o.Mapping.Partner }},
	{"mapping.customer_organization", FactText, func(o *Order) string { return o.Mapping.Customer }},
	{"mapping.partner_access", FactText, func(o *Order) string { return string(o.Mapping.PartnerAccess) }},
	{"placed_at", FactText, func(o *Order) string { return instantText(o.PlacedAt) }},
	{"invite_at", FactText, func(o *Order) string { return instantText(o.InviteAt) }},
	{"invited_at", FactText, func(o *Order) string { return instantText(o.WindowFrom) }},
	{"escalated_at", FactText, func(o *Order) string { return instantText(o.EscalatedAt) }},
	{"started_at", FactText, func(o *Order) string { return instantText(o.StartedAt) }},
	{"closes_at", FactText, func(o *Order) string { return instantText(o.ClosesAt()) }},
	{"mapped_at", FactText, func(o *Order) string { return instantText(o.Mapping.At) }},
	{"billing_started_at", FactText, func(o *Order) string { return instantText(o.BilledAt) }},
	{"hold.since", FactText, func(o *Order) string { return instantText(o.Hold.Since) }},
	{"hold.reason", FactText, func(o *Order) string { return o.Hold.Reason }},
	{"change.kind", FactText, func(o *Order) string { return string(o.InFlight.Kind) }},
	{"change.requested_at", FactText, func(o *Order) string { return instantText(o.InFlight.Since) }},
	{"change.reason", FactText, func(o *Order) string { return o.InFlight.Reason }},
	{"change_refused.kind", FactText, func(o *Order) string { return string(o.Refusal.Kind) }},
	{"change_refused.reason", FactText, func(o *Order) string { return o.Refusal.Reason }},
	{"change_refused.at", FactText, func(o *Order) string { return instantText(o.Refusal.At) }},
	{"stuck_since", FactText, func(o *Order) string { return instantText(o.StuckSince()) }},
}

// orderLine is a line with its order, which knows the service.
type orderLine struct {
	Order
	Line
}

// lineShows is everything that a line shows.
var lineShows = []shown[orderLine]{
	{"id", FactText, func(l *orderLine) string { return l.Line.ID }},
	{"subscription_id", FactText, func(l *orderLine) string { return l.Subscription }},
	{"sku", FactText, func(l *orderLine) string { return l.SKU }},
	{"quantity", FactNumber, func(l *orderLine) string { return strconv.Itoa(l.Quantity) }},
	{"term_months", FactNumber, func(l *orderLine) string { return strconv.Itoa(l.TermMonths) }},
	{"billing", FactText, func(l *orderLine) string { return string(l.Billing) }},
	{"unit_price", FactNumber, func(l *orderLine) string { return strconv.FormatInt(l.UnitPrice, 10) }},
	{"currency", FactText, func(l *orderLine) string { return l.Currency }},
	{"service", FactText, func(l *orderLine) string { return string(l.ServiceOf(l.Line)) }},
	{"status", FactText, func(l *orderLine) string { return string(l.Line.Status) }},
	{"auto_renew", FactTruth, func(l *orderLine) string { return fmt.Sprint(l.AutoRenew) }},
	{"reason", FactText, func(l *orderLine) string { return l.Failure() }},
	{"requested_quantity", FactNumber, func(l *orderLine) string { return numberText(l.Requested(l.Line)) }},
	{"term_end", FactText, func(l *orderLine) string { return dateText(l.TermEnd(l.Line)) }},
}

// Failure is why the line failed, "" where it did not. A reason to wait, which comes and goes with every try, is no
// failure.
func (l Line) Failure() string {
	if l.Status != LineFailed {
		return ""
	}
	return l.Reason
}

// instantText is an instant as the order shows it, "" for none. Instants are kept to the millisecond.
func instantText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Truncate(time.Millisecond).Format(time.RFC3339Nano)
}

// numberText is a number that the order shows unless it is 0.
func numberText(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// dateText is a day that the order shows unless there is none.
func dateText(d Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

// Facts are all that the order shows as it stands, in the order in which it shows them.
func (o Order) Facts() []Fact {
	var all []Fact
	for _, s := range orderShows {
		if value := s.of(&o); value != "" {
			all = append(all, Fact{s.field, value})
		}
	}
	line := orderLine{Order: o}
	for i, l := range o.Lines {
		line.Line = l
		for _, s := range lineShows {
			if value := s.of(&line); value != "" {
				all = append(all, Fact{lineField(i, s.field), value})
			}
		}
	}
	return all
}

func lineField(i int, field string) string { return "lines." + strconv.Itoa(i) + "." + field }

// FactNamed answers what kind of fact a field of the timeline is, and false for a remark, such as whom a letter went to,
// which has no place in the order.
func FactNamed(field string) (FactKind, bool) {
	if rest, of := strings.CutPrefix(field, "lines."); of {
		_, name, _ := strings.Cut(rest, ".")
		return kindIn(lineShows, name)
	}
	return kindIn(orderShows, field)
}

func kindIn[T any](all []shown[T], field string) (FactKind, bool) {
	i := slices.IndexFunc(all, func(s shown[T]) bool { return s.field == field })
	if i < 0 {
		return FactText, false
	}
	return all[i].kind, true
}

// told is what a reader of events knows of an order: the value of each fact.
type told map[string]string

func toldBy(facts []Fact) told {
	t := told{}
	for _, f := range facts {
		t[f.Field] = f.Value
	}
	return t
}

func (t told) set(field, value string) {
	if value == "" {
		delete(t, field)
		return
	}
	t[field] = value
}

// missing lists what a reader would have to be told to know the facts, each field once.
func (t told) missing(facts []Fact) []Change {
	var all []Change
	now := toldBy(facts)
	for _, f := range facts {
		if t[f.Field] != f.Value {
			all = append(all, Change{f.Field, t[f.Field], f.Value})
		}
	}
	for _, field := range t.fields() {
		if now[field] == "" {
			all = append(all, Change{field, t[field], ""})
		}
	}
	return all
}

// fields are the fields that t knows, in the order in which an order shows them.
func (t told) fields() []string {
	var all []string
	for _, s := range orderShows {
		if t[s.field] != "" {
			all = append(all, s.field)
		}
	}
	for i := 0; t[lineField(i, "id")] != ""; i++ {
		for _, s := range lineShows {
			if field := lineField(i, s.field); t[field] != "" {
				all = append(all, field)
			}
		}
	}
	return all
}

// Explain is the order as it may be stored in place of before: its new events name every difference of what the two
// show, so that whoever reads the events alone knows the order. What no new event names goes into the last of them or,
// where there is none, into one of its own. Explaining again adds nothing.
//
// The store does this with every order it writes. Who goes on with an order that was just written has to as well: the
// next write holds all its events.
func (o Order) Explain(before Order) Order {
	known := toldBy(before.Facts())
	first := min(len(before.Events), len(o.Events))
	o.Events = slices.Clone(o.Events)
	for i := range o.Events[first:] {
		e := &o.Events[first+i]
		e.Changes = known.hear(e.Changes)
	}
	missing := known.missing(o.Facts())
	if len(missing) == 0 {
		return o
	}
	if first == len(o.Events) {
		o.note(o.latest(), "changed", theClock, "", missing...)
		return o
	}
	last := &o.Events[len(o.Events)-1]
	for _, m := range missing {
		if i := slices.IndexFunc(last.Changes, func(c Change) bool { return c.Field == m.Field }); i >= 0 {
			last.Changes[i].After = m.After
		} else {
			last.Changes = append(last.Changes, m)
		}
	}
	return o
}

// hear takes the changes of an event into t and answers them as they follow upon what t knew: with that before each of
// them, and without those that change nothing.
func (t told) hear(changes []Change) []Change {
	var heard []Change
	for _, c := range changes {
		if _, fact := FactNamed(c.Field); fact {
			if c.Before = t[c.Field]; c.Before == c.After {
				continue
			}
			t.set(c.Field, c.After)
		}
		heard = append(heard, c)
	}
	return heard
}

// latest is when something last happened to the order.
func (o Order) latest() time.Time {
	if len(o.Events) == 0 {
		return o.PlacedAt
	}
	return o.Events[len(o.Events)-1].At
}

// Timeline is everything that happened to the order, for its readers: the first event tells also what the order showed
// when it was placed. That is not kept, since it follows from what the order shows now and from what later events say
// was before them.
func (o Order) Timeline() []Event {
	if len(o.Events) == 0 {
		return nil
	}
	at := toldBy(o.Facts())
	for _, e := range slices.Backward(o.Events) {
		for _, c := range slices.Backward(e.Changes) {
			if _, fact := FactNamed(c.Field); fact {
				at.set(c.Field, c.Before)
			}
		}
	}
	all := slices.Clone(o.Events)
	first := &all[0]
	first.Changes = slices.Clone(first.Changes)
	for _, field := range at.fields() {
		first.Changes = append(first.Changes, Change{field, "", at[field]})
	}
	return all
}
