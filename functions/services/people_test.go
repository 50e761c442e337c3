package services_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"dayone/local/call"
	"dayone/shared/commerce"
)

const bor = commerce.Address("bor@alpine.example") // is asked in

// settles gives somebody a password, so that they can sign in.
func (o *office) settles(who commerce.Address) {
	o.Helper()
	m, _, err := o.store.Member(o.Context(), who)
	o.must(err)
	if m.Password == "" {
		o.must(o.store.ReplaceMember(o.Context(), m, m.Chosen("hash", o.now)))
	}
}

// joins has somebody asked in by another, and accept.
func (o *office) joins(who, by commerce.Address) {
	o.Helper()
	m, _, err := o.store.Member(o.Context(), by)
	o.must(err)
	organization, err := o.store.Organization(o.Context(), m.Organization)
	o.must(err)
	o.must(o.store.Invite(o.Context(), m, organization.Invite(m, who, "sl", o.now)))
	o.settles(who)
}

// queued are the letters that wait whose kind begins so, sorted: "kind address, kind address".
func (o *office) queued(kind string) string {
	o.Helper()
	entries, err := o.store.Due(o.Context(), "Letters", o.now.Add(time.Hour), 100)
	o.must(err)
	var all []string
	for _, e := range entries {
		c, ok, err := o.store.Claim(o.Context(), e, "look", o.now, o.now)
		o.must(err)
		if ok && c.Letter != nil && strings.HasPrefix(string(c.Letter.Kind), kind) {
			all = append(all, string(c.Letter.Kind)+" "+string(c.Letter.To))
		}
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// sendAll takes all letters out of the queue.
func (o *office) sendAll() {
	o.Helper()
	entries, err := o.store.Due(o.Context(), "Letters", o.now, 100)
	o.must(err)
	for _, e := range entries {
		c, ok, err := o.store.Claim(o.Context(), e, "send", o.now, o.now)
		o.must(err)
		if ok {
			o.must(o.store.LetterSent(o.Context(), c, "message", o.now))
		}
	}
}

type homePage struct {
	ID, Kind, Name string
	Colleagues     []struct {
		Email, Standing string
		InvitedBy       string `json:"invited_by"`
		ExpiresAt       string `json:"expires_at"`
		You             bool
	}
	Partners []struct{ ID, Name, Access, Since string }
	Changes  []struct{ Kind, By, Who, Partner string }
}

func (h homePage) String() string {
	var all []string
	for _, c := range h.Colleagues {
		all = append(all, c.Email+" "+c.Standing)
	}
	for _, p := range h.Partners {
		all = append(all, p.Name+" "+p.Access)
	}
	return strings.Join(all, ", ")
}

func (o *office) home(as string) homePage {
	o.Helper()
	var h homePage
	o.client(request{route: "GET /organization", as: as}).Want(o, 200).JSON(o, &h)
	return h
}

func ask(route, as string, fields ...string) request {
	body := map[string]string{}
	for i := 0; i+1 < len(fields); i += 2 {
		body[fields[i]] = fields[i+1]
	}
	sent, _ := json.Marshal(body) // of strings, which cannot fail
	return request{route: route, as: as, sent: string(sent)}
}

func TestAColleagueIsInvitedAcceptsAndIsRemoved(t *testing.T) {
	o := open(t)
	o.mapped(nil)
	o.settles(karl)
	as := o.session(karl)
	invited := o.now
	var answer struct {
		Email, Standing string
		InvitedAt       time.Time `json:"invited_at"`
		ExpiresAt       time.Time `json:"expires_at"`
	}
	for range 2 { // the second time nothing is sent, and it is answered the same
		o.client(ask("POST /organization/invite", as, "email", " Bor@Alpine.example ")).Want(t, 200).JSON(t, &answer)
		if answer.Email != string(bor) || answer.Standing != "invited" || !answer.InvitedAt.Equal(invited) || !answer.ExpiresAt.Equal(invited.Add(commerce.InvitationFor)) {
			t.Errorf("answered %+v", answer)
		}
		o.now = o.now.Add(time.Minute)
	}
	if got := o.queued("invitation"); got != "invitation bor@alpine.example" {
		t.Errorf("letters %q", got)
	}
	if got := o.home(as).String(); got != "bor@alpine.example invited, karl.huber@alpine.example active, Nordlicht Partner d.o.o. granted" {
		t.Errorf("at home: %s", got)
	}
	link := o.token(commerce.PasswordToken)
	o.must(o.store.Issue(t.Context(), commerce.Grant{Hash: link.Hash(), Kind: commerce.PasswordToken, Member: bor, First: true, IssuedAt: o.now, ExpiresAt: o.now.Add(time.Hour)}))
	var welcome struct{ Session, Order string }
	o.client(ask("POST /password", "", "token", link.Reveal(), "password", good)).Want(t, 200).JSON(t, &welcome)
	if got := o.home(welcome.Session); got.String() != "bor@alpine.example active, karl.huber@alpine.example active, Nordlicht Partner d.o.o. granted" || !got.Colleagues[0].You {
		t.Errorf("at home: %+v", got)
	}
	o.client(ask("POST /organization/invite", as, "email", string(bor))).Want(t, 200).JSON(t, &answer)
	if answer.Standing != "active" || o.queued("invitation") != "invitation bor@alpine.example" {
		t.Errorf("somebody who is in it already: %+v", answer)
	}

	o.now = o.now.Add(time.Minute)
	for range 2 { // the second time they are gone already
		o.client(ask("POST /organization/remove", as, "email", string(bor))).Want(t, 200).JSON(t, &answer)
		if answer.Email != string(bor) || answer.Standing != "removed" {
			t.Errorf("answered %+v", answer)
		}
	}
	refused(t, o.client(request{route: "GET /organization", as: welcome.Session}), 401, "signed_out")
	refused(t, o.client(ask("POST /sign-in", "", "email", string(bor), "password", good)), 401, "wrong_password")
	refused(t, o.client(ask("POST /password", "", "token", o.reset(bor), "password", good)), 404, "link_unknown")
	if got := o.queued("removed"); got != "removed bor@alpine.example" {
		t.Errorf("letters %q", got)
	}
	h := o.home(as)
	if len(h.Changes) != 2 || h.Changes[0].Kind != "removed" || h.Changes[0].By != string(karl) || h.Changes[1].Who != string(bor) {
		t.Errorf("changes %+v", h.Changes)
	}
	// Their address is free: the partner may ask them in.
	o.now = o.now.Add(time.Hour)
	o.client(ask("POST /organization/invite", o.session(ana), "email", string(bor))).Want(t, 200)
	refused(t, o.client(request{route: "GET /organization", as: welcome.Session}), 401, "signed_out")
}

func TestAnAddressOfAnotherOrganizationIsRefused(t *testing.T) {
	o := open(t)
	o.mapped(nil)
	as := o.session(karl)
	refused(t, o.client(ask("POST /organization/invite", as, "email", string(ana))), 409, "address_taken")
	page := o.browser(request{route: "POST /organization/invite", as: as, lang: "en", form: map[string]string{"email": "Ana.Novak@nordlicht.example"}}).Want(t, 409)
	says(t, page, "already belongs to another organization", `value="Ana.Novak@nordlicht.example"`)
	if strings.Contains(page.Body, "Nordlicht Partner") {
		t.Error("the page says whose it is")
	}
	for _, address := range []string{"", "ana@"} {
		o.client(ask("POST /organization/invite", as, "email", address)).Want(t, 400)
	}
	// Whoever tries out whose addresses there are is slowed down, also for those that are nobody's.
	for range 4 {
		o.client(ask("POST /organization/invite", as, "email", string(ana)))
	}
	refused(t, o.client(ask("POST /organization/invite", as, "email", "new@alpine.example")), 429, "slow_down")
	says(t, o.browser(request{route: "POST /organization/invite", as: as, lang: "en", form: map[string]string{"email": "new@alpine.example"}}).Want(t, 429), "Too many attempts")
	o.now = o.now.Add(time.Minute)
	o.client(ask("POST /organization/invite", as, "email", "new@alpine.example")).Want(t, 200)
	o.client(ask("POST /organization/invite", as, "email", "newer@alpine.example")).Want(t, 200)
}

func TestAnExpiredInvitationIsSentAgainOrTakenOver(t *testing.T) {
	o := open(t)
	o.mapped(nil)
	o.client(ask("POST /organization/invite", o.session(karl), "email", string(bor))).Want(t, 200)
	o.sendAll()
	o.now = o.now.Add(commerce.InvitationFor)
	as := o.session(karl)
	page := o.browser(request{route: "GET /organization", as: as, lang: "sl"}).Want(t, 200)
	says(t, page, "Povabilo je poteklo", "Pošlji znova")
	o.client(ask("POST /organization/invite", as, "email", string(bor))).Want(t, 200)
	if got := o.queued("invitation"); got != "invitation bor@alpine.example" {
		t.Errorf("letters %q", got)
	}
	refused(t, o.client(ask("POST /organization/invite", o.session(ana), "email", string(bor))), 409, "address_taken")
	o.now = o.now.Add(commerce.InvitationFor)
	o.client(ask("POST /organization/invite", o.session(ana), "email", string(bor))).Want(t, 200)
	if got := o.home(o.session(karl)).String(); strings.Contains(got, string(bor)) {
		t.Errorf("still in the first organization: %s", got)
	}
}

func TestTheLastAdministratorStays(t *testing.T) {
	o := open(t)
	o.mapped(nil)
	o.settles(karl)
	as := o.session(karl)
	o.client(ask("POST /organization/invite", as, "email", string(bor))).Want(t, 200)
	refused(t, o.client(ask("POST /organization/remove", as, "email", string(karl))), 409, "last_administrator")
	page := o.browser(request{route: "POST /organization/remove", as: as, lang: "en", form: map[string]string{"email": string(karl)}}).Want(t, 409)
	says(t, page, "Somebody who can sign in has to stay", "Your organization")
	refused(t, o.client(ask("POST /organization/remove", as, "email", "nobody@alpine.example")), 404, "colleague_unknown")
	refused(t, o.client(ask("POST /organization/remove", as, "email", string(ana))), 404, "colleague_unknown")
	o.settles(bor)
	o.client(ask("POST /organization/remove", as, "email", string(karl))).Want(t, 200)
	refused(t, o.client(request{route: "GET /organization", as: as}), 401, "signed_out")
	if got := o.home(o.session(bor)).String(); got != "bor@alpine.example active, Nordlicht Partner d.o.o. granted" {
		t.Errorf("left: %s", got)
	}
}

func TestOnlyMembersSeeAnOrganization(t *testing.T) {
	o := open(t)
	o.mapped(nil)
	for _, r := range []request{{route: "GET /organization"}, {route: "GET /organization/invite"}, ask("POST /organization/invite", "", "email", string(bor)),
		ask("POST /organization/remove", "", "email", string(karl)), ask("POST /organization/access", "", "partner", "org_x", "access", "none")} {
		refused(t, o.client(r), 401, "signed_out")
		form := map[string]string{}
		if strings.HasPrefix(r.route, "POST ") {
			if err := json.Unmarshal([]byte(r.sent), &form); err != nil {
				t.Fatal(err)
			}
		}
		goes(t, o.browser(request{route: r.route, lang: "en", form: form}), "/sign-in?next=%2Forganization")
	}
	as := o.session(ana)
	refused(t, o.client(ask("POST /organization/access", as, "partner", "org_x", "access", "granted")), 403, "not_a_customer")
	refused(t, o.client(ask("POST /organization/access", o.session(karl), "partner", "org_x", "access", "granted")), 404, "partner_unknown")
	refused(t, o.client(ask("POST /organization/access", o.session(karl), "access", "maybe")), 400, "invalid")
	if h := o.home(as); len(h.Partners) != 0 || h.Kind != "partner" {
		t.Errorf("the partner sees %+v", h)
	}
}

func TestTheCustomerGivesAndTakesAwayAccess(t *testing.T) {
	o := open(t)
	order := o.mapped(nil)
	o.settles(karl)
	o.joins(bor, karl)
	as, partner := o.session(karl), o.session(ana)
	look := request{route: "GET /services/{order}", order: order.ID, as: partner}
	change := func(access string) call.Response {
		o.now = o.now.Add(time.Minute)
		return o.client(ask("POST /organization/access", as, "partner", order.Mapping.Partner, "access", access))
	}
	var answer struct{ ID, Name, Access string }
	o.client(look).Want(t, 200)
	for range 2 {
		change("none").Want(t, 200).JSON(t, &answer)
		if answer.Access != "none" || answer.Name != "Nordlicht Partner d.o.o." {
			t.Errorf("answered %+v", answer)
		}
		refused(t, o.client(look), 403, "no_access")
	}
	if got := o.queued("access_"); got != "access_changed bor@alpine.example, access_taken ana.novak@nordlicht.example" {
		t.Errorf("letters %s", got)
	}
	var mineNow listed
	o.client(request{route: "GET /services", as: partner}).Want(t, 200).JSON(t, &mineNow)
	if mineNow.Orders[0].Can != "status_only" {
		t.Errorf("the partner can %s", mineNow.Orders[0].Can)
	}
	for range 2 {
		change("granted").Want(t, 200).JSON(t, &answer)
		o.client(look).Want(t, 200)
	}
	h := o.home(as)
	if answer.Access != "granted" || len(h.Changes) != 3 || h.Changes[0].Kind != "access_granted" || h.Changes[0].Partner != "Nordlicht Partner d.o.o." || h.Partners[0].Since == "" {
		t.Errorf("at home %+v", h)
	}
	// The order's own timeline is about the order.
	stored, err := o.store.Order(t.Context(), order.ID)
	o.must(err)
	if stored.Version != order.Version {
		t.Errorf("the order changed: %+v", stored.Events)
	}
}

func TestARequestIsAnsweredOnThePageOfTheOrganization(t *testing.T) {
	for access, want := range map[string]int{"granted": 200, "none": 403} {
		t.Run(access, func(t *testing.T) {
			o := open(t)
			order, link := o.consent(eva, o.mapped(nil).Mapping.Customer)
			o.settles(karl)
			as := o.session(karl)
			page := o.browser(request{route: "GET /organization", as: as, lang: "en"}).Want(t, 200)
			says(t, page, "Sudlicht Partner d.o.o.", "Asks for access", "Has access", "Refuse")
			o.client(ask("POST /organization/access", as, "partner", order.Mapping.Partner, "access", access)).Want(t, 200)
			o.client(request{route: "GET /services/{order}", order: order.ID, as: o.session(eva)}).Want(t, want)
			decision := map[string]string{"granted": "no", "none": "yes"}[access]
			refused(t, o.client(ask("POST /access", "", "token", link.Reveal(), "decision", decision)), 409, "access_answered")
			letter := map[string]string{"granted": "access_granted", "none": "access_refused"}[access]
			if got := o.queued("access_"); got != letter+" eva@sudlicht.example" {
				t.Errorf("letters %s", got)
			}
		})
	}
}

func TestThePagesOfAnOrganizationInABrowser(t *testing.T) {
	o := open(t)
	order := o.mapped(nil)
	o.settles(karl)
	as := o.session(karl)
	send := func(route string, fields ...string) call.Response {
		form := map[string]string{"lang": "en"}
		for i := 0; i+1 < len(fields); i += 2 {
			form[fields[i]] = fields[i+1]
		}
		return o.browser(request{route: route, as: as, lang: "en", form: form})
	}
	says(t, o.browser(request{route: "GET /organization", as: as, lang: "en"}).Want(t, 200), "Alpine Mills GmbH · Austria", "Invite a colleague",
		"Nordlicht Partner d.o.o.", "Take away access", "Leave the organization")
	says(t, o.browser(request{route: "GET /organization/invite", as: as, lang: "de"}).Want(t, 200), "Einladung senden")
	says(t, send("POST /organization/invite").Want(t, 400), "Enter an email address")
	says(t, send("POST /organization/invite", "email", "bor@alpine.example", "switch", "sl").Want(t, 200), "Povabite sodelavca", `value="bor@alpine.example"`)
	goes(t, send("POST /organization/invite", "email", string(bor)), "/organization?done=invited")
	says(t, o.browser(request{route: "GET /organization", as: as, lang: "en", query: "done=invited"}).Want(t, 200), "The invitation is on its way", "Send again", string(karl)+" invited "+string(bor))
	if page := o.browser(request{route: "GET /organization", as: as, lang: "en", query: "done=nonsense"}).Want(t, 200); strings.Contains(page.Body, "⟦") {
		t.Error("a text is missing")
	}
	says(t, send("POST /organization/remove", "email", string(bor)).Want(t, 200), "Remove bor@alpine.example?", `name="confirmed"`)
	says(t, send("POST /organization/remove", "email", string(bor), "confirmed", "true", "switch", "sl").Want(t, 200), "Želite odstraniti bor@alpine.example?")
	if got := o.home(as).String(); !strings.Contains(got, string(bor)) {
		t.Fatalf("somebody was removed without asking: %s", got)
	}
	goes(t, send("POST /organization/remove", "email", string(bor), "confirmed", "true"), "/organization?done=removed")
	says(t, send("POST /organization/remove", "email", string(bor)).Want(t, 404), "Nobody with this address")
	says(t, send("POST /organization/access", "take", order.Mapping.Partner).Want(t, 200), "Take away the access of Nordlicht Partner d.o.o.?")
	goes(t, send("POST /organization/access", "partner", order.Mapping.Partner, "access", "none", "confirmed", "true"), "/organization?done=taken")
	says(t, send("POST /organization/access", "give", order.Mapping.Partner).Want(t, 200), "Give Nordlicht Partner d.o.o. access to your organization?")
	goes(t, send("POST /organization/access", "partner", order.Mapping.Partner, "access", "granted", "confirmed", "true"), "/organization?done=given")
	says(t, send("POST /organization/access", "partner", "org_x", "access", "granted").Want(t, 404), "No order connects this partner")
	o.joins("ida@alpine.example", karl)
	says(t, send("POST /organization/remove", "email", string(karl)).Want(t, 200), "Leave Alpine Mills GmbH?")
	left := send("POST /organization/remove", "email", string(karl), "confirmed", "true")
	goes(t, left, "/sign-in?signed_out")
	if len(left.Cookies) == 0 || !strings.HasPrefix(left.Cookies[0], "__Host-session=;") {
		t.Errorf("cookies %q", left.Cookies)
	}
}

func TestAnOrganizationIsNoCrowd(t *testing.T) {
	o := open(t)
	o.mapped(nil)
	m, _, err := o.store.Member(t.Context(), karl)
	o.must(err)
	organization, err := o.store.Organization(t.Context(), m.Organization)
	o.must(err)
	for i := range commerce.MaxColleagues - 1 {
		o.must(o.store.Invite(t.Context(), m, organization.Invite(m, commerce.Address(fmt.Sprintf("colleague-%d@alpine.example", i)), "sl", o.now)))
	}
	as := o.session(karl)
	refused(t, o.client(ask("POST /organization/invite", as, "email", string(bor))), 409, "too_many_colleagues")
	o.client(ask("POST /organization/invite", as, "email", "colleague-7@alpine.example")).Want(t, 200)
	if got := len(o.home(as).Colleagues); got != commerce.MaxColleagues {
		t.Errorf("%d colleagues", got)
	}
}
