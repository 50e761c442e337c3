package console

import (
	"strconv"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/pages"
)

// shownEvents is how many entries of a timeline stand beside the order, the latest of them.
const shownEvents = 6

// orderData is what the page of one order shows.
type orderData struct {
	Done    string // what was just done, in words
	Lead    string
	Tags    []tag
	Needs   []need
	Held    string
	Waits   string
	Summary []pages.Row
	Lines   []lineRow
	Actions []button
	Refused []button
	Events  []entry
	Whole   string // the address of the whole timeline

	Charges    []chargeRow
	More       string // the address of all charges, where only some are shown
	Deliveries *deliveries
}

// need is why the order needs a person.
type need struct{ Text, Age string }

// lineRow is a line of the order.
type lineRow struct {
	Name, Subscription, Terms, Reason string
	Tag                               tag
}

// showOrder is one order: what it needs, what can be done, what happened.
func (v visit) showOrder() error {
	q, err := api.ReadQuery(v.r, "lang", "done", "until", "charges")
	if err != nil {
		return err
	}
	o, err := v.store.Order(v.r.Context(), v.r.PathValue("order"))
	if err != nil {
		return err
	}
	if q["until"] != "" {
		return v.timeline(o, q["until"])
	}
	desk, _ := o.Desk()
	data := orderData{Lead: o.Terms.Customer.Name + " · " + o.Terms.Partner.Name, Tags: v.tags(o, true), Waits: v.waits(o, desk), Summary: v.summary(o)}
	if _, ok := actionNamed(q["done"]); ok || q["done"] == redeliverName || q["done"] == placeName {
		data.Done = v.lang.T("pages.desk_action." + q["done"] + ".done")
	}
	for _, n := range o.NeedsPerson() {
		data.Needs = append(data.Needs, need{v.reason(o, n), v.lang.T("pages.desk_order.since", "age", v.age(n.Since))})
	}
	if o.Held() {
		data.Waits = ""
		data.Held = v.lang.T("pages.desk_order.held", "date", v.when(o, o.Hold.Since), "reason", o.Hold.Reason)
	}
	for _, l := range o.Lines {
		words, colour := pages.Tag(v.lang, "line", string(l.Status))
		data.Lines = append(data.Lines, lineRow{pages.LineName(v.lang, o, l), l.Subscription,
			v.lang.N("words.months", l.TermMonths) + ", " + v.lang.Money(l.UnitPrice, l.Currency) + " " + v.lang.T("words.every."+string(l.Billing)),
			l.Reason, tag{words, colour}})
	}
	data.Actions, data.Refused = v.buttons(o)
	data.Whole = v.until(o, len(o.Events))
	for _, e := range o.Events[max(0, len(o.Events)-shownEvents):] {
		data.Events = append(data.Events, v.entry(o, e))
	}
	if err := v.beside(&data, o, q["charges"]); err != nil {
		return err
	}
	p := v.wide("desk-order", "")
	p.Title, p.Back, p.Data = o.ID, "/console", data
	return v.show(v.w, p)
}

// address is the order's page.
func (v visit) address(o commerce.Order) string { return "/console/orders/" + o.ID }

// summary is what was ordered, and by whom.
func (v visit) summary(o commerce.Order) []pages.Row {
	l := v.lang
	contact := string(o.Contact)
	if o.ContactAlias {
		contact += " " + l.T("pages.desk_order.alias")
	}
	rows := []pages.Row{
		{Label: l.T("words.customer"), Value: o.Terms.Customer.Name + ", " + l.Country(o.Terms.Customer.Country)},
		{Label: l.T("words.partner"), Value: o.Terms.Partner.Name + ", " + l.Country(o.Terms.Partner.Country)},
		{Label: l.T("words.start_date"), Value: l.Date(o.Start) + ", " + o.Zone},
		{Label: l.T("words.provisioning_contact"), Value: contact},
		{Label: l.T("words.account_representative"), Value: o.Representative.Name + ", " + string(o.Representative.Email)},
		{Label: l.T("words.subscription"), Value: o.Family},
		{Label: l.T("pages.desk_order.external_ref"), Value: o.ExternalRef},
		{Label: l.T("words.purchase_order"), Value: o.PurchaseOrder},
		{Label: l.T("pages.desk_order.caller"), Value: o.Caller},
		{Label: l.T("words.language"), Value: l.LanguageName(o.Locale)},
	}
	if end := o.ClosesAt(); !end.IsZero() && !o.Held() && o.Mapping.At.IsZero() {
		rows = append(rows, pages.Row{Label: l.T("pages.desk_order.closes"), Value: v.when(o, end)})
	}
	if o.Delegations > 0 {
		rows = append(rows, pages.Row{Label: l.T("pages.desk_order.delegations"), Value: strconv.Itoa(o.Delegations)})
	}
	if !o.Mapping.At.IsZero() {
		rows = append(rows, pages.Row{Label: l.T("pages.desk_order.organizations"), Value: o.Mapping.Partner + ", " + o.Mapping.Customer})
	}
	return rows
}
