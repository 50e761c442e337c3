package store

import (
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	endpoints "github.com/aws/smithy-go/endpoints"
)

// endpoint is where the tables are, worked out once. The SDK asks its rules at every call, which takes a good part of the
// call's processor time, and for one client they come to the same each time.
type endpoint struct {
	once sync.Once
	at   endpoints.Endpoint
	err  error
}

// ResolveEndpoint implements dynamodb.EndpointResolverV2 for a client whose region and endpoint do not change.
func (e *endpoint) ResolveEndpoint(ctx context.Context, p dynamodb.EndpointParameters) (endpoints.Endpoint, error) {
	e.once.Do(func() { e.at, e.err = dynamodb.NewDefaultEndpointResolverV2().ResolveEndpoint(ctx, p) })
	return e.at, e.err
}
