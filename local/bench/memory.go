package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"syscall"
	"time"

	"dayone/local/budget"
)

// List prices of us-east-1, in dollars; other regions are up to a quarter dearer.
const (
	armSecond  = 0.0000133334 // of a GB
	x86Second  = 0.0000166667
	invocation = 0.20 / 1e6
	request    = 1.00 / 1e6 // of an HTTP API
	writeUnit  = 0.625 / 1e6
	readUnit   = 0.125 / 1e6
	letter     = 0.10 / 1e3
)

// trip is how long a call to DynamoDB takes within a region, of which the function waits and pays.
const trip = 4 * time.Millisecond

// peerMB is the memory that a function without thought of it often has.
const peerMB = 1024

// memory measures the most memory that each function has at its heaviest, in a process of its own, and what an order
// costs.
func memory(ctx context.Context, b bench) (section, error) {
	s := section{Title: "the most memory of each bootstrap after many orders, and what an order's life costs"}
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return s, err
	}
	defer os.RemoveAll(folder)
	meter := &budget.Meter{}
	p, err := openPlant(ctx, b.root, meter)
	if err != nil {
		return s, err
	}
	defer func() { _ = p.close() }() // nothing is kept
	processes := map[string]*process{}
	for _, f := range p.template.Functions {
		path, err := build(ctx, b.root, folder, f.ID)
		if err != nil {
			return s, err
		}
		one, err := spawn(path, p.environ(f))
		if err != nil {
			return s, err
		}
		defer one.stop(syscall.SIGKILL)
		processes[f.ID], p.handlers[f.ID] = one, one
	}
	orders := b.times(25, 100)
	bill := map[string]*used{}
	last := ""
	p.between = func(_, function string, _ []byte) {
		meter.Take()
		if bill[function] == nil {
			bill[function] = &used{}
		}
		last = function
		bill[function].before, _ = processorTime(processes[function].cmd.Process.Pid) // it runs
	}
	p.after = func(string, time.Duration, int) {
		u := bill[last]
		after, _ := processorTime(processes[last].cmd.Process.Pid)
		u.processor += after - u.before
		cost, _ := meter.Take()
		u.cost = u.cost.Plus(cost)
		u.invocations++
	}
	for n := range orders {
		if err := p.life(ctx, n+1, false); err != nil {
			return s, err
		}
	}
	p.after, p.between = nil, nil
	if err := p.heaviest(ctx, orders); err != nil {
		return s, err
	}
	for _, f := range p.template.Functions {
		peak, err := processes[f.ID].peak()
		if err != nil {
			return s, err
		}
		s.add(figure{What: f.ID + " peak", Ours: peak, Unit: fmt.Sprintf("MB of %d", f.MemoryMB)})
	}
	s.price(bill, orders, p)
	return s, nil
}

// used is what a function took.
type used struct {
	before, processor time.Duration
	cost              budget.Cost
	invocations       int
}

// heaviest has functions do what takes the most of them: a full page, a run with hundreds due.
func (p *plant) heaviest(ctx context.Context, placed int) error {
	for i := range 200 {
		if _, err := p.place(ctx, placed+i+1); err != nil {
			return err
		}
	}
	if err := p.run(ctx, "many letters", "Letters"); err != nil {
		return err
	}
	if _, err := p.ask(ctx, "a full page", "GET /orders?limit=100", "", "", nil); err != nil {
		return err
	}
	p.now = p.now.AddDate(0, 1, 0)
	if err := p.run(ctx, "charges", "Billing"); err != nil {
		return err
	}
	_, err := p.ask(ctx, "a month's charges", "GET /charges?month=2026-11&limit=100", "", "", nil)
	return err
}

// price adds what the orders cost each.
func (s *section) price(bills map[string]*used, orders int, p *plant) {
	var all budget.Cost
	ours, peers, milliseconds, invocations := 0.0, 0.0, 0.0, 0
	for _, id := range slices.Sorted(maps.Keys(bills)) {
		u := bills[id]
		f, _ := p.template.Function(id) // it ran
		paid := func(mb int) float64 {  // seconds, with its share of a processor and with what it waits
			return u.processor.Seconds()*max(1769/float64(mb), 1) + float64(u.cost.Calls)*trip.Seconds()
		}
		milliseconds += paid(f.MemoryMB) * 1000 * float64(f.MemoryMB)
		ours += paid(f.MemoryMB) * float64(f.MemoryMB) / 1024 * armSecond
		peers += paid(peerMB) * peerMB / 1024 * x86Second
		all = all.Plus(u.cost)
		invocations += u.invocations
	}
	letters := 4 * orders // setup, set up, welcome, active
	rest := float64(invocations)*(invocation+request) + all.Writes*writeUnit + all.Reads*readUnit + float64(letters)*letter
	each := 1e6 / float64(orders) // of a million orders
	s.add(figure{What: "an order's life", Ours: milliseconds / float64(orders), Unit: "MB-ms"},
		against("functions, a million orders", "$", ours*each, peers*each, 0),
		figure{What: "tables, a million orders", Ours: (all.Writes*writeUnit + all.Reads*readUnit) * each, Unit: "$"},
		figure{What: "letters, a million orders", Ours: float64(letters) * letter * each, Unit: "$"},
		against("all, a million orders", "$", (ours+rest)*each, (peers+rest)*each, 0))
	s.note("Beside: the same work on x86_64 with %d MB, what functions have that nobody measured. A call waits %v; processor time is stretched to the share that the memory buys. Prices of us-east-1.", peerMB, trip)
	s.note("Each order here pays for schedule runs of its own, as if it came alone; idle minutes cost, apart from orders, %d runs a month of eight half units each.", 2*43_200+2_880)
}
