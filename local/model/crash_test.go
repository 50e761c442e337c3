package model_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"

	"github.com/aws/aws-lambda-go/lambda"

	"dayone/local/cloud"
)

// crashes ends the process of a function at one of its calls. It stands between the functions and everything they call;
// one invocation is at work at a time.
type crashes struct {
	server *httptest.Server
	proxy  map[string]*httputil.ReverseProxy

	mu       sync.Mutex
	function string // whose process will end, "" for nobody's
	left     int    // calls until then
	after    bool   // the last call still takes effect
	dead     bool
	end      context.CancelFunc

	happened int
}

var errCrashed = errors.New("the process ended")

func newCrashes() *crashes {
	c := &crashes{proxy: map[string]*httputil.ReverseProxy{}}
	c.server = httptest.NewServer(http.HandlerFunc(c.pass))
	return c
}

// next has the process of a function end at its n-th call from now on, before or after that takes effect.
func (c *crashes) next(function string, n int, after bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.function, c.left, c.after, c.dead = function, n, after, false
}

// over takes back what did not happen, and answers whether it did.
func (c *crashes) over() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.function = ""
	dead := c.dead
	c.dead = false
	return dead
}

// wires are the variables by which a function finds what it calls.
var wires = []string{"AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_SESV2", "PROVISIONER_URL"}

// constructors are the functions with their calls led through here.
func (c *crashes) constructors(all map[string]cloud.Constructor) map[string]cloud.Constructor {
	led := map[string]cloud.Constructor{}
	for id, construct := range all {
		led[id] = func(getenv func(string) string) lambda.Handler {
			return mortal{construct(func(name string) string {
				value := getenv(name)
				for _, wire := range wires {
					if name == wire && value != "" {
						return c.lead(id, name, value)
					}
				}
				return value
			}), id, c}
		}
	}
	return led
}

// lead is the address of a wire that passes through here.
func (c *crashes) lead(id, name, to string) string {
	target, err := url.Parse(to)
	if err != nil {
		panic(err)
	}
	path := "/" + id + "/" + name
	c.proxy[path] = &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.URL.Scheme, r.Out.URL.Host = target.Scheme, target.Host
		r.Out.URL.Path = target.Path + strings.TrimPrefix(r.In.URL.Path, path)
	}, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)} // calls of a process that ended end as well
	return c.server.URL + path
}

func (c *crashes) pass(w http.ResponseWriter, r *http.Request) {
	parts := strings.SplitN(r.URL.Path, "/", 4)
	proxy := c.proxy["/"+parts[1]+"/"+parts[2]]
	alive, effect := c.meet(parts[1])
	if alive {
		proxy.ServeHTTP(w, r)
		return
	}
	if effect {
		proxy.ServeHTTP(httptest.NewRecorder(), r.WithContext(context.WithoutCancel(r.Context())))
	}
	c.mu.Lock()
	if c.end != nil {
		c.end()
	}
	c.mu.Unlock()
	panic(http.ErrAbortHandler)
}

// meet says of a call whether its process lives and, if not, whether the call takes effect all the same.
func (c *crashes) meet(function string) (alive, effect bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.function != function {
		return true, false
	}
	if c.dead {
		return false, false
	}
	if c.left--; c.left > 0 {
		return true, false
	}
	c.dead = true
	c.happened++
	return false, c.after
}

// mortal is a function whose process can end.
type mortal struct {
	lambda.Handler
	id      string
	crashes *crashes
}

// Invoke ends with the process: what the function would have answered is lost.
func (m mortal) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	ctx, end := context.WithCancel(ctx)
	defer end()
	m.crashes.mu.Lock()
	m.crashes.end = end
	m.crashes.mu.Unlock()
	answer, err := m.Handler.Invoke(ctx, payload)
	m.crashes.mu.Lock()
	defer m.crashes.mu.Unlock()
	if m.crashes.function == m.id && m.crashes.dead {
		return nil, errCrashed
	}
	return answer, err
}
