package contract

import (
	"fmt"
	"strings"
	"testing"
)

// Whoever reads the description finds every body in it once, as it is really sent: JSON and forms that are asked with, and
// answers with a body that is not a page.
func TestBodiesHaveExamples(t *testing.T) {
	d, err := described()
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range d.operations {
		for kind, m := range o.body {
			if len(m.examples) == 0 {
				t.Errorf("%s %s has no example of the request in %s", o.method, o.path, kind)
			}
		}
		for status, a := range o.answers {
			for kind, m := range a.content {
				if kind != "text/html" && len(m.examples) == 0 {
					t.Errorf("%s %s has no example of the answer %d in %s", o.method, o.path, status, kind)
				}
			}
		}
	}
}

func TestExamplesAreAsDescribed(t *testing.T) {
	d, err := described()
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range d.operations {
		asked := o.method + " " + o.path
		for _, p := range o.parameters {
			check(t, asked+", "+p.name, "", p.examples, media{schema: p.schema})
		}
		for kind, m := range o.body {
			check(t, asked+", request", kind, m.examples, m)
		}
		for status, a := range o.answers {
			for kind, m := range a.content {
				check(t, fmt.Sprint(asked, ", ", status), kind, m.examples, m)
				for _, e := range m.examples {
					checkProblem(t, fmt.Sprint(asked, ", ", status), e)
				}
			}
		}
	}
}

func check(t *testing.T, where, kind string, examples []any, m media) {
	t.Helper()
	if m.schema == nil {
		return
	}
	for i, e := range examples {
		if err := m.schema.Validate(e); err != nil {
			t.Errorf("%s %s, example %d: %v", where, kind, i+1, err)
		}
		if form, is := e.(map[string]any); is && kind == "application/x-www-form-urlencoded" {
			for name, value := range form {
				if _, is := value.(string); !is {
					t.Errorf("%s: a form sends %s as text", where, name)
				}
			}
		}
	}
}

// checkProblem holds a problem to what is true of all: its type is its code, and its detail is a sentence.
func checkProblem(t *testing.T, where string, example any) {
	t.Helper()
	problem, _ := example.(map[string]any)
	code, is := problem["code"].(string)
	if !is {
		return
	}
	if problem["type"] != "/problems/"+code {
		t.Errorf("%s: the problem %s has the type %v", where, code, problem["type"])
	}
	if detail, _ := problem["detail"].(string); !strings.HasSuffix(detail, ".") {
		t.Errorf("%s: the problem %s says %q", where, code, detail)
	}
}
