package house

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dayone/local/engine/enginetest"
	"dayone/local/functions"
	"dayone/local/template"
	"dayone/shared/api"
)

// source is one Go file of the repository.
type source struct {
	name    string // from the root, with slashes
	test    bool
	file    *ast.File
	imports []string
}

func (s source) folder() string { return path.Dir(s.name) }

// sources reads every Go file.
func sources(t *testing.T) []source {
	t.Helper()
	root, err := enginetest.Root()
	if err != nil {
		t.Fatal(err)
	}
	var all []source
	for _, top := range []string{"functions", "shared", "local"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(name string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata"):
				return filepath.SkipDir
			case d.IsDir() || !strings.HasSuffix(name, ".go"):
				return nil
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			short, err := filepath.Rel(root, name)
			if err != nil {
				return err
			}
			s := source{name: filepath.ToSlash(short), test: strings.HasSuffix(name, "_test.go"), file: file}
			for _, i := range file.Imports {
				of, err := strconv.Unquote(i.Path.Value)
				if err != nil {
					return err
				}
				s.imports = append(s.imports, of)
			}
			all = append(all, s)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// mayImport is who may import whom in shared/, besides the standard library and other people's packages.
var mayImport = map[string][]string{
	"shared/api":      {"shared/commerce"},
	"shared/store":    {"shared/commerce", "shared/env"},
	"shared/mail":     {"shared/commerce", "shared/env", "shared/texts"},
	"shared/pages":    {"shared/commerce", "shared/texts"},
	"shared/texts":    {"shared/commerce"},
	"shared/env":      {},
	"shared/webhook":  {},
	"shared/commerce": {},
}

// Imports run one way: local -> functions -> {api, store, mail, pages} -> {commerce, texts, env}.
func TestImportsRunOneWay(t *testing.T) {
	for _, s := range sources(t) {
		for _, i := range s.imports {
			ours, inside := strings.CutPrefix(i, "dayone/")
			if !inside {
				first, _, _ := strings.Cut(i, "/")
				if s.folder() == "shared/commerce" && !s.test && strings.Contains(first, ".") {
					t.Errorf("%s imports %s: commerce needs the standard library only", s.name, i)
				}
				continue
			}
			if s.test && (strings.HasPrefix(ours, "local/") || strings.HasPrefix(s.name, "shared/") && strings.HasPrefix(ours, "shared/")) {
				continue // tests run in front of the local engine, and hold rooms of the same floor to each other
			}
			if !allowed(s.folder(), ours) {
				t.Errorf("%s imports %s", s.name, i)
			}
		}
	}
}

// allowed reports whether a file of folder may import another folder.
func allowed(folder, other string) bool {
	floor, rest, _ := strings.Cut(folder, "/")
	switch floor {
	case "local":
		return true
	case "functions":
		own, _, _ := strings.Cut(rest, "/")
		return strings.HasPrefix(other, "shared/") || other == "functions/"+own
	}
	list, known := mayImport[folder]
	return known && slices.Contains(list, other) || strings.HasPrefix(other, folder+"/")
}

// Every package says what it is for, once, in a comment that begins as godoc wants it.
func TestPackagesSayWhatTheyAreFor(t *testing.T) {
	docs, mains := map[string][]string{}, map[string]bool{}
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		docs[s.folder()] = append(docs[s.folder()], s.file.Doc.Text())
		mains[s.folder()] = s.file.Name.Name == "main"
	}
	for folder, texts := range docs {
		said := slices.DeleteFunc(texts, func(text string) bool { return text == "" })
		if len(said) != 1 {
			t.Errorf("%s has %d package comments", folder, len(said))
			continue
		}
		want := "Package " + path.Base(folder) + " "
		if mains[folder] {
			want = "Command "
		}
		if !strings.HasPrefix(said[0], want) {
			t.Errorf("%s: the comment begins %q, not %q", folder, strings.SplitN(said[0], "\n", 2)[0], want)
		}
	}
}

// Nothing happens because a package was imported.
func TestNothingHappensOnImport(t *testing.T) {
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s has an init()", s.name)
			}
		}
	}
}

// read reads template.yaml with a value for every parameter that switches something on.
func read(t *testing.T) *template.Template {
	t.Helper()
	parameters := maps.Clone(enginetest.Parameters())
	parameters["ProvisionerUrl"] = "https://platform.example"
	parameters["ProvisionerSecret"] = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
	parameters["EventsUrl"] = "https://commerce.example/events"
	parameters["EventsSecret"] = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
	all, err := template.Read(enginetest.Template(t), template.Options{Parameters: parameters})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Folder, package and template id say the same word, and a main does nothing but wire.
func TestFunctionsFoldersAndTemplateAgree(t *testing.T) {
	root, err := enginetest.Root()
	if err != nil {
		t.Fatal(err)
	}
	var ids, folders []string
	for _, f := range read(t).Functions {
		ids = append(ids, f.ID)
		word := strings.ToLower(f.ID)
		folders = append(folders, word)
		if f.ID != strings.ToUpper(word[:1])+word[1:] {
			t.Errorf("%s is not its folder's name with a capital", f.ID)
		}
		if want := "functions/" + word + "/lambda"; f.CodeURI != want {
			t.Errorf("%s: CodeUri is %s, want %s", f.ID, f.CodeURI, want)
		}
	}
	entries, err := os.ReadDir(filepath.Join(root, "functions"))
	if err != nil {
		t.Fatal(err)
	}
	var there []string
	for _, e := range entries {
		there = append(there, e.Name())
	}
	slices.Sort(folders)
	if diff := cmp.Diff(folders, there); diff != "" {
		t.Errorf("template.yaml and functions/:\n%s", diff)
	}
	slices.Sort(ids)
	if diff := cmp.Diff(ids, slices.Sorted(maps.Keys(functions.All()))); diff != "" {
		t.Errorf("template.yaml and local/functions:\n%s", diff)
	}
	for _, s := range sources(t) {
		folder, found := strings.CutPrefix(s.folder(), "functions/")
		if !found {
			continue
		}
		word, lambda := strings.CutSuffix(folder, "/lambda")
		switch name := s.file.Name.Name; {
		case lambda && name != "main", !lambda && name != word && !(s.test && name == word+"_test"):
			t.Errorf("%s is package %s", s.name, name)
		case lambda && len(s.file.Decls) > 2: // the imports and main
			t.Errorf("%s does more than wire", s.name)
		}
	}
}

// spy is an environment that remembers what was asked for.
type spy struct {
	values map[string]string
	asked  map[string]bool
}

func (s *spy) getenv(name string) string {
	s.asked[name] = true
	return s.values[name]
}

// made is each function as its environment of the template makes it, with what it asked for.
func made(t *testing.T, f template.Function) (api.Function, map[string]bool) {
	t.Helper()
	construct, ok := functions.All()[f.ID]
	if !ok {
		t.Fatalf("local/functions has no %s", f.ID)
	}
	s := spy{f.Environment, map[string]bool{}}
	function, ok := construct(s.getenv).(api.Function)
	if !ok {
		t.Fatalf("%s is no api.Function", f.ID)
	}
	return function, s.asked
}

// template.yaml is the only list of routes and schedules: a function has a handler for each of its own, and for no other.
func TestRoutesAreThoseOfTheTemplate(t *testing.T) {
	at := map[string]string{}
	for _, f := range read(t).Functions {
		function, _ := made(t, f)
		var want []string
		for _, r := range f.Routes {
			want = append(want, r.Key())
			if other, twice := at[r.Key()]; twice {
				t.Errorf("%s leads to %s and to %s", r.Key(), other, f.ID)
			}
			at[r.Key()] = f.ID
		}
		slices.Sort(want)
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(function.Routes))); diff != "" {
			t.Errorf("routes of %s in template.yaml and in Go:\n%s", f.ID, diff)
		}
		if (function.Schedule != nil) != (len(f.Schedules) > 0) {
			t.Errorf("%s: has a schedule in Go %t, in template.yaml %d", f.ID, function.Schedule != nil, len(f.Schedules))
		}
		if (function.Event != nil) != (len(f.Rules) > 0) {
			t.Errorf("%s: hears events in Go %t, in template.yaml %d rules", f.ID, function.Event != nil, len(f.Rules))
		}
	}
}

// Callers sign every route of the commerce system, and no other.
func TestSignedRoutes(t *testing.T) {
	for _, f := range read(t).Functions {
		for _, r := range f.Routes {
			want := strings.HasPrefix(r.Path, "/orders") || r.Path == "/charges"
			if r.IAM != want {
				t.Errorf("%s: signed %t", r.Key(), r.IAM)
			}
		}
	}
}

// given are variables that nobody sets in template.yaml, or that nobody of ours reads.
var given = []string{
	"AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", // by Lambda
	"AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_SESV2", // by local
	"SSL_CERT_DIR",                                        // for Go itself
	"ORDERS_TABLE", "ORGANIZATIONS_TABLE", "TOKENS_TABLE", // for the store, which asks for all; a function has those that it may use
}

// What a function reads from its environment is set there, and what is set there is read.
func TestVariablesAreThoseOfTheTemplate(t *testing.T) {
	for _, f := range read(t).Functions {
		_, asked := made(t, f)
		for _, name := range slices.Sorted(maps.Keys(asked)) {
			if _, set := f.Environment[name]; !set && !slices.Contains(given, name) {
				t.Errorf("%s reads %s, which template.yaml does not set", f.ID, name)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(f.Environment)) {
			if !asked[name] && name != "SSL_CERT_DIR" {
				t.Errorf("%s is given %s and does not read it", f.ID, name)
			}
		}
	}
}

// A cold start pays for every package that is linked: only what sends letters links SES, only what shows pages links
// templates, and nothing links the SDK's own search for a configuration.
func TestWhatIsLinked(t *testing.T) {
	root, err := enginetest.Root()
	if err != nil {
		t.Fatal(err)
	}
	list := exec.CommandContext(t.Context(), "go", "list", "-tags", "lambda.norpc", "-f", `{{.ImportPath}} {{join .Deps " "}}`, "./functions/...")
	list.Dir, list.Stderr = root, os.Stderr
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	const sdk = "github.com/aws/aws-sdk-go-v2/"
	mains := 0
	for line := range strings.Lines(string(out)) {
		packages := strings.Fields(line)
		function, isMain := strings.CutSuffix(strings.TrimPrefix(packages[0], "dayone/functions/"), "/lambda")
		if !isMain {
			continue
		}
		mains++
		for what, by := range map[string][]string{
			sdk + "service/sesv2":        {"letters"},
			"html/template":              {"letters", "setup", "services", "provisioning", "console"},
			"golang.org/x/crypto/argon2": {"services"},
			sdk + "config":               nil,
			"net/rpc":                    nil,
			"testing":                    nil,
		} {
			if slices.Contains(packages, what) && !slices.Contains(by, function) {
				t.Errorf("%s links %s", function, what)
			}
		}
	}
	if want := len(read(t).Functions); mains != want {
		t.Errorf("%d functions are linked, want %d", mains, want)
	}
}

func TestAllowed(t *testing.T) {
	for pair, want := range map[[2]string]bool{
		{"functions/orders", "shared/store"}:            true,
		{"functions/orders/lambda", "functions/orders"}: true,
		{"functions/orders", "functions/letters"}:       false,
		{"functions/orders", "local/cloud"}:             false,
		{"shared/store", "shared/commerce"}:             true,
		{"shared/store", "shared/api"}:                  false,
		{"shared/commerce", "shared/texts"}:             false,
		{"shared/api", "functions/orders"}:              false,
		{"shared/unheard", "shared/commerce"}:           false,
		{"local/cloud", "functions/orders"}:             true,
	} {
		if got := allowed(pair[0], pair[1]); got != want {
			t.Error(fmt.Sprint(pair), got)
		}
	}
}
