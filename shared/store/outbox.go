package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dayone/shared/commerce"
)

// outgoingItem is an event of an order on its way to the other system. It says which event it is and what became of it;
// the order says what happened. Once it was delivered or given up it has no due key and stays as the record of it.
type outgoingItem struct {
	PK          string        `dynamodbav:"pk"`
	SK          string        `dynamodbav:"sk"`
	Due         string        `dynamodbav:"due,omitempty"`
	DueAt       string        `dynamodbav:"due_at,omitempty"`
	Kind        string        `dynamodbav:"kind"`
	Sent        int           `dynamodbav:"sent,omitempty"` // tries since it was last asked for
	Asked       int64         `dynamodbav:"asked_at,omitempty"`
	DeliveredAt int64         `dynamodbav:"delivered_at,omitempty"`
	GivenUpAt   int64         `dynamodbav:"given_up_at,omitempty"`
	Log         []attemptItem `dynamodbav:"log,omitempty"`
	Expires     int64         `dynamodbav:"expires_at"`
}

type attemptItem struct {
	At      int64  `dynamodbav:"at"`
	Status  int    `dynamodbav:"status,omitempty"`
	Millis  int64  `dynamodbav:"ms"`
	Problem string `dynamodbav:"problem,omitempty"`
}

// Outgoing is an event of an order on its way to the other system, and what became of it.
type Outgoing struct {
	Order string
	Seq   int
	Kind  string
	Tries int  // since it was last asked for
	Asked bool // somebody asked for it to be sent again

	Attempts    []Attempt // the latest
	NextAt      time.Time // zero: it is not sent any more
	DeliveredAt time.Time // when it was last taken
	GivenUpAt   time.Time
}

// Attempt is one sending of an event. Status is 0 where there was no answer, and Problem says why.
type Attempt struct {
	At      time.Time
	Status  int
	Took    time.Duration
	Problem string
}

const (
	eventItemPrefix = "event#"
	undelivered     = "undelivered" // the list of events that were given up
	attemptsKept    = 20
	eventsKept      = 400 * 24 * time.Hour
)

func eventKey(seq int) string { return fmt.Sprintf("%s%06d", eventItemPrefix, seq) }

// eventName sorts the events of an order by their number.
func eventName(order string, seq int) string { return fmt.Sprintf("%s#%06d", order, seq) }

// Publishes reports whether events of orders are sent to another system.
func (s *Store) Publishes() bool { return s.publishes }

// publish adds the new events of a changed order to a transaction, each due at once.
func (s *Store) publish(b *batch, old, changed commerce.Order) {
	if !s.publishes {
		return
	}
	for _, e := range changed.Events[min(len(old.Events), len(changed.Events)):] {
		b.put(put{table: s.tables.Orders, item: outgoingItem{
			PK: orderKey(changed.ID), SK: eventKey(e.Seq), Due: dueKey("deliveries", changed.ID), DueAt: stamped(e.At, eventName(changed.ID, e.Seq)),
			Kind: e.Kind, Expires: seconds(e.At.Add(eventsKept)),
		}})
	}
}

func (i outgoingItem) outgoing() (Outgoing, error) {
	seq, err := strconv.Atoi(strings.TrimPrefix(i.SK, eventItemPrefix))
	if err != nil {
		return Outgoing{}, fmt.Errorf("read %s %s: %w", i.PK, i.SK, err)
	}
	g := Outgoing{Order: i.PK[len(orderKey("")):], Seq: seq, Kind: i.Kind, Tries: i.Sent, Asked: i.Asked != 0,
		DeliveredAt: instant(i.DeliveredAt), GivenUpAt: instant(i.GivenUpAt)}
	if i.DueAt != "" {
		at, _, _ := strings.Cut(i.DueAt, "#")
		if g.NextAt, err = time.Parse(stampLayout, at); err != nil {
			return Outgoing{}, fmt.Errorf("read %s %s: %w", i.PK, i.SK, err)
		}
	}
	for _, a := range i.Log {
		g.Attempts = append(g.Attempts, Attempt{instant(a.At), a.Status, time.Duration(a.Millis) * time.Millisecond, a.Problem})
	}
	return g, nil
}

// EventDelivered marks a claimed event as taken: it is not due any more.
func (s *Store) EventDelivered(ctx context.Context, c Claimed, a Attempt) error {
	return s.eventTried(ctx, c, a, "SET delivered_at = :now, sent = :sent, #log = :log REMOVE due, due_at, given_up_at, asked_at, lease_until, lease", item{
		":now": number(millis(a.At))})
}

// EventFailed notes that a claimed event was not taken: it is due again at that instant or, with a zero one, given up and
// listed as such until somebody asks for it.
func (s *Store) EventFailed(ctx context.Context, c Claimed, a Attempt, again time.Time) error {
	name := eventName(c.Event.Order, c.Event.Seq)
	if again.IsZero() {
		return s.eventTried(ctx, c, a, "SET given_up_at = :now, #list = :undelivered, listed = :listed, sent = :sent, #log = :log REMOVE due, due_at, asked_at, lease_until, lease", item{
			":now": number(millis(a.At)), ":undelivered": text(undelivered), ":listed": text(stamped(a.At, name))})
	}
	return s.eventTried(ctx, c, a, "SET due_at = :again, sent = :sent, #log = :log REMOVE lease_until, lease", item{":again": text(stamped(again, name))})
}

// eventTried writes what became of a claimed event. Where it is not due any more as it was claimed, somebody has asked for
// it meanwhile, or this was written before and its answer lost: either way it stands as it is.
func (s *Store) eventTried(ctx context.Context, c Claimed, a Attempt, update string, values item) error {
	attempts := append(c.Event.Attempts, a)
	var log []attemptItem
	for _, a := range attempts[max(len(attempts)-attemptsKept, 0):] {
		log = append(log, attemptItem{millis(a.At), a.Status, a.Took.Milliseconds(), a.Problem})
	}
	encoded, err := attributevalue.Marshal(log)
	if err != nil {
		return fmt.Errorf("note event %s %s: %w", c.Entry.PK, c.Entry.SK, err)
	}
	values[":seen"], values[":sent"], values[":log"] = text(c.Entry.At), number(c.Event.Tries+1), encoded
	names := map[string]string{"#log": "log"} // reserved words
	if strings.Contains(update, "#list") {
		names["#list"] = "list"
	}
	_, err = s.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.tables.Orders, Key: key(c.Entry.PK, c.Entry.SK), UpdateExpression: &update,
		ConditionExpression: aws.String("due_at = :seen"), ExpressionAttributeNames: names, ExpressionAttributeValues: values,
	})
	if _, gone := errors.AsType[*types.ConditionalCheckFailedException](err); gone {
		return nil
	}
	if err != nil {
		return fmt.Errorf("note event %s %s: %w", c.Entry.PK, c.Entry.SK, err)
	}
	return nil
}

// Redeliver has an event of an order sent again, under the id it always had: with the next run, and as often as a new one
// if need be. Asking twice sends it once. An event that was never on its way, because none were sent then, is now.
func (s *Store) Redeliver(ctx context.Context, o commerce.Order, seq int, now time.Time) error {
	e, err := o.Event(seq)
	if err != nil {
		return err
	}
	if !s.publishes {
		return commerce.ErrEventsOff
	}
	_, err = s.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.tables.Orders, Key: key(orderKey(o.ID), eventKey(seq)),
		UpdateExpression:         aws.String("SET due = :due, due_at = :at, kind = :kind, asked_at = :now, expires_at = :end REMOVE #list, listed, given_up_at, sent"),
		ExpressionAttributeNames: map[string]string{"#list": "list"}, // a reserved word
		ExpressionAttributeValues: item{":due": text(dueKey("deliveries", o.ID)), ":at": text(stamped(now, eventName(o.ID, seq))), ":kind": text(e.Kind),
			":now": number(millis(now)), ":end": number(seconds(now.Add(eventsKept)))},
	})
	if err != nil {
		return fmt.Errorf("redeliver event %d of %s: %w", seq, o.ID, err)
	}
	return nil
}

// EventsOf is a page of an order's events that are or were on their way, by number and after the one given.
func (s *Store) EventsOf(ctx context.Context, order string, after, limit int) ([]Outgoing, error) {
	out, err := s.db.Query(ctx, &dynamodb.QueryInput{
		TableName: &s.tables.Orders, Limit: aws.Int32(int32(limit)), ConsistentRead: aws.Bool(true),
		KeyConditionExpression: aws.String("pk = :order AND sk BETWEEN :from AND :to"),
		ExpressionAttributeValues: item{":order": text(orderKey(order)), ":from": text(eventKey(after + 1)),
			":to": text(eventItemPrefix + ":")}, // comes right after the digits
	})
	if err != nil {
		return nil, fmt.Errorf("read events of %s: %w", order, err)
	}
	all := make([]Outgoing, len(out.Items))
	for n, i := range out.Items {
		if all[n], err = decodeOutgoing(i); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Undelivered is a page of all events that were given up, the longest ago first, and the cursor of the next page.
func (s *Store) Undelivered(ctx context.Context, cursor string, limit int) ([]Outgoing, string, error) {
	var all []Outgoing
	next, err := s.page(ctx, span{undelivered, "0", ":"}, cursor, limit, func(i item) (bool, error) {
		g, err := decodeOutgoing(i)
		if err != nil || g.GivenUpAt.IsZero() { // somebody asked for it a moment ago
			return false, err
		}
		all = append(all, g)
		return true, nil
	})
	return all, next, err
}

func decodeOutgoing(i item) (Outgoing, error) {
	var o outgoingItem
	if err := attributevalue.UnmarshalMap(i, &o); err != nil {
		return Outgoing{}, fmt.Errorf("read event: %w", err)
	}
	return o.outgoing()
}

// endpointItem is an endpoint that said it wants no more events.
type endpointItem struct {
	PK     string `dynamodbav:"pk"`
	SK     string `dynamodbav:"sk"`
	GoneAt int64  `dynamodbav:"gone_at"`
}

// EndpointGone answers since when an endpoint wants no more events, zero where it does.
func (s *Store) EndpointGone(ctx context.Context, endpoint string) (time.Time, error) {
	var i endpointItem
	if _, err := s.get(ctx, s.tables.Orders, key(endpointKey(endpoint), endpointItemKey), &i); err != nil {
		return time.Time{}, fmt.Errorf("read endpoint: %w", err)
	}
	return instant(i.GoneAt), nil
}

// SetEndpointGone keeps since when an endpoint wants no more events; zero where it took one again.
func (s *Store) SetEndpointGone(ctx context.Context, endpoint string, at time.Time) error {
	attributes, err := encode(endpointItem{endpointKey(endpoint), endpointItemKey, millis(at)})
	if err != nil {
		return fmt.Errorf("write endpoint: %w", err)
	}
	if _, err := s.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &s.tables.Orders, Item: attributes}); err != nil {
		return fmt.Errorf("write endpoint: %w", err)
	}
	return nil
}
