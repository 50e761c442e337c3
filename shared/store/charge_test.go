package store_test

import (
	"errors"
	"strings"
	"testing"

	"dayone/local/engine/enginetest"
	"dayone/shared/commerce"
	"dayone/shared/store"
)

func entitlements(t *testing.T, tables *enginetest.Tables) int {
	t.Helper()
	n := 0
	for _, i := range items(t, tables, "OrganizationsTable") {
		if strings.HasPrefix(text(i["sk"]), "entitlement#") {
			n++
		}
	}
	return n
}

// A service is there from when the order says so until the order says that it is gone, and whoever comes too late with
// the order changes nothing beside it, either.
func TestEntitlementsComeAndGoWithTheirOrder(t *testing.T) {
	s, tables := open(t)
	o := customers(t, s, 1)[0]
	on, off := s.Entitle(o, o.Lines[0], false), s.Disentitle(o, o.Lines[0])
	for n, step := range []struct {
		with store.Write
		late store.Write // by somebody who read the order before
		want int
	}{{on, off, 1}, {on, off, 1}, {off, on, 0}, {off, on, 0}} {
		before := o
		o = before.NoticeSent("m", later).Explain(before)
		if err := s.Proceed(t.Context(), before, o, []store.Write{step.with}); err != nil {
			t.Fatal(err)
		}
		ends := store.Ending{Order: o, With: []store.Write{step.late}}
		for deed, err := range map[string]error{
			"Proceed": s.Proceed(t.Context(), before, o, []store.Write{step.late}),
			"Bill":    s.Bill(t.Context(), before, o, nil, step.late),
			"Finish":  s.Finish(t.Context(), before, ends),
		} {
			if !errors.Is(err, commerce.ErrOrderChanged) {
				t.Errorf("%s, too late: %v", deed, err)
			}
		}
		if got := entitlements(t, tables); got != step.want {
			t.Errorf("after step %d: %d entitlements, want %d", n+1, got, step.want)
		}
	}
}

// Every deed that stores an order with what is written beside it writes that too.
func TestWhatIsWrittenWithAnOrderIsWritten(t *testing.T) {
	s, tables := open(t)
	orders := customers(t, s, 3)
	for n, deed := range []func(o, changed commerce.Order, with []store.Write) error{
		func(o, changed commerce.Order, with []store.Write) error {
			return s.Proceed(t.Context(), o, changed, with, commerce.ResetLetter(ana, "sl", later))
		},
		func(o, changed commerce.Order, with []store.Write) error {
			return s.Bill(t.Context(), o, changed, nil, with...)
		},
		func(o, changed commerce.Order, with []store.Write) error {
			return s.Finish(t.Context(), o, store.Ending{Order: changed, With: with})
		},
	} {
		o := orders[n]
		if err := deed(o, o.NoticeSent("m", later), []store.Write{s.Entitle(o, o.Lines[0], false)}); err != nil {
			t.Fatal(err)
		}
		if got := entitlements(t, tables); got != n+1 {
			t.Errorf("deed %d: %d entitlements", n+1, got)
		}
	}
	if count(t, tables, "OrdersTable", "letter#"+commerce.ResetLetter(ana, "sl", later).ID) != 1 {
		t.Error("the letter was not queued")
	}
}

// An organization is told once that its subdomain stays: whoever read that it knows need not say it again.
func TestSettledOrganizationIsLeftAlone(t *testing.T) {
	s, _ := open(t)
	orders := customers(t, s, 2)
	for n, known := range []bool{false, true} {
		o := orders[n]
		before := organization(t, s, o.Mapping.Customer)
		active := o.NoticeSent("", later)
		active.Status, active.BilledAt = commerce.Active, later
		if err := s.Finish(t.Context(), o, store.Ending{Order: active, Settled: known}); err != nil {
			t.Fatal(err)
		}
		if got := organization(t, s, o.Mapping.Customer); got.Settled == known || (got.Version == before.Version) != known {
			t.Errorf("known %v: %+v", known, got)
		}
	}
}
