package letters_test

import (
	"strings"
	"testing"
	"time"

	"dayone/local/call"
)

// SES takes so many letters in a second. A run that is too fast slows down, and nothing is put off: all go out in that run,
// each once.
func TestTooManyLettersInASecondGoOutInTheSameRun(t *testing.T) {
	p := open(t)
	for range 40 {
		p.place(morning.AddDate(0, 0, -1), nil)
	}
	const rate = 25
	taken, refused := 0, 0
	second := time.AfterFunc(time.Second, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		taken = -rate
	})
	defer second.Stop()
	p.says = "Maximum sending rate exceeded."
	p.refuse = func(string) int {
		if taken == rate {
			refused++
			return 429
		}
		taken++
		return 0
	}
	call.Schedule(t, p.function, morning)
	if got := strings.Count(p.kinds(), "setup"); got != 40 || refused == 0 {
		t.Errorf("%d letters, want 40, and %d were too many", got, refused)
	}
}

// Over the quota of a day a run stops at once: what it had in hand stays due like the rest, and the first run that SES takes
// letters of again sends all of them once.
func TestOverTheQuotaEverythingStaysDue(t *testing.T) {
	p := open(t)
	const orders = 100
	for range orders {
		p.place(morning.AddDate(0, 0, -1), nil)
	}
	asked, over := 0, true
	p.says = "Daily message quota exceeded."
	p.refuse = func(string) int {
		if asked++; over {
			return 429
		}
		return 0
	}
	p.fails(morning)
	p.mu.Lock()
	if asked == 0 || asked >= orders/2 {
		t.Errorf("SES was asked %d times for nothing", asked)
	}
	over = false
	p.mu.Unlock()
	if entries, err := p.store.Due(t.Context(), "Letters", morning, orders); err != nil || len(entries) != orders {
		t.Errorf("%d are due, want %d: %v", len(entries), orders, err)
	}
	call.Schedule(t, p.function, morning.Add(time.Minute))
	if got := strings.Count(p.kinds(), "setup"); got != orders {
		t.Errorf("%d letters, want %d", got, orders)
	}
}
