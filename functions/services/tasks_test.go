package services_test

import (
	"strings"
	"testing"
	"time"

	"dayone/shared/commerce"
)

const calling = `{"country":"AT","location_name":"Head office","address":"Mühlgasse 1","city":"Graz","postal_code":"8010","time_zone":"Europe/Vienna","language":"de","main_number":"+43 316 123456"}`

// done does every task of an order but the activation.
func (o *office) done(order, as string) {
	o.Helper()
	for task, sent := range map[string]string{
		"subscription": `{"reviewed":true}`, "calling": calling, "meetings": `{"time_zone":"Europe/Vienna","language":"de"}`,
		"enterprise": `{"subdomain":"alpine-mills"}`,
	} {
		o.client(request{route: "POST /services/{order}/" + task, order: order, as: as, sent: sent}).Want(o, 200)
	}
}

func TestTaskListComesBackWithWhatWasSaved(t *testing.T) {
	o := open(t)
	order := o.mapped(nil)
	as := o.session(ana)
	if got := o.list(order.ID, as).String(); got != "subscription not_started, calling not_started, meetings not_started, enterprise not_started, activate not_started; can provision false" {
		t.Errorf("at first: %s", got)
	}
	var saved tasks
	o.client(request{route: "POST /services/{order}/calling", order: order.ID, as: as, sent: calling}).Want(t, 200).JSON(t, &saved)
	if saved.Tasks[1].Status != "completed" {
		t.Errorf("saving answers %s", saved)
	}
	o.now = o.now.Add(24 * time.Hour)
	as = o.session(karl)
	if got := o.list(order.ID, as).String(); got != "subscription not_started, calling completed, meetings not_started, enterprise not_started, activate not_started; can provision false" {
		t.Errorf("the next day: %s", got)
	}
	o.done(order.ID, as)
	if got := o.list(order.ID, as); !got.CanProvision {
		t.Errorf("with everything done: %s", got)
	}
}

func TestOnlyTasksOfBoughtServicesAreShown(t *testing.T) {
	o := open(t)
	order := o.mapped(func(terms *commerce.Terms) {
		terms.Lines = []commerce.Line{{Subscription: "Sub1", SKU: "A-FLEX-MSG", Quantity: 5, TermMonths: 12, Billing: commerce.Prepaid, UnitPrice: 100, Currency: "EUR"}}
	})
	as := o.session(karl)
	if got := o.list(order.ID, as).String(); got != "subscription not_started, enterprise not_started, activate not_started; can provision false" {
		t.Errorf("tasks: %s", got)
	}
	for _, task := range []string{"calling", "meetings"} {
		r := request{route: "GET /services/{order}/" + task, order: order.ID, as: as, lang: "en"}
		refused(t, o.client(r), 404, "task_unknown")
		says(t, o.browser(r).Want(t, 404), "There is nothing to set here", `href="/services">Your orders</a>`)
	}
	refused(t, o.client(request{route: "POST /services/{order}/calling", order: order.ID, as: as, sent: calling}), 404, "task_unknown")
}

func TestStrangersDoNotLearnOfAnOrder(t *testing.T) {
	o := open(t)
	order := o.mapped(nil)
	customer := newToEachOther("mia@other.example", "leo@elsewhere.example")
	other, _ := o.completed(o.invited(nil), customer, commerce.Known{})
	for _, who := range []commerce.Address{"mia@other.example", "leo@elsewhere.example"} {
		as := o.session(who)
		for _, id := range []string{order.ID, "DO-0000-0000-0000", o.invited(nil).ID} {
			r := request{route: "GET /services/{order}", order: id, as: as, lang: "en"}
			refused(t, o.client(r), 404, "order_unknown")
			says(t, o.browser(r).Want(t, 404), "Order not found", `href="/services">Your orders</a>`)
		}
		if got := o.list(other.ID, as); got.Order.ID != other.ID {
			t.Errorf("%s sees %v", who, got)
		}
	}
	refused(t, o.client(request{route: "GET /services/{order}", order: order.ID}), 401, "signed_out")
	refused(t, o.client(request{route: "GET /services/{order}", order: order.ID, as: "pss_nonsense"}), 401, "signed_out")
}

func TestTaskListPageSaysWhatActivatingCosts(t *testing.T) {
	o := open(t)
	order := o.mapped(nil)
	as := o.session(karl)
	look := request{route: "GET /services/{order}", order: order.ID, as: as, lang: "sl"}
	page := o.browser(look).Want(t, 200)
	says(t, page, "Še ni začeto", "Podrobnosti naročnine", `href="/services/`+order.ID+`/calling"`, "Končanih 0 opravil od 5", "Storitve lahko omogočite, ko so končana vsa druga opravila")
	if strings.Contains(page.Body, "/provision") {
		t.Error("the button is there before its time")
	}
	o.done(order.ID, as)
	page = o.browser(look).Want(t, 200)
	says(t, page, "Končano", `action="/services/`+order.ID+`/provision"`, "Omogoči storitve in začni obračunavanje",
		"Začne se obračunavanje vseh kupljenih storitev. Tega ni mogoče razveljaviti", "312,50", "2475,00", "2787,50")
	says(t, page, `href="/services/`+order.ID+`?lang=en"`) // a switch that posts would provision
	says(t, o.browser(request{route: "GET /services/{order}", order: order.ID, as: as, lang: "en"}), "€2,787.50", "25 users")
}

func TestSettingsAreClosedWhileTheServicesAreMade(t *testing.T) {
	o := open(t)
	order := o.mapped(nil)
	as := o.session(karl)
	o.done(order.ID, as)
	mapped, err := o.store.Order(o.Context(), order.ID)
	o.must(err)
	customer, err := o.store.Organization(o.Context(), order.Mapping.Customer)
	o.must(err)
	begun, err := mapped.BeginProvisioning(karl, customer, o.now)
	o.must(err)
	o.must(o.store.Replace(o.Context(), mapped, begun))
	for task, sent := range map[string]string{"calling": strings.Replace(calling, "8010", "8020", 1), "enterprise": `{"subdomain":"other-name"}`} {
		refused(t, o.client(request{route: "POST /services/{order}/" + task, order: order.ID, as: as, sent: sent}), 409, "order_provisioning")
	}
	page := o.browser(request{route: "GET /services/{order}", order: order.ID, as: as, lang: "en"}).Want(t, 200)
	says(t, page, "Services of this order", "Being provisioned", `<a class="btn" href="/services/`+order.ID+`/progress">See the services</a>`)
	if strings.Contains(page.Body, "/calling") || strings.Contains(page.Body, "in any order") {
		t.Error("the page still leads to settings")
	}
	for _, task := range []string{"subscription", "calling", "meetings", "enterprise"} {
		answer := o.browser(request{route: "GET /services/{order}/" + task, order: order.ID, as: as, lang: "en"}).Want(t, 303)
		if to := answer.Header["location"]; to != "/services/"+order.ID+"/progress" {
			t.Errorf("the form of %s, which can no longer be sent, leads to %q", task, to)
		}
	}
}
