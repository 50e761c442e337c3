package env_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dayone/shared/env"
)

// lambda is an environment as Lambda sets it.
func lambda(name string) string {
	return map[string]string{
		"AWS_REGION":            "eu-central-1",
		"AWS_ACCESS_KEY_ID":     "AKIDEXAMPLE",
		"AWS_SECRET_ACCESS_KEY": "secret",
		"AWS_SESSION_TOKEN":     "session",
	}[name]
}

func TestConfigurationIsTheGivenEnvironmentNotTheProcess(t *testing.T) {
	t.Setenv("AWS_REGION", "us-east-1")
	t.Setenv("AWS_ACCESS_KEY_ID", "of the process")

	config := env.AWS(lambda)
	if config.Region != "eu-central-1" {
		t.Errorf("Region = %q, want eu-central-1", config.Region)
	}
	keys, err := config.Credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if keys.AccessKeyID != "AKIDEXAMPLE" || keys.SecretAccessKey != "secret" || keys.SessionToken != "session" {
		t.Errorf("credentials are not those of the environment: %q", keys.AccessKeyID)
	}
}

func TestMissingCredentialsAreAnErrorOfTheCall(t *testing.T) {
	config := env.AWS(func(string) string { return "" })
	if _, err := config.Credentials.Retrieve(t.Context()); err == nil {
		t.Error("no credentials, and no error")
	}
}

// tables is a client of a service at an address, which is asked once.
func tables(address string) *dynamodb.Client {
	return dynamodb.NewFromConfig(env.AWS(lambda), func(o *dynamodb.Options) {
		o.BaseEndpoint, o.Retryer = aws.String(address), aws.NopRetryer{}
	})
}

func TestConnectionsStayOpenForABurst(t *testing.T) {
	var opened atomic.Int32
	var arrived sync.WaitGroup
	service := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		arrived.Done()
		arrived.Wait() // so that each needs a connection of its own
		_, _ = io.WriteString(w, "{}")
	}))
	service.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	service.Start()
	defer service.Close()
	db := tables(service.URL)
	for range 2 {
		var burst sync.WaitGroup
		arrived.Add(env.IdleConnections)
		for range env.IdleConnections {
			burst.Go(func() {
				if _, err := db.ListTables(t.Context(), nil); err != nil {
					t.Error(err)
				}
			})
		}
		burst.Wait()
	}
	if n := opened.Load(); n != env.IdleConnections {
		t.Errorf("two bursts of %d opened %d connections", env.IdleConnections, n)
	}
}

// A service that answers the moment it has read a request meets net/http where it still looks for the body's end. Each
// request comes in one piece and over the first connection, and its body is there for a second attempt.
func TestARequestIsSentInOnePiece(t *testing.T) {
	service, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer service.Close()
	const asked = 200
	pieces := make(chan string, asked)
	go func() {
		conn, err := service.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		for piece := make([]byte, 64<<10); ; {
			n, err := conn.Read(piece)
			if err != nil {
				return
			}
			pieces <- string(piece[:n])
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: 2\r\n\r\n{}")
		}
	}()
	db := tables("http://" + service.Addr().String())
	for n := range asked {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		_, err := db.ListTables(ctx, &dynamodb.ListTablesInput{ExclusiveStartTableName: aws.String("from-here")})
		cancel()
		if err != nil {
			t.Fatalf("request %d: %v", n, err)
		}
		if got := <-pieces; !strings.HasPrefix(got, "POST / ") || !strings.HasSuffix(got, `{"ExclusiveStartTableName":"from-here"}`) {
			t.Fatalf("request %d came in pieces, the first: %s", n, got)
		}
	}
}

// A connection that the other side has closed takes nothing, and the request goes over another: to the SDK it is one attempt.
func TestABodyCanBeSentOnceMore(t *testing.T) {
	var again []string
	client := env.AWS(lambda, func(transport *http.Transport) {
		transport.Proxy = func(r *http.Request) (*url.URL, error) {
			for range 2 {
				body, err := r.GetBody()
				if err != nil {
					return nil, err
				}
				b, err := io.ReadAll(body)
				if err != nil {
					return nil, err
				}
				again = append(again, string(b))
			}
			return nil, errors.New("far enough")
		}
	}).HTTPClient
	r := httptest.NewRequest(http.MethodPost, "http://tables.example/", struct{ io.Reader }{strings.NewReader("{}")})
	r.RequestURI, r.ContentLength = "", 2
	if _, err := client.Do(r); err == nil || !strings.Contains(err.Error(), "far enough") {
		t.Errorf("asked, and got %v", err)
	}
	if !slices.Equal(again, []string{"{}", "{}"}) {
		t.Errorf("the body was %q", again)
	}
}
