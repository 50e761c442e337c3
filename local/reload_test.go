package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"dayone/local/client"
)

// patience is how long something may take on a machine that does other things too.
const patience = 60 * time.Second

// A reload takes less than reloads on a machine that does nothing else. On a busy one all but what the compiler needs takes less than
// around, at least once in tries.
const (
	reloads = 3 * time.Second
	around  = time.Second
	tries   = 5
)

var figures = regexp.MustCompile(`Reloaded in [0-9.]+ s, ([0-9.]+) of them to build`)

// quick reports whether the last reload, which took this long until somebody saw it, was as quick as it has to be.
func quick(t *testing.T, what string, took time.Duration, out *said, reloaded int) bool {
	t.Helper()
	until(t, "the word of it", out, func() bool { return len(figures.FindAllString(out.String(), -1)) >= reloaded })
	last := figures.FindAllStringSubmatch(out.String(), -1)
	building, err := strconv.ParseFloat(last[len(last)-1][1], 64)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %v, of which %v s to build", what, took, building)
	return took < reloads || took.Seconds()-building < around.Seconds()
}

// checkout copies what a server is made of, so that a test may edit it.
func checkout(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum", "template.yaml", "Makefile"} {
		copyFile(t, filepath.Join("..", name), filepath.Join(root, name))
	}
	for name := range look("..") {
		copyFile(t, filepath.Join("..", name), filepath.Join(root, name))
	}
	return root
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o755)
	}
	if err == nil {
		err = os.WriteFile(to, text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// installed gives a checkout what npm installs.
func installed(t *testing.T, root string) string {
	t.Helper()
	modules, err := filepath.Abs("node_modules")
	if err == nil {
		err = os.Symlink(modules, filepath.Join(root, "local", "node_modules"))
	}
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// edit replaces a text in a file, as an editor does: the file appears whole.
func edit(t *testing.T, root, name, old, text string) {
	t.Helper()
	path := filepath.Join(root, name)
	was, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(was, []byte(old)) {
		t.Fatalf("%s has no %q", name, old)
	}
	if err := os.WriteFile(path+".saving", bytes.Replace(was, []byte(old), []byte(text), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".saving", path); err != nil {
		t.Fatal(err)
	}
}

// said is what a process says, while it says it.
type said struct {
	ended chan struct{}

	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// until waits for something, and answers how long that took.
func until(t *testing.T, what string, said *said, there func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	for !there() {
		select {
		case <-said.ended:
			t.Fatalf("%s: it ended, and said:\n%s", what, said)
		case <-time.After(20 * time.Millisecond):
		}
		if time.Since(began) > patience {
			t.Fatalf("%s: not after %v; it said:\n%s", what, patience, said)
		}
	}
	return time.Since(began)
}

// build builds a checkout. Without the paths in it, every checkout can use what was built for another.
func build(t *testing.T, root string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-trimpath", "-ldflags=-s -w", "-o", "run-local", "./local")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return filepath.Join(root, "run-local")
}

// terminate ends a process as a system that goes down does, interrupt as Ctrl-C does, which every process of the group hears.
func terminate(cmd *exec.Cmd) error { return cmd.Process.Signal(syscall.SIGTERM) }
func interrupt(cmd *exec.Cmd) error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }

// launch runs a checkout until the test ends, with more in its environment. Its data have had their seed orders: none come.
func launch(t *testing.T, root string, end func(*exec.Cmd) error, env ...string) (url string, out *said) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(root, data), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, data, "seeded"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	out = &said{ended: make(chan struct{})}
	cmd := exec.Command(build(t, root))
	cmd.Dir, cmd.Stdout, cmd.Stderr = root, out, out
	cmd.Env = append(append(os.Environ(), "PORT="+port, "FRESH=", "GOFLAGS=-trimpath"), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var status error
	go func() {
		status = cmd.Wait()
		close(out.ended)
	}()
	t.Cleanup(func() {
		if err := end(cmd); err != nil {
			t.Error(err)
		}
		<-out.ended
		if status != nil {
			t.Errorf("it ended: %v; it said:\n%s", status, out)
		}
		if _, err := http.Get(url); err == nil {
			t.Error("something goes on answering")
		}
	})
	until(t, "the start", out, func() bool { return strings.Contains(out.String(), "Day One runs at") })
	return "http://localhost:" + port, out
}

// get answers what an address answers, empty while it does not.
func get(t *testing.T, url string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return ""
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(answer.Body) // a server that ends may cut it off
	return string(body)
}

func post(t *testing.T, url string, o client.Object, into any) {
	t.Helper()
	body, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", "reload-test-00001")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(into); err != nil || answer.StatusCode >= 300 {
		t.Fatalf("POST %s: %s, %v", url, answer.Status, err)
	}
}

// now is what the clock says.
func now(t *testing.T, url string) time.Time {
	t.Helper()
	var clock struct{ Now time.Time }
	if err := json.Unmarshal([]byte(get(t, url+"/_local/clock")), &clock); err != nil {
		t.Fatal(err)
	}
	return clock.Now
}

func TestWhatIsSavedIsReloadedAndNothingIsLost(t *testing.T) {
	root := installed(t, checkout(t))
	url, out := launch(t, root, terminate)
	var clock struct{ Now time.Time }
	post(t, url+"/_local/clock", client.Object{"advance": "50h"}, &clock)
	var order struct{ ID string }
	post(t, url+"/orders", client.Order(1, clock.Now), &order)
	post(t, url+"/_local/clock", client.Object{"advance": "24h"}, &clock)
	const letter = "Set up order"
	if !strings.Contains(get(t, url+"/_local/inbox.json"), letter) {
		t.Fatalf("no letter went out: %s", get(t, url+"/_local/inbox.json"))
	}

	// One file of each kind, and a text that shows where somebody looks.
	reloaded, fine := 0, false
	for i := 0; i < tries && !fine; i++ {
		text := fmt.Sprintf(`<p>Edited %d</p>`, i)
		edit(t, root, "functions/setup/open.html", `<p class="lead">`, text+`<p class="lead">`)
		took := until(t, "a page", out, func() bool { return strings.Contains(get(t, url+"/setup"), text) })
		reloaded++
		fine = quick(t, "a page", took, out, reloaded)
	}
	if !fine {
		t.Errorf("the reload of a page takes too long:\n%s", out)
	}
	fine = false
	was := `"/problems/"`
	for i := 0; i < tries && !fine; i++ {
		text := fmt.Sprintf(`"/edited-%d/"`, i)
		edit(t, root, "shared/api/problem.go", was, text)
		was = text
		took := until(t, "Go code", out, func() bool { return strings.Contains(get(t, url+"/orders/none"), text[:len(text)-1]) })
		reloaded++
		fine = quick(t, "Go code", took, out, reloaded)
	}
	if !fine {
		t.Errorf("the reload of Go code takes too long:\n%s", out)
	}
	edit(t, root, "shared/texts/sl.json", `"Nastavite svoje naročilo"`, `"Besedilo je novo"`)
	until(t, "a word", out, func() bool { return strings.Contains(get(t, url+"/setup?lang=sl"), "Besedilo je novo") })
	edit(t, root, "template.yaml", `"/subdomains/{name}"`, `"/names/{name}"`)
	until(t, "a route", out, func() bool { return strings.Contains(get(t, url+"/subdomains/alpine"), `{"message":"Not Found"}`) })

	if got := get(t, url+"/orders/"+order.ID); !strings.Contains(got, `"status":"invited"`) {
		t.Errorf("the order: %s", got)
	}
	if !strings.Contains(get(t, url+"/_local/inbox.json"), letter) {
		t.Error("the letter is lost")
	}
	if at := now(t, url); at.Before(clock.Now) {
		t.Errorf("the clock went back from %v to %v", clock.Now, at)
	}

	// What cannot run is said, and what ran goes on.
	for name, wrong := range map[string]struct{ file, old, text, says string }{
		"Go that does not compile":   {"functions/setup/role.go", `Name: "role"`, `Name: 1`, "functions/setup/role.go:1"},
		"a template that is wrong":   {"template.yaml", "rate(15 minutes)", "rate(15 minute)", "template.yaml:"},
		"a template that is no tree": {"template.yaml", "Transform:", "  Transform:", "template.yaml:"},
		"a page that is wrong":       {"functions/setup/open.html", "{{.Token}}", "{{.Token", "functions/setup/open.html:"},
	} {
		before := len(out.String())
		edit(t, root, wrong.file, wrong.old, wrong.text)
		until(t, name, out, func() bool { return strings.Contains(out.String()[before:], wrong.says) })
		if !strings.Contains(out.String()[before:], "what ran before still runs") || !strings.Contains(get(t, url+"/setup"), "Edited") {
			t.Errorf("%s: %s", name, out.String()[before:])
		}
		edit(t, root, wrong.file, wrong.text, wrong.old)
		until(t, name+", mended", out, func() bool { return strings.Contains(out.String()[before:], "Reloaded in") })
	}
	t.Log(out)
}

func TestAServerThatEndsIsStartedWithTheNextSave(t *testing.T) {
	root := installed(t, checkout(t))
	url, out := launch(t, root, terminate)
	edit(t, root, "local/cloud/controls.go", `	own.HandleFunc("GET /{$}", c.showFront)`, `	own.HandleFunc("GET /{$}", c.showFront)
	own.HandleFunc("GET /_local/crash", func(http.ResponseWriter, *http.Request) { go panic("on purpose") })`)
	until(t, "the route", out, func() bool { return strings.Contains(out.String(), "Reloaded in") })
	get(t, url+"/_local/crash")
	until(t, "the end", out, func() bool { return strings.Contains(out.String(), "The server ended: exit status 2.") })
	edit(t, root, "local/cloud/controls.go", `go panic("on purpose")`, ``)
	until(t, "the next", out, func() bool { return strings.Count(out.String(), "Reloaded in") == 2 })
	if !strings.Contains(get(t, url), "Day One") {
		t.Error("nobody answers")
	}
}
