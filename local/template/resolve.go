package template

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"go.yaml.in/yaml/v3"
)

// resolver turns nodes of one template into values.
type resolver struct {
	file       string
	parameters map[string]string
	prefix     string
	globals    *yaml.Node // Globals.Function
	conditions *yaml.Node
	resources  *yaml.Node
}

func newResolver(file string, root *yaml.Node, o Options) (*resolver, error) {
	r := &resolver{
		file:       file,
		parameters: map[string]string{},
		prefix:     o.Prefix,
		globals:    child(child(root, "Globals"), "Function"),
		conditions: child(root, "Conditions"),
		resources:  child(root, "Resources"),
	}
	rest := maps.Clone(o.Parameters)
	for _, p := range pairs(child(root, "Parameters")) {
		name := p.key.Value
		value, given := rest[name]
		if !given {
			standard := child(p.value, "Default")
			if standard == nil {
				return nil, r.errorf(p.key, "parameter %s has neither a value nor a default", name)
			}
			value = standard.Value
		}
		if err := r.allowed(p.value, name, value); err != nil {
			return nil, err
		}
		r.parameters[name] = value
		delete(rest, name)
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("%s: no parameter %s", file, strings.Join(slices.Sorted(maps.Keys(rest)), ", "))
	}
	return r, nil
}

// allowed holds a value to what the parameter's declaration allows, as CloudFormation does before it starts.
func (r *resolver) allowed(declaration *yaml.Node, name, value string) error {
	if pattern := child(declaration, "AllowedPattern"); pattern != nil {
		is, err := regexp.Compile("^(?:" + pattern.Value + ")$")
		if err != nil {
			return r.errorf(pattern, "parameter %s: %v", name, err)
		}
		if !is.MatchString(value) {
			return r.errorf(pattern, "parameter %s: %q does not match %s", name, value, pattern.Value)
		}
	}
	if values := child(declaration, "AllowedValues"); values != nil {
		if !slices.ContainsFunc(values.Content, func(n *yaml.Node) bool { return n.Value == value }) {
			return r.errorf(values, "parameter %s: %q is not one of the allowed values", name, value)
		}
	}
	return nil
}

func (r *resolver) errorf(n *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", r.file, n.Line, fmt.Sprintf(format, args...))
}

// property is what the function says, or else what Globals say.
func (r *resolver) property(properties *yaml.Node, name string) *yaml.Node {
	if n := child(properties, name); n != nil {
		return n
	}
	return child(r.globals, name)
}

// text resolves a node that has to be a plain value. A missing one is empty.
func (r *resolver) text(n *yaml.Node) (string, error) {
	if n == nil {
		return "", nil
	}
	v, err := r.value(n)
	if err != nil {
		return "", err
	}
	switch v := v.(type) {
	case string:
		return v, nil
	case nil:
		return "", nil
	case bool, int, float64:
		return fmt.Sprint(v), nil
	}
	return "", r.errorf(n, "a plain value is wanted here")
}

func (r *resolver) number(n *yaml.Node, standard int) (int, error) {
	if n == nil {
		return standard, nil
	}
	s, err := r.text(n)
	if err != nil {
		return 0, err
	}
	i, err := strconv.Atoi(s)
	if err != nil {
		return 0, r.errorf(n, "a number is wanted here, not %q", s)
	}
	return i, nil
}

// value resolves any node to what encoding/json would make of it. AWS::NoValue is nil, and whoever holds it leaves it out.
func (r *resolver) value(n *yaml.Node) (any, error) {
	if name, argument, ok := intrinsic(n); ok {
		return r.call(n, name, argument)
	}
	switch n.Kind {
	case yaml.AliasNode:
		return r.value(n.Alias)
	case yaml.MappingNode:
		m := map[string]any{}
		for _, p := range pairs(n) {
			v, err := r.value(p.value)
			if err != nil {
				return nil, err
			}
			if v != nil {
				m[p.key.Value] = v
			}
		}
		return m, nil
	case yaml.SequenceNode:
		list := []any{}
		for _, item := range n.Content {
			v, err := r.value(item)
			if err != nil {
				return nil, err
			}
			if v != nil {
				list = append(list, v)
			}
		}
		return list, nil
	}
	var v any
	if err := n.Decode(&v); err != nil {
		return nil, r.errorf(n, "%v", err)
	}
	return v, nil
}

// table makes the request that creates a table from its properties: they carry the same names.
func (r *resolver) table(id string, node, properties *yaml.Node) (Table, error) {
	if properties == nil {
		return Table{}, r.errorf(node, "table %s has no properties", id)
	}
	if name := child(properties, "TableName"); name != nil {
		return Table{}, r.errorf(name, "table %s has a physical name", id)
	}
	v, err := r.value(properties)
	if err != nil {
		return Table{}, err
	}
	encoded, err := json.Marshal(v)
	if err != nil {
		return Table{}, r.errorf(properties, "table %s: %v", id, err)
	}
	input := &dynamodb.CreateTableInput{}
	if err := json.Unmarshal(encoded, input); err != nil {
		return Table{}, r.errorf(properties, "table %s: %v", id, err)
	}
	name := r.prefix + id
	input.TableName = &name
	return Table{ID: id, Input: input}, nil
}

type pair struct{ key, value *yaml.Node }

// pairs are the entries of a mapping in the order they were written; none of anything else.
func pairs(n *yaml.Node) []pair {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	var all []pair
	for i := 0; i+1 < len(n.Content); i += 2 {
		all = append(all, pair{n.Content[i], n.Content[i+1]})
	}
	return all
}

// child is the value under a key of a mapping, nil where there is none.
func child(n *yaml.Node, key string) *yaml.Node {
	for _, p := range pairs(n) {
		if p.key.Value == key {
			return p.value
		}
	}
	return nil
}

// text is a node's own text, without resolving anything.
func text(n *yaml.Node) string {
	if n == nil {
		return ""
	}
	return n.Value
}
