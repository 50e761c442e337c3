package store

import (
	"context"
	"encoding/base64"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dayone/shared/commerce"
)

// ChargesOf is a page of what an order was charged, line by line and by day, and the cursor of the next page.
func (s *Store) ChargesOf(ctx context.Context, order, cursor string, limit int) ([]commerce.Charge, string, error) {
	from := chargePrefix
	if cursor != "" {
		after, err := base64.RawURLEncoding.DecodeString(cursor)
		if err != nil || string(after) < chargePrefix || string(after) >= chargesEnd {
			return nil, "", errCursor
		}
		from = string(after) + "\x00"
	}
	out, err := s.db.Query(ctx, &dynamodb.QueryInput{
		TableName: &s.tables.Orders, Limit: aws.Int32(int32(limit)),
		KeyConditionExpression:    aws.String("pk = :order AND sk BETWEEN :from AND :to"),
		ExpressionAttributeValues: item{":order": text(orderKey(order)), ":from": text(from), ":to": text(chargesEnd)},
	})
	if err != nil {
		return nil, "", fmt.Errorf("read charges of %s: %w", order, err)
	}
	var items []chargeItem
	if err := attributevalue.UnmarshalListOfMaps(out.Items, &items); err != nil {
		return nil, "", fmt.Errorf("read charges of %s: %w", order, err)
	}
	charges := make([]commerce.Charge, len(items))
	for n, i := range items {
		if charges[n], err = i.charge(); err != nil {
			return nil, "", err
		}
	}
	if out.LastEvaluatedKey == nil || len(items) == 0 {
		return charges, "", nil
	}
	return charges, base64.RawURLEncoding.EncodeToString([]byte(items[len(items)-1].SK)), nil
}

// Charges of an order stand between these sort keys.
const (
	chargePrefix = "charge#"
	chargesEnd   = "charge$" // $ comes right after #
)
