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
	// Acts reports whether asking does something by itself. Then it is noted that a job is asked before it is, and what was
	// answered is stored before the next. Where not, a job is done by what its answer has stored with the order.
	Acts() bool
}

// Answer is what a platform says to a job.
type Answer struct {
	Result commerce.Result
	Reason string        // why the job is not done, in words for people
	With   []store.Write // what the transaction writes that stores the answer
}

// Entitlements is the platform where none is configured: a line that runs is an item beside the customer organization.
func Entitlements(s *store.Store) Platform { return entitlements{s.Entitle, s.Disentitle} }

// entitlements has two deeds of the store, and not the store: in an interface, and beside html/template, which may call any
// method by its name, the linker would keep all that the SDK's client can do.
type entitlements struct {
	entitle    func(o commerce.Order, l commerce.Line, suspended bool) store.Write
	disentitle func(o commerce.Order, l commerce.Line) store.Write
}

func (e entitlements) Acts() bool { return false }

func (e entitlements) Ask(_ context.Context, o commerce.Order, j commerce.Job, _ time.Time) Answer {
	write := e.entitle(o, j.Line, j.Action == commerce.ActSuspend)
	if j.Action == commerce.ActDeprovision {
		write = e.disentitle(o, j.Line)
	}
	return Answer{Result: commerce.Done, With: []store.Write{write}}
}
