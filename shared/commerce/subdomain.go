package commerce

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// reservedSubdomains would let somebody speak for the vendor or collide with machinery.
var reservedSubdomains = map[string]bool{
	"abuse": true, "account": true, "accounts": true, "admin": true, "administrator": true, "api": true, "app": true,
	"assets": true, "auth": true, "autoconfig": true, "autodiscover": true, "billing": true, "blog": true, "cdn": true,
	"console": true, "dashboard": true, "dev": true, "dns": true, "docs": true, "email": true, "ftp": true, "git": true,
	"help": true, "hostmaster": true, "imap": true, "info": true, "internal": true, "local": true, "localhost": true,
	"login": true, "mail": true, "meet": true, "mta-sts": true, "news": true, "noreply": true, "ns1": true, "ns2": true,
	"pop": true, "postmaster": true, "root": true, "sales": true, "security": true, "shop": true, "signin": true,
	"sip": true, "smtp": true, "ssl": true, "staging": true, "static": true, "status": true, "support": true,
	"system": true, "test": true, "vpn": true, "webmail": true, "webmaster": true, "wpad": true, "www": true,
}

// ParseSubdomain reads a subdomain (rule 6): lower-cased and trimmed, or a Problem at field "subdomain" whose code says
// why it is no name: subdomain_missing, subdomain_length, subdomain_characters, subdomain_edges, subdomain_punycode,
// subdomain_reserved.
func ParseSubdomain(s string) (string, error) {
	name := strings.TrimSpace(s)
	ascii := !strings.ContainsFunc(name, func(r rune) bool { return r >= 0x80 }) // some others have a small letter that is
	name = strings.ToLower(name)
	no := func(code, detail string) (string, error) { return "", Invalid("subdomain", code, detail) }
	switch {
	case name == "":
		return no("subdomain_missing", "Enter a subdomain.")
	case !ascii || strings.ContainsFunc(name, func(r rune) bool { return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789-", r) }):
		return no("subdomain_characters", "Use 3 to 63 characters: a to z, digits and hyphens.")
	case len(name) < 3 || len(name) > 63:
		return no("subdomain_length", "Use 3 to 63 characters: a to z, digits and hyphens.")
	case strings.HasPrefix(name, "-") || strings.HasSuffix(name, "-"):
		return no("subdomain_edges", "Begin and end with a letter or a digit.")
	case len(name) > 3 && name[2:4] == "--":
		return no("subdomain_punycode", "Do not use two hyphens at the third and fourth place.")
	case reservedSubdomains[name]:
		return no("subdomain_reserved", "This name is reserved. Choose another one.")
	}
	return name, nil
}

// SuggestSubdomains are names close to one that is taken, best first. Which of them are free only the store knows.
func SuggestSubdomains(taken string, o Organization) []string {
	country := strings.ToLower(o.Country)
	base := strings.TrimRight(taken[:min(len(taken), 58)], "-") // leaves room for what is added
	var all []string
	for _, s := range []string{Slug(o.Name), base + "-" + country, Slug(o.Name) + "-" + country, base + "-meet", base + "-team", base + "-2", base + "-3", base + "-4"} {
		if name, err := ParseSubdomain(s); err == nil && name != taken && !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

// latin maps the letters that company names around here have to what they look like.
var latin = strings.NewReplacer("č", "c", "ć", "c", "š", "s", "ž", "z", "đ", "d", "ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss",
	"á", "a", "à", "a", "â", "a", "ã", "a", "å", "a", "é", "e", "è", "e", "ê", "e", "ë", "e", "í", "i", "ì", "i", "î", "i",
	"ó", "o", "ò", "o", "ô", "o", "õ", "o", "ø", "o", "ú", "u", "ù", "u", "û", "u", "ý", "y", "ñ", "n", "ç", "c", "ł", "l", "ř", "r", "ě", "e", "ů", "u")

// companyForm is the legal form that a name ends with. It is compiled where a name is asked for: most functions never do,
// and would start slower.
var companyForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)[\s,]+(d\.?\s?o\.?\s?o\.?|d\.?\s?d\.?|gmbh|ag|s\.?p\.?a\.?|s\.?r\.?l\.?|ltd\.?|inc\.?|llc|b\.?v\.?|s\.?a\.?|oy|ab|as|kft\.?)$`)
})

// Slug is a company's name as a subdomain would spell it: "Alpine Mills GmbH" is alpine-mills. It may be "" or too short
// for a name.
func Slug(name string) string {
	name = latin.Replace(strings.ToLower(companyForm().ReplaceAllString(strings.TrimSpace(name), "")))
	var b strings.Builder
	for _, r := range name {
		switch {
		case 'a' <= r && r <= 'z' || '0' <= r && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	s := strings.Trim(b.String(), "-")
	if len(s) > 60 {
		s = strings.Trim(s[:60], "-")
	}
	return s
}

// Rename is the organization with another subdomain. After an order was activated under one, it stays (rule 6).
func (o Organization) Rename(subdomain string) (Organization, error) {
	if o.Subdomain == subdomain {
		return o, nil
	}
	if o.Settled {
		return Organization{}, &Error{Kind: KindConflict, Code: "subdomain_settled",
			Detail: fmt.Sprintf("Your services run under %s already; it can no longer be changed.", o.Subdomain)}
	}
	o.Version++
	o.Subdomain = subdomain
	return o, nil
}
