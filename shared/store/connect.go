package store

import (
	"context"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// Connect opens a connection to the tables and leaves it for the first call: while a function starts it has a whole
// processor, and for its first request only a share of one, in which a TLS handshake takes longer than all the rest. What
// it asks takes no right. Where it fails, the first call will, or will connect for itself.
func (s *Store) Connect(ctx context.Context) {
	o := s.db.Options()
	at, err := o.EndpointResolverV2.ResolveEndpoint(ctx, dynamodb.EndpointParameters{Region: aws.String(o.Region), Endpoint: o.BaseEndpoint}.WithDefaults())
	if err != nil {
		return
	}
	ask, err := http.NewRequestWithContext(ctx, http.MethodGet, at.URI.String(), nil)
	if err != nil {
		return
	}
	answer, err := o.HTTPClient.Do(ask)
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 1<<20)) // only a connection whose answer was read is used again
	_ = answer.Body.Close()
}
