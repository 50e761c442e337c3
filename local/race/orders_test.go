package race_test

import (
	"fmt"
	"strings"
	"testing"

	"dayone/local/client"
)

// Scenario 2.
func TestTheSameKeyAndBodyPlaceOneOrder(t *testing.T) {
	w := begin(t)
	body := client.Order(1, w.Now())
	answers := together(workers, func(int) answer { return w.ask("POST", "/orders", "", body, "Idempotency-Key", client.Key(1)) })
	w.wantTally(answers, map[string]int{"201": workers})
	for _, a := range answers {
		if a.Body != answers[0].Body {
			t.Errorf("answers differ:\n%s\n%s", a.Body, answers[0].Body)
		}
	}
	if n := len(w.books().Orders); n != 1 {
		t.Errorf("%d orders", n)
	}
}

// Scenario 3.
func TestTheSameKeyAndOtherBodiesPlaceOneOrder(t *testing.T) {
	w := begin(t)
	w.wantTally(together(workers, func(i int) answer {
		return w.ask("POST", "/orders", "", client.Order(i+1, w.Now()), "Idempotency-Key", client.Key(1))
	}), map[string]int{"201": 1, "422 idempotency_key_reused": workers - 1})
}

func TestTheSameReferenceUnderOtherKeysPlacesOneOrder(t *testing.T) {
	w := begin(t)
	answers := together(workers, func(i int) answer {
		return w.ask("POST", "/orders", "", client.Order(1, w.Now()), "Idempotency-Key", client.Key(i+1))
	})
	w.wantTally(answers, map[string]int{"201": 1, "409 external_ref_taken": workers - 1})
	for id := range w.books().Orders {
		for _, a := range answers {
			if !strings.Contains(a.Body, id) {
				t.Errorf("%s does not name the order %s", a.Body, id)
			}
		}
	}
}

func TestTheSameVersionIsChangedOnce(t *testing.T) {
	w := begin(t)
	o := w.invited(1)[0]
	etag := w.must("GET", "/orders/"+o.id, "", nil).Header.Get("ETag")
	w.wantTally(together(workers, func(i int) answer {
		return w.ask("PATCH", "/orders/"+o.id, "", object{"provisioning_contact": object{"email": fmt.Sprintf("next-%d@partner.example", i)}}, "If-Match", etag)
	}), map[string]int{"200": 1, "412 order_changed": workers - 1})
}

// Every run of a schedule may meet another one.
func TestManyRunsAtOnceSendEveryLetterOnce(t *testing.T) {
	w := begin(t)
	each(workers, func(i int) {
		w.must("POST", "/orders", "", client.Order(i+1, w.Now()), "Idempotency-Key", client.Key(i+1))
	})
	each(10, func(int) {
		if err := w.runAt("Letters", w.Now()); err != nil {
			t.Error(err)
		}
	})
	if n := len(w.Inbox()); n != workers {
		t.Errorf("%d letters for %d orders", n, workers)
	}
	for id := range w.books().Orders {
		if n := w.letters(id, "setup"); n != 1 {
			t.Errorf("order %s: %d letters", id, n)
		}
	}
}
