package commerce_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dayone/shared/commerce"
)

const operator = "operator:maja@vendor.example"

func held(t *testing.T, o commerce.Order, now time.Time) commerce.Order {
	t.Helper()
	h, err := o.PutOnHold(operator, "credit check", now)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func released(t *testing.T, o commerce.Order, now time.Time) commerce.Order {
	t.Helper()
	r, err := o.Release(operator, "paid", now)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// When the setup of an order began is history once it is set up: a release moves what is to come, not what was.
func TestReleaseLeavesHistoryAlone(t *testing.T) {
	for _, status := range []commerce.Status{commerce.Mapped, commerce.Failed} {
		o := withStatus(invited(t), status)
		r := released(t, held(t, o, opens.Add(day)), opens.Add(3*day))
		if !r.InviteAt.Equal(o.InviteAt) || !r.WindowFrom.Equal(o.WindowFrom) {
			t.Errorf("a %s order was invited at %v, its window from %v; were %v and %v", status, r.InviteAt, r.WindowFrom, o.InviteAt, o.WindowFrom)
		}
	}
}

func TestWhichOrdersCanBeHeld(t *testing.T) {
	for status, want := range map[commerce.Status]error{
		commerce.Scheduled: nil, commerce.Invited: nil, commerce.Started: nil, commerce.Mapped: nil, commerce.Failed: nil,
		commerce.Provisioning: commerce.ErrNotHoldable, commerce.Active: commerce.ErrNotHoldable, commerce.Suspended: commerce.ErrNotHoldable,
		commerce.Ended: commerce.ErrNotHoldable, commerce.Cancelled: commerce.ErrNotHoldable, commerce.Closed: commerce.ErrNotHoldable,
	} {
		before := withStatus(invited(t), status)
		o, err := before.PutOnHold(operator, "credit check", opens.Add(day))
		if !errors.Is(err, want) {
			t.Errorf("hold a %s order: %v, want %v", status, err, want)
		}
		if err != nil {
			continue
		}
		if !o.Held() || o.Hold.Reason != "credit check" || o.Hold.By != operator || o.Status != status || before.Held() {
			t.Errorf("a %s order on hold is %s with %+v", status, o.Status, o.Hold)
		}
		if e := o.Events[len(o.Events)-1]; e.Kind != "held" || e.Actor != operator || e.Reason != "credit check" {
			t.Errorf("it is told as %+v", e)
		}
		if again, err := o.PutOnHold("caller:x", "another", opens.Add(2*day)); err != nil || again.Version != o.Version {
			t.Errorf("holding it again: version %d, %v", again.Version, err)
		}
		if got := o.Waiting(); got.For != "release" || got.Who != "caller" {
			t.Errorf("a held %s order waits for %+v", status, got)
		}
	}
	if _, err := invited(t).Release(operator, "paid", opens); !errors.Is(err, commerce.ErrNotHeld) {
		t.Errorf("release what is not held: %v", err)
	}
	if _, err := invited(t).PutOnHold(operator, "", opens); fmt.Sprint(problems(err)) != "[reason: missing]" {
		t.Errorf("hold without a reason: %v", err)
	}
	for _, none := range []string{"", "  "} {
		if _, err := held(t, invited(t), opens).Release(operator, none, opens); fmt.Sprint(problems(err)) != "[reason: missing]" {
			t.Errorf("release with the reason %q: %v", none, err)
		}
	}
}

// The contact loses no time, and nobody is written to about what cannot be done.
func TestTheClockStandsWhileAnOrderIsHeld(t *testing.T) {
	for name, tc := range map[string]struct {
		order    commerce.Order
		from, to time.Duration // after the opening
		want     []string      // after the release
	}{
		"a day after the letter, for ten": {invited(t), day, 11 * day,
			[]string{"0s: escalate", "0s: remind", "48h0m0s: remind", "96h0m0s: remind", "120h0m0s: give_notice", "144h0m0s: close"}},
		"an hour after the letter, for a week": {invited(t), time.Hour, 7*day + time.Hour,
			[]string{"23h0m0s: escalate", "23h0m0s: remind", "71h0m0s: remind", "119h0m0s: remind", "143h0m0s: give_notice", "167h0m0s: close"}},
		"over the start date": {placed(t), -day, 3 * day,
			[]string{"0s: send_link", "24h0m0s: escalate", "24h0m0s: remind", "72h0m0s: remind", "120h0m0s: remind", "144h0m0s: give_notice", "168h0m0s: close"}},
		"and released before the start date": {placed(t), -3 * day, -2 * day,
			[]string{"48h0m0s: send_link", "72h0m0s: escalate", "72h0m0s: remind", "120h0m0s: remind", "168h0m0s: remind", "192h0m0s: give_notice", "216h0m0s: close"}},
		"started": {started(t), 6 * day, 30 * day, []string{"0s: give_notice", "24h0m0s: close"}},
		"with a letter that is owed": {resent(t, invited(t), opens.Add(12*time.Hour)), 12 * time.Hour, 4 * day,
			[]string{"0s: send_link", "12h0m0s: escalate", "12h0m0s: remind", "60h0m0s: remind", "108h0m0s: remind", "132h0m0s: give_notice", "156h0m0s: close"}},
	} {
		t.Run(name, func(t *testing.T) {
			o := held(t, tc.order, opens.Add(tc.from))
			if next, owed := o.Next(), o.Owed(opens.Add(1000*day)); next.Deed != commerce.NoDeed || owed != commerce.NoDeed {
				t.Fatalf("while it is held %s is due at %s", next.Deed, next.At)
			}
			until := opens.Add(tc.to)
			o = released(t, o, until)
			if o.Held() {
				t.Fatal("still held")
			}
			if diff := cmp.Diff(tc.want, did(o, until)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLinkOfAHeldOrderStaysOpen(t *testing.T) {
	o := held(t, invited(t), opens.Add(6*day))
	grant := commerce.Grant{Generation: 1}
	if err := o.CheckLink(grant, opens.Add(100*day)); err != nil {
		t.Errorf("while it is held: %v", err)
	}
	begun, first := o.Begin(opens.Add(50 * day))
	if !first || begun.Status != commerce.Started || !begun.Held() {
		t.Errorf("begun: %t, %s, held %t", first, begun.Status, begun.Held())
	}
	back := released(t, begun, opens.Add(100*day))
	if err := back.CheckLink(grant, opens.Add(101*day-time.Minute)); err != nil {
		t.Errorf("a day after the release: %v", err)
	}
	if err := back.CheckLink(grant, opens.Add(101*day)); !errors.Is(err, commerce.ErrTokenExpired) {
		t.Errorf("when its time is over: %v", err)
	}
}

func TestWhatAHeldOrderMustNotDo(t *testing.T) {
	now := opens.Add(day)
	o := held(t, started(t), now)
	_, mapping := o.Map(commerce.Answers{}, commerce.Known{}, commerce.Fresh{}, now)
	_, delegation := o.Delegate("it@alpine.example", false, "hash", now)
	_, resending := o.Resend(operator, "lost", now)
	_, renewing := o.Renew(now)
	mapped := held(t, ready("CALL"), click)
	_, clicking := mapped.BeginProvisioning("ana@nordlicht.example", settled, click)
	for what, err := range map[string]error{"map": mapping, "delegate": delegation, "resend": resending, "renew": renewing, "provision": clicking} {
		if !errors.Is(err, commerce.ErrOnHold) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if mapped.CanProvision(settled) {
		t.Error("it can be provisioned")
	}
	if _, err := mapped.Review("ana@nordlicht.example", click); err != nil {
		t.Errorf("its settings cannot be saved: %v", err)
	}
	amended, _, err := o.Amend(changedContact(o), operator, now)
	if err != nil || !amended.Held() || amended.Next().Deed != commerce.NoDeed {
		t.Errorf("amended: held %t, next %+v, %v", amended.Held(), amended.Next(), err)
	}
	if next := released(t, amended, now.Add(day)).Next(); next.Deed != commerce.SendLink || !next.At.Equal(now.Add(day)) {
		t.Errorf("the new contact is written to %+v", next)
	}
	cancelled, err := o.Cancel(operator, "withdrawn", now)
	if err != nil || cancelled.Held() || cancelled.Status != commerce.Cancelled {
		t.Errorf("cancelled: %s, held %t, %v", cancelled.Status, cancelled.Held(), err)
	}
}

func changedContact(o commerce.Order) commerce.Terms {
	t := o.Terms
	t.Contact = "ana@nordlicht.example"
	return t
}
