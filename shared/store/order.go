package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dayone/shared/commerce"
)

// Placed is what an idempotency key stands for: which order it placed, when, and a digest of the body.
type Placed struct {
	Order  string
	Digest string
	At     time.Time
}

type idempotencyItem struct {
	PK      string `dynamodbav:"pk"`
	SK      string `dynamodbav:"sk"`
	Order   string `dynamodbav:"order"`
	Digest  string `dynamodbav:"digest"`
	At      int64  `dynamodbav:"at"`
	Expires int64  `dynamodbav:"expires_at"`
}

type referenceItem struct {
	PK    string `dynamodbav:"pk"`
	SK    string `dynamodbav:"sk"`
	Order string `dynamodbav:"order"`
}

// KeyKept is how long an idempotency key stands for its order.
const KeyKept = 7 * 24 * time.Hour

// Place stores a new order under its caller's idempotency key, whose body has this digest. Where the key stands for an
// order already, nothing is written and that is answered; where another order has the same external_ref, the error is
// commerce.ErrReferenceTaken with its id.
func (s *Store) Place(ctx context.Context, o commerce.Order, idempotency, digest string) (Placed, error) {
	var b batch
	b.put(put{table: s.tables.Orders, item: toItem(o), when: absent})
	guard := b.put(put{
		table: s.tables.Orders,
		item: idempotencyItem{idempotencyKey(o.Caller, idempotency), idempotencyItemKey, o.ID, digest, millis(o.PlacedAt),
			seconds(o.PlacedAt.Add(KeyKept))},
		// An expired item may stay readable for days before it is removed.
		when: absent + " OR expires_at <= :now", values: item{":now": number(seconds(o.PlacedAt))},
	})
	reference := b.put(put{
		table: s.tables.Orders, item: referenceItem{referenceKey(o.Caller, o.ExternalRef), referenceItemKey, o.ID}, when: absent,
	})
	s.publish(&b, commerce.Order{}, o)
	err := s.run(ctx, &b)
	refused, ok := errors.AsType[*refusal](err)
	switch {
	case err == nil:
		return Placed{o.ID, digest, o.PlacedAt}, nil
	case !ok:
		return Placed{}, fmt.Errorf("place order: %w", err)
	case refused.failed(guard):
		var first idempotencyItem
		if err := attributevalue.UnmarshalMap(refused.old[guard], &first); err != nil {
			return Placed{}, fmt.Errorf("place order: read key: %w", err)
		}
		return Placed{first.Order, first.Digest, instant(first.At)}, nil
	case refused.failed(reference):
		var taken referenceItem
		if err := attributevalue.UnmarshalMap(refused.old[reference], &taken); err != nil {
			return Placed{}, fmt.Errorf("place order: read reference: %w", err)
		}
		e := *commerce.ErrReferenceTaken
		e.Existing = taken.Order
		return Placed{}, &e
	}
	return Placed{}, fmt.Errorf("place order: the id %s is taken", o.ID)
}

// longestID bounds what is looked up by a part of a URL: no id of ours is as long, and no key may have 2 KB.
const longestID = 100

// Order reads an order consistently; commerce.ErrOrderUnknown where there is none.
func (s *Store) Order(ctx context.Context, id string) (commerce.Order, error) {
	if len(id) > longestID {
		return commerce.Order{}, commerce.ErrOrderUnknown
	}
	var i orderItem
	found, err := s.get(ctx, s.tables.Orders, key(orderKey(id), orderItemKey), &i)
	if err != nil {
		return commerce.Order{}, fmt.Errorf("read order %s: %w", id, err)
	}
	if !found {
		return commerce.Order{}, commerce.ErrOrderUnknown
	}
	return i.order()
}

// OrderOf is Order for the caller who placed it; another's order is as unknown as none.
func (s *Store) OrderOf(ctx context.Context, caller, id string) (commerce.Order, error) {
	o, err := s.Order(ctx, id)
	if err == nil && o.Caller != caller {
		return commerce.Order{}, commerce.ErrOrderUnknown
	}
	return o, err
}

// Replace writes the changed order in place of old, together with the letters that the change makes necessary.
// commerce.ErrOrderChanged where somebody else changed it first. An unchanged order is not written.
func (s *Store) Replace(ctx context.Context, old, changed commerce.Order, letters ...commerce.Letter) error {
	if changed.Version == old.Version {
		return nil
	}
	changed = changed.Explain(old)
	if len(letters) == 0 && (!s.publishes || len(changed.Events) == len(old.Events)) {
		return s.replaceAlone(ctx, old, changed)
	}
	var b batch
	at := s.replace(&b, old, changed)
	s.queue(&b, letters)
	return s.changed(s.run(ctx, &b), at, changed.ID)
}

// replace adds the write of a changed order to a transaction.
func (s *Store) replace(b *batch, old, changed commerce.Order) int {
	changed = changed.Explain(old)
	at := b.put(put{table: s.tables.Orders, item: toItem(changed), when: "version = :old", values: item{":old": number(old.Version)}})
	s.publish(b, old, changed)
	return at
}

// changed turns the refusal of the order's own write into commerce.ErrOrderChanged.
func (s *Store) changed(err error, at int, id string) error {
	if refused, ok := errors.AsType[*refusal](err); ok && refused.failed(at) {
		return commerce.ErrOrderChanged
	}
	if err != nil {
		return fmt.Errorf("replace order %s: %w", id, err)
	}
	return nil
}

// replaceAlone is Replace as one conditional write, at half the price of a transaction. A write whose answer was lost is
// repeated by the SDK and then fails its own condition: the stored item tells by its write's name.
func (s *Store) replaceAlone(ctx context.Context, old, changed commerce.Order) error {
	i := toItem(changed)
	attributes, err := encode(i)
	if err != nil {
		return fmt.Errorf("replace order %s: %w", changed.ID, err)
	}
	when := "version = :old"
	_, err = s.db.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &s.tables.Orders, Item: attributes, ConditionExpression: &when,
		ExpressionAttributeValues:           item{":old": number(old.Version)},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	if failed, ok := errors.AsType[*types.ConditionalCheckFailedException](err); ok {
		if write, ok := failed.Item["write"].(*types.AttributeValueMemberS); ok && write.Value == i.Write {
			return nil
		}
		return commerce.ErrOrderChanged
	}
	if err != nil {
		return fmt.Errorf("replace order %s: %w", changed.ID, err)
	}
	return nil
}
