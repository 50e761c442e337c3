package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dayone/shared/commerce"
)

// Entry is what the due index holds: which item waits for a function, and since when.
type Entry struct {
	PK string `dynamodbav:"pk"`
	SK string `dynamodbav:"sk"`
	At string `dynamodbav:"due_at"`
}

// Due answers up to limit entries per shard of what is due for a function at now, the longest waiting of each shard
// first. It is a hint: a claim decides.
func (s *Store) Due(ctx context.Context, function string, now time.Time, limit int) ([]Entry, error) {
	pages, err := s.due(ctx, function, now, limit, make([]item, Shards))
	var all []Entry
	for _, p := range pages {
		all = append(all, p.entries...)
	}
	return all, err
}

// duePage is entries of one shard, and where the next begin: nil where there are none.
type duePage struct {
	entries []Entry
	next    item
}

// due reads a page of each shard, from where each of from says; nil is its beginning.
func (s *Store) due(ctx context.Context, function string, now time.Time, limit int, from []item) ([]duePage, error) {
	var wait sync.WaitGroup
	pages, errs := make([]duePage, Shards), make([]error, Shards)
	for shard := range Shards {
		wait.Go(func() { pages[shard], errs[shard] = s.dueIn(ctx, shardKey(function, shard), now, limit, from[shard]) })
	}
	wait.Wait()
	return pages, errors.Join(errs...)
}

func (s *Store) dueIn(ctx context.Context, shard string, now time.Time, limit int, from item) (duePage, error) {
	out, err := s.db.Query(ctx, &dynamodb.QueryInput{
		TableName: &s.tables.Orders, IndexName: aws.String("due"), Limit: aws.Int32(int32(limit)), ExclusiveStartKey: from,
		KeyConditionExpression: aws.String("due = :shard AND due_at < :end"),
		// due_at is the instant, # and an id: $ comes right after #.
		ExpressionAttributeValues: item{":shard": text(shard), ":end": text(stamp(now) + "$")},
	})
	if err != nil {
		return duePage{}, fmt.Errorf("read what is due in %s: %w", shard, err)
	}
	p := duePage{next: out.LastEvaluatedKey}
	return p, attributevalue.UnmarshalListOfMaps(out.Items, &p.entries)
}

// Claimed is an item under a lease: an order, a letter of the queue, or an event on its way.
type Claimed struct {
	Entry  Entry
	Order  *commerce.Order
	Letter *commerce.Letter
	Event  *Outgoing
	Tries  int // how often it was claimed since it became due

	attempt string // the claim's own name
}

// Claim takes the lease of an entry until the given instant and reads the item, consistently, in the same call. It
// answers false where the entry is not what the item says any more, or another holds the lease. attempt names this
// claim, so that one whose answer was lost knows itself again.
func (s *Store) Claim(ctx context.Context, e Entry, attempt string, now, until time.Time) (Claimed, bool, error) {
	out, err := s.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.tables.Orders, Key: key(e.PK, e.SK),
		UpdateExpression:    aws.String("SET lease_until = :until, lease = :attempt ADD tries :one"),
		ConditionExpression: aws.String("due_at = :seen AND (attribute_not_exists(lease_until) OR lease_until <= :now OR lease = :attempt)"),
		ExpressionAttributeValues: item{
			":until": number(millis(until)), ":attempt": text(attempt), ":one": number(1), ":seen": text(e.At), ":now": number(millis(now)),
		},
		ReturnValues: types.ReturnValueAllNew,
	})
	if _, no := errors.AsType[*types.ConditionalCheckFailedException](err); no {
		return Claimed{}, false, nil
	}
	if err != nil {
		return Claimed{}, false, fmt.Errorf("claim %s: %w", e.PK, err)
	}
	c, ok, err := claimed(e, out.Attributes)
	c.attempt = attempt
	return c, ok, err
}

func claimed(e Entry, attributes item) (Claimed, bool, error) {
	var lease struct {
		Tries int `dynamodbav:"tries"`
	}
	if err := attributevalue.UnmarshalMap(attributes, &lease); err != nil {
		return Claimed{}, false, fmt.Errorf("read lease of %s: %w", e.PK, err)
	}
	c := Claimed{Entry: e, Tries: lease.Tries}
	if e.SK == letterItemKey {
		var i letterItem
		if err := attributevalue.UnmarshalMap(attributes, &i); err != nil {
			return Claimed{}, false, fmt.Errorf("read %s: %w", e.PK, err)
		}
		l := i.letter()
		c.Letter = &l
		return c, true, nil
	}
	if strings.HasPrefix(e.SK, eventItemPrefix) {
		g, err := decodeOutgoing(attributes)
		c.Event = &g
		return c, err == nil, err
	}
	var i orderItem
	if err := attributevalue.UnmarshalMap(attributes, &i); err != nil {
		return Claimed{}, false, fmt.Errorf("read %s: %w", e.PK, err)
	}
	o, err := i.order()
	if err != nil {
		return Claimed{}, false, err
	}
	c.Order = &o
	return c, true, nil
}

// Defer gives a claimed entry back, to be due again at the given instant, where nobody changed the item meanwhile.
func (s *Store) Defer(ctx context.Context, e Entry, attempt string, until time.Time) error {
	_, id, _ := strings.Cut(e.PK, "#")
	return s.giveBack(ctx, e, "SET due_at = :at REMOVE lease_until, lease", item{":at": text(stamped(until, id)), ":attempt": text(attempt)})
}

// Release gives a claimed entry back as it was, due as before and as often tried.
func (s *Store) Release(ctx context.Context, e Entry, attempt string) error {
	return s.giveBack(ctx, e, "REMOVE lease_until, lease ADD tries :less", item{":less": number(-1), ":attempt": text(attempt)})
}

func (s *Store) giveBack(ctx context.Context, e Entry, update string, values item) error {
	_, err := s.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.tables.Orders, Key: key(e.PK, e.SK), UpdateExpression: &update,
		ConditionExpression:       aws.String("lease = :attempt"),
		ExpressionAttributeValues: values,
	})
	if _, no := errors.AsType[*types.ConditionalCheckFailedException](err); no {
		return nil
	}
	if err != nil {
		return fmt.Errorf("give back %s: %w", e.PK, err)
	}
	return nil
}

// letterItem is a letter in the queue. Once it was sent or given up it has no due key and stays as the record of it.
type letterItem struct {
	PK       string `dynamodbav:"pk"`
	SK       string `dynamodbav:"sk"`
	Due      string `dynamodbav:"due,omitempty"`
	DueAt    string `dynamodbav:"due_at,omitempty"`
	Kind     string `dynamodbav:"kind"`
	To       string `dynamodbav:"to"`
	Locale   string `dynamodbav:"locale"`
	Order    string `dynamodbav:"order,omitempty"`
	Customer string `dynamodbav:"customer,omitempty"`
	Partner  string `dynamodbav:"partner,omitempty"`
	Asker    string `dynamodbav:"asker,omitempty"`
	Reason   string `dynamodbav:"reason,omitempty"`
	Name     string `dynamodbav:"organization_name,omitempty"`
	By       string `dynamodbav:"by,omitempty"`
	Access   string `dynamodbav:"access,omitempty"`
	QueuedAt int64  `dynamodbav:"queued_at"`
	Expires  int64  `dynamodbav:"expires_at"`
}

// lettersKept is how long a letter stays as a record.
const lettersKept = 400 * 24 * time.Hour

func (i letterItem) letter() commerce.Letter {
	return commerce.Letter{ID: i.PK[len(letterKey("")):], Kind: commerce.LetterKind(i.Kind), To: commerce.Address(i.To), Locale: i.Locale,
		Order: i.Order, Customer: i.Customer, Partner: i.Partner, Asker: i.Asker, Reason: i.Reason, Organization: i.Name, By: commerce.Address(i.By),
		Access: commerce.Access(i.Access), QueuedAt: instant(i.QueuedAt)}
}

// queue adds letters to a transaction, each due at once.
func (s *Store) queue(b *batch, letters []commerce.Letter) {
	for _, l := range letters {
		b.put(put{table: s.tables.Orders, item: letterItem{
			PK: letterKey(l.ID), SK: letterItemKey, Due: dueKey("letters", l.ID), DueAt: stamped(l.QueuedAt, l.ID),
			Kind: string(l.Kind), To: string(l.To), Locale: l.Locale, Order: l.Order, Customer: l.Customer, Partner: l.Partner,
			Asker: l.Asker, Reason: l.Reason, Name: l.Organization, By: string(l.By), Access: string(l.Access), QueuedAt: millis(l.QueuedAt), Expires: seconds(l.QueuedAt.Add(lettersKept)),
		}})
	}
}

// queueAgain is how long after a letter the same one can be queued again, so that nobody is buried in letters that
// somebody else keeps asking for.
const queueAgain = 5 * time.Minute

// notLately is the condition that a letter neither waits nor was queued a few minutes ago.
const notLately = absent + " OR (attribute_not_exists(due_at) AND queued_at <= :ago)"

func notLatelyValues(l commerce.Letter) item {
	return item{":ago": number(millis(l.QueuedAt.Add(-queueAgain)))}
}

// Queue puts a letter that belongs to no order's change into the queue. A letter of the same id that waits already, or
// was queued a few minutes ago, stays as it is.
func (s *Store) Queue(ctx context.Context, l commerce.Letter) error {
	var b batch
	s.queue(&b, []commerce.Letter{l})
	if b.err != nil {
		return b.err
	}
	p := b.writes[0].Put
	_, err := s.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: p.TableName, Item: p.Item,
		ConditionExpression: aws.String(notLately), ExpressionAttributeValues: notLatelyValues(l)})
	if _, waits := errors.AsType[*types.ConditionalCheckFailedException](err); waits {
		return nil
	}
	if err != nil {
		return fmt.Errorf("queue letter %s: %w", l.Kind, err)
	}
	return nil
}

// LetterSent marks a claimed letter as accepted by the mail service under its message id: it leaves the queue, whoever has
// its lease by now. One that was queued again meanwhile is another, and stays.
func (s *Store) LetterSent(ctx context.Context, c Claimed, message string, now time.Time) error {
	return s.letterOver(ctx, c, "SET sent_at = :now, message = :what REMOVE due, due_at, lease_until, lease", "queued_at = :queued AND attribute_exists(due)",
		item{":now": number(millis(now)), ":what": text(message)})
}

// LetterRefused takes a claimed letter that will never be accepted out of the queue, with the reason, unless the lease has
// gone to somebody else: theirs may be accepted.
func (s *Store) LetterRefused(ctx context.Context, c Claimed, reason string, now time.Time) error {
	return s.letterOver(ctx, c, "SET refused_at = :now, refused = :what REMOVE due, due_at, lease_until, lease", "queued_at = :queued AND lease = :attempt",
		item{":now": number(millis(now)), ":what": text(reason), ":attempt": text(c.attempt)})
}

func (s *Store) letterOver(ctx context.Context, c Claimed, update, when string, values item) error {
	values[":queued"] = number(millis(c.Letter.QueuedAt))
	_, err := s.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.tables.Orders, Key: key(c.Entry.PK, c.Entry.SK), UpdateExpression: &update, ConditionExpression: &when, ExpressionAttributeValues: values,
	})
	if _, over := errors.AsType[*types.ConditionalCheckFailedException](err); over {
		return nil
	}
	if err != nil {
		return fmt.Errorf("mark %s: %w", c.Entry.PK, err)
	}
	return nil
}

// NoteDelivery writes into the record of a letter what became of it, at the first instant that was told. A letter of the
// queue has one, for as long as that is kept; one with a setup link gets it here, under the mail service's id.
func (s *Store) NoteDelivery(ctx context.Context, d commerce.Delivery, now time.Time) error {
	in := &dynamodb.UpdateItemInput{
		TableName: &s.tables.Orders, Key: key(letterKey(d.Record()), letterItemKey),
		UpdateExpression:          aws.String("SET #outcome = if_not_exists(#outcome, :now)"),
		ConditionExpression:       aws.String("attribute_exists(pk)"),
		ExpressionAttributeNames:  map[string]string{"#outcome": string(d.Outcome) + "_at"},
		ExpressionAttributeValues: item{":now": number(millis(now))},
	}
	if d.Letter == "" {
		*in.UpdateExpression += ", #order = :order, kind = :kind, #to = :to, message = :message, expires_at = :end"
		in.ConditionExpression = nil
		in.ExpressionAttributeNames["#order"], in.ExpressionAttributeNames["#to"] = "order", "to" // reserved words
		maps.Copy(in.ExpressionAttributeValues, item{":order": text(d.Order), ":kind": text(string(d.Kind)), ":to": text(string(d.To)),
			":message": text(d.Message), ":end": number(seconds(now.Add(lettersKept)))})
	}
	_, err := s.db.UpdateItem(ctx, in)
	if _, gone := errors.AsType[*types.ConditionalCheckFailedException](err); gone {
		return nil
	}
	if err != nil {
		return fmt.Errorf("note that letter %s is %s: %w", d.Record(), d.Outcome, err)
	}
	return nil
}
