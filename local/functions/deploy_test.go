package functions_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"dayone/local/engine/enginetest"
	"dayone/local/functions"
	"dayone/local/template"
	"dayone/shared/api"
)

// TestTheTemplateDeploysWhatTheCodeDoes holds template.yaml to what no linter knows: this house.
func TestTheTemplateDeploysWhatTheCodeDoes(t *testing.T) {
	t.Parallel()
	for _, m := range mistakes(t, enginetest.Template(t)) {
		t.Error(m)
	}
}

// TestMistakesInTheTemplateAreFound changes one thing at a time, each of which a linter lets through, and wants it noticed.
func TestMistakesInTheTemplateAreFound(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(enginetest.Template(t))
	if err != nil {
		t.Fatal(err)
	}
	const queue = "        DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt Undelivered.Arn}}\n"
	for name, c := range map[string]struct{ old, new, want string }{
		"a route without its authorizer":   {`Method: POST, Path: /orders, Auth: {Authorizer: AWS_IAM}`, `Method: POST, Path: /orders`, "POST /orders: signed false"},
		"a page that wants a signature":    {`Method: GET, Path: /setup}`, `Method: GET, Path: /setup, Auth: {Authorizer: AWS_IAM}}`, "GET /setup: signed true"},
		"any action":                       {"Action: ses:SendEmail", `Action: "ses:*"`, "wildcards allow more than is meant"},
		"any resource":                     {"Resource: !Sub ${OrdersTable.Arn}/index/list", `Resource: "*"`, "wildcards allow more than is meant"},
		"a misspelt action":                {"Action: ses:SendEmail", "Action: ses:SendEmial", "ses:SendEmial on"},
		"an action that nothing calls":     {"Action: ses:SendEmail", "Action: dynamodb:Scan", "is nothing that code does"},
		"a right that no code uses":        {"[dynamodb:PutItem, dynamodb:UpdateItem, dynamodb:BatchGetItem]", "[dynamodb:PutItem, dynamodb:UpdateItem, dynamodb:BatchGetItem, dynamodb:Scan]", "Billing: Scan OrdersTable is granted, and nothing does that"},
		"a right that code lacks":          {"[dynamodb:PutItem, dynamodb:UpdateItem, dynamodb:BatchGetItem]", "[dynamodb:PutItem, dynamodb:BatchGetItem]", "Billing: UpdateItem OrdersTable is not granted, and its code does that"},
		"an index that is not there":       {"${OrdersTable.Arn}/index/list", "${OrdersTable.Arn}/index/lists", "there is no table or index"},
		"a policy for another's table":     {"Resource: !GetAtt TokensTable.Arn", "Resource: !Sub ${TokensTable.Arn}s", "there is no table or index"},
		"runs without a queue":             {queue, "", "has no queue for runs that fail"},
		"a queue that is not there":        {queue, strings.Replace(queue, "Undelivered", "Unheard", 1), "has no queue for runs that fail"},
		"a schedule without a queue":       {"            DeadLetterConfig: {Arn: !GetAtt Undelivered.Arn}\n", "", "has no queue for events that do not arrive"},
		"a queue that a rule may not use":  {"                  - !GetAtt BillingEveryQuarterHour.Arn\n", "", "BillingEveryQuarterHour may not write to Undelivered"},
		"a queue without an alarm":         {"MetricName: ApproximateNumberOfMessagesVisible", "MetricName: NumberOfMessagesSent", "no alarm on ApproximateNumberOfMessagesVisible of Undelivered"},
		"a function without an alarm":      {"{Name: FunctionName, Value: !Ref Setup}", "{Name: FunctionName, Value: !Ref Orders}", "no alarm on Errors of Setup"},
		"a schedule without an alarm":      {"{Name: function, Value: !Ref Billing}", "{Name: function, Value: !Ref Letters}", "no alarm on schedule_runs of Billing"},
		"an alarm on nothing":              {"MetricName: oldest_unstarted_hours", "MetricName: oldest_unstarted_days", "nothing counts oldest_unstarted_days"},
		"another function's code":          {"CodeUri: functions/letters/lambda", "CodeUri: functions/setup/lambda", "Letters has the code of functions/setup/lambda"},
		"code that is not there":           {"CodeUri: functions/orders/lambda", "CodeUri: functions/order/lambda", "functions/order/lambda/main.go"},
		"the singular of five":             {"Schedule: rate(15 minutes)", "Schedule: rate(15 minute)", "EventBridge wants the singular"},
		"a cron with five fields":          {"Schedule: rate(1 minute)", "Schedule: cron(* * * * *)", "is neither rate(...) nor cron(...)"},
		"a misspelt method":                {"Method: PATCH", "Method: PACTH", `"PACTH" is no method`},
		"another method":                   {"Method: PATCH", "Method: PUT", "PUT /orders/{order}"},
		"a route that nobody handles":      {`Path: /openapi.json`, `Path: /openapi.yaml`, "GET /openapi.yaml"},
		"a variable that is not set":       {"          SENDER: !Ref SenderEmail\n", "", "Letters asks for SENDER"},
		"a table that is not named":        {"          TOKENS_TABLE: !Ref TokensTable\n", "", "knows the name of TokensTable: false"},
		"a variable that nobody asks for":  {"          SENDER: !Ref SenderEmail\n", "          SENDER: !Ref SenderEmail\n          SENDERS: a\n", "Letters never asks for SENDERS"},
		"a path in the access log":         {"$context.routeKey", "$context.path", "access log tells $context.path"},
		"a throttle on a misspelt route":   {"POST /sign-in: {T", "POST /signin: {T", "no route POST /signin"},
		"a log that is kept for ever":      {"SetupLog: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: !Ref LogRetentionDays}}", "SetupLog: {Type: AWS::Logs::LogGroup}", "log SetupLog is kept for ever"},
		"a table without recovery":         {"{PointInTimeRecoveryEnabled: true}", "{PointInTimeRecoveryEnabled: false}", "PointInTimeRecoverySpecification"},
		"a table that goes with the stack": {"    DeletionPolicy: Retain\n", "", "DeletionPolicy"},
		"a table with a physical name":     {"      BillingMode: PAY_PER_REQUEST\n", "      BillingMode: PAY_PER_REQUEST\n      TableName: orders\n", "has a physical name"},
		"longer than the gateway waits":    {"Timeout: 30 #", "Timeout: 45 #", "API Gateway waits 30 seconds"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(string(text), c.old) {
				t.Fatalf("the template has no %q", c.old)
			}
			path := filepath.Join(t.TempDir(), "template.yaml")
			if err := os.WriteFile(path, []byte(strings.Replace(string(text), c.old, c.new, 1)), 0o644); err != nil {
				t.Fatal(err)
			}
			found := mistakes(t, path)
			if !slices.ContainsFunc(found, func(m string) bool { return strings.Contains(m, c.want) }) {
				t.Errorf("found %q, want %q", found, c.want)
			}
		})
	}
}

// resource is one of the template, its intrinsic functions dropped: !GetAtt A.Arn is "A.Arn".
type resource struct {
	Type       string         `yaml:"Type"`
	Deleted    string         `yaml:"DeletionPolicy"`
	Replaced   string         `yaml:"UpdateReplacePolicy"`
	Properties map[string]any `yaml:"Properties"`
}

// at follows keys down.
func at(v any, keys ...string) any {
	for _, k := range keys {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[k]
	}
	return v
}

// deployment is a template as it is read here: what runs on one machine, and the rest.
type deployment struct {
	*template.Template

	root      string
	Globals   map[string]any      `yaml:"Globals"`
	Resources map[string]resource `yaml:"Resources"`
	found     []string
}

func (d *deployment) wrong(format string, args ...any) {
	d.found = append(d.found, fmt.Sprintf(format, args...))
}

// mistakes are what is wrong with the template at path.
func mistakes(t *testing.T, path string) []string {
	t.Helper()
	root, err := enginetest.Root()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	d := &deployment{root: root}
	if err := yaml.Unmarshal(text, d); err != nil {
		t.Fatal(err)
	}
	parameters := enginetest.Parameters()
	parameters["ProvisionerUrl"] = "https://platform.example"
	parameters["ProvisionerSecret"] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	parameters["EventsUrl"] = "https://commerce.example/events"
	parameters["EventsSecret"] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	if d.Template, err = template.Read(path, template.Options{Parameters: parameters}); err != nil {
		return []string{err.Error()}
	}
	for _, f := range d.Functions {
		d.code(f)
		d.routes(f)
		d.variables(f)
		d.policies(f)
		d.watched(f)
		d.queues(f)
	}
	d.rights(t)
	d.api()
	d.tables()
	d.alarms()
	return d.found
}

func (d *deployment) code(f template.Function) {
	if want := "functions/" + strings.ToLower(f.ID) + "/lambda"; f.CodeURI != want {
		d.wrong("%s has the code of %s", f.ID, f.CodeURI)
	}
	if _, err := os.Stat(filepath.Join(d.root, f.CodeURI, "main.go")); err != nil {
		d.wrong("%s: %v", f.ID, err)
	}
}

// routes holds each function to what the template sends it: no more, no less.
func (d *deployment) routes(f template.Function) {
	construct, ok := functions.All()[f.ID]
	if !ok {
		d.wrong("%s does not run here", f.ID)
		return
	}
	made, ok := construct(func(name string) string { return f.Environment[name] }).(api.Function)
	if !ok {
		d.wrong("%s is no api.Function", f.ID)
		return
	}
	handled := maps.Clone(made.Routes)
	for _, r := range f.Routes {
		if _, ok := handled[r.Key()]; !ok {
			d.wrong("%s does not handle %s", f.ID, r.Key())
		}
		delete(handled, r.Key())
		if commerce := r.Path == "/charges" || r.Path == "/orders" || strings.HasPrefix(r.Path, "/orders/"); r.IAM != commerce {
			d.wrong("%s: signed %v", r.Key(), r.IAM)
		}
	}
	for key := range handled {
		d.wrong("%s never gets %s", f.ID, key)
	}
	if (made.Schedule != nil) != (len(f.Schedules) > 0) {
		d.wrong("%s has a schedule of its own: %v, in the template: %d", f.ID, made.Schedule != nil, len(f.Schedules))
	}
	if (made.Event != nil) != (len(f.Rules) > 0) {
		d.wrong("%s hears events: %v, rules in the template: %d", f.ID, made.Event != nil, len(f.Rules))
	}
	if len(f.Routes) > 0 && f.Timeout > 30*time.Second {
		d.wrong("%s may take %s, API Gateway waits 30 seconds", f.ID, f.Timeout)
	}
}

// variables holds the template's environment to what functions ask for, both ways.
func (d *deployment) variables(f template.Function) {
	asked := map[string]bool{"SSL_CERT_DIR": true} // Go's own
	functions.All()[f.ID](func(name string) string { asked[name] = true; return f.Environment[name] })
	for name := range f.Environment {
		if !asked[name] {
			d.wrong("%s never asks for %s", f.ID, name)
		}
	}
	for name := range asked {
		// Lambda and the SDK set their own, and a function without rights on a table need not know its name.
		if _, set := f.Environment[name]; !set && !strings.HasPrefix(name, "AWS_") && !strings.HasSuffix(name, "_TABLE") {
			d.wrong("%s asks for %s, which is not set", f.ID, name)
		}
	}
	values := slices.Collect(maps.Values(f.Environment))
	for _, t := range d.Tables {
		granted := slices.ContainsFunc(f.Permissions, func(p template.Permission) bool {
			return strings.Contains(p.Resource+"/", ":table/"+*t.Input.TableName+"/")
		})
		if named := slices.Contains(values, *t.Input.TableName); named != granted {
			d.wrong("%s knows the name of %s: %v, has rights on it: %v", f.ID, t.ID, named, granted)
		}
	}
}

// policies holds what is granted to what there is.
func (d *deployment) policies(f template.Function) {
	there := []string{}
	for _, t := range d.Tables {
		arn := fmt.Sprintf("arn:aws:dynamodb:%s:%s:table/%s", template.Region, template.Account, *t.Input.TableName)
		there = append(there, arn)
		for _, i := range t.Input.GlobalSecondaryIndexes {
			there = append(there, arn+"/index/"+*i.IndexName)
		}
	}
	seen := map[template.Permission]bool{}
	for _, p := range f.Permissions {
		_, onTable := dynamodb(p)
		switch {
		case seen[p]:
			d.wrong("%s: %s on %s is granted twice", f.ID, p.Action, p.Resource)
		case !onTable && p.Action != "ses:SendEmail":
			d.wrong("%s: %s on %s is nothing that code does", f.ID, p.Action, p.Resource)
		case onTable && !slices.Contains(there, p.Resource):
			d.wrong("%s: there is no table or index %s", f.ID, p.Resource)
		case !onTable && !strings.HasSuffix(p.Resource, ":configuration-set/"+f.Environment["CONFIGURATION_SET"]) && !strings.Contains(p.Resource, ":identity/"):
			d.wrong("%s: there is no identity or configuration set %s", f.ID, p.Resource)
		}
		seen[p] = true
	}
}

// alarmed reports whether an alarm watches a metric of something.
func (d *deployment) alarmed(metric, dimension, id string, missing ...string) bool {
	for _, r := range d.Resources {
		dimensions, _ := r.Properties["Dimensions"].([]any)
		if r.Type == "AWS::CloudWatch::Alarm" && r.Properties["MetricName"] == metric && len(dimensions) == 1 &&
			at(dimensions[0], "Name") == dimension && at(dimensions[0], "Value") == id &&
			(len(missing) == 0 || r.Properties["TreatMissingData"] == missing[0]) {
			return true
		}
	}
	return false
}

// watched holds a function to a log that ends, a trace and its alarms.
func (d *deployment) watched(f template.Function) {
	p := d.Resources[f.ID].Properties
	log, _ := at(p, "LoggingConfig", "LogGroup").(string)
	switch group := d.Resources[log]; {
	case group.Type != "AWS::Logs::LogGroup":
		d.wrong("%s has no log of its own", f.ID)
	case group.Properties["RetentionInDays"] == nil:
		d.wrong("log %s is kept for ever", log)
	}
	if p["ReservedConcurrentExecutions"] == nil {
		d.wrong("%s has no share of the concurrency", f.ID)
	}
	if !d.alarmed("Errors", "FunctionName", f.ID) {
		d.wrong("no alarm on Errors of %s", f.ID)
	}
	if len(f.Schedules) > 0 && !d.alarmed("schedule_runs", "function", f.ID, "breaching") {
		d.wrong("no alarm on schedule_runs of %s", f.ID)
	}
}

// queues holds every way in on which nobody waits for an answer to a queue for what is lost, and the queue to an alarm.
func (d *deployment) queues(f template.Function) {
	if len(f.Schedules)+len(f.Rules) == 0 {
		return
	}
	p := d.Resources[f.ID].Properties
	queue, ok := d.queue(at(p, "EventInvokeConfig", "DestinationConfig", "OnFailure", "Destination"))
	if !ok {
		d.wrong("%s has no queue for runs that fail", f.ID)
	} else if !d.alarmed("ApproximateNumberOfMessagesVisible", "QueueName", queue+".QueueName") {
		d.wrong("no alarm on ApproximateNumberOfMessagesVisible of %s", queue)
	}
	var names []string
	for _, s := range f.Schedules {
		names = append(names, s.Event)
	}
	for _, r := range f.Rules {
		names = append(names, r.Event)
	}
	for _, name := range names {
		queue, ok := d.queue(at(p, "Events", name, "Properties", "DeadLetterConfig", "Arn"))
		if !ok {
			d.wrong("%s.%s has no queue for events that do not arrive", f.ID, name)
		} else if !d.mayWrite(f.ID+name, queue) {
			d.wrong("%s may not write to %s", f.ID+name, queue)
		}
	}
}

// queue is the queue whose ARN v is.
func (d *deployment) queue(v any) (string, bool) {
	arn, _ := v.(string)
	id := strings.TrimSuffix(arn, ".Arn")
	return id, d.Resources[id].Type == "AWS::SQS::Queue"
}

// mayWrite reports whether a queue takes what a rule, by the id that SAM gives it, could not deliver.
func (d *deployment) mayWrite(rule, queue string) bool {
	for _, r := range d.Resources {
		queues, _ := r.Properties["Queues"].([]any)
		statements, _ := at(r.Properties, "PolicyDocument", "Statement").([]any)
		for _, s := range statements {
			rules, _ := at(s, "Condition", "ArnEquals", "aws:SourceArn").([]any)
			if slices.Contains(queues, any(queue)) && slices.Contains(rules, any(rule+".Arn")) {
				return true
			}
		}
	}
	return false
}

// api holds the gateway to logs without secrets, and its throttles to routes that there are.
func (d *deployment) api() {
	http := at(d.Globals, "HttpApi")
	format, _ := at(http, "AccessLogSettings", "Format").(string)
	if format == "" {
		d.wrong("the API has no access log")
	}
	for _, secret := range []string{"$context.path", "$context.http.path", "$context.querystring"} {
		if strings.Contains(format, secret) {
			d.wrong("the access log tells %s, where a secret may be", secret)
		}
	}
	if at(http, "CorsConfiguration") != nil {
		d.wrong("other origins have nothing to ask here")
	}
	keys := []string{}
	for _, f := range d.Functions {
		for _, r := range f.Routes {
			keys = append(keys, r.Key())
		}
	}
	throttled, _ := at(http, "RouteSettings").(map[string]any)
	for key := range throttled {
		if !slices.Contains(keys, key) {
			d.wrong("there is no route %s to throttle", key)
		}
	}
}

func (d *deployment) tables() {
	for id, r := range d.Resources {
		if r.Type != "AWS::DynamoDB::Table" {
			continue
		}
		if r.Deleted != "Retain" || r.Replaced != "Retain" {
			d.wrong("%s: DeletionPolicy %q, UpdateReplacePolicy %q", id, r.Deleted, r.Replaced)
		}
		if at(r.Properties, "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled") != true {
			d.wrong("%s: PointInTimeRecoverySpecification", id)
		}
		if at(r.Properties, "SSESpecification", "SSEEnabled") != true || r.Properties["DeletionProtectionEnabled"] == nil {
			d.wrong("%s: SSESpecification or DeletionProtectionEnabled", id)
		}
		if r.Properties["BillingMode"] != "PAY_PER_REQUEST" {
			d.wrong("%s: BillingMode", id)
		}
	}
}

var counted = regexp.MustCompile(`Metric = "(\w+)"`)

// alarms holds every alarm to a metric that there is, somebody who hears it and a page that says what to do, and every
// metric to the dashboard.
func (d *deployment) alarms() {
	metrics := read(d, "shared", "api", "metric.go")
	names := map[string]bool{}
	board := ""
	for _, m := range counted.FindAllStringSubmatch(metrics, -1) {
		names[m[1]] = true
	}
	for _, r := range d.Resources {
		if r.Type == "AWS::CloudWatch::Dashboard" {
			board, _ = r.Properties["DashboardBody"].(string)
		}
	}
	if !json.Valid([]byte(board)) {
		d.wrong("the dashboard is no JSON")
	}
	for name := range names {
		if !strings.Contains(board, `"DayOne", "`+name+`"`) {
			d.wrong("%s is not on the dashboard", name)
		}
	}
	runbook := read(d, "docs", "runbook.md")
	for id, r := range d.Resources {
		if r.Type != "AWS::CloudWatch::Alarm" {
			continue
		}
		if name, _ := r.Properties["MetricName"].(string); r.Properties["Namespace"] == "DayOne" && !names[name] {
			d.wrong("%s: nothing counts %s", id, name)
		}
		if to, _ := r.Properties["AlarmActions"].([]any); len(to) != 1 || d.Resources[fmt.Sprint(to[0])].Type != "AWS::SNS::Topic" {
			d.wrong("%s: nobody hears it", id)
		}
		if !strings.Contains(runbook, "`"+id+"`") {
			d.wrong("%s: the runbook does not say what to do", id)
		}
	}
}

func read(d *deployment, path ...string) string {
	text, err := os.ReadFile(filepath.Join(append([]string{d.root}, path...)...))
	if err != nil {
		d.wrong("%v", err)
	}
	return string(text)
}

func glob(pattern string) []string {
	files, _ := filepath.Glob(pattern) // the pattern is well-formed
	return slices.DeleteFunc(files, func(f string) bool { return strings.HasSuffix(f, "_test.go") })
}
