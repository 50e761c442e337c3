package orders_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dayone/local/call"
)

// told is what an answer says of each bad field; "" is the code of the whole.
func told(t *testing.T, r call.Response) map[string]string {
	t.Helper()
	var problem struct {
		Code   string
		Errors []struct{ Pointer, Code string }
	}
	r.Want(t, 400).JSON(t, &problem)
	all := map[string]string{}
	for _, e := range problem.Errors {
		if all[e.Pointer] != "" {
			t.Errorf("%s is told twice: %s", e.Pointer, r.Body)
		}
		all[e.Pointer] = e.Code
	}
	if len(all) == 0 {
		all["code"] = problem.Code
	}
	return all
}

// Scenario 4, with mistakes that are found by reading the body and others that are found by the rules.
func TestMistakesOfEveryKindAreNamedAtOnce(t *testing.T) {
	o := open(t)
	broken := strings.NewReplacer(
		`"quantity": 25, "term_months": 36, "billing": "monthly"`, `"quantity": 0, "term_months": 36, "billing": "monthly"`,
		"2026-12-01", "2026-02-30", "Europe/Ljubljana", "Mars/Olympus", `"A-FLEX",`, `"A-NONE",`, `"PO-4711"`, "5",
		"Alpine Mills", `Alpine\u0007Mills`, `"currency": "EUR"}]`, `"currency": "EUR", "colour": 1}]`,
		`"partner": {"name": "Nordlicht Partner d.o.o.", "country": "SI"}`, `"partner": "Nordlicht", "foo": 1`,
	).Replace(body(40))
	want := map[string]string{
		"/partner": "wrong_type", "/foo": "unknown_field", "/customer/name": "control_character", "/purchase_order": "wrong_type",
		"/lines/1/colour": "unknown_field", "/family": "unknown", "/time_zone": "unknown", "/requested_start_date": "malformed",
		"/lines/0/quantity": "out_of_range",
	}
	if diff := cmp.Diff(want, told(t, o.post("a-key-of-bad-input", broken))); diff != "" {
		t.Error(diff)
	}
	money := strings.Replace(strings.Replace(body(40), `"currency": "EUR"`, `"currency": 978`, 1), `"quantity": 25`, `"quantity": 0`, 1)
	want = map[string]string{"/lines/0/currency": "wrong_type", "/lines/0/quantity": "out_of_range"}
	if diff := cmp.Diff(want, told(t, o.post("a-key-of-bad-input", money))); diff != "" {
		t.Error(diff)
	}
	for sent, want := range map[string]map[string]string{
		`null`: {"": "wrong_type"}, `[]`: {"": "wrong_type"}, `"x"`: {"": "wrong_type"},
		`{"family":`: {"code": "not_json"}, `{} {}`: {"code": "trailing_data"}, `{"":1} x`: {"code": "trailing_data"},
		`{"family":"` + strings.Repeat("a", 64<<10) + `"}`: {"code": "body_too_large"},
	} {
		if diff := cmp.Diff(want, told(t, o.post("a-key-of-bad-input", sent))); diff != "" {
			t.Errorf("%.40s: %s", sent, diff)
		}
	}
	for start, want := range map[string]string{"": "missing", "xx": "malformed", "2026-12-01T00:00:00Z": "malformed"} {
		sent := strings.Replace(body(40), "2026-12-01", start, 1)
		if diff := cmp.Diff(map[string]string{"/requested_start_date": want}, told(t, o.post("a-key-of-bad-input", sent))); diff != "" {
			t.Errorf("a start of %q: %s", start, diff)
		}
	}
	o.post("a-key-of-bad-input", body(40)).Want(t, 201) // nothing of it was taken
}

func TestMistakesInAChangeAreNamedAtOnce(t *testing.T) {
	o := open(t)
	id := o.placed(41)
	for _, tc := range []struct {
		route, sent string
		want        map[string]string
	}{
		{"PATCH /orders/{order}", `{"foo":1,"a/b":null,"requested_start_date":5,"time_zone":"Mars/Olympus","provisioning_contact":{"email":"none","alias":null},"lines":{}}`, map[string]string{
			"/foo": "unknown_field", "/a~1b": "unknown_field", "/requested_start_date": "wrong_type", "/time_zone": "unknown",
			"/provisioning_contact/email": "malformed", "/provisioning_contact/alias": "not_removable", "/lines": "wrong_type"}},
		{"PATCH /orders/{order}", `{"lines":[5,{"sku":null,"quantity":"1"}]}`, map[string]string{
			"/lines/0": "wrong_type", "/lines/1/quantity": "wrong_type", "/lines/1/subscription_id": "malformed", "/lines/1/sku": "unknown",
			"/lines/1/term_months": "out_of_range", "/lines/1/billing": "unknown", "/lines/1/currency": "unknown"}},
		{"PATCH /orders/{order}", `{"requested_start_date":"2026-12-01T00:00:00Z"}`, map[string]string{"/requested_start_date": "malformed"}},
		{"PATCH /orders/{order}", `{"requested_start_date":""}`, map[string]string{"/requested_start_date": "missing"}},
		{"PATCH /orders/{order}", `null`, map[string]string{"": "wrong_type"}},
		{"PATCH /orders/{order}", `{`, map[string]string{"code": "not_json"}},
		{"POST /orders/{order}/cancel", `{"foo":1}`, map[string]string{"/foo": "unknown_field", "/reason": "missing"}},
		{"POST /orders/{order}/cancel", `{"reason":5}`, map[string]string{"/reason": "wrong_type"}},
		{"POST /orders/{order}/cancel", `null`, map[string]string{"": "wrong_type"}},
		{"POST /orders/{order}/resend", `{"foo":1,"reason":"x"}`, map[string]string{"/foo": "unknown_field"}}, // not invited either
	} {
		got := told(t, o.send("commerce", tc.route, id, tc.sent, map[string]string{"If-Match": `"1"`}))
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s %s: %s", tc.route, tc.sent, diff)
		}
	}
	if shown := o.send("commerce", "GET /orders/{order}", id, "", nil).Want(t, 200); shown.Header["etag"] != `"1"` {
		t.Errorf("changed: %s", shown.Body)
	}
}

func TestVersionsAreComparedAsHTTPHasIt(t *testing.T) {
	o := open(t)
	id := o.placed(42)
	for sent, want := range map[string]int{
		`"1"`: 200, `*`: 200, `"7", "1"`: 200, `"7" ,W/"2",,"1"`: 200, `"a,b", "1"`: 200,
		`"7"`: 412, `"7", "8"`: 412, `W/"1"`: 412, `""`: 412,
		`1`: 400, `"1`: 400, `1"`: 400, `"1" "2"`: 400, `w/"1"`: 400, `"1", 2`: 400, `,`: 400, `"1", *`: 400,
	} {
		for route, body := range map[string]string{"PATCH /orders/{order}": `{}`, "POST /orders/{order}/resume": `{"reason":"x"}`} {
			got := o.send("commerce", route, id, body, map[string]string{"If-Match": sent})
			want := want
			if want == 200 && strings.HasPrefix(route, "POST") {
				want = 409 // it does not run: the version was right
			}
			if got.Status != want || want == 400 && (!strings.Contains(got.Body, "if_match_malformed") || !strings.Contains(got.Body, "Send the ETag with its quotes.")) {
				t.Errorf("%s If-Match: %s: %d %s, want %d", route, sent, got.Status, got.Body, want)
			}
		}
	}
	for sent, want := range map[string]int{
		`"1"`: 304, `*`: 304, `W/"1"`: 304, `"7", "1"`: 304, `"7",W/"1"`: 304, `"7"`: 200, `"7", "11"`: 200, `1`: 200, `"1`: 200, ``: 200,
	} {
		got := o.send("commerce", "GET /orders/{order}", id, "", map[string]string{"If-None-Match": sent}).Want(t, want)
		if got.Header["etag"] != `"1"` || (got.Body == "") != (want == 304) {
			t.Errorf("If-None-Match: %s: %v %s", sent, got.Header, got.Body)
		}
	}
}

func TestUnknownParametersAreRefused(t *testing.T) {
	o := open(t)
	id := o.placed(43)
	for _, tc := range []struct{ route, query, sent string }{
		{"GET /orders", "foo=1", ""}, {"POST /orders", "foo=1", body(44)}, {"GET /orders/{order}", "foo=1", ""}, {"GET /orders/{order}", "limit=2", ""},
		{"PATCH /orders/{order}", "foo=1", `{}`}, {"POST /orders/{order}/cancel", "foo=1", `{"reason":"x"}`},
		{"GET /orders/{order}/events", "limit=2&foo=1", ""}, {"GET /orders/{order}/deliveries", "foo=1", ""},
		{"POST /orders/{order}/events/{seq}/redeliver", "foo=1", ""},
	} {
		r := call.Request{Route: tc.route, Path: map[string]string{"order": id, "seq": "1"}, Query: tc.query, Body: tc.sent, Caller: "commerce", Now: o.now,
			Header: map[string]string{"If-Match": `"1"`, "Idempotency-Key": "test-key-00000044", "Content-Type": "application/json"}}
		for name, code := range told(t, call.HTTP(t, o.function, r)) {
			if code != "unknown_parameter" || !strings.Contains(tc.query, name[1:]+"=") {
				t.Errorf("%s?%s: %s %s", tc.route, tc.query, name, code)
			}
		}
		if r.Caller = ""; call.HTTP(t, o.function, r).Status != 403 {
			t.Errorf("%s?%s without an authorizer is not 403", tc.route, tc.query)
		}
	}
	call.HTTP(t, o.function, call.Request{Route: "GET /orders/{order}/events", Path: map[string]string{"order": id}, Query: "limit=1&cursor=0", Caller: "commerce", Now: o.now}).Want(t, 200)
	if shown := o.send("commerce", "GET /orders/{order}", id, "", nil).Want(t, 200); shown.Header["etag"] != `"1"` {
		t.Errorf("changed: %s", shown.Body)
	}
}
