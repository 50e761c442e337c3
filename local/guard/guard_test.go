package guard_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	sestypes "github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"dayone/local/engine/enginetest"
)

// What template.yaml does not grant a function is refused to its tests too.
func TestFunctionUnderTestMayDoWhatItsPolicyGrants(t *testing.T) {
	t.Parallel()
	tables := enginetest.New(t)
	if !tables.Engine.Local() {
		return // nobody stands before another engine: it would refuse requests whose host changed after they were signed
	}
	key := map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: "order#1"}, "sk": &types.AttributeValueMemberS{Value: "order"}}
	table := func(id string) *string { return aws.String(tables.Name(id)) }
	put := func(id string) func(context.Context, *dynamodb.Client) error {
		return func(ctx context.Context, c *dynamodb.Client) error {
			_, err := c.PutItem(ctx, &dynamodb.PutItemInput{TableName: table(id), Item: key})
			return err
		}
	}
	query := func(index string) func(context.Context, *dynamodb.Client) error {
		return func(ctx context.Context, c *dynamodb.Client) error {
			_, err := c.Query(ctx, &dynamodb.QueryInput{TableName: table("OrdersTable"), IndexName: &index, KeyConditionExpression: aws.String("#k = :k"),
				ExpressionAttributeNames: map[string]string{"#k": index}, ExpressionAttributeValues: map[string]types.AttributeValue{":k": key["sk"]}})
			return err
		}
	}
	for name, tc := range map[string]struct {
		function string
		do       func(context.Context, *dynamodb.Client) error
		lacks    string // "" where it may
	}{
		"a granted action":             {"Orders", put("OrdersTable"), ""},
		"the action on another table":  {"Orders", put("OrganizationsTable"), "dynamodb:PutItem on resource: arn:aws:dynamodb:eu-central-1:123456789012:table/" + tables.Name("OrganizationsTable")},
		"a granted index":              {"Orders", query("list"), ""},
		"another index of its table":   {"Orders", query("due"), "dynamodb:Query on resource: arn:aws:dynamodb:eu-central-1:123456789012:table/" + tables.Name("OrdersTable") + "/index/due"},
		"that index, by who has it":    {"Letters", query("due"), ""},
		"a function without the table": {"Deliveries", put("TokensTable"), "dynamodb:PutItem"},
		"another action on its table": {"Orders", func(ctx context.Context, c *dynamodb.Client) error {
			_, err := c.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: table("OrdersTable"), Key: key})
			return err
		}, "dynamodb:DeleteItem"},
		"that action within a transaction": {"Orders", func(ctx context.Context, c *dynamodb.Client) error {
			_, err := c.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{{Delete: &types.Delete{TableName: table("OrdersTable"), Key: key}}}})
			return err
		}, "dynamodb:DeleteItem"},
	} {
		t.Run(name, func(t *testing.T) {
			db := dynamodb.New(dynamodb.Options{BaseEndpoint: aws.String(tables.As(tc.function)("AWS_ENDPOINT_URL_DYNAMODB")), Region: "eu-central-1",
				Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""), Retryer: aws.NopRetryer{}})
			holds(t, tc.do(t.Context(), db), tc.lacks)
		})
	}
}

func TestFunctionUnderTestMaySendWhatItsPolicyGrants(t *testing.T) {
	t.Parallel()
	tables := enginetest.New(t)
	if !tables.Engine.Local() {
		return // as above
	}
	ses := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"MessageId":"1"}`))
	}))
	defer ses.Close()
	for name, tc := range map[string]struct{ function, sender, set, lacks string }{
		"its own sender and set":          {"Letters", "orders@dayone.example", "Mail", ""},
		"another address of the domain":   {"Letters", "help@dayone.example", "Mail", ""},
		"another domain":                  {"Letters", "orders@nordlicht.example", "Mail", "ses:SendEmail on resource: arn:aws:ses:eu-central-1:123456789012:identity/orders@nordlicht.example"},
		"another set":                     {"Letters", "orders@dayone.example", "Other", "configuration-set/Other"},
		"a function that sends no letter": {"Orders", "orders@dayone.example", "Mail", "assumed-role/Orders/Orders is not authorized to perform: ses:SendEmail"},
	} {
		t.Run(name, func(t *testing.T) {
			client := sesv2.New(sesv2.Options{BaseEndpoint: aws.String(tables.As(tc.function, "AWS_ENDPOINT_URL_SESV2", ses.URL)("AWS_ENDPOINT_URL_SESV2")), Region: "eu-central-1",
				Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""), Retryer: aws.NopRetryer{}})
			_, err := client.SendEmail(t.Context(), &sesv2.SendEmailInput{FromEmailAddress: &tc.sender, ConfigurationSetName: &tc.set, Content: &sestypes.EmailContent{}})
			holds(t, err, tc.lacks)
		})
	}
}

// A function under test is given the variables of its own, and no other's.
func TestFunctionUnderTestHasItsOwnVariables(t *testing.T) {
	t.Parallel()
	tables := enginetest.New(t)
	getenv := tables.As("Orders", "DEFAULT_LOCALE", "de")
	if got := getenv("ORDERS_TABLE"); got != tables.Name("OrdersTable") {
		t.Errorf("ORDERS_TABLE = %q", got)
	}
	if got := getenv("TOKENS_TABLE"); got != "" {
		t.Errorf("TOKENS_TABLE = %q", got)
	}
	if got := getenv("DEFAULT_LOCALE"); got != "de" {
		t.Errorf("DEFAULT_LOCALE = %q", got)
	}
}

// holds expects a refusal for want of a right, or none for "".
func holds(t *testing.T, err error, lacks string) {
	t.Helper()
	said := ""
	if err != nil {
		said = err.Error()
	}
	if refused := strings.Contains(said, "AccessDeniedException"); refused != (lacks != "") || !strings.Contains(said, lacks) || err != nil && !refused {
		t.Errorf("%q, want a refusal with %q", said, lacks)
	}
}
