package api_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"dayone/shared/api"
	"dayone/shared/commerce"
)

func decode64(t testing.TB, s string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// thing is something that a body may say.
type thing struct {
	Name   string            `json:"name"`
	Count  int               `json:"count"`
	Price  int64             `json:"unit_price"`
	On     *bool             `json:"on,omitempty"`
	Inner  *inner            `json:"inner"`
	Lines  []inner           `json:"lines"`
	Any    any               `json:"any"`
	Labels map[string]string `json:"labels"`
	Hidden string            `json:"-"`
}

type inner struct {
	Sku string `json:"sku"`
}

// outcome is what an error says in short: "code" or "invalid" with its fields.
func outcome(err error) string {
	e, ok := errors.AsType[*commerce.Error](err)
	switch {
	case err == nil:
		return ""
	case !ok:
		return "ours: " + err.Error()
	case e.Kind != commerce.KindInvalid:
		return fmt.Sprintf("kind %d", e.Kind)
	}
	all := []string{e.Code}
	for _, p := range e.Problems {
		all = append(all, p.Field+" "+p.Code)
	}
	return strings.Join(all, "; ")
}

func TestStrictJSON(t *testing.T) {
	nested := func(n int) string { return `{"any":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}` }
	for name, tc := range map[string]struct{ body, want string }{
		"as it should be":               {`{"name":"a","count":1,"unit_price":2,"on":true,"inner":{"sku":"x"},"lines":[{"sku":"y"}],"any":[1.5,"z",null],"labels":{"k":"v"}}`, ""},
		"empty":                         {`{}`, ""},
		"space around":                  {" \n\t{ \"name\" : \"a\" } \r\n", ""},
		"null is left out":              {`{"name":null,"lines":null,"inner":null}`, ""},
		"unknown":                       {`{"nome":"a"}`, "invalid; nome unknown_field"},
		"unknown inside":                {`{"lines":[{"sku":"a"},{"sko":"b"}]}`, "invalid; lines/1/sko unknown_field"},
		"case-variant":                  {`{"Name":"a"}`, "invalid; Name unknown_field"},
		"case-variant beside":           {`{"name":"a","NAME":"b"}`, "invalid; NAME unknown_field"},
		"long s for s":                  {`{"line\u017f":[]}`, "invalid; lineſ unknown_field"},
		"hidden":                        {`{"Hidden":"a"}`, "invalid; Hidden unknown_field"},
		"a dash":                        {`{"-":"a"}`, "invalid; - unknown_field"},
		"duplicate":                     {`{"name":"a","name":"b"}`, "invalid; name duplicate_field"},
		"duplicate by escape":           {`{"name":"a","n\u0061me":"b"}`, "invalid; name duplicate_field"},
		"duplicate where keys are free": {`{"labels":{"a":"1","a":"2"}}`, "invalid; labels/a duplicate_field"},
		"duplicate deep in anything":    {`{"any":[{"a":{"b":1,"b":2}}]}`, "invalid; any/0/a/b duplicate_field"},
		"everything at once":            {`{"nome":"a","count":"x","count":1,"lines":[{"sku":1},"y"],"name":"a\u0000"}`, "invalid; nome unknown_field; count wrong_type; count duplicate_field; lines/0/sku wrong_type; lines/1 wrong_type; name control_character"},
		"a key with a slash":            {`{"a/b~c":1}`, "invalid; a~1b~0c unknown_field"},
		"trailing value":                {`{} {}`, "trailing_data"},
		"trailing text":                 {`{}x`, "trailing_data"},
		"trailing bracket":              {`{}}`, "trailing_data"},
		"a zero byte after":             {"{}\x00", "trailing_data"},
		"nothing":                       {``, "not_json"},
		"spaces":                        {`   `, "not_json"},
		"cut short":                     {`{"name":"a`, "not_json"},
		"a comma too many":              {`{"name":"a",}`, "not_json"},
		"a key without quotes":          {`{name:"a"}`, "not_json"},
		"a number for a key":            {`{1:"a"}`, "not_json"},
		"the wrong bracket":             {`{"lines":[}`, "not_json"},
		"a comment":                     {`{/* */}`, "not_json"},
		"a byte order mark":             {"\ufeff{}", "not_json"},
		"NaN":                           {`{"count":NaN}`, "not_json"},
		"a zero in front":               {`{"count":01}`, "not_json"},
		"invalid UTF-8":                 {"{\"name\":\"\xff\"}", "body_not_utf8"},
		"an overlong slash":             {"{\"name\":\"\xc0\xaf\"}", "body_not_utf8"},
		"half a pair, high":             {`{"name":"\ud83d"}`, "body_not_utf8"},
		"half a pair, low":              {`{"name":"\ude00"}`, "body_not_utf8"},
		"half a pair, then text":        {`{"name":"\ud83dx"}`, "body_not_utf8"},
		"half a pair, then another":     {`{"name":"\ud83d\ud83d"}`, "body_not_utf8"},
		"half a pair in a key":          {`{"\udc00":1}`, "body_not_utf8"},
		"a whole pair":                  {`{"name":"\ud83d\ude00"}`, ""},
		"a whole pair in capitals":      {`{"name":"\uD83D\uDE00"}`, ""},
		"a backslash, then u":           {`{"name":"\\ud83d"}`, ""},
		"eight deep":                    {nested(7), ""},
		"nine deep":                     {nested(8), "too_deep"},
		"very deep":                     {nested(10000), "too_deep"},
		"deep and cut short":            {`{"any":` + strings.Repeat("[", 9), "too_deep"},
		"brackets in a text":            {`{"name":"[[[[[[[[[{{"}`, ""},
		"a quote in a text":             {`{"name":"a\"[[[[[[[[[","nome":1}`, "invalid; nome unknown_field"},
		"a backslash at the end":        {`{"name":"a\\","nome":"[[[[[[[[["}`, "invalid; nome unknown_field"},
		"words and numbers close up":    {`{"lines":[],"any":[true,false,null,-1.5e3],"on":false,"inner":{}}`, ""},
		"a line break":                  {`{"name":"a\nb"}`, "invalid; name control_character"},
		"a zero byte":                   {`{"name":"a\u0000b"}`, "invalid; name control_character"},
		"a delete":                      {`{"name":"a\u007fb"}`, "invalid; name control_character"},
		"a next line":                   {`{"name":"a\u0085b"}`, "invalid; name control_character"},
		"a raw line break":              {"{\"name\":\"a\nb\"}", "not_json"},
		"text for a number":             {`{"count":"1"}`, "invalid; count wrong_type"},
		"a number for text":             {`{"name":1}`, "invalid; name wrong_type"},
		"a fraction":                    {`{"count":1.0}`, "invalid; count wrong_type"},
		"an exponent":                   {`{"unit_price":1e3}`, "invalid; unit_price wrong_type"},
		"beyond 64 bits":                {`{"unit_price":9223372036854775808}`, "invalid; unit_price wrong_type"},
		"64 bits":                       {`{"unit_price":9223372036854775807}`, ""},
		"text for true":                 {`{"on":"true"}`, "invalid; on wrong_type"},
		"a list for an object":          {`{"inner":[]}`, "invalid; inner wrong_type"},
		"an object for a list":          {`{"lines":{}}`, "invalid; lines wrong_type"},
		"a number in free text":         {`{"labels":{"a":1}}`, ""}, // refused below, by the type
		"a list of all":                 {`[]`, "invalid;  wrong_type"},
		"null of all":                   {` null `, "invalid;  wrong_type"},
		"a key without letters":         {`{"":1}`, "invalid; / unknown_field"},
		"text of all":                   {`"x"`, "invalid;  wrong_type"},
	} {
		t.Run(name, func(t *testing.T) {
			var v thing
			got := outcome(api.Decode([]byte(tc.body), &v))
			if name == "a number in free text" {
				if got == "" {
					t.Error("accepted")
				}
				return
			}
			if got != tc.want {
				t.Errorf("Decode = %q, want %q", got, tc.want)
			}
		})
	}
}

func TestMistakesAreToldUpToALimit(t *testing.T) {
	var b strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&b, `"k%d":1,`, i)
	}
	var v thing
	var e *commerce.Error
	if err := api.Decode([]byte("{"+b.String()+`"name":"a"}`), &v); !errors.As(err, &e) || len(e.Problems) != 100 {
		t.Errorf("%d problems", len(e.Problems))
	}
}

func TestJSONBodies(t *testing.T) {
	for name, tc := range map[string]struct{ kind, body, want string }{
		"JSON":              {"application/json", `{"name":"a"}`, ""},
		"with a charset":    {"application/json; charset=utf-8", `{"name":"a"}`, ""},
		"a merge patch":     {"application/merge-patch+json", `{"name":"a"}`, ""},
		"a form":            {"application/x-www-form-urlencoded", `name=a`, "not_json"},
		"no type":           {"", `{"name":"a"}`, "not_json"},
		"64 KiB":            {"application/json", `{"name":"` + strings.Repeat("a", 64<<10-11) + `"}`, ""},
		"64 KiB and a byte": {"application/json", `{"name":"` + strings.Repeat("a", 64<<10-10) + `"}`, "body_too_large"},
	} {
		r := httptest.NewRequest("POST", "/", strings.NewReader(tc.body))
		if r.Header.Del("Content-Type"); tc.kind != "" {
			r.Header.Set("Content-Type", tc.kind)
		}
		var v thing
		body, err := api.JSONBody(r, &v)
		if got := outcome(err); got != tc.want {
			t.Errorf("%s: JSONBody = %q, want %q", name, got, tc.want)
		}
		if err == nil && (string(body) != tc.body || v.Name == "") {
			t.Errorf("%s: read %q", name, v.Name)
		}
	}
}

func TestFields(t *testing.T) {
	const form, jsonType = "application/x-www-form-urlencoded", "application/json"
	for name, tc := range map[string]struct {
		kind, accept, body string
		want               api.Fields
		json               bool
		outcome            string
	}{
		"a form":                       {form, "text/html", "role=partner&name=A+%26+B", api.Fields{"role": "partner", "name": "A & B"}, false, ""},
		"a form beyond ASCII":          {form, "", "name=%C4%8D", api.Fields{"name": "č"}, false, ""},
		"an empty form":                {form, "", "", api.Fields{}, false, ""},
		"a form with a charset":        {form + "; charset=UTF-8", "", "role=x", api.Fields{"role": "x"}, false, ""},
		"a form, unknown":              {form, "", "role=x&rule=y&z=1", api.Fields{"role": "x", "rule": "y", "z": "1"}, false, "invalid; rule unknown_field; z unknown_field"},
		"a form, twice":                {form, "", "role=x&role=y", api.Fields{"role": "x"}, false, "invalid; role duplicate_field"},
		"a form, a line break":         {form, "", "role=a%0D%0Ab&name=%00", api.Fields{"role": "a\r\nb", "name": "\x00"}, false, "invalid; name control_character; role control_character"},
		"a form, invalid UTF-8":        {form, "", "role=%ff", api.Fields{"role": "\xff"}, false, "invalid; role control_character"},
		"a form, a bad escape":         {form, "", "role=%zz", api.Fields{}, false, "malformed_form"},
		"a form, a semicolon":          {form, "", "role=a;name=b", api.Fields{}, false, "malformed_form"},
		"JSON":                         {jsonType, "", `{"role":"partner","reviewed":true,"count":12,"name":null}`, api.Fields{"role": "partner", "reviewed": "true", "count": "12"}, true, ""},
		"JSON, nothing":                {jsonType, "", "", api.Fields{}, true, ""},
		"JSON, unknown":                {jsonType, "", `{"rule":"x"}`, api.Fields{"rule": "x"}, true, "invalid; rule unknown_field"},
		"JSON, case-variant":           {jsonType, "", `{"Role":"x"}`, api.Fields{"Role": "x"}, true, "invalid; Role unknown_field"},
		"JSON, twice":                  {jsonType, "", `{"role":"x","role":"y"}`, nil, true, "invalid; role duplicate_field"},
		"JSON, not flat":               {jsonType, "", `{"role":{"a":1},"name":[]}`, nil, true, "invalid; name wrong_type; role wrong_type"},
		"JSON, a list":                 {jsonType, "", `[]`, nil, true, "not_flat"},
		"JSON, null":                   {jsonType, "", `null`, nil, true, "not_flat"},
		"JSON, trailing":               {jsonType, "", `{}{}`, nil, true, "trailing_data"},
		"JSON, a line break":           {jsonType, "", `{"role":"a\nb"}`, nil, true, "invalid; role control_character"},
		"no type, from a client":       {"", "application/json", `{"role":"x"}`, api.Fields{"role": "x"}, true, ""},
		"no type, from a browser":      {"", "text/html", `role=x`, nil, false, "unsupported_body"},
		"another type, from a browser": {"text/plain", "text/html", `role=x`, nil, false, "unsupported_body"},
		"a form with files":            {"multipart/form-data; boundary=x", "text/html", `--x--`, nil, false, "unsupported_body"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("POST", "/", strings.NewReader(tc.body))
			if tc.kind != "" {
				r.Header.Set("Content-Type", tc.kind)
			}
			r.Header.Set("Accept", tc.accept)
			got, asJSON, err := api.ReadFields(r, "role", "name", "reviewed", "count")
			if outcome(err) != tc.outcome || asJSON != tc.json {
				t.Errorf("ReadFields: %q, JSON %t", outcome(err), asJSON)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhoWantsJSON(t *testing.T) {
	for name, tc := range map[string]struct {
		header map[string]string
		want   bool
	}{
		"a browser":                   {map[string]string{"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}, false},
		"a browser that posts a form": {map[string]string{"Accept": "text/html", "Content-Type": "application/x-www-form-urlencoded"}, false},
		"curl":                        {map[string]string{"Accept": "*/*"}, true},
		"a client":                    {map[string]string{"Accept": "application/json"}, true},
		"a client that posts":         {map[string]string{"Content-Type": "application/json; charset=utf-8", "Accept": "text/html"}, true},
		"a holder of a secret":        {map[string]string{"Authorization": "Bearer pss_1", "Accept": "image/png"}, true},
		"nobody in particular":        {nil, true},
		"a picture":                   {map[string]string{"Accept": "image/png"}, false},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		for n, v := range tc.header {
			r.Header.Set(n, v)
		}
		if got := api.WantsJSON(r); got != tc.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestQueries(t *testing.T) {
	for query, want := range map[string]string{
		"": "", "status=invited&limit=5": "", "state=x": "invalid; state unknown_parameter", "limit=1&limit=2": "invalid; limit duplicate_parameter",
		"Limit=1": "invalid; Limit unknown_parameter", "limit=%zz": "malformed_query", "limit=1;status=x": "malformed_query",
	} {
		r := httptest.NewRequest("GET", "/?", nil)
		r.URL.RawQuery = query
		q, err := api.ReadQuery(r, "status", "limit")
		if got := outcome(err); got != want {
			t.Errorf("%q: %q", query, got)
		}
		if query == "status=invited&limit=5" && (q["status"] != "invited" || q["limit"] != "5") {
			t.Errorf("read %v", q)
		}
	}
}

func TestLimits(t *testing.T) {
	for given, want := range map[string]int{"": 20, "1": 1, "100": 100, "0": -1, "101": -1, "-5": -1, "x": -1, "1.5": -1, "99999999999999999999": -1} {
		var c commerce.Check
		got := api.Limit(&c, api.Fields{"limit": given}, 20, 100)
		if (c.Err() != nil) != (want < 0) || want > 0 && got != want {
			t.Errorf("limit %q: %d, %v", given, got, c.Err())
		}
	}
}

func TestNothingIsRemovedByAPatch(t *testing.T) {
	for patch, want := range map[string]string{
		`{}`: "", `{"a":1,"b":{"c":false}}`: "", `{"a":null}`: "invalid; a not_removable", `{"a":{"b":null},"c":null}`: "invalid; a/b not_removable; c not_removable",
		`null`: "", `[]`: "not_json",
	} {
		if got := outcome(api.NoNulls([]byte(patch))); got != want {
			t.Errorf("%s: %q, want %q", patch, got, want)
		}
	}
}

// Scenario 17, and what only IDNA can tell.
func TestAddresses(t *testing.T) {
	for given, want := range map[string]commerce.Address{
		"Ana@Nordlicht.Example":                       "ana@nordlicht.example",
		" ana@nordlicht.example ":                     "ana@nordlicht.example",
		"ana@MÜHLEN.example":                          "ana@xn--mhlen-kva.example",
		"ana@mühlen.example":                          "ana@xn--mhlen-kva.example",
		"ana@xn--mhlen-kva.example":                   "ana@xn--mhlen-kva.example",
		"ana@mu\u0308hlen.example":                    "ana@xn--mhlen-kva.example", // u and its dots apart
		"ana@nordlicht。example":                       "ana@nordlicht.example",     // an ideographic full stop
		"ana@ｎｏｒｄｌｉｃｈｔ.example":                       "ana@nordlicht.example",     // full width
		"ana@faß.example":                             "ana@xn--fa-hia.example",
		"ana@*.example":                               "",
		"ana@nord_licht.example":                      "",
		"ana@-nordlicht.example":                      "",
		"ana@xn--.example":                            "",
		"ana@xn--a.example":                           "",
		"ana@nordlicht..example":                      "",
		"ana@" + strings.Repeat("a", 64) + ".example": "",
		"ana@nordlicht.example.":                      "",
		"ana@localhost":                               "",
		"ana@127.0.0.1":                               "",
		"ana@[127.0.0.1]":                             "",
		"ana@١٢٧.٠.٠.١":                               "",
		"ana\u200b@nordlicht.example":                 "",
		"ana@nord\u200blicht.example":                 "ana@nordlicht.example", // IDNA maps a zero-width space to nothing
		"ana@nordlicht.example\u2028":                 "ana@nordlicht.example", // trimmed, as any space around
		"ana@nord\u2028licht.example":                 "",
		"ana@nord\u202elicht.example":                 "",
		"Ana <ana@nordlicht.example>":                 "",
		"":                                            "",
	} {
		if got := api.Address(given); got != want {
			t.Errorf("Address(%q) = %q, want %q", given, got, want)
		}
	}
}

// FuzzDecode holds the strict reader to the lenient one: what it accepts encoding/json reads the same, once, whole.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"name":"a","count":1}`, `{"name":"a","name":"b"}`, `{"Name":"a"}`, `{"name":"\ud83d\ude00"}`, `{"name":"\ud83d"}`, `{"lines":[{"sku":"x"}]}`,
		`{"any":[[[[[[[[]]]]]]]]}`, `{} `, `{}x`, `[1,2]`, `"x"`, `null`, `{"name":"\u0000"}`, "{\"name\":\"\xff\"}", `{"any":{"a":{"a":1}}}`, `{"count":1e2}`,
		`{"labels":{"":""}}`, `{"name":"\\u00e9\u00e9"}`, `{"name":1,"count":"2"}`, "\ufeff{}", `{"name":"\`, `{"name":"\u`, `{"name":"\ud8`, `{"name":"\ud83d\u`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		var v thing
		if api.Decode([]byte(body), &v) != nil {
			return
		}
		if !utf8.ValidString(body) || !json.Valid([]byte(body)) {
			t.Fatalf("accepted %q", body)
		}
		var lenient thing
		if err := json.Unmarshal([]byte(body), &lenient); err != nil {
			t.Fatalf("accepted %q: %v", body, err)
		}
		if diff := cmp.Diff(lenient, v); diff != "" {
			t.Fatalf("%q: %s", body, diff)
		}
		if strings.ContainsFunc(v.Name, unicode.IsControl) || strings.ContainsRune(v.Name, utf8.RuneError) && !strings.Contains(body, "\ufffd") && !strings.Contains(strings.ToLower(body), `\ufffd`) {
			t.Fatalf("%q lost something: %q", body, v.Name)
		}
		var any map[string]json.RawMessage
		if json.Unmarshal([]byte(body), &any) == nil {
			known := []string{"name", "count", "unit_price", "on", "inner", "lines", "any", "labels"}
			for name := range any {
				if !slices.Contains(known, name) {
					t.Fatalf("accepted the field %q", name)
				}
			}
		}
	})
}
