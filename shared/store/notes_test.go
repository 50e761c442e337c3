package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dayone/shared/commerce"
)

// What one link may ask about is counted also where everything is asked at once.
func TestLooksAtOnceAreCounted(t *testing.T) {
	s, _ := open(t)
	token, err := commerce.MintSetupToken("DO-1", strings.NewReader(strings.Repeat("0123456789abcdef", 2)))
	if err != nil {
		t.Fatal(err)
	}
	g := commerce.Grant{Hash: token.Hash(), Kind: commerce.SetupToken, Order: "DO-1", Generation: 1, IssuedAt: opens, ExpiresAt: later}
	issue(t, s, g)
	address := func(i int) commerce.Address { return commerce.Address(fmt.Sprintf("p%d@alpine.example", i)) }
	errs := atOnce(10, func(i int) error {
		_, err := s.Look(t.Context(), g, []commerce.Address{address(3 * i), address(3*i + 1), address(3*i + 2)}, opens)
		return err
	})
	stored, err := s.Grant(t.Context(), commerce.SetupToken, token)
	if err != nil {
		t.Fatal(err)
	}
	if got := tally(errs); len(stored.Looks) != 3*got["done"] || len(stored.Looks) > 20 {
		t.Errorf("%v, and %d are stored", got, len(stored.Looks))
	}
	looks, err := s.Look(t.Context(), stored, []commerce.Address{""}, opens)
	if err != nil || len(looks) != len(stored.Looks) {
		t.Errorf("asking about nobody: %d looks, %v", len(looks), err)
	}
}

// What became of a letter is in its record, once, however often it is told.
func TestDeliveriesAreNoted(t *testing.T) {
	s, tables := open(t)
	if err := s.Queue(t.Context(), commerce.ResetLetter(ana, "sl", noon)); err != nil {
		t.Fatal(err)
	}
	queued := commerce.Delivery{Outcome: commerce.Delivered, Letter: commerce.ResetLetter(ana, "sl", noon).ID, Message: "m-1", To: ana}
	owed := commerce.Delivery{Outcome: commerce.Bounced, Message: "m-2", To: ana, Order: "DO-1", Kind: commerce.LetterSetup, Link: 1}
	gone := commerce.Delivery{Outcome: commerce.Bounced, Letter: "another-stack's", Message: "m-3", To: ana}
	for i := range 2 {
		for _, d := range []commerce.Delivery{queued, owed, gone} {
			if err := s.NoteDelivery(t.Context(), d, noon.Add(time.Duration(i)*time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := map[string]string{"letter#" + queued.Letter: "delivered_at", "letter#m-2": "bounced_at"}
	all := items(t, tables, "OrdersTable")
	for _, i := range all {
		at, ok := i[want[text(i["pk"])]].(*types.AttributeValueMemberN)
		if !ok || at.Value != fmt.Sprint(noon.UnixMilli()) {
			t.Errorf("record %s: %v", text(i["pk"]), i)
		}
	}
	if len(all) != len(want) {
		t.Errorf("%d records", len(all))
	}
	if got := due(t, s, "Letters", noon); len(got) != 1 {
		t.Errorf("a note changed what is due: %v", got)
	}
}
