// Package letters sends every letter there is, each when it is due, and does what else the clock owes an order before it
// is mapped: it escalates, reminds, gives notice and closes.
//
// A letter is claimed under a lease, its secret minted and the secret's hash stored, then it is sent once and marked
// (rule 4). A crash between costs at most one more letter of the same kind, and every link that was mailed works.
package letters

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/mail"
	"dayone/shared/store"
)

// pace is how letters are sent: many side by side, and each within the lease, which is longer than the function may run.
// What SES takes in a second is what an account has; the first breath is a part of one.
var pace = store.Pace{Width: 32, Lease: 2 * time.Minute, Reserve: 15 * time.Second, Breath: 200 * time.Millisecond}

// post sends what is due.
type post struct {
	store  *store.Store
	sender *mail.Sender
	base   string // where links lead, without a slash at the end
	now    time.Time
}

// Handler is the function: letters of s go out by sender, with links that begin with base.
func Handler(s *store.Store, sender *mail.Sender, base string) api.Function {
	return api.Function{Connect: s.Connect, Schedule: func(ctx context.Context, now time.Time) error {
		return s.Work(ctx, "Letters", now, pace, post{s, sender, base, now}.one)
	}}
}

// FromEnv is the function as its environment describes it: the tables, BASE_URL, SENDER, CONFIGURATION_SET and
// HELP_EMAIL.
func FromEnv(getenv func(string) string) lambda.Handler {
	return Handler(store.FromEnv(getenv), mail.FromEnv(getenv), getenv("BASE_URL"))
}

// one does what an item is due for: it sends a letter of the queue, or does what the clock owes an order.
func (p post) one(ctx context.Context, c store.Claimed) error {
	if c.Letter != nil {
		return p.deliver(ctx, c)
	}
	return p.attend(ctx, *c.Order)
}

// attend does what the clock owes an order.
func (p post) attend(ctx context.Context, o commerce.Order) error {
	if o.Status == commerce.Invited && !o.WindowFrom.IsZero() {
		api.AtLeast(ctx, api.OldestUnstartedHours, p.now.Sub(o.WindowFrom).Hours())
	}
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
