package provisioning

import (
	"context"
	"log/slog"
	"time"

	"dayone/shared/api"
	"dayone/shared/commerce"
)

// patience is how long a run begins new calls: a person may be waiting for it, and it must end while the order is still
// left alone by others.
const patience = 10 * time.Second

// storeAfter bounds the events that wait to be stored: each is a part of the transaction that stores them, which has a
// hundred.
const storeAfter = 20

// advance carries the provisioning of a stored order on until nothing is left, every job of it waits, or its time is
// over. It answers the order as it is then. commerce.ErrOrderChanged where somebody else is at it.
//
// What a platform that may refuse has answered is stored before it is asked the next thing, together with what that is:
// so a run that carries on after a crash knows every line that may be there, and none is left behind by an undo.
func (p provisioner) advance(ctx context.Context, stored commerce.Order, now time.Time) (commerce.Order, error) {
	enough, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	o, failing := stored, false
	var asked []string
	for enough.Err() == nil {
		job, ok := o.NextJob(asked...)
		if !ok {
			break
		}
		o = o.Asking(job, now).Explain(stored)
		if p.platform.Refuses() || len(o.Events)-len(stored.Events) > storeAfter {
			if err := p.store.Replace(ctx, stored, o); err != nil {
				return stored, err
			}
			stored = o
		}
		result, reason := p.platform.Ask(ctx, o, job, now)
		if result == commerce.Again || result == commerce.Never && (job.Undo || job.Action == commerce.ActDeprovision) {
			failing = true
			slog.WarnContext(ctx, "service platform", "order", o.ID, "job", job.Key, "reason", reason)
		}
		o = o.Answered(job, result, reason, now)
		asked = append(asked, job.Key)
	}
	if _, left := o.NextJob(); left {
		waits, letters := o.Wait(failing, now)
		return waits, p.store.Replace(ctx, stored, waits, letters...)
	}
	return p.finish(ctx, stored, o, now)
}

// finish ends what has no job left. Before a service change is, all that is due is charged at what it was.
func (p provisioner) finish(ctx context.Context, stored, o commerce.Order, now time.Time) (commerce.Order, error) {
	for o.Changing() {
		billed, charges := o.Bill(now)
		if len(charges) == 0 {
			break
		}
		billed = billed.Explain(stored)
		if err := p.store.Bill(ctx, stored, billed, charges); err != nil {
			return stored, err
		}
		stored, o = billed, billed
	}
	finished, charges, letters := o.Finish(now)
	if err := p.store.Finish(ctx, stored, finished, charges, letters); err != nil {
		return finished, err
	}
	switch {
	case finished.Status == commerce.Failed:
		api.Count(ctx, api.ProvisioningFailed)
	case o.Status == commerce.Provisioning:
		api.Count(ctx, api.BillingStarted)
	}
	return finished, nil
}
