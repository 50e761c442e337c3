package secrets

import (
	"bytes"
	"compress/flate"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Stored is an error that shows the first item of these tables that has a secret, nil where none has.
func (k Known) Stored(ctx context.Context, db *dynamodb.Client, tables ...string) error {
	for _, table := range tables {
		pages := dynamodb.NewScanPaginator(db, &dynamodb.ScanInput{TableName: &table})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return fmt.Errorf("look for secrets in %s: %w", table, err)
			}
			if err := k.Items(page.Items); err != nil {
				return fmt.Errorf("%s: %w", table, err)
			}
		}
	}
	return nil
}

// Items is an error that shows the first item that has a secret, nil where none has.
func (k Known) Items(items []map[string]types.AttributeValue) error {
	for _, i := range items {
		if found := k.In(Text(i)); found != "" {
			return fmt.Errorf("an item has a secret: %s", found)
		}
	}
	return nil
}

// Text is all that an item says, names in their order and values, what is deflated in plain.
func Text(item map[string]types.AttributeValue) string {
	var b strings.Builder
	write(&b, &types.AttributeValueMemberM{Value: item})
	return b.String()
}

func write(b *strings.Builder, v types.AttributeValue) {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		b.WriteString(v.Value)
	case *types.AttributeValueMemberB:
		plain, err := io.ReadAll(flate.NewReader(bytes.NewReader(v.Value)))
		if err != nil { // it is something else
			plain = v.Value
		}
		b.Write(plain)
	case *types.AttributeValueMemberM:
		for _, name := range slices.Sorted(maps.Keys(v.Value)) {
			b.WriteString(name + "=")
			write(b, v.Value[name])
			b.WriteByte('\n')
		}
	case *types.AttributeValueMemberL:
		for _, v := range v.Value {
			write(b, v)
			b.WriteByte('\n')
		}
	case *types.AttributeValueMemberSS:
		b.WriteString(strings.Join(v.Value, "\n"))
	}
}
