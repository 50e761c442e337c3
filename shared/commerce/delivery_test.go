package commerce_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dayone/shared/commerce"
)

// bounce is the bounce of an invited order's first letter, changed.
func bounce(change ...func(*commerce.Delivery)) commerce.Delivery {
	d := commerce.Delivery{Outcome: commerce.Bounced, Message: "message-1", To: contact, Reason: "no such address", Order: "o-1", Kind: commerce.LetterSetup, Link: 1}
	for _, c := range change {
		c(&d)
	}
	return d
}

// kinds are the kinds of what happened to an order since.
func kinds(before, after commerce.Order) []string {
	var all []string
	for _, e := range after.Events[len(before.Events):] {
		all = append(all, e.Kind)
	}
	return all
}

func TestHearing(t *testing.T) {
	later := opens.Add(3 * time.Hour)
	delegated, err := started(t).Delegate("bor@nordlicht.example", false, "hash", opens.Add(2*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	delegated = delegated.LinkSent(commerce.LetterDelegated, "bor@nordlicht.example", 2, "message-2", opens.Add(2*time.Hour))
	reminded := invited(t).ReminderSent("message-2", opens.Add(day))
	bounced, _ := invited(t).Hear(bounce(), later)
	kind := func(k commerce.LetterKind) func(*commerce.Delivery) { return func(d *commerce.Delivery) { d.Kind = k } }
	outcome := func(o commerce.Outcome) func(*commerce.Delivery) { return func(d *commerce.Delivery) { d.Outcome = o } }
	message := func(m string) func(*commerce.Delivery) { return func(d *commerce.Delivery) { d.Message = m } }
	link := func(n int) func(*commerce.Delivery) { return func(d *commerce.Delivery) { d.Link = n } }
	for name, tc := range map[string]struct {
		order  commerce.Order
		told   commerce.Delivery
		events []string // nil: nothing changes
		letter commerce.LetterKind
		status commerce.Status
		runs   bool // the window
	}{
		"the first letter bounces":      {invited(t), bounce(), []string{"letter_bounced", "uninvited"}, commerce.LetterRepBounced, commerce.Scheduled, false},
		"a reminder bounces":            {reminded, bounce(kind(commerce.LetterReminder), message("message-2")), []string{"letter_bounced", "uninvited"}, commerce.LetterRepBounced, commerce.Scheduled, false},
		"a delegated letter bounces":    {delegated, bounce(kind(commerce.LetterDelegated), message("message-2"), link(2)), []string{"letter_bounced"}, commerce.LetterRepBounced, commerce.Started, false},
		"before it is marked as sent":   {placed(t), bounce(), []string{"letter_bounced"}, commerce.LetterRepBounced, commerce.Scheduled, false},
		"a second letter of one link":   {bounced, bounce(message("message-2")), []string{"letter_bounced"}, "", commerce.Scheduled, false},
		"told again":                    {bounced, bounce(), nil, "", commerce.Scheduled, false},
		"of a link that was replaced":   {delegated, bounce(), []string{"letter_bounced"}, "", commerce.Started, true},
		"of a link nobody has heard of": {invited(t), bounce(link(7)), []string{"letter_bounced"}, "", commerce.Invited, true},
		"of an order that closed":       {closed(t), bounce(), []string{"letter_bounced"}, "", commerce.Closed, true},
		"of a mapped order":             {withStatus(invited(t), commerce.Mapped), bounce(), nil, "", commerce.Mapped, true},
		"of an active order":            {withStatus(invited(t), commerce.Active), bounce(), nil, "", commerce.Active, true},
		"of a cancelled order":          {cancelled(t), bounce(), nil, "", commerce.Cancelled, true},
		"a letter without a link":       {invited(t), bounce(kind(commerce.LetterReplaced), link(0)), nil, "", commerce.Invited, true},
		"delivered":                     {invited(t), bounce(outcome(commerce.Delivered)), nil, "", commerce.Invited, true},
		"delayed":                       {invited(t), bounce(outcome(commerce.Delayed)), nil, "", commerce.Invited, true},
		"a complaint":                   {invited(t), bounce(outcome(commerce.Complained)), []string{"letter_complained"}, commerce.LetterRepComplained, commerce.Invited, true},
		"a complaint of a mapped order": {withStatus(invited(t), commerce.Mapped), bounce(outcome(commerce.Complained)), nil, "", commerce.Mapped, true},
	} {
		t.Run(name, func(t *testing.T) {
			o, letters := tc.order.Hear(tc.told, later)
			if diff := cmp.Diff(tc.events, kinds(tc.order, o)); diff != "" {
				t.Error(diff)
			}
			if grown := o.Version > tc.order.Version; grown != (tc.events != nil) {
				t.Errorf("version %d after %d", o.Version, tc.order.Version)
			}
			var told commerce.LetterKind
			for _, l := range letters {
				told += l.Kind
				if l.To != rep || l.Order != o.ID {
					t.Errorf("letter %+v", l)
				}
			}
			if told != tc.letter || o.Status != tc.status || o.WindowFrom.IsZero() == tc.runs {
				t.Errorf("letter %q, status %s, window from %s", told, o.Status, o.WindowFrom)
			}
		})
	}
}

// Who complains twice is told of once.
func TestComplaintsAreToldOnceAnAddress(t *testing.T) {
	o, first := invited(t).Hear(bounce(func(d *commerce.Delivery) { d.Outcome = commerce.Complained }), opens)
	o, second := o.Hear(bounce(func(d *commerce.Delivery) { d.Outcome, d.Message = commerce.Complained, "message-2" }), opens)
	if len(first) != 1 || len(second) != 0 || len(o.Events) == 0 || o.Events[len(o.Events)-1].Changes[2].After != "message-2" {
		t.Errorf("first %v, second %v, events %v", first, second, o.Events)
	}
}

func TestAfterABounce(t *testing.T) {
	at := opens.Add(time.Hour)
	bounced, _ := invited(t).Hear(bounce(), at)
	started, _ := bounced.Begin(at.Add(time.Hour))
	marked := func() commerce.Order { // the bounce was quicker than the mark of the letter
		o, _ := placed(t).Hear(bounce(), opens)
		return o.LinkSent(commerce.LetterSetup, contact, 1, "message-1", at)
	}
	for name, tc := range map[string]struct {
		order commerce.Order
		who   string
		want  []string // from the bounce on
	}{
		"nobody does anything":         {bounced, "caller", []string{"23h0m0s: escalate"}},
		"the mark comes late":          {marked(), "caller", []string{"23h0m0s: escalate"}},
		"lines change":                 {amended(t, bounced, at, func(t *commerce.Terms) { t.Lines[0].Quantity++ }), "caller", []string{"23h0m0s: escalate"}},
		"somebody had the link":        {started, "contact", []string{"145h0m0s: give_notice", "169h0m0s: close"}},
		"another letter is asked for":  {resent(t, bounced, at.Add(time.Hour)), "clock", []string{"1h0m0s: send_link", "23h0m0s: escalate", "25h0m0s: remind", "73h0m0s: remind", "121h0m0s: remind", "145h0m0s: give_notice", "169h0m0s: close"}},
		"the contact changes":          {amended(t, bounced, at.Add(time.Hour), func(t *commerce.Terms) { t.Contact = "ana@nordlicht.example" }), "clock", []string{"-1h0m0s: send_link", "23h0m0s: escalate", "23h0m0s: remind", "71h0m0s: remind", "119h0m0s: remind", "143h0m0s: give_notice", "167h0m0s: close"}},
		"its start moves to next week": {amended(t, bounced, at, func(t *commerce.Terms) { t.Start = date("2026-12-08") }), "clock", []string{"167h0m0s: send_link", "191h0m0s: escalate", "191h0m0s: remind", "239h0m0s: remind", "287h0m0s: remind", "311h0m0s: give_notice", "335h0m0s: close"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tc.order.Waiting(); got.Who != tc.who {
				t.Errorf("waits for %s (%s), want %s", got.Who, got.For, tc.who)
			}
			if diff := cmp.Diff(tc.want, did(tc.order, at)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The link of a letter that bounced still opens the order: an alias may have several people behind it.
func TestLinkOfABouncedLetterOpens(t *testing.T) {
	bounced, _ := invited(t).Hear(bounce(), opens)
	if err := bounced.CheckLink(commerce.Grant{Generation: 1}, opens.Add(100*day)); err != nil {
		t.Error(err)
	}
	next := resent(t, bounced, opens.Add(day))
	if err := next.CheckLink(commerce.Grant{Generation: 1}, opens.Add(day)); !errors.Is(err, commerce.ErrTokenReplaced) {
		t.Errorf("after another letter: %v", err)
	}
}

// An address that takes no letters is not told that its link was replaced.
func TestNothingMoreIsSentToABouncedAddress(t *testing.T) {
	bounced, _ := invited(t).Hear(bounce(), opens)
	terms := bounced.Terms
	terms.Contact = "ana@nordlicht.example"
	_, letters, err := bounced.Amend(terms, commerce.ByCaller(caller), opens)
	if err != nil || len(letters) > 0 {
		t.Errorf("letters %v, %v", letters, err)
	}
}

// A new window has all its reminders, even where a mark of the old one came after the bounce.
func TestNewWindowHasItsReminders(t *testing.T) {
	o, _ := invited(t).Hear(bounce(), opens.Add(day))
	o = o.ReminderSent("message-2", opens.Add(day)).NoticeSent("message-3", opens.Add(day))
	o = resent(t, o, opens.Add(2*day)).LinkSent(commerce.LetterSetup, contact, 2, "message-4", opens.Add(2*day))
	if o.Reminded != 0 || !o.NoticedAt.IsZero() || !o.ClosesAt().Equal(opens.Add(9*day)) {
		t.Errorf("%d reminders behind, notice %s, closes %s", o.Reminded, o.NoticedAt, o.ClosesAt())
	}
}
