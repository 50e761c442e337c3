package provisioning

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"dayone/shared/commerce"
)

// callFor is how long one call may take.
const callFor = 8 * time.Second

// maxAnswer is how much of an answer is read.
const maxAnswer = 16 << 10

// Webhook is the service platform behind an address: it is sent each job as JSON, signed with secret ("whsec_…") as
// Standard Webhooks has it, under an Idempotency-Key.
func Webhook(address, secret string) (Platform, error) {
	if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("the address is no http or https URL")
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil || len(key) == 0 {
		return nil, errors.New("the secret is no base64 behind whsec_")
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = pace.Width
	transport.MaxResponseHeaderBytes = maxAnswer
	return &webhook{address, key, &http.Client{
		Transport:     transport,
		Timeout:       callFor,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // the signature is for this address alone
	}}, nil
}

type webhook struct {
	address string
	key     []byte
	client  *http.Client
}

func (h *webhook) Refuses() bool { return true }

// jobBody is what the platform is sent.
type jobBody struct {
	Order        string `json:"order"`
	Line         string `json:"line"`
	Service      string `json:"service"`
	SKU          string `json:"sku"`
	Quantity     int    `json:"quantity"`
	Action       string `json:"action"` // provision, deprovision
	Subscription string `json:"subscription_id"`
	Customer     string `json:"customer_organization"`
}

func (h *webhook) Ask(ctx context.Context, o commerce.Order, j commerce.Job, now time.Time) (commerce.Result, string) {
	action := "provision"
	if j.Undo {
		action = "deprovision"
	}
	body, err := json.Marshal(jobBody{o.ID, j.Line.ID, string(o.ServiceOf(j.Line)), j.Line.SKU, j.Line.Quantity, action,
		j.Line.Subscription, o.Mapping.Customer})
	if err != nil {
		return commerce.Again, err.Error()
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.address, bytes.NewReader(body))
	if err != nil {
		return commerce.Again, err.Error()
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Idempotency-Key", j.Key)
	h.sign(r.Header, j.Key, body, now)
	answer, err := h.client.Do(r)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err // without the address, which may hold a secret
		}
		return commerce.Again, err.Error()
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return commerce.Again, err.Error()
	}
	return meaning(answer.StatusCode, j.Undo), reasonOf(said, answer.StatusCode)
}

// sign adds the headers of Standard Webhooks. The id is that of the job, so that a message sent again is known by it.
func (h *webhook) sign(header http.Header, id string, body []byte, now time.Time) {
	at := strconv.FormatInt(now.Unix(), 10)
	mac := hmac.New(sha256.New, h.key)
	fmt.Fprintf(mac, "%s.%s.%s", id, at, body)
	header.Set("webhook-id", id)
	header.Set("webhook-timestamp", at)
	header.Set("webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

// meaning is what a status says about a job. What is gone when it is to be taken away is done.
func meaning(status int, undo bool) commerce.Result {
	switch {
	case status == http.StatusAccepted:
		return commerce.Later
	case status >= 200 && status < 300:
		return commerce.Done
	case undo && (status == http.StatusNotFound || status == http.StatusGone):
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
