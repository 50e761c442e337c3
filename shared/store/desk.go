package store

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dayone/shared/commerce"
)

// deskShards is how many partitions of the desk index each desk is spread over: all orders come to the same few desks.
const deskShards = 4

func deskKey(desk commerce.Desk, shard int) string { return string(desk) + "#" + strconv.Itoa(shard) }

// seat fills in what the operators' lists and searches find the order by. It changes only when the order comes to
// another desk or place on it, or gets another contact.
func (i *orderItem) seat(o commerce.Order) {
	h := fnv.New32a()
	_, _ = h.Write([]byte(o.ID))
	desk, at := o.Desk()
	i.Desk, i.Desked = deskKey(desk, int(h.Sum32()%deskShards)), stamped(at, o.ID)
	i.FindCustomer, i.CustomerNamed = named(o.Terms.Customer.Name, o.ID)
	i.FindPartner, i.PartnerNamed = named(o.Terms.Partner.Name, o.ID)
}

// row is a key of an index, and where in it that stands.
type row struct{ PK, At string }

// reading reads up to limit rows that come after a position, "" for the beginning.
type reading func(ctx context.Context, after string, limit int) ([]row, error)

// rounds bounds how many pages' worth of rows are looked at for one page.
const rounds = 5

// leaf is up to limit orders of an index that keep holds of, the position of the last row that was looked at, and
// whether rows may follow.
func (s *Store) leaf(ctx context.Context, read reading, after string, limit int, keep func(commerce.Order) bool) ([]commerce.Order, string, bool, error) {
	var kept []commerce.Order
	for range rounds {
		rows, err := read(ctx, after, limit)
		if err != nil {
			return nil, "", false, err
		}
		keys := make([]listed, len(rows))
		for n, r := range rows {
			keys[n] = listed{PK: r.PK, SK: orderItemKey}
		}
		items, err := s.readAll(ctx, keys)
		if err != nil {
			return nil, "", false, err
		}
		found := map[string]item{}
		for _, i := range items {
			found[name(i)] = i
		}
		for n, r := range rows {
			after = r.At
			i, ok := found[r.PK+"\n"+orderItemKey]
			if !ok {
				continue
			}
			o, err := decodeOrder(i)
			if err != nil {
				return nil, "", false, err
			}
			if keep(o) {
				kept = append(kept, o)
			}
			if len(kept) == limit {
				return kept, after, n < len(rows)-1 || len(rows) == limit, nil
			}
		}
		if len(rows) < limit {
			return kept, after, false, nil
		}
	}
	return kept, after, true, nil
}

// errCursor is what a cursor that nobody was given gets.
var errCursor = commerce.Invalid("cursor", "malformed", "Use the cursor of the last page as it came.")

// position is where the next page begins: in which part of a list, and after which row.
func (s *Store) position(cursor string, parts []string) (part int, after string, err error) {
	if cursor == "" {
		return 0, "", nil
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return 0, "", errCursor
	}
	name, after, ok := strings.Cut(string(text), "|")
	part = slices.Index(parts, name)
	if !ok || part < 0 || len(after) > 1000 {
		return 0, "", errCursor
	}
	return part, after, nil
}

// chapters is a page of a list of several parts, one after the other.
func (s *Store) chapters(ctx context.Context, parts []string, read func(part string) reading, cursor string, limit int,
	keep func(part string, o commerce.Order) bool) ([]commerce.Order, string, error) {
	part, after, err := s.position(cursor, parts)
	if err != nil {
		return nil, "", err
	}
	var all []commerce.Order
	for ; part < len(parts); part, after = part+1, "" {
		name := parts[part]
		kept, last, more, err := s.leaf(ctx, read(name), after, limit-len(all), func(o commerce.Order) bool { return keep(name, o) })
		if err != nil {
			return nil, "", err
		}
		all = append(all, kept...)
		if more {
			return all, base64.RawURLEncoding.EncodeToString([]byte(name + "|" + last)), nil
		}
		if len(all) == limit && part+1 < len(parts) {
			return all, base64.RawURLEncoding.EncodeToString([]byte(parts[part+1] + "|")), nil
		}
	}
	return all, "", nil
}

// AtDesk is a page of the orders at a desk or, for "", at all desks one after the other, and the cursor of the next page.
// An order that the index has not moved yet is left out: it is at the desk where it belongs. A page may be short, and
// still have a next.
func (s *Store) AtDesk(ctx context.Context, desk commerce.Desk, cursor string, limit int) ([]commerce.Order, string, error) {
	var parts []string
	for _, d := range commerce.Desks {
		if desk == "" || desk == d {
			parts = append(parts, string(d))
		}
	}
	orders, next, err := s.chapters(ctx, parts, func(part string) reading { return s.deskRows(commerce.Desk(part)) }, cursor, limit,
		func(part string, o commerce.Order) bool { d, _ := o.Desk(); return string(d) == part })
	if err != nil {
		return nil, "", fmt.Errorf("list desk %s: %w", desk, err)
	}
	return orders, next, nil
}

// backwards reports whether a desk shows what came to it last first.
func backwards(desk commerce.Desk) bool {
	return desk == commerce.DeskRunning || desk == commerce.DeskEnded
}

// deskRows reads a desk: the shards side by side, merged.
func (s *Store) deskRows(desk commerce.Desk) reading {
	return func(ctx context.Context, after string, limit int) ([]row, error) {
		var wait sync.WaitGroup
		shards, errs := make([][]row, deskShards), make([]error, deskShards)
		for n := range deskShards {
			wait.Go(func() { shards[n], errs[n] = s.deskShard(ctx, desk, n, after, limit) })
		}
		wait.Wait()
		all := slices.Concat(shards...)
		slices.SortFunc(all, func(a, b row) int {
			if backwards(desk) {
				a, b = b, a
			}
			return strings.Compare(a.At, b.At)
		})
		return all[:min(limit, len(all))], errors.Join(errs...)
	}
}

func (s *Store) deskShard(ctx context.Context, desk commerce.Desk, shard int, after string, limit int) ([]row, error) {
	in := &dynamodb.QueryInput{
		TableName: &s.tables.Orders, IndexName: aws.String("desk"), Limit: aws.Int32(int32(limit)),
		KeyConditionExpression:    aws.String("desk = :desk"),
		ExpressionAttributeValues: item{":desk": text(deskKey(desk, shard))},
		ScanIndexForward:          aws.Bool(!backwards(desk)),
	}
	if after != "" {
		compare := ">"
		if backwards(desk) {
			compare = "<"
		}
		in.KeyConditionExpression = aws.String("desk = :desk AND desked " + compare + " :after")
		in.ExpressionAttributeValues[":after"] = text(after)
	}
	out, err := s.db.Query(ctx, in)
	if err != nil {
		return nil, err
	}
	return rowsOf(out, "desked")
}

// rowsOf are the rows of an answer, whose position is in this attribute.
func rowsOf(out *dynamodb.QueryOutput, position string) ([]row, error) {
	rows := make([]row, len(out.Items))
	for n, i := range out.Items {
		if err := attributevalue.Unmarshal(i["pk"], &rows[n].PK); err != nil {
			return nil, err
		}
		if err := attributevalue.Unmarshal(i[position], &rows[n].At); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// Count is how many there are: N, or at least N where there are More.
type Count struct {
	N    int
	More bool
}

// Counting stops at a thousand. What a shard is asked for leaves room for shards of unequal size.
const (
	countTo    = 1000
	countShard = 400
)

// Counts is how many orders are at each of these desks.
func (s *Store) Counts(ctx context.Context, desks ...commerce.Desk) (map[commerce.Desk]Count, error) {
	var wait sync.WaitGroup
	counts, errs := make([]Count, len(desks)*deskShards), make([]error, len(desks)*deskShards)
	for n := range counts {
		wait.Go(func() { counts[n], errs[n] = s.countShard(ctx, desks[n/deskShards], n%deskShards) })
	}
	wait.Wait()
	all := map[commerce.Desk]Count{}
	for n, c := range counts {
		sum := all[desks[n/deskShards]]
		sum.N, sum.More = sum.N+c.N, sum.More || c.More
		all[desks[n/deskShards]] = sum
	}
	for desk, c := range all {
		if c.More || c.N > countTo {
			all[desk] = Count{countTo, true}
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("count desks: %w", err)
	}
	return all, nil
}

func (s *Store) countShard(ctx context.Context, desk commerce.Desk, shard int) (Count, error) {
	out, err := s.db.Query(ctx, &dynamodb.QueryInput{
		TableName: &s.tables.Orders, IndexName: aws.String("desk"), Limit: aws.Int32(countShard), Select: types.SelectCount,
		KeyConditionExpression:    aws.String("desk = :desk"),
		ExpressionAttributeValues: item{":desk": text(deskKey(desk, shard))},
	})
	if err != nil {
		return Count{}, err
	}
	return Count{int(out.Count), out.LastEvaluatedKey != nil}, nil
}
