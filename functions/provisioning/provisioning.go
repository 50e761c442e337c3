// Package provisioning turns the lines of an order into services, and starts billing when all of them are there.
//
// The click asks the service platform in its own request, so that a quick platform is done at once. Whatever that does
// not finish is carried on by the schedule. Every job has a key of its own that stays the same however often it is
// asked, every answer is written under the condition that the order did not change, and an order is left alone while a
// run is at work on it: a crash at any point, or two runs at once, end in the same state. Without a service platform all
// that a click does is one transaction.
package provisioning

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/pages"
	"dayone/shared/store"
)

//go:embed *.html
var files embed.FS

// provisioner is what the routes and the schedule work with.
type provisioner struct {
	store    *store.Store
	platform Platform
	pages    *pages.Templates
}

// pace is how the schedule works: a run of one order takes up to patience and one more call.
var pace = store.Pace{Width: 16, Lease: 2 * time.Minute, Reserve: patience + callFor + 2*time.Second}

// Handler is the function: services run on platform, and people in need write to help.
func Handler(s *store.Store, platform Platform, help string) api.Function {
	p := provisioner{s, platform, pages.New(files, help)}
	return api.Function{
		Connect: s.Connect,
		Routes: map[string]api.HandlerFunc{
			"POST /services/{order}/provision": p.provision,
			"GET /services/{order}/progress":   p.progress,
		},
		Schedule: func(ctx context.Context, now time.Time) error {
			return s.Work(ctx, "Provisioning", now, pace, func(ctx context.Context, c store.Claimed) error {
				return p.resume(ctx, *c.Order, now)
			})
		},
		Fail: p.fail,
	}
}

// resume does what the clock owes an order: it carries on what is in flight, or begins to end the terms that are over.
func (p provisioner) resume(ctx context.Context, o commerce.Order, now time.Time) error {
	decided := o
	switch {
	case o.Owes(commerce.EndTerm, now):
		decided = o.EndTerms(now).Explain(o)
	case !o.Owes(commerce.Provision, now):
		return nil
	}
	_, err := p.advance(ctx, o, decided, false, now)
	return err
}

// FromEnv is the function as its environment describes it: the tables, HELP_EMAIL and, where lines are asked of a
// service platform, PROVISIONER_URL and PROVISIONER_SECRET. A secret that nothing can be signed with ends the start.
func FromEnv(getenv func(string) string) lambda.Handler {
	s := store.FromEnv(getenv)
	platform := Entitlements(s)
	if url := getenv("PROVISIONER_URL"); url != "" {
		var err error
		if platform, err = Webhook(url, getenv("PROVISIONER_SECRET")); err != nil {
			panic(fmt.Errorf("PROVISIONER_URL, PROVISIONER_SECRET: %w", err))
		}
	}
	return Handler(s, platform, getenv("HELP_EMAIL"))
}

// clicks bounds how often a click is decided anew because the order changed meanwhile.
const clicks = 5

// click begins an attempt and carries it on, or answers how far the order is where it was begun before: of clicks at once
// one begins, and the others find it begun. Who got an error has begun nothing.
func (p provisioner) click(ctx context.Context, a store.Arrival, attempt int, now time.Time) (commerce.Order, error) {
	o := a.Order
	for try := 1; ; try++ {
		if o.Begun(attempt) {
			return o, nil
		}
		begun, err := o.BeginProvisioning(a.Member.Email, a.Customer, now)
		if err != nil || begun.Version == o.Version {
			return begun, err
		}
		reached, err := p.advance(ctx, o, begun, a.Customer.Settled, now)
		switch {
		case err == nil:
			return reached, nil
		case reached.Version > o.Version:
			// The click stands, and the schedule carries on from it: to answer a failure would invite another click.
			slog.ErrorContext(ctx, "provision", "order", o.ID, "error", err.Error())
			return reached, nil
		case !errors.Is(err, commerce.ErrOrderChanged) || try == clicks:
			return o, err
		}
		if o, err = p.store.Order(ctx, o.ID); err != nil {
			return o, err
		}
	}
}
