package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// build makes a function's bootstrap with the command that SAM uses, for this machine's processor; flags go to the go
// command.
func build(ctx context.Context, root, folder, function string, flags ...string) (string, error) {
	return buildFor(ctx, runtime.GOARCH, root, folder, function, flags...)
}

func buildFor(ctx context.Context, arch, root, folder, function string, flags ...string) (string, error) {
	into := filepath.Join(folder, function)
	if err := os.MkdirAll(into, 0o755); err != nil {
		return "", err
	}
	make := exec.CommandContext(ctx, "make", "--silent", "--directory", root, "build-"+function, "ARTIFACTS_DIR="+into, "arch="+arch)
	make.Env = append(os.Environ(), "GOFLAGS="+strings.Join(flags, " "))
	if out, err := make.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w: %s", function, err, out)
	}
	return filepath.Join(into, "bootstrap"), nil
}

// buildCommand makes a command below local/bench in the same way.
func buildCommand(ctx context.Context, root, folder, name string) (string, error) {
	into := filepath.Join(folder, name)
	cmd := exec.CommandContext(ctx, "go", "build", "-tags", "lambda.norpc", "-trimpath", "-ldflags", "-s -w", "-o", into, "./local/bench/"+name)
	cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w: %s", name, err, out)
	}
	return into, nil
}

// zipped is how long the file is as Lambda gets it.
func zipped(path string) (int64, error) {
	in, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	var out counter
	z := zip.NewWriter(&out)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestCompression) })
	w, err := z.Create("bootstrap")
	if err != nil {
		return 0, err
	}
	if _, err := io.Copy(w, in); err != nil {
		return 0, err
	}
	err = z.Close()
	return int64(out), err
}

// counter counts what is written to it.
type counter int64

func (c *counter) Write(b []byte) (int, error) { *c += counter(len(b)); return len(b), nil }

// process is a bootstrap at a runtime API of its own. It is a lambda.Handler.
type process struct {
	cmd     *exec.Cmd
	server  *httptest.Server
	asked   chan time.Time // when it asked for an event
	events  chan []byte
	answers chan answered
	ended   chan struct{}
	said    bytes.Buffer
}

type answered struct {
	at    time.Time
	body  []byte
	error bool
}

// patience is how long anything of a process may take.
const patience = 60 * time.Second

// spawn starts a bootstrap, behind a command such as valgrind where wrap names one, and does not wait for it.
func spawn(bootstrap string, env []string, wrap ...string) (*process, error) {
	p := &process{asked: make(chan time.Time, 16), events: make(chan []byte), answers: make(chan answered, 1), ended: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", func(w http.ResponseWriter, r *http.Request) {
		select {
		case p.asked <- time.Now():
		default: // nobody waits for that one
		}
		select {
		case event := <-p.events:
			h := w.Header()
			h.Set("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
			h.Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(patience).UnixMilli()))
			h.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-central-1:123456789012:function:bench")
			_, _ = w.Write(event)
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("POST /2018-06-01/runtime/", func(w http.ResponseWriter, r *http.Request) {
		at := time.Now()
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusAccepted)
		p.answers <- answered{at, body, !strings.HasSuffix(r.URL.Path, "/response")}
	})
	p.server = httptest.NewServer(mux)
	args := append(wrap, bootstrap)
	p.cmd = exec.Command(args[0], args[1:]...)
	p.cmd.Env = append([]string{"AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(p.server.URL, "http://"), "AWS_LAMBDA_FUNCTION_NAME=bench",
		"AWS_LAMBDA_LOG_FORMAT=JSON", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=512", "HOME=/", "PATH=" + os.Getenv("PATH")}, env...)
	p.cmd.Stderr = &p.said // what it logs to its output is dropped
	if err := p.cmd.Start(); err != nil {
		p.server.Close()
		return nil, err
	}
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait() // it is ended by a signal, or says why it ended
	}()
	return p, nil
}

// ready waits until the process asks for an event, and answers when that was.
func (p *process) ready() (time.Time, error) {
	select {
	case at := <-p.asked:
		return at, nil
	case <-p.ended:
		return time.Time{}, fmt.Errorf("%s ended: %s", p.cmd.Path, p.said.String())
	case <-time.After(patience):
		return time.Time{}, fmt.Errorf("%s asks for no event", p.cmd.Path)
	}
}

// give hands a process that is ready an event, and answers what it said and when.
func (p *process) give(event []byte) (answered, error) {
	late := time.After(patience)
	select {
	case p.events <- event:
	case <-late:
		return answered{}, errors.New("the process takes no event")
	}
	select {
	case a := <-p.answers:
		if a.error {
			return a, fmt.Errorf("the function failed: %s", a.body)
		}
		return a, nil
	case <-late:
		return answered{}, errors.New("the process does not answer")
	}
}

// Invoke implements lambda.Handler.
func (p *process) Invoke(_ context.Context, event []byte) ([]byte, error) {
	a, err := p.give(event)
	return a.body, err
}

// peak is the most memory that the process has had, in MB.
func (p *process) peak() (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		var kb float64
		if n, _ := fmt.Sscanf(line, "VmHWM: %f kB", &kb); n == 1 {
			return kb / 1024, nil
		}
	}
	return 0, errors.New("the kernel does not say how much memory a process had")
}

// stop ends the process by a signal and answers what it said.
func (p *process) stop(s os.Signal) string {
	_ = p.cmd.Process.Signal(s) // it may have ended
	<-p.ended
	p.server.CloseClientConnections()
	p.server.Close()
	return p.said.String()
}
