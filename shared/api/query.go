package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"dayone/shared/commerce"
)

// ReadQuery reads the parameters of the query. Only known names may appear, each once.
func ReadQuery(r *http.Request, known ...string) (Fields, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, refused("malformed_query", "The query of the address cannot be read.")
	}
	fields := Fields{}
	var c commerce.Check
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if c.That(slices.Contains(known, name), name, "unknown_parameter", "There is no such parameter.") {
			c.That(len(values[name]) == 1, name, "duplicate_parameter", "This parameter is given twice.")
			fields[name] = values[name][0]
		}
	}
	return fields, c.Err()
}

// Limit reads the parameter limit, from 1 to most; usual where it is left out.
func Limit(c *commerce.Check, q Fields, usual, most int) int {
	if q["limit"] == "" {
		return usual
	}
	n, err := strconv.Atoi(q["limit"])
	c.That(err == nil && n >= 1 && n <= most, "limit", "out_of_range", fmt.Sprintf("Use a limit from 1 to %d.", most))
	return n
}

// NoNulls refuses a merge patch that would remove fields: every field of an order stays.
func NoNulls(patch []byte) error {
	var fields map[string]any
	if err := json.Unmarshal(patch, &fields); err != nil {
		return refused("not_json", "Send one JSON object.")
	}
	var c commerce.Check
	var look func(at string, fields map[string]any)
	look = func(at string, fields map[string]any) {
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			at := at + pointed.Replace(name)
			c.That(fields[name] != nil, at, "not_removable", "This field cannot be removed. Leave it out to keep it.")
			if inner, ok := fields[name].(map[string]any); ok {
				look(at+"/", inner)
			}
		}
	}
	look("", fields)
	return c.Err()
}
