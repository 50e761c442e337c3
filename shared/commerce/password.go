package commerce

import (
	_ "embed"
	"strings"
	"unicode/utf8"
)

// Lengths of a password in characters (rule 9).
const (
	minPassword = 15
	maxPassword = 128
)

// commonPasswords are long passwords that many people use, one a line, lower case, without spaces.
//
//go:embed passwords.txt
var commonPasswords string

// CheckPassword refuses a password that is too short, too long, the member's address, the organization's name or one
// that many use (rule 9). Any characters are allowed.
func CheckPassword(password string, who Address, organization string) error {
	no := func(code, detail string) error { return Invalid("password", code, detail) }
	folded := squeeze(password)
	switch n := utf8.RuneCountInString(password); {
	case !utf8.ValidString(password):
		return no("password_malformed", "Choose another password; this one is not text.")
	case n < minPassword:
		return no("password_short", "Use at least 15 characters.")
	case n > maxPassword:
		return no("password_long", "Use at most 128 characters.")
	}
	local, _, _ := strings.Cut(string(who), "@")
	guess := folded == squeeze(string(who)) || folded == squeeze(local) || organization != "" && folded == squeeze(organization)
	if guess || common(folded) {
		return no("password_guessable", "Choose a password that is harder to guess.")
	}
	return nil
}

// squeeze is a password without what people add to make a known one look new: case and spaces.
func squeeze(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), "")) }

// common reports whether a password is on the list, is one word said over and over, or is made of up to two characters.
func common(folded string) bool {
	characters := map[rune]bool{}
	for _, r := range folded {
		characters[r] = true
	}
	if len(characters) <= 2 {
		return true
	}
	for size := 1; size <= len(folded)/2; size++ {
		if len(folded)%size == 0 && strings.Repeat(folded[:size], len(folded)/size) == folded {
			return true
		}
	}
	return strings.Contains("\n"+commonPasswords, "\n"+folded+"\n")
}
