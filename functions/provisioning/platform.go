package provisioning

import (
	"context"
	"time"

	"dayone/shared/commerce"
	"dayone/shared/store"
)

// Platform makes services run and takes them away. To ask it the same again, by the job's key, does no more than to ask
// it once.
type Platform interface {
	// Ask passes a job of an order on.
	Ask(ctx context.Context, o commerce.Order, j commerce.Job, now time.Time) Answer
	// Acts reports whether to ask it does something that is not undone where nothing is stored of it: so whoever asks
	// stores before that they do, and after it what was answered. Where it does not, a job is done when its answer is stored.
	Acts() bool
}

// Answer is what a platform says to a job.
type Answer struct {
	Result commerce.Result
	Reason string        // why the job is not done, in words for people
	With   []store.Write // in the transaction that stores the answer
}

// Entitlements is the platform where none is configured: a line that runs is an item beside the customer organization.
func Entitlements(s *store.Store) Platform { return entitlements{s} }

type entitlements struct{ store *store.Store }

func (e entitlements) Acts() bool { return false }

func (e entitlements) Ask(_ context.Context, o commerce.Order, j commerce.Job, _ time.Time) Answer {
	write := e.store.Entitle(o, j.Line, j.Action == commerce.ActSuspend)
	if j.Action == commerce.ActDeprovision {
		write = e.store.Disentitle(o, j.Line)
	}
	return Answer{Result: commerce.Done, With: []store.Write{write}}
}
