// Package deliveries hears from the mail service what became of letters, and does what follows from it: the record of the
// letter says so, and a setup link that reached nobody stops the order's window. And it sends what happens to orders to
// another system, where one is configured.
//
// What is told may come late, again, in any order, or of an order that is not here: none of that does harm.
package deliveries

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/store"
	"dayone/shared/webhook"
)

// Handler is the function. A receiver without an endpoint is sent nothing.
func Handler(s *store.Store, to Receiver) api.Function {
	f := api.Function{
		Connect: s.Connect,
		Event: func(ctx context.Context, kind string, detail json.RawMessage, at time.Time) error {
			d, ok, err := read(kind, detail)
			if err != nil || !ok {
				return err
			}
			return hear(ctx, s, d, at)
		},
		Schedule: func(context.Context, time.Time) error { return nil },
	}
	if to.Endpoint != nil {
		f.Schedule = send(s, to)
	}
	return f
}

// FromEnv is the function as its environment describes it: the table of orders and, where events are sent, EVENTS_URL and
// EVENTS_SECRET. A secret that nothing can be signed with ends the start.
func FromEnv(getenv func(string) string) lambda.Handler {
	to := Receiver{Clock: time.Now}
	if url := getenv("EVENTS_URL"); url != "" {
		var err error
		if to.Endpoint, err = webhook.Open(url, getenv("EVENTS_SECRET"), callFor, pace.Width); err != nil {
			panic(fmt.Errorf("EVENTS_URL, EVENTS_SECRET: %w", err))
		}
	}
	return Handler(store.FromEnv(getenv), to)
}

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
