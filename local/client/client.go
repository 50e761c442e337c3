// Package client talks to a running Day One over HTTP, as commerce systems, people with a link and administrators do:
// for tests and benchmarks that need many of them at once.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Client is somebody who asks. It is safe for use by many at once.
type Client struct {
	url  string
	http *http.Client
}

// New is a client of the service at url, with up to width connections kept open.
func New(url string, width int) *Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = width, width
	return &Client{url, &http.Client{
		Transport:     transport,
		Timeout:       time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Object is a JSON object.
type Object map[string]any

// With is the object with the members of others over its own.
func (o Object) With(others ...Object) Object {
	all := Object{}
	for _, object := range append([]Object{o}, others...) {
		for name, value := range object {
			all[name] = value
		}
	}
	return all
}

// At walks down a path of names: o.At("mapping", "partner_access"). It is nil where it leads nowhere.
func (o Object) At(path ...string) any {
	var v any = map[string]any(o)
	for _, name := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

// Text is At for a text; "" where there is none.
func (o Object) Text(path ...string) string { s, _ := o.At(path...).(string); return s }

// List is At for a list of objects.
func (o Object) List(path ...string) []Object {
	all, _ := o.At(path...).([]any)
	var list []Object
	for _, v := range all {
		if m, ok := v.(map[string]any); ok {
			list = append(list, m)
		}
	}
	return list
}

// Answer is what came back, and the object it is where it is JSON.
type Answer struct {
	Status int
	Header http.Header
	Body   string
	Object
}

// Read reads an answer to its end.
func Read(r *http.Response) (Answer, error) {
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return Answer{}, err
	}
	a := Answer{Status: r.StatusCode, Header: r.Header, Body: string(b)}
	if len(b) > 0 && b[0] == '{' {
		if err := json.Unmarshal(b, &a.Object); err != nil {
			return a, fmt.Errorf("%s %s answered %s: %w", r.Request.Method, r.Request.URL.Path, b, err)
		}
	}
	return a, nil
}

// Error is nil for an answer with one of these statuses, else an error that shows it.
func (a Answer) Error(wanted ...int) error {
	for _, status := range wanted {
		if a.Status == status {
			return nil
		}
	}
	return fmt.Errorf("answered %d, not %v: %s", a.Status, wanted, a.Body)
}

// Ask sends a request with a JSON body, or none, and a secret, or none; headers are names and values in turn.
func (c *Client) Ask(ctx context.Context, method, path, secret string, body any, headers ...string) (Answer, error) {
	var sent io.Reader = http.NoBody
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return Answer{}, err
		}
		sent = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.url+path, sent)
	if err != nil {
		return Answer{}, err
	}
	r.Header.Set("Accept", "application/json")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if secret != "" {
		r.Header.Set("Authorization", "Bearer "+secret)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	out, err := c.http.Do(r)
	if err != nil {
		return Answer{}, err
	}
	return Read(out)
}
