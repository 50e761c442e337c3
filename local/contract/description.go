package contract

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"dayone/shared/api"
)

// described is the description, with every schema compiled once: a test binary checks thousands of exchanges.
var described = sync.OnceValues(func() (*description, error) {
	var served buffer
	if err := api.OpenAPI(&served); err != nil {
		return nil, err
	}
	return read(served.Bytes())
})

// buffer is a http.ResponseWriter that keeps the body only.
type buffer struct{ bytes.Buffer }

func (*buffer) Header() http.Header { return http.Header{} }
func (*buffer) WriteHeader(int)     {}

// description is an OpenAPI 3.1 document, ready to hold exchanges to.
type description struct{ operations []*operation }

// operation is what can be asked with a method at a path.
type operation struct {
	method, path string
	words        []string // of the path
	parameters   []parameter
	body         content
	bodyRequired bool
	answers      map[int]answer
}

// content is what a body may be, by content type.
type content map[string]media

// media is a body of one content type. Without a schema it may be anything.
type media struct {
	schema   *jsonschema.Schema
	examples []any
}

// answer is what a status comes with.
type answer struct {
	headers []parameter
	content content
}

// parameter is a value that stands outside of a body.
type parameter struct {
	in, name    string
	required    bool
	kind, items string // the schema's type and, of a list, that of its items
	schema      *jsonschema.Schema
	examples    []any
}

// find is the operation of a method and an escaped path: a word that is said goes before one that may be any.
func (d *description) find(method, path string) (best *operation, values map[string]string, ok bool) {
	words := strings.Split(path, "/")[1:]
	for i := range words {
		var err error
		if words[i], err = url.PathUnescape(words[i]); err != nil {
			return nil, nil, false
		}
	}
	rank := ""
	for _, o := range d.operations {
		if o.method != method || len(o.words) != len(words) {
			continue
		}
		if r, fits := o.fits(words); fits && (best == nil || r < rank) {
			best, rank = o, r
		}
	}
	if best == nil {
		return nil, nil, false
	}
	values = map[string]string{}
	for i, word := range best.words {
		if name, is := parameterOf(word); is {
			values[name] = words[i]
		}
	}
	return best, values, true
}

// fits compares the path with words. The rank is smaller for the closer one.
func (o *operation) fits(words []string) (rank string, ok bool) {
	for i, word := range o.words {
		_, any := parameterOf(word)
		switch {
		case any && words[i] != "":
			rank += "b"
		case word == words[i]:
			rank += "a"
		default:
			return "", false
		}
	}
	return rank, true
}

// parameterOf is the name of the parameter that a word of a path stands for; false where it stands for itself.
func parameterOf(word string) (string, bool) {
	name, begins := strings.CutPrefix(word, "{")
	name, ends := strings.CutSuffix(name, "}")
	return name, begins && ends
}

// reader reads a description. It goes on after an error, and keeps the first.
type reader struct {
	root     map[string]any
	compiler *jsonschema.Compiler
	err      error
}

// place is an object of the document, and the JSON pointer to it.
type place struct {
	object  map[string]any
	pointer string
}

// read reads an OpenAPI 3.1 document as far as exchanges are held to it. Its schemas are those of JSON Schema 2020-12, and
// the document is the resource that their references lead into.
func read(document []byte) (*description, error) {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return nil, fmt.Errorf("read the description: %w", err)
	}
	r := &reader{compiler: jsonschema.NewCompiler()}
	r.root, _ = value.(map[string]any)
	r.compiler.AssertFormat()
	if err := r.compiler.AddResource("openapi.json", value); err != nil {
		return nil, err
	}
	d := &description{}
	paths := r.down(place{r.root, ""}, "paths")
	for _, path := range slices.Sorted(maps.Keys(paths.object)) {
		item := r.down(paths, path)
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			if o := r.down(item, strings.ToLower(method)); o.object != nil {
				d.operations = append(d.operations, r.operation(method, path, item, o))
			}
		}
	}
	return d, r.err
}

func (r *reader) operation(method, path string, item, at place) *operation {
	o := &operation{method: method, path: path, words: strings.Split(path, "/")[1:], answers: map[int]answer{}}
	o.parameters = append(r.parameters(item), r.parameters(at)...)
	body := r.down(at, "requestBody")
	o.body, o.bodyRequired = r.content(body), body.object["required"] == true
	answers := r.down(at, "responses")
	for status := range answers.object {
		at := r.down(answers, status)
		number, err := strconv.Atoi(status)
		r.failed(err)
		a := answer{content: r.content(at)}
		headers := r.down(at, "headers")
		for _, name := range slices.Sorted(maps.Keys(headers.object)) {
			a.headers = append(a.headers, r.parameter("header", name, r.down(headers, name)))
		}
		o.answers[number] = a
	}
	return o
}

func (r *reader) parameters(at place) []parameter {
	list, _ := at.object["parameters"].([]any)
	var all []parameter
	for i := range list {
		one, _ := list[i].(map[string]any)
		p := r.follow(place{one, at.pointer + "/parameters/" + strconv.Itoa(i)})
		in, _ := p.object["in"].(string)
		name, _ := p.object["name"].(string)
		all = append(all, r.parameter(in, name, p))
	}
	return all
}

func (r *reader) parameter(in, name string, at place) parameter {
	schema := r.down(at, "schema")
	p := parameter{in: in, name: name, required: at.object["required"] == true, schema: r.schema(at), examples: examples(r, at)}
	p.kind, _ = schema.object["type"].(string)
	p.items, _ = r.down(schema, "items").object["type"].(string)
	return p
}

// content is nil where nothing is said of a body.
func (r *reader) content(at place) content {
	all := r.down(at, "content")
	if all.object == nil {
		return nil
	}
	c := content{}
	for kind := range all.object {
		at := r.down(all, kind)
		c[kind] = media{r.schema(at), examples(r, at)}
	}
	return c
}

// schema is nil where there is none.
func (r *reader) schema(at place) *jsonschema.Schema {
	if at.object["schema"] == nil {
		return nil
	}
	compiled, err := r.compiler.Compile("openapi.json#" + at.pointer + "/schema")
	r.failed(err)
	return compiled
}

// examples are those of a parameter or of a body.
func examples(r *reader, at place) []any {
	var all []any
	if one, is := at.object["example"]; is {
		all = append(all, one)
	}
	named := r.down(at, "examples")
	for _, name := range slices.Sorted(maps.Keys(named.object)) {
		all = append(all, r.down(named, name).object["value"])
	}
	return all
}

// down is the object below a name, wherever a reference there leads.
func (r *reader) down(at place, name string) place {
	below, _ := at.object[name].(map[string]any)
	token := url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(name))
	return r.follow(place{below, at.pointer + "/" + token})
}

func (r *reader) follow(at place) place {
	to, is := at.object["$ref"].(string)
	if !is {
		return at
	}
	next := place{r.root, ""}
	for _, name := range strings.Split(strings.TrimPrefix(to, "#/"), "/") {
		next = r.down(next, name)
	}
	if next.object == nil {
		r.failed(fmt.Errorf("%s leads nowhere", to))
	}
	return next
}

func (r *reader) failed(err error) {
	if r.err == nil && err != nil {
		r.err = fmt.Errorf("read the description: %w", err)
	}
}
