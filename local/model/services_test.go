package model_test

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"dayone/local/client"
)

const password = "a short sentence works"

// choose uses a link to create a password.
func (w *world) choose(t *rapid.T) {
	if len(w.pwLinks) == 0 {
		return
	}
	w.chooseBy(t, w.pwLinks[rapid.IntRange(0, len(w.pwLinks)-1).Draw(t, "link")])
}

func (w *world) chooseBy(t *rapid.T, l *passwordLink) {
	want, valid := "200", 7*day
	if l.reset {
		valid = time.Hour
	}
	switch {
	case l.gone:
		want = "404 link_unknown"
	case l.used, !l.reset && w.has[l.email], l.issued.Before(w.chose[l.email]):
		want = "410 link_used"
	case !w.Now().Before(l.issued.Add(valid)):
		want = "410 link_expired"
	}
	a := w.ask(t, "POST", "/password", "", client.Object{"token": l.secret, "password": password}, want)
	if want == "200" {
		l.used, w.has[l.email], w.chose[l.email] = true, true, w.Now()
		w.signedIn(a, l.email)
	}
}

func (w *world) signedIn(a client.Answer, email string) {
	w.sessions[email] = session{a.Text("session"), w.Now().Add(12 * time.Hour)}
	w.tries[email] = 0
}

// signIn signs in, or tries to with a wrong password; not so often that it is slowed down.
func (w *world) signIn(t *rapid.T) {
	email := rapid.SampledFrom(administrators).Draw(t, "who")
	if w.tries[email] >= 3 {
		return
	}
	body := client.Object{"email": email, "password": password}
	if !w.has[email] || rapid.IntRange(0, 3).Draw(t, "wrong") == 0 {
		w.tries[email]++
		w.ask(t, "POST", "/sign-in", "", body.With(client.Object{"password": "not this one"}), "401 wrong_password")
		return
	}
	w.signedIn(w.ask(t, "POST", "/sign-in", "", body, "200"), email)
}

// decide answers a partner's request for access.
func (w *world) decide(t *rapid.T) {
	if len(w.asked) == 0 {
		return
	}
	q := w.asked[rapid.IntRange(0, len(w.asked)-1).Draw(t, "request")]
	want := "200"
	switch {
	case q.used:
		want = "410 link_used"
	case !w.Now().Before(q.issued.Add(30 * day)):
		want = "410 link_expired"
	}
	yes, pair := rapid.Bool().Draw(t, "yes"), [2]*organization{q.partner, q.customer}
	before := w.access[pair]
	if want == "200" && before != "asked" && yes != (before == "granted") {
		want = "409 access_answered"
	}
	w.ask(t, "POST", "/access", "", client.Object{"token": q.secret, "decision": map[bool]string{true: "yes", false: "no"}[yes]}, want)
	if want == "200" {
		q.used = true
		if q.order.access == "asked" {
			q.order.access = map[bool]string{true: "granted", false: "refused"}[yes]
			if before != "asked" {
				q.order.access = before // a colleague said the same, or it was taken away since
			}
		}
		if before == "asked" {
			w.decided(t, pair, q.email, map[bool]string{true: "granted", false: "refused"}[yes])
		}
	}
}

// decided has the model know what a partner may do from now on, and both sides hear of it at once: a letter that waits
// would make no sense after the next decision.
func (w *world) decided(t *rapid.T, pair [2]*organization, by, access string) {
	w.access[pair] = access
	delete(w.given, pair)
	kind := map[string]string{"granted": "access_granted", "refused": "access_refused", "none": "access_taken"}[access]
	for _, email := range pair[0].people {
		w.wait(letter{"", kind, email})
	}
	for _, email := range pair[1].people {
		if email != by {
			w.wait(letter{"", "access_changed", email})
		}
	}
	w.tick(t, w.Now().Add(time.Minute))
}

// giveOrTake has a customer's administrator change what a partner of theirs may do.
func (w *world) giveOrTake(t *rapid.T) {
	o := w.pick(t, func(o *order) bool { return o.isMapped() })
	if o == nil {
		return
	}
	by := rapid.SampledFrom(o.customer.people).Draw(t, "who")
	who, in := w.sessions[by]
	if !in || !w.Now().Before(who.until) {
		return
	}
	give, pair := rapid.Bool().Draw(t, "give"), [2]*organization{o.partner, o.customer}
	want, access := "200", map[bool]string{true: "granted", false: "none"}[give]
	if o.partner.unclaimed {
		want = "404 partner_unknown"
	}
	w.ask(t, "POST", "/organization/access", who.secret, client.Object{"partner": o.partner.id, "access": access}, want)
	before, now := w.access[pair], w.Now()
	if want != "200" || give == (before == "granted") && (give || before != "asked") {
		return
	}
	if before == "asked" && !give {
		access = "refused"
	}
	w.decided(t, pair, by, access)
	if give {
		w.given[pair] = now
	}
}

// at draws somebody who has signed in once, and an order; want is "" where they may set it up, or what they are told.
// No order where there is none to come to, or nobody.
func (w *world) at(t *rapid.T) (o *order, who session, email, want string) {
	var some []string
	for email := range w.sessions {
		some = append(some, email)
	}
	slices.Sort(some)
	if len(some) == 0 {
		return nil, who, "", ""
	}
	o = w.pick(t, func(o *order) bool { return o.isMapped() || o.n == 1 })
	if o == nil {
		return nil, who, "", ""
	}
	email = rapid.SampledFrom(some).Draw(t, "who")
	who, want = w.as(t, email, o)
	return o, who, email, want
}

// as is the session of somebody, and what they are told who comes to an order with it: "" where they may set it up.
func (w *world) as(t *rapid.T, email string, o *order) (who session, want string) {
	who = w.sessions[email]
	if !w.Now().Before(who.until) && rapid.Bool().Draw(t, "sign in again") {
		w.signedIn(w.ask(t, "POST", "/sign-in", "", client.Object{"email": email, "password": password}, "200"), email)
		who = w.sessions[email]
	}
	org := w.members[email]
	switch {
	case !w.Now().Before(who.until):
		want = "401 signed_out"
	case !o.isMapped(), org != o.customer && org != o.partner:
		want = "404 order_unknown"
	case org == o.partner && w.access[[2]*organization{o.partner, o.customer}] != "granted",
		org == o.partner && o.access == "none" && !w.given[[2]*organization{o.partner, o.customer}].After(o.mapped):
		want = "403 no_access"
	}
	return who, want
}

// look shows the tasks, and how far provisioning is.
func (w *world) look(t *rapid.T) {
	o, who, _, want := w.at(t)
	if o == nil {
		return
	}
	a := w.ask(t, "GET", "/services/"+o.id, who.secret, nil, or(want, "200"))
	if want == "" {
		if can, _ := a.At("can_provision").(bool); can != ((o.status == "mapped" || o.status == "failed") && len(o.todo()) == 0) {
			t.Fatalf("order %s is %s and misses %v, yet: %s", o.id, o.status, o.todo(), a.Body)
		}
	}
	a = w.ask(t, "GET", "/services/"+o.id+"/progress", who.secret, nil, or(want, "200"))
	if want == "" && a.Text("status") != o.status {
		t.Fatalf("the progress says %s, not %s", a.Text("status"), o.status)
	}
}

// save saves a task of the service setup.
func (w *world) save(t *rapid.T) {
	o, who, _, want := w.at(t)
	if o == nil {
		return
	}
	w.saveAs(t, o, who, want, []string{"subscription", "calling", "meetings", "enterprise"})
}

func (w *world) saveAs(t *rapid.T, o *order, who session, want string, tasks []string) {
	task := rapid.SampledFrom(tasks).Draw(t, "task")
	settable := o.status == "mapped" || o.status == "failed"
	var body client.Object
	name := ""
	switch task {
	case "subscription":
		body = client.Object{"reviewed": true}
	case "calling":
		body = client.Calling()
	case "meetings":
		body = client.Meetings()
	case "enterprise":
		name = rapid.SampledFrom([]string{"acme", "alpine", "mlin", "nord"}).Draw(t, "subdomain")
		body = client.Object{"subdomain": name}
	}
	switch {
	case want != "":
	case (task == "calling" || task == "meetings") && !o.buys(task):
		want = "404 task_unknown"
	case o.status == "ended":
		want = "409 order_is_ended"
	case !settable:
		want = "409 order_provisioning"
	case name == "" || name == o.customer.subdomain:
	case o.customer.settled:
		want = "409 subdomain_settled"
	case w.names[name] != nil:
		want = "409 subdomain_taken"
	}
	w.insist(t, "Services", "POST", "/services/"+o.id+"/"+task, who.secret, body, or(want, "200"))
	if want != "" {
		return
	}
	o.tasks[task] = true
	if name != "" && name != o.customer.subdomain {
		delete(w.names, o.customer.subdomain)
		w.names[name], o.customer.subdomain = o.customer, name
	}
}

// behave sets how the service platform takes a service from now on.
func (w *world) behave(t *rapid.T) {
	service := rapid.SampledFrom([]string{"calling", "meetings", "messaging"}).Draw(t, "service")
	how := rapid.SampledFrom([]string{"ok", "ok", "slow", "fail_once", "fail"}).Draw(t, "how")
	if err := w.Behave(service, how, 1); err != nil {
		t.Fatal(err)
	}
	w.behaves[service] = how
}

// click provisions, and clicks again.
func (w *world) click(t *rapid.T) {
	o, who, email, want := w.at(t)
	if o == nil {
		return
	}
	w.clickAs(t, o, who, email, want)
}

func (w *world) clickAs(t *rapid.T, o *order, who session, email, want string) {
	ready := o.status == "mapped" || o.status == "failed"
	if want == "" && ready && len(o.todo()) > 0 {
		want = "409 tasks_open"
	}
	if want == "" && o.status == "ended" {
		want = "409 order_is_ended"
	}
	path := "/services/" + o.id + "/provision"
	body := client.Object{"attempt": o.attempts + 1}
	w.insist(t, "Provisioning", "POST", path, who.secret, body, or(want, "200"))
	if want == "" && ready {
		o.attempts++
		o.status, o.clicked, o.clicker, o.looked, o.looks = "provisioning", w.Now(), email, w.Now(), 0
		w.watch(t, o, w.Now())
		w.ask(t, "POST", path, who.secret, body, "200") // is the same attempt, although that may have failed
		w.watch(t, o, w.Now())
	}
}

// Where provisioning is not done at once, the schedule looks at it again, after at most this long; and so many looks are
// enough for a platform that only takes its time, and a crash on the way.
const (
	nextLook = 15 * time.Minute
	looks    = 6
)

// watch looks how far the provisioning of an order is: it may be done or, where a service fails, undone; after a while it
// must be.
func (w *world) watch(t *rapid.T, o *order, now time.Time) {
	t.Helper()
	if o.status != "provisioning" {
		return
	}
	shown := w.ask(t, "GET", "/orders/"+o.id, "", nil, "200")
	failing := slices.ContainsFunc(o.lines, func(l line) bool { return w.behaves[l.service] == "fail" })
	switch status := shown.Text("status"); {
	case status == "provisioning" && o.looks < looks:
		if now.Sub(o.looked) >= nextLook {
			o.looks, o.looked = o.looks+1, now
		}
	case status == "failed" && failing:
		o.status = "failed"
		w.wait(o.is("provisioning_failed", o.clicker), o.is("rep_provisioning_failed", representative))
	case status == "active":
		o.status = "active"
		since, err := time.Parse(time.RFC3339, shown.Text("billing_started_at"))
		if err != nil || since.Before(o.clicked) || since.After(now) {
			t.Fatalf("order %s: billed since %s, clicked at %s", o.id, shown.Text("billing_started_at"), o.clicked)
		}
		o.billed, o.upTo = since, now
		o.customer.settled = true
		w.wait(o.is("active", o.clicker))
	default:
		t.Fatalf("order %s is %s at %s, clicked at %s, and the platform is %v", o.id, status, now, o.clicked, w.behaves)
	}
}
