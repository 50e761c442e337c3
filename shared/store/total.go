package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dayone/shared/commerce"
)

// totalItem is what the charges of a month add up to, of one caller, partner, customer and currency.
type totalItem struct {
	SK           string `dynamodbav:"sk"`
	PartnerName  string `dynamodbav:"partner_name"`
	CustomerName string `dynamodbav:"customer_name"`
	Amount       int64  `dynamodbav:"amount"`
	Charges      int    `dynamodbav:"charges"`
}

// total adds charges of an order to the totals of their months, in the transaction that writes them: a charge is written
// once, so it is counted once.
func (s *Store) total(b *batch, o commerce.Order, charges []commerce.Charge) {
	type sum struct {
		amount int64
		facts  int
	}
	sums := map[[2]string]sum{}
	for _, c := range charges {
		of := [2]string{c.Month(), c.Currency}
		sums[of] = sum{sums[of].amount + c.Amount, sums[of].facts + 1}
	}
	for _, of := range slices.SortedFunc(maps.Keys(sums), func(a, b [2]string) int { return strings.Compare(a[0]+a[1], b[0]+b[1]) }) {
		b.add(types.TransactWriteItem{Update: &types.Update{
			TableName: &s.tables.Orders, Key: key(totalKey(o.Caller, of[0]), totalSortKey(o.Mapping.Partner, o.Mapping.Customer, of[1])),
			UpdateExpression: aws.String("SET partner_name = :partner, customer_name = :customer ADD amount :amount, charges :facts"),
			ExpressionAttributeValues: item{":partner": text(o.Terms.Partner.Name), ":customer": text(o.Terms.Customer.Name),
				":amount": number(sums[of].amount), ":facts": number(sums[of].facts)},
		}})
	}
}

// MaxTotals bounds how many totals are answered at once.
const MaxTotals = 5000

// Totals is what a caller's charges of a month ("2026-12") add up to, by partner, customer and currency. It answers false
// where there are more than MaxTotals.
func (s *Store) Totals(ctx context.Context, caller, month string) ([]commerce.Total, bool, error) {
	var all []commerce.Total
	ask := &dynamodb.QueryInput{
		TableName: &s.tables.Orders, ConsistentRead: aws.Bool(true), KeyConditionExpression: aws.String("pk = :pk"),
		ExpressionAttributeValues: item{":pk": text(totalKey(caller, month))},
	}
	for { // a paginator of the SDK holds the client in an interface, which costs pages half a megabyte: then the linker keeps every operation
		page, err := s.db.Query(ctx, ask)
		if err != nil {
			return nil, false, fmt.Errorf("read totals of %s: %w", month, err)
		}
		var items []totalItem
		if err := attributevalue.UnmarshalListOfMaps(page.Items, &items); err != nil {
			return nil, false, fmt.Errorf("read totals of %s: %w", month, err)
		}
		for _, i := range items {
			if len(all) == MaxTotals {
				return all, false, nil
			}
			of := strings.SplitN(i.SK, "#", 4)
			if len(of) < 4 {
				return nil, false, fmt.Errorf("read totals of %s: %q names no partner, customer and currency", month, i.SK)
			}
			all = append(all, commerce.Total{Partner: of[1], PartnerName: i.PartnerName, Customer: of[2], CustomerName: i.CustomerName,
				Currency: of[3], Amount: i.Amount, Charges: i.Charges})
		}
		if ask.ExclusiveStartKey = page.LastEvaluatedKey; ask.ExclusiveStartKey == nil {
			return all, true, nil
		}
	}
}
