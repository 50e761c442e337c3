package api

import (
	"context"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

// Start makes a function of the process's environment and serves Lambda with it; it does not return. What the function
// logs is JSON with Lambda's request id and X-Ray's trace id, and what it counts becomes metrics.
func Start(fromEnv func(getenv func(string) string) lambda.Handler) {
	slog.SetDefault(slog.New(traced{lambdacontext.NewLogHandler()})) // the process is this one function's
	handler := fromEnv(os.Getenv)
	connect(handler)
	lambda.Start(Measured(handler, lambdacontext.FunctionName, os.Stdout, time.Now))
}

// connectFor bounds how long a start waits for connections: one across a region takes a few milliseconds.
const connectFor = time.Second

// connect has a function open what its first event needs.
func connect(handler lambda.Handler) {
	f, ok := handler.(Function)
	if !ok || f.Connect == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), connectFor)
	defer cancel()
	f.Connect(ctx)
}

// Measured is a handler that writes to out, after each invocation, what it has counted: one line in CloudWatch's embedded
// metric format, by the function's name and the instant that now says, or nothing.
func Measured(h lambda.Handler, function string, out io.Writer, now func() time.Time) lambda.Handler {
	return measured{h, function, out, now}
}

// measured writes after each invocation what it has counted.
type measured struct {
	lambda.Handler
	function string
	out      io.Writer
	now      func() time.Time
}

// Invoke implements lambda.Handler.
func (m measured) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	var t tally
	answer, err := m.Handler.Invoke(context.WithValue(ctx, tallyKey{}, &t), payload)
	_, _ = m.out.Write(t.line(m.function, m.now())) // a log that cannot be written to is nothing to fail an order for
	return answer, err
}

// traced adds the trace id to what is logged, so that a failure leads to its trace.
type traced struct{ slog.Handler }

// Handle implements slog.Handler.
func (t traced) Handle(ctx context.Context, r slog.Record) error {
	if id, ok := ctx.Value("x-amzn-trace-id").(string); ok { // where the runtime puts it
		r.AddAttrs(slog.String("xray_trace_id", id))
	}
	return t.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (t traced) WithAttrs(attrs []slog.Attr) slog.Handler { return traced{t.Handler.WithAttrs(attrs)} }

// WithGroup implements slog.Handler.
func (t traced) WithGroup(name string) slog.Handler { return traced{t.Handler.WithGroup(name)} }
