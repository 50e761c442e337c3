package setup_test

import (
	"crypto/rand"
	"net/url"
	"strings"
	"testing"

	"dayone/functions/setup"
	"dayone/local/call"
	"dayone/local/engine/enginetest"
	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/store"
)

// FuzzForm: whatever a browser posts with a link that works, to whatever step, it gets a page, and where that says no the
// order is as it was.
func FuzzForm(f *testing.F) {
	tables := enginetest.New(f)
	s := store.FromEnv(tables.Getenv)
	function := setup.Handler(store.FromEnv(tables.As("Setup")), "help@dayone.example")
	f.Fuzz(func(t *testing.T, step, sent string) {
		o, err := commerce.Place(api.NewOrderID(), "commerce", commerce.Terms{
			ExternalRef: rand.Text(), Family: "A-FLEX", Partner: commerce.Party{Name: "Nordlicht", Country: "SI"}, Customer: commerce.Party{Name: "Alpine", Country: "AT"},
			Start: commerce.DateOf(noon), Zone: "Europe/Ljubljana", Locale: "sl", Contact: "provisioning@nordlicht.example",
			Representative: commerce.Person{Name: "Maja Zupan", Email: "maja.zupan@vendor.example"},
			Lines:          []commerce.Line{{Subscription: "Sub1", SKU: "A-FLEX-CALL", Quantity: 25, TermMonths: 36, Billing: commerce.Monthly, UnitPrice: 1250, Currency: "EUR"}},
		}, noon)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Place(t.Context(), o, rand.Text(), "digest"); err != nil {
			t.Fatal(err)
		}
		link, err := commerce.MintSetupToken(o.ID, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Issue(t.Context(), commerce.Grant{Hash: link.Hash(), Kind: commerce.SetupToken, Order: o.ID, Generation: 1, IssuedAt: noon,
			ExpiresAt: noon.Add(commerce.SetupTokenKept)}); err != nil {
			t.Fatal(err)
		}
		got := call.Nonsense(t, function, call.Request{Route: "POST /setup/{step}", Path: map[string]string{"step": step}, Now: noon,
			Header: map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"},
			Body:   url.Values{"token": {link.Reveal()}}.Encode() + "&" + sent})
		page := strings.Contains(got.Header["content-type"], "text/html") || strings.Contains(got.Body, `"bad_path"`) // which no browser sends
		if got.Status < 200 || got.Status > 499 || got.Status >= 300 && got.Status < 400 || !page {
			t.Errorf("%s %q: %d %s", step, sent, got.Status, got.Body)
		}
		now, err := s.Order(t.Context(), o.ID)
		if err != nil {
			t.Fatal(err)
		}
		if got.Status >= 400 && now.Version != o.Version {
			t.Errorf("%s %q: %d, and the order is %s", step, sent, got.Status, now.Status)
		}
	})
}
