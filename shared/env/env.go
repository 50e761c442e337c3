// Package env turns a function's environment into what the AWS SDK needs.
//
// Everything here takes the environment as a function, not from os, so that several functions with different environments can run in one
// process. The SDK's own config package would find all this by itself, and costs 2.4 MB and a third of the start of a function for files,
// profiles and metadata services that Lambda does not have.
package env

import (
	"bytes"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// IdleConnections is how many connections to one host stay open between calls. The SDK keeps ten, fewer than a function that writes or sends
// side by side uses, and would pay for a new TLS handshake with every burst.
const IdleConnections = 64

// AWS returns the configuration for clients of AWS services: region and credentials as Lambda puts them into a function's environment.
// It looks at nothing else and calls nobody, so a missing variable shows at the first call, as an error of that call. What set changes of
// the connections is changed before the first of them.
func AWS(getenv func(string) string, set ...func(*http.Transport)) aws.Config {
	return aws.Config{
		Region: getenv("AWS_REGION"),
		Credentials: credentials.NewStaticCredentialsProvider(
			getenv("AWS_ACCESS_KEY_ID"),
			getenv("AWS_SECRET_ACCESS_KEY"),
			getenv("AWS_SESSION_TOKEN"),
		),
		HTTPClient: whole{awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
			t.MaxIdleConnsPerHost = IdleConnections
			t.MaxIdleConns = 2 * IdleConnections // two hosts at most: the tables and the post
		}).WithTransportOptions(set...)},
	}
}

// whole is a client that sends a request in one piece. The SDK wraps a body so that net/http cannot tell it from one that is yet to come:
// headers would go ahead in a packet and a TLS record of their own. And the SDK closes the body when the answer is there, at which net/http
// may still be looking for its end, takes the closing for a failure and breaks the connection off, often in the middle of the answer.
type whole struct{ aws.HTTPClient }

// Do is Do of the client within.
func (c whole) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.ContentLength > 0 {
		body := make([]byte, r.ContentLength)
		_, err := io.ReadFull(r.Body, body)
		_ = r.Body.Close() // memory, which closes in any case
		if err != nil {
			return nil, err
		}
		// Not one byte may have got into a connection that the other side has closed: then net/http takes another.
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		r.Body, _ = r.GetBody()
	}
	return c.HTTPClient.Do(r)
}
