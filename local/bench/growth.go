package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// flat is what the largest may take beside the smallest.
const flat = 1.3

// due is how many orders are due in each run that is measured.
const due = 10

// consolePages are what an operator opens: all orders, those that need a person first, with the counters; and those of a
// customer whose name begins so, as every stored one's does.
var consolePages = [2]struct{ deed, query string }{{"the console", ""}, {"a search of the console", "q=alpine"}}

// growth measures what should not depend on how many orders are stored.
func growth(ctx context.Context, b bench) (section, error) {
	s := section{Title: "the same deeds with more and more orders stored, ten of them due; beside the smallest"}
	p, err := openPlant(ctx, b.root, nil)
	if err != nil {
		return s, err
	}
	defer func() { _ = p.close() }() // nothing is kept
	id, err := p.place(ctx, 1)
	if err != nil {
		return s, err
	}
	like, err := p.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("OrdersTable"), Key: item("order#"+id, "order")})
	if err != nil {
		return s, err
	}
	cookie, err := p.signIn(ctx)
	if err != nil {
		return s, err
	}
	sizes := []int{1e3, 1e4, 1e5}
	if b.long {
		sizes = append(sizes, 1e6)
	}
	stored, n, smallest := 1, 1, series{}
	for _, size := range sizes {
		begun := time.Now()
		if err := p.fill(ctx, like.Item, stored, size); err != nil {
			return s, err
		}
		stored = size
		took := series{}
		for range b.times(9, 15) {
			for i := range due {
				if _, err := p.place(ctx, n+1+i); err != nil {
					return s, err
				}
			}
			p.after = func(deed string, d time.Duration, _ int) { took.add(deed, ms(d)) }
			if err := p.run(ctx, "a run with ten due", "Letters"); err != nil {
				return s, err
			}
			if _, err := p.ask(ctx, "a page of the list", "GET /orders?limit=25", "", "", nil); err != nil {
				return s, err
			}
			for _, of := range consolePages {
				if _, err := p.page(ctx, of.deed, "GET /console", of.query, cookie, nil); err != nil {
					return s, err
				}
			}
			if _, err := p.complete(ctx, n+1, false); err != nil {
				return s, err
			}
			p.after = nil
			n += due
			if err := p.run(ctx, "letters of the queue", "Letters"); err != nil {
				return s, err
			}
		}
		for _, deed := range []string{"a run with ten due", "a page of the list", consolePages[0].deed, consolePages[1].deed, "complete"} {
			if smallest[deed] == nil {
				smallest[deed] = took[deed]
			}
			target := 0.0
			if size == sizes[len(sizes)-1] {
				target = flat
			}
			s.add(against(fmt.Sprintf("%s, %d orders", deed, size), "ms", took.median(deed), smallest.median(deed), target))
		}
		s.note("%d orders were there after %s more.", size, time.Since(begun).Round(time.Second))
	}
	return s, nil
}

func item(pk, sk string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"pk": text(pk), "sk": text(sk)}
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

// batch is what one BatchWriteItem takes.
const batch = 25

// fill stores orders like the given one, of the same caller and due in a year, until there are size.
func (p *plant) fill(ctx context.Context, like map[string]types.AttributeValue, stored, size int) error {
	places, errs := make(chan struct{}, 8), make(chan error, size/batch+1)
	var wait sync.WaitGroup
	for from := stored; from < size; from += batch {
		places <- struct{}{}
		wait.Go(func() {
			defer func() { <-places }()
			var writes []types.WriteRequest
			for i := from; i < min(from+batch, size); i++ {
				o := maps.Clone(like)
				id := fmt.Sprintf("stored-%09d", i)
				o["pk"], o["external_ref"], o["listed"] = text("order#"+id), text(id), text("2027-11-30#"+id)
				for _, sorted := range []string{"desked", "customer_named", "partner_named"} {
					if was, ok := o[sorted].(*types.AttributeValueMemberS); ok {
						before, _, _ := strings.Cut(was.Value, "#")
						o[sorted] = text(before + "#" + id)
					}
				}
				if desk, ok := o["desk"].(*types.AttributeValueMemberS); ok {
					name, _, _ := strings.Cut(desk.Value, "#")
					o["desk"] = text(fmt.Sprintf("%s#%d", name, i%4))
				}
				o["due"], o["due_at"] = text(fmt.Sprintf("letters#%d", i%8)), text("2027-11-30T07:00:00.000Z#"+id)
				writes = append(writes, types.WriteRequest{PutRequest: &types.PutRequest{Item: o}})
			}
			_, err := p.db.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{"OrdersTable": writes}})
			errs <- err
		})
	}
	wait.Wait()
	close(errs)
	var all error
	for err := range errs {
		all = errors.Join(all, err)
	}
	return all
}
