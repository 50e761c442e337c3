package api_test

import (
	"bytes"
	"encoding/json"
	"html/template"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"dayone/shared/api"
)

// The page for readers says what openapi.json says, and nothing else.
func TestTheReadablePageIsTheDescription(t *testing.T) {
	document, err := openapi3.NewLoader().LoadFromFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	page := template.Must(template.New("docs.html").Funcs(template.FuncMap{"prose": prose, "example": example, "type": kind, "name": name, "sorted": sorted, "anchor": anchor}).ParseFiles("testdata/docs.html"))
	if err := page.Execute(&want, map[string]any{"Doc": document, "Groups": groups(document)}); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("docs.html", want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return // the old one is in this binary
	}
	w := httptest.NewRecorder()
	if err := api.Docs(w); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(w.Body.Bytes(), want.Bytes()) {
		t.Error("docs.html is not openapi.json: run go test ./shared/api -update, twice if openapi.yaml changed")
	}
	if policy := w.Header().Get("Content-Security-Policy"); strings.Contains(policy, "unsafe") || !strings.Contains(policy, "'sha256-") {
		t.Errorf("the policy is %s", policy)
	}
	if m := regexp.MustCompile(`(?:src|href)="https?:[^"]*"`).Find(w.Body.Bytes()); m != nil {
		t.Errorf("the page leads to another host: %s", m)
	}
}

// operation is one thing that can be asked.
type operation struct {
	Method, Path string
	*openapi3.Operation
}

// group are the operations of a tag.
type group struct {
	*openapi3.Tag
	Operations []operation
}

func groups(d *openapi3.T) []group {
	var all []group
	for _, tag := range d.Tags {
		g := group{Tag: tag}
		for _, path := range d.Paths.InMatchingOrder() {
			for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPatch} {
				if o := d.Paths.Value(path).GetOperation(method); o != nil && slices.Contains(o.Tags, tag.Name) {
					g.Operations = append(g.Operations, operation{method, path, o})
				}
			}
		}
		slices.SortStableFunc(g.Operations, func(a, b operation) int { return strings.Compare(a.Path, b.Path) })
		all = append(all, g)
	}
	return all
}

var quoted = regexp.MustCompile("`([^`]+)`")

// prose is a description: paragraphs, with code where there are backticks.
func prose(text string) template.HTML {
	var out strings.Builder
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		if paragraph != "" {
			out.WriteString("<p>" + quoted.ReplaceAllString(template.HTMLEscapeString(paragraph), "<code>$1</code>") + "</p>")
		}
	}
	return template.HTML(out.String())
}

var token = regexp.MustCompile(`(ps[a-z]_)[A-Za-z0-9_-]{43,}`)

func example(m *openapi3.MediaType) (string, error) {
	value := m.Example
	for _, name := range slices.Sorted(maps.Keys(m.Examples)) {
		if value == nil {
			value = m.Examples[name].Value.Value
		}
	}
	if value == nil {
		return "", nil
	}
	text, err := json.MarshalIndent(value, "", "  ")
	return token.ReplaceAllString(string(text), "${1}…"), err // readers, and whoever looks for leaks, need no 43 letters A
}

// name is what a schema is called, where it has a name.
func name(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }

func anchor(s string) string {
	return strings.NewReplacer("/", "-", "{", "", "}", "", ".", "-").Replace(strings.ToLower(s))
}

// kind says what a schema without a name is, in a few words.
func kind(s *openapi3.SchemaRef) string {
	switch {
	case s == nil || s.Value == nil:
		return ""
	case len(s.Value.Enum) > 0:
		var all []string
		for _, v := range s.Value.Enum {
			text, _ := json.Marshal(v) // it was JSON before
			all = append(all, strings.Trim(string(text), `"`))
		}
		return strings.Join(all, " | ")
	case s.Value.Type.Is("array") && s.Value.Items != nil:
		if of := s.Value.Items; of.Ref != "" {
			return "list of " + name(of.Ref)
		}
		return "list of " + kind(s.Value.Items)
	case s.Value.Type != nil && len(*s.Value.Type) > 0:
		text := strings.Join(*s.Value.Type, " or ")
		if s.Value.Pattern != "" {
			text += ", " + s.Value.Pattern
		}
		return text
	}
	return "any"
}

func sorted(m openapi3.Schemas) []string { return slices.Sorted(maps.Keys(m)) }
