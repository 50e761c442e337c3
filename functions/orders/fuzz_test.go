package orders_test

import (
	"crypto/rand"
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dayone/functions/orders"
	"dayone/local/call"
	"dayone/local/engine/enginetest"
	"dayone/shared/store"
)

// FuzzPlace: whatever is sent as an order, the answer is an order that is stored whole, or a refusal that says why and
// stores nothing.
func FuzzPlace(f *testing.F) {
	tables := enginetest.New(f)
	function := orders.Handler(store.FromEnv(tables.As("Orders")), orders.Defaults{Zone: "Europe/Ljubljana", Locale: "en"})
	count := func(t *testing.T) int32 {
		var n int32
		pages := dynamodb.NewScanPaginator(tables, &dynamodb.ScanInput{TableName: aws.String(tables.Name("OrdersTable")), Select: types.SelectCount})
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			n += page.Count
		}
		return n
	}
	f.Add(body(1))
	f.Add(strings.Replace(body(2), `"A-FLEX"`, `"`+strings.Repeat("A", 65_000)+`"`, 1))
	f.Add(strings.Repeat(`{"lines":[`, 5000))
	f.Fuzz(func(t *testing.T, sent string) {
		before := count(t)
		got := call.Nonsense(t, function, call.Request{Route: "POST /orders", Body: sent, Caller: "commerce", Now: noon,
			Header: map[string]string{"Content-Type": "application/json", "Idempotency-Key": rand.Text()[:20]}})
		written := count(t) - before
		var said struct{ ID, Code string }
		if err := json.Unmarshal([]byte(got.Body), &said); err != nil {
			t.Fatalf("%d %s: %v", got.Status, got.Body, err)
		}
		switch {
		case got.Status == 201 && written == 3 && said.ID != "": // the order and the guards of its key and its reference
		case got.Status == 400 && written == 0 && said.Code != "":
		case got.Status == 409 && written == 0 && said.Code == "external_ref_taken":
		default:
			t.Errorf("%q: %d items written, %d %s", sent, written, got.Status, got.Body)
		}
	})
}

// FuzzPatch: whatever is sent as a change, the order is changed whole, or it is as it was.
func FuzzPatch(f *testing.F) {
	tables := enginetest.New(f)
	function := orders.Handler(store.FromEnv(tables.As("Orders")), orders.Defaults{Zone: "Europe/Ljubljana", Locale: "en"})
	ask := func(t *testing.T, route, sent string, order string, header map[string]string) call.Response {
		return call.Nonsense(t, function, call.Request{Route: route, Path: map[string]string{"order": order}, Body: sent, Caller: "commerce", Now: noon, Header: header})
	}
	f.Fuzz(func(t *testing.T, sent string) {
		placed := ask(t, "POST /orders", strings.Replace(body(1), "CCW-1", rand.Text(), 1), "", map[string]string{"Content-Type": "application/json", "Idempotency-Key": rand.Text()[:20]})
		var o view
		placed.Want(t, 201).JSON(t, &o)
		got := ask(t, "PATCH /orders/{order}", sent, o.ID, map[string]string{"Content-Type": "application/merge-patch+json", "If-Match": `"1"`})
		after := ask(t, "GET /orders/{order}", "", o.ID, map[string]string{"Accept": "application/json"}).Want(t, 200)
		switch {
		case got.Status == 200 && after.Body == got.Body:
		case got.Status >= 400 && got.Status < 500 && after.Body == placed.Body:
		default:
			t.Errorf("%q: %d %s, then %s", sent, got.Status, got.Body, after.Body)
		}
	})
}
