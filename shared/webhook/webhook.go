// Package webhook sends JSON to other systems as Standard Webhooks has it (https://www.standardwebhooks.com): each message
// under an id that stays the same when it is sent again, signed with a secret that both sides have.
package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// maxAnswer is how much of an answer is read.
const maxAnswer = 16 << 10

// Endpoint is where messages are sent.
type Endpoint struct {
	address string
	key     []byte
	client  *http.Client
}

// Open is the endpoint at an http or https address, whose messages are signed with secret ("whsec_…"). A call takes no
// longer than timeout, and width of them are made side by side.
func Open(address, secret string, timeout time.Duration, width int) (*Endpoint, error) {
	if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("the address is no http or https URL")
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil || len(key) == 0 {
		return nil, errors.New("the secret is no base64 behind whsec_")
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = width
	transport.MaxResponseHeaderBytes = maxAnswer
	return &Endpoint{address, key, &http.Client{
		Transport:     transport,
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // the signature is for this address alone
	}}, nil
}

// Name stands for the address, which may hold a secret, wherever one endpoint has to be told from another.
func (e *Endpoint) Name() string {
	sum := sha256.Sum256([]byte(e.address))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// Answer is what the other system answered: its status, and the first 16 KB of what it said.
type Answer struct {
	Status int
	Body   []byte
}

// Post sends a message under its id, signed at now, with further headers if there are any. An error says, without the
// address, why there is no answer.
func (e *Endpoint) Post(ctx context.Context, id string, body []byte, now time.Time, header http.Header) (Answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, e.address, bytes.NewReader(body))
	if err != nil {
		return Answer{}, errors.New("the address cannot be asked")
	}
	for name, values := range header {
		r.Header[name] = values
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	e.sign(r.Header, id, body, now)
	answer, err := e.client.Do(r)
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err
		}
		return Answer{}, err
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	return Answer{answer.StatusCode, said}, err
}

// sign adds the headers of Standard Webhooks.
func (e *Endpoint) sign(header http.Header, id string, body []byte, now time.Time) {
	at := strconv.FormatInt(now.Unix(), 10)
	mac := hmac.New(sha256.New, e.key)
	fmt.Fprintf(mac, "%s.%s.%s", id, at, body)
	header.Set("webhook-id", id)
	header.Set("webhook-timestamp", at)
	header.Set("webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}
