// Package letters sends every letter there is, each when it is due, and does what else the clock owes an order before it
// is mapped: it escalates, reminds, gives notice and closes.
//
// A letter is claimed under a lease, its secret minted and the secret's hash stored, then it is sent once and marked
// (rule 4). A crash between costs at most one more letter of the same kind, and every link that was mailed works.
package letters

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/mail"
	"dayone/shared/store"
)

// Bounds of one run.
const (
	perShard = 250              // entries read of each shard at once
	width    = 32               // letters on their way at once
	lease    = 2 * time.Minute  // longer than the function may run, so that no lease ends while its letter is sent
	reserve  = 15 * time.Second // kept of the invocation's time, for the letters on their way
)

// post sends what is due.
type post struct {
	store  *store.Store
	sender *mail.Sender
	base   string // where links lead, without a slash at the end
	now    time.Time
}

// Handler is the function: letters of s go out by sender, with links that begin with base.
func Handler(s *store.Store, sender *mail.Sender, base string) api.Function {
	return api.Function{Schedule: func(ctx context.Context, now time.Time) error {
		return post{s, sender, base, now}.run(ctx)
	}}
}

// FromEnv is the function as its environment describes it: the tables, BASE_URL, SENDER and HELP_EMAIL.
func FromEnv(getenv func(string) string) lambda.Handler {
	return Handler(store.FromEnv(getenv), mail.FromEnv(getenv), getenv("BASE_URL"))
}

// run sends what is due until nothing is left that this run can do, or its time is over; the next run carries on. What
// fails is due again later and does not stop the others.
func (p post) run(ctx context.Context) error {
	working, cancel := ctx, context.CancelFunc(func() {})
	if end, ok := ctx.Deadline(); ok {
		working, cancel = context.WithDeadline(ctx, end.Add(-reserve))
	}
	defer cancel()
	for {
		entries, err := p.store.Due(ctx, "letters", p.now, perShard)
		if err != nil {
			return err
		}
		if done := p.all(ctx, working, entries); done == 0 || working.Err() != nil {
			return nil
		}
	}
}

// all works on the entries side by side and answers how many made progress.
func (p post) all(ctx, working context.Context, entries []store.Entry) int {
	var wait sync.WaitGroup
	var mu sync.Mutex
	done := 0
	places := make(chan struct{}, width)
	for _, e := range entries {
		places <- struct{}{}
		if working.Err() != nil {
			break
		}
		wait.Go(func() {
			defer func() { <-places }()
			ok, err := p.one(ctx, e)
			if err != nil {
				slog.ErrorContext(ctx, "letter failed", "item", e.PK, "error", err.Error())
				return
			}
			if ok {
				mu.Lock()
				done++
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	return done
}

// one claims an entry and does what it is due for. It answers false where another has it.
func (p post) one(ctx context.Context, e store.Entry) (bool, error) {
	attempt := rand.Text()
	c, ok, err := p.store.Claim(ctx, e, attempt, p.now, p.now.Add(lease))
	if err != nil || !ok {
		return false, err
	}
	if c.Letter != nil {
		err = p.deliver(ctx, e, *c.Letter)
	} else {
		err = p.attend(ctx, *c.Order)
	}
	if err == nil {
		return true, nil
	}
	if later := p.store.Defer(ctx, e, attempt, p.now.Add(backoff(c.Tries))); later != nil {
		err = errors.Join(err, later)
	}
	return false, err
}

// backoff is how long a letter waits that could not be sent: a minute, doubling to half an hour.
func backoff(tries int) time.Duration {
	return min(time.Minute<<min(max(tries-1, 0), 10), 30*time.Minute)
}

// attend does what the clock owes an order.
func (p post) attend(ctx context.Context, o commerce.Order) error {
	switch o.Owed(p.now) {
	case commerce.SendLink:
		return p.sendLink(ctx, o)
	case commerce.Remind:
		return p.remind(ctx, o)
	case commerce.GiveNotice:
		return p.giveNotice(ctx, o)
	case commerce.Escalate:
		return p.escalate(ctx, o)
	case commerce.Close:
		return p.close(ctx, o)
	}
	return fmt.Errorf("order %s is owed nothing that a letter does", o.ID)
}

// tries bounds how often a mark is made again because the order changed while its letter was on the way.
const tries = 5

// mark writes into the order that its letter was sent. Whatever changed the order meanwhile stays: the mark is made on
// the order as it is now.
func (p post) mark(ctx context.Context, o commerce.Order, sent func(commerce.Order) (commerce.Order, []commerce.Letter)) error {
	for try := 1; ; try++ {
		changed, letters := sent(o)
		err := p.store.Replace(ctx, o, changed, letters...)
		if !errors.Is(err, commerce.ErrOrderChanged) || try == tries {
			return err
		}
		if o, err = p.store.Order(ctx, o.ID); err != nil {
			return err
		}
	}
}

// only is a mark without letters of its own.
func only(sent func(commerce.Order) commerce.Order) func(commerce.Order) (commerce.Order, []commerce.Letter) {
	return func(o commerce.Order) (commerce.Order, []commerce.Letter) { return sent(o), nil }
}
