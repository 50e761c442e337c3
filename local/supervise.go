package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"dayone/local/cloud"
	"dayone/local/engine"
)

// glance is how often the files are looked at.
const glance = 200 * time.Millisecond

// supervisor has what outlives a reload, the port and the database, and the server that runs now.
type supervisor struct {
	listeners []*os.File
	endpoint  string // of the database; empty where the environment names one
	server    *server
}

// supervise runs a server until it is told to end, and another in its place whenever a file that it is made of is saved. While
// none runs, whoever asks waits: the port stays open.
func supervise(ctx context.Context, listeners []net.Listener) (err error) {
	s := &supervisor{}
	for _, l := range listeners {
		f, err := l.(*net.TCPListener).File()
		if err != nil {
			return fmt.Errorf("keep the port: %w", err)
		}
		s.listeners = append(s.listeners, f)
	}
	e, err := engine.Start(ctx, engine.Options{Local: "local", DBPath: filepath.Join(data, "items.db")})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	if e.Local() {
		s.endpoint = e.Endpoint
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	files := watch(".")
	if err := s.start(ctx, self); err != nil {
		return errors.Join(err, s.stop())
	}
	fmt.Printf("Day One runs at %s\n  inbox %[1]s/_local/inbox\n  data  %s\nWhat you save is reloaded. Ctrl-C ends it.\n", cloud.URL(listeners), data+string(filepath.Separator))

	for tick := time.NewTicker(glance); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return s.stop()
		case <-s.ended():
			fmt.Fprintf(os.Stderr, "The server ended: %v. It starts again when a file is saved.\n", s.server.cmd.ProcessState)
			s.server = nil
		case <-tick.C:
			if saved := files.saved(); len(saved) > 0 {
				s.reload(ctx, saved)
			}
		}
	}
}

// reload puts a server made of the files as they are now in the place of the one that runs. Where that cannot be, it says why and all stays
// as it was.
func (s *supervisor) reload(ctx context.Context, saved []string) {
	began := time.Now()
	next := filepath.Join(data, "bin", "next")
	fail := func(err error) {
		if ctx.Err() == nil {
			fmt.Fprintf(os.Stderr, "Not reloaded, what ran before still runs:\n%v\n", err)
		}
	}
	// The linker is half of the time; what only debuggers read is left out, as by `go run`.
	if err := tool(ctx, "go", "build", "-buildvcs=false", "-ldflags=-s -w", "-o", next, "./local"); err != nil {
		fail(err)
		return
	}
	if err := tool(ctx, next, "check"); err != nil {
		fail(err)
		return
	}
	built := time.Since(began)
	if err := s.stop(); err != nil {
		fmt.Fprintln(os.Stderr, "The server did not end well:", err)
	}
	server := filepath.Join(data, "bin", "server")
	if err := os.Rename(next, server); err != nil {
		fail(err)
		return
	}
	if err := s.start(ctx, server); err != nil {
		fmt.Fprintf(os.Stderr, "The server does not start, save a file to try again: %v\n", err)
		return
	}
	fmt.Printf("Reloaded in %.1f s, %.1f of them to build: %s\n", time.Since(began).Seconds(), built.Seconds(), strings.Join(saved, ", "))
}

// tool runs a command; what it says is the error where it fails.
func tool(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = time.Second
	said, err := cmd.CombinedOutput()
	if _, no := errors.AsType[*exec.ExitError](err); no {
		return errors.New(string(bytes.TrimSpace(said)))
	}
	return err
}

// server is a process that answers.
type server struct {
	cmd   *exec.Cmd
	stdin io.Closer     // closed, it ends
	ended chan struct{} // closed when it has
}

// ended is closed when the server has ended by itself. Without one it never is.
func (s *supervisor) ended() <-chan struct{} {
	if s.server == nil {
		return nil
	}
	return s.server.ended
}

// start starts a server and returns when it answers.
func (s *supervisor) start(ctx context.Context, binary string) error {
	readable, writable, err := os.Pipe()
	if err != nil {
		return err
	}
	defer readable.Close()
	cmd := exec.Command(binary, "serve", "-engine", s.endpoint, "-listeners", fmt.Sprint(len(s.listeners)))
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.ExtraFiles = append([]*os.File{writable}, s.listeners...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return errors.Join(err, writable.Close())
	}
	err = cmd.Start()
	if err := errors.Join(err, writable.Close()); err != nil {
		return err
	}
	ended := make(chan struct{})
	s.server = &server{cmd, stdin, ended}
	go func() {
		_ = cmd.Wait() // how it ended is in its state
		close(ended)
	}()
	ready := make(chan error, 1)
	go func() {
		_, err := readable.Read(make([]byte, 1))
		ready <- err
	}()
	select {
	case err = <-ready:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err != nil {
		<-ended
		s.server = nil
		return fmt.Errorf("it ended: %v", cmd.ProcessState)
	}
	return nil
}

// stop ends the server, if there is one, and returns when it has ended.
func (s *supervisor) stop() error {
	if s.server == nil {
		return nil
	}
	_ = s.server.stdin.Close() // it may be gone
	select {
	case <-s.server.ended:
	case <-time.After(10 * time.Second):
		err := s.server.cmd.Process.Kill()
		<-s.server.ended
		return errors.Join(errors.New("it took too long"), err)
	}
	return nil
}
