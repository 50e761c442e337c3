// Package engine runs the DynamoDB of one machine: a pinned binary that npm installs below local/, on a free port of the loopback
// interface. It ends with whoever started it, even if that is killed.
//
// DYNAMODB_ENDPOINT takes another engine instead: DynamoDB Local, AWS's emulator, or DynamoDB itself. Then the credentials of the
// environment are used, and nothing is started or ended.
package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dayone/local/template"
)

// Options say which engine to start and what it keeps.
type Options struct {
	Local  string // the folder local/ of the repository, where npm put the binary
	DBPath string // the file it keeps its items in; empty keeps them in memory
}

// Engine is a DynamoDB that answers.
type Engine struct {
	Endpoint string

	local bool
	stop  func() error
}

// ErrMissing says that the binary is not there, and how to get it.
var ErrMissing = errors.New("the local DynamoDB is not installed: run `npm ci --ignore-scripts --prefix local`, or name another engine in DYNAMODB_ENDPOINT")

// Start starts the engine and returns when it answers.
func Start(ctx context.Context, o Options) (*Engine, error) {
	if endpoint := os.Getenv("DYNAMODB_ENDPOINT"); endpoint != "" {
		return &Engine{Endpoint: endpoint, stop: func() error { return nil }}, nil
	}
	binary := filepath.Join(o.Local, "node_modules", "@dynoxide", "linux-x64", "dynoxide")
	if _, err := os.Stat(binary); errors.Is(err, fs.ErrNotExist) {
		return nil, ErrMissing
	}
	// Between asking for a free port and using it somebody else may take it, so it is tried a few times.
	var err error
	for range 5 {
		var e *Engine
		if e, err = start(ctx, binary, o.DBPath); err == nil {
			return e, nil
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, fmt.Errorf("start the local DynamoDB: %w", err)
}

// Join takes an engine that another process has started and goes on to run: Close leaves it as it is.
func Join(endpoint string) *Engine {
	return &Engine{Endpoint: endpoint, local: true, stop: func() error { return nil }}
}

func start(ctx context.Context, binary, path string) (*Engine, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	args := []string{"serve", "--host", "127.0.0.1", "--port", fmt.Sprint(port)}
	if path != "" {
		args = append(args, "--db-path", path)
	}
	var said bytes.Buffer
	cmd := exec.Command(binary, args...)
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.SysProcAttr = dieWithParent()
	cmd.WaitDelay = time.Second

	started, ended := make(chan error, 1), make(chan struct{})
	go func() {
		// The kernel ends the child together with the thread that started it, so that thread stays until the child has ended.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(ended)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is told by what it said
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	e := &Engine{local: true, Endpoint: fmt.Sprintf("http://127.0.0.1:%d", port)}
	e.stop = sync.OnceValue(func() error {
		// It survives a kill, so there is nothing to wait for politely.
		err := cmd.Process.Kill()
		<-ended
		if errors.Is(err, os.ErrProcessDone) {
			return nil
		}
		return err
	})
	if err := ready(ctx, e.Endpoint, ended); err != nil {
		_ = e.stop()
		return nil, fmt.Errorf("%w: %s", err, strings.TrimSpace(said.String()))
	}
	return e, nil
}

// ready returns when the engine answers, or with an error when it ended or took too long.
func ready(ctx context.Context, endpoint string, ended <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint, nil)
		if err != nil {
			return err
		}
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			if err := response.Body.Close(); err != nil {
				return err
			}
			// An answer of somebody else on this port would be no sign of life.
			if strings.HasPrefix(response.Header.Get("Server"), "Dynoxide") {
				return nil
			}
		}
		select {
		case <-ended:
			return errors.New("it ended at once")
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// Local reports whether this is the engine that comes with the repository, not one that DYNAMODB_ENDPOINT names.
func (e *Engine) Local() bool { return e.local }

// Close ends the engine and returns when it has ended.
func (e *Engine) Close() error { return e.stop() }

// Environment is what a function needs to find this engine: endpoint, region and credentials, by their names in Lambda.
func (e *Engine) Environment() map[string]string {
	all := map[string]string{
		"AWS_ENDPOINT_URL_DYNAMODB": e.Endpoint,
		"AWS_REGION":                template.Region,
		"AWS_ACCESS_KEY_ID":         "local",
		"AWS_SECRET_ACCESS_KEY":     "local",
	}
	if os.Getenv("DYNAMODB_ENDPOINT") != "" {
		for _, name := range []string{"AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
			if v := os.Getenv(name); v != "" {
				all[name] = v
			}
		}
	}
	return all
}

// Client returns a client of this engine.
func (e *Engine) Client() *dynamodb.Client {
	v := e.Environment()
	return dynamodb.New(dynamodb.Options{
		BaseEndpoint: aws.String(e.Endpoint),
		Region:       v["AWS_REGION"],
		Credentials:  credentials.NewStaticCredentialsProvider(v["AWS_ACCESS_KEY_ID"], v["AWS_SECRET_ACCESS_KEY"], v["AWS_SESSION_TOKEN"]),
	})
}

// CreateTables creates the tables that are not there yet, and returns when they can be used. It sets no time to live: the engine's clock is
// not the one that can be moved, and functions must not rely on items going in time anyway.
func CreateTables(ctx context.Context, client *dynamodb.Client, tables []template.Table) error {
	for _, t := range tables {
		_, err := client.CreateTable(ctx, t.Input)
		if _, exists := errors.AsType[*types.ResourceInUseException](err); err != nil && !exists {
			return fmt.Errorf("create table %s: %w", *t.Input.TableName, err)
		}
	}
	for _, t := range tables {
		wait := dynamodb.NewTableExistsWaiter(client, func(o *dynamodb.TableExistsWaiterOptions) { o.MinDelay = 50 * time.Millisecond })
		if err := wait.Wait(ctx, &dynamodb.DescribeTableInput{TableName: t.Input.TableName}, time.Minute); err != nil {
			return fmt.Errorf("wait for table %s: %w", *t.Input.TableName, err)
		}
	}
	return nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	port := l.Addr().(*net.TCPAddr).Port
	return port, l.Close()
}
