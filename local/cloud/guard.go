package cloud

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

// guard stands before DynamoDB and lets a function do what its policies allow, so that a right it lacks shows here and not after
// deployment. Every function has an endpoint of its own, by which the guard knows it.
type guard struct {
	proxy  *httputil.ReverseProxy
	allows func(function string, p template.Permission) bool
}

func newGuard(endpoint string, allows func(string, template.Permission) bool) (*guard, error) {
	engine, err := url.Parse(endpoint)
	if err != nil {
		return nil, fmt.Errorf("the endpoint of DynamoDB: %w", err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 64
	return &guard{&httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Path, r.Out.URL.RawPath = "/", ""
			r.SetURL(engine)
		},
	}, allows}, nil
}

func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 32<<20))
	if err != nil {
		message(w, http.StatusBadRequest, "the request cannot be read")
		return
	}
	needs, err := needs(r.Header.Get("X-Amz-Target"), body)
	if err != nil {
		denied(w, err.Error())
		return
	}
	function := r.PathValue("function")
	for _, p := range needs {
		if !g.allows(function, p) {
			denied(w, notAllowed(function, p))
			return
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	g.proxy.ServeHTTP(w, r)
}

// notAllowed is IAM's sentence.
func notAllowed(function string, p template.Permission) string {
	return fmt.Sprintf("User: arn:aws:sts::%s:assumed-role/%s/%[2]s is not authorized to perform: %s on resource: %s because no identity-based policy allows the %[3]s action",
		template.Account, function, p.Action, p.Resource)
}

func denied(w http.ResponseWriter, why string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(http.StatusBadRequest)
	body, _ := json.Marshal(map[string]string{"__type": "com.amazon.coral.service#AccessDeniedException", "message": why}) // a map of strings always encodes
	_, _ = w.Write(body)                                                                                                   // the client may be gone
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

// allows reports whether a function's policies allow something.
func (c *Cloud) allows(function string, p template.Permission) bool {
	f, ok := c.Template.Function(function)
	return ok && slices.Contains(f.Permissions, p)
}

// maySend reports whether a function may send letters from an address, on the identity of the address or of its domain,
// and with a configuration set, "" for none.
func (c *Cloud) maySend(function, sender, set string) error {
	on := func(resource string) template.Permission {
		return template.Permission{Action: "ses:SendEmail", Resource: fmt.Sprintf("arn:aws:ses:%s:%s:%s", template.Region, template.Account, resource)}
	}
	_, domain, _ := strings.Cut(sender, "@")
	own := on("identity/" + sender)
	lacks := own
	switch {
	case !c.allows(function, own) && !c.allows(function, on("identity/"+domain)):
	case set != "" && !c.allows(function, on("configuration-set/"+set)):
		lacks = on("configuration-set/" + set)
	default:
		return nil
	}
	return &sesError{http.StatusForbidden, "AccessDeniedException", notAllowed(function, lacks)}
}
