package api

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

const tick = `{"source":"aws.events","detail-type":"Scheduled Event","time":"2026-12-01T12:00:00Z"}`

// invoke runs a schedule as Lambda does and answers what was written.
func invoke(t *testing.T, schedule func(context.Context, time.Time) error) (string, error) {
	t.Helper()
	var out bytes.Buffer
	_, err := measured{Function{Schedule: schedule}, "day-one-Letters-1A2B3C", &out, func() time.Time { return noon }}.Invoke(t.Context(), []byte(tick))
	return out.String(), err
}

func TestWhatWasCountedIsOneLineOfTheLog(t *testing.T) {
	t.Parallel()
	got, err := invoke(t, func(ctx context.Context, _ time.Time) error {
		var busy sync.WaitGroup
		for range 40 {
			busy.Go(func() { Count(ctx, LettersSent) })
		}
		busy.Wait()
		Count(ctx, Escalations)
		AtLeast(ctx, OldestUnstartedHours, 24)
		AtLeast(ctx, OldestUnstartedHours, 120.5)
		AtLeast(ctx, OldestUnstartedHours, 72)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join("testdata", "metrics.json"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("line (-want +got):\n%s", diff)
	}
}

func TestARunThatFailsIsCountedToo(t *testing.T) {
	t.Parallel()
	failed := errors.New("no")
	got, err := invoke(t, func(context.Context, time.Time) error { return failed })
	if want := `{"_aws":{"CloudWatchMetrics":[{"Namespace":"DayOne","Dimensions":[["function"]],"Metrics":[{"Name":"schedule_runs","Unit":"Count"}]}],` +
		`"Timestamp":1796126400000},"function":"day-one-Letters-1A2B3C","schedule_runs":1}` + "\n"; got != want || !errors.Is(err, failed) {
		t.Errorf("%s, %v", got, err)
	}
}

func TestNothingIsWrittenWhereNothingWasCounted(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	f := Function{Routes: map[string]HandlerFunc{"GET /": func(http.ResponseWriter, *http.Request) error { return nil }}}
	if _, err := (measured{f, "f", &out, time.Now}).Invoke(t.Context(), []byte(`{"version":"2.0","routeKey":"GET /","rawPath":"/"}`)); err != nil {
		t.Fatal(err)
	}
	if out.Len() > 0 {
		t.Errorf("wrote %s", &out)
	}
}

func TestARequestCounts(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	f := Function{Routes: map[string]HandlerFunc{"POST /orders": func(_ http.ResponseWriter, r *http.Request) error {
		Count(r.Context(), OrdersPlaced)
		return nil
	}}}
	event := `{"version":"2.0","routeKey":"POST /orders","rawPath":"/orders","requestContext":{"http":{"method":"POST","path":"/orders"}}}`
	if _, err := (measured{f, "f", &out, time.Now}).Invoke(t.Context(), []byte(event)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(out.Bytes(), []byte(`"orders_placed":1`)) {
		t.Errorf("wrote %s", &out)
	}
}

func TestWithoutLambdaNothingIsCounted(t *testing.T) {
	t.Parallel()
	Count(t.Context(), OrdersPlaced)
	AtLeast(t.Context(), OldestUnstartedHours, 1)
}

func TestTheLogNamesTheTrace(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := slog.New(traced{slog.NewJSONHandler(&out, nil)}).With("order", "ord_1")
	//lint:ignore SA1029 it is the runtime's key
	log.InfoContext(context.WithValue(t.Context(), "x-amzn-trace-id", "Root=1-5bef4de7"), "done")
	log.InfoContext(t.Context(), "done")
	if got := strings.Count(out.String(), `"order":"ord_1","xray_trace_id":"Root=1-5bef4de7"`); got != 1 {
		t.Errorf("logged %s", &out)
	}
}
