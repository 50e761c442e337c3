package api

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"dayone/shared/commerce"
)

// Wrong is all that is wrong with a body: first what JSONBody says of it, then what breaks a rule in what could be read. A
// field is named by the first alone who names it, and nothing inside of what has the wrong type. A mistake that is no list
// of fields is the answer where it comes first; behind such a list it is left out.
func Wrong(mistakes ...error) error {
	mistakes = slices.DeleteFunc(slices.Clone(mistakes), func(err error) bool { return err == nil })
	if len(mistakes) == 1 {
		return mistakes[0]
	}
	var all commerce.Check
	told := map[string]string{}
	for _, err := range mistakes {
		e, ok := errors.AsType[*commerce.Error](err)
		if !ok || len(e.Problems) == 0 {
			if len(told) == 0 {
				return err
			}
			break
		}
		before := maps.Clone(told)
		for _, p := range e.Problems {
			if !covered(before, p.Field) {
				all.That(false, p.Field, p.Code, p.Detail)
			}
			if told[p.Field] != wrongType {
				told[p.Field] = p.Code
			}
		}
	}
	return all.Err()
}

const wrongType = "wrong_type"

// covered reports whether field is told already, or something around it that has the wrong type.
func covered(told map[string]string, field string) bool {
	if _, ok := told[field]; ok {
		return true
	}
	for field != "" {
		field = field[:max(0, strings.LastIndexByte(field, '/'))]
		if told[field] == wrongType {
			return true
		}
	}
	return false
}
