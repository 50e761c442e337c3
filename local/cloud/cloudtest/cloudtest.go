// Package cloudtest plays the whole cloud for one test: its own tables, its own inbox, and a clock that stands still until it is moved.
package cloudtest

import (
	"context"
	"testing"
	"time"

	"dayone/local/cloud"
	"dayone/local/contract"
	"dayone/local/engine/enginetest"
)

// Noon is when the clock of a test begins, unless it says otherwise: a Monday, 13:00 in Ljubljana.
var Noon = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)

// Described is for Config.Seen: it fails the test where an exchange is not as shared/api/openapi.yaml has it.
func Described(t interface {
	Errorf(format string, args ...any)
}) func(cloud.Exchange) {
	return func(e cloud.Exchange) {
		if err := contract.Check(contract.Exchange(e)); err != nil {
			t.Errorf("not as openapi.yaml says: %v", err)
		}
		if found := told(e); found != "" {
			t.Errorf("%s %s is answered %d with a secret: %s", e.Request.Method, e.Request.URL.Path, e.Status, found)
		}
	}
}

// Start plays the cloud until the test ends. What the config leaves out is filled in for tests: no ticking, a frozen clock at Noon, nothing
// kept, one engine for the test binary. A secret in a line that is logged, in a table or in a refusal fails the test. What is asked and answered over HTTP, by whomever, is held to the description.
func Start(tb testing.TB, config cloud.Config) *cloud.Cloud {
	tb.Helper()
	root, err := enginetest.Root()
	if err != nil {
		tb.Fatal(err)
	}
	config.Root = root
	config.Engine = enginetest.Engine(tb)
	if config.Prefix == "" {
		config.Prefix = enginetest.Prefix()
	}
	if config.Now.IsZero() {
		config.Now = Noon
	}
	config.Frozen = !config.Tick
	if config.Log == nil {
		config.Log = quiet(tb).Logger()
	}
	if config.Seen == nil && config.Template == "" { // another template has routes of its own
		config.Seen = Described(tb)
	}
	c, err := cloud.Start(tb.Context(), config)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := c.Close(); err != nil {
			tb.Error(err)
		}
		if err := Secretless(context.WithoutCancel(tb.Context()), c); err != nil {
			tb.Error(err)
		}
	})
	return c
}
