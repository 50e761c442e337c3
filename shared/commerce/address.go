package commerce

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/mail"
	"strings"
)

// Address is an email address in the one form in which addresses are compared (rule 5): trimmed, lower case, its
// domain in ASCII.
type Address string

// errAddress says nothing of why: what people read is a Problem made from it.
var errAddress = errors.New("not an email address")

// ParseAddress reads one address as a person types it. ascii turns a domain into its ASCII form (IDNA), which the
// standard library cannot do. Refused are display names, quoted or non-ASCII local parts, more than 64 and 254
// characters, address literals and domains without a dot.
func ParseAddress(s string, ascii func(domain string) (string, error)) (Address, error) {
	s = strings.TrimSpace(s)
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at == len(s)-1 {
		return "", errAddress
	}
	local, domain := s[:at], s[at+1:]
	if len(local) > 64 || !dotAtom(local) {
		return "", errAddress
	}
	domain, err := ascii(domain)
	if err != nil {
		return "", errAddress
	}
	domain = strings.ToLower(domain)
	folded := strings.ToLower(local) + "@" + domain
	dot := strings.LastIndexByte(domain, '.')
	if len(folded) > 254 || dot < 1 || dot == len(domain)-1 {
		return "", errAddress
	}
	if c := domain[dot+1]; c < 'a' || c > 'z' { // no top-level domain begins with a digit, every IPv4 address ends with a number
		return "", errAddress
	}
	if parsed, err := mail.ParseAddress(folded); err != nil || parsed.Address != folded {
		return "", errAddress
	}
	return Address(folded), nil
}

// dotAtom reports whether s is RFC 5322's dot-atom in ASCII.
func dotAtom(s string) bool {
	if strings.HasPrefix(s, ".") || strings.HasSuffix(s, ".") || strings.Contains(s, "..") {
		return false
	}
	for _, r := range s {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		if !letter && !strings.ContainsRune(".!#$%&'*+-/=?^_`{|}~", r) {
			return false
		}
	}
	return true
}

// Domain is what follows the @.
func (a Address) Domain() string { return string(a[strings.LastIndexByte(string(a), '@')+1:]) }

// tag is a short name of the address for ids, which must not show it.
func (a Address) tag() string {
	sum := sha256.Sum256([]byte(a))
	return hex.EncodeToString(sum[:6])
}

// CompanyDomain is the domain of a company's own addresses, or "" for an address at a public mail provider, where
// sharing a domain says nothing about who somebody is.
func (a Address) CompanyDomain() string {
	domain := a.Domain()
	provider, country, _ := strings.Cut(domain, ".")
	if publicMail[domain] || publicBrands[provider] && len(country) <= len("com.br") {
		return ""
	}
	return domain
}

// publicBrands are providers that give addresses under a domain of nearly every country.
var publicBrands = map[string]bool{
	"gmx": true, "googlemail": true, "hotmail": true, "live": true, "msn": true, "outlook": true, "protonmail": true, "rocketmail": true,
	"tutanota": true, "yahoo": true, "yandex": true, "ymail": true,
}

// publicMail are the providers that give an address to anybody.
var publicMail = map[string]bool{
	"aol.com": true, "arnes.si": true, "email.com": true, "fastmail.com": true, "free.fr": true, "gmail.com": true,
	"gmx.at": true, "gmx.ch": true, "gmx.com": true, "gmx.de": true, "gmx.net": true, "googlemail.com": true,
	"hey.com": true, "hotmail.com": true, "hotmail.de": true, "hotmail.fr": true, "hotmail.it": true, "hushmail.com": true,
	"icloud.com": true, "inbox.com": true, "laposte.net": true, "libero.it": true, "live.com": true, "mac.com": true,
	"mail.com": true, "mail.ru": true, "me.com": true, "msn.com": true, "naver.com": true, "orange.fr": true,
	"outlook.com": true, "outlook.de": true, "pm.me": true, "proton.me": true, "protonmail.com": true, "qq.com": true,
	"rediffmail.com": true, "seznam.cz": true, "siol.net": true, "t-2.net": true, "t-online.de": true, "tutanota.com": true,
	"virgilio.it": true, "wanadoo.fr": true, "web.de": true, "wp.pl": true, "yahoo.co.uk": true, "yahoo.com": true,
	"yahoo.de": true, "yahoo.fr": true, "yandex.com": true, "yandex.ru": true, "ymail.com": true, "zoho.com": true,
	"163.com": true, "126.com": true,
}
