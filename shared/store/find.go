package store

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"golang.org/x/text/unicode/norm"

	"dayone/shared/commerce"
)

// Names are found by how they begin: NameLetters letters choose the partition, the rest narrows it.
const (
	NameLetters = 3
	nameKept    = 60 // letters of a name that can be searched for
)

// spelled are letters that do not come apart into a plain one and a mark.
var spelled = strings.NewReplacer("ß", "ss", "ø", "o", "ł", "l", "đ", "d", "ð", "d", "þ", "th", "æ", "ae", "œ", "oe", "ı", "i", "ħ", "h")

// fold is a name as it is searched for: small letters without marks, digits, and single spaces for all the rest. Who
// types "soca energija" finds "Soča, Energija d.d.".
func fold(name string) string {
	plain := strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r):
			return -1
		case unicode.IsLetter(r), unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return ' '
	}, norm.NFKD.String(name))
	letters := []rune(strings.Join(strings.Fields(spelled.Replace(plain)), " "))
	return strings.TrimSpace(string(letters[:min(nameKept, len(letters))]))
}

// head is the partition of a folded name.
func head(folded string) string {
	letters := []rune(folded)
	return string(letters[:min(NameLetters, len(letters))])
}

// named are the keys by which a name is found; none where it has no letters.
func named(name, id string) (partition, sort string) {
	folded := fold(name)
	if folded == "" {
		return "", ""
	}
	return head(folded), folded + "#" + id
}

// Search is what operators look for. Contact is an address, exactly; Name is how the name of a customer or of a partner
// begins, at least NameLetters letters of it, or all where it is shorter. One of the two is set. Desk narrows either.
type Search struct {
	Contact commerce.Address
	Name    string
	Desk    commerce.Desk
}

// Parts of a search. A name is looked for among customers first, then among partners.
const (
	byContact  = "contact"
	byCustomer = "customer"
	byPartner  = "partner"
)

// Find is a page of the orders that a search finds, and the cursor of the next page. No order is found twice. A page may
// be short, and still have a next.
func (s *Store) Find(ctx context.Context, q Search, cursor string, limit int) ([]commerce.Order, string, error) {
	parts := []string{byContact}
	folded := fold(q.Name)
	if q.Contact == "" {
		if folded == "" {
			return nil, "", nil
		}
		parts = []string{byCustomer, byPartner}
	}
	orders, next, err := s.chapters(ctx, parts, func(part string) reading {
		switch part {
		case byCustomer:
			return s.customersNamed(folded)
		case byPartner:
			return s.partnersNamed(folded)
		}
		return s.contacted(q.Contact)
	}, cursor, limit, func(part string, o commerce.Order) bool {
		desk, _ := o.Desk()
		if q.Desk != "" && q.Desk != desk {
			return false
		}
		return part != byPartner || !strings.HasPrefix(fold(o.Terms.Customer.Name), folded) // found among the customers
	})
	if err != nil {
		return nil, "", fmt.Errorf("find orders: %w", err)
	}
	return orders, next, nil
}

// narrow makes a query go on after a row.
func narrow(in *dynamodb.QueryInput, after, condition string) {
	if after == "" {
		return
	}
	in.KeyConditionExpression = aws.String(condition)
	in.ExpressionAttributeValues[":after"] = text(after)
}

func (s *Store) contacted(a commerce.Address) reading {
	return func(ctx context.Context, after string, limit int) ([]row, error) {
		in := &dynamodb.QueryInput{
			TableName: &s.tables.Orders, IndexName: aws.String("contact"), Limit: aws.Int32(int32(limit)),
			KeyConditionExpression:    aws.String("contact = :contact"),
			ExpressionAttributeValues: item{":contact": text(string(a))},
		}
		narrow(in, after, "contact = :contact AND pk > :after")
		out, err := s.db.Query(ctx, in)
		if err != nil {
			return nil, err
		}
		return rowsOf(out, "pk")
	}
}

// last comes after everything that a name can begin with.
const last = "\U0010FFFF"

func (s *Store) customersNamed(folded string) reading {
	return func(ctx context.Context, after string, limit int) ([]row, error) {
		if after != "" && !strings.HasPrefix(after, folded) {
			return nil, errCursor
		}
		in := &dynamodb.QueryInput{
			TableName: &s.tables.Orders, IndexName: aws.String("find_customer"), Limit: aws.Int32(int32(limit)),
			KeyConditionExpression:    aws.String("find_customer = :head AND customer_named BETWEEN :from AND :to"),
			ExpressionAttributeValues: between(folded, after),
		}
		out, err := s.db.Query(ctx, in)
		if err != nil {
			return nil, err
		}
		return rowsOf(out, "customer_named")
	}
}

func (s *Store) partnersNamed(folded string) reading {
	return func(ctx context.Context, after string, limit int) ([]row, error) {
		if after != "" && !strings.HasPrefix(after, folded) {
			return nil, errCursor
		}
		in := &dynamodb.QueryInput{
			TableName: &s.tables.Orders, IndexName: aws.String("find_partner"), Limit: aws.Int32(int32(limit)),
			KeyConditionExpression:    aws.String("find_partner = :head AND partner_named BETWEEN :from AND :to"),
			ExpressionAttributeValues: between(folded, after),
		}
		out, err := s.db.Query(ctx, in)
		if err != nil {
			return nil, err
		}
		return rowsOf(out, "partner_named")
	}
}

// between is the range of names that begin with folded and come after a row.
func between(folded, after string) item {
	from := folded
	if after != "" {
		from = after + "\x00"
	}
	return item{":head": text(head(folded)), ":from": text(from), ":to": text(folded + last)}
}
