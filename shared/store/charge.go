package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dayone/shared/commerce"
)

type chargeItem struct {
	PK       string `dynamodbav:"pk"`
	SK       string `dynamodbav:"sk"`
	List     string `dynamodbav:"list"`
	Listed   string `dynamodbav:"listed"`
	ID       string `dynamodbav:"id"`
	Caller   string `dynamodbav:"caller"`
	Line     string `dynamodbav:"line"`
	Kind     string `dynamodbav:"kind"`
	Number   int    `dynamodbav:"number,omitempty"` // of the service change
	Start    string `dynamodbav:"period_start"`
	End      string `dynamodbav:"period_end"`
	Quantity int    `dynamodbav:"quantity"`
	Amount   int64  `dynamodbav:"amount"`
	Currency string `dynamodbav:"currency"`
	At       int64  `dynamodbav:"charged_at"`
}

func toChargeItem(c commerce.Charge) chargeItem {
	return chargeItem{
		PK: orderKey(c.Order), SK: chargeKey(c), List: chargesOf(c.Caller, c.Month()), Listed: c.PeriodStart.String() + "#" + c.ID,
		ID: c.ID, Caller: c.Caller, Line: c.Line, Kind: string(c.Kind), Number: c.Number, Start: c.PeriodStart.String(), End: c.PeriodEnd.String(),
		Quantity: c.Quantity, Amount: c.Amount, Currency: c.Currency, At: millis(c.ChargedAt),
	}
}

func (i chargeItem) charge() (commerce.Charge, error) {
	start, err := commerce.ParseDate(i.Start)
	if err != nil {
		return commerce.Charge{}, fmt.Errorf("read charge %s: %w", i.ID, err)
	}
	end, err := commerce.ParseDate(i.End)
	if err != nil {
		return commerce.Charge{}, fmt.Errorf("read charge %s: %w", i.ID, err)
	}
	return commerce.Charge{ID: i.ID, Order: i.PK[len(orderKey("")):], Caller: i.Caller, Line: i.Line, Kind: commerce.ChargeKind(i.Kind), Number: i.Number,
		PeriodStart: start, PeriodEnd: end, Quantity: i.Quantity, Amount: i.Amount, Currency: i.Currency, ChargedAt: instant(i.At)}, nil
}

// charge adds charges of an order to a transaction, and to the totals of their months. One that exists refuses it: a
// charge is a fact and never written twice.
func (s *Store) charge(b *batch, o commerce.Order, charges []commerce.Charge) {
	for _, c := range charges {
		b.put(put{table: s.tables.Orders, item: toChargeItem(c), when: absent})
	}
	s.total(b, o, charges)
}

// Bill writes the order's next charges together with the order that counts them, and all that is to be written with it.
func (s *Store) Bill(ctx context.Context, old, billed commerce.Order, charges []commerce.Charge, with ...Write) error {
	var b batch
	at := s.replace(&b, old, billed)
	s.charge(&b, billed, charges)
	b.with(with)
	return s.changed(s.run(ctx, &b), at, billed.ID)
}

// Proceed is Replace for an order whose services are not done yet, with those that are.
func (s *Store) Proceed(ctx context.Context, old, changed commerce.Order, with []Write, letters ...commerce.Letter) error {
	if len(with) == 0 {
		return s.Replace(ctx, old, changed, letters...)
	}
	var b batch
	at := s.replace(&b, old, changed)
	s.queue(&b, letters)
	b.with(with)
	return s.changed(s.run(ctx, &b), at, changed.ID)
}

// Ending is how a provisioning run or a service change ends, and what is written with that.
type Ending struct {
	Order   commerce.Order
	Charges []commerce.Charge
	Letters []commerce.Letter
	With    []Write
	Settled bool // the customer's organization is known to be, and need not be told
}

// Finish ends a provisioning run in one transaction: the order active with its first charges, or failed with none, and
// the letters that say so. It ends a service change likewise, with the charges that correct what was paid. From its first
// active order on, an organization's subdomain stays (rule 6).
func (s *Store) Finish(ctx context.Context, old commerce.Order, e Ending) error {
	var b batch
	at := s.replace(&b, old, e.Order)
	s.charge(&b, e.Order, e.Charges)
	s.queue(&b, e.Letters)
	b.with(e.With)
	if old.BilledAt.IsZero() && e.Order.Status == commerce.Active && !e.Settled { // nothing ever takes that back
		b.add(types.TransactWriteItem{Update: &types.Update{
			TableName: &s.tables.Organizations, Key: key(organizationKey(e.Order.Mapping.Customer), organizationItemKey),
			UpdateExpression:          aws.String("SET settled = :yes ADD version :one"), // nobody who read it before may write over it
			ConditionExpression:       aws.String("attribute_exists(pk)"),
			ExpressionAttributeValues: item{":yes": &types.AttributeValueMemberBOOL{Value: true}, ":one": number(1)},
		}})
	}
	return s.changed(s.run(ctx, &b), at, e.Order.ID)
}

// entitlementItem is a service that runs for an organization, where no service platform is configured (rule 7).
type entitlementItem struct {
	PK           string `dynamodbav:"pk"`
	SK           string `dynamodbav:"sk"`
	SKU          string `dynamodbav:"sku"`
	Service      string `dynamodbav:"service"`
	Quantity     int    `dynamodbav:"quantity"`
	Subscription string `dynamodbav:"subscription"`
	Suspended    bool   `dynamodbav:"suspended,omitempty"`
}

// Write is something that is stored with an order, in one transaction.
type Write func(*batch)

func (b *batch) with(writes []Write) {
	for _, w := range writes {
		w(b)
	}
}

// Entitle makes a line of an order run for its customer organization or, suspended, keeps it switched off. Doing it again
// changes nothing.
func (s *Store) Entitle(o commerce.Order, l commerce.Line, suspended bool) Write {
	return func(b *batch) {
		b.put(put{table: s.tables.Organizations, item: entitlementItem{organizationKey(o.Mapping.Customer), entitlementKey(o.ID, l.ID), l.SKU,
			string(o.ServiceOf(l)), l.Quantity, l.Subscription, suspended}})
	}
}

// Disentitle takes a line's service away again. Doing it again changes nothing.
func (s *Store) Disentitle(o commerce.Order, l commerce.Line) Write {
	return func(b *batch) {
		b.add(types.TransactWriteItem{Delete: &types.Delete{
			TableName: &s.tables.Organizations, Key: key(organizationKey(o.Mapping.Customer), entitlementKey(o.ID, l.ID)),
		}})
	}
}

// isRefused reports whether write number at of a transaction failed its condition.
func isRefused(err error, at int) bool {
	refused, ok := errors.AsType[*refusal](err)
	return ok && refused.failed(at)
}
