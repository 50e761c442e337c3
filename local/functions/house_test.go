package functions_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// may says which rooms of the house a room's code may use: imports run one way, and never sideways.
var may = map[string][]string{
	"functions":       {"shared/api", "shared/store", "shared/mail", "shared/pages", "shared/commerce", "shared/texts", "shared/webhook"},
	"shared/api":      {"shared/commerce", "shared/texts"},
	"shared/store":    {"shared/commerce", "shared/texts", "shared/env"},
	"shared/mail":     {"shared/commerce", "shared/texts", "shared/env"},
	"shared/pages":    {"shared/commerce", "shared/texts"},
	"shared/texts":    {"shared/commerce"},
	"shared/commerce": {},
	"shared/env":      {},
	"shared/webhook":  {},
}

func TestImportsRunOneWay(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	seen := map[string]bool{}
	for _, top := range []string{"functions", "shared"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			seen[room(file)] = true
			check(t, path, filepath.ToSlash(file))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for name := range may {
		if !seen[name] {
			t.Errorf("there is no %s any more", name)
		}
	}
}

// room is the part of the house a file is in: a folder of shared, or functions.
func room(file string) string {
	parts := strings.Split(filepath.ToSlash(file), "/")
	if parts[0] == "functions" {
		return "functions"
	}
	return parts[0] + "/" + parts[1]
}

func check(t *testing.T, path, file string) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		t.Error(err)
		return
	}
	own := strings.TrimSuffix(file[:strings.LastIndexByte(file, '/')], "/lambda")
	for _, i := range parsed.Imports {
		name, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			t.Error(err)
			continue
		}
		inside, ours := strings.CutPrefix(name, "dayone/")
		switch {
		case !ours && room(file) == "shared/commerce" && strings.Contains(strings.Split(name, "/")[0], "."):
			t.Errorf("%s imports %s: commerce knows the standard library only", file, name)
		case ours && inside != own && !slices.Contains(may[room(file)], inside):
			t.Errorf("%s imports %s", file, name)
		}
	}
}
