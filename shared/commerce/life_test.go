package commerce_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"dayone/shared/commerce"
)

const day = 24 * time.Hour

// opens is when the order of the tests is due to be mailed.
var opens = instant("2026-12-01T07:00:00Z")

// invited is an order whose first letter was accepted at its opening.
func invited(t *testing.T, change ...func(*commerce.Terms)) commerce.Order {
	t.Helper()
	o := placed(t, change...)
	return o.LinkSent(commerce.LetterSetup, o.Contact, 1, "message-1", opens)
}

// started is an order whose contact chose a role an hour later.
func started(t *testing.T, change ...func(*commerce.Terms)) commerce.Order {
	t.Helper()
	o, first := invited(t, change...).Begin(opens.Add(time.Hour))
	if !first {
		t.Fatal("not begun")
	}
	return o
}

func closed(t *testing.T) commerce.Order {
	t.Helper()
	o, _ := invited(t).Expire(opens.Add(7 * day))
	return o
}

func cancelled(t *testing.T) commerce.Order {
	t.Helper()
	o, err := invited(t).Cancel(commerce.ByCaller(caller), "withdrawn", opens.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func withStatus(o commerce.Order, s commerce.Status) commerce.Order {
	o.Status = s
	return o
}

func slow(t *commerce.Terms) {
	t.Family = "A-WX"
	for i := range t.Lines {
		t.Lines[i].SKU = strings.Replace(t.Lines[i].SKU, "A-FLEX", "A-WX", 1)
	}
}

// did is the deeds that the clock owes an order from an instant on, each done as it falls due, "after: deed" each. The
// mail service takes every letter.
func did(o commerce.Order, from time.Time) []string {
	var all []string
	for range 50 {
		next := o.Next()
		if next.Deed == commerce.NoDeed {
			return all
		}
		now := next.At
		deed := o.Owed(now)
		all = append(all, fmt.Sprintf("%s: %s", now.Sub(from), deed))
		o = done(o, deed, now)
	}
	return append(all, "and so on")
}

// done is an order after a deed of the letters.
func done(o commerce.Order, deed commerce.Deed, now time.Time) commerce.Order {
	switch deed {
	case commerce.SendLink:
		return o.LinkSent(o.Link.Kind, o.Contact, o.Link.Generation, "m", now)
	case commerce.Remind:
		return o.ReminderSent("m", now)
	case commerce.GiveNotice:
		return o.NoticeSent("m", now)
	case commerce.Escalate:
		return o.Escalated("m", now)
	case commerce.Close:
		o, _ = o.Expire(now)
		return o
	}
	panic("not a deed of the letters: " + deed)
}

// A letter that went out twice is told of twice, and when it first did stays.
func TestALetterSentTwiceKeepsItsFirstInstant(t *testing.T) {
	first, later := opens.Add(day), opens.Add(day+time.Minute)
	o := invited(t).Escalated("message-1", first).Escalated("message-2", later).NoticeSent("message-3", first).NoticeSent("message-4", later)
	if !o.EscalatedAt.Equal(first) || !o.NoticedAt.Equal(first) {
		t.Errorf("escalated at %v, noticed at %v", o.EscalatedAt, o.NoticedAt)
	}
	if last := o.Events[len(o.Events)-4:]; last[0].Kind != "escalated" || last[1].Kind != "escalated" || last[2].Kind != "notice_sent" || last[3].Kind != "notice_sent" {
		t.Errorf("told of as %v", last)
	}
}

// Rules 1 to 3, as the clock does them with nobody interfering.
func TestWhatTheClockDoes(t *testing.T) {
	for name, tc := range map[string]struct {
		order func(t *testing.T) commerce.Order
		want  []string
	}{
		"A-FLEX, nobody starts": {func(t *testing.T) commerce.Order { return placed(t) },
			[]string{"0s: send_link", "24h0m0s: escalate", "24h0m0s: remind", "72h0m0s: remind", "120h0m0s: remind", "144h0m0s: give_notice", "168h0m0s: close"}},
		"A-WX, nobody starts": {func(t *testing.T) commerce.Order { return placed(t, slow) },
			[]string{"0s: send_link", "24h0m0s: escalate", "24h0m0s: remind", "168h0m0s: remind", "336h0m0s: remind", "600h0m0s: remind", "696h0m0s: give_notice", "720h0m0s: close"}},
		"started, never finished": {func(t *testing.T) commerce.Order { return started(t) },
			[]string{"144h0m0s: give_notice", "168h0m0s: close"}},
		"the address refuses the letter": {func(t *testing.T) commerce.Order { o, _ := placed(t).LinkRefused("no such mailbox", opens); return o },
			[]string{"24h0m0s: escalate"}},
		"closed":    {closed, nil},
		"cancelled": {cancelled, nil},
		"mapped":    {func(t *testing.T) commerce.Order { return withStatus(invited(t), commerce.Mapped) }, nil},
		"failed":    {func(t *testing.T) commerce.Order { return withStatus(invited(t), commerce.Failed) }, nil},
		"moved by PATCH": {func(t *testing.T) commerce.Order {
			return amended(t, placed(t), noon, func(t *commerce.Terms) { t.Start = date("2026-12-02") })
		}, []string{"24h0m0s: send_link", "48h0m0s: escalate", "48h0m0s: remind", "96h0m0s: remind", "144h0m0s: remind", "168h0m0s: give_notice", "192h0m0s: close"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, did(tc.order(t), opens)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// An order found late gets one letter that makes sense to its contact, not all that were missed.
func TestOwedAfterAnInterruption(t *testing.T) {
	for name, tc := range map[string]struct {
		order func(t *testing.T) commerce.Order
		now   time.Time
		want  []commerce.Deed
	}{
		"a moment before the opening":       {func(t *testing.T) commerce.Order { return placed(t) }, opens.Add(-time.Millisecond), nil},
		"at the opening":                    {func(t *testing.T) commerce.Order { return placed(t) }, opens, []commerce.Deed{commerce.SendLink}},
		"three days without mail":           {func(t *testing.T) commerce.Order { return placed(t) }, opens.Add(3 * day), []commerce.Deed{commerce.SendLink, commerce.Escalate}},
		"four days after the letter":        {invitedOnly, opens.Add(4 * day), []commerce.Deed{commerce.Escalate, commerce.Remind}},
		"six days after the letter":         {invitedOnly, opens.Add(6 * day), []commerce.Deed{commerce.Escalate, commerce.GiveNotice}},
		"weeks after the letter":            {invitedOnly, opens.Add(21 * day), []commerce.Deed{commerce.Close}},
		"a new link when reminders are due": {func(t *testing.T) commerce.Order { return resent(t, invitedOnly(t), opens.Add(4*day)) }, opens.Add(4 * day), []commerce.Deed{commerce.SendLink, commerce.Escalate}},
	} {
		t.Run(name, func(t *testing.T) {
			o := tc.order(t)
			var got []commerce.Deed
			for d := o.Owed(tc.now); d != commerce.NoDeed && len(got) < 10; d = o.Owed(tc.now) {
				got = append(got, d)
				o = done(o, d, tc.now)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func invitedOnly(t *testing.T) commerce.Order { return invited(t) }

func resent(t *testing.T, o commerce.Order, now time.Time) commerce.Order {
	t.Helper()
	n, err := o.Resend(commerce.ByCaller(caller), "lost", now)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func amended(t *testing.T, o commerce.Order, now time.Time, change func(*commerce.Terms)) commerce.Order {
	t.Helper()
	terms := o.Terms
	change(&terms)
	n, _, err := o.Amend(terms, commerce.ByCaller(caller), now)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestDeedsBelongToFunctions(t *testing.T) {
	for deed, want := range map[commerce.Deed]string{
		commerce.NoDeed: "", commerce.SendLink: "Letters", commerce.Remind: "Letters", commerce.Escalate: "Letters", commerce.GiveNotice: "Letters",
		commerce.Close: "Letters", commerce.Provision: "Provisioning", commerce.ChargeLines: "Billing",
	} {
		if got := deed.Function(); got != want {
			t.Errorf("%s is done by %s", deed, got)
		}
	}
}

func TestFirstLetterInvitesAndOpensTheWindow(t *testing.T) {
	o := invited(t)
	if o.Status != commerce.Invited || !o.WindowFrom.Equal(opens) || !o.Link.DueAt.IsZero() || !o.Link.SentAt.Equal(opens) {
		t.Errorf("%s, window from %s, link %+v", o.Status, o.WindowFrom, o.Link)
	}
	if got := o.ClosesAt(); !got.Equal(opens.Add(7 * day)) {
		t.Errorf("closes at %s", got)
	}
}

func TestLetterOnItsWayWhileTheOrderChanged(t *testing.T) {
	later := opens.Add(time.Minute)
	for name, tc := range map[string]struct {
		now        commerce.Order
		generation int
		status     commerce.Status
		due        bool
		window     bool
	}{
		"nothing changed":       {placed(t), 1, commerce.Invited, false, true},
		"another contact":       {amended(t, placed(t), noon, func(t *commerce.Terms) { t.Contact = "ana@nordlicht.example" }), 1, commerce.Scheduled, true, false},
		"another start":         {amended(t, placed(t), noon, func(t *commerce.Terms) { t.Start = date("2026-12-24") }), 1, commerce.Scheduled, true, false},
		"cancelled":             {withStatus(placed(t), commerce.Cancelled), 1, commerce.Cancelled, false, false},
		"a new link asked for":  {resent(t, placed(t), opens), 1, commerce.Scheduled, true, false},
		"that new link is sent": {resent(t, placed(t), opens), 2, commerce.Invited, false, true},
		"somebody started":      {withStatus(placed(t), commerce.Started), 1, commerce.Started, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			o := tc.now.LinkSent(commerce.LetterSetup, contact, tc.generation, "m", later)
			if o.Status != tc.status || !o.Link.DueAt.IsZero() != tc.due || !o.WindowFrom.IsZero() != tc.window {
				t.Errorf("%s, due %s, window from %s", o.Status, o.Link.DueAt, o.WindowFrom)
			}
			if o.Version != tc.now.Version+1 || len(o.Events) == len(tc.now.Events) {
				t.Error("the letter is not in the timeline")
			}
		})
	}
}

func TestWindowStaysWithFurtherLetters(t *testing.T) {
	o := resent(t, invited(t), opens.Add(3*day))
	o = o.LinkSent(commerce.LetterSetup, o.Contact, o.Link.Generation, "m", opens.Add(3*day))
	if !o.WindowFrom.Equal(opens) || o.Status != commerce.Invited {
		t.Errorf("%s, window from %s", o.Status, o.WindowFrom)
	}
}

func TestRefusedLetterTellsTheRepresentative(t *testing.T) {
	o, letter := placed(t).LinkRefused("no such mailbox", opens)
	if !o.Link.DueAt.IsZero() || !o.WindowFrom.IsZero() || o.Status != commerce.Scheduled {
		t.Errorf("%s, due %s, window from %s", o.Status, o.Link.DueAt, o.WindowFrom)
	}
	if letter.Kind != commerce.LetterRepBounced || letter.To != rep || letter.Reason != "no such mailbox" || letter.Order != o.ID || letter.Locale != "sl" {
		t.Errorf("letter %+v", letter)
	}
	fixed := amended(t, o, opens.Add(time.Hour), func(t *commerce.Terms) { t.Contact = "ana@nordlicht.example" })
	if got := fixed.Owed(opens.Add(time.Hour)); got != commerce.SendLink {
		t.Errorf("a mended address is owed %q", got)
	}
}

func TestRefusedEscalationIsNotDoneAndNotOwedToThatAddress(t *testing.T) {
	later := opens.Add(day)
	o := invited(t).EscalationRefused(rep, "no such mailbox", later)
	if !o.EscalatedAt.IsZero() || o.Owes(commerce.Escalate, later) || !o.WindowFrom.Equal(opens) {
		t.Errorf("escalated at %v, owed %q, window from %s", o.EscalatedAt, o.Owed(later), o.WindowFrom)
	}
	if last := o.Events[len(o.Events)-1]; last.Kind != "escalation_refused" || last.Reason != "no such mailbox" {
		t.Errorf("the last event is %+v", last)
	}
	another := o
	another.Representative.Email = "ana@vendor.example"
	if !another.Owes(commerce.Escalate, later) {
		t.Error("another representative is owed nothing")
	}
	moved := amended(t, o, later, func(t *commerce.Terms) { t.Start = date("2026-12-24") })
	if at := moved.EscalatesAt(); !at.Equal(moved.InviteAt.Add(day)) {
		t.Errorf("for another start it is owed at %v", at)
	}
}

func TestLinkChecks(t *testing.T) {
	rescheduled := amended(t, invited(t), opens.Add(time.Hour), func(t *commerce.Terms) { t.Start = date("2026-12-24") })
	reopened, err := closed(t).Reopen(commerce.ByCaller(caller), "asked for", opens.Add(8*day))
	if err != nil {
		t.Fatal(err)
	}
	tooEarly := &commerce.Error{Code: "link_too_early"}
	for name, tc := range map[string]struct {
		order      commerce.Order
		generation int
		now        time.Time
		want       error
	}{
		"fresh":                            {invited(t), 1, opens, nil},
		"started":                          {started(t), 1, opens.Add(2 * day), nil},
		"mailed, the mark not made yet":    {placed(t), 1, opens, nil},
		"at its last tick":                 {invited(t), 1, opens.Add(7*day - time.Millisecond), nil},
		"at the end of the window":         {invited(t), 1, opens.Add(7 * day), commerce.ErrTokenExpired},
		"replaced":                         {resent(t, invited(t), opens.Add(day)), 1, opens.Add(day), commerce.ErrTokenReplaced},
		"replaced, expired":                {resent(t, invited(t), opens.Add(day)), 1, opens.Add(8 * day), commerce.ErrTokenReplaced},
		"closed":                           {closed(t), 1, opens.Add(8 * day), commerce.ErrLinkClosed},
		"cancelled":                        {cancelled(t), 1, opens.Add(day), commerce.ErrLinkCancelled},
		"mapped":                           {withStatus(invited(t), commerce.Mapped), 1, opens.Add(day), commerce.ErrTokenUsed},
		"provisioning":                     {withStatus(invited(t), commerce.Provisioning), 1, opens.Add(day), commerce.ErrTokenUsed},
		"active":                           {withStatus(invited(t), commerce.Active), 1, opens.Add(400 * day), commerce.ErrTokenUsed},
		"failed":                           {withStatus(invited(t), commerce.Failed), 1, opens.Add(day), commerce.ErrTokenUsed},
		"put off to another day":           {rescheduled, 1, opens.Add(2 * time.Hour), tooEarly},
		"put off, that day has come":       {rescheduled, 1, instant("2026-12-24T07:00:00Z"), commerce.ErrTokenReplaced},
		"of before the order was reopened": {reopened, 1, opens.Add(8 * day), commerce.ErrTokenReplaced},
		"put off while it was on its way":  {amended(t, placed(t), opens, func(t *commerce.Terms) { t.Start = date("2026-12-24") }), 1, opens.Add(time.Hour), tooEarly},
	} {
		t.Run(name, func(t *testing.T) {
			err := tc.order.CheckLink(commerce.Grant{Kind: commerce.SetupToken, Generation: tc.generation}, tc.now)
			if !errors.Is(err, tc.want) {
				t.Errorf("CheckLink = %v, want %v", err, tc.want)
			}
			if e, ok := errors.AsType[*commerce.Error](err); ok && e.Kind != commerce.KindGone {
				t.Errorf("a link that stopped is kind %d", e.Kind)
			}
		})
	}
	var early *commerce.Error
	if err := rescheduled.CheckLink(commerce.Grant{Generation: 1}, opens.Add(2*time.Hour)); !errors.As(err, &early) || early.Existing != "2026-12-24" {
		t.Errorf("too early without the day: %v", err)
	}
}

func TestFirstAnswerStartsOnce(t *testing.T) {
	o := invited(t)
	s, first := o.Begin(opens.Add(time.Hour))
	if !first || s.Status != commerce.Started || !s.EscalatesAt().IsZero() {
		t.Errorf("%s, first %t, escalates at %s", s.Status, first, s.EscalatesAt())
	}
	again, first := s.Begin(opens.Add(2 * time.Hour))
	if first || again.Version != s.Version || !again.StartedAt.Equal(s.StartedAt) {
		t.Error("started twice")
	}
	for _, status := range []commerce.Status{commerce.Mapped, commerce.Cancelled, commerce.Closed, commerce.Active} {
		if _, first := withStatus(o, status).Begin(opens); first {
			t.Errorf("a %s order was started", status)
		}
	}
}

func TestDelegation(t *testing.T) {
	o, now := started(t), opens.Add(2*time.Hour)
	o = o.LinkSent(commerce.LetterSetup, contact, 1, "m", opens)
	n, err := o.Delegate("bor@nordlicht.example", false, "hash-1", now)
	if err != nil {
		t.Fatal(err)
	}
	if n.Contact != "bor@nordlicht.example" || n.ContactAlias || n.Handover || n.DelegatedBy != contact || n.Link.Kind != commerce.LetterDelegated || n.Link.Generation != 2 {
		t.Errorf("delegated: %+v", n)
	}
	if !n.ClosesAt().Equal(o.ClosesAt()) {
		t.Error("the window moved")
	}
	if err := n.CheckLink(commerce.Grant{Generation: 1}, now); !errors.Is(err, commerce.ErrTokenReplaced) {
		t.Errorf("the old link: %v", err)
	}
	if n.Owed(now) != commerce.SendLink {
		t.Error("no letter is owed")
	}
	for name, tc := range map[string]struct {
		to       commerce.Address
		handover bool
		hash     string
		want     bool
	}{
		"the same again":      {"bor@nordlicht.example", false, "hash-1", true},
		"to somebody else":    {"cene@nordlicht.example", false, "hash-1", false},
		"over another link":   {"bor@nordlicht.example", false, "hash-2", false},
		"now to the customer": {"bor@nordlicht.example", true, "hash-1", false},
	} {
		if got := n.DelegatedAlready(tc.to, tc.handover, tc.hash); got != tc.want {
			t.Errorf("%s: DelegatedAlready = %t", name, got)
		}
	}
}

func TestHandoverIsForGood(t *testing.T) {
	o, err := started(t).Delegate("chef@alpine.example", true, "h1", opens)
	if err != nil {
		t.Fatal(err)
	}
	if !o.Handover || o.Link.Kind != commerce.LetterHandedOver {
		t.Errorf("handover %t, letter %s", o.Handover, o.Link.Kind)
	}
	back, err := o.Delegate("other@alpine.example", false, "h2", opens)
	if err != nil || !back.Handover {
		t.Errorf("handover %t after another delegation, %v", back.Handover, err)
	}
	moved := amended(t, o, opens, func(t *commerce.Terms) { t.Contact = contact })
	if !moved.Handover {
		t.Error("a changed contact took the handover back")
	}
}

func TestDelegationLimits(t *testing.T) {
	o := started(t)
	if _, err := o.Delegate(o.Contact, false, "h", opens); fmt.Sprint(problems(err)) != "[delegate_email: same_address]" {
		t.Errorf("to oneself: %v", err)
	}
	for i := range 5 {
		var err error
		if o, err = o.Delegate(commerce.Address(fmt.Sprintf("p%d@nordlicht.example", i)), false, "h", opens); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := o.Delegate("p5@nordlicht.example", false, "h", opens); !errors.Is(err, commerce.ErrTooManyDelegate) {
		t.Errorf("the sixth: %v", err)
	}
}

// What an answer stores of its own starts the order with it, in the same write.
func TestEveryDeedOfTheContactStartsTheOrder(t *testing.T) {
	o, a := invited(t), asNewPartner()
	a.ReviewDigest = a.Digest(o, commerce.Known{})
	delegated, err := o.Delegate("bor@nordlicht.example", false, "hash", opens)
	if err != nil {
		t.Fatal(err)
	}
	mapped, err := o.Map(a, commerce.Known{}, fresh, opens)
	if err != nil {
		t.Fatal(err)
	}
	told, _, _ := o.Unrecognised(opens)
	for name, tc := range map[string]struct {
		order  commerce.Order
		status commerce.Status
		kinds  []string
	}{
		"delegated":    {delegated, commerce.Started, []string{"started", "delegated"}},
		"unrecognised": {told, commerce.Started, []string{"started", "unrecognised"}},
		"mapped":       {mapped.Order, commerce.Mapped, []string{"started", "mapped"}},
	} {
		var kinds []string
		for _, e := range tc.order.Events[len(o.Events):] {
			kinds = append(kinds, e.Kind)
		}
		if got := tc.order; got.Status != tc.status || !got.StartedAt.Equal(opens) || got.Version != o.Version+1 || !slices.Equal(kinds, tc.kinds) {
			t.Errorf("%s: %s, started at %s, version %d after %d, %q", name, got.Status, got.StartedAt, got.Version, o.Version, kinds)
		}
	}
}

func TestUnrecognisedIsToldOnceALink(t *testing.T) {
	o := started(t)
	n, letter, first := o.Unrecognised(opens)
	if !first || letter.To != rep || letter.Kind != commerce.LetterRepUnrecognised {
		t.Errorf("first %t, letter %+v", first, letter)
	}
	if n.Status != o.Status || n.Link != o.Link || n.Contact != o.Contact {
		t.Error("something else changed")
	}
	if again, _, first := n.Unrecognised(opens); first || again.Version != n.Version {
		t.Error("told twice")
	}
	fresh, other, first := resent(t, n, opens).Unrecognised(opens)
	if !first || other.ID == letter.ID || fresh.UnknownTold != 2 {
		t.Errorf("over the next link: first %t, id %s", first, other.ID)
	}
}

// The point of no return, for everything that the caller may ask.
func TestWhatTheCallerMayDo(t *testing.T) {
	reason := "asked for by phone"
	later := opens.Add(day)
	deeds := map[string]func(commerce.Order) (commerce.Order, error){
		"cancel": func(o commerce.Order) (commerce.Order, error) {
			return o.Cancel(commerce.ByCaller(caller), reason, later)
		},
		"resend": func(o commerce.Order) (commerce.Order, error) {
			return o.Resend(commerce.ByCaller(caller), reason, later)
		},
		"reopen": func(o commerce.Order) (commerce.Order, error) {
			return o.Reopen(commerce.ByCaller(caller), reason, later)
		},
		"amend": func(o commerce.Order) (commerce.Order, error) {
			terms := o.Terms
			terms.Contact = "ana@nordlicht.example"
			n, _, err := o.Amend(terms, commerce.ByCaller(caller), later)
			return n, err
		},
	}
	for name, tc := range map[string]struct {
		order                         commerce.Order
		cancel, resend, reopen, amend error
	}{
		"scheduled, its day has come": {placed(t), nil, nil, commerce.ErrNotClosed, nil},
		"invited":                     {invited(t), nil, nil, commerce.ErrNotClosed, nil},
		"started":                     {started(t), nil, nil, commerce.ErrNotClosed, nil},
		"closed":                      {closed(t), nil, commerce.ErrOrderIsClosed, nil, commerce.ErrOrderIsClosed},
		"cancelled":                   {cancelled(t), nil, commerce.ErrOrderCancelled, commerce.ErrNotClosed, commerce.ErrOrderCancelled},
		"mapped":                      {withStatus(invited(t), commerce.Mapped), commerce.ErrAlreadyMapped, commerce.ErrAlreadyMapped, commerce.ErrNotClosed, commerce.ErrAlreadyMapped},
		"provisioning":                {withStatus(invited(t), commerce.Provisioning), commerce.ErrAlreadyMapped, commerce.ErrAlreadyMapped, commerce.ErrNotClosed, commerce.ErrAlreadyMapped},
		"active":                      {withStatus(invited(t), commerce.Active), commerce.ErrAlreadyMapped, commerce.ErrAlreadyMapped, commerce.ErrNotClosed, commerce.ErrAlreadyMapped},
		"failed":                      {withStatus(invited(t), commerce.Failed), commerce.ErrAlreadyMapped, commerce.ErrAlreadyMapped, commerce.ErrNotClosed, commerce.ErrAlreadyMapped},
	} {
		for deed, want := range map[string]error{"cancel": tc.cancel, "resend": tc.resend, "reopen": tc.reopen, "amend": tc.amend} {
			before := tc.order
			got, err := deeds[deed](tc.order)
			if !errors.Is(err, want) {
				t.Errorf("%s a %s order: %v, want %v", deed, name, err, want)
			}
			if diff := cmp.Diff(before, tc.order); diff != "" {
				t.Errorf("%s wrote into the order it was given:\n%s", deed, diff)
			}
			if err == nil && got.Version > before.Version+1 {
				t.Errorf("%s grew the version to %d", deed, got.Version)
			}
		}
	}
}

func TestReasonsAreNeeded(t *testing.T) {
	for reason, want := range map[string]string{
		"": "[reason: missing]", "two\nlines": "[reason: malformed]", strings.Repeat("x", 501): "[reason: malformed]", strings.Repeat("š", 500): "[]",
	} {
		_, cancel := invited(t).Cancel(commerce.ByCaller(caller), reason, opens)
		_, resend := invited(t).Resend(commerce.ByCaller(caller), reason, opens)
		_, reopen := closed(t).Reopen(commerce.ByCaller(caller), reason, opens)
		for deed, err := range map[string]error{"cancel": cancel, "resend": resend, "reopen": reopen} {
			if got := fmt.Sprint(problems(err)); got != want {
				t.Errorf("%s because of %.20q: %s, want %s", deed, reason, got, want)
			}
		}
	}
}

func TestCancellingAgainChangesNothing(t *testing.T) {
	o := cancelled(t)
	if again, err := o.Cancel(commerce.ByCaller(caller), "", opens); err != nil || again.Version != o.Version {
		t.Errorf("version %d, %v", again.Version, err)
	}
}

func TestResendBeforeTheDayIsRefused(t *testing.T) {
	if _, err := placed(t).Resend(commerce.ByCaller(caller), "now, please", noon); !errors.Is(err, commerce.ErrNotInvited) {
		t.Errorf("Resend = %v", err)
	}
}

func TestReopeningGivesANewWindowAndKeepsTheHistory(t *testing.T) {
	before, now := closed(t), opens.Add(20*day)
	before.EscalatedAt = opens.Add(day)
	o, err := before.Reopen(commerce.ByCaller(caller), "asked for", now)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before.Events, o.Events[:len(before.Events)]); diff != "" {
		t.Error(diff)
	}
	want := []string{"0s: send_link", "24h0m0s: remind", "72h0m0s: remind", "120h0m0s: remind", "144h0m0s: give_notice", "168h0m0s: close"}
	if diff := cmp.Diff(want, did(o, now)); diff != "" {
		t.Errorf("a representative is told once:\n%s", diff)
	}
}

// A contact whose link has expired may ask for another before the clock has closed the order, and after.
func TestRenewing(t *testing.T) {
	now := opens.Add(7 * day)
	o, err := started(t).Renew(now)
	if err != nil {
		t.Fatal(err)
	}
	if o.Status != commerce.Scheduled || o.Owed(now) != commerce.SendLink || !o.ClosesAt().IsZero() || !o.StartedAt.IsZero() {
		t.Errorf("%s, owed %s, closes at %s", o.Status, o.Owed(now), o.ClosesAt())
	}
	if err := o.CheckLink(commerce.Grant{Generation: 1}, now); !errors.Is(err, commerce.ErrTokenReplaced) {
		t.Errorf("the expired link: %v", err)
	}
	for i, e := range o.Events {
		if e.Seq != i+1 {
			t.Errorf("event %d has number %d", i+1, e.Seq)
		}
	}
	for _, status := range []commerce.Status{commerce.Mapped, commerce.Cancelled, commerce.Active} {
		if _, err := withStatus(invited(t), status).Renew(now); err == nil {
			t.Errorf("renewed a %s order", status)
		}
	}
}

func TestAmending(t *testing.T) {
	ana := func(t *commerce.Terms) { t.Contact = "ana@nordlicht.example" }
	bor := func(t *commerce.Terms) { t.Contact = "bor@nordlicht.example" }
	christmas := func(t *commerce.Terms) { t.Start = date("2026-12-24") }
	today := func(t *commerce.Terms) { t.Start = date("2026-11-23") }
	hour := opens.Add(time.Hour)
	for name, tc := range map[string]struct {
		order    commerce.Order
		now      time.Time
		change   func(*commerce.Terms)
		status   commerce.Status
		owedAt   string // when the letter is owed, "" for never
		replaced bool   // whether links of before stop
		letters  int
	}{
		"scheduled, another start":               {placed(t), noon, christmas, commerce.Scheduled, "2026-12-24T07:00:00Z", true, 0},
		"scheduled, start today":                 {placed(t), noon, today, commerce.Scheduled, "2026-11-23T12:00:00Z", true, 0},
		"scheduled, another zone":                {placed(t), noon, func(t *commerce.Terms) { t.Zone = "Asia/Tokyo" }, commerce.Scheduled, "2026-11-30T23:00:00Z", true, 0},
		"scheduled, another contact":             {placed(t), noon, ana, commerce.Scheduled, "2026-12-01T07:00:00Z", true, 0},
		"scheduled, another contact once more":   {amended(t, placed(t), noon, ana), noon, bor, commerce.Scheduled, "2026-12-01T07:00:00Z", true, 0},
		"scheduled, another contact, then today": {amended(t, placed(t), noon, ana), noon, today, commerce.Scheduled, "2026-11-23T12:00:00Z", true, 0},
		"scheduled, contact and start":           {placed(t), noon, func(t *commerce.Terms) { ana(t); christmas(t) }, commerce.Scheduled, "2026-12-24T07:00:00Z", true, 0},
		"scheduled, other lines":                 {placed(t), noon, fewer, commerce.Scheduled, "2026-12-01T07:00:00Z", false, 0},
		"invited, another contact":               {invited(t), hour, ana, commerce.Invited, "2026-12-01T08:00:00Z", true, 1},
		"invited, start moved ahead":             {invited(t), hour, christmas, commerce.Scheduled, "2026-12-24T07:00:00Z", true, 0},
		"invited, start moved back":              {invited(t), hour, func(t *commerce.Terms) { t.Start = date("2026-11-30") }, commerce.Invited, "", false, 0},
		"invited, contact and start":             {invited(t), hour, func(t *commerce.Terms) { ana(t); christmas(t) }, commerce.Scheduled, "2026-12-24T07:00:00Z", true, 1},
		"invited, other lines":                   {invited(t), hour, fewer, commerce.Invited, "", false, 0},
		"started, another contact":               {started(t), hour, ana, commerce.Started, "2026-12-01T08:00:00Z", true, 1},
		"started, start moved ahead":             {started(t), hour, christmas, commerce.Scheduled, "2026-12-24T07:00:00Z", true, 0},
		"put off, then put off further":          {amended(t, invited(t), hour, christmas), hour, func(t *commerce.Terms) { t.Start = date("2026-12-28") }, commerce.Scheduled, "2026-12-28T07:00:00Z", true, 0},
		"put off, then back to today":            {amended(t, invited(t), hour, christmas), hour, func(t *commerce.Terms) { t.Start = date("2026-12-01") }, commerce.Scheduled, "2026-12-01T08:00:00Z", true, 0},
		"put off, then another contact":          {amended(t, invited(t), hour, christmas), hour, bor, commerce.Scheduled, "2026-12-24T07:00:00Z", true, 0},
		"the contact is now an alias":            {invited(t), hour, func(t *commerce.Terms) { t.ContactAlias = false }, commerce.Invited, "", false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			terms := tc.order.Terms
			tc.change(&terms)
			o, letters, err := tc.order.Amend(terms, commerce.ByCaller(caller), tc.now)
			if err != nil {
				t.Fatal(err)
			}
			if o.Status != tc.status || o.Version != tc.order.Version+1 || len(letters) != tc.letters {
				t.Errorf("%s, version %d, %d letters", o.Status, o.Version, len(letters))
			}
			owed := ""
			if !o.Link.DueAt.IsZero() {
				owed = o.Link.DueAt.Format(time.RFC3339)
			}
			if owed != tc.owedAt {
				t.Errorf("a letter is owed at %q, want %q", owed, tc.owedAt)
			}
			if replaced := o.Link.Generation > tc.order.Link.Generation; replaced != tc.replaced {
				t.Errorf("links of before stop: %t", replaced)
			}
			if o.Status == commerce.Scheduled && !o.WindowFrom.IsZero() {
				t.Error("the window runs")
			}
			for _, l := range letters {
				if l.Kind != commerce.LetterReplaced || l.To != tc.order.Contact {
					t.Errorf("letter %s to %s", l.Kind, l.To)
				}
			}
		})
	}
}

func fewer(t *commerce.Terms) { t.Lines = terms().Lines[:1] }

func TestAmendmentsAreInTheTimeline(t *testing.T) {
	o := amended(t, invited(t), opens, func(t *commerce.Terms) {
		t.Start, t.Zone, t.Contact, t.ContactAlias = date("2026-12-02"), "Europe/Vienna", "ana@nordlicht.example", false
		t.Lines = terms().Lines[:1]
	})
	var amendment commerce.Event
	for _, e := range o.Events {
		if e.Kind == "amended" {
			amendment = e
		}
	}
	want := []commerce.Change{
		{Field: "requested_start_date", Before: "2026-12-01", After: "2026-12-02"},
		{Field: "time_zone", Before: "Europe/Ljubljana", After: "Europe/Vienna"},
		{Field: "provisioning_contact.email", Before: "provisioning@nordlicht.example", After: "ana@nordlicht.example"},
		{Field: "provisioning_contact.alias", Before: "true", After: "false"},
		{Field: "lines.1.id", Before: "2"},
		{Field: "lines.1.subscription_id", Before: "Sub1076544"},
		{Field: "lines.1.sku", Before: "A-FLEX-MEET"},
		{Field: "lines.1.quantity", Before: "25"},
		{Field: "lines.1.term_months", Before: "36"},
		{Field: "lines.1.billing", Before: "annual"},
		{Field: "lines.1.unit_price", Before: "9900"},
		{Field: "lines.1.currency", Before: "EUR"},
		{Field: "lines.1.service", Before: "meetings"},
		{Field: "lines.1.status", Before: "pending"},
		{Field: "lines.1.auto_renew", Before: "false"},
	}
	if diff := cmp.Diff(want, amendment.Changes); diff != "" {
		t.Error(diff)
	}
	for i, e := range o.Events {
		if e.Seq != i+1 {
			t.Errorf("event %d has number %d", i+1, e.Seq)
		}
	}
}

func TestAmendingNothingChangesNothing(t *testing.T) {
	o := invited(t)
	n, letters, err := o.Amend(o.Terms, commerce.ByCaller(caller), opens)
	if err != nil || n.Version != o.Version || len(letters) != 0 {
		t.Errorf("version %d, %d letters, %v", n.Version, len(letters), err)
	}
}

func TestAmendmentsAreChecked(t *testing.T) {
	terms := terms()
	terms.Zone, terms.Lines = "Mars/Olympus", nil
	_, _, err := invited(t).Amend(terms, commerce.ByCaller(caller), opens)
	if got := fmt.Sprint(problems(err)); got != "[time_zone: unknown lines: missing]" {
		t.Error(got)
	}
}

// An order is one item of the database, so its timeline cannot grow for ever; ending it must always be possible.
func TestTimelineHasAnEnd(t *testing.T) {
	o := invited(t)
	var err error
	for range 1000 {
		if o, err = o.Resend(commerce.ByCaller(caller), strings.Repeat("š", 500), opens); err != nil {
			break
		}
	}
	if !errors.Is(err, commerce.ErrTimelineFull) {
		t.Fatalf("after %d events: %v", len(o.Events), err)
	}
	o = invited(t)
	for len(o.Events) < 1000 {
		o = o.NoticeSent(strings.Repeat("m", 200), opens)
	}
	if _, err := o.Resend(commerce.ByCaller(caller), "lost", opens); !errors.Is(err, commerce.ErrTimelineFull) {
		t.Errorf("Resend = %v", err)
	}
	if _, err := o.Cancel(commerce.ByCaller(caller), "enough", opens); err != nil {
		t.Errorf("Cancel = %v", err)
	}
	o, _ = o.Expire(opens)
	if _, err := o.Reopen(commerce.ByCaller(caller), "again", opens); !errors.Is(err, commerce.ErrTimelineFull) {
		t.Errorf("Reopen = %v", err)
	}
}

// Whatever is done to an order, and in whichever order, the index shows its next deed neither too late nor for nothing.
func TestNextIsWhenSomethingIsOwed(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		now := noon
		o, err := commerce.Place("DO-1", caller, terms(), now)
		if err != nil {
			r.Fatal(err)
		}
		for range rapid.IntRange(0, 25).Draw(r, "deeds") {
			now = now.Add(time.Duration(rapid.IntRange(0, 72).Draw(r, "hours")) * time.Hour)
			o = something(r, o, now)
			next, owed := o.Next(), o.Owed(now)
			if owed != commerce.NoDeed && (next.Deed == commerce.NoDeed || next.At.After(now)) {
				r.Fatalf("%s is owed at %s, and the index shows %+v", owed, now, next)
			}
			if next.Deed != commerce.NoDeed && o.Owed(next.At) == commerce.NoDeed {
				r.Fatalf("the index shows %+v, and nothing is owed then", next)
			}
			if next.Deed != commerce.NoDeed && !next.At.After(now) && owed == commerce.NoDeed {
				r.Fatalf("the index shows %+v for nothing at %s", next, now)
			}
			if end := o.ClosesAt(); o.Status == commerce.Scheduled && !end.IsZero() {
				r.Fatalf("a scheduled order closes at %s", end)
			}
		}
		for range 30 { // and the clock comes to rest by itself
			d := o.Owed(now.Add(100 * day))
			if d == commerce.NoDeed {
				break
			}
			o = done(o, d, now.Add(100*day))
		}
		if d := o.Owed(now.Add(100 * day)); d != commerce.NoDeed {
			r.Fatalf("%s is owed again and again", d)
		}
	})
}

// something is an order to which the clock, its caller or its contact did something.
func something(r *rapid.T, o commerce.Order, now time.Time) commerce.Order {
	keep := func(n commerce.Order, err error) commerce.Order {
		if err != nil {
			return o
		}
		return n
	}
	switch rapid.IntRange(0, 13).Draw(r, "what") {
	case 12:
		return keep(o.PutOnHold(operator, "r", now))
	case 13:
		return keep(o.Release(operator, "r", now))
	case 0:
		n, _ := o.Begin(now)
		return n
	case 1:
		return keep(o.Resend(commerce.ByCaller(caller), "r", now))
	case 2:
		return keep(o.Reopen(commerce.ByCaller(caller), "r", now))
	case 3:
		terms := o.Terms
		terms.Start = commerce.DateOf(now).AddDays(rapid.IntRange(-3, 20).Draw(r, "days"))
		n, _, err := o.Amend(terms, commerce.ByCaller(caller), now)
		return keep(n, err)
	case 4:
		terms := o.Terms
		terms.Contact = commerce.Address(fmt.Sprintf("p%d@nordlicht.example", rapid.IntRange(0, 3).Draw(r, "contact")))
		n, _, err := o.Amend(terms, commerce.ByCaller(caller), now)
		return keep(n, err)
	case 6:
		n, _ := o.Hear(commerce.Delivery{Outcome: commerce.Bounced, Kind: commerce.LetterSetup, Message: now.String(),
			Link: rapid.IntRange(1, o.Link.Generation).Draw(r, "bounced")}, now)
		return n
	case 7:
		if o.CheckLink(commerce.Grant{Generation: o.Link.Generation}, now) != nil {
			return o
		}
		return keep(o.Delegate(commerce.Address(fmt.Sprintf("d%d@nordlicht.example", o.Delegations)), false, "h", now))
	case 8:
		if o.CheckLink(commerce.Grant{Generation: o.Link.Generation}, now) != commerce.ErrTokenExpired {
			return o
		}
		return keep(o.Renew(now))
	case 5:
		return o.LinkSent(commerce.LetterSetup, contact, rapid.IntRange(1, o.Link.Generation).Draw(r, "generation"), "m", now)
	}
	if d := o.Owed(now); d != commerce.NoDeed {
		return done(o, d, now)
	}
	return o
}

func TestANewLinkIsSentInTheWordsOfTheLast(t *testing.T) {
	o, err := started(t).Delegate("it@alpine.example", true, "hash", opens)
	if err != nil {
		t.Fatal(err)
	}
	if got := resent(t, o, opens).Link.Kind; got != commerce.LetterHandedOver {
		t.Errorf("sent again to the customer as %q", got)
	}
	other := amended(t, o, opens, func(t *commerce.Terms) { t.Contact = "eva@alpine.example" })
	if other.Link.Kind != commerce.LetterHandedOver {
		t.Errorf("another contact of a handed-over order is written to as %q", other.Link.Kind)
	}
	colleague, err := started(t).Delegate("bor@nordlicht.example", false, "hash", opens)
	if err != nil {
		t.Fatal(err)
	}
	back := amended(t, colleague, opens, func(t *commerce.Terms) { t.Contact = "eva@nordlicht.example" })
	if back.Link.Kind != commerce.LetterSetup {
		t.Errorf("a contact whom nobody passed the link on to is written to as %q", back.Link.Kind)
	}
}
