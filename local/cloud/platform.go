package cloud

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// How the pretend service platform may behave towards a service or a sku.
const (
	BehaveOK       = "ok"
	BehaveSlow     = "slow"      // 202 until two minutes after it was first asked
	BehaveFailOnce = "fail_once" // 503 as many times as said, then ok
	BehaveFail     = "fail"      // 422, until told to be ok again
)

// slowness is how long a slow service takes, by the local clock.
const slowness = 2 * time.Minute

// tolerance is how far a signature's instant may be from the clock, as Standard Webhooks has it.
const tolerance = 5 * time.Minute

// Behaviour is how one service or sku behaves when it is to be provisioned or changed.
type Behaviour struct {
	Behaviour string `json:"behaviour"`
	Times     int    `json:"times,omitempty"` // how often fail_once still fails
	Reason    string `json:"reason,omitempty"`
}

// ServiceRequest is one that the platform was sent, and what it answered.
type ServiceRequest struct {
	At     time.Time `json:"at"`
	Key    string    `json:"idempotency_key"`
	Answer int       `json:"answer"`
	ServiceLine
}

// ServiceLine is what is asked for: one line of one order.
type ServiceLine struct {
	Order                string `json:"order"`
	Line                 string `json:"line"`
	Service              string `json:"service"`
	SKU                  string `json:"sku"`
	Quantity             int    `json:"quantity"`
	Action               string `json:"action"`
	SubscriptionID       string `json:"subscription_id"`
	CustomerOrganization string `json:"customer_organization"`
}

// platform pretends to be the one that runs the services. It keeps what it was asked, so that a restart changes nothing.
type platform struct {
	file   string
	secret string
	now    func() time.Time

	mu sync.Mutex
	platformState
}

type platformState struct {
	Requests   []ServiceRequest       `json:"requests"`
	Behaviours map[string]Behaviour   `json:"behaviours"`
	Asked      map[string]time.Time   `json:"asked"` // when a key was first asked for
	Sent       map[string]ServiceLine `json:"sent"`  // what a key was for: anything else under it is refused
	Done       map[string]bool        `json:"done"`  // keys that are done, and stay so
}

func newPlatformState() platformState {
	return platformState{Requests: []ServiceRequest{}, Behaviours: map[string]Behaviour{}, Asked: map[string]time.Time{}, Sent: map[string]ServiceLine{}, Done: map[string]bool{}}
}

func openPlatform(file, secret string, now func() time.Time) (*platform, error) {
	p := &platform{file: file, secret: secret, now: now, platformState: newPlatformState()}
	if err := recall(file, &p.platformState); err != nil {
		return nil, fmt.Errorf("read the service platform's memory: %w", err)
	}
	return p, nil
}

// Behave sets how a service or a sku behaves from now on. Times is for fail_once alone, where zero means once.
func (c *Cloud) Behave(service, behaviour string, times int) error {
	return c.platform.behave(service, Behaviour{Behaviour: behaviour, Times: times})
}

// ServiceRequests returns what the service platform was asked, oldest first.
func (c *Cloud) ServiceRequests() []ServiceRequest {
	c.platform.mu.Lock()
	defer c.platform.mu.Unlock()
	return slices.Clone(c.platform.Requests)
}

func (p *platform) behave(service string, b Behaviour) error {
	if service == "" {
		return errors.New("service: say which service or sku")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch b.Behaviour {
	case BehaveOK:
		delete(p.Behaviours, service)
		return p.save()
	case BehaveFailOnce:
		b.Times = max(b.Times, 1)
	case BehaveSlow, BehaveFail:
		b.Times = 0
	default:
		return fmt.Errorf("behaviour: %q is none of ok, slow, fail_once, fail", b.Behaviour)
	}
	p.Behaviours[service] = b
	return p.save()
}

// ServeHTTP answers one request to provision a line, to take it back, or to change what runs.
func (p *platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
	if err != nil {
		writeJSON(w, http.StatusBadRequest, reason("the body cannot be read"))
		return
	}
	if err := signed(p.secret, r.Header, body, p.now()); err != nil {
		writeJSON(w, http.StatusUnauthorized, reason(err.Error()))
		return
	}
	key := r.Header.Get("Idempotency-Key")
	if key == "" {
		writeJSON(w, http.StatusBadRequest, reason("Idempotency-Key is missing"))
		return
	}
	var line ServiceLine
	if err := json.Unmarshal(body, &line); err != nil {
		writeJSON(w, http.StatusBadRequest, reason("the body is not JSON"))
		return
	}
	if _, known := done(line.Action); line.Order == "" || line.Line == "" || !known {
		writeJSON(w, http.StatusUnprocessableEntity, reason("order, line and action (provision, deprovision, change_quantity, suspend or resume) are needed"))
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	status, answer := p.decide(key, line)
	p.Requests = append(p.Requests, ServiceRequest{p.now(), key, status, line})
	if err := p.save(); err != nil {
		status, answer = http.StatusInternalServerError, reason(err.Error())
	}
	if status == http.StatusAccepted {
		w.Header().Set("Retry-After", "60")
	}
	writeJSON(w, status, answer)
}

// decide is what the platform does about one request.
func (p *platform) decide(key string, line ServiceLine) (int, any) {
	if sent, again := p.Sent[key]; again && sent != line {
		return http.StatusUnprocessableEntity, reason("this Idempotency-Key was for something else before")
	}
	p.Sent[key] = line
	if _, again := p.Asked[key]; !again {
		p.Asked[key] = p.now()
	}
	if line.Action != "deprovision" && !p.Done[key] { // what is to go goes
		if status, answer, no := p.resist(key, line); no {
			return status, answer
		}
	}
	p.Done[key] = true
	p.forgetOpposite(key, line)
	status, _ := done(line.Action)
	return http.StatusOK, map[string]string{"status": status}
}

// done is what a line is once an action is done; false for an action that the platform does not know.
func done(action string) (string, bool) {
	switch action {
	case "provision":
		return "provisioned", true
	case "deprovision":
		return "removed", true
	case "change_quantity":
		return "changed", true
	case "suspend":
		return "suspended", true
	case "resume":
		return "resumed", true
	}
	return "", false
}

// resist is how a service behaves before it gives in; no says that it does not yet.
func (p *platform) resist(key string, line ServiceLine) (status int, answer any, no bool) {
	name := line.SKU
	b, ok := p.Behaviours[name]
	if !ok {
		name = line.Service
		b = p.Behaviours[name]
	}
	switch {
	case b.Behaviour == BehaveSlow && p.now().Before(p.Asked[key].Add(slowness)):
		return http.StatusAccepted, map[string]string{"status": "pending"}, true
	case b.Behaviour == BehaveFailOnce && b.Times > 0:
		b.Times--
		p.Behaviours[name] = b
		if b.Times == 0 {
			delete(p.Behaviours, name)
		}
		return http.StatusServiceUnavailable, reason("busy, ask again"), true
	case b.Behaviour == BehaveFail:
		if b.Reason == "" {
			b.Reason = "the number of users is over what this region can take"
		}
		return http.StatusUnprocessableEntity, reason(b.Reason), true
	}
	return 0, nil, false
}

// forgetOpposite lets a line that was taken back be provisioned again under the key it had, and the other way round.
func (p *platform) forgetOpposite(key string, line ServiceLine) {
	for _, r := range p.Requests {
		if r.Order == line.Order && r.Line == line.Line && r.Action != line.Action && r.Key != key {
			delete(p.Done, r.Key)
			delete(p.Asked, r.Key)
		}
	}
}

// signed checks the signature. The library would compare its instant with the machine's clock; here the clock is the one that can be moved.
func signed(secret string, h http.Header, body []byte, now time.Time) error {
	hook, err := webhooks.NewWebhook(secret)
	if err != nil {
		return err
	}
	if err := hook.VerifyIgnoringTimestamp(body, h); err != nil {
		return err
	}
	seconds, err := strconv.ParseInt(h.Get(webhooks.HeaderWebhookTimestamp), 10, 64)
	if err != nil {
		return err
	}
	if apart := now.Sub(time.Unix(seconds, 0)).Abs(); apart > tolerance {
		return fmt.Errorf("the signature is %s from the clock", apart)
	}
	return nil
}

func (p *platform) save() error {
	if p.file == "" {
		return nil
	}
	kept, err := json.Marshal(p.platformState)
	if err != nil {
		return err
	}
	return writeFile(p.file, kept)
}

func reason(text string) map[string]string { return map[string]string{"reason": text} }
