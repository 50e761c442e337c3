package deliveries

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/store"
	"dayone/shared/webhook"
)

// callFor is how long the other system may take to take an event: as long as Standard Webhooks advises at least.
const callFor = 15 * time.Second

// pace: a run of a minute takes nothing in its last seconds that it could not finish.
var pace = store.Pace{Width: 8, Lease: 2 * time.Minute, Reserve: callFor + 5*time.Second}

// Receiver is where events of orders are sent, and the clock that says how long that took.
type Receiver struct {
	Endpoint *webhook.Endpoint
	Clock    func() time.Time
}

// sending is one run of the schedule.
type sending struct {
	store *store.Store
	to    Receiver
	now   time.Time
	gone  atomic.Bool // the endpoint wants no more events
}

// send sends every event that is due, those of an order one after the other: claim, send, mark. A crash in between costs
// one more delivery under the same id.
func send(s *store.Store, to Receiver) func(ctx context.Context, now time.Time) error {
	return func(ctx context.Context, now time.Time) error {
		run := sending{store: s, to: to, now: now}
		gone, err := s.EndpointGone(ctx, to.Endpoint.Name())
		if err != nil {
			return err
		}
		run.gone.Store(!gone.IsZero())
		return s.Work(ctx, "deliveries", now, pace, run.one)
	}
}

// one sends one claimed event and marks what became of it.
func (d *sending) one(ctx context.Context, c store.Claimed) error {
	if c.Event == nil {
		return errors.New("no event")
	}
	order, err := d.store.Order(ctx, c.Event.Order)
	if err != nil {
		return err
	}
	event, err := order.Event(c.Event.Seq)
	if err != nil {
		return err
	}
	if d.gone.Load() && !c.Event.Asked {
		api.Count(ctx, api.EventsGivenUp)
		return d.store.EventFailed(ctx, c, store.Attempt{At: d.now, Problem: "not sent: the endpoint answered 410 before"}, time.Time{})
	}
	attempt, err := d.post(ctx, order.ID, event)
	if err != nil {
		return err
	}
	switch {
	case attempt.Status >= 200 && attempt.Status < 300:
		api.Count(ctx, api.EventsDelivered)
		return errors.Join(d.back(ctx), d.store.EventDelivered(ctx, c, attempt))
	case attempt.Status == http.StatusGone: // it wants no more, and would be asked in vain
		d.gone.Store(true)
		api.Count(ctx, api.EventsGivenUp)
		return errors.Join(d.store.SetEndpointGone(ctx, d.to.Endpoint.Name(), d.now), d.store.EventFailed(ctx, c, attempt, time.Time{}))
	}
	again := commerce.EventAgain(c.Event.Tries+1, d.now)
	if again.IsZero() {
		api.Count(ctx, api.EventsGivenUp)
	}
	return d.store.EventFailed(ctx, c, attempt, again)
}

// post sends an event and answers how that went.
func (d *sending) post(ctx context.Context, order string, e commerce.Event) (store.Attempt, error) {
	body, err := api.SentEventOf(order, e)
	if err != nil {
		return store.Attempt{}, err
	}
	attempt := store.Attempt{At: d.now}
	begun := d.to.Clock()
	answer, err := d.to.Endpoint.Post(ctx, commerce.EventID(order, e.Seq), body, d.now, nil)
	attempt.Took = d.to.Clock().Sub(begun)
	timeout, slow := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	switch {
	case slow && timeout.Timeout():
		attempt.Problem = "no answer in time"
	case err != nil:
		attempt.Problem = "no connection"
	default:
		attempt.Status = answer.Status
	}
	if err != nil || answer.Status >= 300 {
		problem := attempt.Problem
		if err != nil {
			problem = err.Error()
		}
		slog.WarnContext(ctx, "event not taken", "event", commerce.EventID(order, e.Seq), "status", strconv.Itoa(answer.Status), "problem", problem)
	}
	return attempt, nil
}

// back notes that an endpoint takes events that had wanted no more.
func (d *sending) back(ctx context.Context) error {
	if !d.gone.Swap(false) {
		return nil
	}
	return d.store.SetEndpointGone(ctx, d.to.Endpoint.Name(), time.Time{})
}
