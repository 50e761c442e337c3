package setup_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dayone/functions/setup"
	"dayone/local/call"
	"dayone/local/engine/enginetest"
	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/store"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// house is the function with tables of its own, and a clock.
type house struct {
	*testing.T
	tables   *enginetest.Tables
	store    *store.Store
	function api.Function
	now      time.Time
	orders   int
}

func open(t *testing.T) *house {
	t.Parallel()
	tables := enginetest.New(t)
	function := setup.Handler(store.FromEnv(tables.As("Setup")), "help@dayone.example")
	return &house{T: t, tables: tables, store: store.FromEnv(tables.Getenv), function: function, now: noon}
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// order places an order whose letter is owed now. change may alter its terms.
func (h *house) order(change ...func(*commerce.Terms)) commerce.Order {
	h.Helper()
	h.orders++
	t := commerce.Terms{
		ExternalRef: fmt.Sprint("CCW-", h.orders), Family: "A-FLEX",
		Partner: commerce.Party{Name: "Nordlicht Partner d.o.o.", Country: "SI"}, Customer: commerce.Party{Name: "Alpine Mills GmbH", Country: "AT"},
		Start: commerce.DateOf(h.now), Zone: "Europe/Ljubljana", Locale: "sl", Contact: "provisioning@nordlicht.example",
		Representative: commerce.Person{Name: "Maja Zupan", Email: "maja.zupan@vendor.example"},
		Lines: []commerce.Line{
			{Subscription: "Sub1", SKU: "A-FLEX-CALL", Quantity: 25, TermMonths: 36, Billing: commerce.Monthly, UnitPrice: 1250, Currency: "EUR"},
			{Subscription: "Sub2", SKU: "A-FLEX-PSTN", Quantity: 2, TermMonths: 36, Billing: commerce.Monthly, UnitPrice: 300, Currency: "EUR"},
		},
	}
	for _, c := range change {
		c(&t)
	}
	o, err := commerce.Place(api.NewOrderID(), "commerce", t, h.now)
	h.must(err)
	_, err = h.store.Place(h.Context(), o, rand.Text(), "digest")
	h.must(err)
	return o
}

// mail sends the link that an order owes, as the letters function does, and answers it.
func (h *house) mail(id string) string {
	h.Helper()
	o, err := h.store.Order(h.Context(), id)
	h.must(err)
	link := h.another(o)
	h.must(h.store.Replace(h.Context(), o, o.LinkSent(o.Link.Kind, o.Contact, o.Link.Generation, "message", h.now)))
	return link
}

// another is a further letter with the same link: one was sent, and its sender died before it could say so.
func (h *house) another(o commerce.Order) string {
	h.Helper()
	token, err := commerce.MintSetupToken(o.ID, rand.Reader)
	h.must(err)
	h.must(h.store.Issue(h.Context(), commerce.Grant{Hash: token.Hash(), Kind: commerce.SetupToken, Order: o.ID, Generation: o.Link.Generation,
		IssuedAt: h.now, ExpiresAt: h.now.Add(commerce.SetupTokenKept)}))
	return token.Reveal()
}

// invited is an order whose link was mailed, and the link.
func (h *house) invited(change ...func(*commerce.Terms)) (commerce.Order, string) {
	h.Helper()
	o := h.order(change...)
	link := h.mail(o.ID)
	return h.read(o.ID), link
}

func (h *house) read(id string) commerce.Order {
	h.Helper()
	o, err := h.store.Order(h.Context(), id)
	h.must(err)
	return o
}

// said are answers so far.
type said map[string]any

func (s said) with(more said) said {
	all := said{}
	for _, m := range []said{s, more} {
		for name, value := range m {
			all[name] = value
		}
	}
	return all
}

func (s said) without(names ...string) said {
	all := s.with(nil)
	for _, name := range names {
		delete(all, name)
	}
	return all
}

var (
	asPartner = said{"role": "partner", "set_up_by": "me"}
	newOne    = said{"partner_organization": "new", "partner_name": "Nordlicht Partner d.o.o.", "partner_country": "SI",
		"partner_admin_email": "ana.novak@nordlicht.example", "partner_phone": "+386 1 234 56 78"}
	newCustomer = said{"customer_organization": "new", "customer_name": "Alpine Mills GmbH", "customer_country": "AT", "customer_language": "sl"}
	admin       = said{"customer_admin_email": "it@alpine-mills.example"}
	first       = asPartner.with(newOne).with(admin).with(newCustomer)
)

// reply is an answer in JSON, or a problem.
type reply struct {
	call.Response `json:"-"`

	Step, Next string
	Order      struct{ ID, Status, Family, Locale string }
	Offers     []struct{ ID, Name, Country string }
	Review     struct {
		Partner, Customer struct {
			ID, Name, Country, Phone string
			New                      bool
		}
		PartnerAccess string `json:"partner_access"`
	}
	ReviewDigest  string `json:"review_digest"`
	PasswordToken string `json:"password_token"`

	Code   string
	Detail string
	Errors []struct{ Pointer, Code, Detail string }
}

// post takes a step as a client does.
func (h *house) post(link, step string, s said) reply {
	h.Helper()
	body, err := json.Marshal(s.with(nil))
	h.must(err)
	return h.send(link, step, string(body))
}

func (h *house) send(link, step, body string) reply {
	h.Helper()
	header := map[string]string{"Content-Type": "application/json"}
	if link != "" {
		header["Authorization"] = "Bearer " + link
	}
	r := reply{Response: call.HTTP(h, h.function, call.Request{Route: "POST /setup/{step}", Path: map[string]string{"step": step}, Body: body,
		Now: h.now, Header: header})}
	r.JSON(h, &r)
	return r
}

// want fails the test unless the step leads to next.
func (r reply) want(h *house, next string) reply {
	h.Helper()
	if r.Status != 200 || r.Next != next {
		h.Fatalf("%d %s, want next %q", r.Status, r.Body, next)
	}
	return r
}

// refused fails the test unless the answer is a problem with this status and code.
func (r reply) refused(h *house, status int, code string, pointers ...string) reply {
	h.Helper()
	if r.Status != status || r.Code != code {
		h.Fatalf("%d %s, want %d %s", r.Status, r.Body, status, code)
	}
	var got []string
	for _, e := range r.Errors {
		got = append(got, e.Pointer)
	}
	if len(pointers) > 0 && !slices.Equal(got, pointers) {
		h.Errorf("errors at %v, want %v", got, pointers)
	}
	return r
}

// reviewed takes the review with all answers and adds its digest.
func (h *house) reviewed(link string, s said) said {
	h.Helper()
	r := h.post(link, "review", s).want(h, "complete")
	if r.ReviewDigest == "" {
		h.Fatalf("no digest: %s", r.Body)
	}
	return s.with(said{"review_digest": r.ReviewDigest})
}

// complete reviews and completes.
func (h *house) complete(link string, s said) reply {
	h.Helper()
	return h.post(link, "complete", h.reviewed(link, s))
}

// letters are the letters that wait, as "kind to".
func (h *house) letters(order string) []string {
	h.Helper()
	var all []string
	for _, i := range h.items("OrdersTable") {
		if i["sk"] == "letter" && i["order"] == order {
			all = append(all, fmt.Sprint(i["kind"], " ", i["to"]))
		}
	}
	slices.Sort(all)
	return all
}

func (h *house) wantLetters(order string, want ...string) {
	h.Helper()
	slices.Sort(want)
	if got := h.letters(order); !slices.Equal(got, want) {
		h.Errorf("letters %q, want %q", got, want)
	}
}

// items is all that a table has.
func (h *house) items(table string) []map[string]any {
	h.Helper()
	out, err := h.tables.Scan(h.Context(), &dynamodb.ScanInput{TableName: aws.String(h.tables.Name(table))})
	h.must(err)
	var all []map[string]any
	h.must(attributevalue.UnmarshalListOfMaps(out.Items, &all))
	slices.SortFunc(all, func(a, b map[string]any) int {
		return strings.Compare(fmt.Sprint(a["pk"], a["sk"]), fmt.Sprint(b["pk"], b["sk"]))
	})
	return all
}

// everything is all tables as text, but for the count of the addresses that were asked about.
func (h *house) everything() string {
	h.Helper()
	var all []any
	for _, table := range []string{"OrdersTable", "OrganizationsTable", "TokensTable"} {
		items := h.items(table)
		for _, i := range items {
			delete(i, "looks")
		}
		all = append(all, items)
	}
	text, err := json.Marshal(all)
	h.must(err)
	return string(text)
}

// count is how many items of the organizations table are of one sort.
func (h *house) count(sk string) int {
	h.Helper()
	n := 0
	for _, i := range h.items("OrganizationsTable") {
		if i["sk"] == sk {
			n++
		}
	}
	return n
}

func (h *house) member(email commerce.Address) commerce.Member {
	h.Helper()
	m, _, err := h.store.Member(h.Context(), email)
	h.must(err)
	return m
}

func (h *house) access(o commerce.Order) commerce.Access {
	h.Helper()
	r, err := h.store.Relation(h.Context(), o.Mapping.Customer, o.Mapping.Partner)
	h.must(err)
	return r.Access
}

func TestAPartnerSetsUpTheFirstOrder(t *testing.T) {
	h := open(t)
	o, link := h.invited()
	h.post(link, "start", nil).want(h, "role")
	if h.read(o.ID).Status != commerce.Invited {
		t.Error("start started the order")
	}
	if r := h.post(link, "role", said{"role": "partner"}).want(h, "who"); r.Order.Status != "started" || r.Order.ID != o.ID {
		t.Errorf("order %+v", r.Order)
	}
	if r := h.post(link, "who", asPartner).want(h, "partner-organization"); r.Offers == nil || len(r.Offers) != 0 {
		t.Errorf("offers %s, want []", r.Body)
	}
	s := asPartner.with(newOne)
	h.post(link, "partner-organization", s).want(h, "customer-admin")
	s = s.with(admin)
	h.post(link, "customer-admin", s).want(h, "customer-organization")
	s = s.with(newCustomer)
	h.post(link, "customer-organization", s).want(h, "review")
	r := h.post(link, "review", s).want(h, "complete")
	if !r.Review.Partner.New || !r.Review.Customer.New || r.Review.PartnerAccess != "granted" || r.Review.Partner.Phone == "" {
		t.Errorf("review %+v", r.Review)
	}
	s = s.with(said{"review_digest": r.ReviewDigest})
	done := h.post(link, "complete", s).want(h, "password")
	if !strings.HasPrefix(done.PasswordToken, "psp_") || done.Order.Status != "mapped" {
		t.Errorf("completed %s", done.Body)
	}

	mapped := h.read(o.ID)
	if h.access(mapped) != commerce.AccessGranted {
		t.Error("the partner has no access to the organization that it created")
	}
	if m := h.member("ana.novak@nordlicht.example"); m.Organization != mapped.Mapping.Partner || m.Kind != commerce.PartnerKind {
		t.Errorf("member %+v", m)
	}
	if m := h.member("it@alpine-mills.example"); m.Organization != mapped.Mapping.Customer || m.Kind != commerce.CustomerKind {
		t.Errorf("member %+v", m)
	}
	h.wantLetters(o.ID, "order_set_up provisioning@nordlicht.example", "welcome ana.novak@nordlicht.example", "welcome it@alpine-mills.example")
	h.post(link, "start", nil).refused(h, 410, "link_used")
}

func TestTheTokenMayTravelInTheBody(t *testing.T) {
	h := open(t)
	_, link := h.invited()
	h.post("", "start", said{"token": link}).want(h, "role")
	h.post("", "start", said{}).refused(h, 404, "link_unknown")
}

func TestEveryDeadLinkSaysWhy(t *testing.T) {
	h := open(t)
	_, other := h.invited()
	unknown := "psl_" + strings.Repeat("A", 43)
	a, b := h.post(unknown, "start", nil), h.post("psl_nonsense", "start", nil)
	a.refused(h, 404, "link_unknown")
	if a.Body != b.refused(h, 404, "link_unknown").Body {
		t.Errorf("%s differs from %s", a.Body, b.Body)
	}
	h.post(other, "nowhere", nil).refused(h, 404, "not_found")

	change := func(name string, do func(commerce.Order) (commerce.Order, error), code string) {
		t.Run(name, func(t *testing.T) {
			o, link := h.invited()
			changed, err := do(o)
			h.must(err)
			h.must(h.store.Replace(h.Context(), o, changed))
			h.post(link, "start", nil).refused(h, 410, code)
			h.post(link, "complete", first.with(said{"review_digest": "x"})).refused(h, 410, code)
		})
	}
	change("replaced", func(o commerce.Order) (commerce.Order, error) {
		return o.Resend(commerce.ByCaller("commerce"), "lost", noon)
	}, "link_replaced")
	change("cancelled", func(o commerce.Order) (commerce.Order, error) {
		return o.Cancel(commerce.ByCaller("commerce"), "over", noon)
	}, "link_cancelled")
	change("closed", func(o commerce.Order) (commerce.Order, error) { n, _ := o.Expire(noon); return n, nil }, "link_closed")
	change("too early", func(o commerce.Order) (commerce.Order, error) {
		terms := o.Terms
		terms.Start = commerce.DateOf(noon).AddDays(9)
		n, _, err := o.Amend(terms, commerce.ByCaller("commerce"), noon)
		return n, err
	}, "link_too_early")

	h.now = noon.Add(7 * 24 * time.Hour)
	h.post(other, "start", nil).refused(h, 410, "link_expired")
}

func TestAnExpiredLinkIsReplacedOnlyForTheContact(t *testing.T) {
	h := open(t)
	o, link := h.invited()
	h.post(link, "resend", nil).want(h, "role")
	if got := h.read(o.ID); got.Version != o.Version {
		t.Error("a link that works was replaced")
	}
	h.now = noon.Add(7 * 24 * time.Hour)
	h.post(link, "resend", nil).want(h, "sent")
	if got := h.read(o.ID); got.Link.DueAt != h.now || got.Contact != o.Contact || got.Status != commerce.Scheduled {
		t.Errorf("link %+v to %s", got.Link, got.Contact)
	}
	h.post(link, "start", nil).refused(h, 410, "link_replaced")
	h.post(h.mail(o.ID), "start", nil).want(h, "role")
}

func TestWhatIsWrongIsNamed(t *testing.T) {
	h := open(t)
	_, link := h.invited()
	full := first.with(said{"review_digest": "x"})
	for name, tc := range map[string]struct {
		step     string
		said     said
		code     string
		pointers []string
	}{
		"no role":                       {"role", said{}, "invalid", []string{"/role"}},
		"a role that is none":           {"role", said{"role": "boss"}, "invalid", []string{"/role"}},
		"an unknown field":              {"role", said{"role": "partner", "Role": "customer"}, "invalid", []string{"/Role"}},
		"a skipped step":                {"customer-admin", admin.with(said{"role": "partner"}), "invalid", []string{"/set_up_by"}},
		"a customer is asked who":       {"who", said{"role": "customer"}, "invalid", []string{"/role"}},
		"a customer delegates":          {"delegate", said{"role": "customer", "delegate_email": "a@b.example"}, "invalid", nil},
		"a customer answers who":        {"customer-admin", said{"role": "customer", "set_up_by": "me", "customer_admin_email": "a@b.example"}, "invalid", []string{"/set_up_by"}},
		"delegating what one does":      {"delegate", asPartner.with(said{"delegate_email": "a@b.example"}), "invalid", nil},
		"no address":                    {"delegate", said{"role": "partner", "set_up_by": "colleague"}, "invalid", []string{"/delegate_email"}},
		"an address that is none":       {"delegate", said{"role": "partner", "set_up_by": "colleague", "delegate_email": "ana@"}, "invalid", []string{"/delegate_email"}},
		"the same address":              {"delegate", said{"role": "partner", "set_up_by": "colleague", "delegate_email": "Provisioning@NORDLICHT.example"}, "invalid", []string{"/delegate_email"}},
		"all details missing":           {"partner-organization", asPartner.with(said{"partner_organization": "new"}), "invalid", []string{"/partner_name", "/partner_country", "/partner_admin_email"}},
		"an organization not offered":   {"partner-organization", asPartner.with(said{"partner_organization": "org_other"}), "invalid", []string{"/partner_organization"}},
		"details of an offered one":     {"partner-organization", asPartner.with(newOne).with(said{"partner_organization": "org_x"}), "invalid", nil},
		"not recognising nothing":       {"partner-organization", asPartner.with(said{"unrecognised": true}), "invalid", []string{"/partner_organization"}},
		"neither yes nor no":            {"partner-organization", asPartner.with(said{"unrecognised": "maybe"}), "invalid", []string{"/unrecognised"}},
		"a phone number that is none":   {"partner-organization", asPartner.with(newOne).with(said{"partner_phone": "call me"}), "invalid", []string{"/partner_phone"}},
		"one address on both sides":     {"customer-admin", asPartner.with(newOne).with(said{"customer_admin_email": "Ana.Novak@nordlicht.example"}), "invalid", []string{"/customer_admin_email"}},
		"a language nobody writes":      {"customer-organization", first.with(said{"customer_language": "fr"}), "invalid", []string{"/customer_language"}},
		"a review without an answer":    {"review", first.without("customer_name"), "invalid", []string{"/customer_name"}},
		"completing without the review": {"complete", first, "invalid", []string{"/review_digest"}},
		"completing without the admin":  {"complete", full.without("customer_admin_email"), "invalid", []string{"/customer_admin_email"}},
		"completing with a stale one":   {"complete", full, "review_stale", []string{"/order", "/partner_organization", "/customer_organization"}},
		"completing unrecognised":       {"complete", full.without("partner_name", "partner_country", "partner_admin_email", "partner_phone").with(said{"partner_organization": "unrecognised"}), "invalid", nil},
		"completing for a colleague":    {"complete", full.with(said{"set_up_by": "colleague", "delegate_email": "a@b.example"}), "invalid", nil},
	} {
		t.Run(name, func(t *testing.T) {
			before := h.everything()
			status := 400
			if tc.code == "review_stale" {
				status = 409
			}
			h.post(link, tc.step, tc.said).refused(h, status, tc.code, tc.pointers...)
			if h.everything() != before {
				t.Error("something was stored")
			}
		})
	}
	r := h.send(link, "role", `{"role":"partner","role":"customer"}`)
	r.refused(h, 400, "invalid", "/role")
	if r := h.post(link, "delegate", said{"role": "partner", "set_up_by": "colleague"}); r.Errors[0].Code != "address_missing" {
		t.Errorf("%s, want address_missing", r.Body)
	}
}

func TestAnswersOfLaterStepsAreNotRead(t *testing.T) {
	h := open(t)
	_, link := h.invited()
	h.post(link, "role", said{"role": "customer", "set_up_by": "me", "partner_organization": "org_x", "customer_country": "??"}).want(h, "customer-admin")
	h.post(link, "delegate", first.with(said{"set_up_by": "colleague", "delegate_email": "ana@nordlicht.example"})).want(h, "sent")
}

func TestNothingIsStoredBeforeTheEnd(t *testing.T) {
	h := open(t)
	o, link := h.invited()
	h.post(link, "role", said{"role": "partner"}).want(h, "who")
	before := h.everything()
	for _, step := range []string{"start", "role", "who", "partner-organization", "customer-admin", "customer-organization", "review", "start"} {
		h.post(link, step, first)
	}
	if h.everything() != before {
		t.Error("a step before the last one stored something")
	}
	if started := h.read(o.ID); started.StartedAt != noon || started.Next().Deed == commerce.Escalate {
		t.Errorf("started at %v, next %v", started.StartedAt, started.Next())
	}
}

func TestAScannerHarmsNothing(t *testing.T) {
	h := open(t)
	o, link := h.invited()
	before := h.everything()
	get := func(route string, path map[string]string) call.Response {
		return call.HTTP(h, h.function, call.Request{Route: route, Path: path, Now: h.now, Header: map[string]string{"Accept": "text/html"}})
	}
	inert := get("GET /setup", nil).Want(t, 200)
	for range 10 {
		for _, r := range []call.Response{
			get("GET /setup/{step}", map[string]string{"step": "#" + link}), get("GET /setup/{step}", map[string]string{"step": "complete"}),
			get("GET /{link}", map[string]string{"link": "setup#" + link}),
		} {
			if r.Status != 200 || r.Body != inert.Body {
				t.Errorf("%d, want the inert page", r.Status)
			}
		}
	}
	get("GET /{link}", map[string]string{"link": "favicon.ico"}).Want(t, 404)
	get("GET /setup/{step}", map[string]string{"step": "nowhere"}).Want(t, 404)
	b := h.browse(link) // presses the first button of every page that it reaches
	b.press(nil)
	b.press(nil)
	if h.everything() != before {
		t.Error("opening and pressing stored something")
	}
	if b.status != 400 {
		b.press(nil)
	}
	if got := h.read(o.ID); got.Status != commerce.Invited || got.EscalatedAt != (time.Time{}) {
		t.Errorf("status %s", got.Status)
	}
	h.complete(link, first).want(h, "password")
}

func TestAColleagueSetsUp(t *testing.T) {
	h := open(t)
	o, link := h.invited()
	s := said{"role": "partner", "set_up_by": "colleague", "delegate_email": "Bojan@Nordlicht.example "}
	h.post(link, "role", s).want(h, "who")
	h.post(link, "who", s).want(h, "delegate")
	h.now = noon.Add(time.Hour)
	h.post(link, "delegate", s).want(h, "sent")
	after := h.read(o.ID)
	if after.Contact != "bojan@nordlicht.example" || after.ClosesAt() != o.ClosesAt() || after.Handover || after.Link.Kind != commerce.LetterDelegated {
		t.Errorf("delegated: %+v", after)
	}
	h.post(link, "delegate", s).want(h, "sent")
	if again := h.read(o.ID); again.Version != after.Version {
		t.Error("the same again changed the order")
	}
	h.post(link, "delegate", s.with(said{"delegate_email": "else@nordlicht.example"})).refused(h, 410, "link_replaced")
	h.post(link, "start", nil).refused(h, 410, "link_replaced")
	h.complete(h.mail(o.ID), first).want(h, "password")
}

func TestALinkIsPassedOnFiveTimes(t *testing.T) {
	h := open(t)
	o, link := h.invited()
	for i := range 5 {
		h.post(link, "delegate", said{"role": "partner", "set_up_by": "colleague", "delegate_email": fmt.Sprintf("c%d@nordlicht.example", i)}).want(h, "sent")
		link = h.mail(o.ID)
	}
	h.post(link, "delegate", said{"role": "partner", "set_up_by": "colleague", "delegate_email": "one@nordlicht.example"}).refused(h, 409, "too_many_delegations")
	h.post(link, "start", nil).want(h, "role")
}

func TestTheCustomerSetsUpAndThePartnerGetsNoAccess(t *testing.T) {
	h := open(t)
	// The partner is known already, so that handing over means its organization.
	_, earlier := h.invited()
	h.complete(earlier, first).want(h, "password")
	partner := h.member("ana.novak@nordlicht.example").Organization

	o, link := h.invited(func(t *commerce.Terms) { t.Customer.Name = "Other Mills AG" })
	h.post(link, "delegate", said{"role": "partner", "set_up_by": "customer", "delegate_email": "boss@other-mills.example"}).want(h, "sent")
	link = h.mail(o.ID)
	h.post(link, "role", said{"role": "partner"}).refused(h, 400, "invalid", "/role")
	s := said{"role": "customer", "customer_admin_email": "boss@other-mills.example"}
	h.post(link, "role", s).want(h, "customer-admin")
	h.post(link, "customer-admin", s).want(h, "customer-organization")
	s = s.with(newCustomer)
	if r := h.post(link, "review", s).want(h, "complete"); r.Review.PartnerAccess != "none" || r.Review.Partner.ID != partner {
		t.Errorf("review %+v", r.Review)
	}
	done := h.complete(link, s).want(h, "password")
	if done.PasswordToken == "" {
		t.Error("no password token for the customer's administrator")
	}
	mapped := h.read(o.ID)
	if mapped.Mapping.Partner != partner || mapped.Mapping.PartnerAccess != commerce.AccessNone || h.access(mapped) != commerce.AccessNone {
		t.Errorf("mapping %+v", mapped.Mapping)
	}
	h.wantLetters(o.ID, "order_set_up boss@other-mills.example")
}

func TestACustomerAloneIsMappedToAnUnclaimedPartner(t *testing.T) {
	h := open(t)
	// Somebody who opened a partner's link as a customer must not touch the partner's own organization.
	_, earlier := h.invited()
	h.complete(earlier, first).want(h, "password")
	var partners []string
	for i := range 2 {
		o, link := h.invited(func(t *commerce.Terms) { t.Contact = "it@solo.example" })
		s := said{"role": "customer", "customer_admin_email": "it@solo.example"}
		if i == 0 {
			h.complete(link, s.with(newCustomer)).want(h, "password")
		} else {
			r := h.post(link, "customer-admin", s).want(h, "customer-organization")
			h.complete(link, s.with(said{"customer_organization": r.Offers[0].ID})).want(h, "sign-in")
		}
		partners = append(partners, h.read(o.ID).Mapping.Partner)
	}
	if partners[0] != partners[1] || partners[0] == h.member("ana.novak@nordlicht.example").Organization {
		t.Errorf("partners %v", partners)
	}
	unclaimed, err := h.store.Organization(t.Context(), partners[0])
	h.must(err)
	if unclaimed.Domain != "" || unclaimed.Name != "Nordlicht Partner d.o.o." {
		t.Errorf("unclaimed %+v", unclaimed)
	}
}

func TestTheSecondOrderOfADomainIsOfferedTheOrganization(t *testing.T) {
	h := open(t)
	_, link := h.invited()
	h.complete(link, first).want(h, "password")

	o, link := h.invited(func(t *commerce.Terms) { t.Contact = "bojan@nordlicht.example" })
	offers := h.post(link, "who", asPartner).want(h, "partner-organization").Offers
	if len(offers) != 1 || offers[0].Name != "Nordlicht Partner d.o.o." || offers[0].Country != "SI" {
		t.Fatalf("offers %+v", offers)
	}
	s := asPartner.with(said{"partner_organization": offers[0].ID}).with(said{"customer_admin_email": "it@brook.example"}).with(newCustomer)
	done := h.complete(link, s).want(h, "sign-in")
	if done.PasswordToken != "" {
		t.Error("somebody who is no member got a password token")
	}
	// Rule 13: no account is made, the administrators are told.
	if m := h.member("bojan@nordlicht.example"); m.Organization != "" {
		t.Errorf("an account was made: %+v", m)
	}
	h.wantLetters(o.ID, "carry_on ana.novak@nordlicht.example", "order_set_up bojan@nordlicht.example", "welcome it@brook.example")

	_, link = h.invited(func(t *commerce.Terms) { t.Contact = "somebody@elsewhere.example" })
	if r := h.post(link, "who", asPartner).want(h, "partner-organization"); len(r.Offers) != 0 {
		t.Errorf("another domain was offered %+v", r.Offers)
	}
	h.post(link, "partner-organization", asPartner.with(said{"partner_organization": offers[0].ID})).refused(h, 400, "invalid", "/partner_organization")
	h.post(link, "complete", s.with(said{"review_digest": "x"})).refused(h, 409, "review_stale", "/partner_organization", "/customer_organization")
}

func TestAMemberIsOfferedTheirOwnOrganization(t *testing.T) {
	h := open(t)
	_, link := h.invited(func(t *commerce.Terms) { t.Contact = "ana@gmail.com" })
	h.complete(link, first.with(said{"partner_admin_email": "ana@gmail.com"})).want(h, "password")
	o, link := h.invited(func(t *commerce.Terms) { t.Contact = "ana@gmail.com" })
	offers := h.post(link, "who", asPartner).want(h, "partner-organization").Offers
	if len(offers) != 1 {
		t.Fatalf("offers %+v", offers)
	}
	h.complete(link, asPartner.with(said{"partner_organization": offers[0].ID, "customer_admin_email": "it@brook.example"}).with(newCustomer)).want(h, "sign-in")
	h.wantLetters(o.ID, "order_set_up ana@gmail.com", "welcome it@brook.example")

	_, link = h.invited(func(t *commerce.Terms) { t.Contact = "other@gmail.com" })
	if r := h.post(link, "who", asPartner).want(h, "partner-organization"); len(r.Offers) != 0 {
		t.Errorf("a public mail provider's domain was offered %+v", r.Offers)
	}
}

func TestNotRecognisingTellsTheRepresentativeOnce(t *testing.T) {
	h := open(t)
	_, link := h.invited()
	h.complete(link, first).want(h, "password")
	o, link := h.invited()
	for range 3 {
		h.post(link, "partner-organization", asPartner.with(said{"partner_organization": "unrecognised"})).want(h, "stop")
		h.post(link, "partner-organization", asPartner.with(said{"unrecognised": true})).want(h, "stop")
	}
	h.wantLetters(o.ID, "rep_unrecognised maja.zupan@vendor.example")
	if got := h.read(o.ID); got.Status != commerce.Started || got.Version != o.Version+1 {
		t.Errorf("status %s, version %d", got.Status, got.Version)
	}
	h.post(link, "start", nil).want(h, "role")
}

func TestAnAdministratorBelongsToOneOrganization(t *testing.T) {
	h := open(t)
	_, link := h.invited()
	h.complete(link, first.with(said{"customer_admin_email": "it@bücher.example"})).want(h, "password")
	customer := h.member("it@xn--bcher-kva.example").Organization
	if customer == "" {
		t.Fatal("no member under the ASCII form of the domain")
	}

	_, link = h.invited()
	s := asPartner.with(said{"partner_organization": h.post(link, "who", asPartner).Offers[0].ID})
	for _, typed := range []string{"it@bücher.example", "  IT@BÜCHER.example ", "it@xn--bcher-kva.example"} {
		r := h.post(link, "customer-admin", s.with(said{"customer_admin_email": typed})).want(h, "customer-organization")
		if len(r.Offers) != 1 || r.Offers[0].ID != customer {
			t.Errorf("%s: offers %+v", typed, r.Offers)
		}
		h.post(link, "customer-organization", s.with(newCustomer).with(said{"customer_admin_email": typed})).refused(h, 400, "invalid", "/customer_organization")
	}
	for _, typed := range []string{"ana.novak@nordlicht.example", " Ana.Novak@NORDLICHT.example"} {
		r := h.post(link, "customer-admin", s.with(said{"customer_admin_email": typed})).refused(h, 409, "address_taken", "/customer_admin_email")
		if strings.Contains(r.Body, "Nordlicht") || strings.Contains(r.Body, "ana.novak") {
			t.Errorf("the refusal names somebody: %s", r.Body)
		}
	}
	_, link = h.invited(func(t *commerce.Terms) { t.Contact = "new@elsewhere.example" })
	h.post(link, "partner-organization", asPartner.with(newOne)).refused(h, 409, "address_taken", "/partner_admin_email")
	r := h.post(link, "customer-admin", asPartner.with(newOne).with(said{"partner_admin_email": "new@elsewhere.example", "customer_admin_email": "else@bücher.example"}))
	if r.want(h, "customer-organization"); len(r.Offers) != 1 {
		t.Errorf("the organization of the administrator's domain was not offered: %s", r.Body)
	}
}

func TestAnExistingCustomerIsAskedForItsConsent(t *testing.T) {
	h := open(t)
	_, link := h.invited()
	h.complete(link, first).want(h, "password")
	mine := h.member("it@alpine-mills.example").Organization

	// Another partner types the address of the administrator.
	o, link := h.invited(func(t *commerce.Terms) {
		t.Contact, t.Partner = "sales@rival.example", commerce.Party{Name: "Rival", Country: "DE"}
	})
	s := asPartner.with(said{"partner_organization": "new", "partner_name": "Rival", "partner_country": "DE", "partner_admin_email": "sales@rival.example",
		"customer_admin_email": "it@alpine-mills.example", "customer_organization": mine})
	if r := h.post(link, "review", s).want(h, "complete"); r.Review.PartnerAccess != "asked" || r.Review.Customer.New {
		t.Errorf("review %+v", r.Review)
	}
	h.complete(link, s).want(h, "password")
	if mapped := h.read(o.ID); mapped.Mapping.Customer != mine || mapped.Mapping.PartnerAccess != commerce.AccessAsked || h.access(mapped) != commerce.AccessAsked {
		t.Errorf("mapping %+v", mapped.Mapping)
	}
	h.wantLetters(o.ID, "consent it@alpine-mills.example", "order_set_up sales@rival.example")
	for _, i := range h.items("OrdersTable") {
		if i["kind"] == "consent" && (i["customer"] != mine || i["asker"] != "Rival") {
			t.Errorf("letter %v", i)
		}
	}

	// The partner that manages it already is not asked again, and keeps its access.
	o, link = h.invited()
	s = asPartner.with(said{"partner_organization": h.post(link, "who", asPartner).Offers[0].ID, "customer_admin_email": "it@alpine-mills.example", "customer_organization": mine})
	relation := h.items("OrganizationsTable")
	h.complete(link, s).want(h, "sign-in")
	if mapped := h.read(o.ID); h.access(mapped) != commerce.AccessGranted {
		t.Errorf("access %s", h.access(mapped))
	}
	if fmt.Sprint(relation) != fmt.Sprint(h.items("OrganizationsTable")) {
		t.Error("an order between organizations that know each other changed one of them")
	}
	h.wantLetters(o.ID, "carry_on ana.novak@nordlicht.example", "carry_on it@alpine-mills.example", "order_set_up provisioning@nordlicht.example")
}

func TestAccessGrantedMeanwhileIsReviewed(t *testing.T) {
	h := open(t)
	_, link := h.invited()
	h.complete(link, first).want(h, "password")
	mine := h.member("it@alpine-mills.example").Organization
	rival := func(t *commerce.Terms) { t.Contact = "sales@rival.example" }
	s := asPartner.with(said{"partner_organization": "new", "partner_name": "Rival", "partner_country": "DE", "partner_admin_email": "sales@rival.example",
		"customer_admin_email": "it@alpine-mills.example", "customer_organization": mine})
	o, link := h.invited(rival)
	h.complete(link, s).want(h, "password")
	_, link = h.invited(rival)
	s = asPartner.with(said{"partner_organization": h.read(o.ID).Mapping.Partner, "customer_admin_email": "it@alpine-mills.example", "customer_organization": mine})
	s = h.reviewed(link, s)
	asked := h.read(o.ID)
	grant := commerce.Grant{Hash: "x", Kind: commerce.AccessToken, Order: o.ID, Member: "it@alpine-mills.example", Customer: mine, Partner: asked.Mapping.Partner, IssuedAt: noon, ExpiresAt: noon.Add(time.Hour)}
	h.must(h.store.Issue(t.Context(), grant))
	before, err := h.store.Relation(t.Context(), mine, asked.Mapping.Partner)
	h.must(err)
	decided, granted, err := asked.Decide(grant, before, true, commerce.Sides{}, noon)
	h.must(err)
	h.must(h.store.Decide(t.Context(), grant, granted, asked, decided))
	h.post(link, "complete", s).refused(h, 409, "review_stale", "/customer_organization")
	h.complete(link, s.without("review_digest")).want(h, "sign-in")
}

func TestAnAmendedOrderIsReviewedAgain(t *testing.T) {
	h := open(t)
	o, link := h.invited()
	s := h.reviewed(link, first)
	o = h.read(o.ID)
	terms := o.Terms
	terms.Lines = slices.Clone(terms.Lines)
	terms.Lines[0].Quantity = 30
	amended, _, err := o.Amend(terms, commerce.ByCaller("commerce"), h.now)
	h.must(err)
	h.must(h.store.Replace(t.Context(), o, amended))
	h.post(link, "complete", s).refused(h, 409, "review_stale", "/order")
	h.complete(link, first).want(h, "password")
}

func TestTheSameAnswersAgainGetTheSameSuccess(t *testing.T) {
	h := open(t)
	o, link := h.invited()
	s := h.reviewed(link, first)
	before := h.post(link, "complete", s).want(h, "password")
	version := h.read(o.ID).Version
	h.now = noon.Add(14 * time.Minute)
	after := h.post(link, "complete", s).want(h, "password")
	if after.PasswordToken == before.PasswordToken || after.Order.ID != before.Order.ID {
		t.Errorf("again %s", after.Body)
	}
	opens := func(token string) error {
		parsed, err := commerce.ParseToken(commerce.PasswordToken, token)
		h.must(err)
		_, err = h.store.Grant(t.Context(), commerce.PasswordToken, parsed)
		return err
	}
	if opens(before.PasswordToken) == nil || opens(after.PasswordToken) != nil {
		t.Errorf("the first token: %v, the second: %v", opens(before.PasswordToken), opens(after.PasswordToken))
	}
	if got := h.read(o.ID); got.Version != version+1 || len(h.letters(o.ID)) != 3 {
		t.Errorf("version %d, letters %v", got.Version, h.letters(o.ID))
	}
	h.post(link, "complete", s.with(said{"customer_name": "Else"})).refused(h, 410, "link_used")
	h.now = noon.Add(16 * time.Minute)
	h.post(link, "complete", s).refused(h, 410, "link_used")
}

func TestSecretsAreNotCached(t *testing.T) {
	h := open(t)
	_, link := h.invited()
	if r := h.complete(link, first); r.Header["cache-control"] != "no-store" {
		t.Errorf("headers %v", r.Header)
	}
}
