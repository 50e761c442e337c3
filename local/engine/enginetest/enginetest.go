// Package enginetest gives a test the tables of template.yaml, in one engine for the whole test binary and under names of the test's own,
// so that tests run side by side.
package enginetest

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dayone/local/engine"
	"dayone/local/guard"
	"dayone/local/secrets"
	"dayone/local/template"
)

// Tables are one test's own, empty at first.
type Tables struct {
	*dynamodb.Client

	Engine *engine.Engine
	Prefix string

	tb          testing.TB
	template    *template.Template
	environment map[string]string
}

// shared starts the engine of this test binary. It ends with the process.
var shared = sync.OnceValues(func() (*engine.Engine, error) {
	root, err := Root()
	if err != nil {
		return nil, err
	}
	return engine.Start(context.Background(), engine.Options{Local: filepath.Join(root, "local")})
})

// log is what this test binary logs, whoever does.
var log = sync.OnceValue(func() *secrets.Log {
	l := secrets.NewLog(os.Stderr)
	slog.SetDefault(l.Logger())
	return l
})

// Log is what functions log in this test binary, from the first call on. Every line is looked through.
func Log() *secrets.Log { return log() }

// Engine returns the engine of this test binary, started at the first call. A secret in the log fails the test, or another
// that runs at the same time.
func Engine(tb testing.TB) *engine.Engine {
	tb.Helper()
	l := Log()
	tb.Cleanup(func() {
		for _, found := range l.Found() {
			tb.Errorf("the log has a secret: %s", found)
		}
	})
	e, err := shared()
	if err != nil {
		tb.Fatal(err)
	}
	return e
}

// New creates the template's tables for one test, which fails where one has a secret at its end.
func New(tb testing.TB) *Tables {
	tb.Helper()
	e := Engine(tb)
	prefix := Prefix()
	t, err := template.Read(Template(tb), template.Options{Prefix: prefix, Parameters: Parameters()})
	if err != nil {
		tb.Fatal(err)
	}
	client := e.Client()
	if err := engine.CreateTables(tb.Context(), client, t.Tables); err != nil {
		tb.Fatal(err)
	}
	var names []string
	for _, table := range t.Tables {
		names = append(names, prefix+table.ID)
	}
	tb.Cleanup(func() {
		if err := (secrets.Known{}).Stored(context.WithoutCancel(tb.Context()), client, names...); err != nil {
			tb.Error(err)
		}
	})
	environment := e.Environment()
	for _, f := range t.Functions {
		maps.Copy(environment, f.Environment)
	}
	return &Tables{Client: client, Engine: e, Prefix: prefix, tb: tb, template: t, environment: environment}
}

// Getenv stands for os.Getenv of somebody who may do everything with these tables, such as a test that prepares them:
// every variable of the template, and the engine's.
func (t *Tables) Getenv(name string) string { return t.environment[name] }

// As stands for os.Getenv of a function of the template: it has the variables that the function is given there, and
// DynamoDB and SES refuse what its policies do not grant. Each further pair is the name and the value of a variable, over
// those.
func (t *Tables) As(function string, over ...string) func(string) string {
	t.tb.Helper()
	f, ok := t.template.Function(function)
	if !ok {
		t.tb.Fatalf("template.yaml has no function %s", function)
	}
	all := t.Engine.Environment()
	maps.Copy(all, f.Environment)
	for i := 0; i+1 < len(over); i += 2 {
		all[over[i]] = over[i+1]
	}
	if t.Engine.Local() { // another's would refuse requests whose host changed after they were signed
		t.guard(function, all)
	}
	return func(name string) string { return all[name] }
}

// guard puts the function's policies before the services that its environment names.
func (t *Tables) guard(function string, environment map[string]string) {
	policies := guard.Policies{Template: t.template}
	tables, err := policies.DynamoDB(environment["AWS_ENDPOINT_URL_DYNAMODB"])
	if err != nil {
		t.tb.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/dynamodb/{function}", tables)
	server := httptest.NewServer(mux)
	t.tb.Cleanup(server.Close)
	environment["AWS_ENDPOINT_URL_DYNAMODB"] = server.URL + "/dynamodb/" + function
	ses, err := url.Parse(environment["AWS_ENDPOINT_URL_SESV2"])
	if err != nil {
		t.tb.Fatal(err)
	}
	if ses.Host == "" {
		return
	}
	mux.Handle("/ses/{function}/", policies.SES(&httputil.ReverseProxy{ErrorHandler: guard.BreakOff, Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.URL.Path = strings.TrimPrefix(r.In.URL.Path, "/ses/"+function)
		r.SetURL(ses)
	}}))
	environment["AWS_ENDPOINT_URL_SESV2"] = server.URL + "/ses/" + function
}

// Name is the name of the table with this id in the template.
func (t *Tables) Name(id string) string { return t.Prefix + id }

// Prefix makes up a prefix for table names that no other test has.
func Prefix() string { return "t" + rand.Text()[:12] + "-" }

// Parameters are values for those parameters of the template that have no default.
func Parameters() map[string]string {
	return map[string]string{
		"BaseUrl":     "https://dayone.example",
		"SenderEmail": "orders@dayone.example",
		"HelpEmail":   "help@dayone.example",
	}
}

// Template is the path of template.yaml, from wherever the test runs.
func Template(tb testing.TB) string {
	tb.Helper()
	root, err := Root()
	if err != nil {
		tb.Fatal(err)
	}
	return filepath.Join(root, "template.yaml")
}

// Root is the folder of the repository: the nearest one up from here with a go.mod.
func Root() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder, nil
		}
		up := filepath.Dir(folder)
		if up == folder {
			return "", fmt.Errorf("no go.mod above the test")
		}
		folder = up
	}
}
