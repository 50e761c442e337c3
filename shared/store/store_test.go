package store_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dayone/local/engine/enginetest"
	"dayone/shared/commerce"
	"dayone/shared/store"
)

var (
	noon  = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)
	opens = time.Date(2026, time.December, 1, 7, 0, 0, 0, time.UTC)
)

const (
	caller = "arn:aws:iam::123456789012:role/commerce"
	ana    = commerce.Address("ana@nordlicht.example")
	chef   = commerce.Address("chef@alpine.example")
)

// open is a store in empty tables of the test's own.
func open(t testing.TB) (*store.Store, *enginetest.Tables) {
	t.Helper()
	tables := enginetest.New(t)
	return store.FromEnv(tables.Getenv), tables
}

func terms(ref string) commerce.Terms {
	return commerce.Terms{
		ExternalRef: ref, Family: "A-FLEX",
		Partner:  commerce.Party{Name: "Nordlicht Partner d.o.o.", Country: "SI"},
		Customer: commerce.Party{Name: "Alpine Mills GmbH", Country: "AT"},
		Start:    commerce.Date{Year: 2026, Month: time.December, Day: 1}, Zone: "Europe/Ljubljana", Locale: "sl",
		Contact:        "provisioning@nordlicht.example",
		Representative: commerce.Person{Name: "Maja Zupan", Email: "maja.zupan@vendor.example"},
		Lines: []commerce.Line{{Subscription: "Sub1", SKU: "A-FLEX-CALL", Quantity: 25, TermMonths: 12, Billing: commerce.Monthly,
			UnitPrice: 1250, Currency: "EUR"}},
	}
}

// order is an order that is not stored yet.
func order(t testing.TB, id string, change ...func(*commerce.Terms)) commerce.Order {
	t.Helper()
	all := terms("ref-" + id)
	for _, c := range change {
		c(&all)
	}
	o, err := commerce.Place(id, caller, all, noon)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// place stores an order under a key of its own.
func place(t testing.TB, s *store.Store, o commerce.Order) commerce.Order {
	t.Helper()
	if _, err := s.Place(t.Context(), o, "key-of-"+o.ID, "digest"); err != nil {
		t.Fatal(err)
	}
	return o
}

// replace stores a change, and answers the order as it is stored then.
func replace(t testing.TB, s *store.Store, old, changed commerce.Order, letters ...commerce.Letter) commerce.Order {
	t.Helper()
	if err := s.Replace(t.Context(), old, changed, letters...); err != nil {
		t.Fatal(err)
	}
	return changed.Explain(old)
}

// invite stores that the order's letter was sent, with the token of its link.
func invite(t testing.TB, s *store.Store, o commerce.Order, hash string) commerce.Order {
	t.Helper()
	issue(t, s, commerce.Grant{Hash: hash, Kind: commerce.SetupToken, Order: o.ID, Generation: o.Link.Generation, IssuedAt: opens,
		ExpiresAt: opens.Add(commerce.SetupTokenKept)})
	return replace(t, s, o, o.LinkSent(commerce.LetterSetup, o.Contact, o.Link.Generation, "m", opens))
}

func issue(t testing.TB, s *store.Store, g commerce.Grant) {
	t.Helper()
	if err := s.Issue(t.Context(), g); err != nil {
		t.Fatal(err)
	}
}

// read is an order as it is stored.
func read(t testing.TB, s *store.Store, id string) commerce.Order {
	t.Helper()
	o, err := s.Order(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// items are all items of a table.
func items(t testing.TB, tables *enginetest.Tables, table string) []map[string]types.AttributeValue {
	t.Helper()
	var all []map[string]types.AttributeValue
	pages := dynamodb.NewScanPaginator(tables.Client, &dynamodb.ScanInput{TableName: aws.String(tables.Name(table)), ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Items...)
	}
	return all
}

// count is how many items of a table have a key that begins so.
func count(t testing.TB, tables *enginetest.Tables, table, prefix string) int {
	t.Helper()
	n := 0
	for _, i := range items(t, tables, table) {
		if strings.HasPrefix(text(i["pk"]), prefix) {
			n++
		}
	}
	return n
}

func text(v types.AttributeValue) string {
	if s, ok := v.(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

// atOnce does the same n times at once and answers what each came to.
func atOnce(n int, do func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() { <-start; errs[i] = do(i) })
	}
	close(start)
	wait.Wait()
	return errs
}

// tally counts the outcomes by the code of their errors, "done" for none.
func tally(errs []error) map[string]int {
	all := map[string]int{}
	for _, err := range errs {
		name := "done"
		if e, ok := errors.AsType[*commerce.Error](err); ok {
			name = e.Code
		} else if err != nil {
			name = err.Error()
		}
		all[name]++
	}
	return all
}

// A line in front of the engine that misbehaves once for the next call of an operation.
type line struct {
	engine  *httputil.ReverseProxy
	mu      sync.Mutex
	trouble map[string]func(w http.ResponseWriter, r *http.Request)
	calls   atomic.Int32
}

func (l *line) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	l.calls.Add(1)
	l.mu.Lock()
	trouble := l.trouble[operation]
	delete(l.trouble, operation)
	l.mu.Unlock()
	if trouble != nil {
		trouble(w, r)
		return
	}
	l.engine.ServeHTTP(w, r)
}

func (l *line) next(operation string, trouble func(w http.ResponseWriter, r *http.Request)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.trouble[operation] = trouble
}

// loseAnswer lets the call reach the engine, and its answer reach nobody.
func (l *line) loseAnswer(_ http.ResponseWriter, r *http.Request) {
	l.engine.ServeHTTP(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}

// refuse answers as DynamoDB does.
func refuse(body string) func(w http.ResponseWriter, r *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, body)
	}
}

// openBehind is a store that reaches its tables over a line.
func openBehind(t testing.TB) (*store.Store, *enginetest.Tables, *line) {
	t.Helper()
	tables := enginetest.New(t)
	engine, err := url.Parse(tables.Engine.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	l := &line{engine: httputil.NewSingleHostReverseProxy(engine), trouble: map[string]func(http.ResponseWriter, *http.Request){}}
	server := httptest.NewServer(l)
	t.Cleanup(server.Close)
	return store.FromEnv(func(name string) string {
		if name == "AWS_ENDPOINT_URL_DYNAMODB" {
			return server.URL
		}
		return tables.Getenv(name)
	}), tables, l
}

// A write that meets another's transaction is tried again, be it one item or many.
func TestConflictsAreTriedAgain(t *testing.T) {
	s, _, line := openBehind(t)
	line.next("TransactWriteItems", refuse(`{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
		"Message":"Transaction cancelled","CancellationReasons":[{"Code":"TransactionConflict"},{"Code":"None"},{"Code":"None"}]}`))
	o := place(t, s, order(t, "DO-1"))
	line.next("PutItem", refuse(`{"__type":"com.amazonaws.dynamodb.v20120810#TransactionConflictException","message":"Transaction is ongoing for the item"}`))
	o = replace(t, s, o, o.LinkSent(commerce.LetterSetup, o.Contact, 1, "m", opens))
	if got := read(t, s, o.ID); got.Status != commerce.Invited {
		t.Errorf("stored as %s", got.Status)
	}
	due, err := s.Due(t.Context(), "letters", opens.Add(48*time.Hour), 10)
	if err != nil || len(due) != 1 {
		t.Fatalf("due %v, %v", due, err)
	}
	line.next("UpdateItem", refuse(`{"__type":"com.amazonaws.dynamodb.v20120810#TransactionConflictException","message":"Transaction is ongoing for the item"}`))
	if _, ok, err := s.Claim(t.Context(), due[0], "a", opens, opens.Add(time.Minute)); !ok || err != nil {
		t.Errorf("Claim = %t, %v", ok, err)
	}
}

// A refusal that comes together with a conflict is a refusal.
func TestEndlessConflictEnds(t *testing.T) {
	s, _, line := openBehind(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	conflict := refuse(`{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","CancellationReasons":[{"Code":"TransactionConflict"}]}`)
	var again func(w http.ResponseWriter, r *http.Request)
	again = func(w http.ResponseWriter, r *http.Request) { line.next("TransactWriteItems", again); conflict(w, r) }
	line.next("TransactWriteItems", again)
	if _, err := s.Place(ctx, order(t, "DO-1"), "key", "digest"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Place = %v", err)
	}
	if _, err := s.Place(t.Context(), order(t, "DO-1"), "key", "digest"); err == nil || line.calls.Load() < 6 {
		t.Errorf("Place = %v after %d calls", err, line.calls.Load())
	}
}

// Whatever is written is written in one call, and a call whose answer was lost is not taken for somebody else's.
func TestLostAnswers(t *testing.T) {
	s, tables, line := openBehind(t)
	o := order(t, "DO-1")
	line.next("TransactWriteItems", line.loseAnswer)
	if placed, err := s.Place(t.Context(), o, "key", "digest"); err != nil || placed.Order != o.ID {
		t.Errorf("Place = %+v, %v", placed, err)
	}
	line.next("PutItem", line.loseAnswer)
	invited := replace(t, s, o, o.LinkSent(commerce.LetterSetup, o.Contact, 1, "m", opens))
	line.next("TransactWriteItems", line.loseAnswer)
	closed, letter := invited.Expire(opens)
	replace(t, s, invited, closed, letter)
	if got := read(t, s, o.ID); got.Status != commerce.Closed || got.Version != 3 {
		t.Errorf("stored as %s, version %d", got.Status, got.Version)
	}
	due, err := s.Due(t.Context(), "letters", opens, 10)
	if err != nil || len(due) != 1 {
		t.Fatalf("due %v, %v", due, err)
	}
	line.next("UpdateItem", line.loseAnswer)
	mine, ok, err := s.Claim(t.Context(), due[0], "mine", opens, opens.Add(time.Minute))
	if !ok || err != nil {
		t.Errorf("Claim = %t, %v", ok, err)
	}
	line.next("UpdateItem", line.loseAnswer)
	if err := s.LetterSent(t.Context(), mine, "message", opens); err != nil {
		t.Errorf("LetterSent = %v", err)
	}
	line.next("PutItem", line.loseAnswer)
	if err := s.Queue(t.Context(), commerce.ResetLetter(ana, "sl", opens)); err != nil {
		t.Errorf("Queue = %v", err)
	}
	if n := count(t, tables, "OrdersTable", "letter#"); n != 2 {
		t.Errorf("%d letters", n)
	}
}

// A lost answer does not hide that somebody else was first.
func TestLostRefusalStaysARefusal(t *testing.T) {
	s, _, line := openBehind(t)
	o := place(t, s, order(t, "DO-1"))
	replace(t, s, o, o.NoticeSent("m", opens))
	line.next("PutItem", line.loseAnswer)
	if err := s.Replace(t.Context(), o, o.Escalated("m", opens)); !errors.Is(err, commerce.ErrOrderChanged) {
		t.Errorf("Replace = %v", err)
	}
}

// What a URL says is looked up as it is: no id is too long or too strange for a plain answer.
func TestStrangeIDsAreUnknown(t *testing.T) {
	s, _ := open(t)
	for _, id := range []string{"", "DO-1", "order", "#", strings.Repeat("x", 5000), "a\x00b", "\xff", "ž"} {
		if _, err := s.Order(t.Context(), id); !errors.Is(err, commerce.ErrOrderUnknown) {
			t.Errorf("Order(%.10q) = %v", id, err)
		}
	}
}
