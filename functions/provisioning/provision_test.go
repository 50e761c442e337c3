package provisioning_test

import (
	"encoding/json"
	"net/http"
	"sync"
	"testing"
	"time"

	"dayone/functions/provisioning"
	"dayone/shared/commerce"
)

// Scenario 26.
func TestTwentyClicksAtOnceBeginOnce(t *testing.T) {
	t.Parallel()
	t.Run("with a platform", func(t *testing.T) {
		t.Parallel()
		w := newWire(t)
		h := newHouse(t, w.platform())
		d := h.deal("CALL", "MEET", "PSTN")
		h.clicksAtOnce(d)
		if got := w.jobs(); got != "provision 1, provision 2, provision 3" {
			t.Errorf("asked %s", got)
		}
	})
	t.Run("without", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, nil)
		d := h.deal("CALL", "MEET", "PSTN")
		h.clicksAtOnce(d)
		if got := h.entitled(d); got != "1:25 2:25 3:25" {
			t.Errorf("runs %s", got)
		}
	})
}

// clicksAtOnce clicks twenty times at once, and an hour later once more.
func (h *house) clicksAtOnce(d deal) {
	h.Helper()
	t := h.T
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			r, err := h.ask(t.Context(), provisionRoute, d, click, "", "authorization", "Bearer "+d.administrator, "accept", "application/json")
			var p progress
			if err == nil {
				err = json.Unmarshal([]byte(r.Body), &p)
			}
			if err != nil || r.StatusCode != http.StatusOK || p.Status != "provisioning" && p.Status != "active" {
				t.Errorf("answer %d %s (%v)", r.StatusCode, r.Body, err)
			}
		})
	}
	wait.Wait()
	replay := h.client(provisionRoute, d, click.Add(time.Hour))
	if replay.Status != "active" || replay.lines() != "provisioned,provisioned,provisioned" || replay.BilledAt == nil || !replay.BilledAt.Equal(click) {
		t.Errorf("a replay is answered %+v", replay)
	}
	if got := h.charges(d); got != 3 {
		t.Errorf("%d charges, want one a line", got)
	}
	if got := h.letters(d, commerce.LetterActive); got != 1 {
		t.Errorf("%d letters, want 1", got)
	}
	starts := 0
	for _, e := range h.order(d).Events {
		if e.Kind == "provisioning_started" || e.Kind == "activated" {
			starts++
		}
	}
	if starts != 2 {
		t.Errorf("%d starts and ends in the timeline", starts)
	}
}

// Scenario 27.
func TestLineThatFailsTwiceIsDoneInTheEnd(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	w.answer = func(_, line string, nth int) (int, string) {
		if line == "3" && nth <= 2 {
			return http.StatusServiceUnavailable, `{"reason":"busy"}`
		}
		return 0, ""
	}
	h := newHouse(t, w.platform())
	d := h.deal("CALL", "MEET", "MSG")
	if p := h.client(provisionRoute, d, click); p.Status != "provisioning" || p.lines() != "provisioned,provisioned,provisioning" || p.BilledAt != nil {
		t.Errorf("after the click %+v", p)
	}
	h.must(h.tick(t.Context(), click.Add(10*time.Second))) // too early
	if got := w.jobs(); got != "provision 1, provision 2, provision 3" {
		t.Errorf("asked %s", got)
	}
	now := w.at(click.Add(time.Minute))
	h.must(h.tick(t.Context(), now))
	if h.charges(d) != 0 {
		t.Error("charged before all lines are there")
	}
	now = w.at(now.Add(time.Minute))
	h.must(h.tick(t.Context(), now))
	p := h.client(progressRoute, d, now)
	if p.Status != "active" || p.BilledAt == nil || !p.BilledAt.Equal(now) || h.charges(d) != 3 {
		t.Errorf("in the end %+v, %d charges", p, h.charges(d))
	}
	if got := w.jobs(); got != "provision 3, provision 3" {
		t.Errorf("asked %s", got)
	}
}

// Scenario 28.
func TestLineThatFailsForGoodIsUndoneAndRetried(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	w.answer = func(action, line string, _ int) (int, string) {
		if action == "provision" && line == "3" {
			return http.StatusUnprocessableEntity, `{"reason":"no room in this region"}`
		}
		return 0, ""
	}
	h := newHouse(t, w.platform())
	d := h.deal("CALL", "MEET", "MSG")
	p := h.client(provisionRoute, d, click)
	if p.Status != "failed" || p.lines() != "removed,removed,failed" || p.Lines[2].Reason != "no room in this region" || p.BilledAt != nil {
		t.Errorf("after the click %+v", p)
	}
	if got := w.jobs(); got != "provision 1, provision 2, provision 3, deprovision 2, deprovision 1" {
		t.Errorf("asked %s", got)
	}
	if w.running(d.order) != 0 || h.charges(d) != 0 {
		t.Errorf("%d lines run, %d charges", w.running(d.order), h.charges(d))
	}
	if h.letters(d, commerce.LetterProvisioningFailed) != 1 || h.letters(d, commerce.LetterRepProvisioningFailed) != 1 {
		t.Error("somebody was not told, or twice")
	}
	h.must(h.tick(t.Context(), click.Add(24*time.Hour)))
	if got := w.jobs(); got != "" {
		t.Errorf("nobody clicked, yet asked %s", got)
	}
	first := w.keys
	w.answer, w.keys = nil, map[string]string{}
	if p := h.client(provisionRoute, d, click); p.Status != "active" || p.Lines[2].Reason != "" || h.charges(d) != 3 || w.running(d.order) != 3 {
		t.Errorf("tried again %+v, %d charges", p, h.charges(d))
	}
	for what, key := range w.keys {
		if first[what] == key {
			t.Errorf("%s is asked under the key of the first attempt", what)
		}
	}
}

// Scenario 29.
func TestLineThatTakesItsTimeIsAskedUntilItIsDone(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	w.answer = func(_, line string, nth int) (int, string) {
		if line < "3" && nth <= 5 {
			return http.StatusAccepted, ""
		}
		return 0, ""
	}
	h := newHouse(t, w.platform())
	d := h.deal("CALL", "MEET", "MSG", "PSTN")
	if p := h.client(provisionRoute, d, click); p.lines() != "provisioning,provisioning,provisioned,pending" {
		t.Errorf("after the click %s", p.lines())
	}
	if got := w.jobs(); got != "provision 1, provision 2, provision 3" { // the add-on waits for its base
		t.Errorf("asked %s", got)
	}
	now := click
	for range 5 {
		if p := h.client(progressRoute, d, now); p.Status != "provisioning" {
			t.Errorf("at %s %+v", now, p)
		}
		now = w.at(now.Add(time.Minute))
		h.must(h.tick(t.Context(), now))
	}
	if p := h.client(progressRoute, d, now); p.Status != "active" || !p.BilledAt.Equal(now) {
		t.Errorf("in the end %+v", p)
	}
}

func TestUndoThatIsRefusedIsAskedAgain(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	w.answer = func(action, line string, nth int) (int, string) {
		switch {
		case action == "provision" && line == "2":
			return http.StatusBadRequest, `{"reason":"no"}`
		case action == "deprovision" && nth <= 2:
			return http.StatusConflict, `{"reason":"in use"}`
		}
		return 0, ""
	}
	h := newHouse(t, w.platform())
	d := h.deal("CALL", "MEET")
	if p := h.client(provisionRoute, d, click); p.Status != "provisioning" || p.Lines[0].Reason != "in use" {
		t.Errorf("after the click %+v", p)
	}
	for _, wait := range []time.Duration{time.Minute, 2 * time.Minute} {
		h.must(h.tick(t.Context(), w.at(click.Add(wait))))
	}
	if p := h.client(progressRoute, d, click); p.Status != "failed" || p.lines() != "removed,failed" || p.Lines[0].Reason != "" {
		t.Errorf("in the end %+v", p)
	}
}

func TestSchedulesAtOnceAskOnce(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	w.answer = func(_, _ string, nth int) (int, string) {
		if nth == 1 {
			return http.StatusAccepted, ""
		}
		return 0, ""
	}
	h := newHouse(t, w.platform())
	var deals []deal
	for range 12 {
		d := h.deal("CALL")
		h.client(provisionRoute, d, click)
		deals = append(deals, d)
	}
	w.jobs()
	now := w.at(click.Add(time.Minute))
	before := w.calls
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			if err := h.tick(t.Context(), now); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if got := w.calls - before; got != len(deals) {
		t.Errorf("%d calls for %d lines", got, len(deals))
	}
	for _, d := range deals {
		if o := h.order(d); o.Status != commerce.Active || h.charges(d) != 1 {
			t.Errorf("%s is %s with %d charges", d.order, o.Status, h.charges(d))
		}
	}
}

func TestWhoMayClick(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	d, other := h.deal("CALL"), h.deal("CALL")
	change := func(d deal, change func(*commerce.Order)) {
		o := h.order(d)
		n := o
		n.Version++
		change(&n)
		h.must(h.store.Replace(t.Context(), o, n))
	}
	given, open := h.deal("CALL"), h.deal("CALL")
	change(given, func(o *commerce.Order) { o.Mapping.PartnerAccess = commerce.AccessNone })
	change(open, func(o *commerce.Order) { o.Settings.ReviewedAt = time.Time{} })
	unknown := d
	unknown.order = "DO-0000-0000-0000"
	for name, tc := range map[string]struct {
		deal    deal
		session string
		want    int
		code    string
	}{
		"nobody":                          {d, "", 401, "signed_out"},
		"a session that is none":          {d, "pss_0", 401, "signed_out"},
		"another customer":                {d, other.administrator, 404, "order_unknown"},
		"another partner":                 {d, other.represented, 404, "order_unknown"},
		"a partner without access":        {given, given.represented, 403, "no_access"},
		"no such order":                   {unknown, d.administrator, 404, "order_unknown"},
		"a task is open":                  {open, open.administrator, 409, "tasks_open"},
		"the partner":                     {d, d.represented, 200, ""},
		"the customer, after the partner": {d, d.administrator, 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := h.ask(t.Context(), provisionRoute, tc.deal, click, "", "authorization", "Bearer "+tc.session, "accept", "application/json")
			h.must(err)
			var problem struct{ Code string }
			h.must(json.Unmarshal([]byte(r.Body), &problem))
			if r.StatusCode != tc.want || problem.Code != tc.code {
				t.Errorf("answer %d %s", r.StatusCode, r.Body)
			}
		})
	}
	if h.charges(given) != 0 || h.charges(open) != 0 {
		t.Error("somebody who may not began the billing")
	}
}

func TestEnvironmentChoosesThePlatform(t *testing.T) {
	t.Parallel()
	for name, lines := range map[string]int{"no platform": 0, "a platform": 1} {
		t.Run(name, func(t *testing.T) {
			w := newWire(t)
			h := newHouse(t, nil)
			var platform []string
			if lines > 0 {
				platform = []string{"PROVISIONER_URL", w.URL, "PROVISIONER_SECRET", secret}
			}
			h.function = provisioning.FromEnv(h.tables.As("Provisioning", platform...))
			d := h.deal("CALL")
			h.client(provisionRoute, d, click)
			if w.running(d.order) != lines || h.entitlements(d) != 1-lines {
				t.Errorf("%d lines at the platform, %d entitlements", w.running(d.order), h.entitlements(d))
			}
		})
	}
}
