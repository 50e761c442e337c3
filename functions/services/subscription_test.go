package services_test

import "testing"

func TestSubscriptionIsReviewed(t *testing.T) {
	o := open(t)
	order := o.mapped(nil)
	as := o.session(karl)
	var v struct {
		Reviewed bool
		Lines    []struct {
			SKU      string
			Quantity int
			Price    int64 `json:"unit_price"`
		}
	}
	look := request{route: "GET /services/{order}/subscription", order: order.ID, as: as}
	o.client(look).Want(t, 200).JSON(t, &v)
	if v.Reviewed || len(v.Lines) != 2 || v.Lines[0].SKU != "A-FLEX-CALL" || v.Lines[0].Quantity != 25 || v.Lines[1].Price != 9900 {
		t.Errorf("subscription %+v", v)
	}
	send := request{route: "POST /services/{order}/subscription", order: order.ID, as: as, sent: `{"reviewed":false}`}
	refused(t, o.client(send), 400, "invalid").field(t, "/reviewed", "reviewed_missing")
	send.sent = `{"reviewed":true}`
	o.client(send).Want(t, 200)
	o.client(send).Want(t, 200)
	o.client(look).JSON(t, &v)
	if !v.Reviewed {
		t.Error("it is not marked as reviewed")
	}
}

func TestSubscriptionPageOfABrowser(t *testing.T) {
	o := open(t)
	order := o.mapped(nil)
	as := o.session(karl)
	page := o.browser(request{route: "GET /services/{order}/subscription", order: order.ID, as: as, lang: "sl"}).Want(t, 200)
	says(t, page, "Podrobnosti naročnine", "25 uporabnikov", "36 mesecev", "12,50", "Nekaj ni pravilno", `name="reviewed" value="true"`)
	send := request{route: "POST /services/{order}/subscription", order: order.ID, as: as, form: map[string]string{"reviewed": "true", "wrong": "true", "lang": "sl"}}
	says(t, o.browser(send).Want(t, 200), "Obrnite se na predstavnika računa", "Maja Zupan", "mailto:maja.zupan@vendor.example", order.ID)
	if got := o.list(order.ID, as).Tasks[0].Status; got != "not_started" {
		t.Errorf("what is wrong is marked as %s", got)
	}
	send.form = map[string]string{"reviewed": "true", "lang": "sl"}
	goes(t, o.browser(send), "/services/"+order.ID)
}
