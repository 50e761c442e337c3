package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// coldTarget is what a first answer may take beside that of a plain function, at 512 MB.
const coldTarget = 0.25

// What a file says where it does not do what it is for.
const (
	unconnected = `package store

import "context"

// Connect opens nothing.
func (s *Store) Connect(context.Context) {}
`
	unrehearsed = `package orders

import (
	"context"

	"dayone/shared/store"
)

func ready(s *store.Store) func(context.Context) { return s.Connect }
`
)

// variant is a bootstrap and what it is told about roots.
type variant struct {
	name, path string
	noFolder   bool // SSL_CERT_DIR leads nowhere, as in the template
}

// cold measures what the first to ask waits for: the start is over, and the function has its share of a processor.
func cold(ctx context.Context, b bench) (section, error) {
	s := section{Title: "POST /orders as the first event of a new process, over TLS, beside a plain function that puts one item; init has a whole processor, the event its share"}
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return s, err
	}
	defer os.RemoveAll(folder)
	p, err := openPlant(ctx, b.root, nil)
	if err != nil {
		return s, err
	}
	defer p.close()
	t, err := openTrust(folder, p.engine.Endpoint)
	if err != nil {
		return s, err
	}
	defer t.server.Close()
	p.tables = t.server.URL
	variants, err := coldVariants(ctx, b, folder)
	if err != nil {
		return s, err
	}
	f, _ := p.template.Function("Orders") // the template has it, or nothing starts
	base := append(p.environ(f), "SSL_CERT_FILE="+t.bundle)
	n, used := 0, series{}
	for _, mb := range []int{128, 512, 1024} {
		held, err := newShare(mb)
		if err != nil {
			s.note("%d MB cannot be measured here: %v", mb, err)
			continue
		}
		all := series{}
		for range b.times(7, 21) {
			for _, v := range variants {
				n++
				env := withoutName(base, "SSL_CERT_DIR")
				if v.noFolder {
					env = append(env, "SSL_CERT_DIR="+filepath.Join(folder, "none"))
				} else {
					env = append(env, "SSL_CERT_DIR="+t.folder)
				}
				if err := coldOnce(v, env, p.httpEvent("POST /orders", "", "", "", fmt.Sprintf("cold-start-number-%06d", n), order(n, noon.AddDate(0, 0, 9))), held, all); err != nil {
					_ = held.close()
					return s, fmt.Errorf("%s at %d MB: %w", v.name, mb, err)
				}
			}
		}
		if err := held.close(); err != nil {
			return s, err
		}
		for _, v := range variants {
			used[v.name] = append(used[v.name], all[v.name+" cpu"]...)
		}
		plain := all.median(variants[0].name)
		for _, v := range variants[1:] {
			target := 0.0
			if mb == 512 && v.name == variants[1].name {
				target = coldTarget
			}
			f := against(fmt.Sprintf("%d MB, %s", mb, v.name), "ms", all.median(v.name), plain, target)
			f.Note = strings.TrimSpace(fmt.Sprintf("%s (init %s ms, plain %s)", f.Note, short(all.median(v.name+" init")), short(all.median(variants[0].name+" init"))))
			s.add(f)
		}
	}
	for _, v := range variants[1:] {
		s.add(against("processor time of the first answer, "+v.name, "ms", used.median(v.name), used.median(variants[0].name), 0))
	}
	s.note("What the machine does besides lengthens the milliseconds of an answer, and not its processor time, which a share stretches.")
	s.note("The endpoint is on this machine: the two round trips of a handshake, a millisecond or two within a region, are in neither number.")
	return s, nil
}

func coldVariants(ctx context.Context, b bench, folder string) ([]variant, error) {
	bare, err := buildCommand(ctx, b.root, folder, "bare")
	if err != nil {
		return nil, err
	}
	ours, err := build(ctx, b.root, filepath.Join(folder, "ours"), "Orders")
	if err != nil {
		return nil, err
	}
	alone, err := without(ctx, b, filepath.Join(folder, "alone"), map[string]string{"functions/orders/ready.go": unrehearsed})
	if err != nil {
		return nil, err
	}
	later, err := without(ctx, b, filepath.Join(folder, "later"),
		map[string]string{"functions/orders/ready.go": unrehearsed, "shared/store/connect.go": unconnected})
	if err != nil {
		return nil, err
	}
	return []variant{
		{"plain", bare, false},
		{"ours", ours, true},
		{"ours without SSL_CERT_DIR", ours, false},
		{"ours, not rehearsing", alone, true},
		{"ours, connecting at the first call", later, true},
		{"ours with neither", later, false},
		{"plain with SSL_CERT_DIR", bare, true},
	}, nil
}

// without builds Orders with other texts in some of its files.
func without(ctx context.Context, b bench, folder string, texts map[string]string) (string, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	replace := map[string]string{}
	for path, text := range texts {
		source, err := filepath.Abs(filepath.Join(b.root, path))
		if err != nil {
			return "", err
		}
		replace[source] = filepath.Join(folder, filepath.Base(path))
		if err := os.WriteFile(replace[source], []byte(text), 0o644); err != nil {
			return "", err
		}
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": replace})
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, "overlay.json")
	if err := os.WriteFile(path, overlay, 0o644); err != nil {
		return "", err
	}
	return build(ctx, b.root, folder, "Orders", "-overlay="+path)
}

func withoutName(env []string, name string) []string {
	var left []string
	for _, v := range env {
		if !strings.HasPrefix(v, name+"=") {
			left = append(left, v)
		}
	}
	return left
}

// coldOnce starts a process, holds it to its share once it asks for an event, and measures how long its answer takes.
func coldOnce(v variant, env []string, event []byte, held *share, all series) error {
	begun := time.Now()
	p, err := spawn(v.path, env)
	if err != nil {
		return err
	}
	defer p.stop(syscall.SIGKILL)
	next, err := p.ready()
	if err != nil {
		return err
	}
	all.add(v.name+" init", ms(next.Sub(begun)))
	if err := held.hold(p.cmd.Process.Pid); err != nil {
		return err
	}
	time.Sleep(2 * period * time.Microsecond) // a full share, as a sandbox has that waited
	before, err := processorTime(p.cmd.Process.Pid)
	if err != nil {
		return err
	}
	given := time.Now()
	a, err := p.give(event)
	if err != nil {
		return err
	}
	after, err := processorTime(p.cmd.Process.Pid)
	if err != nil {
		return err
	}
	all.add(v.name+" cpu", ms(after-before))
	if !strings.Contains(string(a.body), `"statusCode":201`) {
		return fmt.Errorf("answered %s", a.body)
	}
	all.add(v.name, ms(a.at.Sub(given)))
	return nil
}
