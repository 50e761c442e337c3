package provisioning_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"dayone/functions/provisioning"
	"dayone/shared/commerce"
	"dayone/shared/store"
)

// Scenario 30, for changes of running services: killed at any call, it ends the same.
func TestChangeKilledAtAnyCallEndsTheSame(t *testing.T) {
	t.Parallel()
	adjusted := "1 adjustment 5 4435 2026-12-10, 2 adjustment 5 4435 2026-12-10"
	for name, tc := range map[string]struct {
		ask      func(time.Time) func(commerce.Order) (commerce.Order, error)
		answer   func(action, line string, nth int) (int, string)
		platform bool
		status   commerce.Status
		runs     string
		facts    string
		calls    int // of a run of the schedule
	}{
		"more":                   {func(now time.Time) func(commerce.Order) (commerce.Order, error) { return more(now, 30, 30) }, nil, true, commerce.Active, "1:30 2:30", adjusted, 8},
		"more, without platform": {func(now time.Time) func(commerce.Order) (commerce.Order, error) { return more(now, 30, 30) }, nil, false, commerce.Active, "1:30 2:30", adjusted, 4},
		"more is refused": {func(now time.Time) func(commerce.Order) (commerce.Order, error) { return more(now, 30, 30) }, func(action, line string, nth int) (int, string) {
			if action == "change_quantity" && line == "2" {
				return http.StatusUnprocessableEntity, `{"reason":"no room"}`
			}
			return 0, ""
		}, true, commerce.Active, "1:25 2:25", "", 10},
		"suspended":  {suspend, nil, true, commerce.Suspended, "1:25(off) 2:25(off)", "", 8},
		"terminated": {terminate, nil, true, commerce.Ended, "", "1 credit -25 -21169 2026-12-11, 2 credit -25 -21169 2026-12-11", 8},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire(t)
			var k killer
			h := newHouse(t, nil)
			engine := proxy(t, h.tables.Engine.Endpoint)
			tables := httptest.NewServer(k.before(engine))
			lines := httptest.NewServer(k.before(w))
			t.Cleanup(tables.Close)
			t.Cleanup(lines.Close)
			s := store.FromEnv(h.tables.As("Provisioning", "AWS_ENDPOINT_URL_DYNAMODB", tables.URL))
			platform := provisioning.Entitlements(s)
			if tc.platform {
				var err error
				platform, err = provisioning.Webhook(lines.URL, secret)
				h.must(err)
			}
			h.function = provisioning.Handler(s, platform, "")
			for at := 1; ; at++ {
				for _, after := range []bool{false, true} {
					w.mu.Lock()
					w.answer, w.keys = nil, map[string]string{}
					w.mu.Unlock()
					k.arm(t.Context(), 0, false)
					w.at(click)
					d := h.inUse("CALL", "MEET")
					w.mu.Lock()
					w.answer = tc.answer
					w.mu.Unlock()
					h.wants(d, tenth, tc.ask(tenth))
					process := k.arm(t.Context(), at, after)
					_ = h.tick(process, w.at(tenth))
					if process.Err() == nil {
						if at != tc.calls+1 {
							t.Fatalf("a change is %d calls", at-1)
						}
						return
					}
					same := k.reads
					process = k.arm(t.Context(), 2+at%7, after) // and its successor
					_ = h.tick(process, w.at(tenth.Add(3*time.Minute)))
					k.arm(t.Context(), 0, false)
					for minute := 7; minute < 25 && h.order(d).Changing(); minute += 3 {
						h.must(h.tick(t.Context(), w.at(tenth.Add(time.Duration(minute)*time.Minute))))
					}
					o := h.order(d)
					runs := w.has(d)
					if !tc.platform {
						runs = h.entitled(d)
					}
					if o.Status != tc.status || o.Changing() || runs != tc.runs || h.facts(d) != tc.facts {
						t.Errorf("killed at call %d, after it %t: %s, %+v, runs %s, facts %s", at, after, o.Status, o.InFlight, runs, h.facts(d))
					}
					if same {
						break
					}
				}
			}
		})
	}
}
