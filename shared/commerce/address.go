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
	if kind, land, two := strings.Cut(country, "."); two && (kind == "co" || kind == "com") { // co.uk, com.br
		country = land
	}
	if publicMail[domain] || publicBrands[provider] && !strings.Contains(country, ".") {
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
	"126.com": true, "163.com": true, "a1.net": true, "abv.bg": true, "alice.it": true, "amis.net": true,
	"aol.com": true, "aon.at": true, "arcor.de": true, "arnes.si": true, "att.net": true, "azet.sk": true,
	"bbox.fr": true, "bellsouth.net": true, "bigpond.com": true, "bk.ru": true, "bluewin.ch": true,
	"blueyonder.co.uk": true, "bol.com.br": true, "bredband.net": true, "btinternet.com": true, "centrum.cz": true,
	"centrum.sk": true, "charter.net": true, "chello.at": true, "citromail.hu": true, "comcast.net": true,
	"cox.net": true, "daum.net": true, "duck.com": true, "eircom.net": true, "email.com": true, "email.cz": true,
	"eunet.rs": true, "fastmail.com": true, "foxmail.com": true, "free.fr": true, "freemail.hu": true,
	"freenet.de": true, "gmail.com": true, "hanmail.net": true, "hey.com": true, "hi.t-com.hr": true,
	"hispeed.ch": true, "home.nl": true, "hushmail.com": true, "i.ua": true, "icloud.com": true, "inbox.com": true,
	"inbox.ru": true, "inet.hr": true, "interia.pl": true, "kabsi.at": true, "kpnmail.nl": true, "laposte.net": true,
	"libero.it": true, "list.ru": true, "mac.com": true, "mail.bg": true, "mail.com": true, "mail.ru": true,
	"mailbox.org": true, "mailfence.com": true, "me.com": true, "mts.rs": true, "naver.com": true, "net.hr": true,
	"neuf.fr": true, "ntlworld.com": true, "o2.pl": true, "onet.pl": true, "online.no": true, "op.pl": true,
	"optusnet.com.au": true, "orange.fr": true, "planet.nl": true, "pm.me": true, "post.cz": true, "posteo.de": true,
	"posteo.net": true, "proton.me": true, "proximus.be": true, "qq.com": true, "rambler.ru": true,
	"rediffmail.com": true, "sapo.pt": true, "sbb.rs": true, "sbcglobal.net": true, "seznam.cz": true, "sfr.fr": true,
	"sina.com": true, "siol.net": true, "sky.com": true, "skynet.be": true, "startmail.com": true, "sunrise.ch": true,
	"t-2.net": true, "t-com.hr": true, "t-online.de": true, "talktalk.net": true, "telefonica.net": true,
	"telemach.net": true, "telenet.be": true, "telenor.no": true, "telia.com": true, "terra.com.br": true,
	"tin.it": true, "tiscali.it": true, "tuta.com": true, "tuta.io": true, "ukr.net": true, "uol.com.br": true,
	"utanet.at": true, "verizon.net": true, "vip.hr": true, "virgilio.it": true, "virginmedia.com": true,
	"volja.net": true, "volny.cz": true, "wanadoo.fr": true, "web.de": true, "wp.pl": true, "xs4all.nl": true,
	"ziggo.nl": true, "zoho.com": true, "zoznam.sk": true,
}
