// Package orders takes what the commerce system sends: orders, changes to them and questions about them.
//
// Every route but the description of the API needs the context of the AWS_IAM authorizer; a caller sees its own orders
// only, and another's is as unknown as none.
package orders

import (
	"net/http"

	"github.com/aws/aws-lambda-go/lambda"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/store"
)

// Defaults are what an order gets that leaves them out.
type Defaults struct {
	Zone, Locale string
}

// Handler is the function.
func Handler(s *store.Store, defaults Defaults) api.Function {
	return api.Function{Connect: ready(s), Routes: map[string]api.HandlerFunc{
		"POST /orders":                   place(s, defaults),
		"GET /orders":                    list(s),
		"GET /orders/{order}":            show(s),
		"PATCH /orders/{order}":          amend(s),
		"POST /orders/{order}/cancel":    deed(s, commerce.Order.Cancel),
		"POST /orders/{order}/hold":      deed(s, commerce.Order.PutOnHold),
		"POST /orders/{order}/release":   deed(s, commerce.Order.Release),
		"POST /orders/{order}/suspend":   deed(s, commerce.Order.Suspend),
		"POST /orders/{order}/resume":    deed(s, commerce.Order.Resume),
		"POST /orders/{order}/terminate": deed(s, commerce.Order.Terminate),
		"POST /orders/{order}/resend":    deed(s, commerce.Order.Resend),
		"POST /orders/{order}/reopen":    deed(s, commerce.Order.Reopen),
		"GET /orders/{order}/events":     timeline(s),

		"GET /orders/{order}/deliveries":              deliveries(s),
		"POST /orders/{order}/events/{seq}/redeliver": redeliver(s),

		"GET /openapi.json":       func(w http.ResponseWriter, _ *http.Request) error { return api.OpenAPI(w) },
		"GET /events.schema.json": func(w http.ResponseWriter, _ *http.Request) error { return api.EventSchema(w) },
		"GET /docs":               func(w http.ResponseWriter, _ *http.Request) error { return api.Docs(w) },
	}}
}

// FromEnv is the function as its environment describes it: the tables, DEFAULT_TIME_ZONE and DEFAULT_LOCALE.
func FromEnv(getenv func(string) string) lambda.Handler {
	return Handler(store.FromEnv(getenv), Defaults{Zone: getenv("DEFAULT_TIME_ZONE"), Locale: getenv("DEFAULT_LOCALE")})
}
