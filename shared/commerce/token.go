package commerce

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"
)

// Token is a secret that somebody holds: a link's, a session's. It hides behind a pointer, which no print verb, encoder
// or logger follows; only Reveal gives it out.
type Token struct{ secret *string }

// TokenKind is what a token opens. It is the token's prefix, so that a leaked one can be recognised.
type TokenKind string

const (
	SetupToken    TokenKind = "psl_" // part one, for whoever holds the link
	PasswordToken TokenKind = "psp_" // create one password
	AccessToken   TokenKind = "psa_" // say yes or no to a partner's access (rule 12)
	SessionToken  TokenKind = "pss_" // signed in
	OperatorToken TokenKind = "pso_" // sign in at the console, once
	ConsoleToken  TokenKind = "psc_" // signed in at the console
)

// tokenBytes is 256 bits, so that guessing is out of the question and no counter is needed to prevent it.
const tokenBytes = 32

// MintToken makes a new token from random. A setup token is made by MintSetupToken.
func MintToken(kind TokenKind, random io.Reader) (Token, error) { return mint(kind, "", random) }

// MintSetupToken makes a new setup token from random. After its secret it names its order, so that the two are read at
// once: whoever holds it is shown the order's number anyway.
func MintSetupToken(order string, random io.Reader) (Token, error) {
	return mint(SetupToken, order, random)
}

func mint(kind TokenKind, order string, random io.Reader) (Token, error) {
	raw := make([]byte, tokenBytes, tokenBytes+len(order))
	if _, err := io.ReadFull(random, raw); err != nil {
		return Token{}, fmt.Errorf("mint %s token: %w", kind, err)
	}
	s := string(kind) + base64.RawURLEncoding.EncodeToString(append(raw, order...))
	return Token{&s}, nil
}

// orderName is what an order may be called in a setup token.
func orderName(raw []byte) bool {
	return len(raw) > 0 && len(raw) <= 40 && !bytes.ContainsFunc(raw, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z')
	})
}

// ParseToken reads a token of this kind; anything else is ErrTokenUnknown, in the same words.
func ParseToken(kind TokenKind, s string) (Token, error) {
	s = strings.TrimSpace(s)
	rest, ok := strings.CutPrefix(s, string(kind))
	if !ok || strings.ContainsAny(rest, "\r\n") { // which the decoder skips
		return Token{}, ErrTokenUnknown
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(rest)
	if err != nil || len(raw) < tokenBytes || orderName(raw[tokenBytes:]) != (kind == SetupToken) || kind != SetupToken && len(raw) > tokenBytes {
		return Token{}, ErrTokenUnknown
	}
	return Token{&s}, nil
}

// Order is the order that a setup token names, "" for any other token.
func (t Token) Order() string {
	rest, ok := strings.CutPrefix(t.Reveal(), string(SetupToken))
	raw, err := base64.RawURLEncoding.DecodeString(rest)
	if !ok || err != nil || len(raw) < tokenBytes {
		return ""
	}
	return string(raw[tokenBytes:])
}

// Reveal is the secret itself, for the one link, form field or cookie that carries it.
func (t Token) Reveal() string {
	if t.secret == nil {
		return ""
	}
	return *t.secret
}

// Hash is what may be stored: SHA-256 in hex. The token is 256 random bits, so nothing slower is needed.
func (t Token) Hash() string {
	sum := sha256.Sum256([]byte(t.Reveal()))
	return hex.EncodeToString(sum[:])
}

// Grant is what is stored of a token: its hash and what it opens.
type Grant struct {
	Hash       string
	Kind       TokenKind
	Order      string  // setup, access; password where it came from an order
	Generation int     // setup: which link of the order
	First      bool    // password: works only while the member has none
	Member     Address // password, session; access: who was asked; operator, console: whose it is
	MemberOf   string  // password: the organization that the member was of, where it was known
	Customer   string  // access: the organization that is asked
	Partner    string  // access: the organization that would get in
	IssuedAt   time.Time
	ExpiresAt  time.Time
	UsedAt     time.Time
	Looks      []Look // setup: the addresses that were asked about
}

// Lifetimes of tokens. A setup token lives as long as its order's window, so its own end is only for cleaning up.
const (
	SetupTokenKept   = 400 * 24 * time.Hour
	PasswordTokenFor = 7 * 24 * time.Hour
	ResetTokenFor    = time.Hour
	AccessTokenFor   = 30 * 24 * time.Hour
	SessionFor       = 12 * time.Hour
	OperatorTokenFor = time.Hour
	ConsoleFor       = 12 * time.Hour
)

// Check refuses a grant that was used or has ended.
func (g Grant) Check(now time.Time) error {
	switch {
	case !g.UsedAt.IsZero():
		return ErrTokenUsed
	case !now.Before(g.ExpiresAt):
		return ErrTokenExpired
	}
	return nil
}

// MayChoose decides whether a password link lets its member choose a password at now: once, in time, and not after the
// member chose one by another link. The link of a new account opens no account that has a password.
func (g Grant) MayChoose(m Member, now time.Time) error {
	switch {
	case !g.UsedAt.IsZero(), g.First && m.Password != "", g.IssuedAt.Before(m.PasswordAt), g.IssuedAt.Before(m.CreatedAt):
		return ErrPasswordLinkUsed
	case !now.Before(g.ExpiresAt):
		return ErrPasswordLinkOver
	}
	return nil
}

// MayEnter decides whether an operator's link signs in at now: once, and in time.
func (g Grant) MayEnter(now time.Time) error {
	if g.Check(now) != nil {
		return ErrOperatorLink
	}
	return nil
}

// MayDecide decides whether the holder of an access link may answer it at now: once, in time, and as an administrator
// of the organization that is asked (rule 12).
func (g Grant) MayDecide(m Member, now time.Time) error {
	switch {
	case m.Organization != g.Customer:
		return ErrTokenUnknown
	case !g.UsedAt.IsZero():
		return ErrAnswered
	case !now.Before(g.ExpiresAt):
		return ErrRequestOver
	}
	return nil
}
