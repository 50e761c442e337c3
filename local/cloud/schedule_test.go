package cloud_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dayone/local/cloud"
	"dayone/local/cloud/cloudtest"
)

func TestMovingTheClockFiresEveryScheduleAtEachStep(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		body string
		want []string
		now  string
	}{
		"less than a step": {`{"advance":"30m"}`, []string{"12:30"}, "2026-11-23T12:30:00Z"},
		"steps of an hour": {`{"advance":"2h30m"}`, []string{"13:00", "14:00", "14:30"}, "2026-11-23T14:30:00Z"},
		"smaller steps":    {`{"advance":"1h","step":"30m"}`, []string{"12:30", "13:00"}, "2026-11-23T13:00:00Z"},
		"a larger step":    {`{"advance":"6h","step":"4h"}`, []string{"16:00", "18:00"}, "2026-11-23T18:00:00Z"},
		"to an instant":    {`{"set":"2026-11-23T13:30:00Z"}`, []string{"13:00", "13:30"}, "2026-11-23T13:30:00Z"},
		"in another zone":  {`{"set":"2026-11-23T13:30:00+01:00"}`, []string{"12:30"}, "2026-11-23T12:30:00Z"},
		"nowhere":          {`{"advance":"0s"}`, nil, "2026-11-23T12:00:00Z"},
		"rounded up":       {`{"advance":"1500ms"}`, []string{"12:00"}, "2026-11-23T12:00:02Z"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := play(t, cloud.Config{})
			status, _, body := s.do(t, "POST", "/_local/clock", tc.body)
			var answer struct{ Now string }
			if err := json.Unmarshal([]byte(body), &answer); err != nil || status != http.StatusOK || answer.Now != tc.now {
				t.Fatalf("%d %s, want %s (%v)", status, body, tc.now, err)
			}
			var want []string
			for _, at := range tc.want { // in the order of the template, at every step
				want = append(want, "Answers "+at, "Late "+at)
			}
			var got []string
			for _, fired := range s.fired {
				id, at, _ := strings.Cut(fired, " ")
				got = append(got, id+" "+at[11:16])
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("fired (-want +got):\n%s", diff)
			}
		})
	}
}

func TestClockRefuses(t *testing.T) {
	t.Parallel()
	s := play(t, cloud.Config{})
	for name, tc := range map[string]struct{ body, want string }{
		"backwards":       {`{"advance":"-1h"}`, "the clock cannot go backwards: it is 2026-11-23T12:00:00Z already"},
		"to the past":     {`{"set":"2020-01-01T00:00:00Z"}`, "the clock cannot go backwards: it is 2026-11-23T12:00:00Z already"},
		"both":            {`{"advance":"1h","set":"2027-01-01T00:00:00Z"}`, `say {"advance": "24h"} or {"set": "2026-12-01T08:00:00Z"}`},
		"neither":         {`{}`, `say {"advance": "24h"} or {"set": "2026-12-01T08:00:00Z"}`},
		"no duration":     {`{"advance":"1 day"}`, `advance: "1 day" is no duration such as 24h`},
		"no instant":      {`{"set":"tomorrow"}`, `set: "tomorrow" is no instant such as 2026-12-01T08:00:00Z`},
		"step of nothing": {`{"advance":"1h","step":"0s"}`, `step: "0s" is no duration such as 24h`},
	} {
		status, _, body := s.do(t, "POST", "/_local/clock", tc.body)
		var answer struct{ Message string }
		if err := json.Unmarshal([]byte(body), &answer); err != nil || status != 400 || answer.Message != tc.want {
			t.Errorf("%s: %d %s, want %s", name, status, body, tc.want)
		}
	}
	if len(s.fired) > 0 {
		t.Errorf("fired %v", s.fired)
	}
	if status, _, body := s.do(t, "GET", "/_local/clock", ""); status != 200 || !strings.Contains(body, `"now": "2026-11-23T12:00:00Z"`) {
		t.Errorf("%d %s", status, body)
	}
}

func TestRunNow(t *testing.T) {
	t.Parallel()
	s := play(t, cloud.Config{})
	for name, tc := range map[string]struct {
		path   string
		fail   error
		status int
		part   string
	}{
		"runs":        {"/_local/run/Late", nil, 200, `"ran": "Late"`},
		"fails":       {"/_local/run/Late", errors.New("no table"), 500, "no table"},
		"unknown":     {"/_local/run/Nobody", nil, 404, "no function Nobody"},
		"no schedule": {"/_local/run/Echo", nil, 400, "Echo has no schedule"},
	} {
		s.fail = tc.fail
		if status, _, body := s.do(t, "POST", tc.path, ""); status != tc.status || !strings.Contains(body, tc.part) {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
}

func TestMovedClockTellsWhatFailedAndGetsThere(t *testing.T) {
	t.Parallel()
	s := play(t, cloud.Config{})
	s.fail = errors.New("no table")
	if err := s.Advance(t.Context(), 2*time.Hour, 0); !errors.Is(err, s.fail) {
		t.Errorf("Advance = %v", err)
	}
	if want := cloudtest.Noon.Add(2 * time.Hour); !s.Now().Equal(want) {
		t.Errorf("it is %s, want %s", s.Now(), want)
	}
	if len(s.fired) != 4 {
		t.Errorf("fired %v", s.fired)
	}
}

func TestTicksOnceASecond(t *testing.T) {
	t.Parallel()
	s := play(t, cloud.Config{Tick: true})
	deadline := time.Now().Add(10 * time.Second)
	for {
		s.mu.Lock()
		seen := len(s.fired)
		s.mu.Unlock()
		if seen >= 4 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d runs in ten seconds", seen)
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.IsSortedFunc(s.fired, func(a, b string) int { return strings.Compare(a[len(a)-20:], b[len(b)-20:]) }) {
		t.Errorf("not in order: %v", s.fired)
	}
}

func TestClockAndLettersSurviveRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	config := cloud.Config{Root: "../..", Template: "testdata/template.yaml", Dir: dir, Now: cloudtest.Noon}
	for round := range 2 {
		s := &stage{env: map[string]func(string) string{}}
		config.Functions = s.functions()
		var err error
		if s.Cloud, err = cloud.Start(t.Context(), config); err != nil {
			t.Fatal(err)
		}
		if got := len(s.Inbox()); got != round {
			t.Errorf("round %d: %d letters", round, got)
		}
		if got := s.Now().Sub(cloudtest.Noon).Round(time.Hour); got != time.Duration(round)*240*time.Hour {
			t.Errorf("round %d: the clock is %s on", round, got)
		}
		if got := len(s.ServiceRequests()); got != round {
			t.Errorf("round %d: %d requests", round, got)
		}
		if err := s.Advance(t.Context(), 240*time.Hour, 24*time.Hour); err != nil {
			t.Fatal(err)
		}
		if _, err := s.client("orders@dayone.example").SendEmail(t.Context(), letter("a@b.example")); err != nil {
			t.Fatal(err)
		}
		s.provision(t, "key", nil)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCloseEndsAMoveUnderWay(t *testing.T) {
	t.Parallel()
	s := play(t, cloud.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	s.fail = errors.New("ends it")
	cancel()
	if err := s.Advance(ctx, 1000*time.Hour, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("Advance = %v", err)
	}
	if len(s.fired) > 2 {
		t.Errorf("went on for %d runs", len(s.fired))
	}
}
