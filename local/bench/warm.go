package main

import (
	"context"
	"encoding/json"
	"fmt"
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
	meter := &budget.Meter{}
	p, err := openPlant(ctx, b.root, meter)
	if err != nil {
		return s, err
	}
	defer func() { _ = p.close() }() // nothing is kept
	deeds, names, err := recordLife(ctx, p, meter)
	if err != nil {
		return s, err
	}
	p.tables = p.engine.Endpoint // from now on nothing counts
	p.connect()

	all := series{}
	var event []byte
	var before time.Duration
	counting := false
	p.between = func(_, _ string, e []byte) { event, before = e, ownTime() }
	p.after = func(deed string, took time.Duration, _ int) {
		cpu := ownTime() - before
		r, known := deeds[deed]
		if !known || !counting || err != nil {
			return
		}
		all.add(deed, ms(took))
		all.add(deed+" cpu", ms(cpu))
		before, begun := ownTime(), time.Now()
		err = bareHandler(ctx, p.db, r, event)
		all.add("bare "+deed, ms(time.Since(begun)))
		all.add("bare "+deed+" cpu", ms(ownTime()-before))
	}
	const settling = 5 // orders until every connection is open and every page read
	for n := range settling + b.times(40, 200) {
		counting = n >= settling
		if failed := p.life(ctx, n+2, true); failed != nil || err != nil {
			return s, fmt.Errorf("order %d: %w %w", n, failed, err)
		}
	}
	for _, deed := range names {
		s.add(against(deed+", p50", "ms", all.median(deed), all.median("bare "+deed), warmTarget))
	}
	for _, deed := range names {
		s.add(against(deed+", processor", "ms", all.median(deed+" cpu"), all.median("bare "+deed+" cpu"), warmTarget))
	}
	s.note("password is left out: its 19 MiB of argon2id are what rule 9 asks for. Bare calls read and write the items of one finished order.")
	s.note("They write what is there already, which spares the engine its indexes: where a deed stores new items, its p50 is beside less work, and its processor time is not.")
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

// recordLife walks one order and answers what each of its deeds sent, and their names in order.
func recordLife(ctx context.Context, p *plant, meter *budget.Meter) (map[string]recorded, []string, error) {
	deeds := map[string]recorded{}
	var names []string
	var failed error
	p.between = func(string, string, []byte) { meter.Take() }
	p.after = func(deed string, _ time.Duration, answer int) {
		_, calls := meter.Take()
		// Letters are not bare calls of DynamoDB, and a password takes what its hash takes.
		if slices.Contains([]string{budget.Letter, budget.QueuedLetters, budget.Password}, deed) || failed != nil {
			return
		}
		names = append(names, deed)
		deeds[deed], failed = record(calls, answer)
	}
	if err := p.life(ctx, 1, true); err != nil {
		return nil, nil, err
	}
	return deeds, names, failed
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
