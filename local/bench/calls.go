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

// calls counts what each deed takes, beside the least that the rules leave: as its table has it, with an event of each
// change for another system, and the whole life also without, as where nobody listens.
func calls(ctx context.Context, b bench) (section, error) {
	s := section{Title: "DynamoDB calls of each deed, counted on the wire, beside the least that the rules leave"}
	w, err := walked(ctx, b, map[string]string{"ProvisionerUrl": ""})
	if err != nil {
		return s, err
	}
	unheard, err := walked(ctx, b, map[string]string{"ProvisionerUrl": "", "EventsUrl": ""})
	if err != nil {
		return s, err
	}
	var life, alone, least budget.Cost
	for i, line := range budget.Table() {
		times := w.Of(line.Deed)
		if len(times) == 0 {
			continue
		}
		is := times[0].Cost
		if i < budget.LifeDeeds() {
			life, alone, least = life.Plus(is), alone.Plus(unheard.Of(line.Deed)[0].Cost), least.Plus(line.Least)
		}
		f := against(line.Deed, "calls", float64(is.Calls), float64(line.Least.Calls), 0)
		f.Note = fmt.Sprintf("%gw of %g, %gr of %g: %s", is.Writes, line.Least.Writes, is.Reads, line.Least.Reads, line.Why)
		s.add(f)
	}
	s.add(figure{What: "an order's life", Ours: float64(alone.Calls), Unit: "calls", Target: lifeCalls},
		figure{What: "an order's life", Ours: alone.Writes, Unit: "write units", Target: lifeWrites},
		figure{What: "an order's life", Ours: alone.Reads, Unit: "read units", Target: lifeReads})
	s.note("With an event of each change for another system a life is %v; the least is %v.", life, least)
	var all budget.Cost
	for _, d := range w.Deeds {
		all = all.Plus(d.Cost)
	}
	s.note("With what schedules ask whatever is due, the letters of the queue, deliveries, idle runs and questions: %v.", all)
	return s, nil
}

// walked is a life, idle runs and questions in a cloud with these parameters.
func walked(ctx context.Context, b bench, parameters map[string]string) (_ *budget.Walker, err error) {
	meter := &budget.Meter{}
	c, err := cloud.Start(ctx, cloud.Config{Root: b.root, Functions: functions.All(), Now: noon, Frozen: true, Wire: meter.Around, Parameters: parameters})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	w := &budget.Walker{Cloud: c, Client: client.New(c.URL, 8), Meter: meter}
	if err := w.Life(ctx); err != nil {
		return nil, err
	}
	return w, errors.Join(w.Idle(ctx), w.Questions(ctx))
}
