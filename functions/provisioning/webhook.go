package provisioning

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"
	"unicode"

	"dayone/shared/commerce"
	"dayone/shared/webhook"
)

// callFor is how long one call may take.
const callFor = 8 * time.Second

// Webhook is the service platform behind an address: it is sent each job as JSON, signed with secret ("whsec_…") as
// Standard Webhooks has it, under an Idempotency-Key.
func Webhook(address, secret string) (Platform, error) {
	endpoint, err := webhook.Open(address, secret, callFor, pace.Width)
	if err != nil {
		return nil, err
	}
	return &hook{endpoint}, nil
}

type hook struct{ endpoint *webhook.Endpoint }

func (h *hook) Acts() bool { return true }

// jobBody is what the platform is sent.
type jobBody struct {
	Order        string `json:"order"`
	Line         string `json:"line"`
	Service      string `json:"service"`
	SKU          string `json:"sku"`
	Quantity     int    `json:"quantity"`
	Action       string `json:"action"` // a commerce.Action
	Subscription string `json:"subscription_id"`
	Customer     string `json:"customer_organization"`
}

func (h *hook) Ask(ctx context.Context, o commerce.Order, j commerce.Job, now time.Time) Answer {
	body, err := json.Marshal(jobBody{o.ID, j.Line.ID, string(o.ServiceOf(j.Line)), j.Line.SKU, j.Line.Quantity, string(j.Action),
		j.Line.Subscription, o.Mapping.Customer})
	if err != nil {
		return Answer{Result: commerce.Again, Reason: err.Error()}
	}
	// The id is that of the job, so that a message sent again is known by it.
	answer, err := h.endpoint.Post(ctx, j.Key, body, now, http.Header{"Idempotency-Key": {j.Key}})
	if err != nil {
		slog.WarnContext(ctx, "service platform", "order", o.ID, "job", j.Key, "error", err.Error())
		return Answer{Result: commerce.Again, Reason: unreachable}
	}
	return Answer{Result: meaning(answer.Status, j.Action == commerce.ActDeprovision), Reason: reasonOf(answer.Body, answer.Status)}
}

// unreachable is why a job is not done whose call broke off. What broke is in the log: people are shown this.
const unreachable = "The service platform could not be reached."

// meaning is what a status says about a job. What is gone when it is to be taken away is done.
func meaning(status int, removal bool) commerce.Result {
	switch {
	case status == http.StatusAccepted:
		return commerce.Later
	case status >= 200 && status < 300:
		return commerce.Done
	case removal && (status == http.StatusNotFound || status == http.StatusGone):
		return commerce.Done
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status == http.StatusTooManyRequests:
		return commerce.Again
	case status >= 400 && status < 500:
		return commerce.Never
	}
	return commerce.Again
}

// maxReason is how many characters of a reason are kept.
const maxReason = 200

// reasonOf is why a job was not done, from the reason or detail of a JSON answer: one short line that can be printed.
func reasonOf(answer []byte, status int) string {
	var said struct{ Reason, Detail string }
	_ = json.Unmarshal(answer, &said) // an answer that is no JSON has no reason
	text := said.Reason
	if text == "" {
		text = said.Detail
	}
	printable := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, text)
	runes := []rune(strings.Join(strings.Fields(printable), " "))
	if len(runes) == 0 {
		return fmt.Sprintf("The service platform answered %d.", status)
	}
	return string(runes[:min(len(runes), maxReason)])
}
