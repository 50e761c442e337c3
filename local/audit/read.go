package audit

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dayone/shared/commerce"
	"dayone/shared/store"
)

// Books are all items, by what they are.
type Books struct {
	Orders        map[string]Order            // by id
	Letters       map[string]Letter           // by id
	Charges       map[string][]Charge         // by order
	Totals        map[string]Total            // by key
	Events        map[string]map[int]Outgoing // on their way to the other system or there, by order and number
	Gone          []string                    // endpoints that want no more events
	Keys          map[string]string           // idempotency guards: caller#key to order
	References    map[string]string           // guards: caller#reference to order
	Organizations map[string]Organization     // by id
	Members       map[commerce.Address]Member // by address
	Relations     []Relation                  // what partners may do
	Notes         []Note                      // what happened in organizations
	Subdomains    map[string]string           // guards: name to organization
	Entitlements  []Entitlement               // services that run without a platform
	Grants        map[string]Grant            // by the token's hash
	Unknown       []string                    // names of items of no kind that is known
	Stored        int                         // how many items there are
}

// Order is an order with what is stored beside it.
type Order struct {
	commerce.Order

	Due, DueAt   string
	List, Listed string
	Desk, Desked string
	Tries        int // claims since it was last written
}

// Letter is a letter of the queue, or the record of one that left it. One that its order owed has no instant of queueing,
// and a record only where the mail service told what became of it.
type Letter struct {
	ID        string
	PK        string `dynamodbav:"pk"`
	Due       string `dynamodbav:"due"`
	DueAt     string `dynamodbav:"due_at"`
	Kind      string `dynamodbav:"kind"`
	To        string `dynamodbav:"to"`
	Order     string `dynamodbav:"order"`
	Customer  string `dynamodbav:"customer"`
	Partner   string `dynamodbav:"partner"`
	Message   string `dynamodbav:"message"`
	QueuedAt  int64  `dynamodbav:"queued_at"`
	SentAt    int64  `dynamodbav:"sent_at"`
	RefusedAt int64  `dynamodbav:"refused_at"`
	Tries     int    `dynamodbav:"tries"`
}

// Charge is a charge as it is stored.
type Charge struct {
	PK       string `dynamodbav:"pk"`
	SK       string `dynamodbav:"sk"`
	List     string `dynamodbav:"list"`
	ID       string `dynamodbav:"id"`
	Caller   string `dynamodbav:"caller"`
	Line     string `dynamodbav:"line"`
	Kind     string `dynamodbav:"kind"`
	At       int64  `dynamodbav:"charged_at"`
	Start    string `dynamodbav:"period_start"`
	End      string `dynamodbav:"period_end"`
	Quantity int    `dynamodbav:"quantity"`
	Amount   int64  `dynamodbav:"amount"`
	Currency string `dynamodbav:"currency"`
}

// Total is what a month's charges add up to, as it is stored.
type Total struct {
	Amount  int64 `dynamodbav:"amount"`
	Charges int   `dynamodbav:"charges"`
}

// Organization is an organization as it is stored.
type Organization struct {
	ID        string
	Kind      string `dynamodbav:"kind"`
	Name      string `dynamodbav:"name"`
	Order     string `dynamodbav:"order"`
	Subdomain string `dynamodbav:"subdomain"`
	Settled   bool   `dynamodbav:"settled"`
	Version   int    `dynamodbav:"version"`
}

// Member is a person as they are stored.
type Member struct {
	Organization string `dynamodbav:"organization"`
	Kind         string `dynamodbav:"kind"`
	Order        string `dynamodbav:"order"`
	Password     string `dynamodbav:"password"`
	InvitedBy    string `dynamodbav:"invited_by"`
	LapsesAt     int64  `dynamodbav:"lapses_at"`
}

// Relation is what a partner may do with a customer organization.
type Relation struct {
	Customer, Partner string
	Access            string `dynamodbav:"access"`
	Order             string `dynamodbav:"order"`
}

// Entitlement is a service that runs for a customer organization.
type Entitlement struct {
	Customer, Order, Line string
	Quantity              int  `dynamodbav:"quantity"`
	Suspended             bool `dynamodbav:"suspended"`
}

// Grant is what a token opens.
type Grant struct {
	Kind       string `dynamodbav:"kind"`
	Order      string `dynamodbav:"order"`
	Generation int    `dynamodbav:"generation"`
	Member     string `dynamodbav:"member"`
	Customer   string `dynamodbav:"customer"`
	Partner    string `dynamodbav:"partner"`
	UsedAt     int64  `dynamodbav:"used_at"`
}

type item = map[string]types.AttributeValue

// Read reads all three tables, consistently item by item.
func Read(ctx context.Context, db *dynamodb.Client, tables store.Tables) (*Books, error) {
	b := &Books{
		Orders: map[string]Order{}, Letters: map[string]Letter{}, Charges: map[string][]Charge{}, Totals: map[string]Total{}, Keys: map[string]string{},
		References: map[string]string{}, Organizations: map[string]Organization{}, Members: map[commerce.Address]Member{},
		Subdomains: map[string]string{}, Grants: map[string]Grant{}, Events: map[string]map[int]Outgoing{},
	}
	s := store.Open(db, tables)
	err := scan(ctx, db, tables.Orders, func(i item) error { return b.keepOrders(ctx, s, i) })
	if err == nil {
		err = scan(ctx, db, tables.Organizations, b.keepOrganizations)
	}
	if err == nil {
		err = scan(ctx, db, tables.Tokens, b.keepTokens)
	}
	return b, err
}

func scan(ctx context.Context, db *dynamodb.Client, table string, keep func(item) error) error {
	pages := dynamodb.NewScanPaginator(db, &dynamodb.ScanInput{TableName: &table, ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("read all of %s: %w", table, err)
		}
		for _, i := range page.Items {
			if err := keep(i); err != nil {
				return fmt.Errorf("read %s of %s: %w", text(i["pk"]), table, err)
			}
		}
	}
	return nil
}

func text(v types.AttributeValue) string {
	s, ok := v.(*types.AttributeValueMemberS)
	if !ok {
		return ""
	}
	return s.Value
}

// keepOrders keeps an item of the orders table.
func (b *Books) keepOrders(ctx context.Context, s *store.Store, i item) error {
	b.Stored++
	pk, sk := text(i["pk"]), text(i["sk"])
	kind, name, _ := strings.Cut(pk, "#")
	switch {
	case kind == "order" && sk == "order":
		o, err := s.Order(ctx, name)
		if err != nil {
			return err
		}
		var beside struct {
			Due    string `dynamodbav:"due"`
			DueAt  string `dynamodbav:"due_at"`
			List   string `dynamodbav:"list"`
			Listed string `dynamodbav:"listed"`
			Desk   string `dynamodbav:"desk"`
			Desked string `dynamodbav:"desked"`
			Tries  int    `dynamodbav:"tries"`
		}
		if err := attributevalue.UnmarshalMap(i, &beside); err != nil {
			return err
		}
		b.Orders[name] = Order{o, beside.Due, beside.DueAt, beside.List, beside.Listed, beside.Desk, beside.Desked, beside.Tries}
	case kind == "order" && strings.HasPrefix(sk, "charge#"):
		var c Charge
		if err := attributevalue.UnmarshalMap(i, &c); err != nil {
			return err
		}
		b.Charges[name] = append(b.Charges[name], c)
	case kind == "order" && strings.HasPrefix(sk, "event#"):
		return b.keepEvent(name, sk, i)
	case kind == "endpoint" && sk == kind:
		b.Gone = append(b.Gone, name)
	case kind == "letter" && sk == "letter":
		l := Letter{ID: name}
		if err := attributevalue.UnmarshalMap(i, &l); err != nil {
			return err
		}
		b.Letters[name] = l
	case kind == "total":
		var t Total
		if err := attributevalue.UnmarshalMap(i, &t); err != nil {
			return err
		}
		b.Totals[pk+" "+sk] = t
	case kind == "idempotency" && sk == kind:
		b.Keys[name] = text(i["order"])
	case kind == "reference" && sk == kind:
		b.References[name] = text(i["order"])
	default:
		b.Unknown = append(b.Unknown, pk+" "+sk)
	}
	return nil
}

// keepOrganizations keeps an item of the organizations table.
func (b *Books) keepOrganizations(i item) error {
	b.Stored++
	pk, sk := text(i["pk"]), text(i["sk"])
	kind, name, _ := strings.Cut(pk, "#")
	of, id, _ := strings.Cut(sk, "#")
	switch {
	case kind == "organization" && sk == kind:
		o := Organization{ID: name}
		if err := attributevalue.UnmarshalMap(i, &o); err != nil {
			return err
		}
		b.Organizations[name] = o
	case kind == "organization" && of == "note":
		n := Note{Organization: name}
		if err := attributevalue.UnmarshalMap(i, &n); err != nil {
			return err
		}
		b.Notes = append(b.Notes, n)
	case kind == "organization" && of == "partner":
		r := Relation{Customer: name, Partner: id}
		if err := attributevalue.UnmarshalMap(i, &r); err != nil {
			return err
		}
		b.Relations = append(b.Relations, r)
	case kind == "organization" && of == "entitlement":
		order, line, _ := strings.Cut(id, "#")
		e := Entitlement{Customer: name, Order: order, Line: line}
		if err := attributevalue.UnmarshalMap(i, &e); err != nil {
			return err
		}
		b.Entitlements = append(b.Entitlements, e)
	case kind == "member" && sk == kind:
		var m Member
		if err := attributevalue.UnmarshalMap(i, &m); err != nil {
			return err
		}
		b.Members[commerce.Address(name)] = m
	case kind == "subdomain" && sk == kind:
		b.Subdomains[name] = text(i["organization_id"])
	default:
		b.Unknown = append(b.Unknown, pk+" "+sk)
	}
	return nil
}

// keepTokens keeps an item of the tokens table. Counters of tries and of visits are nobody's, and need no owner.
func (b *Books) keepTokens(i item) error {
	b.Stored++
	if _, counter := i["count"]; counter {
		return nil
	}
	var g Grant
	if err := attributevalue.UnmarshalMap(i, &g); err != nil {
		return err
	}
	b.Grants[text(i["pk"])] = g
	return nil
}
