package store_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dayone/local/engine/enginetest"
	"dayone/shared/commerce"
	"dayone/shared/store"
)

// meter counts what a store asks of DynamoDB.
type meter struct {
	mu    sync.Mutex
	calls int
	units float64
	kinds map[string]int
}

func (m *meter) take() (calls int, units float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	calls, units = m.calls, m.units
	m.calls, m.units = 0, 0
	return calls, units
}

// metered is the store of these tables behind a meter.
func metered(t *testing.T, tables *enginetest.Tables) (*store.Store, *meter) {
	t.Helper()
	m := &meter{kinds: map[string]int{}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		body = append([]byte(`{"ReturnConsumedCapacity":"TOTAL",`), bytes.TrimPrefix(body, []byte("{"))...)
		out, err := http.NewRequestWithContext(r.Context(), http.MethodPost, tables.Engine.Endpoint, bytes.NewReader(body))
		if err != nil {
			t.Error(err)
			return
		}
		out.Header = r.Header.Clone()
		answer, err := http.DefaultClient.Do(out)
		if err != nil {
			t.Error(err)
			return
		}
		defer answer.Body.Close()
		said, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Error(err)
		}
		type capacity struct{ CapacityUnits float64 }
		var one struct{ ConsumedCapacity capacity }
		var many struct{ ConsumedCapacity []capacity }
		if json.Unmarshal(said, &one) != nil {
			_ = json.Unmarshal(said, &many) // an error has none
		}
		m.mu.Lock()
		m.calls++
		m.kinds[r.Header.Get("X-Amz-Target")]++
		m.units += one.ConsumedCapacity.CapacityUnits
		for _, c := range many.ConsumedCapacity {
			m.units += c.CapacityUnits
		}
		m.mu.Unlock()
		maps.Copy(w.Header(), answer.Header)
		w.WriteHeader(answer.StatusCode)
		_, _ = w.Write(said)
	}))
	t.Cleanup(server.Close)
	return store.FromEnv(func(name string) string {
		if name == "AWS_ENDPOINT_URL_DYNAMODB" {
			return server.URL
		}
		return tables.Getenv(name)
	}), m
}

// crowd multiplies the orders at the desks up to n of them, which are found by the same names and the same contact.
func crowd(t *testing.T, tables *enginetest.Tables, patterns map[commerce.Desk]map[string]types.AttributeValue, from, n int) {
	t.Helper()
	text := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	name := tables.Name("OrdersTable")
	work := make(chan []types.WriteRequest)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for writes := range work {
				if _, err := tables.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{name: writes}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var writes []types.WriteRequest
	for i := from; i < n; i++ {
		desk := commerce.Desks[i%len(commerce.Desks)]
		id := fmt.Sprintf("DO-%06d", i)
		item := maps.Clone(patterns[desk])
		h := fnv.New32a()
		_, _ = h.Write([]byte(id))
		item["pk"], item["desk"] = text("order#"+id), text(fmt.Sprintf("%s#%d", desk, h.Sum32()%4))
		item["desked"] = text(opens.Add(time.Duration(i)*time.Second).Format("2006-01-02T15:04:05.000Z") + "#" + id)
		item["customer_named"], item["partner_named"] = text("alpine mills gmbh#"+id), text("nordlicht partner d o o#"+id)
		delete(item, "due")
		writes = append(writes, types.WriteRequest{PutRequest: &types.PutRequest{Item: item}})
		if len(writes) == 25 || i == n-1 {
			work <- writes
			writes = nil
		}
	}
	close(work)
	wait.Wait()
}

// What a page of the console reads does not grow with the orders that are stored.
func TestPagesOfTheConsoleReadAsMuchWithManyOrders(t *testing.T) {
	t.Parallel()
	plain, tables := open(t)
	patterns := map[commerce.Desk]map[string]types.AttributeValue{}
	for desk, id := range desks(t, plain) {
		out, err := tables.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: new(tables.Name("OrdersTable")), Key: map[string]types.AttributeValue{
			"pk": &types.AttributeValueMemberS{Value: "order#" + id}, "sk": &types.AttributeValueMemberS{Value: "order"}}})
		if err != nil {
			t.Fatal(err)
		}
		patterns[desk] = out.Item
	}
	s, m := metered(t, tables)
	const page = 25
	list := func(read func(cursor string) ([]commerce.Order, string, error)) {
		_, next, err := read("")
		for range 3 { // and pages after the first
			if err == nil && next != "" {
				_, next, err = read(next)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	views := map[string]func(){
		"one order": func() { read(t, s, "DO-000500") },
		"customer": func() {
			list(func(c string) ([]commerce.Order, string, error) {
				return s.Find(t.Context(), store.Search{Name: "alpine"}, c, page)
			})
		},
		"partner": func() {
			list(func(c string) ([]commerce.Order, string, error) {
				return s.Find(t.Context(), store.Search{Name: "nordlicht"}, c, page)
			})
		},
		"contact": func() {
			list(func(c string) ([]commerce.Order, string, error) {
				return s.Find(t.Context(), store.Search{Contact: "provisioning@nordlicht.example"}, c, page)
			})
		},
		"nothing found": func() {
			list(func(c string) ([]commerce.Order, string, error) {
				return s.Find(t.Context(), store.Search{Name: "nobody"}, c, page)
			})
		},
	}
	for _, desk := range append([]commerce.Desk{""}, commerce.Desks...) {
		views["desk "+string(desk)] = func() {
			list(func(c string) ([]commerce.Order, string, error) { return s.AtDesk(t.Context(), desk, c, page) })
		}
	}
	measure := func() map[string][2]float64 {
		all := map[string][2]float64{}
		for name, view := range views {
			m.take()
			view()
			calls, units := m.take()
			all[name] = [2]float64{float64(calls), units}
		}
		return all
	}
	crowd(t, tables, patterns, 0, 600)
	few := measure()
	crowd(t, tables, patterns, 600, 8_000)
	many := measure()
	for name := range views {
		t.Logf("%-16s %2.0f calls %6.1f read units with 600 orders, %2.0f and %6.1f with 8,000", name, few[name][0], few[name][1], many[name][0], many[name][1])
		if many[name][0] > few[name][0] || many[name][1] > few[name][1]*1.1+2 {
			t.Errorf("%s reads more: %v, then %v", name, few[name], many[name])
		}
	}
	m.take()
	counts, err := s.Counts(t.Context(), commerce.DeskPerson, commerce.DeskSetup, commerce.DeskServices, commerce.DeskScheduled)
	if err != nil {
		t.Fatal(err)
	}
	calls, units := m.take()
	t.Logf("counters: %d calls, %.1f read units", calls, units)
	if calls != 16 || units > 200 {
		t.Errorf("the counters take %d calls and %.1f units", calls, units)
	}
	if counts[commerce.DeskPerson] != (store.Count{N: 1000, More: true}) {
		t.Errorf("there are %+v", counts[commerce.DeskPerson])
	}
	for kind, n := range m.kinds {
		if strings.HasSuffix(kind, ".Scan") {
			t.Errorf("%d scans", n)
		}
	}
}
