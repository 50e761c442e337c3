package template

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Rule is one EventBridgeRule event.
type Rule struct {
	Event   string
	Pattern map[string]any // objects down to lists of texts
}

// Matches reports whether EventBridge gives the function an event, read from its JSON: for every list of the pattern, the
// event has one of its texts at the same place, alone or in a list of its own.
func (r Rule) Matches(event map[string]any) bool { return matches(r.Pattern, event) }

func matches(pattern, event map[string]any) bool {
	for name, want := range pattern {
		switch want := want.(type) {
		case map[string]any:
			inner, ok := event[name].(map[string]any)
			if !ok || !matches(want, inner) {
				return false
			}
		case []any:
			has, ok := event[name].([]any)
			if !ok {
				has = []any{event[name]}
			}
			if !slices.ContainsFunc(has, func(v any) bool { return v != nil && slices.Contains(want, v) }) {
				return false
			}
		}
	}
	return true
}

func (r *resolver) rule(function, name string, node, properties *yaml.Node) (Rule, error) {
	pattern := child(properties, "Pattern")
	if pattern == nil {
		return Rule{}, r.errorf(node, "%s.%s: a rule needs a pattern", function, name)
	}
	v, err := r.value(pattern)
	if err != nil {
		return Rule{}, err
	}
	rule := Rule{Event: name}
	if err := plainPattern(v); err != nil {
		return rule, r.errorf(pattern, "%s.%s: %v", function, name, err)
	}
	rule.Pattern = v.(map[string]any)
	return rule, nil
}

// plainPattern refuses what EventBridge refuses, and the filters of patterns that are not played here.
func plainPattern(v any) error {
	m, ok := v.(map[string]any)
	if !ok || len(m) == 0 {
		return fmt.Errorf("%v is no pattern", v)
	}
	for name, inner := range m {
		list, ok := inner.([]any)
		if !ok {
			if err := plainPattern(inner); err != nil {
				return err
			}
			continue
		}
		if len(list) == 0 {
			return fmt.Errorf("%s has no values", name)
		}
		for _, value := range list {
			if _, ok := value.(string); !ok {
				return fmt.Errorf("%s: only texts are played here", name)
			}
		}
	}
	return nil
}

// mailKinds are the kinds of email events as CloudFormation names them.
var mailKinds = []string{"send", "reject", "bounce", "complaint", "delivery", "open", "click", "renderingFailure", "deliveryDelay", "subscription"}

// mailEvents adds what a destination has SES tell to its configuration set.
func (r *resolver) mailEvents(t *Template, id string, node, properties *yaml.Node) error {
	set, err := r.text(child(properties, "ConfigurationSetName"))
	if err != nil {
		return err
	}
	destination := child(properties, "EventDestination")
	bus, err := r.text(child(child(destination, "EventBridgeDestination"), "EventBusArn"))
	if err != nil {
		return err
	}
	kinds, err := r.list(child(destination, "MatchingEventTypes"))
	if err != nil {
		return err
	}
	for _, kind := range kinds {
		if !slices.Contains(mailKinds, kind) {
			return r.errorf(node, "%s: SES has no events of type %q", id, kind)
		}
	}
	switch enabled := text(child(destination, "Enabled")); {
	case bus != fmt.Sprintf("arn:aws:events:%s:%s:event-bus/default", Region, Account):
		return r.errorf(node, "%s: SES tells the default bus of EventBridge only, not %q", id, bus)
	case enabled == "true":
		t.MailEvents[set] = append(t.MailEvents[set], kinds...)
	}
	return nil
}
