package console

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/pages"
	"dayone/shared/store"
)

// pageSize is how many orders a page of the list has.
const pageSize = 15

// tag is a status: words and a colour.
type tag struct{ Words, Colour string }

// counter is one of the numbers above the list.
type counter struct {
	Href, Number, Text string
	Hot, Here          bool
}

// listRow is an order of the list.
type listRow struct {
	ID, Customer, Partner, Start, Why, Age string
	Tags                                   []tag
}

// listData is what the page of the list shows.
type listData struct {
	Counters []counter
	Query    string
	Desk     string
	Desks    []pages.Option
	Caption  string
	Rows     []listRow
	Empty    string
	Hint     string
	Next     string // the address of the next page
	First    string // the address of the first page, on a later one
}

// list is the orders: at a desk, or found by a search, or all, those that need a person first.
func (v visit) list() error {
	q, err := api.ReadQuery(v.r, "q", "desk", "cursor", "lang")
	if err != nil {
		return err
	}
	desk := commerce.Desk(q["desk"])
	if desk != "" && !slices.Contains(commerce.Desks, desk) {
		return commerce.Invalid("desk", "unknown", "There is no such list.")
	}
	data := listData{Query: strings.TrimSpace(q["q"]), Desk: q["desk"]}
	orders, next, err := v.orders(data.Query, desk, q["cursor"])
	if err != nil {
		return err
	}
	if q["cursor"] == "" {
		if data.Counters, err = v.counters(desk); err != nil {
			return err
		}
	} else {
		data.First = listAddress(q, "")
	}
	for _, o := range orders {
		data.Rows = append(data.Rows, v.row(o))
	}
	if next != "" {
		data.Next = listAddress(q, next)
	}
	for _, d := range commerce.Desks {
		data.Desks = append(data.Desks, pages.Option{Value: string(d), Label: v.lang.T("pages.desk.at." + string(d))})
	}
	v.caption(&data)
	p := v.wide("desk", "/console")
	p.Data = data
	return v.show(v.w, p)
}

// caption says what the table shows, or why there is nothing in it.
func (v visit) caption(d *listData) {
	sorted := "pages.desk.sorted." + d.Desk
	if d.Desk == "" {
		sorted = "pages.desk.sorted.all"
	}
	if d.Query != "" {
		sorted = "pages.desk.sorted.found"
	}
	d.Caption = v.lang.N("pages.desk.caption", len(d.Rows)) + ", " + v.lang.T(sorted)
	switch {
	case len(d.Rows) > 0:
	case d.Next != "":
		d.Empty = v.lang.T("pages.desk.none_here")
	case d.Query != "" && len([]rune(d.Query)) < store.NameLetters:
		d.Empty = v.lang.T("pages.desk.short")
	case d.Query != "":
		d.Empty = v.lang.T("pages.desk.none_found")
	default:
		d.Empty = v.lang.T("pages.desk.none")
	}
}

// listAddress is the list's address with the same filter and another cursor.
func listAddress(q api.Fields, cursor string) string {
	values := url.Values{}
	for _, name := range []string{"q", "desk"} {
		if q[name] != "" {
			values.Set(name, q[name])
		}
	}
	if cursor != "" {
		values.Set("cursor", cursor)
	}
	if len(values) == 0 {
		return "/console"
	}
	return "/console?" + values.Encode()
}

// numbered reports whether somebody wrote what may be the number of an order: two characters, a hyphen, and up to 40 more.
// A regular expression would be compiled at every start.
func numbered(query string) bool {
	kind, number, _ := strings.Cut(query, "-")
	return len(kind) == 2 && number != "" && len(number) <= 40 && !strings.ContainsFunc(query, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}

// orders are those of a page: an order by its number, or those with a contact's whole address, or those whose customer or
// partner has a name that begins so.
func (v visit) orders(query string, desk commerce.Desk, cursor string) ([]commerce.Order, string, error) {
	if query == "" {
		return v.store.AtDesk(v.r.Context(), desk, cursor, pageSize)
	}
	if numbered(query) {
		o, err := v.store.Order(v.r.Context(), strings.ToUpper(query))
		if err == nil {
			return []commerce.Order{o}, "", nil
		}
		if !errors.Is(err, commerce.ErrOrderUnknown) {
			return nil, "", err
		}
	}
	search := store.Search{Name: query, Desk: desk}
	if a := api.Address(query); a != "" {
		search = store.Search{Contact: a, Desk: desk}
	}
	return v.store.Find(v.r.Context(), search, cursor, pageSize)
}

// counters are the four numbers above the list.
func (v visit) counters(here commerce.Desk) ([]counter, error) {
	desks := []commerce.Desk{commerce.DeskPerson, commerce.DeskSetup, commerce.DeskServices, commerce.DeskScheduled}
	counts, err := v.store.Counts(v.r.Context(), desks...)
	if err != nil {
		return nil, err
	}
	var all []counter
	for _, d := range desks {
		c := counter{Href: "/console?desk=" + string(d), Number: v.lang.Number(counts[d].N), Here: d == here,
			Text: v.lang.N("pages.desk.count."+string(d), counts[d].N), Hot: d == commerce.DeskPerson && counts[d].N > 0}
		if counts[d].More {
			c.Number += "+"
		}
		all = append(all, c)
	}
	return all, nil
}

// row is an order as the list shows it.
func (v visit) row(o commerce.Order) listRow {
	desk, at := o.Desk()
	return listRow{ID: o.ID, Customer: o.Terms.Customer.Name, Partner: o.Terms.Partner.Name, Start: v.lang.Date(o.Start),
		Tags: v.tags(o, false), Why: v.why(o, desk), Age: v.age(at)}
}

// tags are how an order stands, and what is wrong with it; in short, the one or the other.
func (v visit) tags(o commerce.Order, whole bool) []tag {
	var all []tag
	for _, n := range o.NeedsPerson() {
		all = append(all, tag{v.lang.T("words.need." + string(n.Why)), "bad"})
	}
	words, colour := pages.Tag(v.lang, "order", string(o.Status))
	if said := o.Status == commerce.Closed || o.Status == commerce.Failed; len(all) == 0 || whole && !said { // a need says those in its own words
		all = append(all, tag{words, colour})
	}
	if o.Held() {
		all = append(all, tag{v.lang.T("words.on_hold"), "info"})
	}
	return all
}

// why is what an order waits for, in a few words.
func (v visit) why(o commerce.Order, desk commerce.Desk) string {
	if needs := o.NeedsPerson(); len(needs) > 0 {
		return v.reason(o, needs[0])
	}
	if o.Held() {
		return o.Hold.Reason
	}
	return v.waits(o, desk)
}

// waits is what is next for an order that needs nobody.
func (v visit) waits(o commerce.Order, desk commerce.Desk) string {
	switch next := o.Waiting(); {
	case desk == commerce.DeskScheduled:
		return v.lang.T("words.waits.scheduled", "date", v.when(o, o.InviteAt))
	case o.Status == commerce.Invited, o.Status == commerce.Started:
		return v.lang.T("words.waits."+string(o.Status), "date", v.lang.On(o.LocalDate(next.Until)))
	case desk == commerce.DeskRunning && o.Changing():
		return v.lang.T("words.waits.change")
	case desk == commerce.DeskRunning:
		return v.lang.T("words.waits.running", "date", v.lang.On(o.LocalDate(o.BilledAt)))
	}
	return v.lang.T("words.waits." + string(o.Status))
}

// reason is a need in a sentence, with what the timeline knows of it.
func (v visit) reason(o commerce.Order, n commerce.Need) string {
	words := v.lang.T("words.need_text." + string(n.Why))
	if said := said(o, n.Why); said != "" {
		words += ": " + said
	}
	return words
}

// said is why, in the words of the mail service or of the service platform.
func said(o commerce.Order, why commerce.Why) string {
	switch why {
	case commerce.WhyBounced:
		return o.Waiting().Why
	case commerce.WhyRefused:
		return o.Refusal.Reason
	case commerce.WhyFailed, commerce.WhyStuck:
		for _, l := range o.Lines {
			if l.Reason != "" {
				return l.SKU + ": " + l.Reason
			}
		}
	}
	return ""
}

// when is an instant as the clocks of the order's zone show it.
func (v visit) when(o commerce.Order, t time.Time) string {
	zone, err := commerce.Zone(o.Zone)
	if err != nil {
		zone = time.UTC
	}
	return v.lang.DateTime(t, zone)
}

// age is how long ago an instant was, or in how long it comes, in its two greatest units.
func (v visit) age(at time.Time) string {
	d := v.now.Sub(at)
	key := "words.age."
	if d < 0 {
		d, key = -d, "words.age_in."
	}
	days, hours, minutes := int(d/(24*time.Hour)), int(d/time.Hour)%24, int(d/time.Minute)%60
	switch {
	case days >= 7 || days > 0 && hours == 0:
		return v.lang.T(key+"days", "d", days)
	case days > 0:
		return v.lang.T(key+"days_hours", "d", days, "h", hours)
	case hours > 0:
		return v.lang.T(key+"hours", "h", hours)
	}
	return v.lang.T(key+"minutes", "m", minutes)
}
