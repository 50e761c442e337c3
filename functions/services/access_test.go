package services_test

import (
	"strings"
	"testing"
	"time"

	"dayone/shared/commerce"
)

const eva = commerce.Address("eva@sudlicht.example") // administers a partner that karl's company does not know

func TestPartnerGetsInOnlyWhenTheCustomersAdministratorSaysYes(t *testing.T) {
	for name, tc := range map[string]struct {
		decision string
		status   int
	}{
		"yes": {"yes", 200}, "no": {"no", 403}, "nothing": {"", 403},
	} {
		t.Run(name, func(t *testing.T) {
			o := open(t)
			customer := o.mapped(nil).Mapping.Customer
			order, link := o.consent(eva, customer)
			as := o.session(eva)
			look := request{route: "GET /services/{order}", order: order.ID, as: as}
			refused(t, o.client(look), 403, "no_access")
			for _, route := range []string{"POST /services/{order}/subscription", "POST /services/{order}/calling", "POST /services/{order}/meetings", "POST /services/{order}/enterprise",
				"GET /services/{order}/subscription", "GET /services/{order}/calling", "GET /services/{order}/meetings", "GET /services/{order}/enterprise"} {
				refused(t, o.client(request{route: route, order: order.ID, as: as, sent: `{}`}), 403, "no_access")
			}
			if got := o.list(order.ID, o.session(karl)); got.Order.Status != "mapped" {
				t.Errorf("the customer sees %v", got)
			}

			var asked struct {
				Access, Order string
				Partner       struct{ Name, Country string }
				Customer      struct{ Name string }
			}
			describe := request{route: "POST /access", sent: `{"token":"` + link.Reveal() + `"}`}
			o.client(describe).Want(t, 200).JSON(t, &asked)
			if asked.Access != "asked" || asked.Order != order.ID || asked.Partner.Name != "Sudlicht Partner d.o.o." || asked.Partner.Country != "SI" || asked.Customer.Name != "Alpine Mills GmbH" {
				t.Errorf("asked %+v", asked)
			}
			if tc.decision != "" {
				decide := request{route: "POST /access", sent: `{"token":"` + link.Reveal() + `","decision":"` + tc.decision + `"}`}
				o.client(decide).Want(t, 200)
				refused(t, o.client(decide), 410, "link_used")
				refused(t, o.client(describe), 410, "link_used")
				stored, err := o.store.Order(o.Context(), order.ID)
				o.must(err)
				if last := stored.Events[len(stored.Events)-1]; last.Kind != "access_decided" || last.Actor != "member:"+string(karl) {
					t.Errorf("the timeline ends with %+v", last)
				}
			}
			o.client(look).Want(t, tc.status)
		})
	}
}

func TestAccessGivenUpForAnOrderStaysGivenUpForThatOrder(t *testing.T) {
	o := open(t)
	managed := o.mapped(nil)
	partner, err := o.store.Organization(o.Context(), managed.Mapping.Partner)
	o.must(err)
	customer, err := o.store.Organization(o.Context(), managed.Mapping.Customer)
	o.must(err)
	member, _, err := o.store.Member(o.Context(), karl)
	o.must(err)
	givenUp, _ := o.completed(o.invited(nil), commerce.Answers{Role: commerce.RoleCustomer, CustomerAdmin: karl, CustomerOrganization: customer.ID},
		commerce.Known{Partners: []commerce.Organization{partner}, CustomerAdmin: member, Customers: []commerce.Organization{customer}, CustomerAdmins: []commerce.Address{karl}})
	as := o.session(ana)
	o.client(request{route: "GET /services/{order}", order: managed.ID, as: as}).Want(t, 200)
	refused(t, o.client(request{route: "GET /services/{order}", order: givenUp.ID, as: as}), 403, "no_access")
	refused(t, o.client(request{route: "POST /services/{order}/subscription", order: givenUp.ID, as: as, sent: `{"reviewed":true}`}), 403, "no_access")
	says(t, o.browser(request{route: "GET /services/{order}", order: givenUp.ID, as: as, lang: "sl"}).Want(t, 403), "Do tega naročila nimate dostopa")
	says(t, o.browser(request{route: "GET /services", as: as, lang: "sl"}).Want(t, 200), givenUp.ID, "Vidite samo stanje")
	if got := o.list(givenUp.ID, o.session(karl)); got.Order.Status != "mapped" {
		t.Errorf("the customer sees %v", got)
	}
}

func TestAccessLinks(t *testing.T) {
	o := open(t)
	_, link := o.consent(eva, o.mapped(nil).Mapping.Customer)
	send := func(token, decision string) request {
		return request{route: "POST /access", sent: `{"token":"` + token + `","decision":"` + decision + `"}`}
	}
	refused(t, o.client(send("psa_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "yes")), 404, "link_unknown")
	refused(t, o.client(send("", "yes")), 400, "invalid").field(t, "/token", "token_missing")
	refused(t, o.client(send(link.Reveal(), "maybe")), 400, "invalid").field(t, "/decision", "decision_missing")
	o.now = o.now.Add(commerce.AccessTokenFor)
	refused(t, o.client(send(link.Reveal(), "yes")), 410, "link_expired")
}

func TestAccessPageOfABrowser(t *testing.T) {
	o := open(t)
	order, link := o.consent(eva, o.mapped(nil).Mapping.Customer)
	send := func(lang string, fields ...string) request {
		form := map[string]string{"token": link.Reveal(), "lang": lang}
		for i := 0; i < len(fields); i += 2 {
			form[fields[i]] = fields[i+1]
		}
		return request{route: "POST /access", form: form}
	}
	inert := o.browser(request{route: "GET /access", lang: "en"}).Want(t, 200)
	says(t, inert, "Answer the request for access", `name="token"`)
	if strings.Contains(inert.Body, "Sudlicht") {
		t.Error("the page says who asks before anybody shows the link")
	}
	asked := o.browser(send("en")).Want(t, 200)
	says(t, asked, "Give Sudlicht Partner d.o.o. access to your organization?", "Slovenia", "Alpine Mills GmbH", "Yes, give access", "No, do not give access")
	says(t, o.browser(send("en", "asked", "true")).Want(t, 400), "Select whether you give access")
	says(t, o.browser(send("en", "asked", "true", "switch", "sl")).Want(t, 200), "Da, dovolim dostop")
	given := o.browser(send("sl", "asked", "true", "decision", "yes")).Want(t, 200)
	says(t, given, "Partner Sudlicht Partner d.o.o. ima zdaj dostop", order.ID)
	says(t, o.browser(send("sl", "done", "true", "switch", "en")).Want(t, 200), "Sudlicht Partner d.o.o. now has access")
	says(t, o.browser(send("en", "asked", "true", "decision", "no")).Want(t, 410), "This request was answered or has expired")
}

// consentOf is another administrator's link to answer the request of an order.
func (o *office) consentOf(who commerce.Address, order commerce.Order) string {
	o.Helper()
	link := o.token(commerce.AccessToken)
	o.must(o.store.Issue(o.Context(), commerce.Grant{Hash: link.Hash(), Kind: commerce.AccessToken, Member: who, Order: order.ID,
		Customer: order.Mapping.Customer, Partner: order.Mapping.Partner, IssuedAt: o.now, ExpiresAt: o.now.Add(time.Hour)}))
	return link.Reveal()
}

func TestTheFirstOfSeveralAdministratorsToAnswerDecides(t *testing.T) {
	o := open(t)
	first := o.mapped(nil)
	o.joins(bor, karl)
	order, link := o.consent(eva, first.Mapping.Customer)
	send := func(token, decision string) request {
		return request{route: "POST /access", sent: `{"token":"` + token + `","decision":"` + decision + `"}`}
	}
	o.client(send(link.Reveal(), "yes")).Want(t, 200)
	second := o.consentOf(bor, order)
	refused(t, o.client(send(second, "no")), 409, "access_answered")
	form := map[string]string{"token": second, "lang": "en"}
	says(t, o.browser(request{route: "POST /access", form: form}).Want(t, 200), "Sudlicht Partner d.o.o. now has access")
	form["asked"], form["decision"] = "true", "no"
	says(t, o.browser(request{route: "POST /access", form: form}).Want(t, 409), "A colleague has answered already", `href="/organization"`)
	o.client(send(second, "yes")).Want(t, 200)
	refused(t, o.client(send(second, "yes")), 410, "link_used")
	o.client(request{route: "GET /services/{order}", order: order.ID, as: o.session(eva)}).Want(t, 200)
	stored, err := o.store.Order(t.Context(), order.ID)
	o.must(err)
	if stored.Mapping.PartnerAccess != commerce.AccessGranted {
		t.Errorf("the order shows %s", stored.Mapping.PartnerAccess)
	}
	if got := o.queued("access_"); got != "access_changed bor@alpine.example, access_granted eva@sudlicht.example" {
		t.Errorf("letters %s", got)
	}
}

func TestAnAdministratorWhoWasRemovedAnswersNothing(t *testing.T) {
	o := open(t)
	first := o.mapped(nil)
	o.settles(karl)
	o.joins(bor, karl)
	order, _ := o.consent(eva, first.Mapping.Customer)
	link := o.consentOf(bor, order)
	o.client(request{route: "POST /organization/remove", as: o.session(karl), sent: `{"email":"bor@alpine.example"}`}).Want(t, 200)
	refused(t, o.client(request{route: "POST /access", sent: `{"token":"` + link + `","decision":"yes"}`}), 404, "link_unknown")
}
