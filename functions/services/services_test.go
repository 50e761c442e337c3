package services_test

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	"dayone/functions/services"
	"dayone/local/call"
	"dayone/local/engine/enginetest"
	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/store"
	"dayone/shared/texts"
)

var noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

// Who is who in these tests.
const (
	ana  = commerce.Address("ana.novak@nordlicht.example") // administers the partner
	karl = commerce.Address("karl.huber@alpine.example")   // administers the customer
	good = "a good long sentence"
)

// office is the function with tables of its own.
type office struct {
	*testing.T
	function api.Function
	store    *store.Store
	now      time.Time
	orders   int
}

func open(t *testing.T) *office {
	t.Helper()
	t.Parallel()
	tables := enginetest.New(t)
	function := services.Handler(store.FromEnv(tables.As("Services")), "help@dayone.example", "meet.example")
	return &office{T: t, function: function, store: store.FromEnv(tables.Getenv), now: noon}
}

func (o *office) must(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

func (o *office) token(kind commerce.TokenKind) commerce.Token {
	o.Helper()
	token, err := commerce.MintToken(kind, rand.Reader)
	o.must(err)
	return token
}

// invited is an order whose setup link was sent.
func (o *office) invited(change func(*commerce.Terms)) commerce.Order {
	o.Helper()
	o.orders++
	terms := commerce.Terms{
		ExternalRef: fmt.Sprint("CCW-", o.orders), Family: "A-FLEX",
		Partner: commerce.Party{Name: "Nordlicht Partner d.o.o.", Country: "SI"}, Customer: commerce.Party{Name: "Alpine Mills GmbH", Country: "AT"},
		Start: commerce.DateOf(o.now), Zone: "Europe/Ljubljana", Locale: "sl", Contact: "provisioning@nordlicht.example",
		Representative: commerce.Person{Name: "Maja Zupan", Email: "maja.zupan@vendor.example"},
		Lines: []commerce.Line{
			{Subscription: "Sub1", SKU: "A-FLEX-CALL", Quantity: 25, TermMonths: 36, Billing: commerce.Monthly, UnitPrice: 1250, Currency: "EUR"},
			{Subscription: "Sub2", SKU: "A-FLEX-MEET", Quantity: 25, TermMonths: 36, Billing: commerce.Annual, UnitPrice: 9900, Currency: "EUR"},
		},
	}
	if change != nil {
		change(&terms)
	}
	placed, err := commerce.Place(api.NewOrderID(), "caller", terms, o.now)
	o.must(err)
	_, err = o.store.Place(o.Context(), placed, fmt.Sprintf("test-key-%08d", o.orders), "digest")
	o.must(err)
	sent := placed.LinkSent(commerce.LetterSetup, terms.Contact, 1, "message", o.now)
	o.must(o.store.Replace(o.Context(), placed, sent))
	return sent
}

// completed maps an order as the wizard would, and answers it with the token for the first password.
func (o *office) completed(order commerce.Order, a commerce.Answers, k commerce.Known) (commerce.Order, commerce.Token) {
	o.Helper()
	link, password := o.token(commerce.SetupToken), o.token(commerce.PasswordToken)
	o.must(o.store.Issue(o.Context(), commerce.Grant{Hash: link.Hash(), Kind: commerce.SetupToken, Order: order.ID, Generation: 1,
		IssuedAt: o.now, ExpiresAt: o.now.Add(time.Hour)}))
	a.ReviewDigest = a.Digest(order, k)
	o.must(a.Check(commerce.StepComplete, order, k))
	c, err := order.Map(a, k, commerce.Fresh{Partner: api.NewID("org"), Customer: api.NewID("org"), Link: link.Hash(), Password: password.Hash()}, o.now)
	o.must(err)
	o.must(o.store.Complete(o.Context(), order, c))
	return c.Order, password
}

// newToEachOther are the answers of a partner's first order for a new customer.
func newToEachOther(partner, customer commerce.Address) commerce.Answers {
	return commerce.Answers{
		Role: commerce.RolePartner, SetUpBy: commerce.ByMe, PartnerOrganization: commerce.NewOrganization, PartnerName: "Nordlicht Partner d.o.o.",
		PartnerCountry: "SI", PartnerAdmin: partner, CustomerAdmin: customer, CustomerOrganization: commerce.NewOrganization,
		CustomerName: "Alpine Mills GmbH", CustomerCountry: "AT", CustomerLanguage: "sl",
	}
}

// mapped is an order of ana's for karl's company, which she may manage.
func (o *office) mapped(change func(*commerce.Terms)) commerce.Order {
	o.Helper()
	order, _ := o.completed(o.invited(change), newToEachOther(ana, karl), commerce.Known{})
	return order
}

// consent is an order of a new partner's for karl's company, which was there before, and karl's link to answer.
func (o *office) consent(partner commerce.Address, customer string) (commerce.Order, commerce.Token) {
	o.Helper()
	member, _, err := o.store.Member(o.Context(), karl)
	o.must(err)
	organization, err := o.store.Organization(o.Context(), customer)
	o.must(err)
	a := newToEachOther(partner, karl)
	a.PartnerName, a.CustomerOrganization, a.CustomerName, a.CustomerCountry, a.CustomerLanguage = "Sudlicht Partner d.o.o.", customer, "", "", ""
	order, _ := o.completed(o.invited(nil), a,
		commerce.Known{CustomerAdmin: member, Customers: []commerce.Organization{organization}, CustomerAdmins: []commerce.Address{karl}})
	link := o.token(commerce.AccessToken)
	o.must(o.store.Issue(o.Context(), commerce.Grant{Hash: link.Hash(), Kind: commerce.AccessToken, Member: karl, Order: order.ID,
		Customer: customer, Partner: order.Mapping.Partner, IssuedAt: o.now, ExpiresAt: o.now.Add(commerce.AccessTokenFor)}))
	return order, link
}

// session signs somebody in without a password.
func (o *office) session(who commerce.Address) string {
	o.Helper()
	secret := o.token(commerce.SessionToken)
	o.must(o.store.SignIn(o.Context(), commerce.Grant{Hash: secret.Hash(), Kind: commerce.SessionToken, Member: who, IssuedAt: o.now,
		ExpiresAt: o.now.Add(commerce.SessionFor)}))
	return secret.Reveal()
}

// reset is a link to choose another password, as its letter has it.
func (o *office) reset(who commerce.Address) string {
	o.Helper()
	link := o.token(commerce.PasswordToken)
	o.must(o.store.Issue(o.Context(), commerce.Grant{Hash: link.Hash(), Kind: commerce.PasswordToken, Member: who, IssuedAt: o.now,
		ExpiresAt: o.now.Add(commerce.ResetTokenFor)}))
	return link.Reveal()
}

// request is one request as these tests write it: what is sent, as whom, in which language.
type request struct {
	route string
	order string
	name  string // of a subdomain
	query string
	sent  string            // JSON
	form  map[string]string // or a form
	as    string            // a session
	lang  string
	extra map[string]string
}

// client sends a request as a client would, and is answered JSON.
func (o *office) client(r request) call.Response {
	o.Helper()
	header := map[string]string{"accept": "application/json"}
	if r.sent != "" {
		header["content-type"] = "application/json"
	}
	if r.as != "" {
		header["authorization"] = "Bearer " + r.as
	}
	return o.send(r, header, r.sent)
}

// browser sends a request as a browser would, and is answered a page.
func (o *office) browser(r request) call.Response {
	o.Helper()
	header := map[string]string{"accept": "text/html,application/xhtml+xml", "accept-language": r.lang}
	body := ""
	if strings.HasPrefix(r.route, "POST ") {
		values := url.Values{}
		for name, value := range r.form {
			values.Set(name, value)
		}
		body = values.Encode()
		header["content-type"] = "application/x-www-form-urlencoded"
		header["sec-fetch-site"] = "same-origin"
	}
	if r.as != "" {
		header["cookie"] = "__Host-session=" + r.as
	}
	return o.send(r, header, body)
}

func (o *office) send(r request, header map[string]string, body string) call.Response {
	o.Helper()
	maps.Copy(header, r.extra)
	path := map[string]string{}
	if r.order != "" {
		path["order"] = r.order
	}
	if r.name != "" {
		path["name"] = r.name
	}
	return call.HTTP(o, o.function, call.Request{Route: r.route, Path: path, Query: r.query, Header: header, Body: body, Now: o.now})
}

type problem struct {
	Code        string
	Suggestions []string
	Errors      []struct{ Pointer, Code, Detail string }
}

// refused wants a problem of this status and code, and answers it.
func refused(t testing.TB, r call.Response, status int, code string) problem {
	t.Helper()
	var p problem
	r.Want(t, status).JSON(t, &p)
	if p.Code != code {
		t.Fatalf("code = %s, want %s: %s", p.Code, code, r.Body)
	}
	return p
}

// field wants the first bad field to have this code.
func (p problem) field(t testing.TB, pointer, code string) {
	t.Helper()
	if len(p.Errors) == 0 || p.Errors[0].Pointer != pointer || p.Errors[0].Code != code {
		t.Fatalf("errors = %v, want %s at %s", p.Errors, code, pointer)
	}
}

// says wants a page to contain words.
func says(t testing.TB, r call.Response, words ...string) {
	t.Helper()
	_, main, _ := strings.Cut(r.Body, "<main")
	for _, w := range words {
		if !strings.Contains(r.Body, w) {
			t.Errorf("the page does not say %q: %s", w, main)
		}
	}
}

// goes wants a redirect to an address.
func goes(t testing.TB, r call.Response, to string) {
	t.Helper()
	if r.Want(t, 303).Header["location"] != to {
		t.Fatalf("goes to %s, want %s", r.Header["location"], to)
	}
}

type tasks struct {
	Order struct {
		ID, Status string
	}
	Tasks        []struct{ Name, Status string }
	CanProvision bool `json:"can_provision"`
}

func (v tasks) String() string {
	var all []string
	for _, t := range v.Tasks {
		all = append(all, t.Name+" "+t.Status)
	}
	return fmt.Sprint(strings.Join(all, ", "), "; can provision ", v.CanProvision)
}

// list is the task list of an order.
func (o *office) list(order, as string) tasks {
	o.Helper()
	var v tasks
	o.client(request{route: "GET /services/{order}", order: order, as: as}).Want(o, 200).JSON(o, &v)
	return v
}

func TestEveryPageIsSmallAndWholeInEveryLanguage(t *testing.T) {
	o := open(t)
	order := o.mapped(nil)
	as := o.session(karl)
	_, link := o.consent("eva@sudlicht.example", order.Mapping.Customer)
	o.client(request{route: "POST /services/{order}/enterprise", order: order.ID, as: as, sent: `{"subdomain":"alpine-mills"}`}).Want(t, 200)
	bad := map[string]string{"country": "XX", "time_zone": "Nowhere", "language": "xx", "main_number": "12"}
	requests := map[string]request{
		"password":           {route: "GET /password"},
		"password refused":   {route: "POST /password", form: map[string]string{"token": o.reset(karl), "password": "short"}},
		"password no link":   {route: "POST /password", form: map[string]string{"token": "psp_no", "password": good}},
		"sign in":            {route: "GET /sign-in", query: "signed_out"},
		"sign in refused":    {route: "POST /sign-in", form: map[string]string{"email": string(karl), "password": "wrong"}},
		"forgot":             {route: "GET /forgot"},
		"forgot refused":     {route: "POST /forgot", form: map[string]string{"email": "no address"}},
		"forgot sent":        {route: "POST /forgot", form: map[string]string{"email": string(karl)}},
		"access":             {route: "GET /access"},
		"access asked":       {route: "POST /access", form: map[string]string{"token": link.Reveal()}},
		"access undecided":   {route: "POST /access", form: map[string]string{"token": link.Reveal(), "asked": "true"}},
		"orders":             {route: "GET /services"},
		"organization":       {route: "GET /organization"},
		"invite":             {route: "GET /organization/invite"},
		"invite refused":     {route: "POST /organization/invite", form: map[string]string{"email": string(ana)}},
		"remove nobody":      {route: "POST /organization/remove", form: map[string]string{"email": "nobody@alpine.example"}},
		"take access":        {route: "POST /organization/access", form: map[string]string{"take": order.Mapping.Partner}},
		"tasks":              {route: "GET /services/{order}", order: order.ID},
		"subscription":       {route: "GET /services/{order}/subscription", order: order.ID},
		"subscription wrong": {route: "POST /services/{order}/subscription", order: order.ID, form: map[string]string{"wrong": "true"}},
		"calling":            {route: "GET /services/{order}/calling", order: order.ID},
		"calling refused":    {route: "POST /services/{order}/calling", order: order.ID, form: bad},
		"meetings":           {route: "GET /services/{order}/meetings", order: order.ID},
		"meetings refused":   {route: "POST /services/{order}/meetings", order: order.ID, form: map[string]string{"language": "xx"}},
		"enterprise":         {route: "GET /services/{order}/enterprise", order: order.ID},
		"enterprise refused": {route: "POST /services/{order}/enterprise", order: order.ID, form: map[string]string{"subdomain": "ac me"}},
		"enterprise checked": {route: "POST /services/{order}/enterprise", order: order.ID, form: map[string]string{"subdomain": "alpine", "check": "true"}},
		"nobody's order":     {route: "GET /services/{order}", order: "DO-none"},
	}
	for name, r := range requests {
		for _, tag := range texts.Tags() {
			if strings.Contains(r.route, "/services") || strings.Contains(r.route, "/organization") {
				r.as = as
			}
			r.lang = tag
			answer := o.browser(r)
			var zipped bytes.Buffer
			z := gzip.NewWriter(&zipped)
			_, err := z.Write([]byte(answer.Body))
			o.must(err)
			o.must(z.Close())
			switch {
			case len(answer.Body) > 12<<10 || zipped.Len() > 5<<10:
				t.Errorf("%s in %s: %d bytes, %d gzipped; want at most 12 and 5 KB", name, tag, len(answer.Body), zipped.Len())
			case strings.Contains(answer.Body, "⟦"):
				t.Errorf("%s in %s lacks a text: %s", name, tag, answer.Body)
			case !strings.Contains(answer.Body, `<html lang="`+tag+`">`):
				t.Errorf("%s in %s: %d %s", name, tag, answer.Status, answer.Body)
			case answer.Header["cache-control"] != "private, no-cache":
				t.Errorf("%s in %s: Cache-Control = %q, which breaks Back", name, tag, answer.Header["cache-control"])
			}
		}
	}
}

func TestAnotherSiteCannotSendForms(t *testing.T) {
	o := open(t)
	order := o.mapped(nil)
	as := o.session(karl)
	for _, extra := range []map[string]string{{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "", "origin": "https://evil.example"}} {
		answer := o.browser(request{route: "POST /services/{order}/subscription", order: order.ID, as: as, form: map[string]string{"reviewed": "true"}, extra: extra})
		answer.Want(t, 403)
	}
	if got := o.list(order.ID, as).Tasks[0]; got.Status != "not_started" {
		t.Errorf("another site did %s", got.Name)
	}
}

func TestLanguageIsRememberedAndKeepsTheAnswers(t *testing.T) {
	o := open(t)
	order := o.mapped(nil)
	as := o.session(karl)
	form := map[string]string{"location_name": "Sedež", "city": "Graz", "lang": "en", "switch": "sl"}
	answer := o.browser(request{route: "POST /services/{order}/calling", order: order.ID, as: as, form: form, lang: "en"}).Want(t, 200)
	says(t, answer, "Nastavitve klicev", `value="Sedež"`, `value="Graz"`)
	if strings.Contains(answer.Body, "Prišlo je do težave") {
		t.Error("a change of language checks the answers")
	}
	if len(answer.Cookies) != 1 || !strings.HasPrefix(answer.Cookies[0], "lang=sl; ") {
		t.Errorf("cookies = %q", answer.Cookies)
	}
	answer = o.browser(request{route: "GET /services/{order}", order: order.ID, lang: "en", extra: map[string]string{"cookie": "__Host-session=" + as + "; lang=sl"}})
	says(t, answer.Want(t, 200), "Nastavite storitve")
	answer = o.browser(request{route: "GET /services/{order}", order: order.ID, as: as, lang: "en", query: "lang=sl"})
	says(t, answer.Want(t, 200), "Nastavite storitve")
}
