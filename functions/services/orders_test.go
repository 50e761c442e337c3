package services_test

import (
	"strings"
	"testing"
)

type listed struct {
	Orders []struct {
		ID, Status string
		Customer   struct{ Name string }
		MaySetUp   bool `json:"may_set_up"`
	}
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
				if !ok || order.MaySetUp != may || order.Status != "mapped" || order.Customer.Name != "Alpine Mills GmbH" {
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
