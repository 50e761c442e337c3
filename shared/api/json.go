package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"dayone/shared/commerce"
)

// Decode is JSONBody for bytes at hand.
func Decode(body []byte, v any) error {
	if err := strict(body, reflect.TypeOf(v)); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return notJSON(err)
	}
	return nil
}

func notJSON(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return refused("not_json", "The body ends before its JSON does.")
	}
	return refused("not_json", "The body is not valid JSON: %s.", strings.TrimPrefix(err.Error(), "json: "))
}

// strict is the pass that encoding/json leaves out. It walks the tokens of body once, beside the Go type that will hold
// them, and names every field that would be read another way than it was meant.
func strict(body []byte, shape reflect.Type) error {
	if !utf8.Valid(body) {
		return refused("body_not_utf8", "The body is not valid UTF-8.")
	}
	if loneSurrogate(body) {
		return refused("body_not_utf8", "The body has half of a surrogate pair.")
	}
	p := pass{d: json.NewDecoder(bytes.NewReader(body))}
	p.d.UseNumber()
	if err := p.value(shape, "", 0); err != nil {
		return err
	}
	if _, err := p.d.Token(); !errors.Is(err, io.EOF) {
		return refused("trailing_data", "Something follows after the JSON value.")
	}
	return p.found.Err()
}

// pass is one walk over a body.
type pass struct {
	d     *json.Decoder
	found commerce.Check
	told  int
}

// toldAtOnce bounds how many mistakes one answer names.
const toldAtOnce = 100

func (p *pass) that(ok bool, at, code, detail string) {
	if !ok && p.told < toldAtOnce {
		p.told++
		p.found.That(false, at, code, detail)
	}
}

func (p *pass) token() (json.Token, error) {
	token, err := p.d.Token()
	if err != nil {
		return nil, notJSON(err)
	}
	return token, nil
}

func (p *pass) value(shape reflect.Type, at string, depth int) error {
	token, err := p.token()
	if err != nil {
		return err
	}
	for shape != nil && shape.Kind() == reflect.Pointer {
		shape = shape.Elem()
	}
	if shape != nil && token != nil && !holds(shape, token) {
		p.that(false, at, "wrong_type", "This must be "+plainType(shape)+".")
		shape = nil
	}
	switch token := token.(type) {
	case json.Delim:
		if depth++; depth > maxDepth {
			return refused("too_deep", "The JSON is nested more than 8 deep.")
		}
		if token == '{' {
			return p.object(shape, at, depth)
		}
		return p.list(shape, at, depth)
	case string:
		p.that(!strings.ContainsFunc(token, unicode.IsControl), at, "control_character", controlHelp)
	}
	return nil
}

const controlHelp = "This text has a control character. Remove it."

// holds reports whether a Go type can hold the value that begins with token.
func holds(shape reflect.Type, token json.Token) bool {
	kind := shape.Kind()
	if kind == reflect.Interface {
		return true
	}
	switch token := token.(type) {
	case string:
		return kind == reflect.String
	case bool:
		return kind == reflect.Bool
	case json.Number:
		_, err := strconv.ParseInt(token.String(), 10, 64)
		return err == nil && (kind == reflect.Int || kind == reflect.Int64)
	case json.Delim:
		if token == '[' {
			return kind == reflect.Slice
		}
		return kind == reflect.Struct || kind == reflect.Map
	}
	return true
}

func plainType(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	}
	return "text"
}

// pointed writes a key as a JSON pointer does (RFC 6901).
var pointed = strings.NewReplacer("~", "~0", "/", "~1")

func (p *pass) object(shape reflect.Type, at string, depth int) error {
	fields := fieldsOf(shape)
	seen := map[string]bool{}
	for p.d.More() {
		token, err := p.token()
		if err != nil {
			return err
		}
		key := token.(string) // the decoder takes nothing else for a key
		here := strings.TrimPrefix(at+"/"+pointed.Replace(key), "/")
		p.that(!seen[key], here, "duplicate_field", "This field is given twice.")
		seen[key] = true
		inner, known := fields[key]
		p.that(known || fields == nil, here, "unknown_field", "There is no such field.")
		if err := p.value(inner, here, depth); err != nil {
			return err
		}
	}
	_, err := p.token()
	return err
}

func (p *pass) list(shape reflect.Type, at string, depth int) error {
	var inner reflect.Type
	if shape != nil && shape.Kind() == reflect.Slice {
		inner = shape.Elem()
	}
	for i := 0; p.d.More(); i++ {
		if err := p.value(inner, strings.TrimPrefix(fmt.Sprintf("%s/%d", at, i), "/"), depth); err != nil {
			return err
		}
	}
	_, err := p.token()
	return err
}

// fieldsOf is the exact keys of a struct; nil for anything else, whose keys are free.
func fieldsOf(shape reflect.Type) map[string]reflect.Type {
	if shape == nil || shape.Kind() != reflect.Struct {
		return nil
	}
	fields := make(map[string]reflect.Type, shape.NumField())
	for f := range shape.Fields() {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
			fields[name] = f.Type
		}
	}
	return fields
}

// loneSurrogate reports whether an escape in the JSON stands for half of a UTF-16 pair, which encoding/json would turn
// into U+FFFD without a word.
func loneSurrogate(body []byte) bool {
	for i := 0; i+1 < len(body); i++ {
		if body[i] != '\\' {
			continue
		}
		i++
		if body[i] != 'u' {
			continue
		}
		switch r := hex4(body[min(i+1, len(body)):]); {
		case r >= 0xdc00 && r < 0xe000:
			return true
		case r >= 0xd800 && r < 0xdc00:
			rest := body[min(i+5, len(body)):]
			if len(rest) < 6 || rest[0] != '\\' || rest[1] != 'u' {
				return true
			}
			if low := hex4(rest[2:]); low < 0xdc00 || low >= 0xe000 {
				return true
			}
			i += 10
		}
	}
	return false
}

func hex4(b []byte) rune {
	if len(b) < 4 {
		return -1
	}
	var r rune
	for _, c := range b[:4] {
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return -1
		}
	}
	return r
}
