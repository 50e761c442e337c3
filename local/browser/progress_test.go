package browser_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"dayone/local/cloud"
)

// ana is who the letter goes to, and the sentence that opens her services.
const (
	ana      = "ana@nordlicht.example"
	sentence = "a short sentence works"
)

// completed is an order whose part one is done, and whose administrator has a password.
func completed(t *testing.T) (*cloud.Cloud, string, *reader) {
	t.Helper()
	c, order, setup := begun(t, "en")
	return c, order, completes(t, c, setup)
}

// completes does part one as the partner, and chooses a password.
func completes(t *testing.T, c *cloud.Cloud, setup string) *reader {
	t.Helper()
	p := newReader(t, c, "en")
	p.get("open", "/setup")
	p.submit("start", "token", setup)
	p.submit("role")
	p.submit("who", "role", "partner")
	p.submit("partner-new", "set_up_by", "me")
	p.submit("customer-admin")
	p.submit("customer-new", "customer_admin_email", "it@alpine.example")
	p.submit("review")
	p.submit("success")
	m := passwordLink.FindSubmatch(p.page().body)
	if m == nil {
		t.Fatalf("nobody is asked for a password: %s", p.page().body)
	}
	p.get("password", "/password")
	p.submit("tasks", "token", string(m[1]), "password", sentence)
	return p
}

// settles does the four tasks.
func settles(p *reader, order, subdomain string) {
	p.Helper()
	at := "/services/" + order
	for _, task := range [][]string{
		{"subscription"}, {"calling", "location_name", "Head office", "address", "Mühlgasse 1", "postal_code", "8010", "city", "Graz"},
		{"meetings"}, {"enterprise", "subdomain", subdomain},
	} {
		p.get(task[0], at+"/"+task[0])
		p.submit("tasks", task[1:]...)
	}
}

// signs signs somebody in on a tab, and opens an order's services.
func (b *tab) signs(c *cloud.Cloud, email, order string) {
	b.Helper()
	b.open(c.URL + "/sign-in?lang=en")
	b.fill("email", email)
	b.fill("password", sentence)
	b.press("Sign in")
	b.press(order)
	b.on("Set up the services")
}

// tells is what the API answers its caller.
func tells(t *testing.T, c *cloud.Cloud, path string, into any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s", path, answer.Status)
	}
	if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
}

// happened counts the events of a kind in an order's timeline.
func happened(t *testing.T, c *cloud.Cloud, order, kind string) (n int) {
	t.Helper()
	var timeline struct{ Events []struct{ Kind string } }
	tells(t, c, "/orders/"+order+"/events?limit=100", &timeline)
	for _, e := range timeline.Events {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// behaves says how a service of the platform behaves from now on.
func behaves(t *testing.T, c *cloud.Cloud, service, behaviour string) {
	t.Helper()
	if err := c.Behave(service, behaviour, 0); err != nil {
		t.Fatal(err)
	}
}

// minutes lets some pass, and all that becomes due is done.
func minutes(t *testing.T, c *cloud.Cloud, n int) {
	t.Helper()
	if err := c.Advance(t.Context(), time.Duration(n)*time.Minute, time.Minute); err != nil {
		t.Fatal(err)
	}
}

// Over a platform that is slow, then fails, then is slow again and works.
func TestProgressMovesByItself(t *testing.T) {
	t.Parallel()
	for _, script := range []bool{true, false} {
		t.Run("script "+strconv.FormatBool(script), func(t *testing.T) {
			t.Parallel()
			c, order, p := completed(t)
			settles(p, order, "alpine-mills")
			behaves(t, c, "meetings", cloud.BehaveSlow)
			b := openTab(t, script)
			b.signs(c, ana, order)
			b.press("Provision and start billing")
			b.waitsForNews(t, c, "We could not finish. Billing has not started", func() { behaves(t, c, "meetings", cloud.BehaveFail) })
			b.says("the number of users is over what this region can take")
			if got := status(t, c, order); got != "failed" {
				t.Errorf("the order is %s", got)
			}
			behaves(t, c, "meetings", cloud.BehaveSlow)
			b.press("Try again")
			b.waitsForNews(t, c, "Your services are ready", func() {})
			b.says("Billing started on")
			if run(b, "look for what asks for news", chromedp.Evaluate[bool](`!!document.querySelector("[data-live]")`)) {
				t.Error("the page still asks for news")
			}
			if got := status(t, c, order); got != "active" {
				t.Errorf("the order is %s", got)
			}
		})
	}
}

// waitsForNews sees services being set up until something else is the heading: by itself, or without scripts by the link.
// Meanwhile something happens and ten minutes pass.
func (b *tab) waitsForNews(t *testing.T, c *cloud.Cloud, heading string, meanwhile func()) {
	b.Helper()
	const before = "We are setting up your services"
	b.on(before)
	if !b.script {
		b.press("Check again")
		b.on(before) // nothing has happened yet
	}
	run(b, "mark the page", chromedp.Evaluate[bool](`window.same = true`))
	meanwhile()
	minutes(t, c, 10)
	if !b.script {
		b.press("Check again")
		b.on(heading)
		return
	}
	b.waits(heading)
	if !run(b, "look for the mark", chromedp.Evaluate[bool](`window.same == true`)) {
		b.Errorf("%q came with another page", heading)
	}
	if got := run(b, "read the title", chromedp.Title()); !strings.HasPrefix(got, heading+" – ") {
		b.Errorf("the title is %q", got)
	}
}

func TestADoubleClickOnProvisionActsOnce(t *testing.T) {
	t.Parallel()
	for _, script := range []bool{true, false} {
		t.Run("script "+strconv.FormatBool(script), func(t *testing.T) {
			t.Parallel()
			c, order, p := completed(t)
			settles(p, order, "alpine-mills")
			behaves(t, c, "meetings", cloud.BehaveSlow)
			b := openTab(t, script)
			b.signs(c, ana, order)
			b.twice("Provision and start billing", "We are setting up your services")
			if n := happened(t, c, order, "provisioning_started"); n != 1 {
				t.Errorf("it was started %d times", n)
			}
			minutes(t, c, 10)
			keys := map[string]bool{}
			for _, r := range c.ServiceRequests() {
				keys[r.Key] = true
			}
			var charged struct{ Charges []struct{ Order string } }
			tells(t, c, "/charges?month=2026-11", &charged)
			if got := status(t, c, order); got != "active" || len(keys) != 2 || len(charged.Charges) != 2 {
				t.Errorf("the order is %s, the platform did %d things, there are %d charges; want it active, and two for its two lines", got, len(keys), len(charged.Charges))
			}
		})
	}
}

func TestBackInTheServicesKeepsWhatWasSaved(t *testing.T) {
	t.Parallel()
	for _, script := range []bool{true, false} {
		t.Run("script "+strconv.FormatBool(script), func(t *testing.T) {
			t.Parallel()
			c, order, _ := completed(t)
			b := openTab(t, script)
			b.signs(c, ana, order)
			// task opens a task, makes a mistake where it can be made, mends and saves it, and goes back and forth.
			task := func(name string, done int, wrong func(), fields map[string]string) {
				t.Helper()
				save, set := "Save", b.fill
				switch name {
				case "Subscription details":
					save = "Next"
				case "Meeting settings":
					set = b.choose // from lists
				}
				b.press(name)
				b.on(name)
				if wrong != nil {
					wrong()
					b.press(save)
					b.says("There is a problem")
				}
				for id, value := range fields {
					set(id, value)
				}
				b.press(save)
				saved := strconv.Itoa(done) + " of 5 task"
				b.says(saved)
				b.do("go back from "+name, chromedp.NavigateBack())
				b.on(name)
				if wrong != nil {
					b.do("go back from "+name+" again", chromedp.NavigateBack())
					b.on(name)
					b.do("go forward", chromedp.NavigateForward())
					b.on(name)
				}
				b.do("go forward from "+name, chromedp.NavigateForward())
				b.says(saved)
				b.press(name)
				for id, value := range fields {
					if got := b.value(id); got != value {
						t.Errorf("%s: %s is %q after Back, want %q", name, id, got, value)
					}
				}
				b.do("go back to the tasks", chromedp.NavigateBack())
				b.says(saved)
			}
			task("Subscription details", 1, nil, nil)
			task("Calling settings", 2, func() { b.fill("main_number", "12") },
				map[string]string{"location_name": "Head office", "address": "Mühlgasse 1", "city": "Graz", "postal_code": "8010", "main_number": "+43 316 123456"})
			task("Meeting settings", 3, func() { b.choose("time_zone", "") }, map[string]string{"time_zone": "Europe/Berlin"})
			task("Enterprise settings", 4, func() { b.fill("subdomain", "a b") }, map[string]string{"subdomain": "alpine-mills"})
			b.press("Provision and start billing")
			b.on("Your services are ready")
			b.do("go back from the end", chromedp.NavigateBack())
			b.on("Set up the services")
			if n := happened(t, c, order, "provisioning_started"); n != 1 {
				t.Errorf("it was started %d times", n)
			}
		})
	}
}
