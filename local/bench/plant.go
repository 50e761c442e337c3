package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dayone/local/budget"
	"dayone/local/client"
	"dayone/local/engine"
	"dayone/local/functions"
	"dayone/local/template"
)

// plant is the functions with an engine right behind them: no gateway, no policies, nothing else that would be measured
// with them.
type plant struct {
	template *template.Template
	engine   *engine.Engine
	db       *dynamodb.Client
	handlers map[string]lambda.Handler
	ses      *sesStub
	routes   map[string]string // the function of each
	now      time.Time
	between  func(deed, function string, event []byte)         // hears of each event before the function does
	after    func(deed string, took time.Duration, answer int) // and of each answer, how long it took and is
	tables   string                                            // where functions find DynamoDB
	counting *httptest.Server
}

// openPlant starts one. A meter counts what functions ask of the tables.
func openPlant(ctx context.Context, root string, meter *budget.Meter) (_ *plant, failed error) {
	p := &plant{now: noon, handlers: map[string]lambda.Handler{}, routes: map[string]string{}, ses: newSESStub()}
	defer func() {
		if failed != nil {
			_ = p.close() // what failed is the better error
		}
	}()
	var err error
	if p.engine, err = engine.Start(ctx, engine.Options{Local: filepath.Join(root, "local")}); err != nil {
		return nil, err
	}
	p.template, err = template.Read(filepath.Join(root, "template.yaml"), template.Options{Parameters: map[string]string{
		"BaseUrl": "https://dayone.example", "SenderEmail": "orders@dayone.example", "HelpEmail": "help@dayone.example",
		"OperatorEmails": operator,
	}})
	if err != nil {
		return nil, err
	}
	p.db, p.tables = p.engine.Client(), p.engine.Endpoint
	if err := engine.CreateTables(ctx, p.db, p.template.Tables); err != nil {
		return nil, err
	}
	if meter != nil {
		to, err := url.Parse(p.engine.Endpoint)
		if err != nil {
			return nil, err
		}
		p.counting = httptest.NewServer(meter.Around(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.URL.Path = "/"
		}}))
		p.tables = p.counting.URL + "/_local/dynamodb/"
	}
	for _, f := range p.template.Functions {
		for _, r := range f.Routes {
			p.routes[r.Key()] = f.ID
		}
	}
	p.connect()
	return p, nil
}

// connect makes every function anew, in this process, with the environment that it has now.
func (p *plant) connect() {
	for _, f := range p.template.Functions {
		environment := map[string]string{}
		for _, v := range p.environ(f) {
			name, value, _ := strings.Cut(v, "=")
			environment[name] = value
		}
		p.handlers[f.ID] = functions.All()[f.ID](func(name string) string { return environment[name] })
	}
}

// otherName is a name of the same length for tables that no function uses.
func otherName(table string) string { return strings.TrimSuffix(table, "Table") + "Other" }

// others turns what was sent to the functions' tables into what is sent to the others.
func (p *plant) others() *strings.Replacer {
	var names []string
	for _, t := range p.template.Tables {
		names = append(names, strconv.Quote(*t.Input.TableName), strconv.Quote(otherName(*t.Input.TableName)))
	}
	return strings.NewReplacer(names...)
}

// otherTables creates every table once more, under its other name.
func (p *plant) otherTables(ctx context.Context) error {
	var all []template.Table
	for _, t := range p.template.Tables {
		input := *t.Input
		input.TableName = aws.String(otherName(*input.TableName))
		t.Input = &input
		all = append(all, t)
	}
	return engine.CreateTables(ctx, p.db, all)
}

// client is a client of the tables as they are found at an address.
func (p *plant) client(address string) *dynamodb.Client {
	return dynamodb.New(p.db.Options(), func(o *dynamodb.Options) { o.BaseEndpoint = &address })
}

// environ is the environment of a function here.
func (p *plant) environ(f template.Function) []string {
	all := []string{"AWS_ENDPOINT_URL_SESV2=" + p.ses.server.URL}
	for name, value := range p.engine.Environment() {
		if name != "AWS_ENDPOINT_URL_DYNAMODB" {
			all = append(all, name+"="+value)
		}
	}
	all = append(all, "AWS_ENDPOINT_URL_DYNAMODB="+p.tables)
	for name, value := range f.Environment {
		all = append(all, name+"="+value)
	}
	return all
}

func (p *plant) close() error {
	p.ses.server.Close()
	if p.counting != nil {
		p.counting.Close()
	}
	if p.engine == nil {
		return nil
	}
	return p.engine.Close()
}

// invoke gives a function an event, and tells the two who listen.
func (p *plant) invoke(ctx context.Context, deed, function string, event []byte) ([]byte, error) {
	if p.between != nil {
		p.between(deed, function, event)
	}
	begun := time.Now()
	out, err := p.handlers[function].Invoke(ctx, event)
	if p.after != nil {
		p.after(deed, time.Since(begun), len(out))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", deed, err)
	}
	return out, nil
}

var parameter = regexp.MustCompile(`\{(\w+)\}`)

// httpEvent is a request as API Gateway hands it over; value is that of the route's one parameter.
func (p *plant) httpEvent(route, value, query, secret, key string, body any) []byte {
	method, path, _ := strings.Cut(route, " ")
	e := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: route, RawQueryString: query, PathParameters: map[string]string{},
		Headers: map[string]string{"host": "api.dayone.example", "accept": "application/json", "content-type": "application/json"},
	}
	e.RawPath = parameter.ReplaceAllStringFunc(path, func(name string) string {
		e.PathParameters[strings.Trim(name, "{}")] = value
		return value
	})
	if secret != "" {
		e.Headers["authorization"] = "Bearer " + secret
	}
	if key != "" {
		e.Headers["idempotency-key"] = key
	}
	if body != nil {
		b, _ := json.Marshal(body) // of maps and texts
		e.Body = string(b)
	}
	e.RequestContext = events.APIGatewayV2HTTPRequestContext{
		RouteKey: route, Stage: "$default", RequestID: "bench", DomainName: "api.dayone.example", TimeEpoch: p.now.UnixMilli(),
		HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: method, Path: e.RawPath, Protocol: "HTTP/1.1", SourceIP: "192.0.2.1"},
		Authorizer: &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{IAM: &events.APIGatewayV2HTTPRequestContextAuthorizerIAMDescription{
			AccountID: "123456789012", UserARN: "arn:aws:sts::123456789012:assumed-role/commerce/bench"}},
	}
	out, _ := json.Marshal(e) // as above
	return out
}

// ask sends a request and answers the object that came back.
func (p *plant) ask(ctx context.Context, deed, route, value, secret string, body any) (client.Object, error) {
	route, query, _ := strings.Cut(route, "?")
	key := ""
	if o, ok := body.(client.Object); ok && route == "POST /orders" {
		key = strings.ReplaceAll(fmt.Sprintf("key-of-order-%v", o["external_ref"]), ".", "-")
	}
	out, err := p.invoke(ctx, deed, p.routes[route], p.httpEvent(route, value, query, secret, key, body))
	if err != nil {
		return nil, err
	}
	var answer events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal(out, &answer); err != nil {
		return nil, err
	}
	if answer.StatusCode >= 300 {
		return nil, fmt.Errorf("%s: answered %d %s", deed, answer.StatusCode, answer.Body)
	}
	said := client.Object{}
	if strings.HasPrefix(answer.Body, "{") {
		err = json.Unmarshal([]byte(answer.Body), &said)
	}
	return said, err
}

// run runs a schedule.
func (p *plant) run(ctx context.Context, deed, function string) error {
	_, err := p.invoke(ctx, deed, function, fmt.Appendf(nil,
		`{"version":"0","detail-type":"Scheduled Event","source":"aws.events","time":%q,"detail":{}}`, p.now.Format(time.RFC3339)))
	return err
}

// order is number n, whose contact and customer are its own.
func order(n int, start time.Time) client.Object { return client.Order(n, start) }

func contactOf(n int) string { return fmt.Sprintf("ana@partner-%d.example", n) }

// place places order n, to start today, and answers its id.
func (p *plant) place(ctx context.Context, n int) (string, error) {
	placed, err := p.ask(ctx, budget.Place, "POST /orders", "", "", order(n, p.now))
	id, _ := placed["id"].(string)
	return id, err
}

// complete walks the wizard of order n, whose letter was sent: step by step, or no more than a client must. It answers
// the token that creates a password.
func (p *plant) complete(ctx context.Context, n int, everyStep bool) (string, error) {
	link := p.ses.link(contactOf(n))
	if link == "" {
		return "", errors.New("no letter to " + contactOf(n))
	}
	steps, _ := budget.Steps()
	answers := client.Object{}
	own := client.Object{"partner_admin_email": contactOf(n), "customer_admin_email": fmt.Sprintf("it@customer-%d.example", n)}
	for _, s := range steps {
		for name, value := range s.Adds {
			if mine, ok := own[name]; ok {
				value = mine
			}
			answers[name] = value
		}
		if everyStep || s.Name == "role" {
			if _, err := p.ask(ctx, s.Name, "POST /setup/{step}", s.Name, link, answers); err != nil {
				return "", err
			}
		}
	}
	review, err := p.ask(ctx, "review", "POST /setup/{step}", "review", link, answers)
	if err != nil {
		return "", err
	}
	done, err := p.ask(ctx, "complete", "POST /setup/{step}", "complete", link, answers.With(client.Object{"review_digest": review["review_digest"]}))
	token, _ := done["password_token"].(string)
	return token, err
}

// services sets up the services of order n and provisions them.
func (p *plant) services(ctx context.Context, n int, id, token string) error {
	signedIn, err := p.ask(ctx, budget.Password, "POST /password", "", "", client.Object{"token": token, "password": "copper kettle on the sill"})
	if err != nil {
		return err
	}
	session, _ := signedIn["session"].(string)
	_, tasks := budget.Steps()
	for _, t := range tasks {
		body := t.Adds
		if t.Name == "enterprise" {
			body = client.Object{"subdomain": fmt.Sprintf("customer-%d", n)}
		}
		if _, err := p.ask(ctx, t.Name, "POST /services/{order}/"+t.Name, id, session, body); err != nil {
			return err
		}
	}
	_, err = p.ask(ctx, budget.Provision, "POST /services/{order}/provision", id, session, client.Object{})
	return err
}

// sesStub takes every letter, after a while, and keeps the newest link to each address.
type sesStub struct {
	server *httptest.Server
	wait   time.Duration

	mu    sync.Mutex
	links map[string]string
	sent  int
	last  []byte
}

var beginning = regexp.MustCompile(`/(?:setup|console/open)#(ps[lo]_[A-Za-z0-9_-]{43,})`)

func newSESStub() *sesStub {
	s := &sesStub{links: map[string]string{}}
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var letter struct {
			Destination struct{ ToAddresses []string }
		}
		_ = json.Unmarshal(body, &letter) // one that is none has no address
		s.mu.Lock()
		s.sent++
		s.last = body
		if m := beginning.FindSubmatch(body); m != nil && len(letter.Destination.ToAddresses) == 1 {
			s.links[letter.Destination.ToAddresses[0]] = string(m[1])
		}
		n, wait := s.sent, s.wait
		s.mu.Unlock()
		time.Sleep(wait)
		_, _ = fmt.Fprintf(w, `{"MessageId":"message-%d"}`, n)
	}))
	return s
}

func (s *sesStub) link(to string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.links[to]
}

// take answers how many letters came since it was asked last, and the newest of them; from now on each takes wait.
func (s *sesStub) take(wait time.Duration) (int, []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.sent
	s.sent, s.wait = 0, wait
	return n, s.last
}
