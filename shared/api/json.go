package api

import (
	"bytes"
	"encoding/json"
	"errors"
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
	return strict(body, json.NewDecoder(bytes.NewReader(body)), v)
}

// strict decodes body by d into v and makes the pass that encoding/json leaves out: it walks the tokens once more, beside
// the Go type that holds them, and names every field that was read another way than it was meant.
func strict(body []byte, d *json.Decoder, v any) error {
	switch {
	case !utf8.Valid(body):
		return refused("body_not_utf8", "The body is not valid UTF-8.")
	case loneSurrogate(body):
		return refused("body_not_utf8", "The body has half of a surrogate pair.")
	case deepest(body) > maxDepth:
		return refused("too_deep", "The JSON is nested more than 8 deep.")
	}
	unread := d.Decode(v)
	if _, mistyped := errors.AsType[*json.UnmarshalTypeError](unread); unread != nil && !mistyped {
		return notJSON(unread)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return refused("trailing_data", "Something follows after the JSON value.")
	}
	p := pass{tokens: body}
	p.value(p.next(), reflect.TypeOf(v))
	if err := p.found.Err(); err != nil {
		return err
	}
	if unread != nil {
		return notJSON(unread)
	}
	return nil
}

func notJSON(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return refused("not_json", "The body ends before its JSON does.")
	}
	return refused("not_json", "The body is not valid JSON: %s.", strings.TrimPrefix(err.Error(), "json: "))
}

// tokens is what is left of JSON. A json.Decoder hands out tokens too, and reads each of them as a document of its own:
// that took longer than decoding them.
type tokens []byte

// next takes a token: a bracket, a text in its quotes, a number or a word; none at the end. Commas and colons are no more
// than space to it, and it takes what is no JSON as it comes.
func (t *tokens) next() []byte {
	rest := bytes.TrimLeft(*t, " \t\r\n,:")
	n := 0
	switch {
	case len(rest) == 0:
	case rest[0] == '"':
		for n = 1; n < len(rest) && rest[n] != '"'; n++ {
			if rest[n] == '\\' {
				n++
			}
		}
		n = min(n+1, len(rest))
	case isBracket(rest[0]):
		n = 1
	default:
		if n = bytes.IndexAny(rest, " \t\r\n,:{}[]\""); n < 0 {
			n = len(rest)
		}
	}
	*t = rest[n:]
	return rest[:n]
}

func isBracket(c byte) bool { return c == '{' || c == '}' || c == '[' || c == ']' }

// deepest is how many brackets are open at most.
func deepest(body tokens) int {
	depth, most := 0, 0
	for token := body.next(); len(token) > 0; token = body.next() {
		switch token[0] {
		case '{', '[':
			depth++
			most = max(most, depth)
		case '}', ']':
			depth--
		}
	}
	return most
}

// textOf is what a text in its quotes says.
func textOf(token []byte) string {
	if bytes.IndexByte(token, '\\') < 0 {
		return string(token[1 : len(token)-1])
	}
	var s string
	_ = json.Unmarshal(token, &s) // it is a text of valid JSON
	return s
}

// pass is one walk over a body that is valid JSON.
type pass struct {
	tokens
	path  []string // to where it is
	found commerce.Check
	told  int
}

// toldAtOnce bounds how many mistakes one answer names.
const toldAtOnce = 100

// that notes a mistake, where ok is false.
func (p *pass) that(ok bool, code, detail string) {
	if !ok && p.told < toldAtOnce {
		p.told++
		field := strings.Join(p.path, "/")
		if len(p.path) > 0 && p.path[0] == "" {
			field = "/" + field // "" is the whole document
		}
		p.found.That(false, field, code, detail)
	}
}

// value walks over the value that begins with token.
func (p *pass) value(token []byte, shape reflect.Type) {
	for shape != nil && shape.Kind() == reflect.Pointer {
		shape = shape.Elem()
	}
	if shape != nil && (!holds(shape, token) || p.nothing(shape, token)) {
		p.that(false, wrongType, "This must be "+plainType(shape)+".")
		shape = nil
	}
	switch token[0] {
	case '{':
		p.object(shape)
	case '[':
		p.list(shape)
	case '"':
		p.that(!strings.ContainsFunc(textOf(token), unicode.IsControl), "control_character", controlHelp)
	}
}

// nothing reports whether the whole document is null where something is asked for.
func (p *pass) nothing(shape reflect.Type, token []byte) bool {
	return len(p.path) == 0 && token[0] == 'n' && shape.Kind() != reflect.Interface
}

const controlHelp = "This text has a control character. Remove it."

// holds reports whether a Go type can hold the value that begins with token.
func holds(shape reflect.Type, token []byte) bool {
	kind := shape.Kind()
	if kind == reflect.Interface {
		return true
	}
	switch token[0] {
	case '"':
		return kind == reflect.String
	case 't', 'f':
		return kind == reflect.Bool
	case 'n':
		return true // null is left out
	case '[':
		return kind == reflect.Slice
	case '{':
		return kind == reflect.Struct || kind == reflect.Map
	}
	_, err := strconv.ParseInt(string(token), 10, 64)
	return err == nil && (kind == reflect.Int || kind == reflect.Int64)
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

func (p *pass) object(shape reflect.Type) {
	fields := fieldsOf(shape)
	seen := map[string]bool{}
	for token := p.next(); token[0] != '}'; token = p.next() {
		key := textOf(token)
		p.path = append(p.path, pointed.Replace(key))
		p.that(!seen[key], "duplicate_field", "This field is given twice.")
		seen[key] = true
		inner, known := fields[key]
		p.that(known || fields == nil, "unknown_field", "There is no such field.")
		p.value(p.next(), inner)
		p.path = p.path[:len(p.path)-1]
	}
}

func (p *pass) list(shape reflect.Type) {
	var inner reflect.Type
	if shape != nil && shape.Kind() == reflect.Slice {
		inner = shape.Elem()
	}
	i := 0
	for token := p.next(); token[0] != ']'; token = p.next() {
		p.path = append(p.path, strconv.Itoa(i))
		p.value(token, inner)
		p.path = p.path[:len(p.path)-1]
		i++
	}
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
