package orders_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"dayone/functions/orders"
	"dayone/local/call"
	"dayone/local/engine/enginetest"
	"dayone/shared/api"
	"dayone/shared/store"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// office is the function with tables of its own.
type office struct {
	*testing.T
	function api.Function
	now      time.Time
	keys     int
}

func open(t *testing.T) *office {
	t.Parallel()
	tables := enginetest.New(t)
	return &office{t, orders.Handler(store.FromEnv(tables.As("Orders")), orders.Defaults{Zone: "Europe/Ljubljana", Locale: "en"}), noon, 0}
}

const sample = `{"external_ref": "CCW-%d", "family": "A-FLEX",
  "partner": {"name": "Nordlicht Partner d.o.o.", "country": "SI"}, "customer": {"name": "Alpine Mills GmbH", "country": "AT"},
  "requested_start_date": "2026-12-01", "time_zone": "Europe/Ljubljana", "locale": "sl",
  "provisioning_contact": {"email": "provisioning@nordlicht.example", "alias": true},
  "account_representative": {"name": "Maja Zupan", "email": "maja.zupan@vendor.example"}, "purchase_order": "PO-4711",
  "lines": [
    {"subscription_id": "Sub1", "sku": "A-FLEX-CALL", "quantity": 25, "term_months": 36, "billing": "monthly", "unit_price": 1250, "currency": "EUR"},
    {"subscription_id": "Sub2", "sku": "A-FLEX-MEET", "quantity": 25, "term_months": 36, "billing": "annual", "unit_price": 9900, "currency": "EUR"}]}`

func body(n int) string { return fmt.Sprintf(sample, n) }

func (o *office) post(key, body string) call.Response {
	return call.HTTP(o, o.function, call.Request{Route: "POST /orders", Body: body, Caller: "commerce", Now: o.now,
		Header: map[string]string{"Content-Type": "application/json", "Idempotency-Key": key}})
}

type view struct {
	ID     string
	Status string
	Lines  []struct{ ID, Service, Status string }
	Next   *struct {
		What, Who string
		At        time.Time
	}
	RequestedStartDate  string `json:"requested_start_date"`
	ProvisioningContact struct {
		Email string
	} `json:"provisioning_contact"`
}

// placed places order number n and answers its id.
func (o *office) placed(n int) string {
	var v view
	o.post(fmt.Sprintf("test-key-%08d", n), body(n)).Want(o, 201).JSON(o, &v)
	return v.ID
}

func (o *office) send(caller, route, id, sent string, header map[string]string) call.Response {
	if header == nil {
		header = map[string]string{}
	}
	if sent != "" {
		header["Content-Type"] = "application/json"
	}
	return call.HTTP(o, o.function, call.Request{Route: route, Path: map[string]string{"order": id}, Body: sent, Caller: caller, Now: o.now, Header: header})
}

func TestAnOrderIsScheduledForItsStart(t *testing.T) {
	o := open(t)
	answer := o.post("scenario-one-key", body(1)).Want(t, 201)
	var v view
	answer.JSON(t, &v)
	if v.Status != "scheduled" || v.Next.What != "setup_letter" || !v.Next.At.Equal(time.Date(2026, 12, 1, 7, 0, 0, 0, time.UTC)) {
		t.Errorf("placed %+v, want scheduled for 08:00 in Ljubljana", v)
	}
	if answer.Header["location"] != "/orders/"+v.ID || answer.Header["etag"] != `"1"` {
		t.Errorf("headers %v", answer.Header)
	}
	if len(v.Lines) != 2 || v.Lines[0].Service != "calling" || v.Lines[1].Status != "pending" {
		t.Errorf("lines %+v", v.Lines)
	}
}

func TestTheSameKeyAndBodyIsOneOrder(t *testing.T) {
	o := open(t)
	var wait sync.WaitGroup
	answers := make([]call.Response, 20)
	for i := range answers {
		wait.Go(func() { answers[i] = o.post("twenty-at-once-1", body(2)) })
	}
	wait.Wait()
	for _, a := range answers {
		if a.Status != 201 || a.Body != answers[0].Body {
			t.Fatalf("%d %s differs from %s", a.Status, a.Body, answers[0].Body)
		}
	}
	o.now = noon.Add(48 * time.Hour)
	var first view
	answers[0].JSON(t, &first)
	o.send("commerce", "POST /orders/{order}/cancel", first.ID, `{"reason":"typed twice"}`, nil).Want(t, 200)
	again := o.post("twenty-at-once-1", strings.ReplaceAll(body(2), "\n", " ")).Want(t, 201)
	if again.Body != answers[0].Body || again.Header["idempotency-replayed"] != "true" {
		t.Errorf("two days later: %s", again.Body)
	}
}

func TestAKeyOrAReferenceStandsForOneOrder(t *testing.T) {
	o := open(t)
	id := o.placed(3)
	if got := o.post("test-key-00000003", body(4)); got.Status != 422 || !strings.Contains(got.Body, "idempotency_key_reused") {
		t.Errorf("same key, other body: %d %s", got.Status, got.Body)
	}
	if got := o.post("quite-another-key", body(3)); got.Status != 409 || !strings.Contains(got.Body, id) {
		t.Errorf("same reference, other key: %d %s, want 409 with %s", got.Status, got.Body, id)
	}
	for key, code := range map[string]string{"": "idempotency_key_missing", "short": "idempotency_key_malformed", "a key with spaces": "idempotency_key_malformed"} {
		if got := o.post(key, body(5)); got.Status != 400 || !strings.Contains(got.Body, `"code":"`+code+`"`) || strings.Contains(got.Body, "pointer") {
			t.Errorf("key %q: %d %s", key, got.Status, got.Body)
		}
	}
	o.now = noon.Add(store.KeyKept + time.Second)
	o.post("test-key-00000003", body(6)).Want(t, 201)
}

func TestEveryBadFieldIsNamedAndNothingIsStored(t *testing.T) {
	o := open(t)
	bad := strings.NewReplacer(
		`"sku": "A-FLEX-CALL", "quantity": 25`, `"sku": "A-FLEX-PSTN", "quantity": 0`,
		`"sku": "A-FLEX-MEET"`, `"sku": "A-FLEX-NONE"`,
		"provisioning@nordlicht.example", strings.Repeat("a", 64)+"@"+strings.Repeat("b.", 94)+"example",
		"2026-12-01", "2026-02-30",
	).Replace(body(7))
	var problem struct {
		Code      string
		RequestID string `json:"request_id"`
		Errors    []struct{ Pointer, Code, Detail string }
	}
	answer := o.post("a-key-of-bad-input", bad).Want(t, 400)
	answer.JSON(t, &problem)
	got := map[string]string{}
	for _, e := range problem.Errors {
		got[e.Pointer] = e.Code
	}
	for pointer, code := range map[string]string{
		"/lines/0/quantity": "out_of_range", "/lines/0/sku": "needs_base", "/lines/1/sku": "unknown",
		"/provisioning_contact/email": "malformed", "/requested_start_date": "malformed",
	} {
		if got[pointer] != code {
			t.Errorf("%s: %q, want %q", pointer, got[pointer], code)
		}
	}
	if answer.Header["content-type"] != "application/problem+json" || problem.RequestID != "test-request" {
		t.Errorf("%v %+v", answer.Header, problem)
	}
	o.post("a-key-of-bad-input", body(7)).Want(t, 201) // neither the key nor the reference was taken
	if list := o.send("commerce", "GET /orders", "", "", nil).Want(t, 200); strings.Count(list.Body, `"id":"DO-`) != 1 {
		t.Errorf("stored: %s", list.Body)
	}
}

func TestAnotherCallersOrderIsUnknown(t *testing.T) {
	o := open(t)
	id := o.placed(8)
	for _, r := range []struct{ route, body string }{
		{"GET /orders/{order}", ""}, {"GET /orders/{order}/events", ""}, {"PATCH /orders/{order}", `{"time_zone":"UTC"}`},
		{"POST /orders/{order}/cancel", `{"reason":"not mine"}`}, {"POST /orders/{order}/resend", `{"reason":"not mine"}`},
		{"POST /orders/{order}/reopen", `{"reason":"not mine"}`},
	} {
		if got := o.send("stranger", r.route, id, r.body, map[string]string{"If-Match": `"1"`}); got.Status != 404 {
			t.Errorf("%s by a stranger: %d", r.route, got.Status)
		}
		if got := o.send("", r.route, id, r.body, nil); got.Status != 403 {
			t.Errorf("%s without an authorizer: %d", r.route, got.Status)
		}
	}
	if list := o.send("stranger", "GET /orders", "", "", nil).Want(t, 200); strings.Contains(list.Body, id) {
		t.Errorf("a stranger lists %s", list.Body)
	}
	o.send("commerce", "GET /orders/{order}", id, "", nil).Want(t, 200)
}

func TestAnOrderCanBeAmendedWithItsVersion(t *testing.T) {
	o := open(t)
	id := o.placed(9)
	patch := `{"requested_start_date":"2026-12-10","provisioning_contact":{"email":"Ana.Novak@Nordlicht.Example"}}`
	o.send("commerce", "PATCH /orders/{order}", id, patch, nil).Want(t, 428)
	o.send("commerce", "PATCH /orders/{order}", id, patch, map[string]string{"If-Match": `"7"`}).Want(t, 412)
	o.send("commerce", "PATCH /orders/{order}", id, `{"time_zone":null}`, map[string]string{"If-Match": `"1"`}).Want(t, 400)
	o.send("commerce", "PATCH /orders/{order}", id, `{"family":"A-WX"}`, map[string]string{"If-Match": `"1"`}).Want(t, 400)
	amended := o.send("commerce", "PATCH /orders/{order}", id, patch, map[string]string{"If-Match": `"1"`}).Want(t, 200)
	var v view
	amended.JSON(t, &v)
	if v.RequestedStartDate != "2026-12-10" || v.ProvisioningContact.Email != "ana.novak@nordlicht.example" ||
		!v.Next.At.Equal(time.Date(2026, 12, 10, 7, 0, 0, 0, time.UTC)) || amended.Header["etag"] != `"2"` {
		t.Errorf("amended to %s", amended.Body)
	}
	var timeline struct {
		Events []struct {
			Kind, Actor string
			Changes     []struct {
				Field         string
				Before, After any
			}
		}
	}
	o.send("commerce", "GET /orders/{order}/events", id, "", nil).Want(t, 200).JSON(t, &timeline)
	if n := len(timeline.Events); n != 2 || timeline.Events[1].Kind != "amended" || timeline.Events[1].Actor != "caller:arn:aws:iam::123456789012:role/commerce" ||
		timeline.Events[1].Changes[0].Before != "2026-12-01" || timeline.Events[1].Changes[0].After != "2026-12-10" {
		t.Errorf("timeline %+v", timeline)
	}
}

func TestListsPageByCursor(t *testing.T) {
	o := open(t)
	want := map[string]bool{}
	for n := range 7 {
		want[o.placed(20+n)] = true
	}
	cursor, pages := "", 0
	for {
		var page struct {
			Orders []view
			Next   string
		}
		r := call.Request{Route: "GET /orders", Query: "limit=3&starts_from=2026-12-01&starts_to=2026-12-01&status=scheduled,invited&cursor=" + cursor, Caller: "commerce", Now: o.now}
		call.HTTP(t, o.function, r).Want(t, 200).JSON(t, &page)
		for _, v := range page.Orders {
			if !want[v.ID] {
				t.Errorf("%s came twice, or was not placed", v.ID)
			}
			delete(want, v.ID)
		}
		if pages++; page.Next == "" {
			break
		}
		cursor = page.Next
	}
	if len(want) > 0 || pages != 3 {
		t.Errorf("%d pages, %d orders missed", pages, len(want))
	}
	for _, query := range []string{"limit=0", "limit=101", "status=lost", "starts_from=today", "cursor=%21", "colour=red"} {
		call.HTTP(t, o.function, call.Request{Route: "GET /orders", Query: query, Caller: "commerce", Now: o.now}).Want(t, 400)
	}
}

func TestTheDescriptionIsServed(t *testing.T) {
	o := open(t)
	answer := call.HTTP(t, o.function, call.Request{Route: "GET /openapi.json", Now: o.now}).Want(t, 200)
	if !json.Valid([]byte(answer.Body)) || !strings.Contains(answer.Body, `"3.1`) {
		t.Errorf("%.80s", answer.Body)
	}
}
