package cloud

import (
	"fmt"
	"net/url"
	"strings"

	"dayone/local/template"
)

// route is one of the template's, ready to be compared with a path.
type route struct {
	template.Route
	function string
	parts    []string
}

// newRoutes are the template's, every function's in turn. Two that mean the same are an error, as they are at deployment.
func newRoutes(t *template.Template) ([]route, error) {
	var routes []route
	seen := map[string]string{}
	for _, f := range t.Functions {
		for _, r := range f.Routes {
			parts := strings.Split(r.Path, "/")[1:]
			shape := r.Method
			for i, part := range parts {
				name, is := parameter(part)
				if is && strings.HasSuffix(name, "+") && i < len(parts)-1 {
					return nil, fmt.Errorf("route %s of %s goes on after a greedy parameter", r.Key(), f.ID)
				}
				if is {
					part = "{}"
				}
				shape += "/" + part
			}
			if other, twice := seen[shape]; twice {
				return nil, fmt.Errorf("route %s of %s is a route of %s already", r.Key(), f.ID, other)
			}
			seen[shape] = f.ID
			routes = append(routes, route{r, f.ID, parts})
		}
	}
	return routes, nil
}

// match finds the route of a request: word by word, one that says the word goes before one that takes any, and that before one that takes
// all the rest. Methods are compared as they are: a GET route does not answer HEAD.
func match(routes []route, method, path string) (best route, values map[string]string, ok bool) {
	words := strings.Split(path, "/")[1:]
	rank := ""
	for _, r := range routes {
		if r.Method != method {
			continue
		}
		if v, s, fits := r.fits(words); fits && (!ok || s < rank) {
			best, values, rank, ok = r, v, s, true
		}
	}
	return best, values, ok
}

// fits compares a route with a path. The rank says with a letter for each word how: smaller is closer.
func (r route) fits(words []string) (values map[string]string, rank string, ok bool) {
	for i, part := range r.parts {
		if i >= len(words) || words[i] == "" && len(words) > 1 {
			return nil, "", false
		}
		name, is := parameter(part)
		text := words[i]
		greedy := strings.HasSuffix(name, "+")
		if greedy {
			name, text = strings.TrimSuffix(name, "+"), strings.Join(words[i:], "/")
		}
		word, err := url.PathUnescape(text)
		if err != nil {
			return nil, "", false
		}
		switch {
		case !is && word != part, is && word == "":
			return nil, "", false
		case !is:
			rank += "a"
			continue
		}
		if values == nil {
			values = map[string]string{}
		}
		values[name] = word
		if greedy {
			return values, rank + "c", true
		}
		rank += "b"
	}
	return values, rank, len(words) == len(r.parts)
}

// parameter is the name in {name}.
func parameter(part string) (string, bool) {
	name, begins := strings.CutPrefix(part, "{")
	name, ends := strings.CutSuffix(name, "}")
	if !begins || !ends {
		return "", false
	}
	return name, true
}
