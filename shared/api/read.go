package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"dayone/shared/commerce"
)

// Bounds of what is read (rule 11).
const (
	maxBody  = 64 << 10
	maxDepth = 8
)

func refused(code, format string, args ...any) error {
	return &commerce.Error{Kind: commerce.KindInvalid, Code: code, Detail: fmt.Sprintf(format, args...)}
}

// Body reads the whole body, at most 64 KiB of valid UTF-8.
func Body(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return nil, fmt.Errorf("read body: %w", err)
	}
	if len(body) > maxBody {
		return nil, refused("body_too_large", "The body is larger than 64 KiB.")
	}
	if !utf8.Valid(body) {
		return nil, refused("body_not_utf8", "The body is not valid UTF-8.")
	}
	return body, nil
}

// JSONBody reads the body into v and answers its bytes. Refused, each with a 400 that says what: unknown, duplicate or
// case-variant keys, anything after the value, invalid UTF-8, control characters, depth over 8, more than 64 KiB, a
// value of another type. Where single fields are refused, v has the others, so that Wrong can tell all at once.
func JSONBody(r *http.Request, v any) ([]byte, error) {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" && kind != "application/merge-patch+json" {
		return nil, refused("not_json", "Send Content-Type: application/json.")
	}
	body, err := Body(r)
	if err != nil {
		return nil, err
	}
	return body, Decode(body, v)
}

// Fields is a flat input: what a form posts, or the text values of one flat JSON object.
type Fields map[string]string

// ReadFields reads a form (application/x-www-form-urlencoded) or one flat JSON object. Only known names may appear, each
// once; JSON values are text, or true, false and whole numbers, which are taken as their text. The second result says
// whether the asker speaks JSON and is answered so.
func ReadFields(r *http.Request, known ...string) (Fields, bool, error) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	body, err := Body(r)
	if err != nil {
		return nil, kind != formType, err
	}
	fields := Fields{}
	switch {
	case kind == formType:
		if err := fields.form(body); err != nil {
			return fields, false, err
		}
	case kind == "application/json", kind == "" && WantsJSON(r):
		if len(bytes.TrimSpace(body)) == 0 {
			body = []byte("{}")
		}
		if err := fields.json(body); err != nil {
			return nil, true, err
		}
	default:
		return nil, WantsJSON(r), refused("unsupported_body", "Send a form or application/json.")
	}
	var c commerce.Check
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		c.That(slices.Contains(known, name), name, "unknown_field", "There is no such field.")
	}
	return fields, kind != formType, c.Err()
}

const formType = "application/x-www-form-urlencoded"

func (f Fields) form(body []byte) error {
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return refused("malformed_form", "The form cannot be read.")
	}
	var c commerce.Check
	for _, name := range slices.Sorted(maps.Keys(values)) {
		f[name] = values[name][0]
		c.That(len(values[name]) == 1, name, "duplicate_field", "This field is given twice.")
		c.That(utf8.ValidString(f[name]) && !strings.ContainsFunc(f[name], unicode.IsControl), name, "control_character", controlHelp)
	}
	return c.Err()
}

func (f Fields) json(body []byte) error {
	var sent any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := strict(body, d, &sent); err != nil {
		return err
	}
	flat, ok := sent.(map[string]any)
	if !ok {
		return refused("not_flat", "Send one flat JSON object.")
	}
	var c commerce.Check
	for _, name := range slices.Sorted(maps.Keys(flat)) {
		switch v := flat[name].(type) {
		case string:
			f[name] = v
		case bool:
			f[name] = fmt.Sprint(v)
		case json.Number:
			f[name] = v.String()
		case nil: // the same as left out
		default:
			c.That(false, name, "wrong_type", "This must be text.")
		}
	}
	return c.Err()
}

// WantsJSON reports whether the asker is a client and no browser: it sends or accepts JSON, or holds a Bearer.
func WantsJSON(r *http.Request) bool {
	switch kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind {
	case "application/json":
		return true
	case formType:
		return false
	}
	accept := r.Header.Get("Accept")
	if strings.Contains(accept, "text/html") {
		return false
	}
	return strings.Contains(accept, "json") || Bearer(r) != "" || accept == "" || accept == "*/*"
}

// Address reads an email address as a person types it into the form in which addresses are compared; "" where it is
// none.
func Address(s string) commerce.Address {
	a, err := commerce.ParseAddress(s, asciiDomain)
	if err != nil {
		return ""
	}
	return a
}

// asciiDomain maps a domain as a browser would and then holds it to what can be registered.
func asciiDomain(domain string) (string, error) {
	mapped, err := idna.Lookup.ToASCII(domain)
	if err != nil {
		return "", err
	}
	return idna.Registration.ToASCII(mapped)
}
