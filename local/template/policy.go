package template

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// Permission is one action on one resource that a function's policies allow.
type Permission struct {
	Action, Resource string
}

// permissions are what a function's inline policies allow, written out. Wildcards and ready-made policies are refused: a function may do
// what it does, and nothing else.
func (r *resolver) permissions(policies *yaml.Node) ([]Permission, error) {
	if policies == nil {
		return nil, nil
	}
	if policies.Kind != yaml.SequenceNode {
		return nil, r.errorf(policies, "policies are a list of documents here")
	}
	var all []Permission
	for _, document := range policies.Content {
		statements := child(document, "Statement")
		if statements == nil || statements.Kind != yaml.SequenceNode {
			return nil, r.errorf(document, "write the statements of a policy out, action by action")
		}
		for _, s := range statements.Content {
			allowed, err := r.statement(s)
			if err != nil {
				return nil, err
			}
			all = append(all, allowed...)
		}
	}
	return all, nil
}

func (r *resolver) statement(s *yaml.Node) ([]Permission, error) {
	if text(child(s, "Effect")) != "Allow" || len(pairs(s)) != 3 {
		return nil, r.errorf(s, "a statement has Effect: Allow, Action and Resource here")
	}
	actions, err := r.list(child(s, "Action"))
	if err != nil {
		return nil, err
	}
	resources, err := r.list(child(s, "Resource"))
	if err != nil {
		return nil, err
	}
	var all []Permission
	for _, action := range actions {
		for _, resource := range resources {
			if strings.ContainsAny(action+resource, "*?") {
				return nil, r.errorf(s, "%s on %s: wildcards allow more than is meant", action, resource)
			}
			all = append(all, Permission{action, resource})
		}
	}
	return all, nil
}

// list is one plain value or several.
func (r *resolver) list(n *yaml.Node) ([]string, error) {
	if n == nil {
		return nil, nil
	}
	_, _, called := intrinsic(n)
	if called || n.Kind != yaml.SequenceNode {
		one, err := r.text(n)
		return []string{one}, err
	}
	var all []string
	for _, item := range n.Content {
		one, err := r.text(item)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}
