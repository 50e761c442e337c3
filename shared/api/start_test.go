package api

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
)

func TestAFunctionConnectsBeforeItServes(t *testing.T) {
	var left time.Duration
	connect(Function{Connect: func(ctx context.Context) {
		end, _ := ctx.Deadline()
		left = time.Until(end)
	}})
	if left <= 0 || left > connectFor {
		t.Errorf("it has %v for it, want up to %v", left, connectFor)
	}
}

func TestWhatHasNothingToConnectToServesAtOnce(t *testing.T) {
	connect(Function{})
	connect(lambda.NewHandler(func() {}))
}
