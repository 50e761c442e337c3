package services_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dayone/shared/commerce"
	"dayone/shared/texts"
)

func TestCallingBeginsWithWhatIsKnownAndKeepsWhatWasSaved(t *testing.T) {
	o := open(t)
	order := o.mapped(nil)
	as := o.session(karl)
	look := request{route: "GET /services/{order}/calling", order: order.ID, as: as}
	var got map[string]string
	o.client(look).Want(t, 200).JSON(t, &got)
	known := map[string]string{"country": "AT", "location_name": "", "address": "", "city": "", "postal_code": "",
		"time_zone": "Europe/Ljubljana", "language": "sl", "main_number": "", "status": "not_started"}
	if d := cmp.Diff(known, got); d != "" {
		t.Errorf("at first (-want +got):\n%s", d)
	}
	o.client(request{route: "POST /services/{order}/calling", order: order.ID, as: as, sent: calling}).Want(t, 200)
	var want map[string]string
	o.must(json.Unmarshal([]byte(calling), &want))
	want["status"] = "completed"
	o.client(look).JSON(t, &got)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("after saving (-want +got):\n%s", d)
	}
}

func TestCallingNamesEveryBadField(t *testing.T) {
	o := open(t)
	order := o.mapped(nil)
	p := refused(t, o.client(request{route: "POST /services/{order}/calling", order: order.ID, as: o.session(karl),
		sent: `{"country":"xx","location_name":" ","time_zone":"Mars/Base","language":"tlh","main_number":"call me"}`}), 400, "invalid")
	got := map[string]string{}
	for _, e := range p.Errors {
		got[e.Pointer] = e.Code
	}
	want := map[string]string{"/country": "country_unknown", "/location_name": "location_missing", "/address": "street_missing", "/city": "city_missing",
		"/postal_code": "postal_code_missing", "/time_zone": "zone_unknown", "/language": "language_unknown", "/main_number": "phone_malformed"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("errors (-want +got):\n%s", d)
	}
}

func TestCallingPageOfABrowser(t *testing.T) {
	o := open(t)
	order := o.mapped(nil)
	as := o.session(karl)
	page := o.browser(request{route: "GET /services/{order}/calling", order: order.ID, as: as, lang: "sl"}).Want(t, 200)
	says(t, page, "Nastavitve klicev", "Jezik obvestil", "selected value=AT", "selected value=Europe/Ljubljana", "selected value=sl")
	send := request{route: "POST /services/{order}/calling", order: order.ID, as: as, form: map[string]string{"city": "<Graz>", "lang": "sl"}}
	says(t, o.browser(send).Want(t, 400), "Vnesite ime lokacije", "Vnesite naslov", "Vnesite poštno številko", "Izberite državo ali regijo", `value="&lt;Graz&gt;"`)
	var form map[string]string
	o.must(json.Unmarshal([]byte(calling), &form))
	street := form["address"]
	form["address"], send.form = strings.Repeat("x", 121), form
	says(t, o.browser(send).Want(t, 400), "Enter an address of up to 120 characters, on one line")
	form["address"] = street
	send.form = form
	goes(t, o.browser(send), "/services/"+order.ID)
}

func TestEverythingThePagesOfferCanBeSaved(t *testing.T) {
	l := texts.For("en")
	for _, language := range l.Languages() {
		if !commerce.IsLanguage(language.Code) {
			t.Errorf("%s is offered and refused", language.Name)
		}
	}
	for _, zone := range l.Zones() {
		if _, err := commerce.Zone(zone.Code); err != nil {
			t.Errorf("%s is offered and refused", zone.Name)
		}
	}
}
