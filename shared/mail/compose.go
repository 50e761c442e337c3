package mail

import (
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"dayone/shared/commerce"
	"dayone/shared/texts"
)

// The errors of a letter that must not be sent. They never quote the link.
var (
	errKind  = errors.New("no such kind of letter")
	errLink  = errors.New("the link is missing or no absolute http or https URL")
	errOrder = errors.New("the order's number or customer is missing")
	errUntil = errors.New("the end of the window is missing")
	errBy    = errors.New("whose deed it was is missing")
)

// subjectLimit keeps a subject readable and its header short whatever a company is called.
const subjectLimit = 140

// Compose writes l as a subject, a plain text that can be read alone, and an HTML page. The subject is one line of at most 140 characters.
func Compose(l Letter) (subject, text, html string, err error) {
	k, ok := kindOf(l.Kind)
	if !ok {
		return "", "", "", errKind
	}
	if err := check(l, k); err != nil {
		return "", "", "", err
	}
	page := newWriter(l, isolated).page(k)
	var b strings.Builder
	if err := letterHTML().Execute(&b, page); err != nil {
		return "", "", "", fmt.Errorf("render letter: %w", err)
	}
	return bounded(newWriter(l, plain).own(".subject")), page.text(), b.String(), nil
}

// check refuses a letter whose words would have a hole.
func check(l Letter, k kind) error {
	link, err := url.Parse(l.Link.reveal())
	good := err == nil && (link.Scheme == "https" || link.Scheme == "http") && link.Host != "" && plain(l.Link.reveal()) == l.Link.reveal()
	switch {
	case k.button != "" && !good && !(k.bare && l.Link.url == nil):
		return errLink
	case len(k.facts) > 0 && (plain(l.Order.ID) == "" || plain(l.Order.Customer) == ""):
		return errOrder
	case l.Kind == commerce.LetterClosingSoon && l.Until.IsZero():
		return errUntil
	case plain(string(l.By)) == "" && slices.Contains([]commerce.LetterKind{commerce.LetterInvitation, commerce.LetterRemoved, commerce.LetterAccessChanged}, l.Kind):
		return errBy
	}
	return nil
}

// page is a letter before it is text or HTML: every string is in the reader's language and on one line.
type page struct {
	Language, Title, Preheader string
	Before                     []string
	Facts                      []fact
	Button, OrOpen, Link       string
	After                      []string
	Unexpected                 string
}

type fact struct{ Name, Value string }

// letterHTML is parsed with the first letter, not with every start.
var letterHTML = sync.OnceValue(func() *template.Template { return template.Must(template.New("letter").Parse(letterSource)) })

//go:embed letter.html
var letterSource string

// text is the letter for who reads no HTML: a link stands on a line of its own.
func (p page) text() string {
	var b strings.Builder
	paragraph := func(s string) { b.WriteString(s + "\n\n") }
	paragraph(p.Title)
	for _, s := range p.Before {
		paragraph(s)
	}
	for _, f := range p.Facts {
		b.WriteString(f.Name + ": " + f.Value + "\n")
	}
	if len(p.Facts) > 0 {
		b.WriteString("\n")
	}
	if p.Link != "" {
		paragraph(p.Button + ":\n" + p.Link)
	}
	for _, s := range p.After {
		paragraph(s)
	}
	paragraph(p.Unexpected)
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// writer says the parts of one letter.
type writer struct {
	Letter
	words  *texts.Language
	data   func(string) string
	names  []string // of companies, as they stand in the texts
	values []any    // of the texts' placeholders: names and values in turn
}

// newWriter fills in the data of l, each made safe by data for where it goes.
func newWriter(l Letter, data func(string) string) writer {
	if l.Organization == "" {
		l.Organization = l.Order.Customer
		if l.Kind == commerce.LetterCarryOn || l.Kind == commerce.LetterRepUnrecognised {
			l.Organization = l.Order.Partner
		}
	}
	words := texts.For(l.Language)
	customer, partner, organization := data(l.Order.Customer), data(l.Order.Partner), data(l.Organization)
	return writer{l, words, data, []string{customer, partner, organization}, []any{
		"order", data(l.Order.ID),
		"customer", customer,
		"partner", partner,
		"organization", organization,
		"to", data(string(l.To)),
		"contact", data(string(l.Contact)),
		"by", data(string(l.By)),
		"representative", data(l.Representative.Name),
		"help", data(l.Help),
		"until", words.On(l.Until),
		"escalates", words.On(l.EscalatesOn),
	}}
}

// page fills the make-up k with the letter's words.
func (w writer) page(k kind) page {
	p := page{Language: w.words.Tag, Title: w.own(".title"), Preheader: w.own(".preheader")}
	if slices.Contains(k.after, "valid") && !w.Until.IsZero() {
		p.Preheader += " " + w.own("valid")
	}
	p.Before, p.After = w.paragraphs(k.before), w.paragraphs(k.after)
	for _, name := range k.facts {
		if value := w.fact(name); value != "" {
			p.Facts = append(p.Facts, fact{w.label(name), value})
		}
	}
	if k.button != "" && w.Link.url != nil {
		p.Button, p.OrOpen, p.Link = w.own("button."+k.button), w.own("or_open"), w.Link.reveal()
	}
	switch {
	case w.Help == "":
	case p.Link == "":
		p.Unexpected = w.own("unexpected")
	default:
		p.Unexpected = w.own("unexpected_link")
	}
	return p
}

// own is the text of a key as kinds.go writes it.
func (w writer) own(key string) string {
	if strings.HasPrefix(key, ".") {
		key = string(w.Kind) + key
	}
	s := w.words.T("letters."+key, w.values...)
	for _, name := range w.names {
		if strings.HasSuffix(name, ".") { // d.o.o. ends a sentence with the dot it has
			s = strings.ReplaceAll(s, name+".", name)
		}
	}
	return s
}

// label is what a fact is called: in letters only, or everywhere.
func (w writer) label(name string) string {
	if key := "letters.fact." + name; w.words.Has(key) {
		return w.words.T(key)
	}
	return w.words.T("words." + name)
}

// paragraphs are the texts of keys but for those that the letter has no value for.
func (w writer) paragraphs(keys []string) (all []string) {
	for _, key := range keys {
		switch {
		case key == "valid" && w.Until.IsZero(),
			key == "escalates" && w.EscalatesOn.IsZero(),
			key == "hello" && plain(w.Representative.Name) == "",
			key == "partner_access" && !w.PartnerAccess,
			key == "once" && w.Valid < time.Hour,
			w.Kind == commerce.LetterCarryOn && w.Customer && (key == ".body" || key == ".invite"),
			key == ".told" && !w.Customer,
			key == ".granted" && w.Access != commerce.AccessGranted,
			key == ".refused" && w.Access != commerce.AccessRefused,
			key == ".taken" && w.Access != commerce.AccessNone,
			w.Kind == commerce.LetterOrderSetUp && key == ".next" && w.Link.url == nil:
			continue
		case key == "once":
			all = append(all, w.once())
		default:
			all = append(all, w.own(key))
		}
	}
	return all
}

// once says how long the link works, in days from two on.
func (w writer) once() string {
	if hours := int(w.Valid / time.Hour); hours < 48 {
		return w.words.N("letters.once_hours", hours)
	}
	return w.words.N("letters.once_days", int(w.Valid/(24*time.Hour)))
}

// fact is the value of a row, "" where there is nothing to say.
func (w writer) fact(name string) string {
	switch name {
	case "order_number":
		return w.data(w.Order.ID)
	case "customer":
		return w.data(w.Order.Customer)
	case "partner":
		return w.data(w.Order.Partner)
	case "provisioning_contact":
		return w.data(string(w.Contact))
	case "account_representative":
		return list(w.data(w.Representative.Name), w.data(string(w.Representative.Email)))
	case "by":
		return w.data(string(w.By))
	case "reason":
		return w.data(w.Reason)
	case "start_date":
		return w.date(w.Order.Start)
	case "closes":
		return w.date(w.Until)
	case "billed_from":
		return w.date(w.BilledFrom)
	case "first_charges":
		if w.FirstCharges.Currency == "" {
			return ""
		}
		return w.words.Money(w.FirstCharges.Amount, w.FirstCharges.Currency)
	case "subscription":
		if w.Order.Users == 0 {
			return w.data(w.Order.Family)
		}
		return list(w.data(w.Order.Family), w.words.N("words.unit.user", w.Order.Users))
	case "services":
		var names []string
		for _, service := range w.Order.Services {
			names = append(names, w.words.T("words.service_name."+string(service)))
		}
		return list(names...)
	}
	return ""
}

// list joins what is not empty with commas.
func list(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

func (w writer) date(d commerce.Date) string {
	if d.IsZero() {
		return ""
	}
	return w.words.Date(d)
}

// plain is data on one line: every run of spaces, line ends and control characters is one space, and characters that turn the direction of what
// follows are gone. The door refuses such characters; a letter must be safe without trusting it.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), unicode.IsSpace(r), r == '\u2028', r == '\u2029':
			return ' '
		case '\u202a' <= r && r <= '\u202e', '\u2066' <= r && r <= '\u2069', r == '\ufeff':
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	return strings.Join(strings.Fields(s), " ")
}

// isolated is plain data that keeps its own direction: a name in Arabic or Hebrew does not reorder the sentence around it.
func isolated(s string) string {
	s = plain(s)
	if strings.IndexFunc(s, rightToLeft) < 0 {
		return s
	}
	return "\u2068" + s + "\u2069"
}

func rightToLeft(r rune) bool {
	return unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana, unicode.Nko)
}

// bounded cuts a subject to its limit, between characters.
func bounded(s string) string {
	runes := []rune(plain(s))
	if len(runes) <= subjectLimit {
		return string(runes)
	}
	cut := subjectLimit - 1
	for cut > 0 && (unicode.In(runes[cut], unicode.Mn, unicode.Me, unicode.Mc) || runes[cut] == '\u200d') {
		cut-- // an accent stays with its letter
	}
	return strings.TrimRight(string(runes[:cut]), " ") + "…"
}
