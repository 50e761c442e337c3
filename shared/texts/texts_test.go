package texts_test

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"dayone/shared/commerce"
	"dayone/shared/texts"
)

// leaves are all strings of a language's file below the objects of texts, by their path.
func leaves(t *testing.T, tag string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(tag + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]any
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	var walk func(path string, value any)
	walk = func(path string, value any) {
		switch v := value.(type) {
		case string:
			all[path] = v
		case map[string]any:
			for name, value := range v {
				walk(path+"."+name, value)
			}
		default:
			t.Errorf("%s: %s is neither text nor object", tag, path)
		}
	}
	for _, part := range []string{"words", "pages", "errors", "letters"} {
		walk(part, file[part])
	}
	return all
}

// forms are the names of the plural forms that a language has for whole numbers.
func forms(tag string) []string {
	names := map[plural.Form]string{
		plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many", plural.Other: "other",
	}
	used := map[string]bool{"other": true}
	for n := range 1000 {
		used[names[plural.Cardinal.MatchPlural(language.MustParse(tag), n, 0, 0, 0, 0)]] = true
	}
	return slices.Sorted(maps.Keys(used))
}

// isForm reports whether path ends in a plural form of a text that has the form other.
func isForm(all map[string]string, path string) (key string, is bool) {
	i := strings.LastIndexByte(path, '.')
	_, is = all[path[:i]+".other"]
	return path[:i], is && slices.Contains([]string{"zero", "one", "two", "few", "many", "other"}, path[i+1:])
}

var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

func placeholders(text string) []string {
	return slices.Compact(slices.Sorted(slices.Values(placeholder.FindAllString(text, -1))))
}

func TestEveryLanguageHasEveryText(t *testing.T) {
	ours := leaves(t, texts.Default)
	for _, tag := range texts.Tags() {
		theirs := leaves(t, tag)
		for path, text := range ours {
			key, many := isForm(ours, path)
			if many {
				for _, form := range forms(tag) {
					if theirs[key+"."+form] == "" {
						t.Errorf("%s misses %s.%s", tag, key, form)
					}
				}
				continue
			}
			if theirs[path] == "" {
				t.Errorf("%s misses %s", tag, path)
			} else if got, want := placeholders(theirs[path]), placeholders(text); !slices.Equal(got, want) {
				t.Errorf("%s: %s has %v, want %v", tag, path, got, want)
			}
		}
		for path, text := range theirs {
			if strings.TrimSpace(text) != text {
				t.Errorf("%s: %s begins or ends with a space", tag, path)
			}
			key, many := isForm(theirs, path)
			if !many {
				if _, ok := ours[path]; !ok {
					t.Errorf("%s has %s, which %s does not", tag, path, texts.Default)
				}
				continue
			}
			if got, want := placeholders(text), placeholders(ours[key+".other"]); !slices.Equal(got, want) {
				t.Errorf("%s: %s has %v, want %v", tag, path, got, want)
			}
			if !slices.Contains(forms(tag), path[len(key)+1:]) {
				t.Errorf("%s has %s, a form the language does not use", tag, path)
			}
		}
	}
}

func TestEveryLanguageNamesTheSame(t *testing.T) {
	codes := func(names []texts.Name) []string {
		var all []string
		for _, n := range names {
			if n.Name == "" {
				t.Errorf("%s has no name", n.Code)
			}
			all = append(all, n.Code)
		}
		slices.Sort(all)
		return all
	}
	en := texts.For(texts.Default)
	for _, code := range codes(en.Countries()) {
		if !commerce.IsCountry(code) {
			t.Errorf("%s is no country", code)
		}
	}
	if n := len(en.Countries()); n != 249 {
		t.Errorf("%d countries, want all 249", n)
	}
	for _, zone := range codes(en.Zones()) {
		if _, err := commerce.Zone(zone); err != nil {
			t.Error(err)
		}
	}
	for _, tag := range texts.Tags() {
		l := texts.For(tag)
		if l.Name == "" || l.Tag != tag {
			t.Errorf("%s calls itself %q, %q", tag, l.Tag, l.Name)
		}
		for what, list := range map[string]func(*texts.Language) []texts.Name{
			"countries": func(l *texts.Language) []texts.Name { return l.Countries() },
			"languages": (*texts.Language).Languages, "zones": (*texts.Language).Zones,
		} {
			if !slices.Equal(codes(list(l)), codes(list(en))) {
				t.Errorf("%s names other %s than %s", tag, what, texts.Default)
			}
		}
	}
}

func TestPlural(t *testing.T) {
	for tag, want := range map[string]map[int]string{
		"en": {0: "0 users", 1: "1 user", 2: "2 users", 5: "5 users", 1250: "1,250 users"},
		"de": {0: "0 Personen", 1: "1 Person", 2: "2 Personen", 1250: "1.250 Personen"},
		"sl": {
			0: "0 uporabnikov", 1: "1 uporabnik", 2: "2 uporabnika", 3: "3 uporabniki", 4: "4 uporabniki", 5: "5 uporabnikov", 100: "100 uporabnikov",
			101: "101 uporabnik", 102: "102 uporabnika", 103: "103 uporabniki", 111: "111 uporabnikov", 1250: "1250 uporabnikov", 12500: "12.500 uporabnikov",
		},
	} {
		for n, want := range want {
			if got := texts.For(tag).N("words.unit.user", n); got != want {
				t.Errorf("%s: %d = %q, want %q", tag, n, got, want)
			}
		}
	}
}

func TestTextIsFilledOnce(t *testing.T) {
	l := texts.For("en")
	if got, want := l.T("words.step", "step", "{steps}", "steps", 4), "Step {steps} of 4"; got != want {
		t.Errorf("T = %q, want %q", got, want)
	}
	if got, want := l.T("words.no_such"), "⟦words.no_such⟧"; got != want {
		t.Errorf("a key that is not there = %q, want %q", got, want)
	}
	if got, want := l.N("words.next", 1), "⟦words.next⟧"; got != want {
		t.Errorf("a text without forms = %q, want %q", got, want)
	}
}

func TestDates(t *testing.T) {
	day := commerce.Date{Year: 2026, Month: time.November, Day: 24}
	ljubljana, err := commerce.Zone("Europe/Ljubljana")
	if err != nil {
		t.Fatal(err)
	}
	saoPaulo, err := commerce.Zone("America/Sao_Paulo")
	if err != nil {
		t.Fatal(err)
	}
	instant := time.Date(2026, time.December, 31, 23, 5, 0, 0, time.UTC)
	en, sl := texts.For("en"), texts.For("sl")
	for _, tc := range []struct{ got, want string }{
		{en.Date(day), "24 November 2026"}, {en.On(day), "24 November 2026"},
		{sl.Date(day), "24. november 2026"}, {sl.On(day), "24. novembra 2026"},
		{en.DateTime(instant, ljubljana), "1 January 2027, 00:05 CET"}, {sl.DateTime(instant, ljubljana), "1. januar 2027, 00:05 CET"},
		{en.DateTime(instant, saoPaulo), "31 December 2026, 20:05 UTC-03"},
		{texts.For("de").Date(day), "24. November 2026"}, {texts.For("de").On(day), "24. November 2026"},
		{en.Date(commerce.Date{}), "0000-00-00"},
	} {
		if tc.got != tc.want {
			t.Errorf("got %q, want %q", tc.got, tc.want)
		}
	}
}

func TestMoney(t *testing.T) {
	for _, tc := range []struct {
		minor    int64
		currency string
		en, sl   string
	}{
		{1250, "EUR", "€12.50", "12,50\u00a0€"},
		{123456750, "EUR", "€1,234,567.50", "1.234.567,50\u00a0€"},
		{123450, "SEK", "SEK\u00a01,234.50", "1234,50\u00a0SEK"},
		{-300, "EUR", "-€3.00", "−3,00\u00a0€"},
		{5, "EUR", "€0.05", "0,05\u00a0€"},
		{0, "EUR", "€0.00", "0,00\u00a0€"},
		{1200, "JPY", "¥1,200", "1200\u00a0¥"},
		{1234, "KWD", "KWD\u00a01.234", "1,234\u00a0KWD"},
		{500, "CAD", "CA$5.00", "5,00\u00a0CAD"},
		{500, "CHF", "CHF\u00a05.00", "5,00\u00a0CHF"},
		{-1 << 63, "EUR", "-€92,233,720,368,547,758.08", "−92.233.720.368.547.758,08\u00a0€"},
	} {
		if got := texts.For("en").Money(tc.minor, tc.currency); got != tc.en {
			t.Errorf("en: %d %s = %q, want %q", tc.minor, tc.currency, got, tc.en)
		}
		if got := texts.For("sl").Money(tc.minor, tc.currency); got != tc.sl {
			t.Errorf("sl: %d %s = %q, want %q", tc.minor, tc.currency, got, tc.sl)
		}
	}
}

func TestNames(t *testing.T) {
	en, sl := texts.For("en"), texts.For("sl")
	for _, tc := range []struct{ got, want string }{
		{en.Country("US"), "United States"}, {sl.Country("US"), "Združene države Amerike"}, {sl.Country("??"), "??"},
		{en.LanguageName("sl"), "Slovenian"}, {sl.LanguageName("sl"), "Slovenščina"},
		{sl.ZoneName("Europe/Athens"), "Atene, Helsinki, Sofija"}, {sl.ZoneName("America/Buenos_Aires"), "Buenos Aires"},
		{sl.Label("partner_country"), "Država ali regija"}, {en.Label("partner_admin_email"), "Administrator email"}, {en.Label("email"), "Email address"},
		{en.Label("no_such"), "⟦words.field.no_such⟧"},
		{en.Problem("partner_country", "unknown"), "Select a country or region"},
		{en.Problem("delegate_email", "malformed"), "Enter an email address in the correct format, like name@example.com"},
		{en.Problem("subdomain", "taken", "name", "acme", "suggestions", "acme-1"), "acme is taken. Try acme-1"},
		{en.Problem("anything", "too_long"), "This answer is too long"}, {en.Problem("", "no_such_code"), "Check this answer"},
	} {
		if tc.got != tc.want {
			t.Errorf("got %q, want %q", tc.got, tc.want)
		}
	}
	var names []string
	for _, c := range sl.Countries("SI", "CZ", "ES", "HR", "CY") {
		names = append(names, c.Name)
	}
	if want := []string{"Ciper", "Češka", "Hrvaška", "Slovenija", "Španija"}; !slices.Equal(names, want) {
		t.Errorf("in alphabetical order: %v, want %v", names, want)
	}
}

func TestNegotiate(t *testing.T) {
	for name, tc := range map[string]struct{ explicit, accept, fallback, want string }{
		"asked for by name":        {"sl", "en", "en", "sl"},
		"asked for with a region":  {"sl-SI", "en", "en", "sl"},
		"the browser's first":      {"", "sl-SI,sl;q=0.9,en;q=0.8", "en", "sl"},
		"the browser's best known": {"", "fr;q=0.9,en;q=0.4,sl;q=0.5", "en", "sl"},
		"the browser's no":         {"", "fr", "sl", "sl"},
		"nothing known":            {"xx", "fr", "it", "en"},
		"nothing said":             {"", "", "", "en"},
		"not a header":             {"", "\x00,;q=;;", "sl", "sl"},
		"a path":                   {"../sl", "", "en", "en"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := texts.Negotiate(tc.explicit, tc.accept, tc.fallback); got != tc.want {
				t.Errorf("Negotiate = %q, want %q", got, tc.want)
			}
		})
	}
}

func TestForFallsBack(t *testing.T) {
	for tag, want := range map[string]string{"sl": "sl", "SL_si": "sl", "de-AT": "de", "fr": "en", "": "en"} {
		if got := texts.For(tag).Tag; got != want {
			t.Errorf("For(%q) = %s, want %s", tag, got, want)
		}
	}
}
