package cloud

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"dayone/local/template"
)

// largestStep is how far the clock jumps at once when nobody says otherwise.
const largestStep = time.Hour

// schedules run one after another, whether the second or a moved clock fires them.
type schedules struct{ mu sync.Mutex }

// Tick fires every schedule once a second from now on, until Close: nobody waits a minute for a letter.
func (c *Cloud) Tick() {
	if c.ticking != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	c.ticking = cancel
	go func() {
		second := time.NewTicker(time.Second)
		defer second.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-second.C:
			}
			c.schedules.mu.Lock()
			if ctx.Err() == nil {
				// Close waits for what was begun. Each failure is logged, and comes back with the next second.
				_ = c.fireAll(context.WithoutCancel(ctx), c.clock.Now())
			}
			c.schedules.mu.Unlock()
		}
	}()
}

// Advance moves the clock by a duration and returns when everything that became due has run. Zero step means steps of an hour.
func (c *Cloud) Advance(ctx context.Context, by, step time.Duration) error {
	return c.Set(ctx, c.Now().Add(by), step)
}

// Set moves the clock to an instant, rounded up to a whole second as schedules have it, and fires every schedule at each step on the way.
// It returns the errors of the functions; the clock gets there all the same.
func (c *Cloud) Set(ctx context.Context, to time.Time, step time.Duration) error {
	if step <= 0 {
		step = largestStep
	}
	c.schedules.mu.Lock()
	defer c.schedules.mu.Unlock()
	at := c.clock.Now()
	if to.Before(at) {
		return fmt.Errorf("%w: it is %s already", errBackwards, at.Format(time.RFC3339))
	}
	to = wholeSecond(to)
	var failed error
	for at.Before(to) {
		if at = wholeSecond(at.Add(step)); at.After(to) {
			at = to
		}
		if err := c.clock.forward(at); err != nil {
			return err
		}
		failed = errors.Join(failed, c.fireAll(ctx, at))
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return failed
}

// Run runs one scheduled function now, whatever else is running.
func (c *Cloud) Run(ctx context.Context, id string) error {
	f := c.functions[id]
	if f == nil || len(f.Schedules) == 0 {
		return fmt.Errorf("there is no scheduled function %s", id)
	}
	return c.fire(ctx, f, f.Schedules[0], c.clock.Now())
}

func (c *Cloud) fireAll(ctx context.Context, at time.Time) error {
	var failed error
	for _, of := range c.Template.Functions { // in the order of the flow
		for _, s := range of.Schedules {
			failed = errors.Join(failed, c.fire(ctx, c.functions[of.ID], s, at))
		}
	}
	return failed
}

func (c *Cloud) fire(ctx context.Context, f *function, s template.Schedule, at time.Time) error {
	payload, err := json.Marshal(events.EventBridgeEvent{
		Version:    "0",
		ID:         newID(),
		DetailType: "Scheduled Event",
		Source:     "aws.events",
		AccountID:  template.Account,
		Time:       at.UTC().Truncate(time.Second),
		Region:     template.Region,
		Resources:  []string{fmt.Sprintf("arn:aws:events:%s:%s:rule/%s%s", template.Region, template.Account, f.ID, s.Event)},
		Detail:     json.RawMessage("{}"),
	})
	if err != nil {
		return err
	}
	err = c.invokeInTime(ctx, f, payload)
	if err != nil {
		c.log.Error("a scheduled function failed", "function", f.ID, "error", err)
		err = fmt.Errorf("%s at %s: %w", f.ID, at.Format(time.RFC3339), err)
	}
	return errors.Join(err, c.tell(ctx))
}

// invokeInTime is invoke for events that nobody waits for an answer to.
func (c *Cloud) invokeInTime(ctx context.Context, f *function, payload []byte) error {
	ctx, cancel := context.WithTimeout(ctx, f.Timeout)
	defer cancel()
	_, err := c.invoke(ctx, f, payload)
	return err
}

// Invoke gives a function any event and returns its answer.
func (c *Cloud) Invoke(ctx context.Context, id string, payload []byte) ([]byte, error) {
	f := c.functions[id]
	if f == nil {
		return nil, fmt.Errorf("there is no function %s", id)
	}
	return c.invoke(ctx, f, payload)
}

// invoke calls a function with what Lambda gives it. A panic is the function's failure, not ours.
func (c *Cloud) invoke(ctx context.Context, f *function, payload []byte) (answer []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			c.log.Error("a function panicked", "function", f.ID, "panic", r, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return f.Handler.Invoke(lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{
		AwsRequestID:       newID(),
		InvokedFunctionArn: fmt.Sprintf("arn:aws:lambda:%s:%s:function:%s", template.Region, template.Account, f.ID),
	}), payload)
}

// wholeSecond is the first whole second not before an instant.
func wholeSecond(t time.Time) time.Time {
	if whole := t.Truncate(time.Second); whole.Before(t) {
		return whole.Add(time.Second)
	}
	return t
}

// newID makes an identifier of the shape AWS gives to requests and events.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
