package commerce_test

import (
	"errors"
	"strings"
	"testing"

	"dayone/shared/commerce"
)

// asciiOnly stands for IDNA, which the standard library lacks: package api tests the two together.
func asciiOnly(domain string) (string, error) {
	if strings.ContainsFunc(domain, func(r rune) bool { return r >= 0x80 || strings.ContainsRune(" _<>@", r) }) {
		return "", errors.New("not ASCII")
	}
	return domain, nil
}

func TestAddressesAreFolded(t *testing.T) {
	for given, want := range map[string]commerce.Address{
		"ana@nordlicht.example":                     "ana@nordlicht.example",
		"  ana@nordlicht.example\t":                 "ana@nordlicht.example",
		"Ana.Novak@Nordlicht.EXAMPLE":               "ana.novak@nordlicht.example",
		"ana+orders@nordlicht.example":              "ana+orders@nordlicht.example",
		"o'brien@nordlicht.example":                 "o'brien@nordlicht.example",
		strings.Repeat("a", 64) + "@b.example":      commerce.Address(strings.Repeat("a", 64) + "@b.example"),
		"a@" + strings.Repeat("b.", 123) + "ccc.de": commerce.Address("a@" + strings.Repeat("b.", 123) + "ccc.de"),
		"x@xn--mhlen-3ya.example":                   "x@xn--mhlen-3ya.example",
	} {
		got, err := commerce.ParseAddress(given, asciiOnly)
		if err != nil || got != want {
			t.Errorf("ParseAddress(%q) = %q, %v", given, got, err)
		}
	}
}

func TestWhatIsNoAddress(t *testing.T) {
	for name, given := range map[string]string{
		"nothing":                    "",
		"no @":                       "ana",
		"nobody":                     "@nordlicht.example",
		"nowhere":                    "ana@",
		"two @":                      "ana@nord@licht.example",
		"a host without a dot":       "ana@localhost",
		"a dot at the end":           "ana@nordlicht.example.",
		"an address literal":         "ana@[127.0.0.1]",
		"an IPv4 address":            "ana@127.0.0.1",
		"an IPv4 address, short":     "ana@127.1",
		"an IPv6 literal":            "ana@[IPv6:::1]",
		"a display name":             "Ana <ana@nordlicht.example>",
		"a quoted local part":        `"ana novak"@nordlicht.example`,
		"a comment":                  "ana(work)@nordlicht.example",
		"65 characters before the @": strings.Repeat("a", 65) + "@b.example",
		"255 characters":             "a@" + strings.Repeat("b.", 123) + "cccc.de",
		"a dot first":                ".ana@nordlicht.example",
		"a dot last":                 "ana.@nordlicht.example",
		"two dots":                   "a..b@nordlicht.example",
		"a line separator":           "ana\u2028@nordlicht.example",
		"a line break":               "ana\r\nBcc: x@y.example",
		"a space inside":             "ana novak@nordlicht.example",
		"letters beyond ASCII":       "žiga@nordlicht.example",
		"a zero byte":                "ana\x00@nordlicht.example",
		"a list":                     "a@b.example,c@d.example",
	} {
		if got, err := commerce.ParseAddress(given, asciiOnly); err == nil {
			t.Errorf("%s: ParseAddress(%q) = %q", name, given, got)
		}
	}
}

func TestCompanyDomain(t *testing.T) {
	for address, want := range map[commerce.Address]string{
		"ana@nordlicht.example": "nordlicht.example", "ana@gmail.com": "", "ana@siol.net": "", "ana@mail.nordlicht.example": "mail.nordlicht.example",
		"ana@yahoo.co.uk": "", "ana@yahoo.com.br": "", "ana@hotmail.nl": "", "ana@outlook.si": "", "ana@live.nordlicht.example": "live.nordlicht.example",
		"ana@posteo.de": "", "ana@comcast.net": "", "ana@live.abc.si": "live.abc.si", "ana@yahoo.com.evil.example": "yahoo.com.evil.example",
	} {
		if got := address.CompanyDomain(); got != want {
			t.Errorf("%s: %q", address, got)
		}
	}
}
