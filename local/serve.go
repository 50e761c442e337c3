package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"dayone/local/cloud"
	"dayone/local/engine"
	"dayone/local/seed"
)

// A server gets its listeners and a pipe from the one that starts it: to the pipe it writes a byte when it answers, and it ends
// together with its standard input.
const (
	readyFile = 3
	firstFile = 4 // of the listeners
)

// serve answers until its standard input ends.
func serve(args []string) error {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	endpoint := flags.String("engine", "", "where DynamoDB runs; empty takes that of DYNAMODB_ENDPOINT")
	count := flags.Int("listeners", 1, "how many there are")
	if err := flags.Parse(args); err != nil {
		return err
	}
	signal.Ignore(os.Interrupt, syscall.SIGHUP) // Ctrl-C is for the one that started this to handle
	ctx, end := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // however it ends
		end()
	}()

	// What functions log of their daily work would hide what went wrong; of the seed orders, some are to go wrong.
	level := &slog.LevelVar{}
	level.Set(slog.LevelError)
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	slog.SetDefault(log)

	c := config(log)
	if *endpoint != "" {
		c.Engine = engine.Join(*endpoint)
	}
	for i := range *count {
		file := os.NewFile(uintptr(firstFile+i), "listener")
		l, err := net.FileListener(file)
		if err := errors.Join(err, file.Close()); err != nil {
			return fmt.Errorf("take over the port: %w", err)
		}
		c.Listeners = append(c.Listeners, l)
	}
	seeded, err := seed.Done(data)
	if err != nil {
		return err
	}
	if !seeded {
		c.Now = time.Now().Add(-seed.Days * 24 * time.Hour)
	}
	playing, err := cloud.Start(ctx, c)
	if err != nil {
		return err
	}
	if !seeded {
		if err := seed.Orders(ctx, playing, data); err != nil && ctx.Err() == nil {
			fmt.Fprintln(os.Stderr, "The seed orders are not complete:", err)
		}
	}
	level.Set(slog.LevelWarn)
	playing.Tick()
	if err := sayReady(); err != nil {
		return errors.Join(err, playing.Close())
	}
	<-ctx.Done()
	return playing.Close()
}

func sayReady() error {
	ready := os.NewFile(readyFile, "ready")
	_, err := ready.Write([]byte{'\n'})
	return errors.Join(err, ready.Close())
}
