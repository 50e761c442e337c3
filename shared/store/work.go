package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"dayone/shared/commerce"
)

// Pace is how a scheduled function works through what is due for it.
type Pace struct {
	Width   int           // items in work at once
	Lease   time.Duration // how long an item is kept from other runs: longer than the function may run
	Reserve time.Duration // kept of the invocation's time, for the items in work
}

// dueAtOnce is how many entries of a shard are read at once.
const dueAtOnce = 100

// Work does what is due for a function at now: it claims each item, an order or a letter, and hands it to do, several
// side by side, until nothing is left or the invocation's time is nearly over; the next run carries on. An item whose do
// fails is due again later and does not stop the others; Work answers what failed. An order that somebody else changed
// meanwhile is theirs.
func (s *Store) Work(ctx context.Context, function string, now time.Time, p Pace, do func(context.Context, Claimed) error) error {
	taking, stop := ctx, context.CancelFunc(func() {})
	if end, ok := ctx.Deadline(); ok {
		taking, stop = context.WithDeadline(ctx, end.Add(-p.Reserve))
	}
	defer stop()
	w := work{store: s, now: now, pace: p, do: do, places: make(chan struct{}, p.Width), left: map[Entry]bool{}}
	for taking.Err() == nil {
		entries, err := s.Due(ctx, function, now, dueAtOnce)
		if err != nil {
			return errors.Join(err, w.err())
		}
		fresh := false
		for _, e := range entries {
			if w.isLeft(e) || taking.Err() != nil {
				continue
			}
			fresh = true
			w.take(ctx, e)
		}
		w.busy.Wait()
		if !fresh {
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

	places chan struct{}
	busy   sync.WaitGroup
	mu     sync.Mutex
	left   map[Entry]bool // not this run's: failed, another's, or done while the index still shows it
	failed []error        // the first few
	more   int
}

// take works on an entry as soon as there is a place.
func (w *work) take(ctx context.Context, e Entry) {
	w.places <- struct{}{}
	w.busy.Go(func() {
		defer func() { <-w.places }()
		if err := w.one(ctx, e); err != nil {
			w.fail(err)
		}
	})
}

func (w *work) one(ctx context.Context, e Entry) error {
	attempt := rand.Text()
	c, ok, err := w.store.Claim(ctx, e, attempt, w.now, w.now.Add(w.pace.Lease))
	if err == nil && ok {
		err = w.do(ctx, c)
	}
	if err == nil && ok { // it may be due for something else by now
		return nil
	}
	w.leave(e)
	if err == nil || errors.Is(err, commerce.ErrOrderChanged) {
		return nil
	}
	err = fmt.Errorf("%s: %w", e.PK, err)
	return errors.Join(err, w.store.Defer(ctx, e, attempt, w.now.Add(deferral(c.Tries))))
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

func (w *work) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.failed) == reported {
		w.more++
		return
	}
	w.failed = append(w.failed, err)
}

// err is what failed; all that was taken must be over.
func (w *work) err() error {
	if w.more > 0 {
		return errors.Join(append(w.failed, fmt.Errorf("and %d more", w.more))...)
	}
	return errors.Join(w.failed...)
}
