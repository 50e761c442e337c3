package functions_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dayone/local/engine/enginetest"
	"dayone/local/functions"
	"dayone/local/template"
	"dayone/shared/api"
)

func read(t *testing.T) *template.Template {
	t.Helper()
	parameters := enginetest.Parameters()
	parameters["ProvisionerUrl"] = "https://platform.example"
	parameters["ProvisionerSecret"] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	tpl, err := template.Read(enginetest.Template(t), template.Options{Parameters: parameters})
	if err != nil {
		t.Fatal(err)
	}
	return tpl
}

func TestFunctionsFoldersAndTemplateAgree(t *testing.T) {
	t.Parallel()
	ids := []string{}
	for _, f := range read(t).Functions {
		ids = append(ids, strings.ToLower(f.ID))
	}
	slices.Sort(ids)
	mains, err := filepath.Glob(filepath.Join("..", "..", "functions", "*", "lambda", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	folders := []string{}
	for _, main := range mains {
		folders = append(folders, filepath.Base(filepath.Dir(filepath.Dir(main))))
	}
	if diff := cmp.Diff(ids, folders); diff != "" {
		t.Errorf("ids of the template and folders with a main (-ids +folders):\n%s", diff)
	}
	all, err := os.ReadDir(filepath.Join("..", "..", "functions"))
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != len(folders) {
		t.Errorf("%d folders in functions/, %d functions", len(all), len(folders))
	}
	here := []string{}
	for id := range functions.All() {
		here = append(here, strings.ToLower(id))
	}
	slices.Sort(here)
	if diff := cmp.Diff(ids, here); diff != "" {
		t.Errorf("ids of the template and functions that run here (-ids +here):\n%s", diff)
	}
}

// TestNoRouteOutsideTheTemplate holds each function to what the template sends it: no more, no less.
func TestNoRouteOutsideTheTemplate(t *testing.T) {
	t.Parallel()
	all := functions.All()
	for _, f := range read(t).Functions {
		made, ok := all[f.ID](func(name string) string { return f.Environment[name] }).(api.Function)
		if !ok {
			t.Errorf("%s is no api.Function", f.ID)
			continue
		}
		want := []string{}
		for _, r := range f.Routes {
			want = append(want, r.Key())
		}
		got := slices.AppendSeq([]string{}, maps.Keys(made.Routes))
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: routes (-template +function):\n%s", f.ID, diff)
		}
		if (made.Schedule != nil) != (len(f.Schedules) > 0) {
			t.Errorf("%s: has a schedule of its own: %v, in the template: %d", f.ID, made.Schedule != nil, len(f.Schedules))
		}
	}
}

// TestEveryVariableIsUsed holds the template's environment to what functions ask for.
func TestEveryVariableIsUsed(t *testing.T) {
	t.Parallel()
	all := functions.All()
	for _, f := range read(t).Functions {
		asked := map[string]bool{}
		all[f.ID](func(name string) string { asked[name] = true; return f.Environment[name] })
		for name := range f.Environment {
			if !asked[name] {
				t.Errorf("%s never asks for %s", f.ID, name)
			}
		}
	}
}
