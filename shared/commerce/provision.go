package commerce

import (
	"fmt"
	"slices"
	"time"
)

// Action is what a Job asks for.
type Action string

const (
	ActProvision   Action = "provision"
	ActDeprovision Action = "deprovision"
	ActQuantity    Action = "change_quantity"
	ActSuspend     Action = "suspend"
	ActResume      Action = "resume"
)

// Job is one thing to ask of the service platform.
type Job struct {
	Line   Line // with the quantity that is asked for
	Action Action
	Undo   bool   // sets back what was done
	Key    string // the same however often the job is asked; in the next attempt or change it is another
}

// provisionFor is how long a run is left alone before the schedule looks at it: longer than any run lives, so that no
// two of them ask at the same time.
const provisionFor = 2 * time.Minute

// BeginProvisioning is the click on "Provision and start billing". An order that is provisioning or active already is
// answered unchanged: a double click, a refresh, a replay.
func (o Order) BeginProvisioning(by Address, customer Organization, now time.Time) (Order, error) {
	switch {
	case o.Status == Provisioning || o.Runs():
		return o, nil
	case o.Status == Ended:
		return Order{}, ErrEnded
	case o.Status != Mapped && o.Status != Failed:
		return Order{}, ErrNotMapped
	case o.Held():
		return Order{}, ErrOnHold
	case !o.CanProvision(customer):
		return Order{}, ErrTasksOpen
	}
	if err := o.roomy(); err != nil {
		return Order{}, err
	}
	n := o.changed()
	n.attempt(by, now)
	n.to(Provisioning, now, "provisioning_started", "member:"+string(by), "")
	if first, ok := n.NextJob(); ok {
		n.asking(first, now)
	}
	return n, nil
}

// Begun reports whether the attempt of this number has begun, whatever became of it. Zero is none in particular.
func (o Order) Begun(attempt int) bool { return attempt > 0 && o.Attempt.Number >= attempt }

// NextJob is the next thing to ask of the service platform that is not among asked, the keys of what this run has asked
// before: a line that is not there yet and whose base is (rule 7) or, once a line failed for good, the last of those
// that may be there, to be undone one after the other. False when nothing is left to ask now.
func (o Order) NextJob(asked ...string) (Job, bool) {
	if o.Changing() {
		return o.nextChange(asked)
	}
	order := o.dependencyOrder()
	if o.undoing() {
		slices.Reverse(order)
		for _, i := range order {
			if s := o.Lines[i].Status; s == LineProvisioned || s == LineProvisioning {
				j := o.job(i, true)
				return j, !slices.Contains(asked, j.Key)
			}
		}
		return Job{}, false
	}
	for _, i := range order {
		if s := o.Lines[i].Status; s != LinePending && s != LineProvisioning || !o.based(o.Lines[i]) {
			continue
		}
		if j := o.job(i, false); !slices.Contains(asked, j.Key) {
			return j, true
		}
	}
	return Job{}, false
}

func (o Order) job(i int, undo bool) Job {
	j := Job{Line: o.Lines[i], Action: ActProvision, Undo: undo, Key: fmt.Sprintf("%s-%s-%d", o.ID, o.Lines[i].ID, o.Attempt.Number)}
	if undo {
		j.Action = ActDeprovision
		j.Key += "-undo"
	}
	return j
}

// undoing reports whether a line failed for good, so that the others go too.
func (o Order) undoing() bool {
	return slices.ContainsFunc(o.Lines, func(l Line) bool { return l.Status == LineFailed })
}

// based reports whether every line that l needs is there.
func (o Order) based(l Line) bool {
	p, _ := o.FamilyOf().Product(l.SKU)
	return !slices.ContainsFunc(o.Lines, func(base Line) bool { return base.SKU == p.Needs && base.Status != LineProvisioned })
}

// dependencyOrder is the indexes of the lines, those that need another after those that need none.
func (o Order) dependencyOrder() []int {
	var bases, addons []int
	for i, l := range o.Lines {
		if p, _ := o.FamilyOf().Product(l.SKU); p.Needs == "" {
			bases = append(bases, i)
		} else {
			addons = append(addons, i)
		}
	}
	return append(bases, addons...)
}

// Asking notes that a job is about to be asked: from then on its line may be there, whatever becomes of the answer, and
// is undone with the others. Unchanged where that is noted already.
func (o Order) Asking(j Job, now time.Time) Order {
	n := o.changed()
	if !n.asking(j, now) {
		return o
	}
	n.note(now, "line_"+string(LineProvisioning), theClock, "", Change{"line", "", j.Line.ID})
	return n
}

func (o *Order) asking(j Job, now time.Time) bool {
	if o.Changing() {
		return o.askingChange(j, now)
	}
	l := &o.Lines[o.line(j.Line.ID)]
	if j.Undo || l.Status == LineProvisioning {
		return false
	}
	l.Status = LineProvisioning
	o.Attempt.NextAt = now.Add(provisionFor)
	return true
}

func (o Order) line(id string) int {
	return slices.IndexFunc(o.Lines, func(l Line) bool { return l.ID == id })
}

// Result is the service platform's answer to a Job.
type Result int

const (
	Done  Result = iota // it is there, or is gone
	Later               // accepted; ask again
	Never               // it will not be done; the reason says why
	Again               // no usable answer; ask again
)

// Answered writes the platform's answer to a job into the order. Later and Again only say why the line waits. Nor does an
// undo end because it is refused: its line keeps the reason, and is asked about again.
func (o Order) Answered(j Job, r Result, reason string, now time.Time) Order {
	if o.Changing() {
		return o.answeredChange(j, r, reason, now)
	}
	n := o.changed()
	l := &n.Lines[o.line(j.Line.ID)]
	before := *l
	switch {
	case r == Done && j.Undo:
		l.Status, l.Reason = LineRemoved, ""
	case r == Done:
		l.Status, l.Reason = LineProvisioned, ""
	case r == Later:
		l.Reason = ""
	case r == Again, r == Never && j.Undo:
		l.Reason = reason
	case r == Never:
		l.Status, l.Reason = LineFailed, reason
	}
	if *l == before {
		return o
	}
	n.Attempt.NextAt = now.Add(provisionFor)
	if l.Status != before.Status {
		n.Attempt.Tries = 0
		n.note(now, "line_"+string(l.Status), theClock, l.Reason, Change{"line", "", l.ID}, Change{lineField(o.line(j.Line.ID), "status"), string(before.Status), string(l.Status)})
	}
	return n
}

// stuckAfter is how many runs may fail in a row before a person is asked for help.
const stuckAfter = 10

// Wait ends a run that has jobs left, and leaves them to the schedule: soon or, where the platform gave no usable
// answer, later with each such run. After ten of those the representative is told, once; the tries go on.
func (o Order) Wait(failing bool, now time.Time) (Order, []Letter) {
	n := o.changed()
	tries, nextAt, stuckAt, name := &n.Attempt.Tries, &n.Attempt.NextAt, &n.Attempt.StuckAt, fmt.Sprint(n.Attempt.Number)
	if o.Changing() {
		tries, nextAt, stuckAt, name = &n.InFlight.Tries, &n.InFlight.NextAt, &n.InFlight.StuckAt, fmt.Sprint("change-", n.InFlight.Number)
	}
	*tries++
	if !failing {
		*tries = 1
	}
	*nextAt = now.Add(backoff(*tries))
	if *tries < stuckAfter || !stuckAt.IsZero() {
		return n, nil
	}
	*stuckAt = now
	n.note(now, "needs_person", theClock, n.trouble())
	l := o.letter(LetterRepStuck, o.Representative.Email, now)
	l.ID += "-" + name
	l.Reason = n.trouble()
	return n, []Letter{l}
}

// trouble is why the first line that is not done waits, in the service's words.
func (o Order) trouble() string {
	for _, l := range o.Lines {
		if l.Reason != "" {
			return l.SKU + ": " + l.Reason
		}
	}
	return ""
}

// backoff is how long to wait after try number n: 15 seconds, doubling to 15 minutes.
func backoff(n int) time.Duration { return min(15*time.Second<<min(n-1, 10), 15*time.Minute) }

// Finish ends a provisioning run that has no job left: active with billing started and the first charges made, for all
// lines at once (rule 8), or failed with everything undone and nothing billed. It answers the letters that tell people.
// A service change ends likewise; the order must be billed up to now before.
func (o Order) Finish(now time.Time) (Order, []Charge, []Letter) {
	if o.Changing() {
		return o.finishChange(now)
	}
	n := o.changed()
	n.Attempt.NextAt = time.Time{}
	if o.undoing() {
		n.to(Failed, now, "provisioning_failed", theClock, o.reason())
		var letters []Letter
		for _, to := range []struct {
			kind LetterKind
			who  Address
		}{{LetterProvisioningFailed, o.Attempt.By}, {LetterRepProvisioningFailed, o.Representative.Email}} {
			l := o.letter(to.kind, to.who, now)
			l.ID += fmt.Sprint("-", o.Attempt.Number)
			l.Reason = o.reason()
			letters = append(letters, l)
		}
		return n, nil, letters
	}
	n.BilledAt = now
	n.to(Active, now, "activated", theClock, "")
	billed, charges := n.Bill(now)
	billed.Version = n.Version
	return billed, charges, []Letter{o.letter(LetterActive, o.Attempt.By, now)}
}

// reason is why provisioning failed, in the service's words.
func (o Order) reason() string {
	for _, l := range o.Lines {
		if l.Status == LineFailed {
			return l.SKU + ": " + l.Reason
		}
	}
	return ""
}
