package template

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const ruled = head + `  Mail: {Type: AWS::SES::ConfigurationSet}
  Quiet: {Type: AWS::SES::ConfigurationSet}
  MailEvents:
    Type: AWS::SES::ConfigurationSetEventDestination
    Properties:
      ConfigurationSetName: !Ref Mail
      EventDestination:
        Enabled: true
        MatchingEventTypes: [bounce, delivery]
        EventBridgeDestination: {EventBusArn: !Sub "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/default"}
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Told:
          Type: EventBridgeRule
          Properties:
            Pattern: {source: [aws.ses], detail-type: [Email Bounced, Email Delivered], detail: {tags: {set: [!Ref Mail]}}}
`

func TestRulesMatchAsEventBridgeDoes(t *testing.T) {
	t.Parallel()
	rule := read(t, ruled, Options{}).Rules[0]
	for name, tc := range map[string]struct {
		event string
		want  bool
	}{
		"what is said":      {`{"source":"aws.ses","detail-type":"Email Bounced","detail":{"tags":{"set":["Mail"]}}}`, true},
		"one of several":    {`{"source":"aws.ses","detail-type":"Email Delivered","detail":{"tags":{"set":["Other","Mail"]},"more":1}}`, true},
		"alone":             {`{"source":"aws.ses","detail-type":"Email Delivered","detail":{"tags":{"set":"Mail"}}}`, true},
		"another source":    {`{"source":"aws.s3","detail-type":"Email Bounced","detail":{"tags":{"set":["Mail"]}}}`, false},
		"another kind":      {`{"source":"aws.ses","detail-type":"Email Opened","detail":{"tags":{"set":["Mail"]}}}`, false},
		"another set":       {`{"source":"aws.ses","detail-type":"Email Bounced","detail":{"tags":{"set":["Other"]}}}`, false},
		"no set":            {`{"source":"aws.ses","detail-type":"Email Bounced","detail":{"tags":{}}}`, false},
		"null":              {`{"source":"aws.ses","detail-type":"Email Bounced","detail":null}`, false},
		"a list, no object": {`{"source":"aws.ses","detail-type":"Email Bounced","detail":["tags"]}`, false},
	} {
		var event map[string]any
		if err := json.Unmarshal([]byte(tc.event), &event); err != nil {
			t.Fatal(err)
		}
		if got := rule.Matches(event); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestMailEventsOfEachConfigurationSet(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		text string
		want map[string][]string
	}{
		"told":     {ruled, map[string][]string{"Mail": {"bounce", "delivery"}, "Quiet": {}}},
		"disabled": {strings.Replace(ruled, "Enabled: true", "Enabled: false", 1), map[string][]string{"Mail": {}, "Quiet": {}}},
	} {
		tpl, err := parse("template.yaml", []byte(tc.text), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tc.want, tpl.MailEvents); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestMistakesInRules(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ old, now, want string }{
		"no pattern":        {" Pattern:", " Patern:", "a rule needs a pattern"},
		"a filter":          {"[aws.ses]", "[{prefix: aws}]", "source: only texts are played here"},
		"no values":         {"[aws.ses]", "[]", "source has no values"},
		"a value, no list":  {"[aws.ses]", "aws.ses", "aws.ses is no pattern"},
		"an unknown event":  {"[bounce, delivery]", "[bounced]", `SES has no events of type "bounced"`},
		"another event bus": {"event-bus/default", "event-bus/ours", "SES tells the default bus of EventBridge only"},
	} {
		text := strings.Replace(ruled, tc.old, tc.now, 1)
		if _, err := parse("template.yaml", []byte(text), Options{}); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %s", name, err, tc.want)
		}
	}
}
