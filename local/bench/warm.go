package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dayone/local/budget"
)

// warmTarget is what a deed may take beside its bare calls.
const warmTarget = 1.15

// warm measures every deed of an order's life beside a handler that reads the same event, makes the same calls with the
// same bodies, and writes an answer as long.
func warm(ctx context.Context, b bench) (_ section, err error) {
	s := section{Title: "each deed in a warm process, beside a handler that makes the same bare calls with the same bodies; the engine is the same"}
	const settling = 5 // orders until every connection is open and every page read
	orders := settling + b.times(40, 200)
	lives, err := recordLives(ctx, b.root, orders)
	if err != nil {
		return s, err
	}
	meter := &budget.Meter{}
	p, err := openPlant(ctx, b.root, meter)
	if err != nil {
		return s, err
	}
	defer func() { _ = p.close() }() // nothing is kept
	if err := p.otherTables(ctx); err != nil {
		return s, err
	}
	counted := p.client(p.tables)
	p.tables = p.engine.Endpoint // of the functions, which from now on nobody counts
	p.connect()

	all := series{}
	for n, life := range lives {
		var failed error
		beside := func(event []byte) {
			r, db := life[0], p.db
			life = life[1:]
			if n == 0 {
				meter.Take()
				db = counted
			}
			before, begun := ownTime(), time.Now()
			if err := bareHandler(ctx, db, r, event); err != nil {
				failed = errors.Join(failed, fmt.Errorf("bare %s: %w", r.deed, err))
			}
			took, cpu := time.Since(begun), ownTime()-before
			if cost, _ := meter.Take(); n == 0 && cost != r.cost {
				s.note("The bare calls of %s took %v, and its own %v.", r.deed, cost, r.cost)
			}
			if n >= settling {
				all.add("bare "+r.deed, ms(took))
				all.add("bare "+r.deed+" cpu", ms(cpu))
			}
		}
		bareFirst := n%2 == 0 // who comes second finds the processor's caches warm
		var event []byte
		var before time.Duration
		p.between = func(_, _ string, e []byte) {
			if bareFirst {
				beside(e)
			}
			event, before = e, ownTime()
		}
		p.after = func(deed string, took time.Duration, _ int) {
			cpu := ownTime() - before
			if n >= settling {
				all.add(deed, ms(took))
				all.add(deed+" cpu", ms(cpu))
			}
			if !bareFirst {
				beside(event)
			}
			if deed == budget.Password {
				runtime.GC() // what argon2id leaves is not for the next deed to sweep up
			}
		}
		if err := errors.Join(p.life(ctx, n+1, true), failed); err != nil {
			return s, fmt.Errorf("order %d: %w", n+1, err)
		}
	}
	names := measured(lives[0])
	for _, deed := range names {
		s.add(against(deed+", p50", "ms", all.median(deed), all.median("bare "+deed), warmTarget))
	}
	for _, deed := range names {
		s.add(against(deed+", processor", "ms", all.median(deed+" cpu"), all.median("bare "+deed+" cpu"), warmTarget))
	}
	s.note("password is left out: its 19 MiB of argon2id are what rule 9 asks for.")
	s.note("Bare calls are what the functions sent for as many other orders, noted before on another engine and made again on tables of other")
	s.note("names: what is new for a deed is new for them, under the same conditions, and what it reads or replaces is there. Calls that were")
	s.note("under way together are made together. Deed and bare calls take turns at being first.")
	return s, nil
}

// life walks order n from end to end, and lets the schedule find nothing due.
func (p *plant) life(ctx context.Context, n int, everyStep bool) error {
	id, err := p.place(ctx, n)
	if err != nil {
		return err
	}
	if err := p.run(ctx, budget.Letter, "Letters"); err != nil {
		return err
	}
	token, err := p.complete(ctx, n, everyStep)
	if err != nil {
		return err
	}
	if err := p.services(ctx, n, id, token); err != nil {
		return err
	}
	if err := p.run(ctx, budget.QueuedLetters, "Letters"); err != nil {
		return err
	}
	return p.run(ctx, budget.Nothing, "Letters")
}

// recordLives walks orders on an engine of their own and answers what the deeds of each sent, in order.
func recordLives(ctx context.Context, root string, orders int) ([][]recorded, error) {
	meter := &budget.Meter{}
	p, err := openPlant(ctx, root, meter)
	if err != nil {
		return nil, err
	}
	defer func() { _ = p.close() }() // nothing is kept
	lives := make([][]recorded, orders)
	for n := range lives {
		var failed error
		p.after = func(deed string, _ time.Duration, answer int) {
			cost, calls := meter.Take()
			r, err := record(calls, p.others())
			r.deed, r.cost, r.answer = deed, cost, answer
			lives[n], failed = append(lives[n], r), errors.Join(failed, err)
		}
		if err := errors.Join(p.life(ctx, n+1, true), failed); err != nil {
			return nil, fmt.Errorf("note order %d: %w", n+1, err)
		}
	}
	return lives, nil
}

// measured are the deeds of a life that can be measured beside calls of DynamoDB. Letters are given to SES as well, and a
// password takes what its hash takes.
func measured(life []recorded) []string {
	var names []string
	for _, r := range life {
		if !slices.Contains([]string{budget.Letter, budget.QueuedLetters, budget.Password}, r.deed) {
			names = append(names, r.deed)
		}
	}
	return names
}

// bareHandler is a Lambda that does a recorded deed and nothing else.
func bareHandler(ctx context.Context, db *dynamodb.Client, r recorded, payload []byte) error {
	var event events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(payload, &event); err != nil {
		return err
	}
	if err := r.do(ctx, db); err != nil {
		return err
	}
	_, err := json.Marshal(events.APIGatewayV2HTTPResponse{StatusCode: 200, Headers: map[string]string{"content-type": "application/json"},
		Body: strings.Repeat("x", r.answer)})
	return err
}

// ownTime is the processor time of this process. The engine is another.
func ownTime() time.Duration {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
