package cloud

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"dayone/local/template"
)

// simulator is the domain of SES's mailbox simulator. What stands before the @, up to a +, says what becomes of a letter.
const simulator = "@simulator.amazonses.com"

// news is what SES has to tell of one letter, in order.
type news struct {
	events []json.RawMessage
	tries  int
}

// mailEvent is the detail of an email event, in the shape AWS documents.
type mailEvent struct {
	EventType     string           `json:"eventType"`
	Mail          mailDetail       `json:"mail"`
	Delivery      *deliveryDetail  `json:"delivery,omitempty"`
	DeliveryDelay *delayDetail     `json:"deliveryDelay,omitempty"`
	Bounce        *bounceDetail    `json:"bounce,omitempty"`
	Complaint     *complaintDetail `json:"complaint,omitempty"`
}

type mailDetail struct {
	Timestamp        string              `json:"timestamp"`
	Source           string              `json:"source"`
	SourceARN        string              `json:"sourceArn"`
	SendingAccountID string              `json:"sendingAccountId"`
	MessageID        string              `json:"messageId"`
	Destination      []string            `json:"destination"`
	HeadersTruncated bool                `json:"headersTruncated"`
	Headers          []Named             `json:"headers"`
	CommonHeaders    commonHeaders       `json:"commonHeaders"`
	Tags             map[string][]string `json:"tags"`
}

type commonHeaders struct {
	From      []string `json:"from"`
	To        []string `json:"to"`
	MessageID string   `json:"messageId"`
	Subject   string   `json:"subject"`
}

type deliveryDetail struct {
	Timestamp            string   `json:"timestamp"`
	ProcessingTimeMillis int      `json:"processingTimeMillis"`
	Recipients           []string `json:"recipients"`
	SMTPResponse         string   `json:"smtpResponse"`
	ReportingMTA         string   `json:"reportingMTA"`
}

type delayDetail struct {
	Timestamp         string      `json:"timestamp"`
	DelayType         string      `json:"delayType"`
	ExpirationTime    string      `json:"expirationTime"`
	DelayedRecipients []recipient `json:"delayedRecipients"`
}

type bounceDetail struct {
	FeedbackID        string      `json:"feedbackId"`
	BounceType        string      `json:"bounceType"`
	BounceSubType     string      `json:"bounceSubType"`
	BouncedRecipients []recipient `json:"bouncedRecipients"`
	Timestamp         string      `json:"timestamp"`
	ReportingMTA      string      `json:"reportingMTA,omitempty"`
}

type complaintDetail struct {
	FeedbackID            string      `json:"feedbackId"`
	ComplaintSubType      *string     `json:"complaintSubType"`
	ComplainedRecipients  []recipient `json:"complainedRecipients"`
	Timestamp             string      `json:"timestamp"`
	UserAgent             string      `json:"userAgent,omitempty"`
	ComplaintFeedbackType string      `json:"complaintFeedbackType,omitempty"`
	ArrivalDate           string      `json:"arrivalDate,omitempty"`
}

type recipient struct {
	EmailAddress   string `json:"emailAddress"`
	Action         string `json:"action,omitempty"`
	Status         string `json:"status,omitempty"`
	DiagnosticCode string `json:"diagnosticCode,omitempty"`
}

const mta = "dsn; a1-2.smtp-out.eu-central-1.amazonses.com"

// become are the events of a letter: it is delivered, unless its address is one of the simulator's that say otherwise.
// The simulator has no address for a delay; delay@ is ours.
func become(m mailDetail, to, now, later string) []mailEvent {
	delivered := mailEvent{EventType: "Delivery", Mail: m, Delivery: &deliveryDetail{now, 640, []string{to}, "250 2.0.0 OK", mta}}
	bounced := func(kind, sub string, r recipient) mailEvent {
		return mailEvent{EventType: "Bounce", Mail: m, Bounce: &bounceDetail{newID(), kind, sub, []recipient{r}, now, mta}}
	}
	name, simulated := strings.CutSuffix(to, simulator)
	name, _, _ = strings.Cut(name, "+")
	if !simulated {
		return []mailEvent{delivered}
	}
	switch name {
	case "bounce":
		return []mailEvent{bounced("Permanent", "General", recipient{to, "failed", "5.1.1", "smtp; 550 5.1.1 user unknown"})}
	case "suppressionlist":
		return []mailEvent{bounced("Permanent", "Suppressed", recipient{to, "failed", "5.1.1", "Amazon SES has suppressed sending to this address"})}
	case "ooto":
		return []mailEvent{delivered, bounced("Transient", "General", recipient{EmailAddress: to})}
	case "complaint":
		return []mailEvent{delivered, {EventType: "Complaint", Mail: m, Complaint: &complaintDetail{FeedbackID: newID(),
			ComplainedRecipients: []recipient{{EmailAddress: to}}, Timestamp: now, UserAgent: "Amazon SES Mailbox Simulator",
			ComplaintFeedbackType: "abuse", ArrivalDate: now}}}
	case "delay":
		return []mailEvent{{EventType: "DeliveryDelay", Mail: m, DeliveryDelay: &delayDetail{now, "MailboxFull", later,
			[]recipient{{to, "delayed", "4.2.2", "smtp; 452 4.2.2 mailbox full"}}}}}
	}
	return []mailEvent{delivered}
}

// detailTypes are the kinds of email events, by their eventType: as EventBridge and as CloudFormation call them.
func detailTypes(eventType string) (detailType, matching string) {
	switch eventType {
	case "Delivery":
		return "Email Delivered", "delivery"
	case "DeliveryDelay":
		return "Email Delivery Delayed", "deliveryDelay"
	case "Bounce":
		return "Email Bounced", "bounce"
	}
	return "Email Complaint Received", "complaint"
}

// stamp is an instant as SES writes it.
const stamp = "2006-01-02T15:04:05.000Z"

// watch keeps what SES has to tell of a letter that was sent with a configuration set.
func (p *post) watch(id string, l Letter, set string) {
	now := p.now()
	m := mailDetail{
		Timestamp: now.Format(stamp), Source: l.From, SourceARN: fmt.Sprintf("arn:aws:ses:%s:%s:identity/%s", template.Region, template.Account, p.identity),
		SendingAccountID: template.Account, MessageID: id,
		Headers:       append([]Named{{"From", l.From}, {"To", strings.Join(l.To, ", ")}, {"Subject", l.Subject}, {"MIME-Version", "1.0"}}, l.Headers...),
		CommonHeaders: commonHeaders{[]string{l.From}, l.To, id, l.Subject},
		Tags:          map[string][]string{"ses:configuration-set": {set}, "ses:operation": {"SendEmail"}, "ses:source-ip": {"127.0.0.1"}},
	}
	for _, tag := range l.Tags {
		m.Tags[tag.Name] = []string{tag.Value}
	}
	for _, to := range slices.Concat(l.To, l.Cc, l.Bcc) {
		m.Destination = []string{to}
		var told news
		for _, e := range become(m, to, now.Format(stamp), now.Add(14*time.Hour).Format(stamp)) {
			detailType, matching := detailTypes(e.EventType)
			if !slices.Contains(p.tells[set], matching) {
				continue
			}
			detail, _ := json.Marshal(e) // texts always encode
			event, _ := json.Marshal(events.EventBridgeEvent{
				Version: "0", ID: newID(), DetailType: detailType, Source: "aws.ses", AccountID: template.Account, Region: template.Region,
				Time: now.Truncate(time.Second), Detail: detail,
				Resources: []string{fmt.Sprintf("arn:aws:ses:%s:%s:configuration-set/%s", template.Region, template.Account, set)},
			})
			told.events = append(told.events, event)
		}
		if len(told.events) > 0 {
			p.mu.Lock()
			p.news = append(p.news, told)
			p.mu.Unlock()
		}
	}
}

// Lambda tries an event of EventBridge three times.
const eventTries = 3

// tell gives the functions whose rules match what SES has to tell by now, one letter after the other and several side by
// side. What fails is told again the next time.
func (c *Cloud) tell(ctx context.Context) error {
	c.post.mu.Lock()
	all := c.post.news
	c.post.news = nil
	c.post.mu.Unlock()
	var wait sync.WaitGroup
	places := make(chan struct{}, 8)
	failed := make([]error, len(all))
	for i, letter := range all {
		places <- struct{}{}
		wait.Go(func() {
			defer func() { <-places }()
			failed[i] = c.tellOf(ctx, letter)
		})
	}
	wait.Wait()
	return errors.Join(failed...)
}

func (c *Cloud) tellOf(ctx context.Context, letter news) error {
	for i, payload := range letter.events {
		if err := c.tellRules(ctx, payload); err != nil {
			if letter.tries++; letter.tries < eventTries {
				c.post.mu.Lock()
				c.post.news = append(c.post.news, news{letter.events[i:], letter.tries})
				c.post.mu.Unlock()
			}
			return err
		}
		letter.tries = 0
	}
	return nil
}

// tellRules gives an event to every function that has a rule for it.
func (c *Cloud) tellRules(ctx context.Context, payload json.RawMessage) error {
	var event map[string]any
	if err := json.Unmarshal(payload, &event); err != nil {
		return err
	}
	for _, f := range c.Template.Functions {
		if !slices.ContainsFunc(f.Rules, func(r template.Rule) bool { return r.Matches(event) }) {
			continue
		}
		if err := c.invokeInTime(ctx, c.functions[f.ID], payload); err != nil {
			c.log.Error("a function did not take an event", "function", f.ID, "event", event["detail-type"], "error", err)
			return fmt.Errorf("%s on %q: %w", f.ID, event["detail-type"], err)
		}
	}
	return nil
}
