package secrets

import (
	"io"
	"log/slog"
	"sync"
)

// Log is what a process logs, each line looked through before it is passed on.
type Log struct {
	mu    sync.Mutex
	to    io.Writer
	found []string
}

// NewLog is a log that is written to a writer.
func NewLog(to io.Writer) *Log { return &Log{to: to} }

// Logger logs everything there.
func (l *Log) Logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// Write implements io.Writer: b is one line, or several.
func (l *Log) Write(b []byte) (int, error) {
	found := In(string(b))
	l.mu.Lock()
	defer l.mu.Unlock()
	if found != "" {
		l.found = append(l.found, found)
	}
	return l.to.Write(b)
}

// To has the log written to another writer from now on, and answers the one before.
func (l *Log) To(w io.Writer) io.Writer {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.to
	l.to = w
	return before
}

// Found are the secrets that were logged since it was last called.
func (l *Log) Found() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	found := l.found
	l.found = nil
	return found
}
