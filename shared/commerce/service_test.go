package commerce_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dayone/shared/commerce"
)

// inUse is an order of these skus, ten of each, billed since 1 December 2026 and charged for its first month.
func inUse(t *testing.T, skus ...string) commerce.Order {
	t.Helper()
	var lines []commerce.Line
	for i, sku := range skus {
		l := line(commerce.Monthly, 12)
		l.SKU, l.Quantity, l.Subscription = "A-FLEX-"+sku, 10, fmt.Sprint("Sub", i+1)
		lines = append(lines, l)
	}
	o := active(t, "2026-12-01", lines...)
	o, _ = o.Bill(o.BilledAt)
	return o
}

// quantities are the lines of an order with other quantities; 0 leaves one as it is.
func quantities(o commerce.Order, to ...int) []commerce.Line {
	lines := slices.Clone(o.Lines)
	for i, n := range to {
		if n > 0 {
			lines[i].Quantity = n
		}
	}
	return lines
}

// deeds are what a caller may ask of running services.
var deeds = map[commerce.ServiceKind]func(o commerce.Order, now time.Time) (commerce.Order, error){
	commerce.ChangeQuantity: func(o commerce.Order, now time.Time) (commerce.Order, error) {
		return o.ChangeLines(quantities(o, 20), operator, now)
	},
	commerce.Suspend: func(o commerce.Order, now time.Time) (commerce.Order, error) {
		return o.Suspend(operator, "unpaid", now)
	},
	commerce.Resume: func(o commerce.Order, now time.Time) (commerce.Order, error) { return o.Resume(operator, "paid", now) },
	commerce.Terminate: func(o commerce.Order, now time.Time) (commerce.Order, error) {
		return o.Terminate(operator, "moved away", now)
	},
}

func asked(t *testing.T, o commerce.Order, kind commerce.ServiceKind, now time.Time) commerce.Order {
	t.Helper()
	n, err := deeds[kind](o, now)
	if err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
	return n
}

// tenth is ten in the morning, in Ljubljana, of 10 December 2026: 22 of 31 days of the month are left.
var tenth = time.Date(2026, time.December, 10, 9, 0, 0, 0, time.UTC)

func TestWhatCanBeAskedOfRunningServices(t *testing.T) {
	suspended := withStatus(inUse(t, "CALL"), commerce.Suspended)
	ended := withStatus(inUse(t, "CALL"), commerce.Ended)
	changing := asked(t, inUse(t, "CALL"), commerce.Suspend, tenth)
	for name, tc := range map[string]struct {
		order                               commerce.Order
		quantity, suspend, resume, terminal error
	}{
		"active":       {inUse(t, "CALL"), nil, nil, commerce.ErrNotSuspended, nil},
		"suspended":    {suspended, commerce.ErrSuspended, nil, nil, nil},
		"changing":     {changing, commerce.ErrChangeInFlight, commerce.ErrChangeInFlight, commerce.ErrChangeInFlight, commerce.ErrChangeInFlight},
		"ended":        {ended, commerce.ErrEnded, commerce.ErrEnded, commerce.ErrEnded, nil},
		"provisioning": {begin(t, ready("CALL")), commerce.ErrNotActive, commerce.ErrNotActive, commerce.ErrNotActive, commerce.ErrNotActive},
		"mapped":       {ready("CALL"), commerce.ErrNotActive, commerce.ErrNotActive, commerce.ErrNotActive, commerce.ErrNotActive},
		"cancelled":    {cancelled(t), commerce.ErrNotActive, commerce.ErrNotActive, commerce.ErrNotActive, commerce.ErrNotActive},
	} {
		for kind, want := range map[commerce.ServiceKind]error{commerce.ChangeQuantity: tc.quantity, commerce.Suspend: tc.suspend,
			commerce.Resume: tc.resume, commerce.Terminate: tc.terminal} {
			got, err := deeds[kind](tc.order, tenth)
			if !errors.Is(err, want) {
				t.Errorf("%s of an order that is %s: %v, want %v", kind, name, err, want)
			}
			if err == nil && got.Version != tc.order.Version && (got.InFlight.Kind != kind || got.Version != tc.order.Version+1 ||
				got.Next().Deed != commerce.Provision || !got.Next().At.Equal(tenth) || got.Status != tc.order.Status) {
				t.Errorf("%s of an order that is %s: %+v", kind, name, got.InFlight)
			}
		}
	}
	for deed, o := range map[commerce.ServiceKind]commerce.Order{commerce.Suspend: suspended, commerce.Terminate: ended} {
		if again := asked(t, o, deed, tenth); again.Version != o.Version {
			t.Errorf("%s again is a change", deed)
		}
	}
	if _, err := inUse(t, "CALL").Suspend(operator, "", tenth); fmt.Sprint(problems(err)) != "[reason: missing]" {
		t.Errorf("suspended without a reason: %v", err)
	}
}

func TestOfRunningLinesOnlyQuantitiesCanBeChanged(t *testing.T) {
	o := inUse(t, "CALL", "MEET")
	change := func(i int, f func(*commerce.Line)) []commerce.Line {
		lines := quantities(o)
		f(&lines[i])
		return lines
	}
	gone := inUse(t, "CALL", "MEET")
	gone.Lines[1].Status = commerce.LineRemoved
	for name, tc := range map[string]struct {
		order commerce.Order
		lines []commerce.Line
		want  string
	}{
		"another sku":       {o, change(1, func(l *commerce.Line) { l.SKU = "A-FLEX-MSG" }), "[lines/1/sku: fixed]"},
		"another price":     {o, change(0, func(l *commerce.Line) { l.UnitPrice++ }), "[lines/0/unit_price: fixed]"},
		"another term":      {o, change(0, func(l *commerce.Line) { l.TermMonths = 24 }), "[lines/0/term_months: fixed]"},
		"another billing":   {o, change(0, func(l *commerce.Line) { l.Billing = commerce.Annual }), "[lines/0/billing: fixed]"},
		"another currency":  {o, change(0, func(l *commerce.Line) { l.Currency = "USD" }), "[lines/0/currency: fixed]"},
		"none":              {o, change(0, func(l *commerce.Line) { l.Quantity = 0 }), "[lines/0/quantity: out_of_range]"},
		"too many":          {o, change(0, func(l *commerce.Line) { l.Quantity = 1_000_001 }), "[lines/0/quantity: out_of_range]"},
		"another line":      {o, append(quantities(o), commerce.Line{Subscription: "Sub9"}), "[lines/2/subscription_id: unknown]"},
		"a line twice":      {o, append(quantities(o), o.Lines[0]), "[lines/2/subscription_id: twice]"},
		"a line is missing": {o, quantities(o)[:1], "[lines: missing]"},
		"no line":           {o, nil, "[lines: missing lines: missing]"},
		"a removed line":    {gone, quantities(gone, 0, 20), "[lines/1/quantity: removed]"},
		"without that":      {gone, quantities(gone, 20)[:1], "[]"},
		"as that is":        {gone, quantities(gone, 20), "[]"},
		"in another order":  {o, []commerce.Line{o.Lines[1], o.Lines[0]}, "[]"},
	} {
		_, err := tc.order.ChangeLines(tc.lines, operator, tenth)
		if got := fmt.Sprint(problems(err)); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
	if same, err := o.ChangeLines(quantities(o), operator, tenth); err != nil || same.Version != o.Version {
		t.Errorf("the same again: version %d, %v", same.Version, err)
	}
	terms := o.Terms
	terms.Lines = quantities(o, 20)
	if n, _, err := o.Amend(terms, operator, tenth); err != nil || n.InFlight.Kind != commerce.ChangeQuantity {
		t.Errorf("amended: %+v, %v", n.InFlight, err)
	}
	terms.Contact = "ana@nordlicht.example"
	if _, _, err := o.Amend(terms, operator, tenth); !errors.Is(err, commerce.ErrAlreadyMapped) {
		t.Errorf("another contact: %v", err)
	}
}

// The platform first, then the order, then the money.
func TestServiceChanges(t *testing.T) {
	never := []commerce.Result{commerce.Never}
	for name, tc := range map[string]struct {
		skus    []string
		kind    commerce.ServiceKind
		from    commerce.Status
		answers map[string][]commerce.Result
		asked   string
		ends    commerce.Status
		refused string
		event   string
	}{
		"more":                                     {[]string{"PSTN", "CALL"}, commerce.ChangeQuantity, commerce.Active, nil, "1", commerce.Active, "", "quantity_changed"},
		"suspended, add-ons first":                 {[]string{"CALL", "PSTN", "MEET"}, commerce.Suspend, commerce.Active, nil, "2,3,1", commerce.Suspended, "", "suspended"},
		"resumed, bases first":                     {[]string{"PSTN", "CALL"}, commerce.Resume, commerce.Suspended, nil, "2,1", commerce.Active, "", "resumed"},
		"terminated, in reverse":                   {[]string{"CALL", "MEET", "PSTN"}, commerce.Terminate, commerce.Active, nil, "3,2,1", commerce.Ended, "", "terminated"},
		"terminated while suspended":               {[]string{"CALL"}, commerce.Terminate, commerce.Suspended, nil, "1", commerce.Ended, "", "terminated"},
		"asked until it is done":                   {[]string{"CALL"}, commerce.ChangeQuantity, commerce.Active, map[string][]commerce.Result{"1": {commerce.Again, commerce.Later}}, "1,1,1", commerce.Active, "", "quantity_changed"},
		"refused":                                  {[]string{"CALL"}, commerce.ChangeQuantity, commerce.Active, map[string][]commerce.Result{"1": never}, "1", commerce.Active, "A-FLEX-CALL: no room", "change_refused"},
		"refused, and what was done is set back":   {[]string{"CALL", "PSTN", "MEET"}, commerce.Suspend, commerce.Active, map[string][]commerce.Result{"1": never}, "2,3,1,undo 3,undo 2", commerce.Active, "A-FLEX-CALL: no room", "change_refused"},
		"a set back is asked until it is done":     {[]string{"CALL", "MEET"}, commerce.Resume, commerce.Suspended, map[string][]commerce.Result{"2": never, "undo 1": {commerce.Never, commerce.Again}}, "1,2,undo 1,undo 1,undo 1", commerce.Suspended, "A-FLEX-MEET: no room", "change_refused"},
		"a termination refused at once":            {[]string{"CALL", "MEET"}, commerce.Terminate, commerce.Active, map[string][]commerce.Result{"2": never}, "2", commerce.Active, "A-FLEX-MEET: no room", "change_refused"},
		"a termination that has begun is finished": {[]string{"CALL", "MEET"}, commerce.Terminate, commerce.Active, map[string][]commerce.Result{"1": never}, "2,1,1", commerce.Ended, "", "terminated"},
	} {
		t.Run(name, func(t *testing.T) {
			before := withStatus(inUse(t, tc.skus...), tc.from)
			o := asked(t, before, tc.kind, tenth)
			if tc.kind == commerce.ChangeQuantity && o.Requested(o.Lines[0]) != 20 {
				t.Errorf("%d are requested", o.Requested(o.Lines[0]))
			}
			o, jobs := script(o, tc.answers)
			if got := strings.Join(jobs, ","); got != tc.asked {
				t.Errorf("asked %s, want %s", got, tc.asked)
			}
			o, charges, letters := o.Finish(tenth)
			if o.Status != tc.ends || o.Changing() || o.Events[len(o.Events)-1].Kind != tc.event {
				t.Errorf("then %s, in flight %q, told as %+v", o.Status, o.InFlight.Kind, o.Events[len(o.Events)-1])
			}
			for i, l := range o.Lines {
				if l.Reason != "" || (l.Status == commerce.LineRemoved) != (tc.ends == commerce.Ended) ||
					l.Quantity != before.Lines[i].Quantity && (tc.refused != "" || tc.kind != commerce.ChangeQuantity) {
					t.Errorf("line %+v", l)
				}
			}
			if o.Refusal.Reason != tc.refused || (tc.refused != "") != (len(letters) == 1 && len(charges) == 0) {
				t.Errorf("refused: %+v, %d letters, %d charges", o.Refusal, len(letters), len(charges))
			}
			if tc.refused != "" {
				if l := letters[0]; l.Kind != commerce.LetterRepChangeRefused || l.To != o.Representative.Email || l.Reason != tc.refused {
					t.Errorf("letter %+v", l)
				}
				o.InFlight, o.ServiceChanges, o.Events, o.Version, o.Refusal = before.InFlight, before.ServiceChanges, before.Events, before.Version, before.Refusal
				if diff := cmp.Diff(before, o); diff != "" {
					t.Errorf("not as it was before:\n%s", diff)
				}
			}
		})
	}
}

func TestJobsOfServiceChanges(t *testing.T) {
	o := inUse(t, "CALL")
	for kind, want := range map[commerce.ServiceKind][2]string{
		commerce.ChangeQuantity: {"change_quantity 20 DO-0000-0000-0001-1-change-1", "change_quantity 10 DO-0000-0000-0001-1-change-1-undo"},
		commerce.Suspend:        {"suspend 10 DO-0000-0000-0001-1-change-1", "resume 10 DO-0000-0000-0001-1-change-1-undo"},
		commerce.Terminate:      {"deprovision 10 DO-0000-0000-0001-1-change-1", ""},
	} {
		words := func(j commerce.Job, ok bool) string {
			if !ok {
				return ""
			}
			return fmt.Sprintf("%s %d %s", j.Action, j.Line.Quantity, j.Key)
		}
		n := asked(t, o, kind, tenth)
		job, ok := n.NextJob()
		if got := words(job, ok); got != want[0] || job.Undo {
			t.Errorf("%s is asked as %s", kind, got)
		}
		n = n.Asking(job, tenth)
		n.InFlight.Refused = "another line is refused"
		if want[1] == "" {
			continue
		}
		back, ok := n.NextJob()
		if got := words(back, ok); got != want[1] || !back.Undo {
			t.Errorf("%s is set back as %s", kind, got)
		}
	}
	first, _, _ := carriedOut(asked(t, o, commerce.ChangeQuantity, tenth))
	second, _ := asked(t, first, commerce.Suspend, tenth).NextJob()
	if second.Key != "DO-0000-0000-0001-1-change-2" {
		t.Errorf("the next change has the key %s", second.Key)
	}
}

// carriedOut does all that a change in flight asks for, at ten on the tenth.
func carriedOut(o commerce.Order) (commerce.Order, []commerce.Charge, []commerce.Letter) {
	o, _ = script(o, nil)
	return o.Finish(tenth)
}

func TestTenTriesTellAPersonOnce(t *testing.T) {
	for name, o := range map[string]commerce.Order{
		"an attempt": begin(t, ready("CALL", "MEET")),
		"a change":   asked(t, inUse(t, "CALL", "MEET"), commerce.Suspend, click),
	} {
		t.Run(name, func(t *testing.T) {
			now := click
			var letters []commerce.Letter
			for try := 1; try <= 25; try++ {
				job, _ := o.NextJob()
				var more []commerce.Letter
				o, more = o.Asking(job, now).Answered(job, commerce.Again, "busy", now).Wait(true, now)
				letters = append(letters, more...)
				if stuck := !o.StuckSince().IsZero(); stuck != (try >= 10) || stuck != (len(letters) == 1) {
					t.Fatalf("after %d tries: stuck since %v, %d letters", try, o.StuckSince(), len(letters))
				}
				if now = o.Next().At; o.Next().Deed != commerce.Provision {
					t.Fatalf("then due for %q", o.Next().Deed)
				}
			}
			if l := letters[0]; l.Kind != commerce.LetterRepStuck || l.To != o.Representative.Email || !strings.HasSuffix(l.Reason, ": busy") {
				t.Errorf("letter %+v", l)
			}
			told := 0
			for _, e := range o.Events {
				if e.Kind == "needs_person" && strings.HasSuffix(e.Reason, ": busy") {
					told++
				}
			}
			if told != 1 {
				t.Errorf("told %d times", told)
			}
			o, _ = script(o, nil)
			if done, _, _ := o.Finish(now); !done.StuckSince().IsZero() {
				t.Errorf("done, and stuck since %s", done.StuckSince())
			}
		})
	}
}
