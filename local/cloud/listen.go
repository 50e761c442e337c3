package cloud

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Listen takes a port on the loopback interfaces and no other; 0 takes any that is free.
func Listen(port int) ([]net.Listener, error) {
	first, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("port %d is taken: stop what runs there, or choose another with PORT=%d", port, port+1)
	}
	if err != nil {
		return nil, err
	}
	listeners := []net.Listener{first}
	// Browsers may try the other loopback first; a machine without it is fine.
	if second, err := net.Listen("tcp", fmt.Sprintf("[::1]:%d", portOf(listeners))); err == nil {
		listeners = append(listeners, second)
	}
	return listeners, nil
}

// URL is where listeners are reached, without a slash at the end.
func URL(listeners []net.Listener) string {
	return fmt.Sprintf("http://localhost:%d", portOf(listeners))
}

func portOf(listeners []net.Listener) int { return listeners[0].Addr().(*net.TCPAddr).Port }

func closeAll(listeners []net.Listener) error {
	var err error
	for _, l := range listeners {
		err = errors.Join(err, l.Close())
	}
	return err
}

// serve answers whoever asks, and on the inside the functions. What they call is there until the last of them has ended.
func (c *Cloud) serve(listeners []net.Listener, inside net.Listener) {
	log := slog.NewLogLogger(c.log.Handler(), slog.LevelWarn)
	c.server = &http.Server{Handler: c.handler(), MaxHeaderBytes: 1 << 20, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log, ConnState: c.silent.watch}
	c.inside = &http.Server{Handler: c.server.Handler, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log}
	for _, l := range listeners {
		go c.listen(c.server, l)
	}
	go c.listen(c.inside, inside)
}

func (c *Cloud) listen(s *http.Server, l net.Listener) {
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		c.log.Error("serving ended", "error", err)
	}
}

// silent are the connections over which nobody has said a word, such as browsers open ahead. A server that ends would wait
// seconds for them.
type silent struct {
	mu    sync.Mutex
	conns []net.Conn
}

func (s *silent) watch(conn net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if state == http.StateNew {
		s.conns = append(s.conns, conn)
		return
	}
	s.conns = slices.DeleteFunc(s.conns, func(c net.Conn) bool { return c == conn })
}

func (s *silent) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		_ = c.Close() // there was nothing to lose
	}
}
