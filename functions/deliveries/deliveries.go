// Package deliveries hears from the mail service what became of letters, and does what follows from it: the record of the
// letter says so, and a setup link that reached nobody stops the order's window.
//
// What is told may come late, again, in any order, or of an order that is not here: none of that does harm.
package deliveries

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/store"
)

// Handler is the function.
func Handler(s *store.Store) api.Function {
	return api.Function{Event: func(ctx context.Context, kind string, detail json.RawMessage, at time.Time) error {
		d, ok, err := read(kind, detail)
		if err != nil || !ok {
			return err
		}
		return hear(ctx, s, d, at)
	}}
}

// FromEnv is the function as its environment describes it: the table of orders.
func FromEnv(getenv func(string) string) lambda.Handler { return Handler(store.FromEnv(getenv)) }

// tries bounds how often an order is decided about again because it changed meanwhile.
const tries = 5

// hear does what follows from a delivery. An order that is not here is another's.
func hear(ctx context.Context, s *store.Store, d commerce.Delivery, at time.Time) error {
	for try := 1; d.Order != ""; try++ {
		order, err := s.Order(ctx, d.Order)
		if errors.Is(err, commerce.ErrOrderUnknown) {
			return nil
		}
		if err != nil {
			return err
		}
		heard, letters := order.Hear(d, at)
		err = s.Replace(ctx, order, heard, letters...)
		if err == nil {
			break
		}
		if !errors.Is(err, commerce.ErrOrderChanged) || try == tries {
			return err
		}
	}
	return s.NoteDelivery(ctx, d, at)
}
