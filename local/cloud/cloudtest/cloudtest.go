// Package cloudtest plays the whole cloud for one test: its own tables, its own inbox, and a clock that stands still until it is moved.
package cloudtest

import (
	"log/slog"
	"testing"
	"time"

	"dayone/local/cloud"
	"dayone/local/engine/enginetest"
)

// Noon is when the clock of a test begins, unless it says otherwise: a Monday, 13:00 in Ljubljana.
var Noon = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)

// Start plays the cloud until the test ends. What the config leaves out is filled in for tests: no ticking, a frozen clock at Noon, nothing
// kept, one engine for the test binary.
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
		config.Log = slog.New(slog.NewTextHandler(tb.Output(), nil))
	}
	c, err := cloud.Start(tb.Context(), config)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := c.Close(); err != nil {
			tb.Error(err)
		}
	})
	return c
}
