package cloud

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"
)

// clock is the time of one machine: the real one and a distance that is kept, so that what was written stays in the past after a restart.
type clock struct {
	file   string
	frozen bool

	mu     sync.Mutex
	offset time.Duration // of a clock that runs
	at     time.Time     // of a frozen one
}

// errBackwards: what was written before would lie in the future.
var errBackwards = errors.New("the clock cannot go backwards")

func openClock(file string, begin time.Time, frozen bool) (*clock, error) {
	c := &clock{file: file, frozen: frozen}
	if begin.IsZero() {
		begin = time.Now()
	}
	kept, err := os.ReadFile(file)
	switch {
	case file == "" || errors.Is(err, fs.ErrNotExist):
		return c, c.put(begin)
	case err != nil:
		return nil, fmt.Errorf("read the clock: %w", err)
	}
	var saved struct{ Offset string }
	if err := json.Unmarshal(kept, &saved); err != nil {
		return nil, fmt.Errorf("read the clock in %s: %w", file, err)
	}
	if c.offset, err = time.ParseDuration(saved.Offset); err != nil {
		return nil, fmt.Errorf("read the clock in %s: %w", file, err)
	}
	c.at = time.Now().Add(c.offset)
	return c, nil
}

// Now is what the clock says, to the millisecond as API Gateway has it.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *clock) now() time.Time {
	at := c.at
	if !c.frozen {
		at = time.Now().Add(c.offset)
	}
	return at.UTC().Truncate(time.Millisecond)
}

// forward moves the clock to an instant, unless it is there or past it already.
func (c *clock) forward(to time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !to.After(c.now()) {
		return nil
	}
	return c.put(to)
}

func (c *clock) put(to time.Time) error {
	c.at, c.offset = to, time.Until(to)
	if c.file == "" {
		return nil
	}
	kept, err := json.Marshal(map[string]string{"offset": c.offset.String()})
	if err != nil {
		return err
	}
	return writeFile(c.file, kept)
}

// recall reads what was kept in a file into a value, which stays as it is where there is no file.
func recall(name string, value any) error {
	if name == "" {
		return nil
	}
	kept, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(kept, value)
}

// writeFile replaces a file whole, so that a crash leaves the old one or the new one.
func writeFile(name string, content []byte) error {
	if err := os.WriteFile(name+".new", content, 0o644); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}
