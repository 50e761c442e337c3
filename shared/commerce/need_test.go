package commerce_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dayone/shared/commerce"
)

const maja = commerce.Address("maja@operator.example")

// bounced is an invited order whose letter came back an hour later.
func bounced(t *testing.T) commerce.Order {
	t.Helper()
	o := invited(t)
	n, letters := o.Hear(commerce.Delivery{Outcome: commerce.Bounced, Message: "message-1", To: o.Contact, Reason: "no such mailbox",
		Order: o.ID, Kind: commerce.LetterSetup, Link: 1}, opens.Add(time.Hour))
	if len(letters) != 1 {
		t.Fatalf("%d letters tell of the bounce", len(letters))
	}
	return n
}

// escalated is an invited order that nobody started within a day.
func escalated(t *testing.T) commerce.Order {
	t.Helper()
	return invited(t).Escalated("message-2", opens.Add(day))
}

// unrecognised is a started order whose contact does not know the partner organization.
func unrecognised(t *testing.T) commerce.Order {
	t.Helper()
	o, _, told := started(t).Unrecognised(opens.Add(2 * time.Hour))
	if !told {
		t.Fatal("not told")
	}
	return o
}

// undone is an order whose provisioning was refused.
func undone(t *testing.T) commerce.Order {
	t.Helper()
	o := withStatus(invited(t), commerce.Provisioning)
	o.Mapping = commerce.Mapping{Partner: "org_p", Customer: "org_c", At: opens}
	o.Attempt = commerce.Attempt{Number: 1, By: "ana@nordlicht.example"}
	o.Lines[0].Status, o.Lines[0].Reason = commerce.LineFailed, "no such number range"
	n, _, _ := o.Finish(opens.Add(3 * day))
	if n.Status != commerce.Failed {
		t.Fatalf("status %s", n.Status)
	}
	return n
}

// stuck is an order that the service platform does not come to an end with.
func stuck(t *testing.T) commerce.Order {
	t.Helper()
	o := withStatus(invited(t), commerce.Provisioning)
	o.Mapping = commerce.Mapping{Partner: "org_p", Customer: "org_c", At: opens}
	o.Attempt = commerce.Attempt{Number: 1, By: "ana@nordlicht.example", StuckAt: opens.Add(4 * day), Tries: 10}
	return o
}

func TestWhyAnOrderNeedsAPerson(t *testing.T) {
	t.Parallel()
	active := withStatus(invited(t), commerce.Active)
	active.BilledAt = opens
	refused := active
	refused.Refusal = commerce.Refusal{Kind: commerce.Suspend, Reason: "not now", At: opens.Add(day)}
	changing := active
	changing.InFlight = commerce.ServiceChange{Kind: commerce.Suspend, StuckAt: opens.Add(2 * day)}
	for name, tc := range map[string]struct {
		order commerce.Order
		want  []commerce.Need
	}{
		"scheduled":            {placed(t), nil},
		"invited":              {invited(t), nil},
		"its letter came back": {bounced(t), []commerce.Need{{commerce.WhyBounced, opens.Add(time.Hour)}}},
		"nobody started":       {escalated(t), []commerce.Need{{commerce.WhyNotStarted, opens.Add(day)}}},
		"nobody started, nobody told": {invited(t).EscalationRefused(rep, "no such mailbox", opens.Add(day)),
			[]commerce.Need{{commerce.WhyNobodyTold, opens.Add(day)}}},
		"both, the longer wait first": {bounced(t).Escalated("message-2", opens.Add(day)),
			[]commerce.Need{{commerce.WhyBounced, opens.Add(time.Hour)}, {commerce.WhyNotStarted, opens.Add(day)}}},
		"started":                 {started(t), nil},
		"not recognised":          {unrecognised(t), []commerce.Need{{commerce.WhyUnrecognised, opens.Add(2 * time.Hour)}}},
		"closed unfinished":       {closed(t), []commerce.Need{{commerce.WhyClosed, opens.Add(7 * day)}}},
		"cancelled":               {cancelled(t), nil},
		"provisioning failed":     {undone(t), []commerce.Need{{commerce.WhyFailed, opens.Add(3 * day)}}},
		"provisioning stuck":      {stuck(t), []commerce.Need{{commerce.WhyStuck, opens.Add(4 * day)}}},
		"a change refused":        {refused, []commerce.Need{{commerce.WhyRefused, opens.Add(day)}}},
		"a change stuck":          {changing, []commerce.Need{{commerce.WhyStuck, opens.Add(2 * day)}}},
		"active, and all is well": {active, nil},
	} {
		if diff := cmp.Diff(tc.want, tc.order.NeedsPerson()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestWhatIsMendedNeedsNobody(t *testing.T) {
	t.Parallel()
	later := opens.Add(8 * day)
	actor := commerce.ByOperator(maja)
	for name, mend := range map[string]func() (commerce.Order, error){
		"a bounce, resent":       func() (commerce.Order, error) { return bounced(t).Resend(actor, "asked for", later) },
		"closed, reopened":       func() (commerce.Order, error) { return closed(t).Reopen(actor, "wanted after all", later) },
		"escalated, cancelled":   func() (commerce.Order, error) { return escalated(t).Cancel(actor, "not wanted", later) },
		"failed, tried again":    func() (commerce.Order, error) { return undone(t).Retry(actor, "mended there", later) },
		"not recognised, resent": func() (commerce.Order, error) { return unrecognised(t).Resend(actor, "the name is right", later) },
		"escalated, then closed and reopened": func() (commerce.Order, error) {
			o, _ := escalated(t).Expire(opens.Add(7 * day))
			return o.Reopen(actor, "wanted after all", later)
		},
	} {
		o, err := mend()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if needs := o.NeedsPerson(); len(needs) > 0 {
			t.Errorf("%s: %v", name, needs)
		}
		if last := o.Events[len(o.Events)-1]; last.Actor != actor {
			t.Errorf("%s: by %q", name, last.Actor)
		}
	}
}

func TestHandle(t *testing.T) {
	t.Parallel()
	actor := commerce.ByOperator(maja)
	o := escalated(t)
	n, err := o.Handle(actor, "Rang the partner.", opens.Add(30*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if needs := n.NeedsPerson(); len(needs) > 0 {
		t.Errorf("handled, and needs %v", needs)
	}
	if last := n.Events[len(n.Events)-1]; last.Kind != "handled" || last.Actor != actor || last.Reason != "Rang the partner." || n.Version != o.Version+1 {
		t.Errorf("version %d, %+v", n.Version, last)
	}
	// What comes up later needs a person again.
	closed, _ := n.Expire(opens.Add(7 * day))
	if needs := closed.NeedsPerson(); len(needs) != 1 || needs[0].Why != commerce.WhyClosed {
		t.Errorf("closed after it was handled: %v", needs)
	}
	if _, err := n.Handle(actor, "Again.", opens.Add(31*time.Hour)); !errors.Is(err, commerce.ErrNothingToHandle) {
		t.Errorf("handled twice: %v", err)
	}
	if _, err := o.Handle(actor, "", opens.Add(30*time.Hour)); err == nil {
		t.Error("handled without a note")
	}
}

func TestRetry(t *testing.T) {
	t.Parallel()
	now := opens.Add(5 * day)
	actor := commerce.ByOperator(maja)
	o, err := undone(t).Retry(actor, "mended there", now)
	if err != nil {
		t.Fatal(err)
	}
	if o.Status != commerce.Provisioning || o.Attempt.Number != 2 || o.Attempt.By != "ana@nordlicht.example" || o.Owed(now) != commerce.Provision {
		t.Errorf("%s, attempt %+v, owed %q", o.Status, o.Attempt, o.Owed(now))
	}
	if job, ok := o.NextJob(); !ok || job.Undo {
		t.Errorf("the next job is %+v, %t", job, ok)
	}
	again, err := stuck(t).Retry(actor, "it is well again", now)
	if err != nil || again.Owed(now) != commerce.Provision || again.Attempt.Number != 1 {
		t.Errorf("stuck: %v, attempt %+v", err, again.Attempt)
	}
	for name, o := range map[string]commerce.Order{"invited": invited(t), "cancelled": cancelled(t), "closed": closed(t), "provisioning without trouble": withStatus(invited(t), commerce.Provisioning)} {
		if _, err := o.Retry(actor, "why not", now); !errors.Is(err, commerce.ErrNothingToRetry) {
			t.Errorf("%s: %v", name, err)
		}
	}
	held, err := undone(t).PutOnHold(actor, "wait", now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := held.Retry(actor, "go", now); !errors.Is(err, commerce.ErrOnHold) {
		t.Errorf("held: %v", err)
	}
	if _, err := undone(t).Retry(actor, "", now); err == nil {
		t.Error("without a reason")
	}
}

func TestDesks(t *testing.T) {
	t.Parallel()
	mapped := withStatus(started(t), commerce.Mapped)
	mapped.Mapping.At = opens.Add(time.Hour)
	active := withStatus(mapped, commerce.Active)
	active.BilledAt = opens.Add(2 * time.Hour)
	handled, err := undone(t).Handle(commerce.ByOperator(maja), "waits for them", opens.Add(4*day))
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		order commerce.Order
		desk  commerce.Desk
		at    time.Time
	}{
		"scheduled":        {placed(t), commerce.DeskScheduled, opens},
		"invited":          {invited(t), commerce.DeskSetup, opens},
		"started":          {started(t), commerce.DeskSetup, opens},
		"escalated":        {escalated(t), commerce.DeskPerson, opens.Add(day)},
		"mapped":           {mapped, commerce.DeskServices, mapped.Mapping.At},
		"failed":           {undone(t), commerce.DeskPerson, opens.Add(3 * day)},
		"failed, handled":  {handled, commerce.DeskServices, opens},
		"active":           {active, commerce.DeskRunning, active.BilledAt},
		"suspended":        {withStatus(active, commerce.Suspended), commerce.DeskRunning, active.BilledAt},
		"cancelled":        {cancelled(t), commerce.DeskEnded, opens.Add(time.Hour)},
		"closed":           {closed(t), commerce.DeskPerson, opens.Add(7 * day)},
		"ended, long over": {withStatus(active, commerce.Ended), commerce.DeskEnded, noon},
	} {
		if desk, at := tc.order.Desk(); desk != tc.desk || !at.Equal(tc.at) {
			t.Errorf("%s: at %s since %s, want %s since %s", name, desk, at, tc.desk, tc.at)
		}
	}
	for _, s := range commerce.Statuses {
		if desk, _ := withStatus(placed(t), s).Desk(); !slices.Contains(commerce.Desks, desk) {
			t.Errorf("%s is at no desk: %q", s, desk)
		}
	}
}

func TestAnOperatorsLinkWorksOnceAndInTime(t *testing.T) {
	t.Parallel()
	link := commerce.Grant{IssuedAt: noon, ExpiresAt: noon.Add(commerce.OperatorTokenFor)}
	used := link
	used.UsedAt = noon
	for name, tc := range map[string]struct {
		link commerce.Grant
		at   time.Time
		want error
	}{
		"at once":         {link, noon, nil},
		"at its last":     {link, link.ExpiresAt.Add(-time.Millisecond), nil},
		"a moment later":  {link, link.ExpiresAt, commerce.ErrOperatorLink},
		"a second time":   {used, noon, commerce.ErrOperatorLink},
		"used, long over": {used, noon.Add(day), commerce.ErrOperatorLink},
	} {
		if err := tc.link.MayEnter(tc.at); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPlaceByAnOperator(t *testing.T) {
	t.Parallel()
	o := placed(t)
	by, err := commerce.PlaceBy(commerce.ByOperator(maja), o.ID, o.Caller, o.Terms, o.PlacedAt)
	if err != nil {
		t.Fatal(err)
	}
	if by.Events[0].Actor != "operator:maja@operator.example" || by.Caller != o.Caller {
		t.Errorf("by %q for %q", by.Events[0].Actor, by.Caller)
	}
	by.Events = o.Events
	if diff := cmp.Diff(o, by); diff != "" {
		t.Errorf("another order (-caller +operator):\n%s", diff)
	}
}
