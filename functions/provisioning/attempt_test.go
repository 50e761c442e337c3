package provisioning_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"dayone/shared/commerce"
)

// Somebody clicks, the platform refuses at once, and the answer is lost: they click again on what they see, and again. That
// is the same attempt, until they ask for the next.
func TestTheSameClickIsOneAttemptAlthoughItFailed(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	w.answer = refuse("1")
	h := newHouse(t, w.platform())
	d := h.deal("CALL")
	ask := func(body string) (int, string) {
		r, err := h.ask(t.Context(), provisionRoute, d, click, body, "authorization", "Bearer "+d.administrator, "accept", "application/json", "content-type", "application/json")
		h.must(err)
		return r.StatusCode, r.Body
	}
	for number := 1; number <= 3; number++ {
		w.keys = map[string]string{} // each attempt has its own
		for repeat := range 3 {
			status, body := ask(fmt.Sprintf(`{"attempt": %d}`, number))
			if status != http.StatusOK || !strings.Contains(body, `"failed"`) || !strings.Contains(body, fmt.Sprintf(`"attempt":%d,`, number)) {
				t.Errorf("attempt %d, asked for %d times: %d %s", number, repeat+1, status, body)
			}
		}
		if got := h.order(d).Attempt.Number; got != number {
			t.Errorf("%d attempts were begun, want %d", got, number)
		}
	}
	for _, wrong := range []string{`{"attempt": 5}`, `{"attempt": 0}`, `{"attempt": -1}`, `{"attempt": "next"}`, `{"attempt": "99999999999999999999"}`} {
		if status, body := ask(wrong); status != http.StatusBadRequest || !strings.Contains(body, "attempt") {
			t.Errorf("%s: %d %s", wrong, status, body)
		}
	}
	if o := h.order(d); o.Attempt.Number != 3 || o.Status != commerce.Failed {
		t.Errorf("attempt %d, %s", o.Attempt.Number, o.Status)
	}
	w.keys = map[string]string{}
	ask("") // who says no number asks for another
	if got := h.order(d).Attempt.Number; got != 4 {
		t.Errorf("%d attempts", got)
	}
}

// The page's own button says which attempt it begins.
func TestTryAgainOfAPageBeginsOneAttempt(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	w.answer = refuse("1")
	h := newHouse(t, w.platform())
	d := h.deal("CALL")
	h.person(provisionRoute, d, "lang=en&attempt=1")
	_, page, _ := h.person(progressRoute+"?lang=en", d, "")
	if !strings.Contains(page, `<input type="hidden" name="attempt" value="2">`) {
		t.Errorf("the page does not say which attempt it begins: %s", page)
	}
	w.keys = map[string]string{}
	for range 2 { // the answer to the first was lost
		if code, _, location := h.person(provisionRoute, d, "lang=en&attempt=2"); code != http.StatusSeeOther || !strings.HasSuffix(location, "/progress?lang=en") {
			t.Errorf("the click is answered %d %s", code, location)
		}
	}
	if got := h.order(d).Attempt.Number; got != 2 {
		t.Errorf("%d attempts, want 2", got)
	}
}
