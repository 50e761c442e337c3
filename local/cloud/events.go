package cloud

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// SentEvent is an event of an order that the pretend receiver was sent.
type SentEvent struct {
	At   time.Time       `json:"at"`
	ID   string          `json:"webhook_id"`
	Body json.RawMessage `json:"body"`
}

// receiver pretends to be the other system that hears what happens to orders. It keeps what it was sent, so that a restart
// changes nothing.
type receiver struct {
	file   string
	secret string
	now    func() time.Time

	mu   sync.Mutex
	sent []SentEvent
}

func openReceiver(file, secret string, now func() time.Time) (*receiver, error) {
	r := &receiver{file: file, secret: secret, now: now, sent: []SentEvent{}}
	if err := recall(file, &r.sent); err != nil {
		return nil, fmt.Errorf("read the receiver's memory: %w", err)
	}
	return r, nil
}

// SentEvents returns what the other system was sent, oldest first, each as often as it came.
func (c *Cloud) SentEvents() []SentEvent {
	c.events.mu.Lock()
	defer c.events.mu.Unlock()
	return slices.Clone(c.events.sent)
}

// eventsKept is how many events the receiver remembers on disk and shows.
const eventsKept = 500

// ServeHTTP takes one event.
func (v *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		writeJSON(w, http.StatusBadRequest, reason("the body cannot be read"))
		return
	}
	if err := signed(v.secret, r.Header, body, v.now()); err != nil {
		writeJSON(w, http.StatusUnauthorized, reason(err.Error()))
		return
	}
	if !json.Valid(body) {
		writeJSON(w, http.StatusBadRequest, reason("the body is not JSON"))
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.sent = append(v.sent, SentEvent{v.now(), r.Header.Get(webhooks.HeaderWebhookID), body})
	if v.file != "" {
		kept, err := json.Marshal(v.sent[max(len(v.sent)-eventsKept, 0):])
		if err == nil {
			err = writeFile(v.file, kept)
		}
		if err != nil {
			writeJSON(w, http.StatusInternalServerError, reason(err.Error()))
			return
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

func (c *Cloud) showEvents(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Vary", "Accept")
	sent := c.SentEvents()
	slices.Reverse(sent)
	sent = sent[:min(len(sent), eventsKept)]
	if strings.Contains(r.Header.Get("Accept"), "text/html") {
		type row struct {
			SentEvent
			Type string
			Text string
		}
		rows := make([]row, len(sent))
		for i, e := range sent {
			var said struct{ Type string }
			var text []byte
			if json.Unmarshal(e.Body, &said) == nil { // it was JSON when it came
				text, _ = json.MarshalIndent(e.Body, "", "  ")
			}
			rows[i] = row{e, said.Type, string(text)}
		}
		c.page(w, "events.html", map[string]any{"Events": rows})
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"events": sent})
}
