package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dayone/shared/commerce"
	"dayone/shared/store"
)

// overtaken is a letter that a slow run claimed, and whose lease has gone to another run.
func overtaken(t testing.TB, s *store.Store) (slow, other store.Claimed) {
	t.Helper()
	if err := s.Queue(t.Context(), commerce.ResetLetter(ana, "sl", noon)); err != nil {
		t.Fatal(err)
	}
	e := due(t, s, "Letters", noon)[0]
	slow, _ = claim(t, s, e, "slow", noon)
	other, ok := claim(t, s, e, "other", noon.Add(3*time.Minute))
	if !ok {
		t.Fatal("the lease never ends")
	}
	return slow, other
}

// A letter that SES took leaves the queue, although its sender was overtaken: nobody needs to send it again.
func TestOvertakenSenderMarksWhatItSent(t *testing.T) {
	s, tables := open(t)
	slow, other := overtaken(t, s)
	if err := s.LetterSent(t.Context(), slow, "first", noon.Add(4*time.Minute)); err != nil {
		t.Fatal(err)
	}
	if got := due(t, s, "Letters", noon.Add(time.Hour)); len(got) != 0 {
		t.Errorf("sent, and due: %v", got)
	}
	if err := s.LetterSent(t.Context(), other, "second", noon.Add(4*time.Minute)); err != nil {
		t.Errorf("the other's mark: %v", err)
	}
	if got := text(items(t, tables, "OrdersTable")[0]["message"]); got != "first" {
		t.Errorf("the record is of %q", got)
	}
}

// What SES refused of an overtaken sender may be taken of the one who has the lease.
func TestOvertakenSenderDoesNotGiveALetterUp(t *testing.T) {
	s, _ := open(t)
	slow, other := overtaken(t, s)
	if err := s.LetterRefused(t.Context(), slow, "no such mailbox", noon.Add(4*time.Minute)); err != nil {
		t.Fatal(err)
	}
	if got := due(t, s, "Letters", noon.Add(time.Hour)); len(got) != 1 {
		t.Errorf("given up: %v", got)
	}
	if err := s.LetterRefused(t.Context(), other, "no such mailbox", noon.Add(4*time.Minute)); err != nil {
		t.Fatal(err)
	}
	if got := due(t, s, "Letters", noon.Add(time.Hour)); len(got) != 0 {
		t.Errorf("given up by who has the lease, and due: %v", got)
	}
}

// Somebody asks for the same letter again after it was sent. Whoever was overtaken before takes nothing out of the queue.
func TestOvertakenSenderLeavesWhatWasQueuedAgain(t *testing.T) {
	s, _ := open(t)
	slow, other := overtaken(t, s)
	if err := s.LetterSent(t.Context(), other, "message", noon.Add(4*time.Minute)); err != nil {
		t.Fatal(err)
	}
	again := noon.Add(10 * time.Minute)
	if err := s.Queue(t.Context(), commerce.ResetLetter(ana, "sl", again)); err != nil {
		t.Fatal(err)
	}
	for name, mark := range map[string]func(context.Context, store.Claimed, string, time.Time) error{"sent": s.LetterSent, "refused": s.LetterRefused} {
		if err := mark(t.Context(), slow, "late", again); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := due(t, s, "Letters", again); len(got) != 1 {
			t.Errorf("%s: the letter that was asked for again is gone: %v", name, got)
		}
	}
	e := due(t, s, "Letters", again)[0]
	if _, ok := claim(t, s, e, "slow", again); !ok {
		t.Fatal("nobody can send the letter that was asked for again")
	}
	if err := s.LetterRefused(t.Context(), slow, "late", again); err != nil { // a claim of the same name is of another letter
		t.Fatal(err)
	}
	if got := due(t, s, "Letters", again); len(got) != 1 {
		t.Errorf("the letter that was asked for again is gone: %v", got)
	}
}

// What others have in work at the head of a shard hides nothing behind it.
func TestWorkLooksBehindWhatOthersHave(t *testing.T) {
	s, tables := open(t)
	o := place(t, s, order(t, "DO-1"))
	e := due(t, s, "Letters", opens)[0]
	var shard string
	for _, i := range items(t, tables, "OrdersTable") {
		if text(i["pk"]) == e.PK && text(i["sk"]) == e.SK {
			shard = text(i["due"])
		}
	}
	s1 := func(v string) types.AttributeValue { return &types.AttributeValueMemberS{Value: v} }
	var writes []types.WriteRequest
	for n := range 250 {
		writes = append(writes, types.WriteRequest{PutRequest: &types.PutRequest{Item: map[string]types.AttributeValue{
			"pk": s1(fmt.Sprintf("letter#%d", n)), "sk": s1("letter"), "due": s1(shard), "due_at": s1(fmt.Sprintf("2026-01-01T00:00:00.000Z#%d", n)),
			"lease": s1("another's"), "lease_until": &types.AttributeValueMemberN{Value: fmt.Sprint(opens.Add(time.Minute).UnixMilli())},
		}}})
		if len(writes) == 25 {
			if _, err := tables.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{tables.Name("OrdersTable"): writes}}); err != nil {
				t.Fatal(err)
			}
			writes = nil
		}
	}
	var seen []string
	if err := s.Work(t.Context(), "Letters", opens, pace, func(ctx context.Context, c store.Claimed) error {
		seen = append(seen, c.Entry.PK)
		return s.Replace(ctx, *c.Order, c.Order.LinkSent(commerce.LetterSetup, c.Order.Contact, 1, "m", opens))
	}); err != nil {
		t.Fatal(err)
	}
	if len(seen) != 1 || seen[0] != "order#"+o.ID {
		t.Errorf("done: %v", seen)
	}
}

// A run that is told to be too fast does everything all the same, later, and puts nothing off.
func TestWorkRestsWhereItIsTooFast(t *testing.T) {
	s, _ := open(t)
	for i := range 12 {
		place(t, s, order(t, fmt.Sprintf("DO-%d", i)))
	}
	var asked atomic.Int64
	brisk := pace
	brisk.Breath = 5 * time.Millisecond
	if err := s.Work(t.Context(), "Letters", opens, brisk, func(ctx context.Context, c store.Claimed) error {
		if n := asked.Add(1); n%5 == 0 {
			return fmt.Errorf("letter %d: %w", n, store.ErrTooFast)
		}
		if c.Tries != 1 {
			t.Errorf("%s was tried %d times", c.Order.ID, c.Tries)
		}
		return s.Replace(ctx, *c.Order, c.Order.LinkSent(commerce.LetterSetup, c.Order.Contact, 1, "m", opens))
	}); err != nil {
		t.Fatal(err)
	}
	if got := due(t, s, "Letters", opens.Add(time.Hour)); len(got) != 0 {
		t.Errorf("left: %v", got)
	}
}

// Nothing is put off where nothing can be done: the run ends, and all that was due is.
func TestWorkEndsWhereNothingCanBeDone(t *testing.T) {
	for name, why := range map[string]error{"on hold": store.ErrHold, "too fast whatever it does": store.ErrTooFast} {
		t.Run(name, func(t *testing.T) {
			s, _ := open(t)
			for i := range 40 {
				place(t, s, order(t, fmt.Sprintf("DO-%d", i)))
			}
			var asked atomic.Int64
			brisk := pace
			brisk.Breath = time.Millisecond
			err := s.Work(t.Context(), "Letters", opens, brisk, func(context.Context, store.Claimed) error {
				asked.Add(1)
				return fmt.Errorf("the mail: %w", why)
			})
			if !errors.Is(err, why) {
				t.Errorf("Work = %v", err)
			}
			if n := asked.Load(); n > 20 {
				t.Errorf("asked %d times for nothing", n)
			}
			entries := due(t, s, "Letters", opens)
			if len(entries) != 40 {
				t.Errorf("%d are due", len(entries))
			}
			for _, e := range entries {
				if c, ok := claim(t, s, e, "next", opens); !ok || c.Tries != 1 {
					t.Fatalf("%s: claimed %t, tries %d", e.PK, ok, c.Tries)
				}
			}
		})
	}
}
