package billing_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dayone/functions/billing"
	"dayone/local/contract"
	"dayone/local/engine/enginetest"
	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/store"
)

const (
	caller = "arn:aws:iam::111122223333:user/commerce"
	other  = "arn:aws:iam::111122223333:user/other"
)

// house is the function over tables of its own.
type house struct {
	*testing.T
	tables   *enginetest.Tables
	store    *store.Store
	function lambda.Handler
}

func newHouse(t *testing.T) *house {
	t.Helper()
	tables := enginetest.New(t)
	return &house{t, tables, store.FromEnv(tables.Getenv), billing.FromEnv(tables.As("Billing"))}
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func monthly(term int) commerce.Line {
	return commerce.Line{SKU: "A-FLEX-CALL", Quantity: 25, TermMonths: term, Billing: commerce.Monthly, UnitPrice: 1250, Currency: "EUR"}
}

// active places an order and activates it at an instant, its first charges made.
func (h *house) active(by string, at time.Time, lines ...commerce.Line) commerce.Order {
	h.Helper()
	for i := range lines {
		lines[i].Subscription = fmt.Sprint("Sub", i)
	}
	placed, err := commerce.Place(api.NewOrderID(), by, commerce.Terms{
		ExternalRef: api.NewID("ref"), Family: "A-FLEX", Partner: commerce.Party{Name: "Nordlicht", Country: "SI"}, Customer: commerce.Party{Name: "=1+1", Country: "AT"},
		Start: commerce.DateOf(at), Zone: "Europe/Ljubljana", Locale: "sl", Contact: "ana@nordlicht.example",
		Representative: commerce.Person{Name: "Maja", Email: "maja@vendor.example"}, Lines: lines,
	}, at)
	h.must(err)
	_, err = h.store.Place(h.Context(), placed, placed.ID, "digest")
	h.must(err)
	begun := placed
	begun.Version, begun.Status, begun.Attempt = 2, commerce.Provisioning, commerce.Attempt{By: placed.Contact, NextAt: at}
	for i := range begun.Lines {
		begun.Lines[i].Status = commerce.LineProvisioned
	}
	customer := commerce.Organization{ID: api.NewID("org"), Kind: commerce.CustomerKind, Name: "Alpine", Country: "AT", Version: 1}
	begun.Mapping = commerce.Mapping{Customer: customer.ID, Link: placed.ID, At: at}
	h.must(h.store.Issue(h.Context(), commerce.Grant{Hash: placed.ID, Kind: commerce.SetupToken, ExpiresAt: at}))
	h.must(h.store.Complete(h.Context(), placed, commerce.Completion{Order: begun, Organizations: []commerce.Organization{customer}}))
	o, charges, letters := begun.Finish(at)
	h.must(h.store.Finish(h.Context(), begun, store.Ending{Order: o, Charges: charges, Letters: letters}))
	return o
}

// tick runs the schedule as EventBridge would.
func (h *house) tick(ctx context.Context, now time.Time) error {
	_, err := h.function.Invoke(ctx, fmt.Appendf(nil, `{"version":"0","id":"1","detail-type":"Scheduled Event","source":"aws.events","account":"1",
		"time":%q,"region":"eu-central-1","resources":["rule"],"detail":{}}`, now.Format(time.RFC3339)))
	return err
}

// ask is GET /charges as API Gateway sends it for a caller, "" for nobody.
func (h *house) ask(by, query, accept string) events.APIGatewayV2HTTPResponse {
	h.Helper()
	const route = "GET /charges"
	e := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: route, RawPath: "/charges", RawQueryString: query, Headers: map[string]string{"host": "dayone.example", "accept": accept},
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			RouteKey: route, Stage: "$default", RequestID: "request-1", TimeEpoch: time.Now().UnixMilli(), DomainName: "dayone.example",
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: http.MethodGet, Path: "/charges", Protocol: "HTTP/1.1"},
		},
	}
	if by != "" {
		e.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
			IAM: &events.APIGatewayV2HTTPRequestContextAuthorizerIAMDescription{UserARN: by},
		}
	}
	payload, err := json.Marshal(e)
	h.must(err)
	answer, err := h.function.Invoke(h.Context(), payload)
	h.must(err)
	h.must(contract.CheckEvent(payload, answer))
	var r events.APIGatewayV2HTTPResponse
	h.must(json.Unmarshal(answer, &r))
	return r
}

type charge struct {
	ID, Order, Line, Kind string
	PeriodStart           string `json:"period_start"`
	PeriodEnd             string `json:"period_end"`
	Quantity              int
	Amount                int64
	Currency              string
}

// charges is every page of a month.
func (h *house) charges(by, month string, limit int) []charge {
	h.Helper()
	var all []charge
	query := url.Values{"month": {month}, "limit": {fmt.Sprint(limit)}}
	for {
		r := h.ask(by, query.Encode(), "application/json")
		if r.StatusCode != http.StatusOK {
			h.Fatalf("%s: %d %s", month, r.StatusCode, r.Body)
		}
		var page struct {
			Charges []charge
			Next    string
		}
		h.must(json.Unmarshal([]byte(r.Body), &page))
		all = append(all, page.Charges...)
		if page.Next == "" {
			return all
		}
		query.Set("cursor", page.Next)
	}
}

// Scenario 34.
func TestYearOfMonthsOnClampedDays(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	start := time.Date(2027, time.January, 31, 11, 0, 0, 0, time.UTC)
	o := h.active(caller, start, monthly(12))
	for now := start; now.Before(start.AddDate(1, 1, 0)); now = now.Add(24 * time.Hour) {
		h.must(h.tick(t.Context(), now))
	}
	h.must(h.tick(t.Context(), start.AddDate(3, 0, 0)))
	year := func() (days []string, sum int64) {
		for month := range 14 {
			for _, c := range h.charges(caller, start.AddDate(0, month, -30).Format("2006-01"), 100) {
				days = append(days, c.PeriodStart)
				sum += c.Amount
				if c.Order != o.ID || c.Line != "1" || c.Kind != "recurring" || c.Quantity != 25 || c.Currency != "EUR" {
					t.Errorf("charge %+v", c)
				}
			}
		}
		return days, sum
	}
	days, sum := year()
	want := "2027-01-31 2027-02-28 2027-03-31 2027-04-30 2027-05-31 2027-06-30 2027-07-31 2027-08-31 2027-09-30 2027-10-31 2027-11-30 2027-12-31"
	if got := strings.Join(days, " "); got != want {
		t.Errorf("charged on %s, want %s", got, want)
	}
	if sum != 12*25*1250 {
		t.Errorf("the sum is %d, want %d", sum, 12*25*1250)
	}
	h.must(h.tick(t.Context(), start.AddDate(3, 0, 0)))
	if again, _ := year(); len(again) != 12 {
		t.Errorf("%d charges after another run", len(again))
	}
}

func TestRunsAtOnceChargeOnceAndCatchUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	start := time.Date(2026, time.December, 1, 9, 0, 0, 0, time.UTC)
	for range 8 {
		h.active(caller, start, monthly(120), monthly(120))
	}
	var wait sync.WaitGroup
	for range 3 {
		wait.Go(func() {
			if err := h.tick(t.Context(), start.AddDate(11, 0, 0)); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	h.must(h.tick(t.Context(), start.AddDate(11, 0, 1)))
	for _, month := range []string{"2026-12", "2027-01", "2031-06", "2036-11"} {
		if got := len(h.charges(caller, month, 7)); got != 16 {
			t.Errorf("%s: %d charges, want 16", month, got)
		}
	}
	if got := len(h.charges(caller, "2036-12", 100)); got != 0 {
		t.Errorf("%d charges after the term", got)
	}
}

func TestOrderThatCannotBeBilledStopsNoOther(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	start := time.Date(2026, time.December, 1, 9, 0, 0, 0, time.UTC)
	broken, whole := h.active(caller, start, monthly(12)), h.active(caller, start, monthly(12))
	_, err := h.tables.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
		TableName: aws.String(h.tables.Name("OrdersTable")),
		Key: map[string]types.AttributeValue{
			"pk": &types.AttributeValueMemberS{Value: "order#" + broken.ID}, "sk": &types.AttributeValueMemberS{Value: "order"},
		},
		UpdateExpression: aws.String("SET timeline = :nonsense"),
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":nonsense": &types.AttributeValueMemberS{Value: "nonsense"},
		},
	})
	h.must(err)
	now := start.AddDate(0, 1, 0)
	if err := h.tick(t.Context(), now); err == nil || !strings.Contains(err.Error(), broken.ID) || strings.Contains(err.Error(), whole.ID) {
		t.Errorf("the run ends with %v", err)
	}
	if got := h.charges(caller, "2027-01", 100); len(got) != 1 || got[0].Order != whole.ID {
		t.Errorf("charges %+v", got)
	}
	if err := h.tick(t.Context(), now.Add(30*time.Second)); err != nil {
		t.Errorf("the next run meets it again: %v", err)
	}
}

func TestRunTakesNothingNewWhenItsTimeIsNearlyOver(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	start := time.Date(2026, time.December, 1, 9, 0, 0, 0, time.UTC)
	h.active(caller, start, monthly(12))
	short, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	h.must(h.tick(short, start.AddDate(0, 1, 0)))
	if got := len(h.charges(caller, "2027-01", 100)); got != 0 {
		t.Errorf("%d charges", got)
	}
}

func TestChargesAreOfTheCallerAndTheMonth(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	start := time.Date(2026, time.December, 31, 23, 30, 0, 0, time.UTC) // the new year in Ljubljana
	mine, theirs := h.active(caller, start, monthly(12)), h.active(other, start, monthly(12))
	if got := h.charges(caller, "2027-01", 100); len(got) != 1 || got[0].Order != mine.ID || got[0].PeriodStart != "2027-01-01" || got[0].PeriodEnd != "2027-02-01" {
		t.Errorf("charges %+v", got)
	}
	if got := h.charges(other, "2027-01", 100); len(got) != 1 || got[0].Order != theirs.ID {
		t.Errorf("the other's charges %+v", got)
	}
	if got := h.charges(caller, "2026-12", 100); len(got) != 0 {
		t.Errorf("charges of December %+v", got)
	}
	if r := h.ask(caller, "month=2020-01", ""); r.Body != `{"charges":[]}`+"\n" {
		t.Errorf("a month without charges: %s", r.Body)
	}
}

func TestQuestionThatIsWrongIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for name, tc := range map[string]struct {
		by, query string
		status    int
		want      string
	}{
		"nobody":             {"", "month=2026-12", 403, "no_caller"},
		"no month":           {caller, "", 400, "/month"},
		"no such month":      {caller, "month=2026-13", 400, "/month"},
		"a day":              {caller, "month=2026-12-01", 400, "/month"},
		"a header in it":     {caller, "month=2026-12%0d%0aX:y", 400, "/month"},
		"limit 0":            {caller, "month=2026-12&limit=0", 400, "/limit"},
		"limit over a page":  {caller, "month=2026-12&limit=101", 400, "/limit"},
		"both":               {caller, "month=x&limit=x", 400, "/limit"},
		"a cursor of theirs": {caller, "month=2026-12&cursor=%2b", 400, "/cursor"},
		"unknown":            {caller, "month=2026-12&year=2026", 400, "/year"},
		"twice":              {caller, "month=2026-12&month=2026-11", 400, "/month"},
	} {
		t.Run(name, func(t *testing.T) {
			if r := h.ask(tc.by, tc.query, "application/json"); r.StatusCode != tc.status || !strings.Contains(r.Body, tc.want) {
				t.Errorf("answer %d %s", r.StatusCode, r.Body)
			}
		})
	}
}

func TestFileHoldsTheMonth(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	start := time.Date(2026, time.December, 1, 9, 0, 0, 0, time.UTC)
	lines := make([]commerce.Line, 50)
	for i := range lines {
		lines[i] = monthly(12)
	}
	for range 3 {
		h.active(caller, start, append([]commerce.Line(nil), lines...)...)
	}
	r := h.ask(caller, "month=2026-12", "text/csv")
	if r.StatusCode != http.StatusOK || r.Headers["Content-Type"] != "text/csv; charset=utf-8; header=present" ||
		r.Headers["Content-Disposition"] != `attachment; filename="charges-2026-12.csv"` || r.Headers["Link"] != "" {
		t.Errorf("answer %d %v", r.StatusCode, r.Headers)
	}
	rows, err := csv.NewReader(strings.NewReader(r.Body)).ReadAll()
	h.must(err)
	if len(rows) != 151 || strings.Join(rows[0], ",") != "id,order,line,kind,period_start,period_end,quantity,amount,currency" {
		t.Errorf("%d rows, the first %v", len(rows), rows[0])
	}
	if got := strings.Join(rows[1][3:], ","); got != "recurring,2026-12-01,2027-01-01,25,31250,EUR" {
		t.Errorf("a row is %s", got)
	}
	if strings.Count(r.Body, "\r\n") != 151 || strings.Count(r.Body, "\n") != 151 {
		t.Error("the lines do not end as RFC 4180 has it")
	}

	for accept, kind := range map[string]string{
		"text/csv;q=0, application/json": "application/json", "application/json, text/csv;q=0.5": "application/json", "*/*": "application/json",
		"text/csv, */*;q=0.1": "text/csv", "application/json;q=0.2, text/csv ; q=0.9": "text/csv", "text/csv, application/json": "text/csv",
		"text/csv;q=much": "application/json", "x/text/csv": "application/json",
	} {
		if r := h.ask(caller, "month=2026-12", accept); r.StatusCode != http.StatusOK || !strings.HasPrefix(r.Headers["Content-Type"], kind) {
			t.Errorf("Accept: %s: %d %s", accept, r.StatusCode, r.Headers["Content-Type"])
		}
	}

	// In parts of 60 rows it is the same file.
	seen := map[string]bool{}
	for query, parts := "month=2026-12&limit=60", 0; query != ""; parts++ {
		if parts == 4 {
			t.Fatal("the file does not end")
		}
		part := h.ask(caller, query, "text/csv")
		rows, err := csv.NewReader(strings.NewReader(part.Body)).ReadAll()
		h.must(err)
		for _, row := range rows[1:] {
			seen[row[0]] = true
		}
		_, query, _ = strings.Cut(part.Headers["Link"], "</charges?")
		query, _, _ = strings.Cut(query, ">")
	}
	if len(seen) != 150 {
		t.Errorf("%d charges in parts, want 150", len(seen))
	}
}
