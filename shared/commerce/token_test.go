package commerce_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"dayone/shared/commerce"
)

func token(t *testing.T) commerce.Token {
	t.Helper()
	token, err := commerce.MintSetupToken("DO-4F7K-9M2X-QT8B", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// Rule 10: a secret reaches no log, whatever it is wrapped in and however it is printed.
func TestTokensDoNotLeak(t *testing.T) {
	secret := token(t)
	type holder struct {
		Name   string
		Token  commerce.Token
		Tokens []commerce.Token
		Any    any
		Map    map[string]commerce.Token
	}
	nested := holder{"order", secret, []commerce.Token{secret}, secret, map[string]commerce.Token{"link": secret}}
	var out bytes.Buffer
	for _, v := range []any{secret, &secret, nested, &nested, []any{secret}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "%t", "%T"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		fmt.Fprintln(&out, v)
		if err := json.NewEncoder(&out).Encode(v); err != nil {
			t.Fatal(err)
		}
		slog.New(slog.NewJSONHandler(&out, nil)).Info("token", "value", v)
		slog.New(slog.NewTextHandler(&out, nil)).Info("token", "value", v)
	}
	fmt.Fprintln(&out, fmt.Errorf("wrapped: %v", nested))
	for _, form := range []string{secret.Reveal(), secret.Reveal()[4:], fmt.Sprintf("%x", secret.Reveal()), fmt.Sprintf("%X", secret.Reveal())} {
		if strings.Contains(out.String(), form) {
			t.Errorf("leaked as %.12s… in %s", form, out.String())
		}
	}
}

func TestTokensAreParsed(t *testing.T) {
	secret := token(t).Reveal()
	parsed, err := commerce.ParseToken(commerce.SetupToken, "\t "+secret+" \n")
	if err != nil || parsed.Reveal() != secret || parsed.Hash() == "" || parsed.Order() != "DO-4F7K-9M2X-QT8B" {
		t.Errorf("ParseToken = %v of %q, %v", parsed.Reveal() == secret, parsed.Order(), err)
	}
	last := secret[len(secret)-1:]
	for name, s := range map[string]string{
		"nothing":                     "",
		"its kind alone":              "psl_",
		"another kind":                "pss_" + secret[4:],
		"without an order":            secret[:4+43],
		"with half a secret":          secret[:4+20],
		"with a character over":       secret + "A",
		"of another order's spelling": named(t, "DO-č"),
		"of an order of small print":  named(t, "do-4f7k"),
		"of an order without end":     named(t, strings.Repeat("DO-4F7K-", 6)),
		"in capitals":                 strings.ToUpper(secret),
		"with its padding":            secret + "=",
		"with a break":                secret[:20] + "\n" + secret[20:],
		"with bits that mean nothing": secret[:len(secret)-1] + string(sibling(last[0])),
		"in another alphabet":         "psl_" + strings.Repeat("+", 43),
	} {
		if _, err := commerce.ParseToken(commerce.SetupToken, s); !errors.Is(err, commerce.ErrTokenUnknown) {
			t.Errorf("%s: ParseToken = %v", name, err)
		}
	}
}

// named is a setup token that names something.
func named(t *testing.T, order string) string {
	t.Helper()
	token, err := commerce.MintSetupToken(order, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return token.Reveal()
}

// Only a setup token names an order; another one that does is none.
func TestOtherTokensNameNoOrder(t *testing.T) {
	password, err := commerce.MintToken(commerce.PasswordToken, rand.Reader)
	if err != nil || password.Order() != "" {
		t.Errorf("names %q, %v", password.Order(), err)
	}
	if _, err := commerce.ParseToken(commerce.PasswordToken, "psp_"+token(t).Reveal()[4:]); !errors.Is(err, commerce.ErrTokenUnknown) {
		t.Errorf("ParseToken = %v", err)
	}
}

// sibling is a character of base64 that differs from c in the last bit only, which 32 bytes leave unused.
func sibling(c byte) byte {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return alphabet[strings.IndexByte(alphabet, c)^1]
}

func TestTokensDiffer(t *testing.T) {
	a, b := token(t), token(t)
	if a.Reveal() == b.Reveal() || a.Hash() == b.Hash() || strings.Contains(a.Reveal(), a.Hash()) {
		t.Error("two tokens are the same, or one is its hash")
	}
	if (commerce.Token{}).Reveal() != "" {
		t.Error("no token reveals something")
	}
}

func TestMintingWithoutRandomnessFails(t *testing.T) {
	if _, err := commerce.MintToken(commerce.SetupToken, iotest.ErrReader(errors.New("dry"))); err == nil {
		t.Error("minted from nothing")
	}
	if _, err := commerce.MintToken(commerce.SetupToken, strings.NewReader("short")); err == nil {
		t.Error("minted from too little")
	}
}

func TestGrantCheck(t *testing.T) {
	for name, tc := range map[string]struct {
		grant commerce.Grant
		want  error
	}{
		"in time":          {commerce.Grant{ExpiresAt: noon.Add(time.Millisecond)}, nil},
		"at its end":       {commerce.Grant{ExpiresAt: noon}, commerce.ErrTokenExpired},
		"used":             {commerce.Grant{ExpiresAt: noon.Add(time.Hour), UsedAt: noon}, commerce.ErrTokenUsed},
		"used and expired": {commerce.Grant{ExpiresAt: noon, UsedAt: noon}, commerce.ErrTokenUsed},
	} {
		if err := tc.grant.Check(noon); !errors.Is(err, tc.want) {
			t.Errorf("%s: Check = %v, want %v", name, err, tc.want)
		}
	}
}

func TestPasswordLinks(t *testing.T) {
	first := commerce.Grant{First: true, IssuedAt: noon, ExpiresAt: noon.Add(time.Hour)}
	reset := commerce.Grant{IssuedAt: noon, ExpiresAt: noon.Add(time.Hour)}
	has := commerce.Member{Password: "hash", PasswordAt: noon.Add(-time.Hour)}
	for name, tc := range map[string]struct {
		grant  commerce.Grant
		member commerce.Member
		now    time.Time
		want   error
	}{
		"a new account":                        {first, commerce.Member{}, noon, nil},
		"a new account that has a password":    {first, has, noon, commerce.ErrPasswordLinkUsed},
		"a reset":                              {reset, has, noon, nil},
		"a reset of somebody without password": {reset, commerce.Member{}, noon, nil},
		"a reset of before the last choice":    {reset, commerce.Member{Password: "h", PasswordAt: noon.Add(time.Second)}, noon.Add(time.Minute), commerce.ErrPasswordLinkUsed},
		"used":                                 {commerce.Grant{UsedAt: noon, ExpiresAt: noon.Add(time.Hour)}, commerce.Member{}, noon, commerce.ErrPasswordLinkUsed},
		"too late":                             {reset, has, noon.Add(time.Hour), commerce.ErrPasswordLinkOver},
	} {
		if err := tc.grant.MayChoose(tc.member, tc.now); err != tc.want && !errors.Is(err, tc.want) {
			t.Errorf("%s: MayChoose = %v, want %v", name, err, tc.want)
		}
	}
}
