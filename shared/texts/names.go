package texts

import (
	"slices"
	"strings"
)

// A Name is a code and what the language calls it.
type Name struct {
	Code, Name string
}

// names are CLDR's, in the language's own alphabetical order, so that nothing here has to know how č sorts.
type names []Name

func namesOf(lines []string) names {
	all := make(names, len(lines))
	for i, line := range lines {
		code, name, _ := strings.Cut(line, " ")
		all[i] = Name{code, name}
	}
	return all
}

func (n names) of(code string) string {
	if i := slices.IndexFunc(n, func(name Name) bool { return name.Code == code }); i >= 0 {
		return n[i].Name
	}
	return code
}

// Country is the name of an ISO 3166 code, or the code where it has none.
func (l *Language) Country(code string) string { return l.countries.of(code) }

// Countries are those with one of the codes, or all where none is given, in alphabetical order.
func (l *Language) Countries(codes ...string) []Name {
	if len(codes) == 0 {
		return slices.Clone(l.countries)
	}
	return slices.Collect(func(yield func(Name) bool) {
		for _, name := range l.countries {
			if slices.Contains(codes, name.Code) && !yield(name) {
				return
			}
		}
	})
}

// LanguageName is the name of a language by its code, or the code where it has none.
func (l *Language) LanguageName(code string) string { return l.languages.of(code) }

// Languages are the languages people can choose for announcements, meetings and letters, in alphabetical order.
func (l *Language) Languages() []Name { return slices.Clone(l.languages) }

// Zones are the time zones people can choose, from west to east: one for all places whose clocks agree, under the names
// of its best known cities.
func (l *Language) Zones() []Name { return slices.Clone(l.zones) }

// ZoneName is what people read for an IANA zone: its cities, or the city in its own name where it is none of Zones.
func (l *Language) ZoneName(zone string) string {
	for _, z := range l.zones {
		if z.Code == zone {
			return z.Name
		}
	}
	return strings.ReplaceAll(zone[strings.LastIndexByte(zone, '/')+1:], "_", " ")
}
