// Package env turns a function's environment into what the AWS SDK needs.
//
// Everything here takes the environment as a function, not from os, so that several functions with different environments can run in one
// process. The SDK's own config package would find all this by itself, and costs 2.4 MB and a third of the start of a function for files,
// profiles and metadata services that Lambda does not have.
package env

import (
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// IdleConnections is how many connections to one host stay open between calls. The SDK keeps ten, fewer than a function that writes or sends
// side by side uses, and would pay for a new TLS handshake with every burst.
const IdleConnections = 64

// AWS returns the configuration for clients of AWS services: region and credentials as Lambda puts them into a function's environment.
// It looks at nothing else and calls nobody, so a missing variable shows at the first call, as an error of that call.
func AWS(getenv func(string) string) aws.Config {
	return aws.Config{
		Region: getenv("AWS_REGION"),
		Credentials: credentials.NewStaticCredentialsProvider(
			getenv("AWS_ACCESS_KEY_ID"),
			getenv("AWS_SECRET_ACCESS_KEY"),
			getenv("AWS_SESSION_TOKEN"),
		),
		HTTPClient: awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
			t.MaxIdleConnsPerHost = IdleConnections
			t.MaxIdleConns = 2 * IdleConnections // two hosts at most: the tables and the post
		}),
	}
}
