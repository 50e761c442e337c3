// Package cloud plays, on one machine, the part of AWS that template.yaml asks for: an HTTP API before the functions, a clock that can be
// moved behind their schedules, DynamoDB behind their tables, SES behind their letters, and a service platform to provision on.
//
// Functions meet it as they meet AWS: JSON events in, JSON answers out, and SDK clients pointed at an endpoint by their environment. It
// knows no function by name and none knows it.
package cloud

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dayone/local/engine"
	"dayone/local/guard"
	"dayone/local/template"
	"dayone/shared/store"
)

// Constructor makes a function from its environment, as its main does in Lambda with os.Getenv.
type Constructor func(getenv func(string) string) lambda.Handler

// Config says what to play and how.
type Config struct {
	Root       string                 // the repository: template.yaml and local/ are in it
	Template   string                 // another template; empty takes the one of the repository
	Functions  map[string]Constructor // by their id in the template; both sides must agree
	Parameters map[string]string      // over the local values of the template's parameters

	Dir       string         // where items, letters and the clock are kept; empty forgets them all at the end
	Port      int            // 0 takes any that is free
	Listeners []net.Listener // what Listen took, in place of Port

	Engine *engine.Engine // one that runs already and goes on running; nil starts one
	Prefix string         // before the names of the tables, for sharing an engine

	Now    time.Time // where the clock begins, if Dir does not say; zero begins with the time it is
	Frozen bool      // the clock moves only when it is moved
	Tick   bool      // fire every schedule once a second

	StandIns StandIns // for the buttons of the front page

	Wire func(http.Handler) http.Handler // around all that functions call, for tests that break it; nil leaves it whole
	Seen func(Exchange)                  // is told what functions are asked over HTTP and answer, for tests that hold it to something; nil keeps it to themselves

	Log *slog.Logger // nil discards
}

// Cloud is a running one.
type Cloud struct {
	URL      string           // where it is reached, without a slash at the end
	DynamoDB *dynamodb.Client // for looking into the tables
	Template *template.Template

	config    Config
	log       *slog.Logger
	clock     *clock
	post      *post
	platform  *platform
	events    *receiver
	policies  guard.Policies
	tables    http.Handler // DynamoDB, behind the policies
	functions map[string]*function
	store     *store.Store // for looking at orders; nil where the template has none
	schedules schedules
	routes    []route
	api       string // the id of the API, made up at every start

	engine  *engine.Engine // the one to end
	server  *http.Server
	silent  silent
	inside  *http.Server // where functions find what they call, as long as one runs
	ticking context.CancelFunc
}

// function is one of the template's, made and ready.
type function struct {
	template.Function
	lambda.Handler
}

// Start plays the template until Close. It returns when everything answers.
func Start(ctx context.Context, config Config) (_ *Cloud, failed error) {
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.Template == "" {
		config.Template = filepath.Join(config.Root, "template.yaml")
	}
	c := &Cloud{config: config, log: config.Log, api: strings.ToLower(rand.Text()[:10])}
	defer func() {
		if failed != nil {
			_ = c.Close() // what failed is the better error
		}
	}()
	listeners := config.Listeners
	if listeners == nil {
		var err error
		if listeners, err = Listen(config.Port); err != nil {
			return nil, err
		}
	}
	c.URL = URL(listeners)
	if config.Dir != "" {
		if err := os.MkdirAll(config.Dir, 0o755); err != nil {
			return nil, fmt.Errorf("make the folder for local data: %w", err)
		}
	}
	inside, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, closeAll(listeners))
	}
	if err := c.open(ctx, inside.Addr().String()); err != nil {
		return nil, errors.Join(err, inside.Close(), closeAll(listeners))
	}
	c.serve(listeners, inside)
	if config.Tick {
		c.Tick()
	}
	return c, nil
}

// Check says what would keep Start from playing a template with these functions. It starts nothing and keeps nothing.
func Check(config Config) error {
	if config.Template == "" {
		config.Template = filepath.Join(config.Root, "template.yaml")
	}
	c := &Cloud{config: config, URL: "http://localhost"}
	if err := c.read("localhost"); err != nil {
		return err
	}
	for _, f := range c.Template.Functions {
		if config.Functions[f.ID] == nil {
			return c.missing(f.ID)
		}
	}
	return nil
}

// open makes everything there is behind the listeners.
func (c *Cloud) open(ctx context.Context, address string) error {
	if err := c.read(address); err != nil {
		return err
	}
	parameters := c.Template.Parameters
	var err error
	if c.clock, err = openClock(c.file("clock.json"), c.config.Now, c.config.Frozen); err != nil {
		return err
	}
	if c.post, err = openPost(c.file("inbox.jsonl"), parameters["SenderEmail"], c.clock.Now); err != nil {
		return err
	}
	c.post.tells = c.Template.MailEvents
	if c.platform, err = openPlatform(c.file("platform.json"), parameters["ProvisionerSecret"], c.clock.Now); err != nil {
		return err
	}
	if c.events, err = openReceiver(c.file("events.json"), parameters["EventsSecret"], c.clock.Now); err != nil {
		return err
	}
	if err := c.openTables(ctx); err != nil {
		return err
	}
	return c.openFunctions(address)
}

// read reads the template with the local values of its parameters.
func (c *Cloud) read(address string) error {
	parameters := map[string]string{
		"BaseUrl":           c.URL,
		"SenderEmail":       "orders@dayone.example",
		"HelpEmail":         "help@dayone.example",
		"ProvisionerUrl":    "http://" + address + "/_local/platform",
		"ProvisionerSecret": newSecret(),
		"EventsUrl":         "http://" + address + "/_local/events",
		"EventsSecret":      newSecret(),
		"OperatorEmails":    "maja.zupan@vendor.example",
		"DefaultCaller":     "arn:aws:iam::" + template.Account + ":role/commerce", // as signer has it
	}
	maps.Copy(parameters, c.config.Parameters)
	var err error
	if c.Template, err = template.Read(c.config.Template, template.Options{Parameters: parameters, Prefix: c.config.Prefix}); err != nil {
		return err
	}
	c.routes, err = newRoutes(c.Template)
	return err
}

func (c *Cloud) openTables(ctx context.Context) error {
	e := c.config.Engine
	if e == nil {
		var err error
		if e, err = engine.Start(ctx, engine.Options{Local: filepath.Join(c.config.Root, "local"), DBPath: c.file("items.db")}); err != nil {
			return err
		}
		c.engine = e
	}
	c.config.Engine = e
	c.DynamoDB = e.Client()
	var err error
	c.policies = guard.Policies{Template: c.Template}
	if c.tables, err = c.policies.DynamoDB(e.Endpoint); err != nil {
		return err
	}
	return engine.CreateTables(ctx, c.DynamoDB, c.Template.Tables)
}

// openFunctions makes every function from exactly the environment it would have.
func (c *Cloud) openFunctions(address string) error {
	c.functions = map[string]*function{}
	for _, f := range c.Template.Functions {
		construct := c.config.Functions[f.ID]
		if construct == nil {
			return c.missing(f.ID)
		}
		environment := c.config.Engine.Environment()
		environment["AWS_ENDPOINT_URL_SESV2"] = "http://" + address + "/_local/ses/" + f.ID
		if c.config.Engine.Local() { // another's would refuse requests whose host changed after they were signed
			environment["AWS_ENDPOINT_URL_DYNAMODB"] = "http://" + address + "/_local/dynamodb/" + f.ID
		}
		environment["AWS_LAMBDA_FUNCTION_NAME"] = f.ID
		environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = fmt.Sprint(f.MemoryMB)
		maps.Copy(environment, f.Environment)
		c.functions[f.ID] = &function{f, construct(func(name string) string { return environment[name] })}
		if f.Environment["ORDERS_TABLE"] != "" && c.store == nil {
			direct := maps.Clone(environment)
			direct["AWS_ENDPOINT_URL_DYNAMODB"] = c.config.Engine.Endpoint // whoever looks has no policy
			c.store = store.FromEnv(func(name string) string { return direct[name] })
		}
	}
	for _, id := range slices.Sorted(maps.Keys(c.config.Functions)) {
		if c.functions[id] == nil {
			return fmt.Errorf("function %s is not in %s", id, c.config.Template)
		}
	}
	return nil
}

func (c *Cloud) missing(function string) error {
	return fmt.Errorf("function %s of %s is not there", function, c.config.Template)
}

// Close ends everything that Start started and returns when it has ended.
func (c *Cloud) Close() error {
	var err error
	if c.ticking != nil {
		c.ticking()
	}
	if c.server != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		c.silent.close()
		if c.server.Shutdown(ctx) != nil { // somebody is still being answered
			err = c.server.Close()
		}
	}
	c.schedules.mu.Lock() // what was fired ends before what it calls goes
	defer c.schedules.mu.Unlock()
	if c.inside != nil {
		err = errors.Join(err, c.inside.Close())
	}
	if c.engine != nil {
		err = errors.Join(err, c.engine.Close())
	}
	return err
}

// Table is the name of the table with this id in the template.
func (c *Cloud) Table(id string) string { return c.config.Prefix + id }

// Now is what the clock says.
func (c *Cloud) Now() time.Time { return c.clock.Now() }

// file is a file in the folder of local data, empty when nothing is kept.
func (c *Cloud) file(name string) string {
	if c.config.Dir == "" {
		return ""
	}
	return filepath.Join(c.config.Dir, name)
}

// newSecret makes a secret as Standard Webhooks writes it. Nothing signed outlives the process, so it need not either.
func newSecret() string {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return "whsec_" + base64.StdEncoding.EncodeToString(key)
}
