package pages

import (
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"

	"dayone/shared/commerce"
	"dayone/shared/texts"
)

// field is a question as the component templates see it.
type field struct {
	Name, Label, Hint, Error, Value string
	Nth                             int // on the page; what describes the input has short ids made from it

	Type, Autocomplete string
	Size               string // of a narrower box: short or code
	Plain              bool   // not prose: no spelling, no capitals
	Suffix             string // fixed text after the box
	Show               *show
	Options            []Option
	First              string // stands where nothing is selected yet
}

// show is the button that makes a password readable.
type show struct {
	Show, Hide, Password string
}

// An Option is one answer to choose.
type Option struct {
	Value, Label, Hint string
}

// Described lists the ids of what describes the input.
func (f field) Described() string {
	var ids []string
	nth := strconv.Itoa(f.Nth)
	if f.Suffix != "" {
		ids = append(ids, "s"+nth)
	}
	if f.Hint != "" {
		ids = append(ids, "h"+nth)
	}
	if f.Error != "" {
		ids = append(ids, "e"+nth)
	}
	return strings.Join(ids, " ")
}

// OptionID is the id of option i.
func (f field) OptionID(i int) string { return optionID(f.Name, i) }

func (p *Page) field(name string) field {
	p.use("field.css")
	p.shown[name] = true
	p.inputs = append(p.inputs, name)
	f := field{Nth: len(p.shown), Name: name, Label: p.Lang.Label(name), Value: p.Value(name)}
	if p.Lang.Has(p.key(name)) {
		f.Label = p.T(name)
	}
	if p.Lang.Has(p.key(name + "_hint")) {
		f.Hint = p.T(name + "_hint")
	}
	for _, problem := range p.Problems {
		if problem.Field == name {
			f.Error = problem.Text
			break
		}
	}
	return f
}

// Value is the answer of this name, or empty.
func (p *Page) Value(name string) string {
	for _, a := range p.Answers {
		if a.Name == name {
			return a.Value
		}
	}
	return ""
}

// Text asks for a line of text. Autocomplete is HTML's token for it, or off; "short" after it narrows
// the box, and "code" makes it narrower still.
func (p *Page) Text(name, autocomplete string, style ...string) (template.HTML, error) {
	f := p.field(name)
	f.Type, f.Autocomplete, f.Size = "text", autocomplete, strings.Join(style, " ")
	return p.render("input", f)
}

// Email asks for an email address.
func (p *Page) Email(name string) (template.HTML, error) {
	f := p.field(name)
	f.Type, f.Autocomplete, f.Plain = "email", "email", true
	return p.render("input", f)
}

// Tel asks for a phone number.
func (p *Page) Tel(name string) (template.HTML, error) {
	f := p.field(name)
	f.Type, f.Autocomplete, f.Size = "tel", "tel", "short"
	return p.render("input", f)
}

// Password asks for a password, new-password or current-password, and never shows one that was typed before.
func (p *Page) Password(name, autocomplete string) (template.HTML, error) {
	p.use("second.css", "show.js")
	f := p.field(name)
	f.Type, f.Autocomplete, f.Plain, f.Value = "password", autocomplete, true, ""
	f.Show = &show{p.T("words.show"), p.T("words.hide"), p.T("words.password")}
	return p.render("input", f)
}

// Subdomain asks for the name in front of domain.
func (p *Page) Subdomain(name, domain string) (template.HTML, error) {
	f := p.field(name)
	p.use("second.css")
	f.Type, f.Autocomplete, f.Plain, f.Suffix = "text", "off", true, "."+domain
	return p.render("input", f)
}

// Token asks for the code of an emailed link. A script fills it from the address bar, and clears that; a code that is
// among the answers already is carried, not asked for again.
func (p *Page) Token() (template.HTML, error) {
	f := p.field("token")
	if f.Value != "" && f.Error == "" {
		p.shown["token"] = false
		return "", nil
	}
	p.use("token.js")
	f.Type, f.Autocomplete, f.Plain = "text", "off", true
	return p.render("input", f)
}

// Select asks for one of many.
func (p *Page) Select(name, autocomplete string, options []Option) (template.HTML, error) {
	f := p.field(name)
	f.Autocomplete, f.First, f.Options = autocomplete, p.T("words.select"), options
	return p.render("select", f)
}

// sold are the countries people are offered. A country that was answered or ordered is offered beside them.
const sold = "AE AL AT AU BA BE BG BR CA CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IL IN IS IT JP KR LI LT LU LV " +
	"MD ME MK MT MX NL NO NZ PL PT RO RS SA SE SG SI SK TR UA US ZA"

// Country asks for a country, by its ISO 3166 code.
func (p *Page) Country(name string) (template.HTML, error) {
	return p.Select(name, "country", optionsOf(p.Lang.Countries(append(strings.Fields(sold), p.Value(name))...)))
}

// Language asks for the language of whatever the page sets up.
func (p *Page) Language(name string) (template.HTML, error) {
	return p.Select(name, "", optionsOf(p.Lang.Languages()))
}

// TimeZone asks for an IANA time zone. One that was answered is offered even where it is none of the usual: in the place
// of the one whose clocks it shares, under whose cities people look for their own.
func (p *Page) TimeZone(name string) (template.HTML, error) {
	zones, value := p.Lang.Zones(), p.Value(name)
	usual := func(z texts.Name) bool { return z.Code == value }
	if !slices.ContainsFunc(zones, usual) {
		if i := slices.IndexFunc(zones, func(z texts.Name) bool { return sameClocks(z.Code, value) }); i >= 0 {
			zones[i].Code = value
		}
	}
	if value != "" && !slices.ContainsFunc(zones, usual) {
		zones = append([]texts.Name{{Code: value, Name: p.Lang.ZoneName(value)}}, zones...)
	}
	return p.Select(name, "", optionsOf(zones))
}

// sameClocks reports whether two zones of one part of the world have the same time all through 2026, the year that the
// usual zones are of. Nobody in Nairobi looks for Istanbul, though its clocks agree.
func sameClocks(one, other string) bool {
	part, _, _ := strings.Cut(one, "/")
	if !strings.HasPrefix(other, part+"/") {
		return false
	}
	here, err := commerce.Zone(one)
	if err != nil {
		return false
	}
	there, err := commerce.Zone(other)
	if err != nil {
		return false
	}
	for month := time.January; month <= time.December; month++ {
		noon := time.Date(2026, month, 15, 12, 0, 0, 0, time.UTC)
		_, a := noon.In(here).Zone()
		_, b := noon.In(there).Zone()
		if a != b {
			return false
		}
	}
	return true
}

func optionsOf(names []texts.Name) []Option {
	options := make([]Option, len(names))
	for i, n := range names {
		options[i] = Option{Value: n.Code, Label: n.Name}
	}
	return options
}

// Radios asks to choose one of the values, whose labels and hints are the page's texts of the same name. The heading of
// the page is the question.
func (p *Page) Radios(name string, values ...string) (template.HTML, error) {
	options := make([]Option, len(values))
	for i, value := range values {
		options[i] = Option{Value: value, Label: p.T(value)}
		if p.Lang.Has(p.key(value + "_hint")) {
			options[i].Hint = p.T(value + "_hint")
		}
	}
	return p.Choose(name, options)
}

// Choose is Radios for options that are data.
func (p *Page) Choose(name string, options []Option) (template.HTML, error) {
	f := p.field(name)
	p.use("choice.css", "radio.css")
	f.Options = options
	return p.render("radios", f)
}

// Checkbox asks to confirm something, by the value true.
func (p *Page) Checkbox(name string) (template.HTML, error) {
	p.use("choice.css")
	return p.render("checkbox", p.field(name))
}

// A Row is a name and what it is. A row without a value is not shown.
type Row struct {
	Label, Value string
}

// Row is a row with the text of key as its label.
func (p *Page) Row(key, value string) Row { return Row{p.T(key), value} }

// A Section is a heading with rows, and with a button to change them where change names a step.
type Section struct {
	Title, Change string
	Rows          []Row

	ChangeText string
}

// Section shows answers to check.
func (p *Page) Section(s Section) (template.HTML, error) {
	p.use("tag.css", "list.css")
	s.ChangeText = p.T("words.change")
	return p.render("section", s)
}

// An Item is a line of a list: a task, a service, an order.
type Item struct {
	Name, Href     string
	Status, Colour string // the words of its tag, and ok, bad, info or none
	Note           string
	Buttons        []ItemButton
}

// An ItemButton is what can be done with an item: it posts name=value, to an address of its own where it has one. About
// says what it is done with, to those who do not see where it stands.
type ItemButton struct {
	Name, Value, Action string
	Words, About        string
}

// List shows items with their status.
func (p *Page) List(items []Item) (template.HTML, error) {
	p.use("tag.css", "list.css")
	return p.render("list", items)
}

// Amounts shows items with how much there is of each, which their Status says. It is no tag: nothing comes after it.
func (p *Page) Amounts(items []Item) (template.HTML, error) {
	p.use("tag.css", "list.css")
	return p.render("amounts", items)
}

// Inset sets a text apart. Kind is info, warn, or ok, which is also read out when the page changes.
func (p *Page) Inset(kind, text string) (template.HTML, error) {
	p.use("inset.css")
	return p.render("inset", struct{ Kind, Text string }{kind, text})
}

// Tag is the words and the colour of a status: of is order, line or task.
func Tag(l *texts.Language, of, status string) (words, colour string) {
	words = l.T("words.status_" + of + "." + status)
	switch status {
	case "active", "provisioned", "completed", "mapped":
		return words, "ok"
	case "failed":
		return words, "bad"
	case "invited", "started", "provisioning":
		return words, "info"
	}
	return words, ""
}

// Button is a further button of the form, which posts name=value.
func (p *Page) Button(name, value, words string) (template.HTML, error) {
	p.use("second.css")
	return p.render("button", struct{ Name, Value, Words string }{name, value, words})
}

// Beside is a Button that stands beside the main one, wherever the page file says it.
func (p *Page) Beside(name, value, words string) (_ template.HTML, err error) {
	p.Second, err = p.Button(name, value, words)
	return "", err
}

// Use puts further styles or scripts of layout into the page, by their file names: those that its file needs for what is
// no component.
func (p *Page) Use(names ...string) (string, error) {
	for _, name := range names {
		if !slices.Contains(parts(), name) {
			return "", fmt.Errorf("there is no part %s", name)
		}
	}
	p.use(names...)
	return "", nil
}

// Columns is the head of a table: the texts of its columns, or "" for one without a name. Where the page is narrow, every
// row is a list of its own, and each cell stands beside the name of its column; a style says those once for all rows.
func (p *Page) Columns(keys ...string) (template.HTML, error) {
	p.use("table.css")
	var labels strings.Builder
	names := make([]string, len(keys))
	for i, key := range keys {
		if key == "" {
			continue
		}
		names[i] = p.T(key)
		if i > 0 {
			fmt.Fprintf(&labels, `td:nth-child(%d)::before{content:"%s"}`, i+1, quoted(names[i]))
		}
	}
	p.labels = "@media(max-width:58rem){" + labels.String() + "}"
	return p.render("columns", names)
}

// quoted is a text as it stands between quotes in a style.
func quoted(text string) string {
	return strings.NewReplacer(`\`, `\\ `, `"`, `\22 `, "<", `\3c `, "\n", `\a `).Replace(text)
}

// Live keeps the page up to date from address for as long as it is on it. Without a script, a link does the same.
func (p *Page) Live(address string) (template.HTML, error) {
	p.use("live.js")
	return p.render("live", struct{ Href, Words string }{address, p.T("words.refresh")})
}
