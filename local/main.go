// Command local runs all of Day One on one machine, as template.yaml describes it, and reloads what is saved.
//
// PORT is where it listens, 3000 if it is not set. What is written stays in .local/; FRESH=1 begins without it.
// DYNAMODB_ENDPOINT names another DynamoDB than the one that comes with it.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"

	"dayone/local/cloud"
	"dayone/local/functions"
	"dayone/local/seed"
)

// data is where everything is kept between runs.
const data = ".local"

// Without a word this is the one that stays: it has the port and the database, and starts servers. With one it is such a server.
func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	var err error
	deed := "serve"
	switch {
	case len(os.Args) < 2:
		context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait
		deed, err = "run", run(ctx)
	case os.Args[1] == "check":
		deed, err = "run like this", check()
	case os.Args[1] == "serve":
		err = serve(os.Args[2:])
	default:
		err = fmt.Errorf("nobody knows what %q is; to run everything, say nothing", os.Args[1])
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "Day One cannot %s: %v\n", deed, err)
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
	if err := check(); err != nil {
		return err
	}
	listeners, err := cloud.Listen(port)
	if err != nil {
		return err
	}
	if fresh := os.Getenv("FRESH"); fresh != "" && fresh != "0" {
		if err := os.RemoveAll(data); err != nil {
			return fmt.Errorf("begin anew: %w", err)
		}
	}
	if err := os.MkdirAll(filepath.Join(data, "bin"), 0o755); err != nil {
		return err
	}
	return supervise(ctx, listeners)
}

// config is what there is to play, whoever plays it.
func config(log *slog.Logger) cloud.Config {
	return cloud.Config{Root: ".", Functions: functions.All(), StandIns: seed.StandIns(), Dir: data, Log: log}
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
