package console_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dayone/local/call"
	"dayone/shared/commerce"
	"dayone/shared/texts"
)

func key(pk, sk string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: pk}, "sk": &types.AttributeValueMemberS{Value: sk}}
}

// kinds are all that can be in a timeline: what commerce's code notes, by name, and the few kinds that it makes up.
func kinds(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "..", "shared", "commerce", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var all, made []string
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			f, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			at := map[string]int{"note": 1, "to": 2}[f.Sel.Name]
			if at == 0 || len(call.Args) < 4 {
				return true
			}
			if text, ok := call.Args[at].(*ast.BasicLit); ok {
				kind, err := strconv.Unquote(text.Value)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, kind)
				return true
			}
			made = append(made, filepath.Base(path))
			return true
		})
	}
	made = slices.Compact(slices.Sorted(slices.Values(made)))
	// What of a letter (delivery.go), a line (provision.go) and a service change (service_job.go); the fourth passes a kind on.
	if want := []string{"delivery.go", "order.go", "provision.go", "service_job.go"}; !slices.Equal(made, want) {
		t.Errorf("kinds are made up in %v; this test knows %v", made, want)
	}
	all = append(all, "letter_bounced", "letter_complained", "quantity_changed", "suspended", "resumed", "terminated", "term_ended")
	for _, s := range []commerce.LineStatus{commerce.LinePending, commerce.LineProvisioning, commerce.LineProvisioned, commerce.LineFailed, commerce.LineRemoved} {
		all = append(all, "line_"+string(s))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func TestEveryEventHasWordsInEveryLanguage(t *testing.T) {
	t.Parallel()
	all := kinds(t)
	if len(all) < 30 {
		t.Fatalf("only %v", all)
	}
	for _, tag := range texts.Tags() {
		l := texts.For(tag)
		for _, kind := range all {
			if !l.Has("words.event." + kind) {
				t.Errorf("%s has no words for %s", tag, kind)
			}
		}
		for _, why := range []commerce.Why{commerce.WhyBounced, commerce.WhyNotStarted, commerce.WhyNobodyTold, commerce.WhyUnrecognised, commerce.WhyClosed, commerce.WhyFailed, commerce.WhyStuck, commerce.WhyRefused} {
			if !l.Has("words.need."+string(why)) || !l.Has("words.need_text."+string(why)) {
				t.Errorf("%s has no words for %s", tag, why)
			}
		}
		for _, kind := range []commerce.ServiceKind{commerce.ChangeQuantity, commerce.Suspend, commerce.Resume, commerce.Terminate, commerce.EndOfTerm} {
			if !l.Has("words.service_change." + string(kind)) {
				t.Errorf("%s has no words for %s", tag, kind)
			}
		}
		for _, desk := range commerce.Desks {
			if !l.Has("pages.desk.at."+string(desk)) || !l.Has("pages.desk.sorted."+string(desk)) {
				t.Errorf("%s has no words for %s", tag, desk)
			}
		}
	}
}

// timeline is all pages of an order's timeline, from the latest, by their links.
func (d *desk) timeline(id string) string {
	d.Helper()
	var all strings.Builder
	for address := "/console/orders/" + id; address != ""; {
		page := d.get(address).Want(d, 200)
		if strings.Contains(address, "?") {
			all.WriteString(page.Body)
		}
		before := address
		address = ""
		for _, m := range regexp.MustCompile(`href="([^"?]+\?until=(\d+))"`).FindAllStringSubmatch(page.Body, -1) {
			_, until, later := strings.Cut(before, "until=")
			n, _ := strconv.Atoi(until)
			if to, err := strconv.Atoi(m[2]); err == nil && (!later || to < n) {
				address = m[1]
			}
		}
	}
	return all.String()
}

// An order with an event of every kind is told without a hole in any language.
func TestTheTimelineIsToldInTheLanguageOfThePage(t *testing.T) {
	d := signedIn(t)
	o := d.changed(d.invited(), func(o commerce.Order) (commerce.Order, error) {
		for _, kind := range kinds(t) {
			o.Events = append(o.Events, commerce.Event{Seq: len(o.Events) + 1, At: d.now, Kind: kind, Actor: "member:ana@nordlicht.example", Reason: "because",
				Changes: []commerce.Change{{Field: "to", After: "borut@late.example"}, {Field: "line", After: "1"}, {Field: "change.kind", After: "suspend"}}})
		}
		o.Version++
		return o, nil
	})
	for _, lang := range texts.Tags() {
		d.lang = lang
		page := d.timeline(o.ID)
		if holes := regexp.MustCompile(`⟦[^⟧]*⟧|\{[a-z_]+\}`).FindAllString(page, -1); len(holes) > 0 {
			t.Errorf("%s: %v", lang, holes)
		}
		for _, kind := range kinds(t) {
			if strings.Contains(page, "<p>"+kind) {
				t.Errorf("%s: %s is told raw", lang, kind)
			}
		}
	}
	d.lang = "sl"
	says(t, call.Response{Body: d.timeline(o.ID)}, "Naročilo oddano", "Predano borut@late.example", "skrbnik ana@nordlicht.example", "1. december 2026")
}

func TestALongTimelineIsShownFromItsEnd(t *testing.T) {
	d := signedIn(t)
	o := d.invited()
	for range 60 {
		o = d.changed(o, func(o commerce.Order) (commerce.Order, error) { return o.ReminderSent("message", d.now), nil })
	}
	page := d.get("/console/orders/"+o.ID).Want(t, 200)
	if n := strings.Count(page.Body, "CET<p>"); n != 6 {
		t.Errorf("%d entries are shown", n)
	}
	says(t, page, "Show the whole timeline")
	if n := strings.Count(d.timeline(o.ID), "CET<p>"); n != len(o.Events) {
		t.Errorf("%d of %d entries are shown", n, len(o.Events))
	}
	for _, until := range []string{"0", "-1", "x", "9999999999999999999"} {
		d.get("/console/orders/"+o.ID+"?until="+until).Want(t, 400)
	}
	says(t, d.get("/console/orders/"+o.ID+"?until=1").Want(t, 200), "Order placed", "Later entries")
}

func TestOneOrder(t *testing.T) {
	d := signedIn(t)
	o := d.failed()
	says(t, d.get("/console/orders/"+o.ID).Want(t, 200), o.ID, "Alpine Mills GmbH, Austria", "Nordlicht Partner d.o.o., Slovenia", "1 December 2026, Europe/Ljubljana",
		"provisioning@nordlicht.example", "Maja Zupan, maja.zupan@vendor.example", "CCW-1", "Calling · 25 users", "Sub1 · 36 months, €12.50 per month",
		"Provisioning was undone, nothing is billed", "A-FLEX-CALL: no such number range", "Setup email sent to provisioning@nordlicht.example", "0107019f3c2a…",
		"org_p, org_c", "1 December 2026, 12:00 CET")
	held := d.held()
	says(t, d.get("/console/orders/"+held.ID).Want(t, 200), "On hold since 1 December 2026", "Credit is checked.")
}
