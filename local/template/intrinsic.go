package template

import (
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

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
	case "Select":
		return r.selected(n, argument)
	case "Split":
		return r.split(n, argument)
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

func (r *resolver) selected(n, argument *yaml.Node) (any, error) {
	if argument.Kind != yaml.SequenceNode || len(argument.Content) != 2 {
		return nil, r.errorf(n, "Select takes an index and a list")
	}
	i, err := r.number(argument.Content[0], 0)
	if err != nil {
		return nil, err
	}
	v, err := r.value(argument.Content[1])
	if err != nil {
		return nil, err
	}
	list, _ := v.([]any)
	if i < 0 || i >= len(list) {
		return nil, r.errorf(n, "Select finds no value number %d", i)
	}
	return list[i], nil
}

func (r *resolver) split(n, argument *yaml.Node) (any, error) {
	if argument.Kind != yaml.SequenceNode || len(argument.Content) != 2 {
		return nil, r.errorf(n, "Split takes a separator and a text")
	}
	s, err := r.text(argument.Content[1])
	if err != nil {
		return nil, err
	}
	var parts []any
	for part := range strings.SplitSeq(s, argument.Content[0].Value) {
		parts = append(parts, part)
	}
	return parts, nil
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
