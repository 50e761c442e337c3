package events

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"debug/buildinfo"
	"debug/elf"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"dayone/local/engine/enginetest"
	"dayone/local/template"
)

// TestEveryBootstrapAnswersItsFiles builds each function as SAM does, but for the processor of this machine, starts the binary
// under a runtime API as Lambda does, and feeds it its files.
func TestEveryBootstrapAnswersItsFiles(t *testing.T) {
	root, err := enginetest.Root()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range deployed(t).Functions {
		t.Run(f.ID, func(t *testing.T) {
			bootstrap := build(t, root, f.ID)
			files, err := filepath.Glob(filepath.Join(root, "events", strings.ToLower(f.ID)+".*json"))
			if err != nil || len(files) == 0 {
				t.Fatalf("files %v, %v", files, err)
			}
			lambda := start(t, bootstrap, f)
			for _, file := range files {
				name := strings.TrimSuffix(filepath.Base(file), ".json")
				event, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				var got events.APIGatewayV2HTTPResponse
				if err := json.Unmarshal(lambda.invoke(t, event), &got); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				want := answers[name]
				if want == told {
					want = scheduled // no status either
				}
				if got.StatusCode != want {
					t.Errorf("%s: answered %d %s, want %d", name, got.StatusCode, got.Body, want)
				}
			}
			lambda.checkLog(t, len(f.Schedules) > 0)
		})
	}
}

// build makes a function's binary with the command that SAM uses.
func build(t *testing.T, root, function string) string {
	t.Helper()
	folder := t.TempDir()
	make := exec.CommandContext(t.Context(), "make", "--silent", "--directory", root, "build-"+function, "ARTIFACTS_DIR="+folder, "arch="+runtime.GOARCH)
	if out, err := make.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	bootstrap := filepath.Join(folder, "bootstrap")
	binary, err := elf.Open(bootstrap)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = binary.Close() }()
	if libraries, err := binary.ImportedLibraries(); err != nil || len(libraries) > 0 || binary.Section(".interp") != nil {
		t.Errorf("not static: %v, %v", libraries, err)
	}
	if binary.Section(".symtab") != nil || binary.Section(".debug_info") != nil {
		t.Error("not stripped")
	}
	made, err := buildinfo.ReadFile(bootstrap)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(made.Settings, debug.BuildSetting{Key: "-tags", Value: "lambda.norpc"}) {
		t.Error("with the part of aws-lambda-go that only Go's old runtime needed")
	}
	if size := zipped(t, bootstrap); size > mostZipped {
		t.Errorf("%d bytes zipped, and may be %d", size, mostZipped)
	}
	return bootstrap
}

// SAM builds for the processor that the template asks for, which may be another than that of the machine.
func TestBuiltForTheTemplatesProcessor(t *testing.T) {
	root, err := enginetest.Root()
	if err != nil {
		t.Fatal(err)
	}
	said, err := exec.CommandContext(t.Context(), "make", "--dry-run", "--directory", root, "build-Orders", "ARTIFACTS_DIR=.").Output()
	if err != nil {
		t.Fatal(err)
	}
	wanted, err := os.ReadFile(filepath.Join(root, "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, processor := range []string{"arm64", "x86_64"} {
		architecture := map[string]string{"arm64": "arm64", "x86_64": "amd64"}[processor]
		asked := bytes.Contains(wanted, []byte("Architectures: ["+processor+"]"))
		if built := bytes.Contains(said, []byte("GOOS=linux GOARCH="+architecture+" ")); built != asked {
			t.Errorf("asked for %s: %t, built for it: %t", processor, asked, built)
		}
	}
}

// mostZipped is what a bootstrap may weigh as Lambda gets it, for the processor of any machine: for that of the template it
// is a tenth less.
const mostZipped = 5_100_000

func zipped(t *testing.T, bootstrap string) int {
	t.Helper()
	binary, err := os.ReadFile(bootstrap)
	if err != nil {
		t.Fatal(err)
	}
	var small bytes.Buffer
	z := gzip.NewWriter(&small) // as a zip does, but for the name
	if _, err := z.Write(binary); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return small.Len()
}

// lambda is a runtime API with one process at it.
type lambda struct {
	events, answers chan []byte
	log             *bytes.Buffer
	stop            func()
}

// start runs a bootstrap with the environment that the function has when deployed.
func start(t *testing.T, bootstrap string, f template.Function) *lambda {
	t.Helper()
	l := &lambda{make(chan []byte), make(chan []byte), &bytes.Buffer{}, nil}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", func(w http.ResponseWriter, r *http.Request) {
		select {
		case event := <-l.events:
			h := w.Header()
			h.Set("Lambda-Runtime-Aws-Request-Id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
			h.Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(f.Timeout).UnixMilli()))
			h.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-central-1:123456789012:function:"+f.ID)
			h.Set("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700")
			_, _ = w.Write(event)
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("POST /2018-06-01/runtime/", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if !strings.HasSuffix(r.URL.Path, "/response") {
			body = fmt.Appendf(nil, "%s: %s", r.URL.Path, body) // no JSON, and the test says so
		}
		w.WriteHeader(http.StatusAccepted)
		l.answers <- body
	})
	server := httptest.NewServer(mux)
	ctx, cancel := context.WithCancel(t.Context())
	process := exec.CommandContext(ctx, bootstrap)
	tables := enginetest.New(t)
	process.Env = []string{"AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(server.URL, "http://"), "AWS_LAMBDA_FUNCTION_NAME=" + f.ID,
		"AWS_LAMBDA_LOG_FORMAT=JSON", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=" + fmt.Sprint(f.MemoryMB)}
	for name := range f.Environment {
		process.Env = append(process.Env, name+"="+tables.Getenv(name))
	}
	for name, value := range tables.Engine.Environment() {
		process.Env = append(process.Env, name+"="+value)
	}
	process.Stdout, process.Stderr = l.log, l.log
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	l.stop = func() {
		cancel()
		_ = process.Wait() // it was killed
		server.CloseClientConnections()
		server.Close()
	}
	return l
}

func (l *lambda) invoke(t *testing.T, event []byte) []byte {
	t.Helper()
	late := time.After(30 * time.Second)
	select {
	case l.events <- event:
	case body := <-l.answers:
		t.Fatalf("before any event: %s", body)
	case <-late:
		t.Fatal("the bootstrap asks for no event")
	}
	select {
	case body := <-l.answers:
		return body
	case <-late:
		t.Fatal("no answer")
	}
	return nil
}

// checkLog ends the process and reads what it wrote: lines of JSON, the runs of a schedule among them as a metric.
func (l *lambda) checkLog(t *testing.T, runs bool) {
	t.Helper()
	l.stop()
	counted := strings.Contains(l.log.String(), `"schedule_runs":1`)
	if counted != runs {
		t.Errorf("runs are counted: %v", counted)
	}
	for lines := bufio.NewScanner(l.log); lines.Scan(); {
		var line struct {
			Request string         `json:"requestId"`
			Metrics map[string]any `json:"_aws"`
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil || (line.Request == "") == (line.Metrics == nil) {
			t.Errorf("line %s: %v", lines.Bytes(), err)
		}
	}
}
