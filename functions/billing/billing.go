// Package billing makes the charges of each billing period when it begins, and tells a caller which there are.
//
// A charge's key is its identity: however often and from however many places an order is billed, every period of every
// line is charged once (rule 8).
package billing

import (
	"context"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/store"
)

// pace is how orders are billed: each takes two short calls.
var pace = store.Pace{Width: 16, Lease: time.Minute, Reserve: 5 * time.Second}

// Handler is the function.
func Handler(s *store.Store) api.Function {
	return api.Function{
		Connect: s.Connect,
		Routes:  map[string]api.HandlerFunc{"GET /charges": list(s)},
		Schedule: func(ctx context.Context, now time.Time) error {
			return s.Work(ctx, "Billing", now, pace, func(ctx context.Context, c store.Claimed) error { return bill(ctx, s, *c.Order, now) })
		},
	}
}

// FromEnv is the function as its environment describes it: the tables.
func FromEnv(getenv func(string) string) lambda.Handler { return Handler(store.FromEnv(getenv)) }

// catchUp bounds how many transactions one order may take of a run. What is left is due again at once.
const catchUp = 20

// bill charges everything of an order that is due at now.
func bill(ctx context.Context, s *store.Store, o commerce.Order, now time.Time) error {
	for range catchUp {
		if !o.Owes(commerce.ChargeLines, now) {
			return nil
		}
		billed, charges := o.Bill(now)
		if err := s.Bill(ctx, o, billed, charges); err != nil {
			return err
		}
		o = billed.Explain(o)
	}
	return nil
}
