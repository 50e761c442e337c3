// Package texts is every word people see, in every language they can see it in: one file a language, and a further
// language is one further file. It also writes what a language writes in its own way: plurals, dates, money, countries.
package texts

import (
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"strings"
	"sync"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// Default is the language that has every text: the others are held to it, and an unknown tag falls back to it.
const Default = "en"

//go:embed *.json
var files embed.FS

// A Language answers every text of one language.
type Language struct {
	Tag  string // as in <html lang>: en, sl
	Name string // what the language calls itself

	rules     language.Tag
	format    format
	texts     map[string]string
	plurals   map[string]map[plural.Form]string
	symbols   map[string]string // of currencies
	countries names
	languages names
	zones     names
}

// For is the language of tag ("sl", "sl-SI"), or Default where there is no such file. A file is read when its language
// is first asked for: a function that answers JSON pays for none.
func For(tag string) *Language {
	if l, ok := known()[base(tag)]; ok {
		return l()
	}
	return known()[Default]()
}

// Tags are the languages there are, in the order of their files.
func Tags() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		panic(err) // an embedded root can be listed
	}
	tags := make([]string, len(entries))
	for i, e := range entries {
		tags[i] = strings.TrimSuffix(e.Name(), path.Ext(e.Name()))
	}
	return tags
}

// Negotiate is the tag of the language to answer in: the one asked for by name, else the best of an Accept-Language
// header, else fallback, else Default.
func Negotiate(explicit, acceptLanguage, fallback string) string {
	wishes := []string{explicit}
	if accepted, _, err := language.ParseAcceptLanguage(acceptLanguage); err == nil {
		for _, tag := range accepted {
			wishes = append(wishes, tag.String())
		}
	}
	for _, wish := range append(wishes, fallback) {
		if _, ok := known()[base(wish)]; ok {
			return base(wish)
		}
	}
	return Default
}

// T is the text of key with each {name} replaced. The args are names and values in turn. A key that is not there, or a
// name that is, shows: a page with a hole is found sooner than one with nothing in it.
func (l *Language) T(key string, args ...any) string {
	text, ok := l.texts[key]
	if !ok {
		return "⟦" + key + "⟧"
	}
	return l.fill(text, args)
}

// N is the text of key in the form that n takes, with {n} and each further {name} replaced.
func (l *Language) N(key string, n int, args ...any) string {
	forms, ok := l.plurals[key]
	if !ok {
		return "⟦" + key + "⟧"
	}
	text, ok := forms[plural.Cardinal.MatchPlural(l.rules, n, 0, 0, 0, 0)]
	if !ok {
		text = forms[plural.Other]
	}
	return l.fill(text, append([]any{"n", n}, args...))
}

// Has reports whether there is a text of key.
func (l *Language) Has(key string) bool {
	_, ok := l.texts[key]
	return ok
}

// Label is what the field of this name is called. A name is looked up whole, then without what comes before its first
// _, and so on: partner_country and customer_country share the text of country.
func (l *Language) Label(field string) string {
	for name := field; name != ""; name = shorter(name) {
		if l.Has("words.field." + name) {
			return l.T("words.field." + name)
		}
	}
	return l.T("words.field." + field)
}

// Problem says what is wrong with a field, given the code of a problem. It looks under the field's name as Label does,
// then under the code alone, and always has something to say.
func (l *Language) Problem(field, code string, args ...any) string {
	for name := field; name != ""; name = shorter(name) {
		for _, c := range []string{code, "any"} {
			if key := "errors." + name + "." + c; l.Has(key) {
				return l.T(key, args...)
			}
		}
	}
	if key := "errors." + code; l.Has(key) {
		return l.T(key, args...)
	}
	return l.T("errors.invalid")
}

// shorter is the name without its first word, or "" when it has only one.
func shorter(name string) string {
	_, rest, _ := strings.Cut(name, "_")
	return rest
}

// fill puts the args, names and values in turn, into text, once: a value that looks like a placeholder stays as it is.
func (l *Language) fill(text string, args []any) string {
	if len(args) == 0 {
		return text
	}
	pairs := make([]string, 0, len(args))
	for i := 0; i+1 < len(args); i += 2 {
		value, ok := args[i+1].(string)
		if n, isInt := args[i+1].(int); isInt {
			value = l.Number(n)
		} else if !ok {
			value = fmt.Sprint(args[i+1])
		}
		pairs = append(pairs, fmt.Sprintf("{%v}", args[i]), value)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// base is the language of a tag, without region or script.
func base(tag string) string {
	b, _, _ := strings.Cut(strings.ReplaceAll(tag, "_", "-"), "-")
	return strings.ToLower(b)
}

// known has one reader a file; each reads its file once, when first called.
var known = sync.OnceValue(func() map[string]func() *Language {
	all := map[string]func() *Language{}
	for _, tag := range Tags() {
		all[tag] = sync.OnceValue(func() *Language { return read(tag) })
	}
	return all
})

// file is a language's file. Objects under Words, Pages, Errors and Letters nest as far as they like; the text of
// {"pages": {"role": {"title": …}}} is pages.role.title. An object whose names are all plural forms is one text.
type file struct {
	Name       string
	Format     format
	Words      map[string]any
	Pages      map[string]any
	Errors     map[string]any
	Letters    map[string]any
	Currencies map[string]string
	Countries  []string // "SI Slovenia", in the language's alphabetical order
	Languages  []string // "sl Slovenian", likewise
	Zones      []string // "Europe/Athens Athens, Helsinki, Sofia", from west to east
}

func read(tag string) *Language {
	data, err := files.ReadFile(tag + ".json")
	if err != nil {
		panic(err) // the tag came from the listing
	}
	var f file
	if err := json.Unmarshal(data, &f); err != nil {
		panic(fmt.Errorf("read language %s: %w", tag, err)) // embedded, and read by a test
	}
	l := &Language{
		Tag: tag, Name: f.Name,
		rules: language.MustParse(tag), format: f.Format, symbols: f.Currencies,
		texts: map[string]string{}, plurals: map[string]map[plural.Form]string{},
		countries: namesOf(f.Countries), languages: namesOf(f.Languages), zones: namesOf(f.Zones),
	}
	l.flatten("words", f.Words)
	l.flatten("pages", f.Pages)
	l.flatten("errors", f.Errors)
	l.flatten("letters", f.Letters)
	return l
}

func (l *Language) flatten(prefix string, object map[string]any) {
	if forms, ok := pluralOf(object); ok {
		l.plurals[prefix] = forms
		return
	}
	for name, value := range object {
		key := prefix + "." + name
		switch v := value.(type) {
		case string:
			l.texts[key] = v
		case map[string]any:
			l.flatten(key, v)
		}
	}
}

// pluralOf reads an object as the forms of one text.
func pluralOf(object map[string]any) (map[plural.Form]string, bool) {
	forms := map[plural.Form]string{}
	for name, value := range object {
		text, ok := value.(string)
		form, is := pluralForm(name)
		if !ok || !is {
			return nil, false
		}
		forms[form] = text
	}
	_, whole := forms[plural.Other]
	return forms, whole
}

// pluralForm is the form of CLDR's name for it.
func pluralForm(name string) (plural.Form, bool) {
	switch name {
	case "zero":
		return plural.Zero, true
	case "one":
		return plural.One, true
	case "two":
		return plural.Two, true
	case "few":
		return plural.Few, true
	case "many":
		return plural.Many, true
	case "other":
		return plural.Other, true
	}
	return plural.Other, false
}
