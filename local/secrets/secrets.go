// Package secrets looks for secrets where none may be: in what is logged, stored and answered. It finds every kind of
// token that commerce mints, and keys that sign, by their shape, and what it is told of by its letters: as they are, in
// hex, in base64 and as a URL has them.
package secrets

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// example is what the tokens of examples are made of, which the description of the API shows to everybody.
const example = "AAAAAAAAAAAAAAAAAAAAAAAA"

// shape is every token and every signing key.
var shape = regexp.MustCompile(`ps[a-z]_[A-Za-z0-9_-]{43,}|whsec_[A-Za-z0-9+/]{32,}`)

// before is the most that such a secret has up to its first underscore, which is where it is looked for.
const before = len("whsec")

// Of are the secrets of a text that have the shape of one, without those of examples.
func Of(text string) []string {
	var all []string
	for at := 0; ; {
		underscore := strings.IndexByte(text[at:], '_')
		if underscore < 0 {
			return all
		}
		begin, end := max(at, at+underscore-before), at+underscore+1
		for end < len(text) && (encodes(text[end]) || text[end] == '_') {
			end++
		}
		at += underscore + 1
		if end-at < shortest {
			continue
		}
		if s := shape.FindString(text[begin:end]); s != "" && strings.IndexByte(s, '_') == at-1-begin-strings.Index(text[begin:end], s) {
			if !strings.Contains(s, example) {
				all = append(all, s)
			}
			at = end
		}
	}
}

// In is where a text has a secret, by its shape, with a little of what is around it; "" where it has none.
func In(text string) string {
	if found := Of(text); len(found) > 0 {
		return around(text, strings.Index(text, found[0]), len(found[0]))
	}
	for at, end := range runs(text) {
		for _, plain := range decoded(text[at:end]) {
			if found := Of(plain); len(found) > 0 {
				return found[0] + ", encoded in " + around(text, at, end-at)
			}
		}
	}
	return ""
}

// around is a part of a text with its neighbourhood.
func around(text string, at, length int) string {
	return "…" + text[max(0, at-60):min(len(text), at+length+20)] + "…"
}

// shortest is less than any secret that has a shape is long, however it is written.
const shortest = 40

// runs are the parts of a text that may be an encoded secret: long, and of nothing but the characters of base64 and of what
// is escaped for URLs. Each is where it begins and ends.
func runs(text string) func(yield func(int, int) bool) {
	return func(yield func(int, int) bool) {
		begin := 0
		for at := 0; at <= len(text); at++ {
			if at < len(text) && encodes(text[at]) {
				continue
			}
			if at-begin >= shortest && !yield(begin, at) {
				return
			}
			begin = at + 1
		}
	}
}

func encodes(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '+' || c == '/' || c == '%'
}

// urls writes base64 as URLs have it.
var urls = strings.NewReplacer("+", "-", "/", "_", "%2B", "-", "%2b", "-", "%2F", "_", "%2f", "_")

// decoded is what a run may stand for: hex, or base64 that begins at any of four places.
func decoded(run string) []string {
	var all []string
	if plain, err := hex.DecodeString(run[:len(run)/2*2]); err == nil {
		all = append(all, string(plain))
	}
	for part := range strings.SplitSeq(urls.Replace(run), "%") {
		for from := range min(4, len(part)) {
			plain, _ := base64.RawURLEncoding.DecodeString(part[from:]) // as far as it goes
			all = append(all, string(plain))
		}
	}
	return all
}

// Spellings are the forms in which a secret could be written down.
func Spellings(secret string) []string {
	all := []string{secret, url.QueryEscape(secret), url.PathEscape(secret), hex.EncodeToString([]byte(secret))}
	_, bare, found := strings.Cut(secret, "_")
	if found && len(bare) > 20 {
		all = append(all, bare)
	}
	for shift := range 3 { // wherever in another text it stands, what is encoded of its middle is one of three
		encoded := base64.RawURLEncoding.EncodeToString(append(make([]byte, shift), secret...))
		middle := encoded[4 : len(encoded)-4]
		all = append(all, middle, strings.NewReplacer("-", "+", "_", "/").Replace(middle))
	}
	return all
}

// Known are secrets to look for. The zero value knows none.
type Known struct {
	begins map[string][]string // spellings, by their first letters
}

// begin is how many letters of a spelling are looked up.
const begin = 8

// Know are these secrets; those of less than twelve letters, which are a part of many words, are left out.
func Know(secrets ...string) Known {
	k := Known{begins: map[string][]string{}}
	for _, secret := range secrets {
		if len(secret) < 12 {
			continue
		}
		for _, s := range Spellings(secret) {
			if !slices.Contains(k.begins[s[:begin]], s) {
				k.begins[s[:begin]] = append(k.begins[s[:begin]], s)
			}
		}
	}
	return k
}

// In is where a text has one of the secrets in any spelling, or another one by its shape; "" where it has none. It takes
// as long for many secrets as for one.
func (k Known) In(text string) string {
	if len(k.begins) > 0 {
		for at := range max(len(text)-begin+1, 0) {
			for _, s := range k.begins[text[at:at+begin]] {
				if strings.HasPrefix(text[at:], s) {
					return around(text, at, len(s))
				}
			}
		}
	}
	return In(text)
}
