// Package template reads template.yaml, the one list of functions, routes, schedules, variables and tables, so that what runs on one
// machine is what would be deployed.
//
// It resolves the intrinsic functions that stand where it looks (environment, events, policies, tables) and refuses any other there, with
// file and line, rather than guess. What only the cloud needs is not looked at.
package template

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"go.yaml.in/yaml/v3"
)

// Account, Region and the like are what the pseudo parameters stand for on one machine.
const (
	Account = "123456789012"
	Region  = "eu-central-1"
)

// Options say what the template's parameters are and where its tables stand.
type Options struct {
	Parameters map[string]string // over the defaults; one the template does not declare is an error
	Prefix     string            // goes before the name of every table, so that tests share one engine
}

// Template is what one machine needs to know of template.yaml.
type Template struct {
	Parameters map[string]string
	Functions  []Function // in the order of the file, which is the order of the flow
	Tables     []Table
	MailEvents map[string][]string // the kinds of email events that each configuration set of SES tells EventBridge
}

// Function is one AWS::Serverless::Function.
type Function struct {
	ID          string
	CodeURI     string
	Timeout     time.Duration
	MemoryMB    int
	Environment map[string]string
	Routes      []Route
	Schedules   []Schedule
	Rules       []Rule
	Permissions []Permission
}

// Route is one HttpApi event.
type Route struct {
	Event  string
	Method string
	Path   string
	IAM    bool // whether callers sign, and the function is told who they are
}

// Key is the route as API Gateway writes it: "POST /orders/{order}/cancel".
func (r Route) Key() string { return r.Method + " " + r.Path }

// Schedule is one Schedule event that is enabled.
type Schedule struct {
	Event      string
	Expression string // as written: "rate(1 minute)"
}

// Table is one AWS::DynamoDB::Table, ready to be created.
type Table struct {
	ID    string
	Input *dynamodb.CreateTableInput
}

// Read reads the template at path. Every error names the file and the line.
func Read(path string, o Options) (*Template, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the template: %w", err)
	}
	return parse(path, text, o)
}

// Function returns the function with this id, and whether there is one.
func (t *Template) Function(id string) (Function, bool) {
	i := slices.IndexFunc(t.Functions, func(f Function) bool { return f.ID == id })
	if i < 0 {
		return Function{}, false
	}
	return t.Functions[i], true
}

func parse(path string, text []byte, o Options) (*Template, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		// The library says "yaml: line 7: what is wrong"; here a file and its line stand as compilers write them.
		where, what, _ := strings.Cut(strings.TrimPrefix(err.Error(), "yaml: line "), ": ")
		if line, no := strconv.Atoi(where); no == nil {
			return nil, fmt.Errorf("%s:%d: %s", path, line, what)
		}
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(document.Content) == 0 || document.Content[0].Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s: is not a template", path)
	}
	r, err := newResolver(path, document.Content[0], o)
	if err != nil {
		return nil, err
	}
	t := &Template{Parameters: r.parameters, MailEvents: map[string][]string{}}
	for _, entry := range pairs(r.resources) {
		if err := r.resource(t, entry.key.Value, entry.value); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// resource adds one resource to the template if it is of a kind that runs here.
func (r *resolver) resource(t *Template, id string, node *yaml.Node) error {
	if condition := child(node, "Condition"); condition != nil {
		if on, err := r.condition(condition, condition.Value); err != nil || !on {
			return err
		}
	}
	properties := child(node, "Properties")
	switch text(child(node, "Type")) {
	case "AWS::Serverless::Function":
		f, err := r.function(id, node, properties)
		if err != nil {
			return err
		}
		t.Functions = append(t.Functions, f)
	case "AWS::DynamoDB::Table":
		table, err := r.table(id, node, properties)
		if err != nil {
			return err
		}
		t.Tables = append(t.Tables, table)
	case "AWS::SES::ConfigurationSet":
		t.MailEvents[id] = append([]string{}, t.MailEvents[id]...) // a set may tell nothing
	case "AWS::SES::ConfigurationSetEventDestination":
		return r.mailEvents(t, id, node, properties)
	}
	return nil
}

func (r *resolver) function(id string, node, properties *yaml.Node) (Function, error) {
	f := Function{ID: id, Environment: map[string]string{}}
	var err error
	if f.CodeURI, err = r.text(r.property(properties, "CodeUri")); err != nil {
		return f, err
	}
	seconds, err := r.number(r.property(properties, "Timeout"), 3)
	if err != nil {
		return f, err
	}
	f.Timeout = time.Duration(seconds) * time.Second
	if f.MemoryMB, err = r.number(r.property(properties, "MemorySize"), 128); err != nil {
		return f, err
	}
	// Variables are merged name by name; everything else a function says replaces what Globals say.
	for _, from := range []*yaml.Node{r.globals, properties} {
		for _, v := range pairs(child(child(from, "Environment"), "Variables")) {
			if f.Environment[v.key.Value], err = r.text(v.value); err != nil {
				return f, err
			}
		}
	}
	for _, event := range pairs(child(properties, "Events")) {
		if err := r.event(&f, event.key.Value, event.value); err != nil {
			return f, err
		}
	}
	if f.Permissions, err = r.permissions(child(properties, "Policies")); err != nil {
		return f, err
	}
	if len(f.Routes)+len(f.Schedules)+len(f.Rules) == 0 {
		return f, r.errorf(node, "function %s has neither route, schedule nor rule", id)
	}
	return f, nil
}

// methods are what an HTTP API routes by.
var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

func (r *resolver) event(f *Function, name string, node *yaml.Node) error {
	properties := child(node, "Properties")
	switch kind := text(child(node, "Type")); kind {
	case "HttpApi":
		method, err := r.text(child(properties, "Method"))
		if err != nil {
			return err
		}
		method = strings.ToUpper(method)
		path, err := r.text(child(properties, "Path"))
		if err != nil {
			return err
		}
		authorizer, err := r.text(child(child(properties, "Auth"), "Authorizer"))
		if err != nil {
			return err
		}
		switch {
		case !slices.Contains(methods, method):
			return r.errorf(node, "%s.%s: %q is no method", f.ID, name, method)
		case !strings.HasPrefix(path, "/"):
			return r.errorf(node, "%s.%s: the path %q does not begin with a slash", f.ID, name, path)
		case authorizer != "" && authorizer != "AWS_IAM":
			return r.errorf(node, "%s.%s: authorizer %q is not played here", f.ID, name, authorizer)
		}
		f.Routes = append(f.Routes, Route{Event: name, Method: method, Path: path, IAM: authorizer == "AWS_IAM"})
	case "Schedule":
		expression, err := r.text(child(properties, "Schedule"))
		if err != nil {
			return err
		}
		if err := checkSchedule(expression); err != nil {
			return r.errorf(node, "%s.%s: %v", f.ID, name, err)
		}
		enabled, err := r.text(child(properties, "Enabled"))
		if err != nil {
			return err
		}
		if enabled != "false" {
			f.Schedules = append(f.Schedules, Schedule{Event: name, Expression: expression})
		}
	case "EventBridgeRule":
		rule, err := r.rule(f.ID, name, node, properties)
		if err != nil {
			return err
		}
		f.Rules = append(f.Rules, rule)
	default:
		return r.errorf(node, "%s.%s: events of type %q are not played here", f.ID, name, kind)
	}
	return nil
}

// checkSchedule refuses what EventBridge refuses at deployment and linters let through: rate(1 minutes), rate(5 minute).
func checkSchedule(expression string) error {
	if inner, ok := between(expression, "cron(", ")"); ok && len(strings.Fields(inner)) == 6 {
		return nil
	}
	inner, ok := between(expression, "rate(", ")")
	if !ok {
		return fmt.Errorf("%q is neither rate(...) nor cron(...)", expression)
	}
	count, unit, _ := strings.Cut(inner, " ")
	n, err := strconv.Atoi(count)
	switch singular := strings.TrimSuffix(unit, "s"); {
	case err != nil || n < 1:
		return fmt.Errorf("%q has no count", expression)
	case !slices.Contains([]string{"minute", "hour", "day"}, singular):
		return fmt.Errorf("%q has no unit", expression)
	case (n == 1) != (unit == singular):
		return fmt.Errorf("%q: EventBridge wants the singular for one and the plural for more", expression)
	}
	return nil
}

func between(s, before, after string) (string, bool) {
	s, begins := strings.CutPrefix(s, before)
	s, ends := strings.CutSuffix(s, after)
	return s, begins && ends
}
