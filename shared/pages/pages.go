// Package pages is what people see in a browser: the layout around every page, the components a page is made of, their
// style, and the headers that hold them together. A function keeps the page files themselves beside its handlers.
//
// A page file is what stands between the heading and the main button, as an html/template whose dot is a *Page:
//
//	<p class="lead">{{.T "lead"}}</p>
//	{{.Text "partner_name" "organization"}}
//	{{.Email "partner_admin_email"}}
//	{{.Country "partner_country"}}
//
// It belongs to the View of its name: partner-new.html to View{Name: "partner-new"}, whose texts are pages.partner_new.*.
package pages

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"dayone/shared/texts"
)

//go:embed layout
var layout embed.FS

// A View is one page with all it shows. The zero value of a field means that the page goes without.
type View struct {
	Lang   *texts.Language
	Name   string // of the page file, without .html
	Title  string // the heading; the text "title" of the page where it is empty
	Area   string // whose page it is, a text of words.area: setup (where it is empty) or services
	Status int    // of the answer; 200 where it is zero, or 400 where there are problems

	Step, Steps int // the place in a wizard
	StepName    string
	Order       *Order // the card at the side

	Action  string   // where the form posts; without it the page has no form, but for those it writes itself
	Answers []Answer // everything said so far: an input of the page shows its own, the others travel hidden
	Submit  string   // the words on the main button; the page's text "submit", or Next, where it is empty
	Quiet   bool     // the form has no main button
	Warning bool     // what the main button does cannot be undone: it looks like a warning

	Back    string // an earlier step, posted as back=step, or an address where it begins with a slash
	Leave   string // the address of Leave setup
	Switch  string // the address of this page for the language links; where it is empty, a form posts switch=sl instead
	Query   string // what else that address says
	SignOut bool   // somebody is signed in

	Wide bool    // the page takes the whole width, and its file makes its own cards
	Menu []Place // of a wide page

	Problems []Problem
	Data     any // whatever else the page file needs
}

// A Problem is one thing to mend. Text stands at the top and, where the page has an input named Field, leads to it
// and stands there again.
type Problem struct {
	Field, Text string
}

// An Answer is one thing said so far.
type Answer struct {
	Name, Value string
}

// A Place is an entry of the menu; Here marks the page itself.
type Place struct {
	Href, Text string
	Here       bool
}

// An Order is what the card at the side says of it, written out.
type Order struct {
	Number, Customer, Start, Subscription string
}

// Templates are the page files of one function. They are parsed when the first page is written.
type Templates struct {
	help  string
	parse func() (*template.Template, error)
}

// New has the page files (*.html) of a function, and the address people write to for help.
func New(files fs.FS, help string) *Templates {
	return &Templates{help: help, parse: sync.OnceValues(func() (*template.Template, error) {
		all, err := template.ParseFS(layout, "layout/*.html")
		if err != nil {
			return nil, fmt.Errorf("parse layout: %w", err)
		}
		own, err := fs.Glob(files, "*.html")
		if err != nil || len(own) == 0 {
			return all, err
		}
		if all, err = all.ParseFS(files, own...); err != nil {
			return nil, fmt.Errorf("parse pages: %w", err)
		}
		return all, nil
	})}
}

// Write answers with the page of v. Nothing is sent before all of it is rendered: an error leaves w untouched.
func (t *Templates) Write(w http.ResponseWriter, v View) error {
	all, err := t.parse()
	if err != nil {
		return err
	}
	v.Problems = slices.Clone(v.Problems)
	p := &Page{View: v, Help: t.help, all: all, shown: map[string]bool{}, uses: map[string]bool{}}
	p.use("core.css")
	if p.Wide {
		p.use("wide.css")
	} else {
		p.use("card.css", "base.js")
	}
	if p.Title == "" {
		p.Title = p.T("title")
	}
	if p.Step > 0 {
		p.use("step.css")
	}
	if p.Order != nil {
		p.use("side.css")
	}
	if len(p.Problems) > 0 {
		p.use("problem.css")
	}
	if p.Warning {
		p.use("warn.css")
	}
	// The page file comes first: it says which answers it shows itself, and which styles and scripts it needs.
	name := v.Name
	if all.Lookup(name+".html") != nil {
		name += ".html"
	}
	if p.Body, err = p.render(name, p); err != nil {
		return fmt.Errorf("write page %s: %w", v.Name, err)
	}
	// The summary tells problems in the order of the inputs, and those that no input has at the end.
	slices.SortStableFunc(p.Problems, func(a, b Problem) int { return cmp.Compare(p.place(a.Field), p.place(b.Field)) })
	style, script, err := p.inline()
	if err != nil {
		return err
	}
	frame := "layout"
	if p.Wide {
		frame = "wide"
	}
	var out bytes.Buffer
	if err := all.ExecuteTemplate(&out, frame, p); err != nil {
		return fmt.Errorf("write page %s: %w", v.Name, err)
	}
	p.headers(w.Header(), style, script)
	w.WriteHeader(p.status())
	if _, err := w.Write(out.Bytes()); err != nil {
		return fmt.Errorf("send page %s: %w", v.Name, err)
	}
	return nil
}

// A Page is the dot of a page file: the View, and the components as methods. A component that is a question takes its
// label and hint from the texts pages.<page>.<name> and pages.<page>.<name>_hint, or the label from Language.Label; its
// value from the Answers; and its error from the Problems.
type Page struct {
	View
	Help    string
	Body    template.HTML // of the page file
	Second  template.HTML // the button beside the main one
	Styles  template.HTML // with their tags
	Scripts template.HTML

	all    *template.Template
	shown  map[string]bool // names of the answers that an input of the page shows
	inputs []string        // the same in their order
	uses   map[string]bool // names of parts
	labels string          // the style that names the cells of a table where it is narrow
}

// T is a text: of this page where key has no dot, of all of them where it has.
func (p *Page) T(key string, args ...any) string { return p.Lang.T(p.key(key), args...) }

// N is T for a text that depends on how many.
func (p *Page) N(key string, n int, args ...any) string { return p.Lang.N(p.key(key), n, args...) }

func (p *Page) key(key string) string {
	if strings.Contains(key, ".") {
		return key
	}
	return "pages." + strings.ReplaceAll(p.Name, "-", "_") + "." + key
}

// DocumentTitle is the heading with what stands around it: an error, the step, the area.
func (p *Page) DocumentTitle() string {
	title := p.Title
	if len(p.Problems) > 0 {
		title = p.T("words.error") + " " + title
	}
	if p.Step > 0 {
		title += " – " + p.T("words.step", "step", p.Step, "steps", p.Steps)
	}
	return title + " – " + p.AreaName()
}

// AreaName is what stands at the top of every page of an area.
func (p *Page) AreaName() string {
	if p.Area == "" {
		return p.T("words.area.setup")
	}
	return p.T("words.area." + p.Area)
}

// SignOutHref is where signing out posts to.
func (p *Page) SignOutHref() string {
	if p.Area == "console" {
		return "/console/sign-out"
	}
	return "/sign-out"
}

// OrderTitle is what the card at the side is called: it is the reader's order everywhere but at the console.
func (p *Page) OrderTitle() string {
	if p.Area == "console" {
		return p.T("words.order")
	}
	return p.T("words.your_order")
}

// Submits reports whether the page has a main button. It stands in the page twice: once where it is seen, and once,
// unseen, before every other button of the form, because Enter presses the first one.
func (p *Page) Submits() bool { return p.Action != "" && !p.Quiet }

// SubmitText is the words on the main button.
func (p *Page) SubmitText() string {
	switch {
	case p.Submit != "":
		return p.Submit
	case p.Lang.Has(p.key("submit")):
		return p.T("submit")
	}
	return p.T("words.next")
}

// BackHref is the address that Back leads to, where it is not a step.
func (p *Page) BackHref() string {
	if strings.HasPrefix(p.Back, "/") {
		return p.Back
	}
	return ""
}

// Bar is the steps, true for those that are reached.
func (p *Page) Bar() []bool {
	bar := make([]bool, p.Steps)
	for i := range bar {
		bar[i] = i < p.Step
	}
	return bar
}

// A Switch leads to the page in another language: by a link, or by a button of the form where Href is empty.
type Switch struct {
	Tag, Name, Href string
}

// Switches are the other languages.
func (p *Page) Switches() []Switch {
	var all []Switch
	for _, tag := range texts.Tags() {
		if tag == p.Lang.Tag {
			continue
		}
		s := Switch{Tag: tag, Name: texts.For(tag).Name}
		if p.View.Switch != "" || p.Action == "" {
			s.Href = p.View.Switch + "?lang=" + tag
			if p.Query != "" {
				s.Href += "&" + p.Query
			}
		}
		all = append(all, s)
	}
	return all
}

// Shows reports whether the page has an input for the answer of this name.
func (p *Page) Shows(name string) bool { return p.shown[name] }

// place is where the input of an answer stands among all.
func (p *Page) place(name string) int {
	if i := slices.Index(p.inputs, name); i >= 0 {
		return i
	}
	return len(p.inputs)
}

// Hidden is what the form carries besides its own inputs: the answers that none of them shows, and the language.
func (p *Page) Hidden() []Answer {
	hidden := []Answer{{"lang", p.Lang.Tag}}
	for _, a := range p.Answers {
		if a.Name != "lang" && !p.Shows(a.Name) {
			hidden = append(hidden, a)
		}
	}
	return hidden
}

func (p *Page) status() int {
	switch {
	case p.Status != 0:
		return p.Status
	case len(p.Problems) > 0:
		return http.StatusBadRequest
	}
	return http.StatusOK
}

// render executes one template of the set. It is text for the next one around it, which must not escape it again.
func (p *Page) render(name string, dot any) (template.HTML, error) {
	var out bytes.Buffer
	if err := p.all.ExecuteTemplate(&out, name, dot); err != nil {
		return "", err
	}
	return template.HTML(out.String()), nil
}

// use puts parts into the page.
func (p *Page) use(names ...string) {
	for _, name := range names {
		p.uses[name] = true
	}
}

// optionID names the input of an option: the first has the name of the question, so that an error leads to it.
func optionID(name string, i int) string {
	if i == 0 {
		return name
	}
	return name + "-" + strconv.Itoa(i+1)
}
