package commerce_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"dayone/shared/commerce"
)

// click is when the button is pressed in these tests.
var click = time.Date(2026, time.December, 1, 9, 0, 0, 0, time.UTC)

// settled is the organization of a customer whose own task is done.
var settled = commerce.Organization{Subdomain: "alpine-mills"}

// ready is an order with a line for each sku that lacks nothing but the click.
func ready(skus ...string) commerce.Order {
	o := commerce.Order{
		Terms: commerce.Terms{Family: "A-FLEX", Zone: "Europe/Ljubljana", Locale: "en", Representative: commerce.Person{Email: "maja.zupan@vendor.example"}},
		ID:    "DO-0000-0000-0001", Caller: "commerce", Version: 7, Status: commerce.Mapped,
		Settings: commerce.Settings{ReviewedAt: click, Calling: commerce.CallingSettings{Country: "AT"}, Meetings: commerce.MeetingSettings{Language: "en"}},
	}
	for i, sku := range skus {
		o.Lines = append(o.Lines, commerce.Line{ID: string(rune('1' + i)), SKU: "A-FLEX-" + sku, Quantity: 10, TermMonths: 12, Billing: commerce.Monthly,
			UnitPrice: 100, Currency: "EUR", Status: commerce.LinePending})
	}
	return o
}

func begin(t *testing.T, o commerce.Order) commerce.Order {
	t.Helper()
	o, err := o.BeginProvisioning("ana@nordlicht.example", settled, click)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// script plays a platform that gives these answers to the jobs "1", "2", …, "undo 1", …, each in turn and Done after
// the last, until nothing is left to ask. It answers what was asked.
func script(o commerce.Order, answers map[string][]commerce.Result) (commerce.Order, []string) {
	var all []string
	for range 100 {
		job, ok := o.NextJob()
		if !ok {
			break
		}
		name := job.Line.ID
		if job.Undo {
			name = "undo " + name
		}
		all = append(all, name)
		answer := commerce.Done
		if len(answers[name]) > 0 {
			answer, answers[name] = answers[name][0], answers[name][1:]
		}
		o = o.Asking(job, click).Answered(job, answer, "no room", click)
	}
	return o, all
}

func TestJobsComeInDependencyOrder(t *testing.T) {
	never, again := []commerce.Result{commerce.Never}, []commerce.Result{commerce.Again, commerce.Later}
	for name, tc := range map[string]struct {
		skus    []string
		answers map[string][]commerce.Result
		asked   string
		lines   string
		ends    commerce.Status
	}{
		"add-ons after their bases":              {[]string{"ROOM", "CALL", "PSTN", "MEET"}, nil, "2,4,1,3", "provisioned,provisioned,provisioned,provisioned", commerce.Active},
		"asked until it is done":                 {[]string{"CALL", "MEET"}, map[string][]commerce.Result{"1": again}, "1,1,1,2", "provisioned,provisioned", commerce.Active},
		"the last fails, and what was done goes": {[]string{"CALL", "MEET", "MSG"}, map[string][]commerce.Result{"3": never}, "1,2,3,undo 2,undo 1", "removed,removed,failed", commerce.Failed},
		"the first fails, and nothing is undone": {[]string{"CALL", "MEET", "MSG"}, map[string][]commerce.Result{"1": never}, "1", "failed,pending,pending", commerce.Failed},
		"an add-on fails, and add-ons go first":  {[]string{"PSTN", "CALL", "MEET", "ROOM"}, map[string][]commerce.Result{"4": never}, "2,3,1,4,undo 1,undo 3,undo 2", "removed,removed,removed,failed", commerce.Failed},
		"an undo is asked until it is done":      {[]string{"CALL", "MEET"}, map[string][]commerce.Result{"2": never, "undo 1": {commerce.Again, commerce.Never}}, "1,2,undo 1,undo 1,undo 1", "removed,failed", commerce.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			o, asked := script(begin(t, ready(tc.skus...)), tc.answers)
			if got := strings.Join(asked, ","); got != tc.asked {
				t.Errorf("asked %s, want %s", got, tc.asked)
			}
			done, charges, letters := o.Finish(click)
			var lines []string
			for _, l := range done.Lines {
				lines = append(lines, string(l.Status))
			}
			if got := strings.Join(lines, ","); got != tc.lines {
				t.Errorf("lines %s, want %s", got, tc.lines)
			}
			if done.Status != tc.ends {
				t.Errorf("status %s, want %s", done.Status, tc.ends)
			}
			if tc.ends == commerce.Failed {
				if len(charges) > 0 || !done.BilledAt.IsZero() || len(letters) != 2 || !strings.Contains(letters[0].Reason, "no room") {
					t.Errorf("charges %v, billed %v, letters %+v", charges, done.BilledAt, letters)
				}
				return
			}
			if len(charges) != len(tc.skus) || !done.BilledAt.Equal(click) || len(letters) != 1 {
				t.Errorf("%d charges, billed %v, %d letters", len(charges), done.BilledAt, len(letters))
			}
			if done.Version != o.Version+1 {
				t.Errorf("Finish made version %d of %d", done.Version, o.Version)
			}
		})
	}
}

func TestWhatWaitsIsNotAskedTwiceInARun(t *testing.T) {
	o := begin(t, ready("CALL", "MEET", "PSTN"))
	var asked []string
	for job, ok := o.NextJob(asked...); ok; job, ok = o.NextJob(asked...) {
		asked = append(asked, job.Key)
		o = o.Asking(job, click).Answered(job, commerce.Later, "", click)
	}
	// The add-on waits for its base.
	if want := []string{"DO-0000-0000-0001-1-1", "DO-0000-0000-0001-2-1"}; !slices.Equal(asked, want) {
		t.Errorf("asked %v, want %v", asked, want)
	}
	if _, left := o.NextJob(); !left {
		t.Error("nothing is left to ask in another run")
	}
}

func TestKeysStayWithinAnAttemptAndDifferBetween(t *testing.T) {
	first := begin(t, ready("CALL", "MEET"))
	job, _ := first.NextJob()
	if again, _ := first.Answered(job, commerce.Again, "", click).NextJob(); again.Key != job.Key {
		t.Errorf("asked again under %s, at first under %s", again.Key, job.Key)
	}
	failed, _, _ := first.Answered(job, commerce.Never, "no room", click).Finish(click)
	second := begin(t, failed)
	retried, _ := second.NextJob()
	if retried.Key == job.Key {
		t.Errorf("the next attempt has the key of the last: %s", retried.Key)
	}
	if second.Lines[0].Reason != "" {
		t.Errorf("the next attempt begins with the reason %q", second.Lines[0].Reason)
	}
	again, _, letters := second.Answered(retried, commerce.Never, "no room", click).Finish(click)
	_, _, before := first.Answered(job, commerce.Never, "no room", click).Finish(click)
	if again.Status != commerce.Failed || letters[0].ID == before[0].ID {
		t.Errorf("the second failure is told by the letter of the first: %s", letters[0].ID)
	}
}

// A line that may be there must be known as such before it is asked for, or an undo after a crash would leave it behind.
func TestEveryLineThatMayBeThereIsNoted(t *testing.T) {
	o := begin(t, ready("CALL", "MEET"))
	if got := o.Lines[0].Status; got != commerce.LineProvisioning {
		t.Errorf("the first line is %s before it is asked for", got)
	}
	first, _ := o.NextJob()
	o = o.Answered(first, commerce.Done, "", click)
	second, _ := o.NextJob()
	o = o.Asking(second, click)
	if got := o.Lines[1].Status; got != commerce.LineProvisioning {
		t.Errorf("the second line is %s before it is asked for", got)
	}
	if again := o.Asking(second, click); again.Version != o.Version {
		t.Error("noting it again is another change")
	}
}

func TestRunIsLeftAloneAndThenDue(t *testing.T) {
	o := begin(t, ready("CALL"))
	if due := o.Next(); due.Deed != commerce.Provision || due.At.Sub(click) < time.Minute {
		t.Errorf("due for %q after %s", due.Deed, due.At.Sub(click))
	}
	for i, want := range []time.Duration{15 * time.Second, 30 * time.Second, time.Minute} {
		o, _ = o.Wait(true, click)
		if got := o.Next().At.Sub(click); got != want {
			t.Errorf("after %d runs without an answer due in %s, want %s", i+1, got, want)
		}
	}
	for range 20 {
		o, _ = o.Wait(true, click)
	}
	if got := o.Next().At.Sub(click); got != 15*time.Minute {
		t.Errorf("in the end due in %s", got)
	}
	if waits, _ := o.Wait(false, click); waits.Next().At.Sub(click) != 15*time.Second {
		t.Errorf("a platform at work is asked again in %s", waits.Next().At.Sub(click))
	}
}

func TestClickIsDecided(t *testing.T) {
	with := func(change func(*commerce.Order)) commerce.Order {
		o := ready("CALL", "MEET")
		change(&o)
		return o
	}
	for name, tc := range map[string]struct {
		order    commerce.Order
		customer commerce.Organization
		want     error
		changes  bool
	}{
		"mapped and complete": {ready("CALL"), settled, nil, true},
		"failed before":       {with(func(o *commerce.Order) { o.Status = commerce.Failed }), settled, nil, true},
		"provisioning":        {with(func(o *commerce.Order) { o.Status = commerce.Provisioning }), settled, nil, false},
		"active":              {with(func(o *commerce.Order) { o.Status = commerce.Active }), settled, nil, false},
		"not mapped":          {with(func(o *commerce.Order) { o.Status = commerce.Started }), settled, commerce.ErrNotMapped, false},
		"cancelled":           {with(func(o *commerce.Order) { o.Status = commerce.Cancelled }), settled, commerce.ErrNotMapped, false},
		"no subdomain":        {ready("CALL"), commerce.Organization{}, commerce.ErrTasksOpen, false},
		"not reviewed":        {with(func(o *commerce.Order) { o.Settings.ReviewedAt = time.Time{} }), settled, commerce.ErrTasksOpen, false},
		"calling not set":     {with(func(o *commerce.Order) { o.Settings.Calling = commerce.CallingSettings{} }), settled, commerce.ErrTasksOpen, false},
		"not set once failed": {with(func(o *commerce.Order) {
			o.Status, o.Settings.Calling = commerce.Failed, commerce.CallingSettings{}
			o.Lines[0].Status = commerce.LineRemoved
		}), settled, commerce.ErrTasksOpen, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := tc.order.BeginProvisioning("ana@nordlicht.example", tc.customer, click)
			if !errors.Is(err, tc.want) {
				t.Fatalf("BeginProvisioning = %v, want %v", err, tc.want)
			}
			if err == nil && (got.Version != tc.order.Version) != tc.changes {
				t.Errorf("version %d became %d", tc.order.Version, got.Version)
			}
		})
	}
}
