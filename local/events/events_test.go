// Package events holds the files of events/: each is an event as AWS sends it, goes through the function that its name
// begins with, and gets the answer that is written here.
package events

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"dayone/local/contract"
	"dayone/local/engine/enginetest"
	"dayone/local/functions"
	"dayone/local/template"
)

// Stand for the answers to what nobody waits for: they have no status.
const (
	scheduled = iota
	told
)

// answers are the statuses of all files, in empty tables.
var answers = map[string]int{
	"billing":               scheduled,
	"billing.charges":       http.StatusOK,
	"billing.charges-csv":   http.StatusOK,
	"console":               http.StatusOK,
	"console.signed-out":    http.StatusSeeOther,
	"deliveries":            scheduled,
	"deliveries.bounce":     told,
	"deliveries.complaint":  told,
	"deliveries.delay":      told,
	"deliveries.delivery":   told,
	"letters":               scheduled,
	"orders.description":    http.StatusOK,
	"orders.event-schema":   http.StatusOK,
	"orders.list":           http.StatusOK,
	"orders.place":          http.StatusCreated,
	"orders.show-unknown":   http.StatusNotFound,
	"orders.unsigned":       http.StatusForbidden,
	"provisioning":          scheduled,
	"provisioning.progress": http.StatusUnauthorized,
	"services":              http.StatusOK,
	"services.invite":       http.StatusUnauthorized,
	"services.sign-in":      http.StatusUnauthorized,
	"setup":                 http.StatusOK,
	"setup.form-unknown":    http.StatusNotFound,
	"setup.mangled":         http.StatusOK,
	"setup.start-unknown":   http.StatusNotFound,
}

func TestEveryFileIsAnsweredByItsFunction(t *testing.T) {
	root, err := enginetest.Root()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(root, "events", "*"))
	if err != nil {
		t.Fatal(err)
	}
	deployed := deployed(t)
	left := map[string]bool{}
	for _, f := range deployed.Functions {
		left[f.ID] = true
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			want, known := answers[name]
			if !known {
				t.Fatal("nobody says how this event is answered")
			}
			word, _, _ := strings.Cut(name, ".")
			f, ok := deployed.Function(strings.ToUpper(word[:1]) + word[1:])
			if !ok {
				t.Fatalf("the template has no function %s", word)
			}
			delete(left, f.ID)
			event, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			switch want {
			case scheduled:
				checkSchedule(t, f, event)
			case told:
				checkTold(t, f, event)
			default:
				checkRequest(t, f, event)
			}
			answer, err := functions.All()[f.ID](enginetest.New(t).As(f.ID)).Invoke(t.Context(), event)
			if err != nil {
				t.Fatal(err)
			}
			if want == scheduled || want == told {
				return
			}
			var got events.APIGatewayV2HTTPResponse
			if err := json.Unmarshal(answer, &got); err != nil {
				t.Fatal(err)
			}
			if got.StatusCode != want {
				t.Errorf("answered %d %s, want %d", got.StatusCode, got.Body, want)
			}
			if err := contract.CheckEvent(event, answer); err != nil {
				t.Errorf("not as openapi.yaml says: %v", err)
			}
		})
	}
	if len(files) != len(answers) {
		t.Errorf("%d files, and answers to %d", len(files), len(answers))
	}
	for id := range left {
		t.Errorf("there is no event for %s", id)
	}
}

// checkRequest holds an event to what API Gateway would send this function.
func checkRequest(t *testing.T, f template.Function, event []byte) {
	t.Helper()
	var e events.APIGatewayV2HTTPRequest
	strict(t, event, &e)
	at := slices.IndexFunc(f.Routes, func(r template.Route) bool { return r.Key() == e.RouteKey })
	if at < 0 {
		t.Fatalf("%s is no route of %s", e.RouteKey, f.ID)
	}
	c, route := e.RequestContext, f.Routes[at]
	path := route.Path
	for name, value := range e.PathParameters {
		path = strings.Replace(path, "{"+name+"}", value, 1)
	}
	switch {
	case c.RouteKey != e.RouteKey || c.HTTP.Method != route.Method:
		t.Errorf("route %s, in the context %s by %s", e.RouteKey, c.RouteKey, c.HTTP.Method)
	case e.RawPath != path || c.HTTP.Path != path:
		t.Errorf("path %s, in the context %s, by its parameters %s", e.RawPath, c.HTTP.Path, path)
	case (c.Authorizer != nil) != route.IAM && !strings.Contains(t.Name(), "unsigned"):
		t.Errorf("%s is signed: %v", route.Key(), c.Authorizer != nil)
	case c.Time != time.UnixMilli(c.TimeEpoch).UTC().Format("02/Jan/2006:15:04:05 -0700"):
		t.Errorf("time %s, epoch %d", c.Time, c.TimeEpoch)
	}
}

// checkSchedule holds an event to what EventBridge would send this function.
func checkSchedule(t *testing.T, f template.Function, event []byte) {
	t.Helper()
	var e events.EventBridgeEvent
	strict(t, event, &e)
	named := slices.ContainsFunc(f.Schedules, func(s template.Schedule) bool {
		return len(e.Resources) == 1 && strings.Contains(e.Resources[0], f.ID+s.Event)
	})
	if !named || e.Source != "aws.events" || e.DetailType != "Scheduled Event" {
		t.Errorf("%s is no schedule of %s: %v", e.DetailType, f.ID, e.Resources)
	}
}

// checkTold holds an event to what another service would tell this function.
func checkTold(t *testing.T, f template.Function, event []byte) {
	t.Helper()
	strict(t, event, &events.EventBridgeEvent{})
	var e map[string]any
	if err := json.Unmarshal(event, &e); err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(f.Rules, func(r template.Rule) bool { return r.Matches(e) }) {
		t.Errorf("no rule of %s matches", f.ID)
	}
}

// strict reads JSON into v and refuses members that the type has not.
func strict(t *testing.T, text []byte, v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		t.Fatal(err)
	}
}

func deployed(t *testing.T) *template.Template {
	t.Helper()
	deployed, err := template.Read(enginetest.Template(t), template.Options{Parameters: enginetest.Parameters()})
	if err != nil {
		t.Fatal(err)
	}
	return deployed
}
