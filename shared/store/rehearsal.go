package store

import (
	"io"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// Rehearsal is the store for a function to do, while it starts, what it will do first: every call ends in this process, is
// answered with nothing and changes nothing. Code that ran once is read from the disk and has learnt its types.
func (s *Store) Rehearsal() *Store {
	r := *s
	r.db = dynamodb.New(s.db.Options(), func(o *dynamodb.Options) { o.HTTPClient = nowhere{} })
	return &r
}

// nowhere is an HTTP client that reaches nobody.
type nowhere struct{}

func (nowhere) Do(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}"))}, nil
}
