package cloud_test

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dayone/local/cloud"
)

func TestFunctionsMayDoWhatTheirPoliciesAllow(t *testing.T) {
	t.Parallel()
	s := play(t, cloud.Config{})
	db := func(function string) *dynamodb.Client {
		return dynamodb.New(dynamodb.Options{
			BaseEndpoint: aws.String(s.env[function]("AWS_ENDPOINT_URL_DYNAMODB")), Region: "eu-central-1",
			Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""), Retryer: aws.NopRetryer{},
		})
	}
	table := aws.String(s.Table("Table"))
	item := map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: "1"}, "other": &types.AttributeValueMemberS{Value: "2"}}
	key := map[string]types.AttributeValue{"pk": item["pk"]}
	put := types.TransactWriteItem{Put: &types.Put{TableName: table, Item: item}}
	query := func(index *string) func(ctx context.Context, c *dynamodb.Client) error {
		return func(ctx context.Context, c *dynamodb.Client) error {
			_, err := c.Query(ctx, &dynamodb.QueryInput{TableName: table, IndexName: index, KeyConditionExpression: aws.String("other = :o"),
				ExpressionAttributeValues: map[string]types.AttributeValue{":o": item["other"]}})
			return err
		}
	}
	for name, tc := range map[string]struct {
		function string
		do       func(ctx context.Context, c *dynamodb.Client) error
		refused  string // which right is missing
	}{
		"a write": {"Echo", func(ctx context.Context, c *dynamodb.Client) error {
			_, err := c.PutItem(ctx, &dynamodb.PutItemInput{TableName: table, Item: item})
			return err
		}, ""},
		"a write in a transaction": {"Echo", func(ctx context.Context, c *dynamodb.Client) error {
			_, err := c.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{put}})
			return err
		}, ""},
		"a read in a transaction": {"Echo", func(ctx context.Context, c *dynamodb.Client) error {
			_, err := c.TransactGetItems(ctx, &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{{Get: &types.Get{TableName: table, Key: key}}}})
			return err
		}, ""},
		"many reads": {"Echo", func(ctx context.Context, c *dynamodb.Client) error {
			_, err := c.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{*table: {Keys: []map[string]types.AttributeValue{key}}}})
			return err
		}, ""},
		"the index":       {"Echo", query(aws.String("other")), ""},
		"not the table":   {"Echo", query(nil), "dynamodb:Query on resource: arn:aws:dynamodb:eu-central-1:123456789012:table/" + *table + " "},
		"another's right": {"Late", query(aws.String("other")), "dynamodb:Query"},
		"a removal in a transaction": {"Echo", func(ctx context.Context, c *dynamodb.Client) error {
			remove := types.TransactWriteItem{Delete: &types.Delete{TableName: table, Key: key}}
			_, err := c.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{put, remove}})
			return err
		}, "dynamodb:DeleteItem"},
		"a scan": {"Echo", func(ctx context.Context, c *dynamodb.Client) error {
			_, err := c.Scan(ctx, &dynamodb.ScanInput{TableName: table})
			return err
		}, "dynamodb:Scan"},
		"nothing of a table": {"Echo", func(ctx context.Context, c *dynamodb.Client) error {
			_, err := c.ListTables(ctx, &dynamodb.ListTablesInput{})
			return err
		}, "dynamodb:ListTables"},
	} {
		t.Run(name, func(t *testing.T) {
			err := tc.do(t.Context(), db(tc.function))
			if refused := strings.Contains(said(err), "AccessDeniedException"); refused != (tc.refused != "") || !strings.Contains(said(err), tc.refused) {
				t.Errorf("%v, want %q", err, tc.refused)
			}
		})
	}
}

func TestFunctionsMaySendFromWhatTheirPoliciesAllow(t *testing.T) {
	t.Parallel()
	s := play(t, cloud.Config{})
	if _, err := s.client("help@dayone.example").SendEmail(t.Context(), letter("a@b.example")); err != nil {
		t.Errorf("Echo: %v", err)
	}
	s.env["Echo"] = s.env["Late"]
	_, err := s.client("help@dayone.example").SendEmail(t.Context(), letter("a@b.example"))
	if want := "AccessDeniedException: User: arn:aws:sts::123456789012:assumed-role/Late/Late is not authorized to perform: ses:SendEmail"; !strings.HasPrefix(said(err), want) {
		t.Errorf("Late: %v", err)
	}
}
