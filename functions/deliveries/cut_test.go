package deliveries_test

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
)

// cut stands before every other machine and ends the process at one call, before or after it took effect.
type cut struct {
	office  *office
	process context.Context
	kill    context.CancelFunc

	mu    sync.Mutex
	calls int
	at    int
	after bool
}

func newCut(o *office, at int, after bool) *cut {
	c := &cut{office: o, at: at, after: after}
	c.process, c.kill = context.WithCancel(o.Context())
	return c
}

// before hands a call over to next, or kills. Whoever is dead hears no answer.
func (c *cut) before(next http.Handler) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		c.calls++
		dies, dead := c.calls == c.at, c.calls > c.at
		c.mu.Unlock()
		switch {
		case !dies && !dead:
			next.ServeHTTP(w, r)
			return
		case dies && c.after:
			next.ServeHTTP(httptest.NewRecorder(), r)
		}
		c.kill()
		panic(http.ErrAbortHandler)
	}))
	c.office.Cleanup(server.Close)
	return server.URL
}

func (c *cut) tables() string { return c.before(c.proxy(c.office.tables.Engine.Endpoint)) }

func (c *cut) receiver(s *httptest.Server) string { return c.before(c.proxy(s.URL)) }

func (c *cut) proxy(to string) http.Handler {
	u, err := url.Parse(to)
	c.office.must(err)
	p := httputil.NewSingleHostReverseProxy(u)
	p.ErrorLog = log.New(io.Discard, "", 0) // it would tell of every death
	return p
}
