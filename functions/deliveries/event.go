package deliveries

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"sync"

	"dayone/shared/api"
	"dayone/shared/commerce"
)

// event is the part of an email event of SES that is of use: the same for every kind.
type event struct {
	Mail struct {
		MessageID   string              `json:"messageId"`
		Destination []string            `json:"destination"`
		Tags        map[string][]string `json:"tags"` // as the letter was sent with, and some of SES's own
	} `json:"mail"`
	Bounce struct {
		Type       string `json:"bounceType"`
		SubType    string `json:"bounceSubType"`
		Recipients []struct {
			Status string `json:"status"`
		} `json:"bouncedRecipients"`
	} `json:"bounce"`
}

// tag is the value of a tag, "" where the letter has none.
func (e event) tag(name string) string {
	if values := e.Mail.Tags[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// read makes a delivery of an event. It answers false for events that are of no use here, or of no letter of ours.
func read(kind string, detail json.RawMessage) (d commerce.Delivery, ok bool, err error) {
	outcome, ok := map[string]commerce.Outcome{
		"Email Delivered": commerce.Delivered, "Email Delivery Delayed": commerce.Delayed,
		"Email Bounced": commerce.Bounced, "Email Complaint Received": commerce.Complained,
	}[kind]
	if !ok {
		return d, false, nil
	}
	var e event
	if err := json.Unmarshal(detail, &e); err != nil {
		return d, false, fmt.Errorf("read %q of SES: %w", kind, err)
	}
	d = commerce.Delivery{Outcome: outcome, Message: e.Mail.MessageID, Letter: e.tag("letter"), Order: e.tag("order"),
		Kind: commerce.LetterKind(e.tag("kind"))}
	if d.Message == "" || d.Kind == "" || d.Order == "" && d.Letter == "" {
		return d, false, nil
	}
	d.Link, _ = strconv.Atoi(e.tag("link")) // a letter without a link has none
	if len(e.Mail.Destination) > 0 {
		d.To = api.Address(e.Mail.Destination[0])
	}
	if outcome == commerce.Bounced {
		d.Reason = e.reason()
		if e.Bounce.Type != "Permanent" { // given up for now: a full mailbox, a holiday note
			d.Outcome = commerce.Delayed
		}
	}
	return d, true, nil
}

// enhanced is a status code as mail servers give it (RFC 3463).
var enhanced = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[245]\.[0-9]{1,3}\.[0-9]{1,3}$`) })

// reason says why a letter came back, in our words: what the other server wrote is anybody's text, and is not passed on.
func (e event) reason() string {
	why := "the address takes no letters"
	switch e.Bounce.SubType {
	case "Suppressed", "OnAccountSuppressionList":
		why = "the address took no letters before, and gets no more"
	}
	for _, r := range e.Bounce.Recipients {
		if enhanced().MatchString(r.Status) {
			return why + " (" + r.Status + ")"
		}
	}
	return why
}
