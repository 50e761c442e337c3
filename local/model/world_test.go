package model_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // orders are in a zone

	"pgregory.net/rapid"

	"dayone/local/audit"
	"dayone/local/client"
	"dayone/local/cloud"
	"dayone/local/cloud/cloudtest"
	"dayone/local/engine/enginetest"
	"dayone/local/functions"
	"dayone/shared/commerce"
	"dayone/shared/store"
)

var zone = func() *time.Location {
	z, err := time.LoadLocation("Europe/Ljubljana")
	if err != nil {
		panic(err)
	}
	return z
}()

// organization, password, question are what the model knows of organizations and of links that are no setup links.
type (
	organization struct {
		id, kind, domain, subdomain string
		settled, unclaimed          bool
		people                      []string
	}
	passwordLink struct {
		secret, email string
		issued        time.Time
		gone, used    bool
		reset         bool // somebody asked for it
	}
	question struct {
		secret, email     string
		order             *order
		partner, customer *organization
		issued            time.Time
		used              bool
	}
	session struct {
		secret string
		until  time.Time
	}
)

// world is everything, running, and the model of it.
type world struct {
	*cloud.Cloud
	client  *client.Client
	crashes *crashes
	tables  store.Tables

	orders   []*order
	all      []*organization
	members  map[string]*organization
	has      map[string]bool // a password
	sessions map[string]session
	tries    map[string]int
	chose    map[string]time.Time // a password
	forgot   map[string]time.Time // and a letter was queued
	access   map[[2]*organization]string
	given    map[[2]*organization]time.Time // of the customer's own accord
	names    map[string]*organization       // subdomains
	behaves  map[string]string
	pwLinks  []*passwordLink
	asked    []*question

	queue []letter       // waiting
	sent  map[letter]int // gone out
	extra map[letter]int // that a crash explains
	read  int            // letters of the inbox that were looked at

	hears      map[string]*heard // the other system, of each order
	sentEvents int               // of what it was sent that was looked at

	steps int
	books *audit.Books // as the last check found them
}

// begin starts a world that ends with the check.
func begin(tb testing.TB, t *rapid.T) *world {
	root, err := enginetest.Root()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{crashes: newCrashes(), members: map[string]*organization{}, has: map[string]bool{}, sessions: map[string]session{},
		tries: map[string]int{}, chose: map[string]time.Time{}, forgot: map[string]time.Time{}, access: map[[2]*organization]string{}, given: map[[2]*organization]time.Time{}, names: map[string]*organization{}, behaves: map[string]string{},
		sent: map[letter]int{}, extra: map[letter]int{}}
	t.Cleanup(w.crashes.server.Close)
	prefix := enginetest.Prefix()
	w.Cloud, err = cloud.Start(tb.Context(), cloud.Config{Root: root, Functions: w.crashes.constructors(functions.All()),
		Engine: enginetest.Engine(tb), Prefix: prefix, Now: noon, Frozen: true, Seen: cloudtest.Described(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		if err := cloudtest.Secretless(tb.Context(), w.Cloud, password); err != nil {
			t.Error(err)
		}
	})
	w.client = client.New(w.URL, 4)
	w.tables = store.Tables{Orders: w.Table("OrdersTable"), Organizations: w.Table("OrganizationsTable"), Tokens: w.Table("TokensTable")}
	return w
}

// noon is when the clock begins: a Monday in November.
var noon = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)

// ask asks and fails the check unless the answer is the expected one: a status and, of a refusal, its code.
func (w *world) ask(t *rapid.T, method, path, secret string, body client.Object, want string, headers ...string) client.Answer {
	t.Helper()
	var sent any
	if body != nil {
		sent = body
	}
	a, err := w.client.Ask(t.Context(), method, path, secret, sent, headers...)
	if err != nil {
		t.Fatal(err)
	}
	if got := told(a); got != want {
		t.Fatalf("%s: %s %s %v is answered %s, not %s: %s", w.Now().Format(time.RFC3339), method, path, body, got, want, a.Body)
	}
	return a
}

// told is an answer in short: its status and, where it is a problem, the code.
func told(a client.Answer) string {
	if a.Status < 400 {
		return fmt.Sprint(a.Status)
	}
	return fmt.Sprint(a.Status, " ", a.Text("code"))
}

// insist is ask for what may be repeated: now and then the function's process ends at one of its calls, the one who asked
// hears of a failure, and asks again.
func (w *world) insist(t *rapid.T, function, method, path, secret string, body client.Object, want string, headers ...string) client.Answer {
	t.Helper()
	if rapid.IntRange(0, 3).Draw(t, "crash") > 0 {
		return w.ask(t, method, path, secret, body, want, headers...)
	}
	w.crashes.next(function, rapid.IntRange(1, 9).Draw(t, "at call"), rapid.Bool().Draw(t, "after it"))
	a, err := w.client.Ask(t.Context(), method, path, secret, body, headers...)
	if err != nil {
		t.Fatal(err)
	}
	if w.crashes.over() {
		if a.Status != http.StatusInternalServerError {
			t.Fatalf("%s %s is answered %d by a process that ended", method, path, a.Status)
		}
		return w.ask(t, method, path, secret, body, want, headers...)
	}
	if got := told(a); got != want {
		t.Fatalf("%s %s %v is answered %s, not %s: %s", method, path, body, got, want, a.Body)
	}
	return a
}

// tick moves the clock and has the model do what it makes due. The schedules run as in the template: letters, then
// provisioning, then charges.
func (w *world) tick(t *rapid.T, to time.Time) {
	t.Helper()
	if err := w.Set(t.Context(), to, 1000*day); err != nil {
		t.Fatal(err)
	}
	for _, o := range w.orders {
		w.goOut(o.attend(to, 100))
	}
	w.deliver()
	w.rest(t, to)
}

// rest is what happens in a tick after the letters.
func (w *world) rest(t *rapid.T, to time.Time) {
	t.Helper()
	w.collect(t)
	for _, o := range w.orders {
		if o.status == "provisioning" {
			w.watch(t, o, to)
		}
		if o.runs() {
			o.upTo = to
			w.follow(t, o, to)
		}
	}
}

func (w *world) goOut(letters []letter) {
	for _, l := range letters {
		w.sent[l]++
	}
}

// deliver empties the queue.
func (w *world) deliver() {
	w.goOut(w.queue)
	w.queue = nil
}

func (w *world) wait(letters ...letter) { w.queue = append(w.queue, letters...) }

// collect looks at the letters that came, and takes their links.
func (w *world) collect(t *rapid.T) {
	t.Helper()
	inbox := w.Inbox()
	slices.Reverse(inbox)
	for _, l := range inbox[w.read:] {
		o := w.find(tag(l, "order"))
		for _, link := range l.Links {
			u, err := url.Parse(link)
			if err == nil && tag(l, "kind") == "password_reset" {
				w.pwLinks = append(w.pwLinks, &passwordLink{secret: u.Fragment, email: l.To[0], issued: w.Now(), reset: true})
				continue
			}
			if err != nil || u.Fragment == "" || o == nil {
				continue
			}
			switch u.Path {
			case "/setup":
				o.links = append(o.links, mailed{u.Fragment, o.link})
			case "/password":
				w.pwLinks = append(w.pwLinks, &passwordLink{secret: u.Fragment, email: l.To[0], issued: w.Now()})
			case "/access":
				w.asked = append(w.asked, &question{secret: u.Fragment, email: l.To[0], order: o, partner: o.partner, customer: o.customer, issued: w.Now()})
			default:
				t.Fatalf("a letter with the link %s", u.Path)
			}
		}
	}
	w.read = len(inbox)
}

func tag(l cloud.Letter, name string) string {
	for _, tag := range l.Tags {
		if tag.Name == name {
			return tag.Value
		}
	}
	return ""
}

func (w *world) find(id string) *order {
	for _, o := range w.orders {
		if o.id == id {
			return o
		}
	}
	return nil
}

// check compares everything there is with the model, and audits it.
func (w *world) check(t *rapid.T) {
	t.Helper()
	books, err := audit.Read(t.Context(), w.DynamoDB, w.tables)
	if err == nil {
		err = books.Check()
	}
	if err != nil {
		t.Fatalf("%s: %v", w.Now().Format(time.RFC3339), err)
	}
	w.steps, w.books = w.steps+1, books
	if len(books.Orders) != len(w.orders) {
		t.Fatalf("%d orders are stored, not %d", len(books.Orders), len(w.orders))
	}
	for _, o := range w.orders {
		if diff := o.differs(books.Orders[o.id].Order); diff != "" {
			t.Fatalf("%s: order %s: %s\n%s", w.Now().Format(time.RFC3339), o.id, diff, story(books.Orders[o.id]))
		}
	}
	if got := len(books.Organizations); got != len(w.all) {
		t.Fatalf("%d organizations are stored, not %d", got, len(w.all))
	}
	for _, org := range w.all {
		if got := books.Organizations[org.id]; got.Kind != org.kind || got.Subdomain != org.subdomain || got.Settled != org.settled {
			t.Fatalf("organization %+v, not %+v", got, *org)
		}
	}
	if len(books.Members) != len(w.members) || len(books.Subdomains) != len(w.names) {
		t.Fatalf("members %v and subdomains %v, not %v and %v", books.Members, books.Subdomains, w.members, w.names)
	}
	for email, org := range w.members {
		if m := books.Members[commerce.Address(email)]; m.Organization != org.id || (m.Password != "") != w.has[email] {
			t.Fatalf("member %s of %s, not %s, with a password: %v", email, m.Organization, org.id, w.has[email])
		}
	}
	relations := map[[2]string]string{}
	for _, r := range books.Relations {
		relations[[2]string{r.Partner, r.Customer}] = r.Access
	}
	want := map[[2]string]string{}
	for pair, access := range w.access {
		want[[2]string{pair[0].id, pair[1].id}] = access
	}
	if !maps.Equal(relations, want) {
		t.Fatalf("access %v, not %v", relations, want)
	}
	w.checkLetters(t, books)
	w.checkEvents(t)
}

// checkLetters compares what waits and what went out. A crash may have cost one more letter of what was on its way.
func (w *world) checkLetters(t *rapid.T, books *audit.Books) {
	t.Helper()
	waiting, want := map[letter]int{}, map[letter]int{}
	for _, l := range books.Letters {
		if l.Due != "" {
			waiting[letter{l.Order, l.Kind, l.To}]++
		}
	}
	for _, l := range w.queue {
		want[l]++
	}
	if !maps.Equal(waiting, want) {
		t.Fatalf("letters wait %v, not %v", waiting, want)
	}
	came := map[letter]int{}
	for _, l := range w.Inbox() {
		came[letter{tag(l, "order"), tag(l, "kind"), l.To[0]}]++
	}
	for l, n := range w.sent {
		if got := came[l]; got < n || got > n+w.extra[l] {
			t.Fatalf("%s: %d letters %v came, not %d\n%s", w.Now().Format(time.RFC3339), got, l, n, story(books.Orders[l.order]))
		}
		delete(came, l)
	}
	if len(came) > 0 {
		t.Fatalf("%s: letters came that nothing makes necessary: %v", w.Now().Format(time.RFC3339), came)
	}
}

// story is what happened to an order, for the one who has to find out why.
func story(o audit.Order) string {
	var all strings.Builder
	for _, e := range o.Events {
		fmt.Fprintf(&all, "%s %s %s %v\n", e.At.Format(time.RFC3339), e.Kind, e.Actor, e.Changes)
	}
	return all.String()
}

// differs says where a stored order is not as the model has it, "" where nowhere.
func (o *order) differs(s commerce.Order) string {
	type view struct {
		Status, Contact                        string
		InviteAt, Window, Owed, Billed, Mapped int64
		Link, Reminded, Told, Delegations      int
		Noticed, Escalated, Started, Handover  bool
		Partner, Customer, Access              string
		Charged, Change                        string
	}
	unix := func(t time.Time) int64 {
		if t.IsZero() {
			return 0
		}
		return t.UnixMilli()
	}
	got := view{string(s.Status), string(s.Contact), unix(s.InviteAt), unix(s.WindowFrom), unix(s.Link.DueAt), unix(s.BilledAt), unix(s.Mapping.At),
		s.Link.Generation, s.Reminded, s.UnknownTold, s.Delegations, !s.NoticedAt.IsZero(), !s.EscalatedAt.IsZero(), !s.StartedAt.IsZero(), s.Handover,
		s.Mapping.Partner, s.Mapping.Customer, string(s.Mapping.PartnerAccess), "", string(s.InFlight.Kind)}
	want := view{o.status, o.contact, unix(o.inviteAt), unix(o.window), unix(o.owed), unix(o.billed), unix(o.mapped),
		o.link, o.reminded, o.told, o.delegations, o.noticed, o.escalated, o.started, o.handover, "", "", o.access, "", o.change}
	if o.partner != nil {
		want.Partner, want.Customer = o.partner.id, o.customer.id
	}
	for _, l := range s.Lines {
		got.Charged += fmt.Sprint(l.SKU, " ", l.Charged, " ")
	}
	for _, l := range o.lines {
		n := 0
		if o.runs() || o.status == "ended" {
			n = l.periods(o.billed, o.upTo)
		}
		want.Charged += fmt.Sprint(l.sku, " ", n, " ")
	}
	if got == want {
		return ""
	}
	return fmt.Sprintf("stored  %+v\nmodel   %+v", got, want)
}
