// Package guard stands between functions and AWS and lets each do what its policies in template.yaml allow, so that a right
// it lacks shows here and not after deployment.
package guard

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"

	"dayone/local/template"
)

// Policies are what the functions of a template may do.
type Policies struct{ *template.Template }

// Refusal is IAM's sentence about a right that a function lacks.
type Refusal struct {
	Function string
	Lacks    template.Permission
}

func (r *Refusal) Error() string {
	return fmt.Sprintf("User: arn:aws:sts::%s:assumed-role/%s/%[2]s is not authorized to perform: %s on resource: %s because no identity-based policy allows the %[3]s action",
		template.Account, r.Function, r.Lacks.Action, r.Lacks.Resource)
}

// DynamoDB is the engine at an endpoint for the function that the request's path names as {function}.
func (p Policies) DynamoDB(endpoint string) (http.Handler, error) {
	engine, err := url.Parse(endpoint)
	if err != nil {
		return nil, fmt.Errorf("the endpoint of DynamoDB: %w", err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 64
	proxy := &httputil.ReverseProxy{Transport: transport, ErrorHandler: BreakOff, Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.URL.Path, r.Out.URL.RawPath = "/", ""
		r.SetURL(engine)
	}}
	return before(proxy, "application/x-amz-json-1.0", http.StatusBadRequest, func(r *http.Request, body []byte) error {
		needs, err := needs(r.Header.Get("X-Amz-Target"), body)
		if err != nil {
			return err
		}
		return p.grant(r.PathValue("function"), needs)
	}), nil
}

// BreakOff ends the connection where a proxy got no answer, as the service itself did.
func BreakOff(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }

// before has a request checked before the service gets it, and answers as AWS does that the check says no.
func before(service http.Handler, kind string, status int, check func(r *http.Request, body []byte) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 40<<20))
		if err != nil {
			http.Error(w, "the request cannot be read", http.StatusBadRequest)
			return
		}
		if err := check(r, body); err != nil {
			w.Header().Set("Content-Type", kind)
			w.Header().Set("X-Amzn-Errortype", "AccessDeniedException")
			w.WriteHeader(status)
			// The client may be gone.
			_ = json.NewEncoder(w).Encode(map[string]string{"__type": "com.amazon.coral.service#AccessDeniedException", "message": err.Error()})
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		service.ServeHTTP(w, r)
	})
}

// grant is nil where a function has all of these rights, else the *Refusal of the first that it lacks.
func (p Policies) grant(function string, needs []template.Permission) error {
	for _, n := range needs {
		if !p.allows(function, n) {
			return &Refusal{function, n}
		}
	}
	return nil
}

func (p Policies) allows(function string, n template.Permission) bool {
	f, ok := p.Function(function)
	return ok && slices.Contains(f.Permissions, n)
}

// tabled is what a request says about tables.
type tabled struct {
	TableName     string
	IndexName     string
	RequestItems  map[string]json.RawMessage
	TransactItems []struct {
		Put, Update, Delete, ConditionCheck, Get *tabled
	}
}

// needs are the rights that a request takes.
func needs(target string, body []byte) ([]template.Permission, error) {
	_, operation, ok := strings.Cut(target, ".")
	var in tabled
	if err := json.Unmarshal(body, &in); err != nil || !ok {
		return nil, errors.New("this is no request of DynamoDB's")
	}
	var all []template.Permission
	need := func(action string, on *tabled) {
		if on != nil {
			all = append(all, template.Permission{Action: "dynamodb:" + action, Resource: resource(on.TableName, on.IndexName)})
		}
	}
	switch operation {
	case "TransactWriteItems", "TransactGetItems": // IAM looks at what is in them
		for _, i := range in.TransactItems {
			need("PutItem", i.Put)
			need("UpdateItem", i.Update)
			need("DeleteItem", i.Delete)
			need("ConditionCheckItem", i.ConditionCheck)
			need("GetItem", i.Get)
		}
	case "BatchGetItem", "BatchWriteItem":
		for table := range in.RequestItems {
			need(operation, &tabled{TableName: table})
		}
	default:
		need(operation, &in)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s names no table", operation)
	}
	return all, nil
}

func resource(table, index string) string {
	arn := fmt.Sprintf("arn:aws:dynamodb:%s:%s:table/%s", template.Region, template.Account, table)
	if index != "" {
		arn += "/index/" + index
	}
	return arn
}

// SES is one that takes letters, for the function that the request's path names as {function}.
func (p Policies) SES(service http.Handler) http.Handler {
	return before(service, "application/json", http.StatusForbidden, func(r *http.Request, body []byte) error {
		var in struct{ FromEmailAddress, ConfigurationSetName string }
		if err := json.Unmarshal(body, &in); err != nil {
			return errors.New("this is no request of SES's")
		}
		return p.MaySend(r.PathValue("function"), in.FromEmailAddress, in.ConfigurationSetName)
	})
}

// MaySend is nil where a function may send letters from an address, on the identity of the address or of its domain, and
// with a configuration set, "" for none; else a *Refusal.
func (p Policies) MaySend(function, sender, set string) error {
	on := func(resource string) template.Permission {
		return template.Permission{Action: "ses:SendEmail", Resource: fmt.Sprintf("arn:aws:ses:%s:%s:%s", template.Region, template.Account, resource)}
	}
	_, domain, _ := strings.Cut(sender, "@")
	own := on("identity/" + sender)
	switch {
	case !p.allows(function, own) && !p.allows(function, on("identity/"+domain)):
		return &Refusal{function, own}
	case set != "":
		return p.grant(function, []template.Permission{on("configuration-set/" + set)})
	}
	return nil
}
