package store

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dayone/shared/commerce"
)

// MaxPage is the most rows that one page of a list may have: what one BatchGetItem reads.
const MaxPage = 100

// span is a part of a list: from (included) to to (excluded), after a cursor.
type span struct {
	list, from, to string
}

// listed is a key of the list index.
type listed struct {
	PK     string `dynamodbav:"pk"`
	SK     string `dynamodbav:"sk"`
	Listed string `dynamodbav:"listed"`
}

// keysIn reads up to limit keys of a list, in order.
func (s *Store) keysIn(ctx context.Context, sp span, limit int) ([]listed, error) {
	out, err := s.db.Query(ctx, &dynamodb.QueryInput{
		TableName: &s.tables.Orders, IndexName: aws.String("list"), Limit: aws.Int32(int32(limit)),
		KeyConditionExpression:    aws.String("#list = :list AND listed BETWEEN :from AND :to"),
		ExpressionAttributeNames:  map[string]string{"#list": "list"}, // a reserved word
		ExpressionAttributeValues: item{":list": text(sp.list), ":from": text(sp.from), ":to": text(sp.to)},
	})
	if err != nil {
		return nil, fmt.Errorf("list: %w", err)
	}
	var keys []listed
	return keys, attributevalue.UnmarshalListOfMaps(out.Items, &keys)
}

// readAll reads items by key in their order; those that are gone are left out.
func (s *Store) readAll(ctx context.Context, keys []listed) ([]item, error) {
	wants := make([]want, len(keys))
	for i, k := range keys {
		wants[i] = want{table: s.tables.Orders, key: key(k.PK, k.SK)}
	}
	all, err := s.getAll(ctx, wants...)
	if err != nil {
		return nil, fmt.Errorf("read a page: %w", err)
	}
	return slices.DeleteFunc(all, func(i item) bool { return i == nil }), nil
}

func name(i item) string {
	pk, _ := i["pk"].(*types.AttributeValueMemberS)
	sk, _ := i["sk"].(*types.AttributeValueMemberS)
	switch {
	case pk == nil:
		return ""
	case sk == nil: // of a table without
		return pk.Value
	}
	return pk.Value + "\n" + sk.Value
}

// page reads a page of a list: up to limit items that keep holds of, and the cursor of the next page, "" at the end. It
// looks at no more than a few pages' worth of rows, so that a page is always quick: it may be short, or empty, and still
// have a next.
func (s *Store) page(ctx context.Context, sp span, cursor string, limit int, keep func(item) (bool, error)) (string, error) {
	if cursor != "" {
		after, err := base64.RawURLEncoding.DecodeString(cursor)
		if err != nil || string(after) < sp.from || string(after) >= sp.to {
			return "", commerce.Invalid("cursor", "malformed", "Use the cursor of the last page as it came.")
		}
		sp.from = string(after) + "\x00"
	}
	kept := 0
	for range 5 {
		keys, err := s.keysIn(ctx, sp, limit)
		if err != nil {
			return "", err
		}
		items, err := s.readAll(ctx, keys)
		if err != nil {
			return "", err
		}
		byKey := map[string]string{}
		for _, k := range keys {
			byKey[k.PK+"\n"+k.SK] = k.Listed
		}
		for n, i := range items {
			ok, err := keep(i)
			if err != nil {
				return "", err
			}
			if ok {
				kept++
			}
			if kept == limit && (n < len(items)-1 || len(keys) == limit) {
				return base64.RawURLEncoding.EncodeToString([]byte(byKey[name(i)])), nil
			}
		}
		if len(keys) < limit {
			return "", nil
		}
		sp.from = keys[len(keys)-1].Listed + "\x00"
	}
	return base64.RawURLEncoding.EncodeToString([]byte(sp.from[:len(sp.from)-1])), nil
}

// OrderFilter narrows a list of orders. From and To are start dates, both included; zero for no bound.
type OrderFilter struct {
	Statuses []commerce.Status
	From, To commerce.Date
}

// Orders is a page of a caller's orders by start date, and the cursor of the next page, "" after the last.
func (s *Store) Orders(ctx context.Context, caller string, f OrderFilter, cursor string, limit int) ([]commerce.Order, string, error) {
	sp := span{list: ordersOf(caller), from: "0", to: ":"}
	if !f.From.IsZero() {
		sp.from = f.From.String()
	}
	if !f.To.IsZero() {
		sp.to = f.To.String() + "$" // comes right after #
	}
	if sp.from > sp.to {
		return nil, "", nil
	}
	var orders []commerce.Order
	next, err := s.page(ctx, sp, cursor, limit, func(i item) (bool, error) {
		o, err := decodeOrder(i)
		if err != nil || len(f.Statuses) > 0 && !slices.Contains(f.Statuses, o.Status) {
			return false, err
		}
		orders = append(orders, o)
		return true, nil
	})
	return orders, next, err
}

func decodeOrder(i item) (commerce.Order, error) {
	var o orderItem
	if err := attributevalue.UnmarshalMap(i, &o); err != nil {
		return commerce.Order{}, fmt.Errorf("read order: %w", err)
	}
	return o.order()
}

// Charges is a page of what a caller was charged for periods that begin in a month ("2026-12"), by day, and the cursor
// of the next page.
func (s *Store) Charges(ctx context.Context, caller, month, cursor string, limit int) ([]commerce.Charge, string, error) {
	var charges []commerce.Charge
	next, err := s.page(ctx, span{chargesOf(caller, month), "0", ":"}, cursor, limit, func(i item) (bool, error) {
		var c chargeItem
		if err := attributevalue.UnmarshalMap(i, &c); err != nil {
			return false, fmt.Errorf("read charge: %w", err)
		}
		charge, err := c.charge()
		charges = append(charges, charge)
		return true, err
	})
	return charges, next, err
}

// OrdersOf is a page of the mapped orders of an organization, of either kind, newest first, and the cursor of the next
// page, "" after the last. When an order was mapped never changes: what is mapped meanwhile comes before the first page, and
// no page repeats or misses one.
func (s *Store) OrdersOf(ctx context.Context, kind commerce.OrganizationKind, id, cursor string, limit int) ([]commerce.Order, string, error) {
	before, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || cursor != "" && (len(before) < len(stampLayout) || before[0] < '0' || before[0] > '9') {
		return nil, "", commerce.Invalid("cursor", "malformed", "Use the cursor of the last page as it came.")
	}
	if cursor == "" {
		before = []byte(":") // after every instant
	}
	out, err := s.db.Query(ctx, &dynamodb.QueryInput{
		TableName: &s.tables.Orders, IndexName: aws.String(string(kind)), Limit: aws.Int32(int32(limit + 1)), // one more tells of a next page
		KeyConditionExpression:    aws.String(string(kind) + "_organization = :id AND mapped < :before"),
		ExpressionAttributeValues: item{":id": text(id), ":before": text(string(before))},
		ScanIndexForward:          aws.Bool(false),
	})
	if err != nil {
		return nil, "", fmt.Errorf("list orders of %s: %w", id, err)
	}
	var keys []struct {
		listed
		Mapped string `dynamodbav:"mapped"`
	}
	if err := attributevalue.UnmarshalListOfMaps(out.Items, &keys); err != nil {
		return nil, "", fmt.Errorf("list orders of %s: %w", id, err)
	}
	next := ""
	if len(keys) > limit {
		keys = keys[:limit]
		next = base64.RawURLEncoding.EncodeToString([]byte(keys[limit-1].Mapped))
	}
	ask := make([]listed, len(keys))
	for i, k := range keys {
		ask[i] = k.listed
	}
	items, err := s.readAll(ctx, ask)
	if err != nil {
		return nil, "", err
	}
	orders := make([]commerce.Order, len(items))
	for n, i := range items {
		if orders[n], err = decodeOrder(i); err != nil {
			return nil, "", err
		}
	}
	return orders, next, nil
}
