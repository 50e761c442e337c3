package contract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// takes is nil where the request is one that the operation says it takes.
func (o *operation) takes(e Exchange, path map[string]string) error {
	query, err := url.ParseQuery(e.Request.URL.RawQuery)
	if err != nil {
		return err
	}
	for _, p := range o.parameters {
		var given []string
		switch p.in {
		case "path":
			given = []string{path[p.name]}
		case "query":
			given = query[p.name]
		case "header":
			given = e.Request.Header.Values(p.name)
		}
		if err := p.check(given); err != nil {
			return err
		}
	}
	switch {
	case len(e.RequestBody) > 0 && o.body == nil:
		return fmt.Errorf("it has a body, and none is described")
	case len(e.RequestBody) > 0:
		return o.body.check(e.Request.Header, e.RequestBody)
	case o.bodyRequired:
		return fmt.Errorf("it has no body")
	}
	return nil
}

// gives is nil where the answer is one that the operation says it gives.
func (o *operation) gives(e Exchange) error {
	a, is := o.answers[e.Status]
	if !is {
		return fmt.Errorf("the status is not described")
	}
	for _, h := range a.headers {
		if err := h.check(e.Header.Values(h.name)); err != nil {
			return err
		}
	}
	if a.content != nil {
		return a.content.check(e.Header, e.Body)
	}
	if len(e.Body) > 0 && e.Status/100 != 3 { // where somebody is sent elsewhere, net/http writes a link that nobody reads
		return fmt.Errorf("it has a body, and none is described")
	}
	return nil
}

// check is nil where the value, if any, is as described.
func (p parameter) check(given []string) error {
	switch {
	case len(given) == 0 && p.required:
		return fmt.Errorf("the %s parameter %s is missing", p.in, p.name)
	case len(given) == 0 || p.schema == nil:
		return nil
	case len(given) > 1:
		return fmt.Errorf("the %s parameter %s is there %d times", p.in, p.name, len(given))
	}
	if err := p.schema.Validate(p.value(given[0])); err != nil {
		return fmt.Errorf("the %s parameter %s: %w", p.in, p.name, err)
	}
	return nil
}

// value is a text as the value that it stands for.
func (p parameter) value(text string) any {
	if p.kind != "array" {
		return scalar(p.kind, text)
	}
	list := []any{}
	for item := range strings.SplitSeq(text, ",") {
		list = append(list, scalar(p.items, item))
	}
	return list
}

// scalar leaves a text that is none of the kind for the schema to refuse.
func scalar(kind, text string) any {
	switch kind {
	case "integer", "number":
		if json.Valid([]byte(text)) {
			return json.Number(text)
		}
	case "boolean":
		if text == "true" || text == "false" {
			return text == "true"
		}
	}
	return text
}

// check is nil where a body is of a content type that is described, and as it is described.
func (c content) check(header http.Header, body []byte) error {
	kind, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		return fmt.Errorf("the Content-Type: %w", err)
	}
	m, is := c[kind]
	switch {
	case !is:
		return fmt.Errorf("the Content-Type %s is not described", kind)
	case m.schema == nil:
		return nil
	}
	value, err := decoded(kind, body)
	if err != nil {
		return err
	}
	return m.schema.Validate(value)
}

// decoded is a body as the value that schemas are about.
func decoded(kind string, body []byte) (any, error) {
	switch {
	case kind == "application/json" || strings.HasSuffix(kind, "+json"):
		return jsonschema.UnmarshalJSON(bytes.NewReader(body))
	case kind == "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(body))
		value := map[string]any{}
		for name, all := range form {
			if value[name] = all[0]; len(all) > 1 {
				return nil, fmt.Errorf("the field %s is there %d times", name, len(all))
			}
		}
		return value, err
	}
	return string(body), nil
}
