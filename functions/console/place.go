package console

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/pages"
	"dayone/shared/texts"
)

// placeName is what was done where an order was placed.
const placeName = "place"

// services are what every family sells, by the ends of its skus, in the order of the form.
var services = []string{"CALL", "PSTN", "MEET", "ROOM", "MSG"}

// pricesStep is the second of the form's two pages, which asks what is bought. The first asks for whom, and when.
const pricesStep = "prices"

// firstFields are those of the first page.
var firstFields = []string{"external_ref", "family", "partner_name", "partner_country", "customer_name", "customer_country", "start_date", "time_zone",
	"locale", "contact_email", "alias", "representative_name", "representative_email"}

// placeFields are all fields of an order, and the key of the form.
func placeFields() []string {
	all := append([]string{"key", "purchase_order", "term_months", "billing", "currency"}, firstFields...)
	for _, s := range services {
		all = append(all, quantityOf(s), priceOf(s))
	}
	return all
}

func quantityOf(service string) string { return "quantity_" + strings.ToLower(service) }
func priceOf(service string) string    { return "price_" + strings.ToLower(service) }

// orderField is what the form calls a field of an order.
func orderField(field string) string {
	name, ok := map[string]string{
		"partner/name": "partner_name", "partner/country": "partner_country", "customer/name": "customer_name", "customer/country": "customer_country",
		"requested_start_date": "start_date", "provisioning_contact/email": "contact_email",
		"account_representative/name": "representative_name", "account_representative/email": "representative_email",
	}[field]
	if ok {
		return name
	}
	return field
}

// serviceFields are the names of a service's fields.
type serviceFields struct{ Quantity, Price string }

// placeData is what the page shows besides fields.
type placeData struct {
	Families, Languages, Periods []pages.Option
	Services                     []serviceFields
	Twice                        string // the order that has this reference already
}

// placePage is a page of the form for an order. What the other one asks for is carried along, but for what is empty.
func (v visit) placePage(in api.Fields, prices bool) pages.View {
	var data placeData
	for _, s := range services {
		data.Services = append(data.Services, serviceFields{quantityOf(s), priceOf(s)})
	}
	for _, f := range commerce.Families() {
		data.Families = append(data.Families, pages.Option{Value: f, Label: f})
	}
	for _, tag := range texts.Tags() {
		data.Languages = append(data.Languages, pages.Option{Value: tag, Label: v.lang.LanguageName(tag)})
	}
	for _, b := range []commerce.Billing{commerce.Monthly, commerce.Annual, commerce.Prepaid} {
		data.Periods = append(data.Periods, pages.Option{Value: string(b), Label: v.lang.T("words.billing_period." + string(b))})
	}
	p := pages.View{Lang: v.lang, Name: "desk-place", Action: "/console/place", Back: "/console", SignOut: true, Step: 1, Steps: 2, Data: data}
	step := "order"
	if prices {
		p.Name, p.Back, p.Step, step = "desk-prices", "order", 2, pricesStep
	}
	for _, a := range answers(in, placeFields()...) {
		if a.Value != "" {
			p.Answers = append(p.Answers, a)
		}
	}
	p.Answers = append(p.Answers, pages.Answer{Name: "step", Value: step})
	return p
}

// unfinished is the page of the form that has the first problem.
func (v visit) unfinished(in api.Fields, wrong []pages.Problem) pages.View {
	early := slices.DeleteFunc(slices.Clone(wrong), func(p pages.Problem) bool { return !slices.Contains(firstFields, p.Field) })
	if len(early) > 0 {
		wrong = early
	}
	p := v.placePage(in, len(early) == 0)
	p.Problems = wrong
	return p
}

// showPlace is an empty form. Its key makes a form that is sent twice one order.
func (v visit) showPlace() error {
	zone, err := commerce.Zone(v.Zone)
	if err != nil {
		return fmt.Errorf("the console's time zone: %w", err)
	}
	return v.show(v.w, v.placePage(api.Fields{"key": api.NewID("console"), "time_zone": v.Zone, "locale": v.Locale, "currency": "EUR", "billing": "monthly",
		"term_months": "36", "start_date": commerce.DateOf(v.now.In(zone)).String()}, false))
}

// place accepts an order that an operator types in, by the rules of every order, once both pages are filled in.
func (v visit) place() error {
	in, l, switched, err := read(v.w, v.r, append(placeFields(), "step", "back")...)
	if err != nil {
		return err
	}
	v.lang = l
	step := in["step"]
	if in["back"] != "" {
		step, switched = "order", true
	}
	delete(in, "step")
	delete(in, "back")
	for _, name := range []string{"partner_country", "customer_country"} {
		in[name] = v.country(in[name])
	}
	if switched {
		return v.show(v.w, v.placePage(in, step == pricesStep))
	}
	terms, wrong := typed(in)
	order, err := commerce.PlaceBy(v.actor(), api.NewOrderID(), v.Caller, terms, v.now)
	if e, ok := errors.AsType[*commerce.Error](err); ok {
		wrong = append(wrong, e.Problems...)
	} else if err != nil {
		return err
	}
	if len(wrong) > 0 {
		page := v.unfinished(in, placeProblems(l, in, wrong))
		if step == "order" && page.Step == 2 { // nobody has seen it yet
			page.Problems = nil
		}
		return v.show(v.w, page)
	}
	if step == "order" {
		return v.show(v.w, v.placePage(in, true))
	}
	placed, err := v.store.Place(v.r.Context(), order, in["key"], digest(in))
	if e, ok := errors.AsType[*commerce.Error](err); ok && errors.Is(e, commerce.ErrReferenceTaken) {
		page := v.placePage(in, false)
		page.Problems, page.Status = []pages.Problem{{Field: "external_ref", Text: l.Problem("external_ref", e.Code)}}, http.StatusConflict
		data := page.Data.(placeData)
		data.Twice = e.Existing
		page.Data = data
		return v.show(v.w, page)
	}
	if err != nil {
		return err
	}
	if placed.Digest != digest(in) { // the browser's Back, and another order in the same form
		in["key"] = api.NewID("console")
		page := v.placePage(in, true)
		page.Problems, page.Status = []pages.Problem{{Text: l.T("pages.desk_prices.again", "order", placed.Order)}}, http.StatusConflict
		return v.show(v.w, page)
	}
	if placed.Order == order.ID {
		api.Count(v.r.Context(), api.OrdersPlaced)
	}
	return redirect(v.w, v.r, "/console/orders/"+placed.Order+"?done="+placeName)
}

// country is the code of a country that somebody wrote as a code or as its name, or what they wrote where it is neither.
func (v visit) country(written string) string {
	written = strings.TrimSpace(written)
	for _, c := range v.lang.Countries() {
		if strings.EqualFold(written, c.Code) || strings.EqualFold(written, c.Name) {
			return c.Code
		}
	}
	return written
}

// digest tells forms apart by what is in them.
func digest(in api.Fields) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(in)) {
		if name != "key" && name != "lang" {
			fmt.Fprintf(&b, "%s=%q\n", name, in[name])
		}
	}
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:16])
}

// typed is the form as the terms of an order. What is no date or no address becomes empty, which the rules name; numbers
// and prices that are none are named here.
func typed(in api.Fields) (commerce.Terms, []commerce.Problem) {
	var c commerce.Check
	get := func(name string) string { return strings.TrimSpace(in[name]) }
	c.That(len(in["key"]) >= 16 && len(in["key"]) <= 64, "key", "malformed", "Open the form again.")
	start, _ := commerce.ParseDate(get("start_date"))
	t := commerce.Terms{
		ExternalRef: get("external_ref"), Family: get("family"),
		Partner:  commerce.Party{Name: get("partner_name"), Country: get("partner_country")},
		Customer: commerce.Party{Name: get("customer_name"), Country: get("customer_country")},
		Start:    start, Zone: get("time_zone"), Locale: get("locale"),
		Contact: api.Address(in["contact_email"]), ContactAlias: in["alias"] == "true",
		Representative: commerce.Person{Name: get("representative_name"), Email: api.Address(in["representative_email"])},
		PurchaseOrder:  get("purchase_order"),
	}
	term, err := strconv.Atoi(get("term_months"))
	c.That(err == nil, "term_months", "out_of_range", "Use a term from 1 to 120 months.")
	currency := strings.ToUpper(get("currency"))
	for _, s := range services {
		if get(quantityOf(s)) == "" && get(priceOf(s)) == "" {
			continue
		}
		quantity, err := strconv.Atoi(get(quantityOf(s)))
		c.That(err == nil, quantityOf(s), "out_of_range", "Order from 1 to 1,000,000.")
		price, ok := texts.Minor(get(priceOf(s)), currency)
		c.That(ok, priceOf(s), "malformed", "Enter a price.")
		t.Lines = append(t.Lines, commerce.Line{Subscription: t.ExternalRef + "-" + s, SKU: t.Family + "-" + s, Quantity: quantity, TermMonths: term,
			Billing: commerce.Billing(get("billing")), UnitPrice: price, Currency: currency})
	}
	if e, ok := errors.AsType[*commerce.Error](c.Err()); ok {
		return t, e.Problems
	}
	return t, nil
}

// placeProblems are what is wrong with the form, each at its field once. Lines are named by their service.
func placeProblems(l *texts.Language, in api.Fields, wrong []commerce.Problem) []pages.Problem {
	var ordered []string
	for _, s := range services {
		if strings.TrimSpace(in[quantityOf(s)]) != "" || strings.TrimSpace(in[priceOf(s)]) != "" {
			ordered = append(ordered, s)
		}
	}
	var all []pages.Problem
	for _, p := range wrong {
		name := orderField(p.Field)
		if parts := strings.Split(p.Field, "/"); parts[0] == "lines" {
			name = quantityOf(services[0])
			if len(parts) == 3 {
				if n, err := strconv.Atoi(parts[1]); err == nil && n < len(ordered) {
					name = lineField(parts[2], ordered[n])
				}
			}
		}
		if name == "" || slices.ContainsFunc(all, func(o pages.Problem) bool { return o.Field == name }) {
			continue
		}
		code := p.Code
		if strings.HasSuffix(name, "email") && strings.TrimSpace(in[name]) == "" {
			code = "missing"
		}
		all = append(all, pages.Problem{Field: name, Text: l.Problem("desk_"+name, code)}) // here both sides are typed into one form
	}
	return all
}

// lineField is the form's field for one of a line; "" where another problem says the same.
func lineField(field, service string) string {
	switch field {
	case "sku", "quantity":
		return quantityOf(service)
	case "unit_price":
		return priceOf(service)
	case "subscription_id":
		return "external_ref"
	}
	return field
}
