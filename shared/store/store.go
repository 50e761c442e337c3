package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dayone/shared/env"
)

// Store is the three tables.
type Store struct {
	db     *dynamodb.Client
	tables Tables

	publishes bool // events of orders are sent to another system
}

// Tables are the names of the tables, as the template's functions are told them.
type Tables struct {
	Orders, Organizations, Tokens string
}

// Open is the store in these tables.
func Open(db *dynamodb.Client, tables Tables) *Store { return &Store{db: db, tables: tables} }

// attempts is how often a call is made at most.
const attempts = 6

// backoff is the wait before a call is made again: some 25 ms, doubling. The SDK's own begins with a second.
func backoff(attempt int, _ error) (time.Duration, error) {
	longest := 25 * time.Millisecond << min(attempt, attempts)
	return longest/2 + rand.N(longest/2), nil
}

// brokenOff has a call made again whose answer ended in the middle, which the SDK leaves as it is. Every write here knows
// itself again.
func brokenOff(err error) aws.Ternary {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return aws.TrueTernary
	}
	return aws.UnknownTernary
}

// FromEnv is the store that a function's environment names: ORDERS_TABLE, ORGANIZATIONS_TABLE, TOKENS_TABLE and, for
// another engine than AWS's, AWS_ENDPOINT_URL_DYNAMODB. With PUBLISH_EVENTS "yes" every event of an order goes on its way
// to another system in the transaction that writes it.
func FromEnv(getenv func(string) string) *Store {
	db := dynamodb.NewFromConfig(env.AWS(getenv), func(o *dynamodb.Options) {
		o.EndpointResolverV2 = &endpoint{}
		// A single write that meets another's transaction is refused at once, and the SDK would not try it again.
		o.Retryer = retry.AddWithErrorCodes(retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts, o.Backoff = attempts, retry.BackoffDelayerFunc(backoff)
			o.Retryables = append(o.Retryables, retry.IsErrorRetryableFunc(brokenOff))
		}), (*types.TransactionConflictException)(nil).ErrorCode())
		if url := getenv("AWS_ENDPOINT_URL_DYNAMODB"); url != "" {
			o.BaseEndpoint = aws.String(url)
		}
	})
	s := Open(db, Tables{getenv("ORDERS_TABLE"), getenv("ORGANIZATIONS_TABLE"), getenv("TOKENS_TABLE")})
	s.publishes = getenv("PUBLISH_EVENTS") == "yes"
	return s
}

type item = map[string]types.AttributeValue

// encode turns one of our item structs into attributes. It fails only on types that no item struct has.
func encode(v any) (item, error) { return attributevalue.MarshalMap(v) }

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number[N int | int64](n N) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: fmt.Sprint(n)}
}

// get reads one item consistently into v and answers whether it is there.
func (s *Store) get(ctx context.Context, table string, key item, v any) (bool, error) {
	out, err := s.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &table, Key: key, ConsistentRead: aws.Bool(true)})
	if err != nil {
		return false, err
	}
	if out.Item == nil {
		return false, nil
	}
	return true, attributevalue.UnmarshalMap(out.Item, v)
}

// put is the write of one item under a condition; "" writes in any case.
type put struct {
	table  string
	item   any
	when   string
	values item
}

func (p put) transact() (types.TransactWriteItem, error) {
	attributes, err := encode(p.item)
	if err != nil {
		return types.TransactWriteItem{}, err
	}
	w := &types.Put{TableName: &p.table, Item: attributes, ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld}
	if p.when != "" {
		w.ConditionExpression = &p.when
	}
	if len(p.values) > 0 {
		w.ExpressionAttributeValues = p.values
	}
	return types.TransactWriteItem{Put: w}, nil
}

// absent is the condition that nothing is there yet.
const absent = "attribute_not_exists(pk)"

// refusal is a transaction that the database refused: old holds, for each write whose condition failed, what is stored
// there, empty where nothing is.
type refusal struct {
	old map[int]item
}

func (r *refusal) Error() string { return fmt.Sprintf("%d conditions failed", len(r.old)) }

// failed reports whether the condition of write i failed.
func (r *refusal) failed(i int) bool { _, ok := r.old[i]; return ok }

// conflictTries bounds the repeats of a transaction that another one was in the way of.
const conflictTries = 6

// transact writes everything or nothing. A failed condition is a *refusal; a conflict with another transaction is tried
// again with a jittered wait, under a new request token, since nothing was written.
func (s *Store) transact(ctx context.Context, writes []types.TransactWriteItem) error {
	for try := 1; ; try++ {
		_, err := s.db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: writes})
		cancelled, ok := errors.AsType[*types.TransactionCanceledException](err)
		if !ok {
			return err
		}
		old, conflict := map[int]item{}, false
		for i, reason := range cancelled.CancellationReasons {
			switch aws.ToString(reason.Code) {
			case "ConditionalCheckFailed":
				old[i] = reason.Item
			case "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded":
				conflict = true
			}
		}
		switch {
		case len(old) > 0:
			return &refusal{old}
		case !conflict || try == conflictTries:
			return err
		}
		if err := pause(ctx, time.Duration(try)*(10*time.Millisecond+rand.N(30*time.Millisecond))); err != nil {
			return err
		}
	}
}

// pause waits, or ends with the context.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// batch collects the writes of a transaction; its error waits for run.
type batch struct {
	writes []types.TransactWriteItem
	err    error
}

// put adds a write and answers its number, by which a refusal names it.
func (b *batch) put(p put) int {
	w, err := p.transact()
	if err != nil && b.err == nil {
		b.err = err
	}
	b.writes = append(b.writes, w)
	return len(b.writes) - 1
}

func (b *batch) add(w types.TransactWriteItem) int {
	b.writes = append(b.writes, w)
	return len(b.writes) - 1
}

// run is transact for a batch.
func (s *Store) run(ctx context.Context, b *batch) error {
	if b.err != nil {
		return b.err
	}
	return s.transact(ctx, b.writes)
}

// millis is an instant as items hold it; 0 for none.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// instant is what millis stored.
func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// seconds is an instant as DynamoDB's time to live counts.
func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}
