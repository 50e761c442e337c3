package functions_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dayone/local/engine/enginetest"
	"dayone/local/functions"
	"dayone/local/template"
)

func TestFunctionsFoldersAndTemplateAgree(t *testing.T) {
	t.Parallel()
	ids := []string{}
	deployed, err := template.Read(enginetest.Template(t), template.Options{Parameters: enginetest.Parameters()})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range deployed.Functions {
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
