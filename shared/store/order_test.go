package store_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dayone/shared/commerce"
	"dayone/shared/store"
)

// whole is an order in which every field says something, as none ever is: what is stored must not forget one.
func whole() commerce.Order {
	at := func(n int) time.Time { return noon.Add(time.Duration(n)*time.Hour + 123*time.Millisecond) }
	t := terms("CCW-1")
	t.ContactAlias, t.PurchaseOrder = true, "PO-4711"
	line := t.Lines[0]
	line.ID, line.Status, line.Reason, line.Charged, line.AutoRenew = "1", commerce.LineFailed, "no numbers left", 3, true
	t.Lines = []commerce.Line{line}
	return commerce.Order{
		Terms: t, ID: "DO-1", Caller: caller, Version: 7, Status: commerce.Active,
		PlacedAt: at(1), InviteAt: at(2), Link: commerce.Link{Kind: commerce.LetterDelegated, Generation: 4, DueAt: at(3), SentAt: at(4), FailedAt: at(15)},
		WindowFrom: at(5), Reminded: 2, NoticedAt: at(6), EscalatedAt: at(7), StartedAt: at(8), Delegations: 3, DelegatedBy: ana,
		Handover: true, DelegatedHash: "hash", UnknownTold: 2,
		Mapping: commerce.Mapping{Partner: "org_p", Customer: "org_c", PartnerAccess: commerce.AccessGranted, By: ana, Link: "link-hash",
			Answers: "answers", Password: "password-hash", PasswordFor: chef, At: at(9)},
		Settings: commerce.Settings{ReviewedAt: at(10),
			Calling: commerce.CallingSettings{Country: "AT", LocationName: "Head office", Address: "Ring 1", City: "Wien", PostalCode: "1010",
				Zone: "Europe/Vienna", Language: "en", MainNumber: "+43 1 234567"},
			Meetings: commerce.MeetingSettings{Zone: "Europe/Vienna", Language: "sl"}},
		Attempt:  commerce.Attempt{Number: 2, By: chef, StartedAt: at(11), NextAt: at(12), Tries: 5, StuckAt: at(16)},
		BilledAt: at(13), HandledAt: at(22),
		Hold: commerce.Hold{Since: at(17), Reason: "credit check", By: "operator:maja"},
		InFlight: commerce.ServiceChange{Number: 3, Kind: commerce.ChangeQuantity, By: "caller:x", Reason: "grown", Since: at(18), NextAt: at(19), Tries: 2,
			StuckAt: at(20), Refused: "no room", Lines: []commerce.LineChange{{Line: "1", From: 25, To: 30, Step: commerce.StepAsked}}},
		ServiceChanges: 3, Refusal: commerce.Refusal{Kind: commerce.Suspend, Reason: "not now", At: at(21)},
		Events: []commerce.Event{{Seq: 1, At: at(14), Kind: "amended", Actor: "caller:" + caller, Reason: "<asked> for",
			Changes: []commerce.Change{{Field: "time_zone", Before: "UTC", After: "Europe/Vienna"}}}},
	}
}

// zeros are the paths of the fields of v that say nothing.
func zeros(v reflect.Value, path string) []string {
	if v.IsZero() {
		return []string{path}
	}
	var all []string
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			all = append(all, zeros(v.Field(i), path+"."+v.Type().Field(i).Name)...)
		}
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			all = append(all, zeros(v.Index(i), fmt.Sprintf("%s[%d]", path, i))...)
		}
	}
	return all
}

func TestOrderIsStoredWhole(t *testing.T) {
	s, _ := open(t)
	o := whole()
	if empty := zeros(reflect.ValueOf(o), "Order"); len(empty) > 0 {
		t.Fatalf("the test says nothing about %v", empty)
	}
	place(t, s, o)
	if diff := cmp.Diff(o, read(t, s, o.ID)); diff != "" {
		t.Error(diff)
	}
	bare := place(t, s, order(t, "DO-2"))
	if diff := cmp.Diff(bare, read(t, s, bare.ID)); diff != "" {
		t.Error(diff)
	}
}

func TestPlacing(t *testing.T) {
	s, tables := open(t)
	first := order(t, "DO-1")
	placed, err := s.Place(t.Context(), first, "key-1", "digest-1")
	if err != nil || placed != (store.Placed{Order: "DO-1", Digest: "digest-1", At: noon}) {
		t.Fatalf("Place = %+v, %v", placed, err)
	}
	other := order(t, "DO-2")
	t.Run("the same key again answers the first order", func(t *testing.T) {
		again := first
		again.ID = "DO-9"
		if got, err := s.Place(t.Context(), again, "key-1", "digest-1"); err != nil || got != placed {
			t.Errorf("Place = %+v, %v", got, err)
		}
	})
	t.Run("the same key with another body tells its digest", func(t *testing.T) {
		if got, err := s.Place(t.Context(), other, "key-1", "digest-2"); err != nil || got.Digest != "digest-1" || got.Order != "DO-1" {
			t.Errorf("Place = %+v, %v", got, err)
		}
	})
	t.Run("the same reference under another key is refused with the id", func(t *testing.T) {
		twice := other
		twice.ExternalRef = first.ExternalRef
		_, err := s.Place(t.Context(), twice, "key-2", "digest-2")
		var e *commerce.Error
		if !errors.As(err, &e) || !errors.Is(err, commerce.ErrReferenceTaken) || e.Existing != "DO-1" {
			t.Errorf("Place = %v", err)
		}
		if commerce.ErrReferenceTaken.Existing != "" {
			t.Error("the shared error was written to")
		}
	})
	t.Run("an id that is taken is our own failure", func(t *testing.T) {
		taken := other
		taken.ID = "DO-1"
		if _, err := s.Place(t.Context(), taken, "key-3", "digest"); err == nil {
			t.Error("placed over another order")
		} else if _, ours := errors.AsType[*commerce.Error](err); ours {
			t.Errorf("Place = %v", err)
		}
	})
	t.Run("nothing of what was refused is there", func(t *testing.T) {
		if n := len(items(t, tables, "OrdersTable")); n != 3 {
			t.Errorf("%d items", n)
		}
	})
	t.Run("another caller has keys and references of its own", func(t *testing.T) {
		theirs := order(t, "DO-3")
		theirs.Caller, theirs.ExternalRef = "arn:aws:iam::1:role/other", first.ExternalRef
		if got, err := s.Place(t.Context(), theirs, "key-1", "digest-9"); err != nil || got.Order != "DO-3" {
			t.Errorf("Place = %+v, %v", got, err)
		}
	})
	t.Run("a key is free again after seven days", func(t *testing.T) {
		late := order(t, "DO-4")
		late.PlacedAt = noon.Add(store.KeyKept - time.Second)
		if got, err := s.Place(t.Context(), late, "key-1", "digest-4"); err != nil || got.Order != "DO-1" {
			t.Errorf("a second before: %+v, %v", got, err)
		}
		late.PlacedAt = noon.Add(store.KeyKept)
		if got, err := s.Place(t.Context(), late, "key-1", "digest-4"); err != nil || got.Order != "DO-4" {
			t.Errorf("then: %+v, %v", got, err)
		}
	})
}

// Scenario 2.
func TestTwentyAtOnceArePlacedOnce(t *testing.T) {
	s, tables := open(t)
	placed := make([]store.Placed, 20)
	errs := atOnce(20, func(i int) (err error) {
		o := order(t, fmt.Sprintf("DO-%d", i))
		o.ExternalRef = "the-same"
		placed[i], err = s.Place(t.Context(), o, "key", "digest")
		return err
	})
	if got := tally(errs); got["done"] != 20 {
		t.Fatalf("%v", got)
	}
	for _, p := range placed {
		if p != placed[0] {
			t.Errorf("%+v and %+v", p, placed[0])
		}
	}
	if n := count(t, tables, "OrdersTable", "order#"); n != 1 {
		t.Errorf("%d orders", n)
	}
}

func TestReplacing(t *testing.T) {
	s, _ := open(t)
	o := place(t, s, order(t, "DO-1"))
	changed := replace(t, s, o, o.NoticeSent("m", opens))
	if err := s.Replace(t.Context(), o, o.Escalated("m", opens)); !errors.Is(err, commerce.ErrOrderChanged) {
		t.Errorf("over another change: %v", err)
	}
	closed, letter := o.Expire(opens)
	if err := s.Replace(t.Context(), o, closed, letter); !errors.Is(err, commerce.ErrOrderChanged) {
		t.Errorf("over another change, with a letter: %v", err)
	}
	if due, err := s.Due(t.Context(), "letters", opens.Add(-time.Second), 10); err != nil || len(due) != 0 {
		t.Errorf("the letter of a refused change is due: %v, %v", due, err)
	}
	if err := s.Replace(t.Context(), o, o); err != nil {
		t.Errorf("nothing: %v", err)
	}
	if diff := cmp.Diff(changed, read(t, s, o.ID)); diff != "" {
		t.Error(diff)
	}
	if err := s.Replace(t.Context(), order(t, "DO-2"), order(t, "DO-2").NoticeSent("m", opens)); !errors.Is(err, commerce.ErrOrderChanged) {
		t.Errorf("an order that is not there: %v", err)
	}
}

func TestReplacingAtOnceIsDoneOnce(t *testing.T) {
	s, _ := open(t)
	o := place(t, s, order(t, "DO-1"))
	errs := atOnce(20, func(i int) error {
		if closed, letter := o.Expire(opens); i%2 == 0 {
			return s.Replace(t.Context(), o, closed, letter)
		}
		return s.Replace(t.Context(), o, o.Escalated(fmt.Sprint(i), opens))
	})
	if got := tally(errs); got["done"] != 1 || got["order_changed"] != 19 {
		t.Errorf("%v", got)
	}
}

// Scenario 35.
func TestAnotherCallersOrderIsUnknown(t *testing.T) {
	s, _ := open(t)
	o := place(t, s, order(t, "DO-1"))
	if _, err := s.OrderOf(t.Context(), caller+"2", o.ID); !errors.Is(err, commerce.ErrOrderUnknown) {
		t.Errorf("OrderOf = %v", err)
	}
	if got, err := s.OrderOf(t.Context(), caller, o.ID); err != nil || got.ID != o.ID {
		t.Errorf("OrderOf = %v", err)
	}
}
