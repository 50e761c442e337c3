package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"go.yaml.in/yaml/v3"

	"dayone/shared/api"
)

var update = flag.Bool("update", false, "write openapi.json anew from openapi.yaml")

// What is served is what is written: openapi.json is openapi.yaml, in the same order.
func TestServedDescriptionIsTheYAML(t *testing.T) {
	text, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	writeJSON(t, &want, document.Content[0])
	want.WriteByte('\n')
	if *update {
		if err := os.WriteFile("openapi.json", want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return // the old one is in this binary
	}
	w := httptest.NewRecorder()
	if err := api.OpenAPI(w); err != nil {
		t.Fatal(err)
	}
	if got := w.Header().Get("Content-Type"); w.Code != http.StatusOK || got != "application/json" {
		t.Errorf("answered %d %s", w.Code, got)
	}
	if !bytes.Equal(w.Body.Bytes(), want.Bytes()) {
		t.Error("openapi.json is not openapi.yaml: run go test ./shared/api -update")
	}
}

func TestDescriptionIsValid(t *testing.T) {
	document, err := openapi3.NewLoader().LoadFromFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := document.Validate(t.Context()); err != nil {
		t.Error(err)
	}
}

// writeJSON writes a YAML node as JSON, keys in their order.
func writeJSON(t *testing.T, out *bytes.Buffer, n *yaml.Node) {
	t.Helper()
	switch n.Kind {
	case yaml.MappingNode:
		open := byte('{')
		for i := 0; i < len(n.Content); i += 2 {
			out.WriteByte(open)
			writeValue(t, out, n.Content[i].Value)
			out.WriteByte(':')
			writeJSON(t, out, n.Content[i+1])
			open = ','
		}
		if open == '{' {
			out.WriteByte('{')
		}
		out.WriteByte('}')
	case yaml.SequenceNode:
		open := byte('[')
		for _, inner := range n.Content {
			out.WriteByte(open)
			writeJSON(t, out, inner)
			open = ','
		}
		if open == '[' {
			out.WriteByte('[')
		}
		out.WriteByte(']')
	case yaml.ScalarNode:
		if n.Tag == "!!timestamp" { // a date of ours is text
			writeValue(t, out, n.Value)
			return
		}
		var value any
		if err := n.Decode(&value); err != nil {
			t.Fatalf("line %d: %v", n.Line, err)
		}
		writeValue(t, out, value)
	default:
		t.Fatalf("line %d: JSON has no aliases", n.Line)
	}
}

func writeValue(t *testing.T, out *bytes.Buffer, value any) {
	t.Helper()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		t.Fatal(err)
	}
	out.Truncate(out.Len() - 1) // the encoder ends with a line feed
}
