package services_test

import (
	"strings"
	"sync"
	"testing"

	"dayone/shared/commerce"
	"dayone/shared/store"
)

// neighbours are two companies with an order each, and the sessions of their administrators.
func (o *office) neighbours() (mine, theirs commerce.Order, me, them string) {
	o.Helper()
	mine = o.mapped(nil)
	theirs, _ = o.completed(o.invited(nil), newToEachOther("mia@other.example", "leo@elsewhere.example"), commerce.Known{})
	return mine, theirs, o.session(karl), o.session("leo@elsewhere.example")
}

func (o *office) saves(order commerce.Order, as, name string) request {
	return request{route: "POST /services/{order}/enterprise", order: order.ID, as: as, sent: `{"subdomain":"` + name + `"}`}
}

func TestSubdomainIsTakenOnceAndOthersAreSuggestedFreeOnes(t *testing.T) {
	o := open(t)
	mine, theirs, me, them := o.neighbours()
	o.client(o.saves(mine, me, "Acme")).Want(t, 200)
	var v struct {
		Subdomain, Domain, Status string
		Fixed                     bool
	}
	o.client(request{route: "GET /services/{order}/enterprise", order: mine.ID, as: me}).Want(t, 200).JSON(t, &v)
	if v.Subdomain != "acme" || v.Domain != "meet.example" || v.Status != "completed" || v.Fixed {
		t.Errorf("enterprise %+v", v)
	}
	p := refused(t, o.client(o.saves(theirs, them, "acme")), 409, "subdomain_taken")
	p.field(t, "/subdomain", "subdomain_taken")
	if len(p.Suggestions) == 0 {
		t.Fatal("nothing is suggested")
	}
	for _, name := range p.Suggestions {
		owner, err := o.store.SubdomainOwner(o.Context(), name)
		o.must(err)
		if owner != "" {
			t.Errorf("%s is suggested and taken", name)
		}
	}
	o.client(o.saves(theirs, them, p.Suggestions[0])).Want(t, 200)

	o.client(o.saves(mine, me, "acme-two")).Want(t, 200) // releases acme
	o.client(o.saves(theirs, them, "acme")).Want(t, 200)
	o.client(o.saves(theirs, them, "acme")).Want(t, 200)
}

func TestSubdomainSaysWhyItIsNoName(t *testing.T) {
	o := open(t)
	order := o.mapped(nil)
	as := o.session(karl)
	for name, code := range map[string]string{
		"": "subdomain_missing", "ac me": "subdomain_characters", "-acme": "subdomain_edges", "acme-": "subdomain_edges", "ab": "subdomain_length",
		strings.Repeat("a", 64): "subdomain_length", "admin": "subdomain_reserved", "xn--acme": "subdomain_punycode", "čevlji": "subdomain_characters",
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, o.client(o.saves(order, as, name)), 400, "invalid").field(t, "/subdomain", code)
		})
	}
}

func TestTwoCompaniesSaveTheSameSubdomainAtOnce(t *testing.T) {
	o := open(t)
	mine, theirs, me, them := o.neighbours()
	for round := range 20 {
		name := "acme" + strings.Repeat("x", round+1)
		statuses := make([]int, 2)
		var wait sync.WaitGroup
		for i, r := range []request{o.saves(mine, me, name), o.saves(theirs, them, name)} {
			wait.Go(func() { statuses[i] = o.client(r).Status })
		}
		wait.Wait()
		if statuses[0]+statuses[1] != 200+409 {
			t.Fatalf("round %d: %v, want one 200 and one 409", round, statuses)
		}
		owner, err := o.store.SubdomainOwner(o.Context(), name)
		o.must(err)
		winner := mine
		if statuses[1] == 200 {
			winner = theirs
		}
		if owner != winner.Mapping.Customer {
			t.Fatalf("round %d: %s has it", round, owner)
		}
	}
}

func TestTwoTasksOfOneOrderSavedAtOnceAreBothSaved(t *testing.T) {
	o := open(t)
	order := o.mapped(nil)
	as := o.session(karl)
	var wait sync.WaitGroup
	for task, sent := range map[string]string{"subscription": `{"reviewed":true}`, "calling": calling, "meetings": `{"time_zone":"Europe/Vienna","language":"de"}`,
		"enterprise": `{"subdomain":"alpine-mills"}`} {
		wait.Go(func() {
			if got := o.client(request{route: "POST /services/{order}/" + task, order: order.ID, as: as, sent: sent}); got.Status != 200 {
				t.Errorf("%s: %d %s", task, got.Status, got.Body)
			}
		})
	}
	wait.Wait()
	if got := o.list(order.ID, as); !got.CanProvision {
		t.Errorf("afterwards: %s", got)
	}
}

func TestSubdomainIsKeptFromAnEarlierOrderAndStaysOnceActive(t *testing.T) {
	o := open(t)
	first := o.mapped(nil)
	as := o.session(karl)
	o.done(first.ID, as)
	second, _ := o.consent(eva, first.Mapping.Customer)
	if got := o.list(second.ID, as).Tasks[3]; got.Name != "enterprise" || got.Status != "completed" {
		t.Errorf("the second order begins with %v", got)
	}
	mapped, err := o.store.Order(o.Context(), first.ID)
	o.must(err)
	customer, err := o.store.Organization(o.Context(), first.Mapping.Customer)
	o.must(err)
	running, err := mapped.BeginProvisioning(karl, customer, o.now)
	o.must(err)
	for {
		job, left := running.NextJob()
		if !left {
			break
		}
		running = running.Answered(job, commerce.Done, "", o.now)
	}
	active, charges, letters := running.Finish(o.now)
	o.must(o.store.Finish(o.Context(), mapped, store.Ending{Order: active, Charges: charges, Letters: letters}))

	refused(t, o.client(o.saves(second, as, "other-name")), 409, "subdomain_settled")
	o.client(o.saves(second, as, "alpine-mills")).Want(t, 200)
	page := o.browser(request{route: "GET /services/{order}/enterprise", order: second.ID, as: as, lang: "en"}).Want(t, 200)
	says(t, page, "The subdomain is alpine-mills. It cannot be changed after activation.")
	if strings.Contains(page.Body, `id="subdomain"`) {
		t.Error("the page asks for a name that cannot be changed")
	}
}

func TestEnterprisePageOfABrowser(t *testing.T) {
	o := open(t)
	mine, theirs, me, them := o.neighbours()
	page := o.browser(request{route: "GET /services/{order}/enterprise", order: mine.ID, as: me, lang: "sl"}).Want(t, 200)
	says(t, page, "Nastavitve podjetja", "Poddomena", `value="alpine-mills"`, ".meet.example", "Preveri razpoložljivost")
	send := func(order commerce.Order, as string, fields ...string) request {
		form := map[string]string{"lang": "en"}
		for i := 0; i < len(fields); i += 2 {
			form[fields[i]] = fields[i+1]
		}
		return request{route: "POST /services/{order}/enterprise", order: order.ID, as: as, form: form}
	}
	says(t, o.browser(send(mine, me, "subdomain", "acme", "check", "true")).Want(t, 200), "acme is available", `role="status"`)
	if got := o.list(mine.ID, me).Tasks[3].Status; got != "not_started" {
		t.Error("checking saves")
	}
	goes(t, o.browser(send(mine, me, "subdomain", "acme")), "/services/"+mine.ID)
	says(t, o.browser(send(mine, me, "subdomain", "acme", "check", "true")).Want(t, 200), "acme is already yours")
	says(t, o.browser(send(theirs, them, "subdomain", "acme", "check", "true")).Want(t, 200), `role="status"`, "acme is taken. Try alpine-mills")
	says(t, o.browser(send(theirs, them, "subdomain", "acme")).Want(t, 409), "There is a problem", "acme is taken. Try alpine-mills", `value="acme"`)
	says(t, o.browser(send(theirs, them, "subdomain", "acme", "lang", "sl")).Want(t, 409), "acme je zaseden. Poskusite alpine-mills")
	says(t, o.browser(send(theirs, them, "subdomain", "-acme", "check", "true")).Want(t, 400), "Begin and end with a letter or a digit")
}
