package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dayone/local/engine/enginetest"
	"dayone/shared/commerce"
	"dayone/shared/store"
)

var pace = store.Pace{Width: 4, Lease: 2 * time.Minute, Reserve: time.Second}

// errBroken is a failure of ours.
var errBroken = errors.New("broken")

// spoil makes an order that nothing can read.
func spoil(t testing.TB, tables *enginetest.Tables, id string) {
	t.Helper()
	_, err := tables.Client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
		TableName:        aws.String(tables.Name("OrdersTable")),
		Key:              map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: "order#" + id}, "sk": &types.AttributeValueMemberS{Value: "order"}},
		UpdateExpression: aws.String("SET timeline = :nonsense"),
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":nonsense": &types.AttributeValueMemberS{Value: "some day"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What fails does not stop the others, not even where it cannot be read, and is due again later.
func TestWorkGoesOnPastWhatFails(t *testing.T) {
	s, tables := open(t)
	for i := range 12 {
		place(t, s, order(t, fmt.Sprintf("DO-%d", i)))
	}
	spoil(t, tables, "DO-3")
	var mu sync.Mutex
	seen := map[string]int{}
	err := s.Work(t.Context(), "Letters", opens, pace, func(ctx context.Context, c store.Claimed) error {
		mu.Lock()
		seen[c.Order.ID]++
		mu.Unlock()
		if c.Order.ID == "DO-7" {
			return errBroken
		}
		return s.Replace(ctx, *c.Order, c.Order.LinkSent(commerce.LetterSetup, c.Order.Contact, 1, "m", opens))
	})
	if !errors.Is(err, errBroken) || !strings.Contains(err.Error(), "order#DO-3") {
		t.Errorf("Work = %v", err)
	}
	if len(seen) != 11 {
		t.Errorf("%d were seen", len(seen))
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s was done %d times", id, n)
		}
	}
	if got := due(t, s, "Letters", opens.Add(59*time.Second)); len(got) != 0 {
		t.Errorf("due at once: %v", got)
	}
	if got := due(t, s, "Letters", opens.Add(time.Minute)); len(got) != 2 {
		t.Errorf("due a minute later: %v", got)
	}
}

func TestTwoRunsShareTheWork(t *testing.T) {
	s, _ := open(t)
	for i := range 20 {
		place(t, s, order(t, fmt.Sprintf("DO-%d", i)))
	}
	var mu sync.Mutex
	seen := map[string]int{}
	errs := atOnce(3, func(int) error {
		return s.Work(t.Context(), "Letters", opens, pace, func(ctx context.Context, c store.Claimed) error {
			mu.Lock()
			seen[c.Order.ID]++
			mu.Unlock()
			return s.Replace(ctx, *c.Order, c.Order.LinkSent(commerce.LetterSetup, c.Order.Contact, 1, "m", opens))
		})
	})
	if got := tally(errs); got["done"] != 3 {
		t.Errorf("%v", got)
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s was done %d times", id, n)
		}
	}
	if len(seen) != 20 {
		t.Errorf("%d were seen", len(seen))
	}
}

// A run that does nothing for what is due comes to an end all the same.
func TestWorkEnds(t *testing.T) {
	s, _ := open(t)
	place(t, s, order(t, "DO-1"))
	n := 0
	if err := s.Work(t.Context(), "Letters", opens, pace, func(context.Context, store.Claimed) error { n++; return nil }); err != nil || n != 1 {
		t.Errorf("done %d times, %v", n, err)
	}
	changed := func(context.Context, store.Claimed) error { return commerce.ErrOrderChanged }
	if err := s.Work(t.Context(), "Letters", opens.Add(time.Hour), pace, changed); err != nil {
		t.Errorf("what somebody else changed is theirs: %v", err)
	}
}

// Nothing new is begun when the invocation's time is nearly over.
func TestWorkStopsInTime(t *testing.T) {
	s, _ := open(t)
	place(t, s, order(t, "DO-1"))
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	err := s.Work(ctx, "Letters", opens, pace, func(context.Context, store.Claimed) error { return errBroken })
	if err != nil {
		t.Errorf("Work = %v", err)
	}
}
