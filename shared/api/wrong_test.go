package api_test

import (
	"errors"
	"strings"
	"testing"

	"dayone/shared/api"
	"dayone/shared/commerce"
)

func TestEveryMistakeIsToldOnce(t *testing.T) {
	list := func(problems ...string) error {
		var c commerce.Check
		for _, p := range problems {
			field, code, _ := strings.Cut(p, " ")
			c.That(false, field, code, "")
		}
		return c.Err()
	}
	reason := commerce.Invalid("reason", "missing", "Say why.")
	if got := api.Wrong(nil, reason, nil); got != error(reason) {
		t.Errorf("one mistake: %v", got)
	}
	conflict := commerce.ErrOrderIsClosed
	for name, tc := range map[string]struct {
		mistakes []error
		want     string
	}{
		"none":                          {[]error{nil, nil}, ""},
		"of the body":                   {[]error{list("a unknown_field", "b wrong_type"), nil}, "invalid; a unknown_field; b wrong_type"},
		"of the rules":                  {[]error{nil, list("a missing")}, "invalid; a missing"},
		"of both":                       {[]error{list("a unknown_field"), list("b missing")}, "invalid; a unknown_field; b missing"},
		"the same field":                {[]error{list("a wrong_type"), list("a missing", "b missing")}, "invalid; a wrong_type; b missing"},
		"inside of a wrong type":        {[]error{list("a wrong_type", "l/0 wrong_type"), list("a/b missing", "ab missing", "l/0/q missing", "l/1/q missing")}, "invalid; a wrong_type; l/0 wrong_type; ab missing; l/1/q missing"},
		"inside of what is given twice": {[]error{list("a wrong_type", "a duplicate_field", "b duplicate_field"), list("a/c missing", "b/c missing")}, "invalid; a wrong_type; a duplicate_field; b duplicate_field; b/c missing"},
		"the whole body":                {[]error{list(" wrong_type"), list("a missing", "b/c missing")}, "invalid;  wrong_type"},
		"what cannot be read":           {[]error{&commerce.Error{Code: "not_json"}, list("a missing")}, "not_json"},
		"a field, then the state":       {[]error{list("a unknown_field"), conflict}, "invalid; a unknown_field"},
		"the state":                     {[]error{nil, conflict}, outcome(conflict)},
		"a failure of ours":             {[]error{nil, errors.New("down")}, "ours: down"},
	} {
		if got := outcome(api.Wrong(tc.mistakes...)); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}
