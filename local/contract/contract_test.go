package contract_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"dayone/local/contract"
	"dayone/local/engine/enginetest"
	"dayone/local/template"
	"dayone/shared/api"
)

// The description has the routes of template.yaml and no other, and says of each whether it is signed.
func TestRoutesAreThoseOfTheTemplate(t *testing.T) {
	deployed, err := template.Read(enginetest.Template(t), template.Options{Parameters: enginetest.Parameters()})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for _, f := range deployed.Functions {
		for _, r := range f.Routes {
			want[r.Key()] = r.IAM
		}
	}
	document := document(t)
	got := map[string]bool{}
	for path, item := range document.Paths.Map() {
		for method, operation := range item.Operations() {
			signed := false
			for _, all := range *operation.Security {
				_, is := all["sigv4"]
				signed = signed || is
			}
			got[method+" "+path] = signed
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("routes, and whether they are signed (- template, + description):\n%s", diff)
	}
}

func TestOperationsHaveNamesOfTheirOwn(t *testing.T) {
	document := document(t)
	seen := map[string]string{}
	for _, path := range slices.Sorted(maps.Keys(document.Paths.Map())) {
		for method, operation := range document.Paths.Value(path).Operations() {
			if other, twice := seen[operation.OperationID]; twice || operation.OperationID == "" {
				t.Errorf("%s %s is named %q, as is %s", method, path, operation.OperationID, other)
			}
			seen[operation.OperationID] = method + " " + path
		}
	}
}

func TestCheckFindsWhatIsNotDescribed(t *testing.T) {
	const (
		unknown = `{"type":"/problems/order_unknown","title":"Not Found","status":404,"detail":"There is no such order.","code":"order_unknown","request_id":"r"}`
		none    = `{"orders":[]}`
	)
	problem := http.Header{"Content-Type": {"application/problem+json"}}
	plain := http.Header{"Content-Type": {"application/json"}}
	for name, tc := range map[string]struct {
		method, target, kind, sent string
		status                     int
		header                     http.Header
		body                       string
		want                       string // part of the error, "" for none
	}{
		"as described":           {"GET", "/orders", "", "", 200, plain, none, ""},
		"a list in the query":    {"GET", "/orders?status=invited,started", "", "", 200, plain, none, ""},
		"a problem":              {"GET", "/orders/DO-1", "", "", 404, problem, unknown, ""},
		"no such route":          {"GET", "/elsewhere/at/all", "", "", 200, plain, none, "not described"},
		"no such method":         {"DELETE", "/orders", "", "", 200, plain, none, "not described"},
		"another status":         {"GET", "/orders", "", "", 418, plain, none, "status is not described"},
		"a field too many":       {"GET", "/orders", "", "", 200, plain, `{"orders":[],"total":0}`, "total"},
		"a field too few":        {"GET", "/orders", "", "", 200, plain, `{}`, "orders"},
		"another content type":   {"GET", "/orders", "", "", 200, http.Header{"Content-Type": {"text/xml"}}, none, "Content-Type"},
		"a header missing":       {"POST", "/sign-in", "application/json", `{"email":"a@b.example","password":"p"}`, 303, http.Header{}, "", "Location"},
		"bad parameter accepted": {"GET", "/orders?limit=1000", "", "", 200, plain, none, "accepted"},
		"bad parameter refused":  {"GET", "/orders?limit=1000", "", "", 400, problem, strings.ReplaceAll(unknown, "404", "400"), ""},
		"bad body accepted":      {"POST", "/orders/DO-1/cancel", "application/json", `{}`, 200, plain, none, "accepted"},
		"a form":                 {"POST", "/sign-out", "application/x-www-form-urlencoded", "lang=en", 204, http.Header{}, "", ""},
		"a page":                 {"GET", "/setup", "", "", 200, http.Header{"Content-Type": {"text/html; charset=utf-8"}}, "<!doctype html>", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(tc.method, tc.target, strings.NewReader(tc.sent))
			r.Header.Set("Content-Type", tc.kind)
			r.Header.Set("Idempotency-Key", "0123456789abcdef")
			err := contract.Check(contract.Exchange{Request: r, RequestBody: []byte(tc.sent), Status: tc.status, Header: tc.header, Body: []byte(tc.body)})
			switch {
			case tc.want == "" && err != nil:
				t.Errorf("Check = %v", err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("Check = %v, want something about %q", err, tc.want)
			}
		})
	}
}

// What people run and what is measured is not held to anything: that would cost them time.
func TestOnlyTestsCheck(t *testing.T) {
	root, err := enginetest.Root()
	if err != nil {
		t.Fatal(err)
	}
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "./local", "./local/bench/...", "./functions/...")
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	if packages := strings.Fields(string(out)); slices.Contains(packages, "dayone/local/contract") || !slices.Contains(packages, "dayone/local/cloud") {
		t.Error("contract is linked into what is no test")
	}
}

// document is the description as it is served.
func document(t *testing.T) *openapi3.T {
	t.Helper()
	served := httptest.NewRecorder()
	if err := api.OpenAPI(served); err != nil {
		t.Fatal(err)
	}
	d, err := openapi3.NewLoader().LoadFromData(served.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return d
}
