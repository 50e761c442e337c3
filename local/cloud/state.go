package cloud

import (
	"encoding/json"
	"errors"
	"slices"
	"time"
)

// State is what the cloud itself remembers at a moment: its clock, letters, what SES has still to tell of them, what the
// service platform was asked, and which events the other system was sent. The tables are not in it.
type State struct {
	now      time.Time
	letters  []Letter
	news     []news
	platform []byte
	events   []SentEvent
}

// State answers it. Nothing must be at work meanwhile.
func (c *Cloud) State() (State, error) {
	s := State{now: c.clock.Now(), events: c.SentEvents()}
	c.post.mu.Lock()
	s.letters, s.news = slices.Clone(c.post.letters), slices.Clone(c.post.news)
	c.post.mu.Unlock()
	c.platform.mu.Lock()
	defer c.platform.mu.Unlock()
	var err error
	s.platform, err = json.Marshal(c.platform.platformState)
	return s, err
}

// Jump moves the clock to an instant, if it is not there yet, and runs nothing, as if every schedule had found nothing to do
// on the way.
func (c *Cloud) Jump(to time.Time) error { return c.clock.forward(to) }

// errKept: what is in files would say something else than the memory.
var errKept = errors.New("a cloud that keeps what it remembers in a folder cannot forget it")

// Restore makes the cloud remember a moment and nothing else, so that a test can live from there once more; its clock may go
// back. It is for a cloud without a folder, and nothing must be at work meanwhile.
func (c *Cloud) Restore(s State) error {
	if c.config.Dir != "" {
		return errKept
	}
	remembered := newPlatformState()
	if err := json.Unmarshal(s.platform, &remembered); err != nil {
		return err
	}
	c.platform.mu.Lock()
	c.platform.platformState = remembered
	c.platform.mu.Unlock()
	c.events.mu.Lock()
	c.events.sent = slices.Clone(s.events)
	c.events.mu.Unlock()
	c.post.mu.Lock()
	c.post.letters, c.post.news, c.post.failures = slices.Clone(s.letters), slices.Clone(s.news), nil
	c.post.mu.Unlock()
	c.clock.mu.Lock()
	defer c.clock.mu.Unlock()
	return c.clock.put(s.now)
}
