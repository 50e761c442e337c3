// Command bench measures Day One on this machine, each thing beside the least that does the same, and says how far it is
// from its target. It starts everything itself, in memory and on loopback addresses alone.
//
//	go run ./local/bench                        every section, short
//	go run ./local/bench start cold -long       these, and longer
//	go run ./local/bench accept -rate 100 -for 60s
//	go run ./local/bench letters -orders 10000
//
// All take -json. Numbers are no test: only what is lost or there twice makes it fail.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"dayone/local/client"
	"dayone/local/cloud"
	"dayone/local/functions"
)

// bench is what the sections are told.
type bench struct {
	root   string
	long   bool
	rate   int
	last   time.Duration
	orders int
}

// times is how often something is measured, in a short run or a long one.
func (b bench) times(short, long int) int {
	if b.long {
		return long
	}
	return short
}

// part is a section by its name.
type part struct {
	name    string
	measure func(context.Context, bench) (section, error)
}

// parts are all sections, in the order in which they run.
func parts() []part {
	return []part{
		{"start", start}, {"cold", cold}, {"warm", warm}, {"calls", calls}, {"growth", growth}, {"sending", sending},
		{"pages", pages}, {"memory", memory},
		{"letters", inWorld(func(ctx context.Context, w world, b bench) (result, error) { return letters(ctx, w, b.orders) })},
		{"accept", inWorld(func(ctx context.Context, w world, b bench) (result, error) { return accept(ctx, w, b.rate, b.last) })},
	}
}

// result is what a benchmark of the whole measured.
type result interface {
	fmt.Stringer
	// Err says what was lost or was there twice.
	Err() error
	figures() []figure
}

// noon is when the clock of a benchmark begins. It stands still unless it is moved.
var noon = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	var chosen []string
	for len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		chosen, args = append(chosen, args[0]), args[1:]
	}
	b := bench{root: "."}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.BoolVar(&b.long, "long", false, "measure more often, and with more orders")
	flags.IntVar(&b.rate, "rate", 50, "orders a second that accept sends")
	flags.DurationVar(&b.last, "for", 10*time.Second, "how long accept sends them")
	flags.IntVar(&b.orders, "orders", 2000, "orders whose letters are due in one minute")
	asJSON := flags.Bool("json", false, "print JSON")
	profile := flags.String("profile", "", "write a processor profile of this process here, for go tool pprof")
	if err := flags.Parse(args); err != nil {
		return err
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})))
	all := parts()
	for _, name := range chosen {
		if !slices.ContainsFunc(all, func(p part) bool { return p.name == name }) {
			return fmt.Errorf("there is no section %s", name)
		}
	}
	if *profile != "" {
		stop, err := profiled(*profile)
		if err != nil {
			return err
		}
		defer stop()
	}
	r := newReport()
	if !*asJSON {
		fmt.Printf("%s, %s\n", r.Machine, r.At.Format(time.RFC3339))
	}
	var lost error
	for _, p := range all {
		if len(chosen) > 0 && !slices.Contains(chosen, p.name) {
			continue
		}
		s, err := p.measure(ctx, b)
		s.Name = p.name
		if wrong, ok := errors.AsType[*lostError](err); ok {
			lost = errors.Join(lost, wrong)
		} else if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		r.Sections = append(r.Sections, s)
		if !*asJSON {
			if err := s.write(os.Stdout); err != nil {
				return err
			}
		}
	}
	if *asJSON {
		lost = errors.Join(r.writeJSON(os.Stdout), lost)
	}
	return lost
}

// profiled profiles this process until it is stopped.
func profiled(path string) (stop func(), err error) {
	out, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(out); err != nil {
		return nil, errors.Join(err, out.Close())
	}
	return func() {
		pprof.StopCPUProfile()
		if err := out.Close(); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
	}, nil
}

// lostError is something that is no number: an order or a letter was lost, or is there twice.
type lostError struct{ error }

// inWorld is a section that is one benchmark in a world of its own.
func inWorld(measure func(context.Context, world, bench) (result, error)) func(context.Context, bench) (section, error) {
	return func(ctx context.Context, b bench) (_ section, err error) {
		w, err := begin(ctx, b.root)
		if err != nil {
			return section{}, err
		}
		defer func() { err = errors.Join(err, w.Close()) }()
		got, err := measure(ctx, w, b)
		if err != nil {
			return section{}, err
		}
		s := section{Title: got.String(), Figures: got.figures()}
		if err := got.Err(); err != nil {
			return s, &lostError{err}
		}
		return s, nil
	}
}

// world is everything, running, and a client of it.
type world struct {
	*cloud.Cloud
	client *client.Client
}

// width is how many requests a benchmark has under way at once where it does not keep to a rate.
const width = 32

func begin(ctx context.Context, root string) (world, error) {
	c, err := cloud.Start(ctx, cloud.Config{Root: root, Functions: functions.All(), Now: noon, Frozen: true})
	if err != nil {
		return world{}, err
	}
	return world{c, client.New(c.URL, 1000)}, nil
}
