package pages_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"dayone/shared/commerce"
	"dayone/shared/pages"
	"dayone/shared/texts"
)

var update = flag.Bool("update", false, "write the golden pages anew")

var date = commerce.Date{Year: 2026, Month: 11, Day: 24}

var templates = pages.New(os.DirFS("testdata/pages"), "help@dayone.example")

// views are one page of each kind, as functions would show them.
func views(l *texts.Language) map[string]pages.View {
	token := pages.Answer{Name: "token", Value: "psl_2NfQ7xkY1m"}
	order := &pages.Order{Number: "WX-2026-004217", Customer: "Alpine Mills GmbH", Start: l.Date(date), Subscription: "A-FLEX · " + l.N("words.unit.user", 250)}
	wizard := func(v pages.View) pages.View {
		v.Lang, v.Order, v.Leave = l, order, "/setup"
		v.Answers = append([]pages.Answer{token}, v.Answers...)
		return v
	}
	item := func(name, href, of, status, note string) pages.Item {
		words, colour := pages.Tag(l, of, status)
		return pages.Item{Name: name, Href: href, Status: words, Colour: colour, Note: note}
	}
	rows := []pages.Row{
		{Label: l.Label("partner_name"), Value: "Nordlicht Partner d.o.o."}, {Label: l.Label("partner_country"), Value: l.Country("SI")},
		{Label: l.Label("partner_admin_email"), Value: "ana.novak@nordlicht.example"}, {Label: l.Label("partner_phone"), Value: l.T("words.not_given")},
	}
	return map[string]pages.View{
		"open": {Lang: l, Name: "open", Action: "/setup/start", Switch: "/setup"},
		"start": wizard(pages.View{Name: "start", Action: "/setup/role", Data: []pages.Item{
			{Name: l.T("words.sku.CALL"), Status: l.N("words.unit.user", 250)}, {Name: l.T("words.sku.ROOM"), Status: l.N("words.unit.room", 3)},
		}}),
		"role": wizard(pages.View{Name: "role", Action: "/setup/role", Step: 1, Steps: 4, StepName: l.T("pages.role.step"), Back: "start"}),
		"role-error": wizard(pages.View{Name: "role", Action: "/setup/role", Step: 1, Steps: 4, StepName: l.T("pages.role.step"), Back: "start",
			Problems: []pages.Problem{{Field: "role", Text: l.Problem("role", "missing")}}}),
		"partner-new": wizard(pages.View{Name: "partner-new", Action: "/setup/partner-organization", Step: 2, Steps: 4, StepName: l.T("pages.partner_new.step"), Back: "who",
			Answers: []pages.Answer{{Name: "role", Value: "partner"}, {Name: "partner_country", Value: "SI"}}}),
		"partner-new-error": wizard(pages.View{Name: "partner-new", Action: "/setup/partner-organization", Step: 2, Steps: 4, StepName: l.T("pages.partner_new.step"), Back: "who",
			Answers: []pages.Answer{
				{Name: "role", Value: "partner"}, {Name: "set_up_by", Value: "me"}, {Name: "partner_admin_email", Value: "ana.novak@"},
				{Name: "partner_country", Value: "TZ"}, {Name: "partner_phone", Value: "123"},
			},
			Problems: []pages.Problem{
				{Field: "partner_name", Text: l.Problem("partner_name", "missing")}, {Field: "partner_admin_email", Text: l.Problem("partner_admin_email", "malformed")},
				{Field: "partner_country", Text: l.Problem("partner_country", "unknown")}, {Field: "partner_phone", Text: l.Problem("partner_phone", "malformed")},
			}}),
		"customer-existing": wizard(pages.View{Name: "customer-existing", Action: "/setup/customer-organization", Step: 3, Steps: 4, StepName: l.T("pages.customer_existing.step"), Back: "customer-admin",
			Answers: []pages.Answer{{Name: "customer_organization", Value: "org_1"}},
			Data: []pages.Option{{Value: "org_1", Label: "Alpine Mills GmbH", Hint: l.Country("AT")}, {Value: "org_2", Label: "Alpine Mills Holding", Hint: l.Country("CH")},
				{Value: "new", Label: l.T("pages.customer_existing.none")}}}),
		"review": wizard(pages.View{Name: "review", Action: "/setup/complete", Step: 4, Steps: 4, StepName: l.T("pages.review.step"), Back: "customer-organization",
			Answers: []pages.Answer{{Name: "review_digest", Value: "d41d8cd9"}},
			Data: []pages.Section{{Title: l.T("pages.review.partner"), Change: "partner-organization", Rows: rows}, {Title: l.T("pages.review.customer"), Change: "customer-organization", Rows: rows},
				{Title: l.T("pages.review.order"), Rows: []pages.Row{{Label: l.T("words.order_number"), Value: order.Number}, {Label: l.T("words.purchase_order")}}}}}),
		"password": {Lang: l, Name: "password", Action: "/password", Area: "services", Switch: "/password"},
		"password-error": {Lang: l, Name: "password", Action: "/password", Area: "services", Answers: []pages.Answer{{Name: "token", Value: "psp_2Nf"}, {Name: "password", Value: "hunter2"}},
			Problems: []pages.Problem{{Field: "password", Text: l.Problem("password", "too_short")}}},
		"tasks": {Lang: l, Name: "tasks", Area: "services", Order: order, SignOut: true, Back: "/services", Data: []pages.Item{
			item(l.T("pages.tasks.subscription"), "/services/WX-2026-004217/subscription", "task", "completed", ""),
			item(l.T("pages.tasks.calling"), "/services/WX-2026-004217/calling", "task", "not_started", ""),
			item(l.T("pages.tasks.activate"), "", "task", "not_started", ""),
		}},
		"subscription": {Lang: l, Name: "subscription", Area: "services", Order: order, SignOut: true, Back: "/services/WX-2026-004217", Action: "/services/WX-2026-004217/subscription",
			Data: []pages.Section{{Title: l.T("words.sku.CALL"), Rows: []pages.Row{
				{Label: l.T("words.quantity"), Value: l.N("words.unit.user", 25)}, {Label: l.T("words.term"), Value: l.N("words.months", 36)},
				{Label: l.T("words.price"), Value: l.Money(1250, "EUR") + " " + l.T("words.per.user") + ", " + l.T("words.billing_period.monthly")}}}}},
		"calling": {Lang: l, Name: "calling", Area: "services", Order: order, SignOut: true, Back: "/services/WX-2026-004217", Action: "/services/WX-2026-004217/calling", Submit: l.T("words.save"),
			Answers: []pages.Answer{{Name: "time_zone", Value: "Africa/Abidjan"}, {Name: "language", Value: "sl"}, {Name: "country", Value: "SI"}}},
		"calling-error": {Lang: l, Name: "calling", Area: "services", Order: order, SignOut: true, Back: "/services/WX-2026-004217", Action: "/services/WX-2026-004217/calling", Submit: l.T("words.save"),
			Answers: []pages.Answer{{Name: "main_number", Value: "12"}},
			Problems: []pages.Problem{
				{Field: "location_name", Text: l.Problem("location_name", "missing")}, {Field: "address", Text: l.Problem("address", "missing")},
				{Field: "postal_code", Text: l.Problem("postal_code", "missing")}, {Field: "city", Text: l.Problem("city", "missing")},
				{Field: "country", Text: l.Problem("country", "missing")}, {Field: "time_zone", Text: l.Problem("time_zone", "missing")},
				{Field: "language", Text: l.Problem("language", "missing")}, {Field: "main_number", Text: l.Problem("main_number", "malformed")},
			}},
		"enterprise": {Lang: l, Name: "enterprise", Area: "services", Order: order, SignOut: true, Back: "/services/WX-2026-004217", Action: "/services/WX-2026-004217/enterprise", Submit: l.T("words.save"),
			Answers: []pages.Answer{{Name: "subdomain", Value: "alpine-mills"}}},
		"progress": {Lang: l, Name: "progress", Area: "services", Order: order, SignOut: true, Data: []pages.Item{
			item(l.T("words.sku.CALL"), "", "line", "provisioned", ""), item(l.T("words.sku.MEET"), "", "line", "provisioning", ""),
			item(l.T("words.sku.MSG"), "", "line", "failed", l.T("pages.progress.reason", "reason", "quota <exceeded>")),
		}},
		"dead-end": func() pages.View {
			v := pages.DeadEnd(l, http.StatusGone, "link_expired", "")
			v.Action, v.Answers = "/setup/resend", []pages.Answer{token}
			return v
		}(),
		"dead-end-link": pages.DeadEnd(l, http.StatusGone, "link_used", "/sign-in"),
		"dead-end-500":  pages.DeadEnd(l, http.StatusInternalServerError, "internal", "", "id", "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"),
	}
}

func write(t *testing.T, v pages.View) *http.Response {
	t.Helper()
	w := httptest.NewRecorder()
	if err := templates.Write(w, v); err != nil {
		t.Fatal(err)
	}
	return w.Result()
}

func body(t *testing.T, r *http.Response) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := b.ReadFrom(r.Body); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// each runs check on every page in every language.
func each(t *testing.T, check func(t *testing.T, v pages.View, r *http.Response, page []byte)) {
	for _, tag := range texts.Tags() {
		for name, v := range views(texts.For(tag)) {
			t.Run(name+"."+tag, func(t *testing.T) {
				r := write(t, v)
				check(t, v, r, body(t, r))
			})
		}
	}
}

func TestPagesAreTheGoldenOnes(t *testing.T) {
	each(t, func(t *testing.T, _ pages.View, _ *http.Response, page []byte) {
		file := filepath.Join("testdata", "golden", strings.ReplaceAll(filepath.Base(t.Name()), "/", "-")+".html")
		if *update {
			if err := os.WriteFile(file, page, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(page, want) {
			t.Errorf("the page is not %s; look at it, then run with -update", file)
		}
	})
}

func TestPagesAreSmall(t *testing.T) {
	each(t, func(t *testing.T, _ pages.View, _ *http.Response, page []byte) {
		var zipped bytes.Buffer
		z := gzip.NewWriter(&zipped)
		if _, err := z.Write(page); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		if len(page) > 12<<10 || zipped.Len() > 5<<10 {
			t.Errorf("%d bytes, %d gzipped; want at most 12 and 5 KB", len(page), zipped.Len())
		}
		t.Log(len(page), zipped.Len())
	})
}

var inline = regexp.MustCompile(`(?s)<(style|script)>(.*?)</(?:style|script)>`)

func TestPolicyAllowsJustTheInlineBytesServed(t *testing.T) {
	each(t, func(t *testing.T, _ pages.View, r *http.Response, page []byte) {
		policy := r.Header.Get("Content-Security-Policy")
		found := inline.FindAllSubmatch(page, -1)
		for _, m := range found {
			sum := sha256.Sum256(m[2])
			if source := string(m[1]) + "-src"; !strings.Contains(policy, source) || !strings.Contains(policy, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'") {
				t.Errorf("an inline %s is not in %s", m[1], policy)
			}
		}
		if n := strings.Count(policy, "'sha256-"); n != len(found) {
			t.Errorf("the policy allows %d sources, the page has %d", n, len(found))
		}
		for _, no := range []string{"unsafe", "http:", "https:", "*"} {
			if strings.Contains(policy, no) {
				t.Errorf("the policy has %s: %s", no, policy)
			}
		}
	})
}

func TestHeaders(t *testing.T) {
	r := write(t, views(texts.For("sl"))["role"])
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Content-Language": "sl", "Cache-Control": "private, no-cache",
		"Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "X-Robots-Tag": "noindex",
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	w := httptest.NewRecorder()
	w.Header().Set("Cache-Control", "no-store")
	if err := templates.Write(w, views(texts.For("sl"))["role"]); err != nil {
		t.Fatal(err)
	}
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control = %q, want the handler's own no-store", got)
	}
}

func TestStatus(t *testing.T) {
	all := views(texts.For("en"))
	for name, want := range map[string]int{"role": 200, "role-error": 400, "dead-end": 410, "dead-end-500": 500} {
		if got := write(t, all[name]).StatusCode; got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
}

// elements are all elements of a page, in the order of the document.
func elements(t *testing.T, page []byte) []*html.Node {
	t.Helper()
	doc, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var all []*html.Node
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode {
			all = append(all, n)
		}
	}
	return all
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

func TestEveryPageIsWiredForEverybody(t *testing.T) {
	each(t, func(t *testing.T, v pages.View, _ *http.Response, page []byte) {
		if i := bytes.Index(page, []byte("⟦")); i >= 0 {
			t.Errorf("a text is missing: %.60s", page[i:])
		}
		ids, labelled, headings := map[string]bool{}, map[string]bool{}, 0
		all := elements(t, page)
		for _, n := range all {
			if id := attr(n, "id"); id != "" {
				if ids[id] {
					t.Errorf("the id %s is there twice", id)
				}
				ids[id] = true
			}
			if n.Data == "label" {
				labelled[attr(n, "for")] = true
			}
			if n.Data == "h1" {
				headings++
			}
			if has(n, "style") || has(n, "onclick") || has(n, "src") {
				t.Errorf("<%s> has a style, a handler or a source of its own", n.Data)
			}
		}
		if headings != 1 {
			t.Errorf("%d headings, want one", headings)
		}
		for _, n := range all {
			for _, ref := range append(strings.Fields(attr(n, "aria-describedby")), strings.Fields(attr(n, "aria-labelledby"))...) {
				if !ids[ref] {
					t.Errorf("<%s id=%s> refers to %s, which is not there", n.Data, attr(n, "id"), ref)
				}
			}
			if href := attr(n, "href"); len(href) > 1 && href[0] == '#' && !ids[href[1:]] {
				t.Errorf("a link leads to %s, which is not there", href)
			}
			if (n.Data == "input" && attr(n, "type") != "hidden" || n.Data == "select") && !labelled[attr(n, "id")] {
				t.Errorf("<%s name=%s> has no label", n.Data, attr(n, "name"))
			}
			if n.Data == "form" && attr(n, "id") == "f" && !has(n, "novalidate") {
				t.Error("the form lets the browser validate")
			}
		}
		if invalid := bytes.Count(page, []byte(`<p class="err"`)); invalid != len(v.Problems) {
			t.Errorf("%d errors at the fields, want %d", invalid, len(v.Problems))
		}
		if len(v.Problems) > 0 != strings.Contains(string(page), "<title>"+v.Lang.T("words.error")+" ") {
			t.Error("the title does not say whether there is an error")
		}
	})
}

func TestEnterPressesTheMainButton(t *testing.T) {
	each(t, func(t *testing.T, v pages.View, _ *http.Response, page []byte) {
		if v.Action == "" {
			return
		}
		for _, n := range elements(t, page) {
			inside := false
			for up := n.Parent; up != nil; up = up.Parent {
				inside = inside || attr(up, "id") == "f"
			}
			if n.Data != "button" || attr(n, "type") == "button" || attr(n, "form") != "f" && !inside {
				continue
			}
			if has(n, "name") {
				t.Errorf("Enter posts %s=%s", attr(n, "name"), attr(n, "value"))
			}
			return
		}
	})
}

func TestAnswersTravelOnce(t *testing.T) {
	each(t, func(t *testing.T, v pages.View, _ *http.Response, page []byte) {
		if v.Action == "" {
			return
		}
		sent := map[string]int{}
		for _, n := range elements(t, page) {
			name := attr(n, "name")
			if (n.Data == "input" || n.Data == "select") && name != "" && (attr(n, "type") != "radio" || sent[name] == 0) {
				sent[name]++
			}
		}
		for _, a := range append(v.Answers, pages.Answer{Name: "lang"}) {
			if sent[a.Name] != 1 {
				t.Errorf("%s is posted %d times, want once", a.Name, sent[a.Name])
			}
		}
	})
}

func TestPasswordsDoNotComeBack(t *testing.T) {
	if page := body(t, write(t, views(texts.For("en"))["password-error"])); bytes.Contains(page, []byte("hunter2")) {
		t.Error("the page shows the password that was typed")
	}
}

func TestHostileValuesAreText(t *testing.T) {
	hostile := `"><script>alert(1)</script><img src=x onerror=alert(1)>' javascript:alert(1) ` + "\u202e</title></style>{{.}}"
	for name, v := range views(texts.For("en")) {
		v.Title, v.StepName, v.Submit = hostile, hostile, hostile
		v.Order = &pages.Order{Number: hostile, Customer: hostile, Start: hostile, Subscription: hostile}
		for i := range v.Answers {
			v.Answers[i].Value = hostile
		}
		for i := range v.Problems {
			v.Problems[i].Text = hostile
		}
		switch data := v.Data.(type) {
		case []pages.Item:
			for i := range data {
				data[i] = pages.Item{Name: hostile, Href: hostile, Status: hostile, Colour: hostile, Note: hostile}
			}
		case []pages.Section:
			for i := range data {
				data[i] = pages.Section{Title: hostile, Change: hostile, Rows: []pages.Row{{Label: hostile, Value: hostile}}}
			}
		case []pages.Option:
			for i := range data {
				data[i] = pages.Option{Value: hostile, Label: hostile, Hint: hostile}
			}
		}
		for _, n := range elements(t, body(t, write(t, v))) {
			if n.Data == "img" || has(n, "onerror") || n.Data == "script" && strings.Contains(n.FirstChild.Data, "alert") || strings.HasPrefix(attr(n, "href"), "javascript") {
				t.Errorf("%s: a value became <%s>", name, n.Data)
			}
		}
	}
}

func TestProblemWithoutAnInputLeadsNowhere(t *testing.T) {
	v := views(texts.For("en"))["role"]
	v.Problems = []pages.Problem{{Text: "The order changed"}, {Field: "customer_name", Text: "Enter the organization name"}}
	page := string(body(t, write(t, v)))
	for _, want := range []string{"<li>The order changed</li>", "<li>Enter the organization name</li>"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page misses %s", want)
		}
	}
}

func TestTheSummaryIsInTheOrderOfTheFields(t *testing.T) {
	v := views(texts.For("en"))["calling-error"]
	slices.Reverse(v.Problems)
	v.Problems = append([]pages.Problem{{Text: "The order changed"}}, v.Problems...)
	page := body(t, write(t, v))
	at := 0
	for _, want := range []string{`"#location_name"`, `"#address"`, `"#country"`, `"#time_zone"`, `"#main_number"`, "<li>The order changed"} {
		i := bytes.Index(page, []byte(want))
		if i < at {
			t.Errorf("%s is not where it belongs", want)
		}
		at = i
	}
}

func TestNothingIsSentWhenAPageFails(t *testing.T) {
	w := httptest.NewRecorder()
	if err := templates.Write(w, pages.View{Lang: texts.For("en"), Name: "no-such-page"}); err == nil {
		t.Error("a page that does not exist was written")
	}
	if len(w.Header()) != 0 || w.Body.Len() != 0 {
		t.Errorf("sent %v and %d bytes", w.Header(), w.Body.Len())
	}
}

func TestADeadEndSaysWhatHappenedNotOnlyItsStatus(t *testing.T) {
	for code, words := range map[string]string{"cross_origin": "This request came from another site", "no_access": "You have no access to this order", "no_such_code": "You have no access to this order"} {
		if page := body(t, write(t, pages.DeadEnd(texts.For("en"), http.StatusForbidden, code, "/sign-in"))); !bytes.Contains(page, []byte(words)) {
			t.Errorf("%s does not say %q", code, words)
		}
	}
}

func TestEveryDeadEndHasItsWords(t *testing.T) {
	for _, status := range []int{400, 401, 403, 404, 405, 409, 410, 412, 415, 429, 500, 503} {
		for _, tag := range texts.Tags() {
			page := body(t, write(t, pages.DeadEnd(texts.For(tag), status, "no_such_code", "/", "id", "1")))
			if bytes.Contains(page, []byte("⟦")) || bytes.Contains(page, []byte("{id}")) {
				t.Errorf("%d in %s misses a text", status, tag)
			}
		}
	}
}
