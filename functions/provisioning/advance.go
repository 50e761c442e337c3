package provisioning

import (
	"context"
	"log/slog"
	"time"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/store"
)

// patience is how long a run begins new calls: a person may be waiting for it, and it must end while the order is still
// left alone by others.
const patience = 10 * time.Second

// storeAfter bounds what waits to be stored with the order. A transaction has a hundred items: what ends a run has up to
// 57, with a charge for each of 50 lines, and what charges the months before a change 61. A job adds up to three.
const storeAfter = 36

// run is an order at work: as it is stored, as it is decided, and what is to be stored with that.
type run struct {
	provisioner
	stored, order commerce.Order
	with          []store.Write
	settled       bool // the customer's organization is known to be
}

// advance carries a decided order on, in place of the stored one, until nothing is left, every job of it waits, or its
// time is over. It answers the order as it is stored then, after a failure too. commerce.ErrOrderChanged where somebody
// else is at it.
//
// What a platform that acts has answered is stored before it is asked the next thing, together with what that is: so a
// run that carries on after a crash knows every line that may be there, and none is left behind by an undo. Of a platform
// that does not act everything waits for the end: all is stored, or nothing is.
func (p provisioner) advance(ctx context.Context, stored, decided commerce.Order, settled bool, now time.Time) (commerce.Order, error) {
	r := run{provisioner: p, stored: stored, order: decided, settled: settled}
	err := r.advance(ctx, now)
	return r.stored, err
}

func (r *run) advance(ctx context.Context, now time.Time) error {
	enough, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	failing := false
	var asked []string
	for enough.Err() == nil {
		job, ok := r.order.NextJob(asked...)
		if !ok {
			break
		}
		r.order = r.order.Asking(job, now).Explain(r.stored)
		if r.platform.Acts() || r.waiting() > storeAfter {
			if err := r.keep(ctx); err != nil {
				return err
			}
		}
		answer := r.platform.Ask(ctx, r.order, job, now)
		if answer.Result == commerce.Again || answer.Result == commerce.Never && (job.Undo || job.Action == commerce.ActDeprovision) {
			failing = true
			slog.WarnContext(ctx, "service platform", "order", r.order.ID, "job", job.Key, "reason", answer.Reason)
		}
		r.order = r.order.Answered(job, answer.Result, answer.Reason, now)
		r.with = append(r.with, answer.With...)
		asked = append(asked, job.Key)
	}
	if _, left := r.order.NextJob(); left {
		var letters []commerce.Letter
		r.order, letters = r.order.Wait(failing, now)
		return r.keep(ctx, letters...)
	}
	return r.finish(ctx, now)
}

// waiting is how many items the order would be stored with.
func (r *run) waiting() int {
	n := len(r.with)
	if r.store.Publishes() {
		n += len(r.order.Events) - len(r.stored.Events)
	}
	return n
}

// keep stores the order as it is decided.
func (r *run) keep(ctx context.Context, letters ...commerce.Letter) error {
	return r.kept(r.order, r.store.Proceed(ctx, r.stored, r.order, r.with, letters...))
}

// kept notes that an order was stored with all that waited for it, unless that failed.
func (r *run) kept(o commerce.Order, err error) error {
	if err == nil {
		r.stored, r.order, r.with = o, o, nil
	}
	return err
}

// finish ends what has no job left. Before a service change is, all that is due is charged at what it was.
func (r *run) finish(ctx context.Context, now time.Time) error {
	for r.order.Changing() {
		billed, charges := r.order.Bill(now)
		if len(charges) == 0 {
			break
		}
		billed = billed.Explain(r.stored)
		if err := r.kept(billed, r.store.Bill(ctx, r.stored, billed, charges, r.with...)); err != nil {
			return err
		}
	}
	begun := r.order.Status == commerce.Provisioning
	finished, charges, letters := r.order.Finish(now)
	ending := store.Ending{Order: finished, Charges: charges, Letters: letters, With: r.with, Settled: r.settled}
	if err := r.kept(finished, r.store.Finish(ctx, r.stored, ending)); err != nil {
		return err
	}
	switch {
	case finished.Status == commerce.Failed:
		api.Count(ctx, api.ProvisioningFailed)
	case begun:
		api.Count(ctx, api.BillingStarted)
	}
	return nil
}
