// Command local runs all of Day One on one machine, as template.yaml describes it.
//
// PORT is where it listens, 3000 if it is not set. What is written stays in .local/; FRESH=1 begins without it.
// DYNAMODB_ENDPOINT names another DynamoDB than the one that comes with it.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"dayone/local/cloud"
	"dayone/local/functions"
)

// data is where everything is kept between runs.
const data = ".local"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "Day One cannot run:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	port, err := strconv.Atoi(or(os.Getenv("PORT"), "3000"))
	if err != nil {
		return fmt.Errorf("PORT is %q: %w", os.Getenv("PORT"), err)
	}
	if _, err := os.Stat("template.yaml"); err != nil {
		return fmt.Errorf("run this from the top folder of the repository: %w", err)
	}
	if fresh := os.Getenv("FRESH"); fresh != "" && fresh != "0" {
		if err := os.RemoveAll(data); err != nil {
			return fmt.Errorf("begin anew: %w", err)
		}
	}
	// What functions log of their daily work would hide what went wrong; of the seed orders, some are to go wrong.
	level := &slog.LevelVar{}
	level.Set(slog.LevelError)
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	slog.SetDefault(log)

	empty, err := unseeded(data)
	if err != nil {
		return err
	}
	config := cloud.Config{Root: ".", Functions: functions.All(), Dir: data, Port: port, Log: log}
	if empty {
		config.Now = time.Now().Add(-seedDays * 24 * time.Hour)
	}
	c, err := cloud.Start(ctx, config)
	if err != nil {
		return err
	}
	if empty {
		if err := seed(ctx, c, data); err != nil && ctx.Err() == nil {
			fmt.Fprintln(os.Stderr, "The seed orders are not complete:", err)
		}
	}
	level.Set(slog.LevelWarn)
	c.Tick()
	fmt.Printf("Day One runs at %s\n  inbox %[1]s/_local/inbox\n  data  %s\nCtrl-C ends it.\n", c.URL, data+string(filepath.Separator))
	<-ctx.Done()
	return c.Close()
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// marker says that a folder of data has had its seed orders.
const marker = "seeded"

func unseeded(dir string) (bool, error) {
	_, err := os.Stat(filepath.Join(dir, marker))
	if errors.Is(err, os.ErrNotExist) {
		return true, nil
	}
	return false, err
}
