package provisioning_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dayone/functions/provisioning"
	"dayone/local/contract"
	"dayone/local/engine/enginetest"
	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/store"
)

// click is when the button is pressed in these tests.
var click = time.Date(2026, time.December, 1, 9, 0, 0, 0, time.UTC)

// house is the function over tables of its own.
type house struct {
	*testing.T
	tables   *enginetest.Tables
	store    *store.Store
	function lambda.Handler
}

// newHouse is the function with a service platform or, where it is nil, with entitlements.
func newHouse(t *testing.T, platform provisioning.Platform) *house {
	t.Helper()
	tables := enginetest.New(t)
	s := store.FromEnv(tables.As("Provisioning"))
	if platform == nil {
		platform = provisioning.Entitlements(s)
	}
	return &house{t, tables, store.FromEnv(tables.Getenv), provisioning.Handler(s, platform, "help@dayone.example")}
}

// deal is an order that lacks nothing but the click, and who may click.
type deal struct {
	order, customer, partner   string
	administrator, represented string // sessions: of the customer's administrator, of the partner's
}

// deal maps an order with a line for each sku.
func (h *house) deal(skus ...string) deal {
	h.Helper()
	d := deal{order: api.NewOrderID(), customer: api.NewID("org"), partner: api.NewID("org")}
	admin, agent := commerce.Address(d.customer+"@alpine.example"), commerce.Address(d.partner+"@nordlicht.example")
	terms := commerce.Terms{
		ExternalRef: d.order, Family: "A-FLEX", Partner: commerce.Party{Name: "Nordlicht", Country: "SI"}, Customer: commerce.Party{Name: "Alpine <Mills>", Country: "AT"},
		Start: commerce.Date{Year: 2026, Month: time.December, Day: 1}, Zone: "Europe/Ljubljana", Locale: "sl", Contact: agent,
		Representative: commerce.Person{Name: "Maja", Email: "maja@vendor.example"},
	}
	for i, sku := range skus {
		terms.Lines = append(terms.Lines, commerce.Line{Subscription: fmt.Sprint("Sub", i), SKU: "A-FLEX-" + sku, Quantity: 25, TermMonths: 12,
			Billing: commerce.Monthly, UnitPrice: 1250, Currency: "EUR"})
	}
	before := click.Add(-time.Hour)
	placed, err := commerce.Place(d.order, "arn:aws:iam::1:role/commerce", terms, before)
	h.must(err)
	_, err = h.store.Place(h.Context(), placed, d.order, "digest")
	h.must(err)
	link := h.token(commerce.Grant{Kind: commerce.SetupToken, Order: d.order, ExpiresAt: click.Add(time.Hour)})
	mapped := placed
	mapped.Version, mapped.Status, mapped.Link.DueAt = 2, commerce.Mapped, time.Time{}
	mapped.Mapping = commerce.Mapping{Partner: d.partner, Customer: d.customer, PartnerAccess: commerce.AccessGranted, By: agent, Link: link.Hash(), At: before}
	mapped.Settings = commerce.Settings{ReviewedAt: before, Calling: commerce.CallingSettings{Country: "AT"}, Meetings: commerce.MeetingSettings{Language: "sl"}}
	h.must(h.store.Complete(h.Context(), placed, commerce.Completion{
		Order: mapped,
		Organizations: []commerce.Organization{
			{ID: d.partner, Kind: commerce.PartnerKind, Name: "Nordlicht", Country: "SI", Version: 1},
			{ID: d.customer, Kind: commerce.CustomerKind, Name: "Alpine Mills", Country: "AT", Subdomain: "alpine-mills", Version: 1},
		},
		Members: []commerce.Member{
			{Email: agent, Organization: d.partner, Kind: commerce.PartnerKind, Version: 1},
			{Email: admin, Organization: d.customer, Kind: commerce.CustomerKind, Version: 1},
		},
		Relation: commerce.Relation{Customer: d.customer, Partner: d.partner, Access: commerce.AccessGranted, At: before},
	}))
	d.administrator = h.session(admin)
	d.represented = h.session(agent)
	return d
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *house) token(g commerce.Grant) commerce.Token {
	h.Helper()
	token, err := commerce.MintToken(g.Kind, rand.Reader)
	h.must(err)
	g.Hash = token.Hash()
	h.must(h.store.Issue(h.Context(), g))
	return token
}

func (h *house) session(who commerce.Address) string {
	h.Helper()
	return h.token(commerce.Grant{Kind: commerce.SessionToken, Member: who, ExpiresAt: click.Add(24 * time.Hour)}).Reveal()
}

func (h *house) order(d deal) commerce.Order {
	h.Helper()
	o, err := h.store.Order(h.Context(), d.order)
	h.must(err)
	return o
}

// ask sends an event as API Gateway would. Headers are name and value in turn.
func (h *house) ask(ctx context.Context, routeKey string, d deal, now time.Time, body string, headers ...string) (events.APIGatewayV2HTTPResponse, error) {
	h.Helper()
	method, path, _ := strings.Cut(routeKey, " ")
	path, query, _ := strings.Cut(strings.Replace(path, "{order}", d.order, 1), "?")
	key, _, _ := strings.Cut(routeKey, "?")
	e := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: key, RawPath: path, RawQueryString: query, Headers: map[string]string{"host": "dayone.example"}, Body: body,
		PathParameters: map[string]string{"order": d.order},
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			RouteKey: key, Stage: "$default", RequestID: "request-1", TimeEpoch: now.UnixMilli(), DomainName: "dayone.example",
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: method, Path: path, Protocol: "HTTP/1.1", SourceIP: "192.0.2.1"},
		},
	}
	for i := 0; i < len(headers); i += 2 {
		e.Headers[headers[i]] = headers[i+1]
	}
	payload, err := json.Marshal(e)
	h.must(err)
	var r events.APIGatewayV2HTTPResponse
	answer, err := h.function.Invoke(ctx, payload)
	if err != nil {
		return r, err
	}
	return r, errors.Join(json.Unmarshal(answer, &r), contract.CheckEvent(payload, answer))
}

const (
	provisionRoute = "POST /services/{order}/provision"
	progressRoute  = "GET /services/{order}/progress"
)

// progress is the answer of both routes.
type progress struct {
	Status string `json:"status"`
	Lines  []struct {
		ID, Service, Status, Reason string
	} `json:"lines"`
	BilledAt *time.Time `json:"billing_started_at"`
	StuckAt  *time.Time `json:"stuck_since"`
}

// lines is the status of every line.
func (p progress) lines() string {
	var all []string
	for _, l := range p.Lines {
		all = append(all, l.Status)
	}
	return strings.Join(all, ",")
}

// client asks as a JSON client with a session, and wants a 200.
func (h *house) client(routeKey string, d deal, now time.Time) progress {
	h.Helper()
	r, err := h.ask(h.Context(), routeKey, d, now, "", "authorization", "Bearer "+d.administrator, "accept", "application/json")
	h.must(err)
	if r.StatusCode != http.StatusOK {
		h.Fatalf("%s = %d %s", routeKey, r.StatusCode, r.Body)
	}
	var p progress
	h.must(json.Unmarshal([]byte(r.Body), &p))
	return p
}

// tick runs the schedule as EventBridge would.
func (h *house) tick(ctx context.Context, now time.Time) error {
	h.Helper()
	_, err := h.function.Invoke(ctx, fmt.Appendf(nil, `{"version":"0","id":"1","detail-type":"Scheduled Event","source":"aws.events","account":"1",
		"time":%q,"region":"eu-central-1","resources":["rule"],"detail":{}}`, now.Format(time.RFC3339)))
	return err
}

// items reads all items of a table under pk whose sk begins with prefix.
func (h *house) items(table, pk, prefix string) []map[string]types.AttributeValue {
	h.Helper()
	out, err := h.tables.Query(h.Context(), &dynamodb.QueryInput{
		TableName: aws.String(h.tables.Name(table)), KeyConditionExpression: aws.String("pk = :pk AND begins_with(sk, :sk)"),
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":pk": &types.AttributeValueMemberS{Value: pk}, ":sk": &types.AttributeValueMemberS{Value: prefix},
		},
	})
	h.must(err)
	return out.Items
}

func (h *house) charges(d deal) int {
	h.Helper()
	return len(h.items("OrdersTable", "order#"+d.order, "charge#"))
}

func (h *house) entitlements(d deal) int {
	h.Helper()
	return len(h.items("OrganizationsTable", "organization#"+d.customer, "entitlement#"))
}

// letters counts the letters of a kind that an order queued.
func (h *house) letters(d deal, kind commerce.LetterKind) int {
	h.Helper()
	n := 0
	var from map[string]types.AttributeValue
	for {
		out, err := h.tables.Scan(h.Context(), &dynamodb.ScanInput{
			TableName: aws.String(h.tables.Name("OrdersTable")), ExclusiveStartKey: from, Select: types.SelectCount,
			FilterExpression: aws.String("sk = :letter AND kind = :kind AND begins_with(pk, :order)"),
			ExpressionAttributeValues: map[string]types.AttributeValue{
				":letter": &types.AttributeValueMemberS{Value: "letter"}, ":kind": &types.AttributeValueMemberS{Value: string(kind)},
				":order": &types.AttributeValueMemberS{Value: "letter#" + d.order},
			},
		})
		h.must(err)
		n += int(out.Count)
		if from = out.LastEvaluatedKey; from == nil {
			return n
		}
	}
}
