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

// intrinsic tells a node that is a call of an intrinsic function, in the short form (!Ref x) or the long one ({Ref: x}).
func intrinsic(n *yaml.Node) (name string, argument *yaml.Node, ok bool) {
	if strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") {
		return n.Tag[1:], n, true
	}
	if n.Kind == yaml.MappingNode && len(n.Content) == 2 {
		if key := n.Content[0].Value; key == "Ref" || key == "Condition" {
			return key, n.Content[1], true
		} else if name, is := strings.CutPrefix(key, "Fn::"); is {
			return name, n.Content[1], true
		}
	}
	return "", nil, false
}

func (r *resolver) call(n *yaml.Node, name string, argument *yaml.Node) (any, error) {
	switch name {
	case "Ref":
		return r.ref(n, argument.Value)
	case "GetAtt":
		resource, attribute, _ := strings.Cut(argument.Value, ".")
		if argument.Kind == yaml.SequenceNode && len(argument.Content) == 2 {
			resource, attribute = argument.Content[0].Value, argument.Content[1].Value
		}
		return r.attribute(n, resource, attribute)
	case "Sub":
		return r.sub(n, argument)
	case "If":
		if argument.Kind != yaml.SequenceNode || len(argument.Content) != 3 {
			return nil, r.errorf(n, "If takes a condition and two values")
		}
		on, err := r.condition(n, argument.Content[0].Value)
		if err != nil {
			return nil, err
		}
		if on {
			return r.value(argument.Content[1])
		}
		return r.value(argument.Content[2])
	case "Equals", "Not", "And", "Or", "Condition":
		return r.logic(n, name, argument)
	}
	return nil, r.errorf(n, "%s is not resolved here", name)
}

func (r *resolver) ref(n *yaml.Node, name string) (any, error) {
	switch name {
	case "AWS::NoValue":
		return nil, nil
	case "AWS::Region":
		return Region, nil
	case "AWS::AccountId":
		return Account, nil
	case "AWS::Partition":
		return "aws", nil
	case "AWS::URLSuffix":
		return "amazonaws.com", nil
	case "AWS::StackName":
		return "local", nil
	}
	if v, ok := r.parameters[name]; ok {
		return v, nil
	}
	resource := child(r.resources, name)
	switch {
	case resource == nil:
		return nil, r.errorf(n, "%s is neither a parameter nor a resource", name)
	case text(child(resource, "Type")) == "AWS::DynamoDB::Table":
		return r.prefix + name, nil
	}
	return name, nil
}

func (r *resolver) attribute(n *yaml.Node, resource, attribute string) (any, error) {
	kind := text(child(child(r.resources, resource), "Type"))
	switch {
	case kind == "AWS::DynamoDB::Table" && attribute == "Arn":
		return fmt.Sprintf("arn:aws:dynamodb:%s:%s:table/%s%s", Region, Account, r.prefix, resource), nil
	case kind == "AWS::Serverless::Function" && attribute == "Arn":
		return fmt.Sprintf("arn:aws:lambda:%s:%s:function:%s", Region, Account, resource), nil
	}
	return nil, r.errorf(n, "%s.%s is not resolved here", resource, attribute)
}

var variable = regexp.MustCompile(`\$\{(!?)([^}]*)\}`)

func (r *resolver) sub(n, argument *yaml.Node) (any, error) {
	pattern, own := argument.Value, (*yaml.Node)(nil)
	if argument.Kind == yaml.SequenceNode && len(argument.Content) == 2 {
		pattern, own = argument.Content[0].Value, argument.Content[1]
	}
	var failed error
	out := variable.ReplaceAllStringFunc(pattern, func(match string) string {
		part := variable.FindStringSubmatch(match)
		if part[1] == "!" {
			return "${" + part[2] + "}"
		}
		s, err := r.variable(n, own, part[2])
		if err != nil && failed == nil {
			failed = err
		}
		return s
	})
	return out, failed
}

func (r *resolver) variable(n, own *yaml.Node, name string) (string, error) {
	if v := child(own, name); v != nil {
		return r.text(v)
	}
	var v any
	var err error
	if resource, attribute, dotted := strings.Cut(name, "."); dotted {
		v, err = r.attribute(n, resource, attribute)
	} else {
		v, err = r.ref(n, name)
	}
	if err != nil || v == nil {
		return "", err
	}
	return fmt.Sprint(v), nil
}

func (r *resolver) condition(n *yaml.Node, name string) (bool, error) {
	c := child(r.conditions, name)
	if c == nil {
		return false, r.errorf(n, "no condition %s", name)
	}
	return r.truth(c)
}

func (r *resolver) truth(n *yaml.Node) (bool, error) {
	v, err := r.value(n)
	if err != nil {
		return false, err
	}
	b, ok := v.(bool)
	if !ok {
		return false, r.errorf(n, "a condition is wanted here")
	}
	return b, nil
}

func (r *resolver) logic(n *yaml.Node, name string, argument *yaml.Node) (any, error) {
	if name == "Condition" {
		return r.condition(n, argument.Value)
	}
	if name == "Equals" {
		if len(argument.Content) != 2 {
			return nil, r.errorf(n, "Equals takes two values")
		}
		a, err := r.text(argument.Content[0])
		if err != nil {
			return nil, err
		}
		b, err := r.text(argument.Content[1])
		return a == b, err
	}
	all, some := true, false
	for _, item := range argument.Content {
		is, err := r.truth(item)
		if err != nil {
			return nil, err
		}
		all, some = all && is, some || is
	}
	switch name {
	case "And":
		return all, nil
	case "Or":
		return some, nil
	}
	return !all, nil // Not, of one
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
