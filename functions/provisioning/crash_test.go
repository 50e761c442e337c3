package provisioning_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"dayone/functions/provisioning"
	"dayone/shared/commerce"
	"dayone/shared/store"
)

// killer stands before every other machine and ends the process at one call, before or after it took effect. The shards of
// the due index are read side by side and in no order: the first stands for all, and counts.
type killer struct {
	mu     sync.Mutex
	calls  int
	shards int  // that were read
	at     int  // the call that kills; 0 for none
	after  bool // it took effect
	kill   context.CancelFunc
	dead   bool
	reads  bool // the call that killed only reads, so that it is the same before and after
}

// before hands a call over to next, or kills. Whoever is dead hears no answer.
func (k *killer) before(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		kill, arrives := k.meet(r.Header.Get("X-Amz-Target"), body)
		switch {
		case kill == nil:
			next.ServeHTTP(w, r)
			return
		case arrives:
			next.ServeHTTP(httptest.NewRecorder(), r)
		}
		kill()
		panic(http.ErrAbortHandler)
	})
}

// meet answers what ends the process at a call, nil where nothing does, and whether the call still takes effect.
func (k *killer) meet(target string, body []byte) (kill context.CancelFunc, arrives bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.dead {
		return k.kill, false
	}
	if bytes.Contains(body, []byte(`"IndexName":"due"`)) {
		k.shards++
		if k.shards%store.Shards != 1 {
			return nil, true
		}
	}
	if k.calls++; k.calls != k.at {
		return nil, true
	}
	_, operation, _ := strings.Cut(target, ".")
	k.dead, k.reads = true, slices.Contains([]string{"Query", "GetItem", "BatchGetItem"}, operation)
	return k.kill, k.after
}

// arm resets the count and answers the context of the process that will be killed.
func (k *killer) arm(ctx context.Context, at int, after bool) context.Context {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.calls, k.shards, k.at, k.after, k.dead, k.reads = 0, 0, at, after, false, false
	ctx, k.kill = context.WithCancel(ctx)
	return ctx
}

// proxy hands over to the engine.
func proxy(t *testing.T, endpoint string) http.Handler {
	t.Helper()
	engine, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	p := httputil.NewSingleHostReverseProxy(engine)
	connections := http.DefaultTransport.(*http.Transport).Clone()
	connections.MaxIdleConnsPerHost = 64 // the shards are read side by side
	t.Cleanup(connections.CloseIdleConnections)
	p.Transport = connections
	p.ErrorLog = log.New(io.Discard, "", 0) // it would tell of every death
	return p
}

// Scenario 30, for the click and for a run of the schedule.
func TestKilledAtAnyCallItEndsTheSame(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		skus     []string
		answer   func(action, line string, nth int) (int, string)
		platform bool
		ends     commerce.Status
		lines    string
		calls    int // of a click: reading is two, and without a platform all that is written one
	}{
		"all is done":      {[]string{"CALL", "PSTN"}, nil, true, commerce.Active, "provisioned,provisioned", 7},
		"one is refused":   {[]string{"CALL", "MEET"}, refuse("2"), true, commerce.Failed, "removed,failed", 9},
		"without platform": {[]string{"CALL", "PSTN"}, nil, false, commerce.Active, "provisioned,provisioned", 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire(t)
			w.answer = tc.answer
			var k killer
			h := newHouse(t, nil)
			tables := httptest.NewServer(k.before(proxy(t, h.tables.Engine.Endpoint)))
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
					d := h.deal(tc.skus...)
					process := k.arm(t.Context(), at, after)
					_, _ = h.ask(process, provisionRoute, d, w.at(click), "", "authorization", "Bearer "+d.administrator, "accept", "application/json")
					if process.Err() == nil {
						if at != tc.calls+1 {
							t.Fatalf("a click is %d calls", at-1)
						}
						return // every call had its turn
					}
					same := k.reads
					// The schedule carries on, and its first run dies too.
					process = k.arm(t.Context(), 2+at%7, after)
					_ = h.tick(process, w.at(click.Add(3*time.Minute)))
					k.arm(t.Context(), 0, false)
					if h.order(d).Status == commerce.Mapped { // the click itself was lost
						h.client(provisionRoute, d, w.at(click.Add(4*time.Minute)))
					}
					for minute, ended := 7, false; minute < 30 && !ended; minute += 3 {
						ended = h.order(d).Next().Deed != commerce.Provision // and then the schedule runs once more
						h.must(h.tick(t.Context(), w.at(click.Add(time.Duration(minute)*time.Minute))))
					}
					h.ended(d, w, tc.ends, tc.lines, tc.platform, fmt.Sprintf("killed at call %d, after it: %t", at, after))
					if same {
						break
					}
				}
			}
		})
	}
}

// A line that the platform provisioned is taken away again although nobody heard its answer, and although the one before
// it, which was accepted, is refused in the end.
func TestLineWhoseAnswerWasLostIsUndoneToo(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	w.answer = func(action, line string, nth int) (int, string) {
		switch {
		case action != "provision" || line != "1":
			return 0, ""
		case nth == 1:
			return http.StatusAccepted, "{}"
		}
		return http.StatusUnprocessableEntity, `{"reason":"no room"}`
	}
	var k killer
	lines := httptest.NewServer(k.before(w))
	t.Cleanup(lines.Close)
	platform, err := provisioning.Webhook(lines.URL, secret)
	if err != nil {
		t.Fatal(err)
	}
	h := newHouse(t, platform)
	d := h.deal("CALL", "MEET")
	process := k.arm(t.Context(), 2, true)
	_, _ = h.ask(process, provisionRoute, d, w.at(click), "", "authorization", "Bearer "+d.administrator, "accept", "application/json")
	if process.Err() == nil || w.running(d.order) != 1 {
		t.Fatalf("%d lines run when the process is killed", w.running(d.order))
	}
	k.arm(t.Context(), 0, false)
	h.must(h.tick(t.Context(), w.at(click.Add(3*time.Minute))))
	h.ended(d, w, commerce.Failed, "failed,removed", true, "after its answer was lost")
}

// refuse is a platform that never provisions a line.
func refuse(never string) func(action, line string, nth int) (int, string) {
	return func(action, line string, _ int) (int, string) {
		if action == "provision" && line == never {
			return http.StatusUnprocessableEntity, `{"reason":"no room"}`
		}
		return 0, ""
	}
}

// ended holds an order to how it ends undisturbed.
func (h *house) ended(d deal, w *wire, ends commerce.Status, lines string, platform bool, when string) {
	h.Helper()
	o := h.order(d)
	var got []string
	for _, l := range o.Lines {
		got = append(got, string(l.Status))
	}
	if o.Status != ends || strings.Join(got, ",") != lines {
		h.Errorf("%s: %s with %v, want %s with %s", when, o.Status, got, ends, lines)
	}
	running, charges := len(o.Lines), len(o.Lines)
	if ends == commerce.Failed {
		running, charges = 0, 0
	}
	at := h.entitlements(d)
	if platform {
		at = w.running(d.order)
	}
	if at != running || h.charges(d) != charges {
		h.Errorf("%s: %d lines run, %d charges, want %d, %d", when, at, h.charges(d), running, charges)
	}
	letter := map[commerce.Status]commerce.LetterKind{commerce.Active: commerce.LetterActive, commerce.Failed: commerce.LetterProvisioningFailed}[ends]
	if n := h.letters(d, letter); n != 1 {
		h.Errorf("%s: %d letters %s", when, n, letter)
	}
	if due := o.Next(); due.Deed == commerce.Provision {
		h.Errorf("%s: still due for provisioning", when)
	}
}
