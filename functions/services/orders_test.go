package services_test

import (
	"fmt"
	"html"
	"maps"
	"regexp"
	"strings"
	"testing"
	"time"

	"dayone/shared/commerce"
)

type listed struct {
	Orders []struct {
		ID, Status string
		Customer   struct{ Name string }
		Partner    struct{ Name string }
		MaySetUp   bool `json:"may_set_up"`
		Can        string
	}
	Next string
}

func TestEverybodySeesTheOrdersOfTheirOrganization(t *testing.T) {
	o := open(t)
	first := o.mapped(nil)
	second, _ := o.consent(eva, first.Mapping.Customer)
	for name, tc := range map[string]struct {
		as   string
		want map[string]bool
	}{
		"the customer, all":                           {o.session(karl), map[string]bool{first.ID: true, second.ID: true}},
		"the partner, its own":                        {o.session(ana), map[string]bool{first.ID: true}},
		"the partner without access, the status only": {o.session(eva), map[string]bool{second.ID: false}},
	} {
		t.Run(name, func(t *testing.T) {
			var got listed
			o.client(request{route: "GET /services", as: tc.as}).Want(t, 200).JSON(t, &got)
			if len(got.Orders) != len(tc.want) {
				t.Fatalf("orders %+v, want %v", got, tc.want)
			}
			page := o.browser(request{route: "GET /services", as: tc.as, lang: "en"}).Want(t, 200)
			for _, order := range got.Orders {
				may, ok := tc.want[order.ID]
				if !ok || order.MaySetUp != may || order.Status != "mapped" || order.Customer.Name != "Alpine Mills GmbH" || order.Can != map[bool]string{true: "set_up", false: "status_only"}[may] {
					t.Errorf("order %+v", order)
				}
				says(t, page, order.ID)
				if linked := strings.Contains(page.Body, `href="/services/`+order.ID); linked != may {
					t.Errorf("order %s linked: %v, want %v", order.ID, linked, may)
				}
			}
		})
	}
	refused(t, o.client(request{route: "GET /services"}), 401, "signed_out")
}

// Scenario 37: all orders of a partner, in pages, each once.
func TestOrdersComeInPages(t *testing.T) {
	o := open(t)
	want := map[string]int{}
	first := o.mapped(nil)
	want[first.ID]++
	partner, err := o.store.Organization(t.Context(), first.Mapping.Partner)
	o.must(err)
	for i := range 6 { // for customers of their own
		o.now = o.now.Add(time.Minute)
		a := newToEachOther(ana, commerce.Address(fmt.Sprintf("it@customer-%d.example", i)))
		a.PartnerOrganization, a.PartnerName, a.PartnerCountry, a.PartnerAdmin, a.CustomerName = partner.ID, "", "", "", fmt.Sprint("Customer ", i)
		order, _ := o.completed(o.invited(func(t *commerce.Terms) { t.Customer.Name = fmt.Sprint("Customer ", i) }), a, commerce.Known{Partners: []commerce.Organization{partner}})
		want[order.ID]++
	}
	as := o.session(ana)
	for _, limit := range []int{1, 3, 7, 100} {
		got, cursor := map[string]int{}, ""
		for {
			var page listed
			o.client(request{route: "GET /services", as: as, query: fmt.Sprintf("limit=%d&cursor=%s", limit, cursor)}).Want(t, 200).JSON(t, &page)
			for _, order := range page.Orders {
				got[order.ID]++
			}
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		if !maps.Equal(got, want) {
			t.Errorf("pages of %d: %v, want %v", limit, got, want)
		}
	}
	page := o.browser(request{route: "GET /services", as: as, lang: "en", query: "limit=4"}).Want(t, 200)
	says(t, page, "Customer 5", "You can set up the services", "Older orders", `href="/organization"`)
	next := regexp.MustCompile(`href="/services\?([^"]*cursor[^"]*)"`).FindStringSubmatch(page.Body)
	if next == nil {
		t.Fatal("no next page")
	}
	page = o.browser(request{route: "GET /services", as: as, lang: "sl", query: html.UnescapeString(next[1])}).Want(t, 200)
	says(t, page, first.ID, "Alpine Mills GmbH", "Najnovejša naročila")
	if strings.Contains(page.Body, "Starejša naročila") {
		t.Error("there is a page after the last")
	}
	for _, query := range []string{"limit=0", "limit=101", "cursor=%21", "colour=red"} {
		refused(t, o.client(request{route: "GET /services", as: as, query: query}), 400, "invalid")
	}
}
