package api

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"
)

// Metric is the name of something the business counts. template.yaml has alarms and a dashboard over these.
type Metric string

// What is counted. None of it tells of a person, and the only dimension is the function.
const (
	OrdersPlaced         Metric = "orders_placed"
	LettersSent          Metric = "letters_sent"
	LettersFailed        Metric = "letters_failed" // tries that the mail service did not take
	SetupStarted         Metric = "setup_started"
	OrdersMapped         Metric = "orders_mapped"
	Escalations          Metric = "escalations"
	ProvisioningFailed   Metric = "provisioning_failed"
	BillingStarted       Metric = "billing_started"
	EventsDelivered      Metric = "events_delivered"
	EventsGivenUp        Metric = "events_given_up"        // that the other system never took
	OldestUnstartedHours Metric = "oldest_unstarted_hours" // since its letter, of the orders that were dealt with and nobody has begun
	ScheduleRuns         Metric = "schedule_runs"          // that came to their end, well or not
)

// Count adds one to a metric of this invocation. It does nothing where the function is not Measured, as on one machine.
func Count(ctx context.Context, m Metric) {
	if t, ok := ctx.Value(tallyKey{}).(*tally); ok {
		t.change(m, func(v float64) float64 { return v + 1 })
	}
}

// AtLeast raises a metric of this invocation to v, where it is lower. It does nothing where Count does nothing.
func AtLeast(ctx context.Context, m Metric, v float64) {
	if t, ok := ctx.Value(tallyKey{}).(*tally); ok {
		t.change(m, func(old float64) float64 { return max(old, v) })
	}
}

type tallyKey struct{}

// tally is what one invocation has counted so far.
type tally struct {
	mu     sync.Mutex
	values map[Metric]float64
}

func (t *tally) change(m Metric, by func(float64) float64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.values == nil {
		t.values = map[Metric]float64{}
	}
	t.values[m] = by(t.values[m])
}

// namespace is where CloudWatch keeps the metrics.
const namespace = "DayOne"

// line is the tally in CloudWatch's embedded metric format: one line of the log, which CloudWatch turns into metrics. It
// is empty where nothing was counted.
func (t *tally) line(function string, at time.Time) []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.values) == 0 {
		return nil
	}
	type metric struct{ Name, Unit string }
	type directive struct {
		Namespace  string
		Dimensions [][]string
		Metrics    []metric
	}
	d := directive{Namespace: namespace, Dimensions: [][]string{{"function"}}}
	line := map[string]any{"function": function}
	for m, v := range t.values {
		d.Metrics = append(d.Metrics, metric{string(m), unit(m)})
		line[string(m)] = v
	}
	slices.SortFunc(d.Metrics, func(a, b metric) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	line["_aws"] = map[string]any{"Timestamp": at.UnixMilli(), "CloudWatchMetrics": []directive{d}}
	text, _ := json.Marshal(line) // numbers and names always encode
	return append(text, '\n')
}

// unit is CloudWatch's word for what a metric is measured in; it has none for hours.
func unit(m Metric) string {
	if m == OldestUnstartedHours {
		return "None"
	}
	return "Count"
}
