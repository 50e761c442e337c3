package services_test

import "testing"

func TestMeetings(t *testing.T) {
	o := open(t)
	order := o.mapped(nil)
	as := o.session(karl)
	look := request{route: "GET /services/{order}/meetings", order: order.ID, as: as}
	var got struct {
		TimeZone, Language, Status string
		Zone                       string `json:"time_zone"`
	}
	o.client(look).Want(t, 200).JSON(t, &got)
	if got.Zone != "Europe/Ljubljana" || got.Language != "sl" || got.Status != "not_started" {
		t.Errorf("at first %+v", got)
	}
	send := request{route: "POST /services/{order}/meetings", order: order.ID, as: as, sent: `{"time_zone":"Local"}`}
	p := refused(t, o.client(send), 400, "invalid")
	p.field(t, "/time_zone", "zone_unknown")
	send.sent = `{"time_zone":"America/Sao_Paulo","language":"pt"}`
	o.client(send).Want(t, 200)
	o.client(look).JSON(t, &got)
	if got.Zone != "America/Sao_Paulo" || got.Language != "pt" || got.Status != "completed" {
		t.Errorf("after saving %+v", got)
	}
}

func TestMeetingsPageOfABrowser(t *testing.T) {
	o := open(t)
	order := o.mapped(nil)
	as := o.session(karl)
	says(t, o.browser(request{route: "GET /services/{order}/meetings", order: order.ID, as: as, lang: "sl"}).Want(t, 200), "Nastavitve sestankov", "selected value=sl")
	send := request{route: "POST /services/{order}/meetings", order: order.ID, as: as, form: map[string]string{"time_zone": "Europe/Vienna", "lang": "sl"}}
	says(t, o.browser(send).Want(t, 400), "Izberite jezik", "selected value=Europe/Vienna")
	send.form["language"] = "de"
	goes(t, o.browser(send), "/services/"+order.ID)
}
