// Command bench measures, on this machine, how many orders Day One accepts and how fast its letters go out, and counts
// that none is lost and none is there twice. It starts everything itself, in memory and on loopback addresses alone.
//
//	go run ./local/bench accept -rate 100 -for 60s
//	go run ./local/bench letters -orders 10000
//
// Both take -json. Without a name both are run. Numbers are no test: only what is lost or twice makes it fail.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"time"

	"dayone/local/client"
	"dayone/local/cloud"
	"dayone/local/functions"
)

// result is what a benchmark measured.
type result interface {
	fmt.Stringer
	// Err says what was lost or was there twice.
	Err() error
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
	which := ""
	if len(args) > 0 && args[0][0] != '-' {
		which, args = args[0], args[1:]
	}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	rate := flags.Int("rate", 100, "orders a second that accept sends")
	long := flags.Duration("for", time.Minute, "how long accept sends them")
	orders := flags.Int("orders", 10_000, "orders whose letters are due in one minute")
	asJSON := flags.Bool("json", false, "print JSON")
	if err := flags.Parse(args); err != nil {
		return err
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	all := map[string]func(world) (result, error){
		"accept":  func(w world) (result, error) { return accept(ctx, w, *rate, *long) },
		"letters": func(w world) (result, error) { return letters(ctx, w, *orders) },
	}
	if which != "" && all[which] == nil {
		return fmt.Errorf("there is no %s: choose accept or letters", which)
	}
	for _, name := range []string{"accept", "letters"} {
		if which != "" && which != name {
			continue
		}
		if err := one(ctx, all[name], *asJSON); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// one runs a benchmark in a world of its own and prints its result.
func one(ctx context.Context, measure func(world) (result, error), asJSON bool) (err error) {
	w, err := begin(ctx, ".")
	if err != nil {
		return err
	}
	defer func() {
		if failed := w.Close(); err == nil {
			err = failed
		}
	}()
	got, err := measure(w)
	if err != nil {
		return err
	}
	if asJSON {
		err = json.NewEncoder(os.Stdout).Encode(got)
	} else {
		_, err = fmt.Println(got)
	}
	if err != nil {
		return err
	}
	return got.Err()
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
