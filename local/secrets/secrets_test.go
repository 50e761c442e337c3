package secrets_test

import (
	"bytes"
	"compress/flate"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dayone/local/engine/enginetest"
	"dayone/local/secrets"
	"dayone/shared/commerce"
)

// mint makes a token of a kind.
func mint(t *testing.T, kind commerce.TokenKind) string {
	t.Helper()
	token, err := commerce.MintToken(kind, rand.Reader)
	if kind == commerce.SetupToken {
		token, err = commerce.MintSetupToken("DO-1234-5678-9ABC", rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	return token.Reveal()
}

// A search that never finds anything proves nothing.
func TestEveryKindOfTokenIsFoundInEverySpelling(t *testing.T) {
	root, err := enginetest.Root()
	if err != nil {
		t.Fatal(err)
	}
	kinds, err := secrets.Kinds(root)
	if err != nil || len(kinds) < 6 {
		t.Fatalf("kinds %v, %v", kinds, err)
	}
	for _, kind := range kinds {
		for range 50 { // of many, some have what is escaped, and every alignment
			secret := mint(t, kind)
			if got := secrets.Of(`{"token":"` + secret + `"}, xx_` + secret + "\n"); len(got) != 2 || got[0] != secret || got[1] != secret {
				t.Fatalf("%s is read as %q", secret, got)
			}
			for name, text := range map[string]string{
				"raw":               "token=" + secret,
				"in another word":   "a_b_https" + secret,
				"escaped":           url.QueryEscape("a b&" + secret),
				"base64":            base64.StdEncoding.EncodeToString([]byte(`{"token":"` + secret + `"}`)),
				"base64, shifted":   base64.StdEncoding.EncodeToString([]byte(`x{"token":"` + secret + `"}`)),
				"base64 for URLs":   base64.URLEncoding.EncodeToString([]byte(`xx{"token":"` + secret + `"}`)),
				"base64 in a query": "?state=" + url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(secret+"~~~???"))),
				"base64 after more": "log/" + base64.RawURLEncoding.EncodeToString([]byte(secret)),
				"hex":               hex.EncodeToString([]byte("x" + secret)),
			} {
				if secrets.In(text) == "" || secrets.Know(secret).In(text) == "" {
					t.Fatalf("%s: %s is not found in %s", name, secret, text)
				}
			}
			if known := secrets.Know(secret); known.In("grant "+secret[4:]) == "" {
				t.Errorf("%s is not found without its prefix", secret)
			}
		}
	}
}

func TestPasswordsAndKeysAreFound(t *testing.T) {
	const typed, key = "the canary sings at dawn", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYqr"
	known := secrets.Know(typed, "word")
	for _, text := range []string{typed, "password=" + url.QueryEscape(typed), base64.StdEncoding.EncodeToString([]byte(`{"password":"` + typed + `"}`)), hex.EncodeToString([]byte(typed))} {
		if known.In(text) == "" {
			t.Errorf("not found in %s", text)
		}
	}
	if secrets.In("secret: "+key) == "" {
		t.Error("the key is not found")
	}
}

func TestNothingElseIsTakenForASecret(t *testing.T) {
	token, err := commerce.ParseToken(commerce.SessionToken, "pss_"+strings.Repeat("A", 43))
	if err != nil {
		t.Fatal(err)
	}
	var random [96]byte
	_, _ = rand.Read(random[:]) // never fails
	known := secrets.Know("the canary sings at dawn", "a word")
	for _, text := range []string{"", "_", "word", "a word", "ps_", "psl_", "psl_…", "pso_nothing", "pss_" + strings.Repeat("x", 42), token.Reveal(), token.Hash(),
		"$argon2id$v=19$m=19456,t=2,p=1$" + base64.RawStdEncoding.EncodeToString(random[:16]) + "$" + base64.RawStdEncoding.EncodeToString(random[16:48]),
		hex.EncodeToString(random[:]), "https://dayone.example/console/orders/DO-1234-5678-9ABC?done=place_an_order_by_hand_and_come_back_to_it_later"} {
		if found := known.In(text); found != "" {
			t.Errorf("in %q is %s", text, found)
		}
	}
}

func TestItemsAreReadWhole(t *testing.T) {
	secret := mint(t, commerce.ConsoleToken)
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestSpeed)
	if err == nil {
		_, err = io.WriteString(w, `[{"actor":"`+secret+`"}]`)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	text := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	for name, v := range map[string]types.AttributeValue{
		"a text":   text(secret),
		"a map":    &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{"a": text("b"), secret: text("c")}},
		"a list":   &types.AttributeValueMemberL{Value: []types.AttributeValue{text("b"), text(secret)}},
		"a set":    &types.AttributeValueMemberSS{Value: []string{"b", secret}},
		"bytes":    &types.AttributeValueMemberB{Value: []byte(secret)},
		"deflated": &types.AttributeValueMemberB{Value: packed.Bytes()},
	} {
		if err := (secrets.Known{}).Items([]map[string]types.AttributeValue{{"pk": text("order#1"), "more": v}}); err == nil {
			t.Errorf("in %s it is not found", name)
		}
	}
}

func TestTheLogTellsOfEachSecretOnce(t *testing.T) {
	var out bytes.Buffer
	log := secrets.NewLog(&out)
	log.Logger().With("token", mint(t, commerce.PasswordToken)).Debug("it begins")
	log.Logger().Info("it goes on")
	if found := log.Found(); len(found) != 1 || len(log.Found()) != 0 {
		t.Errorf("found %q", found)
	}
	if strings.Count(out.String(), "\n") != 2 || log.To(io.Discard) != &out {
		t.Errorf("written %s", &out)
	}
}
