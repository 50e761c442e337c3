package commerce_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"dayone/shared/commerce"
)

func TestSubdomains(t *testing.T) {
	for given, want := range map[string]string{
		"acme": "acme", "Acme": "acme", "  acme ": "acme", "a-1": "a-1", "123": "123", strings.Repeat("a", 63): strings.Repeat("a", 63), "a--b": "a--b",
		"alpine-mills": "alpine-mills", "abc--d": "abc--d",
	} {
		if got, err := commerce.ParseSubdomain(given); err != nil || got != want {
			t.Errorf("ParseSubdomain(%q) = %q, %v", given, got, err)
		}
	}
	for given, want := range map[string]string{
		"":                      "subdomain_missing",
		"   ":                   "subdomain_missing",
		"ab":                    "subdomain_length",
		strings.Repeat("a", 64): "subdomain_length",
		"ac me":                 "subdomain_characters",
		"acme.example":          "subdomain_characters",
		"ac_me":                 "subdomain_characters",
		"šport":                 "subdomain_characters",
		"\u212aelvin":           "subdomain_characters", // the Kelvin sign, whose small letter is k
		"acme\x00":              "subdomain_characters",
		"-acme":                 "subdomain_edges",
		"acme-":                 "subdomain_edges",
		"---":                   "subdomain_edges",
		"xn--acme":              "subdomain_punycode",
		"ac--me":                "subdomain_punycode",
		"admin":                 "subdomain_reserved",
		"WWW":                   "subdomain_reserved",
	} {
		_, err := commerce.ParseSubdomain(given)
		if diff := cmp.Diff([]string{"subdomain: " + want}, problems(err)); diff != "" {
			t.Errorf("ParseSubdomain(%q): %s", given, diff)
		}
	}
}

func TestSuggestions(t *testing.T) {
	for name, tc := range map[string]struct {
		taken        string
		organization commerce.Organization
		want         []string
	}{
		"its own name is free":    {"acme", commerce.Organization{Name: "Alpine Mills GmbH", Country: "AT"}, []string{"alpine-mills", "acme-at", "alpine-mills-at", "acme-meet", "acme-team", "acme-2", "acme-3", "acme-4"}},
		"its own name is taken":   {"alpine-mills", commerce.Organization{Name: "Alpine Mills GmbH", Country: "AT"}, []string{"alpine-mills-at", "alpine-mills-meet", "alpine-mills-team", "alpine-mills-2", "alpine-mills-3", "alpine-mills-4"}},
		"a name that spells none": {"acme", commerce.Organization{Name: "株式会社"}, []string{"acme-meet", "acme-team", "acme-2", "acme-3", "acme-4"}},
	} {
		if diff := cmp.Diff(tc.want, commerce.SuggestSubdomains(tc.taken, tc.organization)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestEverySuggestionIsAName(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		taken := rapid.StringMatching(`[a-z0-9][a-z0-9-]{1,61}[a-z0-9]`).Draw(r, "taken")
		o := commerce.Organization{Name: rapid.String().Draw(r, "name"), Country: rapid.SampledFrom([]string{"", "SI", "AT"}).Draw(r, "country")}
		seen := map[string]bool{taken: true}
		all := commerce.SuggestSubdomains(taken, o)
		for _, s := range all {
			if got, err := commerce.ParseSubdomain(s); err != nil || got != s || seen[s] {
				r.Fatalf("suggests %q: %v", s, err)
			}
			seen[s] = true
		}
		if _, err := commerce.ParseSubdomain(taken); err == nil && len(all) < 3 {
			r.Fatalf("suggests only %q for %q", all, taken)
		}
	})
}

func TestSlugs(t *testing.T) {
	for name, want := range map[string]string{
		"Alpine Mills GmbH": "alpine-mills", "Nordlicht Partner d.o.o.": "nordlicht-partner", "Žito, d. o. o.": "zito", "Müller & Söhne AG": "mueller-soehne",
		"A/S Ørsted": "a-s-orsted", "  ": "", "株式会社": "", "Straße": "strasse", strings.Repeat("ab ", 40): strings.Repeat("ab-", 19) + "ab",
		"d.o.o.": "d-o-o", "<b>x</b>": "b-x-b",
	} {
		if got := commerce.Slug(name); got != want {
			t.Errorf("Slug(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestRename(t *testing.T) {
	o := commerce.Organization{ID: "org_a", Version: 3}
	first, err := o.Rename("acme")
	if err != nil || first.Subdomain != "acme" || first.Version != 4 {
		t.Errorf("Rename = %+v, %v", first, err)
	}
	if same, err := first.Rename("acme"); err != nil || same.Version != 4 {
		t.Errorf("the same name: version %d, %v", same.Version, err)
	}
	first.Settled = true
	if same, err := first.Rename("acme"); err != nil || same.Version != 4 {
		t.Errorf("the same name, settled: version %d, %v", same.Version, err)
	}
	if _, err := first.Rename("other"); err == nil || !strings.Contains(err.Error(), "subdomain_settled") {
		t.Errorf("another name, settled: %v", err)
	}
}

func TestPasswords(t *testing.T) {
	for name, tc := range map[string]struct {
		password, want string
	}{
		"a short sentence":            {"the mill runs at dawn", ""},
		"14 characters":               {"abcdefghijklmn", "password_short"},
		"15 characters":               {"abcdqfghwjklmno", ""},
		"15 characters beyond ASCII":  {"čšžđćäöüßłéèêøå", ""},
		"128 characters":              {strings.Repeat("ab cd ef gh ij k", 7) + strings.Repeat("x", 16), ""},
		"129 characters":              {strings.Repeat("ab cd ef gh ij k", 7) + strings.Repeat("x", 17), "password_long"},
		"the address itself":          {"ana.novak@nordlicht.example", "password_guessable"},
		"the address in capitals":     {" ANA.NOVAK@nordlicht.example ", "password_guessable"},
		"what stands before the @":    {"a n a . n o v a k", "password_guessable"},
		"the organization's name":     {"Nordlicht Partner d.o.o.", "password_guessable"},
		"the name without its spaces": {"nordlichtpartnerd.o.o.", "password_guessable"},
		"passwordpassword":            {"passwordpassword", "password_guessable"},
		"Password Password":           {"Password Password", "password_guessable"},
		"one character":               {"aaaaaaaaaaaaaaaaa", "password_guessable"},
		"two characters":              {"aaaaaaaaabbbbbbbbb", "password_guessable"},
		"nothing but spaces":          {strings.Repeat(" ", 20), "password_guessable"},
		"a number said over":          {"123451234512345", "password_guessable"},
		"not text":                    {"abcdefghijklmno\xff", "password_malformed"},
		"emoji":                       {"🌞🌝🌛🌜🌚🌕🌖🌗🌘🌑🌒🌓🌔🌙⭐", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var want []string
			if tc.want != "" {
				want = []string{"password: " + tc.want}
			}
			err := commerce.CheckPassword(tc.password, "ana.novak@nordlicht.example", "Nordlicht Partner d.o.o.")
			if diff := cmp.Diff(want, problems(err)); diff != "" {
				t.Error(diff)
			}
		})
	}
	if err := commerce.CheckPassword("the mill runs at dawn", "", ""); err != nil {
		t.Errorf("without an organization: %v", err)
	}
}

func TestTries(t *testing.T) {
	var tries commerce.Tries
	now := noon
	for n, wait := range []time.Duration{0, 0, 0, 0, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second} {
		var err error
		if tries, err = tries.Take(now); err != nil {
			t.Fatalf("try %d: %v", n+1, err)
		}
		if wait == 0 && !tries.SlowUntil.IsZero() || wait > 0 && !tries.SlowUntil.Equal(now.Add(wait)) {
			t.Errorf("after try %d: slow until %s", n+1, tries.SlowUntil)
		}
		if wait > 0 {
			same, err := tries.Take(now.Add(wait - time.Millisecond))
			e, ok := err.(*commerce.Error)
			if !ok || e.Kind != commerce.KindTooMany || e.Wait != time.Millisecond || same != tries {
				t.Errorf("a try too soon: %v, %+v", err, same)
			}
			now = tries.SlowUntil
		}
	}
	for range 20 {
		tries, _ = tries.Take(tries.SlowUntil)
	}
	if got := tries.SlowUntil.Sub(tries.LastAt); got != 15*time.Minute {
		t.Errorf("the longest wait is %s", got)
	}
	if after, err := tries.Take(tries.LastAt.Add(24 * time.Hour)); err != nil || after.Count != 1 {
		t.Errorf("a day later: %+v, %v", after, err)
	}
}

func TestCatalogue(t *testing.T) {
	for family, window := range map[string]time.Duration{"A-FLEX": 7 * day, "A-FLEX-3": 7 * day, "A-WX": 30 * day, "A-SPK": 30 * day} {
		f, known := commerce.FamilyNamed(family)
		if !known || f.Window != window || f.Name != family {
			t.Errorf("%s: %+v", family, f)
		}
		for i, r := range f.Reminders {
			if r >= f.Window || i > 0 && r <= f.Reminders[i-1] {
				t.Errorf("%s reminds after %s", family, r)
			}
		}
		for suffix, want := range map[string]commerce.Product{
			"CALL": {Service: commerce.Calling, Unit: "user"}, "MEET": {Service: commerce.Meetings, Unit: "user"}, "MSG": {Service: commerce.Messaging, Unit: "user"},
			"PSTN": {Service: commerce.Calling, Unit: "number", Needs: family + "-CALL"}, "ROOM": {Service: commerce.Meetings, Unit: "room", Needs: family + "-MEET"},
		} {
			want.SKU = family + "-" + suffix
			if got, sold := f.Product(want.SKU); !sold || got != want {
				t.Errorf("%s is %+v", want.SKU, got)
			}
		}
		for _, sku := range []string{"", family, family + "-", family + "-CALLS", "X-" + family + "-CALL"} {
			if _, sold := f.Product(sku); sold {
				t.Errorf("%q is sold", sku)
			}
		}
	}
}

func TestCodes(t *testing.T) {
	for code, want := range map[string]bool{"SI": true, "AT": true, "si": false, "": false, "S": false, "SI ": false, " S": false, "ZZ": false, "SVN": false} {
		if commerce.IsCountry(code) != want {
			t.Errorf("IsCountry(%q) = %t", code, !want)
		}
	}
	for code, want := range map[string]bool{"EUR": true, "USD": true, "eur": false, "": false, "EU": false, "R U": false, "XXX": false, "EURO": false} {
		if commerce.IsCurrency(code) != want {
			t.Errorf("IsCurrency(%q) = %t", code, !want)
		}
	}
}

func TestErrorsAreKnownByTheirCode(t *testing.T) {
	copied := *commerce.ErrReferenceTaken
	copied.Existing = "DO-1"
	if !copied.Is(commerce.ErrReferenceTaken) || copied.Is(commerce.ErrOrderUnknown) {
		t.Error("a copy is not the same error, or is every error")
	}
	if got := commerce.Invalid("a/b", "c", "d").Error(); got != "invalid; a/b: c" {
		t.Error(got)
	}
}
