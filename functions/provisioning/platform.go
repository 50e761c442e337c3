package provisioning

import (
	"context"
	"log/slog"
	"time"

	"dayone/shared/commerce"
	"dayone/shared/store"
)

// Platform makes services run and takes them away. To ask it the same again, by the job's key, does no more than to ask
// it once.
type Platform interface {
	// Ask passes a job of an order on. The reason says why a job is not done, in words for people.
	Ask(ctx context.Context, o commerce.Order, j commerce.Job, now time.Time) (result commerce.Result, reason string)
	// Refuses reports whether it ever answers commerce.Never.
	Refuses() bool
}

// Entitlements is the platform where none is configured: a line that runs is an item beside the customer organization.
func Entitlements(s *store.Store) Platform { return entitlements{s} }

type entitlements struct{ store *store.Store }

func (e entitlements) Refuses() bool { return false }

func (e entitlements) Ask(ctx context.Context, o commerce.Order, j commerce.Job, _ time.Time) (commerce.Result, string) {
	var err error
	if j.Action == commerce.ActDeprovision {
		err = e.store.Disentitle(ctx, o, j.Line)
	} else {
		err = e.store.Entitle(ctx, o, j.Line, j.Action == commerce.ActSuspend)
	}
	if err != nil {
		slog.WarnContext(ctx, "entitlement", "order", o.ID, "job", j.Key, "error", err.Error())
		return commerce.Again, "The service could not be stored."
	}
	return commerce.Done, ""
}
