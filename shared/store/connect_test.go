package store_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"dayone/shared/commerce"
	"dayone/shared/store"
)

// endpoint is one of DynamoDB that counts connections and knows no item. A request that is not signed is answered as its
// health is.
func endpoint(t *testing.T, health http.HandlerFunc) (url string, connections *atomic.Int32) {
	t.Helper()
	connections = &atomic.Int32{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && r.Header.Get("Authorization") == "" {
			health(w, r)
			return
		}
		_, _ = fmt.Fprint(w, "{}")
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	return server.URL, connections
}

func at(url string) *store.Store {
	return store.FromEnv(func(name string) string {
		return map[string]string{"AWS_ENDPOINT_URL_DYNAMODB": url, "AWS_REGION": "eu-central-1",
			"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "ORDERS_TABLE": "orders"}[name]
	})
}

func TestTheFirstCallFindsAConnectionOpen(t *testing.T) {
	for name, health := range map[string]http.HandlerFunc{
		"healthy": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = fmt.Fprint(w, "healthy: dynamodb.eu-central-1.amazonaws.com ")
		},
		"not found": http.NotFound,
	} {
		t.Run(name, func(t *testing.T) {
			url, connections := endpoint(t, health)
			s := at(url)
			s.Connect(t.Context())
			if n := connections.Load(); n != 1 {
				t.Fatalf("%d connections are open", n)
			}
			_, _ = s.Order(t.Context(), "order-1") // there is none
			if n := connections.Load(); n != 1 {
				t.Errorf("the first call opened another, of now %d", n)
			}
		})
	}
}

func TestConnectingNeverFailsNorHangs(t *testing.T) {
	for name, s := range map[string]*store.Store{
		"nobody listens":     at("http://127.0.0.1:1"),
		"no address":         at("::nonsense"),
		"no region, no name": store.FromEnv(func(string) string { return "" }),
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			s.Connect(ctx)
		})
	}
	t.Run("no answer", func(t *testing.T) {
		url, _ := endpoint(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		at(url).Connect(ctx)
	})
}

func TestARehearsalReachesNobody(t *testing.T) {
	url, connections := endpoint(t, http.NotFound)
	s := at(url)
	if _, err := s.Rehearsal().Place(t.Context(), order(t, "DO-1"), "key", "digest"); err != nil {
		t.Errorf("Place = %v", err)
	}
	if _, err := s.Rehearsal().Order(t.Context(), "DO-1"); !errors.Is(err, commerce.ErrOrderUnknown) {
		t.Errorf("Order = %v", err)
	}
	if n := connections.Load(); n != 0 {
		t.Errorf("%d connections were opened", n)
	}
}
