package template

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
)

const head = `Parameters:
  Zone: {Type: String, Default: Europe/Ljubljana}
  Count: {Type: Number, Default: "5"}
  Mode: {Type: String, Default: a, AllowedValues: [a, b]}
  Address: {Type: String, Default: a@b.example, AllowedPattern: "[^@]+@[^@]+"}
Conditions:
  IsA: !Equals [!Ref Mode, a]
  IsB: {"Fn::Equals": [{Ref: Mode}, b]}
  NotA: !Not [!Condition IsA]
  Either: !Or [!Condition IsA, {Condition: IsB}]
  Both: !And [!Condition IsA, !Condition IsB]
Globals:
  Function:
    Timeout: 7
    Environment: {Variables: {COMMON: all, ZONE: other}}
Resources:
  Table: {Type: AWS::DynamoDB::Table, Properties: {KeySchema: [{AttributeName: pk, KeyType: HASH}], BillingMode: PAY_PER_REQUEST}}
  Bucket: {Type: AWS::S3::Bucket}
`

// one is a template with one function, whose properties are the given lines.
func one(lines string) string {
	return head + "  Orders:\n    Type: AWS::Serverless::Function\n    Properties:\n      Events:\n        A: {Type: HttpApi, Properties: {Method: GET, Path: /a}}\n" + lines
}

func read(t *testing.T, text string, o Options) Function {
	t.Helper()
	tpl, err := parse("template.yaml", []byte(text), o)
	if err != nil {
		t.Fatal(err)
	}
	f, ok := tpl.Function("Orders")
	if !ok {
		t.Fatal("no function Orders")
	}
	return f
}

func TestValues(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		`plain`:                         "plain",
		`"5"`:                           "5",
		`5`:                             "5",
		`true`:                          "true",
		`!Ref Zone`:                     "Europe/Ljubljana",
		`{Ref: Zone}`:                   "Europe/Ljubljana",
		`!Ref Table`:                    "t1-Table",
		`!Ref Bucket`:                   "Bucket",
		`!Ref AWS::Region`:              "eu-central-1",
		`!GetAtt Table.Arn`:             "arn:aws:dynamodb:eu-central-1:123456789012:table/t1-Table",
		`{"Fn::GetAtt": [Orders, Arn]}`: "arn:aws:lambda:eu-central-1:123456789012:function:Orders",
		`!Sub "${Zone}/${AWS::AccountId}/${!Raw}"`:  "Europe/Ljubljana/123456789012/${Raw}",
		`!Sub "${Table.Arn}/index/due"`:             "arn:aws:dynamodb:eu-central-1:123456789012:table/t1-Table/index/due",
		`!Sub ["${Own}-${Zone}", {Own: !Ref Mode}]`: "a-Europe/Ljubljana",
		`{"Fn::Sub": "${AWS::Partition}"}`:          "aws",
		`!If [IsA, yes it is, no]`:                  "yes it is",
		`!If [IsB, 1, !Ref Count]`:                  "5",
		`!If [NotA, 1, 2]`:                          "2",
		`!If [Either, 1, 2]`:                        "1",
		`!If [Both, 1, 2]`:                          "2",
		`!If [IsB, 1, !Ref AWS::NoValue]`:           "",
	} {
		f := read(t, one("      Environment: {Variables: {V: "+value+"}}\n"), Options{Prefix: "t1-"})
		if got := f.Environment["V"]; got != want {
			t.Errorf("%s is %q, want %q", value, got, want)
		}
	}
}

func TestGlobalsAreMerged(t *testing.T) {
	t.Parallel()
	f := read(t, one("      MemorySize: 256\n      Environment: {Variables: {ZONE: !Ref Zone}}\n"), Options{Parameters: map[string]string{"Zone": "UTC"}})
	if diff := cmp.Diff(map[string]string{"COMMON": "all", "ZONE": "UTC"}, f.Environment); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
	if f.Timeout.Seconds() != 7 || f.MemoryMB != 256 {
		t.Errorf("timeout %s, memory %d", f.Timeout, f.MemoryMB)
	}
}

func TestMistakesNameFileAndLine(t *testing.T) {
	t.Parallel()
	const event = "        B: {Type: %, Properties: {%}}\n"
	for name, tc := range map[string]struct {
		text string
		o    Options
		want string
	}{
		"unknown intrinsic": {one("      Environment:\n        Variables:\n          V: !ImportValue x\n"), Options{}, "template.yaml:26: ImportValue is not resolved here"},
		"unknown reference": {one("      Environment: {Variables: {V: !Ref Nobody}}\n"), Options{}, "template.yaml:24: Nobody is neither a parameter nor a resource"},
		"unknown in Sub":    {one("      Environment: {Variables: {V: !Sub \"${Nobody}\"}}\n"), Options{}, "template.yaml:24: Nobody is neither a parameter nor a resource"},
		"unknown attribute": {one("      Environment: {Variables: {V: !GetAtt Bucket.Arn}}\n"), Options{}, "template.yaml:24: Bucket.Arn is not resolved here"},
		"unknown condition": {one("      Environment: {Variables: {V: !If [Nobody, 1, 2]}}\n"), Options{}, "template.yaml:24: no condition Nobody"},
		"half an If":        {one("      Environment: {Variables: {V: !If [IsA, 1]}}\n"), Options{}, "template.yaml:24: If takes a condition and two values"},
		"a list as a value": {one("      Environment: {Variables: {V: [1]}}\n"), Options{}, "template.yaml:24: a plain value is wanted here"},
		"no number":         {one("      Timeout: soon\n"), Options{}, `template.yaml:24: a number is wanted here, not "soon"`},
		"misspelt method":   {one(eventOf(event, "HttpApi", "Method: PSOT, Path: /a")), Options{}, `template.yaml:24: Orders.B: "PSOT" is no method`},
		"half a path":       {one(eventOf(event, "HttpApi", "Method: GET, Path: a")), Options{}, `template.yaml:24: Orders.B: the path "a" does not begin with a slash`},
		"other authorizer":  {one(eventOf(event, "HttpApi", "Method: GET, Path: /a, Auth: {Authorizer: Mine}")), Options{}, `template.yaml:24: Orders.B: authorizer "Mine" is not played here`},
		"other event":       {one(eventOf(event, "S3", "")), Options{}, `template.yaml:24: Orders.B: events of type "S3" are not played here`},
		"plural of one":     {one(eventOf(event, "Schedule", "Schedule: rate(1 minutes)")), Options{}, `template.yaml:24: Orders.B: "rate(1 minutes)": EventBridge wants the singular for one and the plural for more`},
		"singular of five":  {one(eventOf(event, "Schedule", "Schedule: rate(5 minute)")), Options{}, `template.yaml:24: Orders.B: "rate(5 minute)": EventBridge wants the singular for one and the plural for more`},
		"rate of nothing":   {one(eventOf(event, "Schedule", "Schedule: rate(0 minutes)")), Options{}, `template.yaml:24: Orders.B: "rate(0 minutes)" has no count`},
		"rate of seconds":   {one(eventOf(event, "Schedule", "Schedule: rate(5 seconds)")), Options{}, `template.yaml:24: Orders.B: "rate(5 seconds)" has no unit`},
		"no expression":     {one(eventOf(event, "Schedule", "Schedule: always")), Options{}, `template.yaml:24: Orders.B: "always" is neither rate(...) nor cron(...)`},
		"no event":          {head + "  Orders: {Type: AWS::Serverless::Function, Properties: {}}\n", Options{}, "template.yaml:19: function Orders has neither route, schedule nor rule"},
		"physical name":     {head + "  T: {Type: AWS::DynamoDB::Table, Properties: {TableName: t}}\n", Options{}, "template.yaml:19: table T has a physical name"},
		"no properties":     {head + "  T: {Type: AWS::DynamoDB::Table}\n", Options{}, "template.yaml:19: table T has no properties"},
		"odd properties":    {head + "  T: {Type: AWS::DynamoDB::Table, Properties: {KeySchema: 1}}\n", Options{}, "template.yaml:19: table T: json: cannot unmarshal"},
		"not allowed value": {one(""), Options{Parameters: map[string]string{"Mode": "c"}}, `template.yaml:4: parameter Mode: "c" is not one of the allowed values`},
		"pattern":           {one(""), Options{Parameters: map[string]string{"Address": "c"}}, `template.yaml:5: parameter Address: "c" does not match [^@]+@[^@]+`},
		"unknown parameter": {one(""), Options{Parameters: map[string]string{"Moed": "a"}}, "template.yaml: no parameter Moed"},
		"missing parameter": {"Parameters:\n  A: {Type: String}\n", Options{}, "template.yaml:2: parameter A has neither a value nor a default"},
		"not YAML":          {"a: [", Options{}, "template.yaml:1: did not find expected node content"},
		"not a template":    {"- a\n", Options{}, "template.yaml: is not a template"},
		"empty":             {"", Options{}, "template.yaml: is not a template"},
	} {
		_, err := parse("template.yaml", []byte(tc.text), tc.o)
		if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %s", name, err, tc.want)
		}
	}
}

func TestPolicies(t *testing.T) {
	t.Parallel()
	policy := func(statement string) string {
		return one("      Policies:\n        - Statement:\n            - " + statement + "\n")
	}
	f := read(t, policy(`{Effect: Allow, Action: [a:Get, a:Put], Resource: [!GetAtt Table.Arn, !Sub ["id/${D}", {D: !Select [1, !Split ["@", !Ref Address]]}]]}`), Options{})
	const table = "arn:aws:dynamodb:eu-central-1:123456789012:table/Table"
	if diff := cmp.Diff([]Permission{{"a:Get", table}, {"a:Get", "id/b.example"}, {"a:Put", table}, {"a:Put", "id/b.example"}}, f.Permissions); diff != "" {
		t.Errorf("permissions (-want +got):\n%s", diff)
	}
	for name, tc := range map[string]struct{ text, want string }{
		"any resource":    {policy(`{Effect: Allow, Action: a:Get, Resource: "*"}`), "template.yaml:26: a:Get on *: wildcards allow more than is meant"},
		"any action":      {policy(`{Effect: Allow, Action: "a:*", Resource: b}`), "template.yaml:26: a:* on b: wildcards allow more than is meant"},
		"deny":            {policy(`{Effect: Deny, Action: a:Get, Resource: b}`), "template.yaml:26: a statement has Effect: Allow, Action and Resource here"},
		"ready-made":      {one("      Policies: [{DynamoDBCrudPolicy: {TableName: !Ref Table}}]\n"), "template.yaml:24: write the statements of a policy out, action by action"},
		"a managed one":   {one("      Policies: AdministratorAccess\n"), "template.yaml:24: policies are a list of documents here"},
		"nothing to take": {policy(`{Effect: Allow, Action: a:Get, Resource: !Select [2, !Split ["@", !Ref Address]]}`), "template.yaml:26: Select finds no value number 2"},
	} {
		_, err := parse("template.yaml", []byte(tc.text), Options{})
		if err == nil || err.Error() != tc.want {
			t.Errorf("%s: %v, want %s", name, err, tc.want)
		}
	}
}

func eventOf(pattern, kind, properties string) string {
	return strings.Replace(strings.Replace(pattern, "%", kind, 1), "%", properties, 1)
}

func TestSchedulesThatAreOffAreLeftOut(t *testing.T) {
	t.Parallel()
	f := read(t, one("        B: {Type: Schedule, Properties: {Schedule: \"cron(0 8 * * ? *)\"}}\n        C: {Type: Schedule, Properties: {Schedule: rate(2 hours), Enabled: false}}\n"), Options{})
	if diff := cmp.Diff([]Schedule{{"B", "cron(0 8 * * ? *)"}}, f.Schedules); diff != "" {
		t.Errorf("schedules (-want +got):\n%s", diff)
	}
}

func TestResourcesUnderAConditionThatIsOffAreLeftOut(t *testing.T) {
	t.Parallel()
	tpl, err := parse("template.yaml", []byte(one("")+"  T: {Type: AWS::DynamoDB::Table, Condition: IsB, Properties: {}}\n"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(tpl.Tables) != 1 {
		t.Errorf("%d tables", len(tpl.Tables))
	}
}

// TestTheTemplate holds what is deployed to a few promises that linters do not check.
func TestTheTemplate(t *testing.T) {
	t.Parallel()
	tpl, err := Read(filepath.Join("..", "..", "template.yaml"), Options{Prefix: "t1-", Parameters: map[string]string{
		"BaseUrl": "https://dayone.example", "SenderEmail": "orders@dayone.example", "HelpEmail": "help@dayone.example"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range tpl.Functions {
		if want := "functions/" + strings.ToLower(f.ID) + "/lambda"; f.CodeURI != want {
			t.Errorf("%s has CodeUri %s, want %s", f.ID, f.CodeURI, want)
		}
		for _, r := range f.Routes {
			if commerce := r.Path == "/charges" || strings.HasPrefix(r.Path, "/orders"); r.IAM != commerce {
				t.Errorf("%s: signed %v", r.Key(), r.IAM)
			}
		}
	}
	indexes := map[string][]string{}
	for _, table := range tpl.Tables {
		if *table.Input.TableName != "t1-"+table.ID || table.Input.BillingMode != types.BillingModePayPerRequest {
			t.Errorf("table %s: %s, %s", table.ID, *table.Input.TableName, table.Input.BillingMode)
		}
		indexes[table.ID] = []string{}
		for _, i := range table.Input.GlobalSecondaryIndexes {
			indexes[table.ID] = append(indexes[table.ID], *i.IndexName)
		}
	}
	want := map[string][]string{
		"OrdersTable":        {"due", "list", "partner", "customer", "desk", "find_customer", "find_partner", "contact"},
		"OrganizationsTable": {"domain", "members"},
		"TokensTable":        {},
	}
	if diff := cmp.Diff(want, indexes); diff != "" {
		t.Errorf("indexes (-want +got):\n%s", diff)
	}
}
