package commerce_test

import (
	"errors"
	"net/mail"
	"regexp"
	"strings"
	"testing"
	"time"

	"dayone/shared/commerce"
)

// FuzzAddress: what is taken for an address is one, in the one form that addresses have, and has nothing hidden in it.
func FuzzAddress(f *testing.F) {
	same := func(domain string) (string, error) { // the edge makes it ASCII; here it has to be
		if strings.ContainsFunc(domain, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return "", errors.New("not ASCII")
		}
		return domain, nil
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := commerce.ParseAddress(s, same)
		if err != nil {
			if a != "" {
				t.Errorf("%q is refused, and is %q", s, a)
			}
			return
		}
		if again, err := commerce.ParseAddress(string(a), same); err != nil || again != a {
			t.Errorf("%q is %q and then %q, %v", s, a, again, err)
		}
		if parsed, err := mail.ParseAddress(string(a)); err != nil || parsed.Address != string(a) || parsed.Name != "" {
			t.Errorf("%q is %q to net/mail, %v", a, parsed, err)
		}
		local, domain, _ := strings.Cut(string(a), "@")
		if len(a) > 254 || len(local) > 64 || strings.ToLower(string(a)) != string(a) || !strings.Contains(domain, ".") || a.Domain() != domain ||
			strings.ContainsFunc(string(a), func(r rune) bool { return r <= ' ' || r > '~' }) || strings.ContainsAny(string(a), "<>()[]\\\",;:") {
			t.Errorf("%q is taken as %q", s, a)
		}
	})
}

// FuzzDate: a day reads as it was written, and its opening hour in any zone is on that day or, where the day does not
// exist there, right after it.
func FuzzDate(f *testing.F) {
	f.Fuzz(func(t *testing.T, day, zone string, hour uint8) {
		d, err := commerce.ParseDate(day)
		if err != nil {
			return
		}
		if d.String() != day || d.AddDays(0) != d || d.AddDays(400).DaysUntil(d) != -400 || d.AddMonths(12).AddMonths(-12).Day > d.Day {
			t.Errorf("%q is %s", day, d)
		}
		in, err := commerce.Zone(zone)
		if err != nil || d.Year < 1 || d.Year > 9998 {
			return
		}
		at := d.At(int(hour%24), in)
		local := at.In(in)
		wall := time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), local.Second(), 0, time.UTC)
		want := time.Date(d.Year, d.Month, d.Day, int(hour%24), 0, 0, 0, time.UTC)
		if late := wall.Sub(want); late < 0 || late > 25*time.Hour {
			t.Errorf("%s at %d in %s is %s, %s late", d, hour%24, zone, local, late)
		}
		// It is the first such instant of its offset: a moment before, the clock showed less, or it jumped.
		if before := at.Add(-time.Second).In(in); wall.After(want) && !time.Date(before.Year(), before.Month(), before.Day(), before.Hour(), before.Minute(), before.Second(), 0, time.UTC).Before(want) {
			t.Errorf("%s at %d in %s is %s, and a second earlier would do", d, hour%24, zone, local)
		}
	})
}

// FuzzToken: what is taken for a token is exactly one, of one kind, and shows itself nowhere but where it is revealed.
func FuzzToken(f *testing.F) {
	kinds := []commerce.TokenKind{commerce.SetupToken, commerce.PasswordToken, commerce.AccessToken, commerce.SessionToken}
	whole := regexp.MustCompile(`^(ps[pas]_[A-Za-z0-9_-]{43}|psl_[A-Za-z0-9_-]{44,96})$`)
	f.Fuzz(func(t *testing.T, s string) {
		taken := 0
		for _, kind := range kinds {
			token, err := commerce.ParseToken(kind, s)
			if err != nil {
				if !errors.Is(err, commerce.ErrTokenUnknown) || token.Reveal() != "" || strings.Contains(err.Error(), s) && len(s) > 20 {
					t.Errorf("%q: %v", s, err)
				}
				continue
			}
			taken++
			if names := regexp.MustCompile(`^[A-Z0-9-]{1,40}$`).MatchString(token.Order()); names != (kind == commerce.SetupToken) {
				t.Errorf("%q names the order %q", s, token.Order())
			}
			if token.Reveal() != strings.TrimSpace(s) || !whole.MatchString(token.Reveal()) || len(token.Hash()) != 64 {
				t.Errorf("%q is taken as %q", s, token.Reveal())
			}
		}
		if taken > 1 {
			t.Errorf("%q is of %d kinds", s, taken)
		}
	})
}

// FuzzSubdomain: what is taken for a subdomain is a label that DNS takes, and so is all that is suggested in its place.
func FuzzSubdomain(f *testing.F) {
	label := regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)
	f.Fuzz(func(t *testing.T, s, company string) {
		name, err := commerce.ParseSubdomain(s)
		if err == nil && (!label.MatchString(name) || name[2:min(4, len(name))] == "--" || name != strings.ToLower(strings.TrimSpace(s))) {
			t.Errorf("%q is taken as %q", s, name)
		}
		if e, refused := errors.AsType[*commerce.Error](err); err != nil && (!refused || len(e.Problems) != 1 || name != "") {
			t.Errorf("%q: %v", s, err)
		}
		if err != nil {
			return
		}
		for _, other := range commerce.SuggestSubdomains(name, commerce.Organization{Name: company, Country: "SI"}) {
			if !label.MatchString(other) || other == name {
				t.Errorf("%q of %q gets the suggestion %q", name, company, other)
			}
		}
	})
}
