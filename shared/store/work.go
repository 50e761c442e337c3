package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"dayone/shared/commerce"
)

// Pace is how a scheduled function works through what is due for it.
type Pace struct {
	Width   int           // items in work at once
	Lease   time.Duration // how long an item is kept from other runs: longer than the function may run
	Reserve time.Duration // kept of the invocation's time, for the items in work
	Breath  time.Duration // how long a run waits that is too fast; longer each time running
}

// What do answers, within its error, where an item is not at fault. The item is given back as it was, due as before.
var (
	ErrTooFast = errors.New("too much at once")         // the run takes a breath, and goes on with half as much at once
	ErrHold    = errors.New("nothing more can be done") // the run takes nothing more
)

// dueAtOnce is how many entries of a shard are read at once.
const dueAtOnce = 100

// Work does what is due for a function at now: it claims each item, an order or a letter, and hands it to do, several
// side by side, until nothing is left or the invocation's time is nearly over; the next run carries on. An item whose do
// fails is due again later and does not stop the others; Work answers what failed. An order that somebody else changed
// meanwhile is theirs, and so is what has another's lease: Work looks behind it.
func (s *Store) Work(ctx context.Context, function string, now time.Time, p Pace, do func(context.Context, Claimed) error) error {
	taking, stop := ctx, context.CancelFunc(func() {})
	if end, ok := ctx.Deadline(); ok {
		taking, stop = context.WithDeadline(ctx, end.Add(-p.Reserve))
	}
	defer stop()
	w := work{store: s, now: now, pace: p, do: do, width: p.Width, left: map[Entry]bool{}}
	w.turn.L = &w.mu
	from := make([]item, Shards)
	for taking.Err() == nil && !w.isHeld() {
		pages, err := s.due(ctx, function, now, dueAtOnce, from)
		if err != nil {
			return errors.Join(err, w.err())
		}
		var fresh []Entry
		more := false
		for shard, page := range pages {
			here := slices.DeleteFunc(page.entries, w.isLeft)
			if len(here) == 0 && page.next != nil {
				from[shard], more = page.next, true
			}
			fresh = append(fresh, here...)
		}
		for _, group := range together(fresh) {
			if !w.place(taking) {
				break
			}
			w.take(ctx, taking, group)
		}
		w.busy.Wait()
		if len(fresh) == 0 && !more {
			break
		}
	}
	return w.err()
}

// work is one run of Work.
type work struct {
	store *Store
	now   time.Time
	pace  Pace
	do    func(context.Context, Claimed) error

	busy    sync.WaitGroup
	mu      sync.Mutex
	turn    sync.Cond // of whoever waits for a place
	width   int       // how many may be in work
	atWork  int
	resting bool           // nothing is taken for a while,
	rests   int            // for the nth time since something went well
	held    error          // why nothing more is taken
	left    map[Entry]bool // not this run's: failed, another's, or done while the index still shows it
	failed  []error        // the first few
	more    int
}

// together gathers the entries that are under one pk, in their order: those are the events of one order, and are worked
// on one after the other.
func together(entries []Entry) [][]Entry {
	var all [][]Entry
	at := map[string]int{}
	for _, e := range entries {
		i, known := at[e.PK]
		if !known {
			i = len(all)
			at[e.PK] = i
			all = append(all, nil)
		}
		all[i] = append(all[i], e)
	}
	return all
}

// place waits for one, and answers false where nothing more is to be taken.
func (w *work) place(taking context.Context) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.held == nil && taking.Err() == nil && (w.resting || w.atWork >= w.width) {
		w.turn.Wait()
	}
	if w.held != nil || taking.Err() != nil {
		return false
	}
	w.atWork++
	return true
}

// take works on entries in a place of its own, one after the other while there is time.
func (w *work) take(ctx, taking context.Context, group []Entry) {
	w.busy.Go(func() {
		defer func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.atWork--
			w.turn.Broadcast()
		}()
		for _, e := range group {
			if taking.Err() != nil || w.isHeld() {
				return
			}
			w.note(w.one(ctx, e))
		}
	})
}

func (w *work) one(ctx context.Context, e Entry) error {
	attempt := rand.Text()
	c, ok, err := w.store.Claim(ctx, e, attempt, w.now, w.now.Add(w.pace.Lease))
	if err == nil && ok {
		err = w.do(ctx, c)
	}
	switch {
	case err == nil && ok: // it may be due for something else by now
		return nil
	case errors.Is(err, ErrTooFast), errors.Is(err, ErrHold):
		return errors.Join(err, w.store.Release(ctx, e, attempt))
	}
	w.leave(e)
	if err == nil || errors.Is(err, commerce.ErrOrderChanged) {
		return nil
	}
	err = fmt.Errorf("%s: %w", e.PK, err)
	return errors.Join(err, w.store.Defer(ctx, e, attempt, w.now.Add(deferral(c.Tries))))
}

// note keeps what became of an item.
func (w *work) note(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case err == nil:
		w.rests = 0
	case errors.Is(err, ErrHold):
		w.hold(err)
	case errors.Is(err, ErrTooFast):
		w.rest(err)
	case len(w.failed) == reported:
		w.more++
	default:
		w.failed = append(w.failed, err)
	}
}

// hold keeps the first reason why nothing more is taken.
func (w *work) hold(err error) {
	if w.held == nil {
		w.held = err
	}
}

// mostRests is how often running a run rests, until it takes those who are too busy for those who are not there.
const mostRests = 4

// rest has nothing taken for a breath, and then half as much at once. What was in work at the same time is too fast for the
// same reason.
func (w *work) rest(err error) {
	switch {
	case w.resting:
		return
	case w.rests == mostRests:
		w.hold(err)
		return
	}
	w.resting, w.width = true, max(w.width/2, 1)
	time.AfterFunc(w.pace.Breath<<w.rests, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.resting = false
		w.turn.Broadcast()
	})
	w.rests++
}

func (w *work) isHeld() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.held != nil
}

func (w *work) leave(e Entry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left[e] = true
}

func (w *work) isLeft(e Entry) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.left[e]
}

// deferral is how long an item waits that failed: a minute, doubling to half an hour.
func deferral(tries int) time.Duration {
	return min(time.Minute<<min(max(tries-1, 0), 10), 30*time.Minute)
}

// reported is how many failures of a run are told one by one.
const reported = 10

// err is what failed; all that was taken must be over.
func (w *work) err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := append(w.failed, w.held)
	if w.more > 0 {
		all = append(all, fmt.Errorf("and %d more", w.more))
	}
	return errors.Join(all...)
}
