package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"dayone/local/template"
)

// startTargets are by whether a function sends letters.
var startTargets = map[bool]struct{ next, instructions float64 }{
	false: {1.6, 4}, true: {2.3, 8},
}

// tablesAt says where functions find DynamoDB.
const tablesAt = "AWS_ENDPOINT_URL_DYNAMODB"

// mostZipped is what a bootstrap may weigh, in MB, built for the processor that the template asks for.
const (
	mostZipped = 5
	deployed   = "arm64"
)

// start measures each function's start beside that of a hello world.
func start(ctx context.Context, b bench) (section, error) {
	s := section{Title: "from spawn to the first question for an event and to its answer, beside a hello world built the same way"}
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return s, err
	}
	defer os.RemoveAll(folder)
	hello, err := buildCommand(ctx, b.root, folder, "hello")
	if err != nil {
		return s, err
	}
	p, err := openPlant(ctx, b.root, nil)
	if err != nil {
		return s, err
	}
	defer p.close()
	begun := map[string]string{}
	for _, f := range p.template.Functions {
		if begun[f.ID], err = build(ctx, b.root, folder, f.ID); err != nil {
			return s, err
		}
	}
	all, failed := series{}, map[string]string{}
	for range b.times(15, 50) {
		for _, f := range p.template.Functions {
			for _, one := range []struct{ name, path string }{{f.ID, begun[f.ID]}, {"hello " + f.ID, hello}} {
				if err := startOnce(one.path, p.environ(f), eventOf(b.root, f), all, one.name); err != nil {
					failed[one.name] = err.Error()
				}
			}
			alone := append(withoutName(p.environ(f), tablesAt), tablesAt+"=http://127.0.0.1:1") // where nobody listens
			if err := startOnce(begun[f.ID], alone, nil, all, f.ID+" alone"); err != nil {
				failed[f.ID] = err.Error()
			}
		}
	}
	for name, why := range failed {
		s.note("%s: %s", name, why)
	}
	for _, f := range p.template.Functions {
		target := startTargets[sends(f)]
		s.add(against(f.ID+" to /next", "ms", all.median(f.ID+" next"), all.median("hello "+f.ID+" next"), target.next),
			against(f.ID+" to /next, its connection refused", "ms", all.median(f.ID+" alone next"), all.median("hello "+f.ID+" next"), 0),
			against(f.ID+" processor time to /next", "ms", all.median(f.ID+" cpu"), all.median("hello "+f.ID+" cpu"), 0),
			against(f.ID+" to its first answer", "ms", all.median(f.ID+" answer"), all.median("hello "+f.ID+" answer"), 0))
		path, err := buildFor(ctx, deployed, b.root, filepath.Join(folder, deployed), f.ID)
		if err != nil {
			return s, err
		}
		size, err := zipped(path)
		if err != nil {
			return s, err
		}
		s.add(figure{What: f.ID + " zipped", Ours: float64(size) / 1e6, Unit: "MB", Target: mostZipped, Note: "for " + deployed})
	}
	if _, err := exec.LookPath("valgrind"); err != nil {
		s.note("instructions: valgrind is not installed")
		return s, nil
	}
	least, err := instructions(hello, nil)
	if err != nil {
		return s, err
	}
	for _, f := range p.template.Functions {
		n, err := instructions(begun[f.ID], p.environ(f))
		if err != nil {
			return s, err
		}
		s.add(figure{What: f.ID + " instructions to /next", Ours: n, Beside: least, Unit: "M", Note: limit(n, startTargets[sends(f)].instructions)})
	}
	return s, nil
}

// limit says how a number is to a limit of its own.
func limit(is, most float64) string {
	if is <= most {
		return fmt.Sprintf("met: at most %g", most)
	}
	return fmt.Sprintf("missed by %.0f%%: at most %g", 100*(is/most-1), most)
}

// sends reports whether a function may send letters, and so links what SES needs.
func sends(f template.Function) bool {
	for _, p := range f.Permissions {
		if p.Action == "ses:SendEmail" {
			return true
		}
	}
	return false
}

// startOnce starts a bootstrap, gives it one event and ends it.
func startOnce(bootstrap string, env []string, event []byte, all series, name string) error {
	begun := time.Now()
	p, err := spawn(bootstrap, env)
	if err != nil {
		return err
	}
	defer p.stop(syscall.SIGKILL)
	next, err := p.ready()
	if err != nil {
		return err
	}
	all.add(name+" next", ms(next.Sub(begun)))
	used, err := processorTime(p.cmd.Process.Pid)
	if err != nil {
		return err
	}
	all.add(name+" cpu", ms(used))
	if event == nil {
		return nil
	}
	a, err := p.give(event)
	if err != nil {
		return err
	}
	all.add(name+" answer", ms(a.at.Sub(begun)))
	return nil
}

// processorTime is what a process's threads have run for, as the scheduler counts it, in nanoseconds.
func processorTime(pid int) (time.Duration, error) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil {
		return 0, err
	}
	var all time.Duration
	for _, t := range threads {
		text, err := os.ReadFile(t)
		if err != nil {
			continue // the thread has ended
		}
		if ns, err := strconv.ParseInt(strings.Fields(string(text))[0], 10, 64); err == nil {
			all += time.Duration(ns)
		}
	}
	return all, nil
}

// eventOf is an event of the function's own, from events/.
func eventOf(root string, f template.Function) []byte {
	folder := filepath.Join(root, "events")
	event, err := os.ReadFile(filepath.Join(folder, strings.ToLower(f.ID)+".json"))
	if err != nil {
		files, _ := filepath.Glob(filepath.Join(folder, strings.ToLower(f.ID)+".*json")) // the pattern is right
		if len(files) == 0 {
			return []byte("{}")
		}
		event, _ = os.ReadFile(files[0]) // without it the function fails, and says so
	}
	return event
}

var collected = regexp.MustCompile(`Collected : (\d+)`)

// instructions is how many millions of them a start takes, as callgrind counts: the median of three. It sometimes trips
// over a signal of Go's scheduler, and is asked again.
func instructions(bootstrap string, env []string) (float64, error) {
	env = append(env, "GODEBUG=asyncpreemptoff=1")
	var counts []float64
	said := ""
	for try := 0; try < 12 && len(counts) < 3; try++ {
		p, err := spawn(bootstrap, env, "valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null")
		if err != nil {
			return 0, err
		}
		_, failed := p.ready()
		said = p.stop(syscall.SIGTERM)
		if m := collected.FindStringSubmatch(said); m != nil && failed == nil {
			n, err := strconv.ParseFloat(m[1], 64)
			if err != nil {
				return 0, err
			}
			counts = append(counts, n/1e6)
		}
	}
	if len(counts) == 0 {
		return 0, fmt.Errorf("callgrind counts nothing: %s", said)
	}
	return median(counts), nil
}
