package store_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"dayone/shared/commerce"
)

// breakOff lets the call reach the engine, and half of its answer come back.
func (l *line) breakOff(w http.ResponseWriter, r *http.Request) {
	whole := httptest.NewRecorder()
	l.engine.ServeHTTP(whole, r)
	for name, values := range whole.Header() {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Length", strconv.Itoa(whole.Body.Len()))
	w.WriteHeader(whole.Code)
	_, _ = w.Write(whole.Body.Bytes()[:whole.Body.Len()/2])
	panic(http.ErrAbortHandler)
}

// An answer that ends in the middle is asked for again, and what the call wrote is there once.
func TestAnswersThatBreakOff(t *testing.T) {
	s, tables, line := openBehind(t)
	line.next("TransactWriteItems", line.breakOff)
	o := place(t, s, order(t, "DO-1"))
	line.next("GetItem", line.breakOff)
	if got := read(t, s, o.ID); got.Status != commerce.Scheduled {
		t.Errorf("stored as %s", got.Status)
	}
	line.next("PutItem", line.breakOff)
	o = replace(t, s, o, o.LinkSent(commerce.LetterSetup, o.Contact, 1, "m", opens))
	line.next("UpdateItem", line.breakOff)
	due, err := s.Due(t.Context(), "letters", o.Next().At, 10)
	if err != nil || len(due) != 1 {
		t.Fatalf("due %v, %v", due, err)
	}
	if _, ok, err := s.Claim(t.Context(), due[0], "a", o.Next().At, o.Next().At); !ok || err != nil {
		t.Errorf("Claim = %t, %v", ok, err)
	}
	if n := count(t, tables, "OrdersTable", "order#"); n != 1 {
		t.Errorf("%d orders", n)
	}
}
