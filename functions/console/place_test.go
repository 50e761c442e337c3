package console_test

import (
	"html"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dayone/shared/commerce"
	"dayone/shared/store"
)

// typed is an order as an operator types it in.
func typed(key string, over ...string) []string {
	fields := []string{"key", key, "external_ref", "HAND-1", "family", "A-FLEX", "partner_name", "Nordlicht Partner d.o.o.", "partner_country", "SI",
		"customer_name", "Piranske soline d.o.o.", "customer_country", "SI", "start_date", "2026-12-10", "time_zone", "Europe/Ljubljana", "locale", "sl",
		"contact_email", "Ana@Nordlicht.example", "representative_name", "Maja Zupan", "representative_email", "maja.zupan@vendor.example",
		"term_months", "36", "billing", "monthly", "currency", "eur", "quantity_call", "25", "price_call", "12,50", "quantity_pstn", "5", "price_pstn", "2"}
	return append(fields, over...)
}

// key is the key of a fresh form.
func (d *desk) key() string {
	d.Helper()
	m := regexp.MustCompile(`name="key" value="([^"]+)"`).FindStringSubmatch(d.get("/console/place").Want(d, 200).Body)
	if m == nil {
		d.Fatal("the form has no key")
	}
	return html.UnescapeString(m[1])
}

func TestPlaceAnOrderByHand(t *testing.T) {
	d := signedIn(t)
	r := d.post("/console/place", typed(d.key())...).Want(t, 303)
	id, _, _ := strings.Cut(strings.TrimPrefix(r.Header["location"], "/console/orders/"), "?")
	o := d.order(id)
	if o.Caller != caller || o.Customer.Name != "Piranske soline d.o.o." || o.Contact != "ana@nordlicht.example" || o.Status != commerce.Scheduled || len(o.Lines) != 2 {
		t.Errorf("placed %+v", o)
	}
	if l := o.Lines[0]; l.SKU != "A-FLEX-CALL" || l.Quantity != 25 || l.UnitPrice != 1250 || l.Currency != "EUR" || l.Subscription != "HAND-1-CALL" {
		t.Errorf("line %+v", l)
	}
	if e := o.Events[0]; e.Kind != "placed" || e.Actor != "operator:"+string(maja) {
		t.Errorf("the timeline begins with %+v", e)
	}
	says(t, d.get(r.Header["location"]).Want(t, 200), "The order was placed.", "Order placed by "+string(maja)+", operator")
}

// A double click, the browser's Back and a lost answer make one order of one form.
func TestOneFormIsOneOrder(t *testing.T) {
	d := signedIn(t)
	key := d.key()
	var wait sync.WaitGroup
	led := make([]string, 6)
	for i := range led {
		wait.Go(func() { led[i] = d.post("/console/place", typed(key)...).Header["location"] })
	}
	wait.Wait()
	for _, to := range led {
		if to == "" || to != led[0] {
			t.Errorf("led to %v", led)
		}
	}
	// The same form with another order in it places nothing before it is pressed again.
	again := d.post("/console/place", typed(key, "external_ref", "HAND-2")...).Want(t, http.StatusConflict)
	says(t, again, "Press again to place another one")
	m := regexp.MustCompile(`name="key" value="([^"]+)"`).FindStringSubmatch(again.Body)
	if m == nil || m[1] == key {
		t.Fatalf("the key is still %v", m)
	}
	d.post("/console/place", typed(m[1], "external_ref", "HAND-2")...).Want(t, 303)
	// A reference stands for one order.
	taken := d.post("/console/place", typed(d.key())...).Want(t, http.StatusConflict)
	says(t, taken, "Another order has this reference", "which has this reference")
	if !strings.Contains(led[0], regexp.MustCompile(`/console/orders/(DO-[^"]+)"`).FindStringSubmatch(taken.Body)[1]) {
		t.Error("it leads to another order")
	}
}

func TestABadFormNamesEveryField(t *testing.T) {
	d := signedIn(t)
	for name, tc := range map[string]struct {
		over []string
		want []string
	}{
		"nothing at all": {[]string{"external_ref", "", "family", "", "partner_name", "", "partner_country", "", "customer_name", "", "customer_country", "", "start_date", "",
			"contact_email", "", "representative_name", "", "representative_email", "", "term_months", "", "currency", "", "quantity_call", "", "price_call", "", "quantity_pstn", "", "price_pstn", ""},
			[]string{"external_ref", "family", "partner_name", "partner_country", "customer_name", "customer_country", "start_date", "contact_email", "representative_name", "representative_email"}},
		"nothing on the second page": {[]string{"term_months", "", "currency", "", "quantity_call", "", "price_call", "", "quantity_pstn", "", "price_pstn", ""}, []string{"term_months", "quantity_call"}},
		"an add-on without its base": {[]string{"quantity_call", "", "price_call", ""}, []string{"quantity_pstn"}},
		"no price":                   {[]string{"price_call", ""}, []string{"price_call"}},
		"no quantity":                {[]string{"quantity_call", ""}, []string{"quantity_call"}},
		"half a cent":                {[]string{"price_call", "0,005"}, []string{"price_call"}},
		"minus one":                  {[]string{"quantity_call", "-1"}, []string{"quantity_call"}},
		"an odd term, annually":      {[]string{"billing", "annual", "term_months", "30"}, []string{"term_months"}},
		"no currency":                {[]string{"currency", "EURO"}, []string{"currency"}},
		"a start in the year 3000":   {[]string{"start_date", "3000-01-01"}, []string{"start_date"}},
		"no zone":                    {[]string{"time_zone", "Mars/Olympus"}, []string{"time_zone"}},
		"a key that nobody made":     {[]string{"key", "x"}, nil},
	} {
		page := d.post("/console/place", typed(d.key(), tc.over...)...).Want(t, 400)
		for _, field := range tc.want {
			if !strings.Contains(page.Body, `<a href="#`+field+`">`) {
				t.Errorf("%s: nothing is said of %s", name, field)
			}
		}
		if strings.Contains(page.Body, "⟦") {
			t.Errorf("%s: a text is missing", name)
		}
	}
	if orders, _, err := d.store.AtDesk(t.Context(), "", "", 10); err != nil || len(orders) > 0 {
		t.Errorf("%d orders were placed, %v", len(orders), err)
	}
}

// The form has two pages. Nothing is placed by the first, which carries along what the second has asked already; and a
// country may be written as its name.
func TestTheFormHasTwoPages(t *testing.T) {
	d := signedIn(t)
	key := d.key()
	says(t, d.post("/console/place", typed(key, "step", "order", "customer_name", "")...).Want(t, 400), "Step 1 of 2", `<a href="#customer_name">`, `name="price_call" value="12,50"`)
	second := d.post("/console/place", typed(key, "step", "order", "quantity_call", "", "price_call", "", "customer_country", "slovenia")...).Want(t, 200)
	says(t, second, "Services and prices", "Step 2 of 2", `name="customer_country" value="SI"`, `name="key" value="`+key+`"`)
	if strings.Contains(second.Body, `id="problem"`) {
		t.Error("the second page begins with problems")
	}
	says(t, d.post("/console/place", typed(key, "step", "prices", "back", "order")...).Want(t, 200), "Step 1 of 2", `value="Piranske soline d.o.o."`, `name="price_call" value="12,50"`)
	says(t, d.post("/console/place", typed(key, "step", "prices", "switch", "sl")...).Want(t, 200), "Storitve in cene")
	if orders, _, err := d.store.AtDesk(t.Context(), "", "", 10); err != nil || len(orders) > 0 {
		t.Errorf("%d orders were placed, %v", len(orders), err)
	}
	d.post("/console/place", typed(key, "step", "prices")...).Want(t, 303)
}

func TestTheFormInAnotherLanguage(t *testing.T) {
	d := signedIn(t)
	says(t, d.post("/console/place", typed(d.key(), "switch", "sl")...).Want(t, 200), "Ročno oddajte naročilo", `value="Piranske soline d.o.o."`)
	if n := len(rows(d.get("/console").Body)); n != 0 {
		t.Errorf("%d orders were placed", n)
	}
}

func TestChargesOfAMonth(t *testing.T) {
	d := signedIn(t)
	says(t, d.get("/console/charges").Want(t, 200), "Nothing was charged in this month.", "2026-11", "2027-01")
	d.get("/console/charges?month=2026-13").Want(t, 400)
	d.get("/console/charges?month=x").Want(t, 400)
	d.get("/console/charges?from=1").Want(t, 400)
	d.get("/console/charges?from=-1").Want(t, 400)
	o := d.changed(d.invited(), func(o commerce.Order) (commerce.Order, error) {
		o.Status, o.Mapping = commerce.Provisioning, commerce.Mapping{Partner: "org_p", Customer: "org_c", At: d.now}
		o.Lines[0].Status = commerce.LineProvisioned
		o.Version++
		return o, nil
	})
	_, err := d.tables.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: new(d.tables.Name("OrganizationsTable")), Item: key("organization#org_c", "organization")})
	d.must(err)
	active, charges, letters := o.Finish(d.now)
	d.must(d.store.Finish(t.Context(), o, store.Ending{Order: active, Charges: charges, Letters: letters}))
	says(t, d.get("/console/charges").Want(t, 200), "All charges of 2026-12: €312.50", "Nordlicht Partner d.o.o. Alpine Mills GmbH 1 €312.50")
	says(t, d.get("/console/orders/"+o.ID).Want(t, 200), "Charges", "Calling · 25 €312.50 1 December 2026 – 31 December 2026 · Billing period", "Billed since 1 December 2026")
}
