package cloudtest

import (
	"context"
	"strings"
	"testing"

	"dayone/local/cloud"
	"dayone/local/secrets"
)

// Secretless is an error that shows where a table has one of the secrets that went out with letters, another token, or one
// of these passwords; nil where none has.
func Secretless(ctx context.Context, c *cloud.Cloud, passwords ...string) error {
	var tables []string
	for _, t := range c.Template.Tables {
		tables = append(tables, c.Table(t.ID))
	}
	return secrets.Know(append(Mailed(c), passwords...)...).Stored(ctx, c.DynamoDB, tables...)
}

// Mailed are the secrets that went out with letters.
func Mailed(c *cloud.Cloud) []string {
	var all []string
	for _, l := range c.Inbox() {
		all = append(all, secrets.Of(l.Text)...)
	}
	return all
}

// quiet is a log of a test that fails where a line has a secret.
func quiet(tb testing.TB) *secrets.Log {
	log := secrets.NewLog(tb.Output())
	tb.Cleanup(func() {
		for _, found := range log.Found() {
			tb.Errorf("the log has a secret: %s", found)
		}
	})
	return log
}

// told is the secret that an answer gives away: in the address that it leads to, or in the words of a problem. A page has the
// token that it was sent in its form.
func told(e cloud.Exchange) string {
	said := e.Header.Get("Location")
	if e.Status >= 400 && !strings.Contains(e.Header.Get("Content-Type"), "html") {
		said += " " + string(e.Body)
	}
	return secrets.In(said)
}
