package main

import (
	"context"
	"errors"
	"fmt"

	"dayone/local/budget"
	"dayone/local/client"
	"dayone/local/cloud"
	"dayone/local/functions"
)

// What a whole order life may take: place, letter, wizard, services, provision, first charge.
const lifeCalls, lifeWrites, lifeReads = 22, 26, 6

// calls counts what each deed takes, beside the least that the rules leave.
func calls(ctx context.Context, b bench) (_ section, err error) {
	s := section{Title: "DynamoDB calls of each deed, counted on the wire, beside the least that the rules leave"}
	meter := &budget.Meter{}
	c, err := cloud.Start(ctx, cloud.Config{Root: b.root, Functions: functions.All(), Now: noon, Frozen: true, Wire: meter.Around,
		Parameters: map[string]string{"ProvisionerUrl": ""}})
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	w := &budget.Walker{Cloud: c, Client: client.New(c.URL, 8), Meter: meter}
	if err := w.Life(ctx); err != nil {
		return s, err
	}
	if err := errors.Join(w.Idle(ctx), w.Questions(ctx)); err != nil {
		return s, err
	}
	var life, least budget.Cost
	for i, line := range budget.Table() {
		times := w.Of(line.Deed)
		if len(times) == 0 {
			continue
		}
		is := times[0].Cost
		if i < budget.LifeDeeds() {
			life, least = life.Plus(is), least.Plus(line.Least)
		}
		f := against(line.Deed, "calls", float64(is.Calls), float64(line.Least.Calls), 0)
		f.Note = fmt.Sprintf("%gw of %g, %gr of %g: %s", is.Writes, line.Least.Writes, is.Reads, line.Least.Reads, line.Why)
		s.add(f)
	}
	s.add(figure{What: "an order's life", Ours: float64(life.Calls), Unit: "calls", Target: lifeCalls, Note: fmt.Sprintf("(least %d)", least.Calls)},
		figure{What: "an order's life", Ours: life.Writes, Unit: "write units", Target: lifeWrites, Note: fmt.Sprintf("(least %g)", least.Writes)},
		figure{What: "an order's life", Ours: life.Reads, Unit: "read units", Target: lifeReads, Note: fmt.Sprintf("(least %g)", least.Reads)})
	var all budget.Cost
	for _, d := range w.Deeds {
		all = all.Plus(d.Cost)
	}
	s.note("With what schedules ask whatever is due, the letters of the queue, deliveries, idle runs and questions: %v.", all)
	return s, nil
}
