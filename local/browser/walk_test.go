package browser_test

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"dayone/local/cloud"
	"dayone/local/cloud/cloudtest"
	"dayone/local/functions"
)

// begun plays the cloud with an order that was invited, and answers it with the code of its link.
func begun(t *testing.T, locale string, changes ...change) (c *cloud.Cloud, order, setup string) {
	t.Helper()
	c = cloudtest.Start(t, cloud.Config{Functions: functions.All()})
	order = place(t, c, "CCW-81234567", locale, changes...)
	runs(t, c, "Letters")
	return c, order, code(t, c, "ana@nordlicht.example", "/setup")
}

func TestACustomerWithoutScriptsInSlovenian(t *testing.T) {
	t.Parallel()
	c, order, setup := begun(t, "sl")
	b := openTab(t, false)
	b.open(c.URL + "/setup?lang=sl")
	b.on("Nastavite svoje naročilo")
	b.press("Nadaljuj")
	b.says("Prilepite kodo")
	b.fill("token", setup)
	b.press("Nadaljuj")
	b.press("Začni nastavitev")
	b.on("Kakšna je vaša vloga?")
	b.pick("role", "customer")
	b.press("Naprej")
	b.fill("customer_admin_email", "it@alpine.example")
	b.press("Naprej")
	b.on("Potrdite podatke stranke")
	b.press("Naprej")
	b.on("Preverite podatke, preden nastavite naročilo")
	b.press("Naprej")
	b.on("Vaše naročilo je bilo uspešno nastavljeno")
	link := run(b, "read the link", chromedp.AttributeValue(named("Nadaljuj"), "href"))
	b.press("Nadaljuj")
	b.on("Ustvarite geslo")
	_, password, _ := strings.Cut(link.Value, "#")
	b.fill("token", password)
	b.fill("password", "kratek stavek je dober")
	b.press("Nadaljuj")
	b.press("Podrobnosti naročnine")
	b.press("Naprej")
	b.press("Nastavitve klicev")
	for id, value := range map[string]string{"location_name": "Sedež", "address": "Mühlgasse 1", "city": "Gradec", "postal_code": "8010"} {
		b.fill(id, value)
	}
	b.press("Shrani")
	b.press("Nastavitve sestankov")
	b.press("Shrani")
	b.press("Nastavitve podjetja")
	b.fill("subdomain", "alpine-mills")
	b.press("Preveri razpoložljivost")
	b.says("je na voljo")
	b.press("Shrani")
	b.press("Omogoči storitve in začni obračunavanje")
	b.on("Vaše storitve so pripravljene")
	if got := status(t, c, order); got != "active" {
		t.Errorf("the order is %s", got)
	}
}

func TestAMailScannerStartsNothing(t *testing.T) {
	t.Parallel()
	c, order, setup := begun(t, "en")
	for i := range 50 {
		method := []string{http.MethodGet, http.MethodHead}[i%2]
		r, err := http.NewRequestWithContext(t.Context(), method, c.URL+"/setup", nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
	}
	for _, script := range []bool{true, false} {
		for _, address := range []string{"/setup#" + setup, "/setup%23" + setup} {
			b := openTab(t, script)
			b.open(c.URL + address)
			b.press("Continue") // the first button there is
			if script {
				b.on("Set up your order")
				b.press("Start setup")
			}
		}
	}
	if got := status(t, c, order); got != "invited" {
		t.Fatalf("a scanner made the order %s", got)
	}
	if err := c.Advance(t.Context(), 25*time.Hour, time.Hour); err != nil {
		t.Fatal(err)
	}
	if n := lettersTo(c, "maja.zupan@vendor.example"); n != 1 {
		t.Errorf("the representative got %d letters, want the one that nobody started", n)
	}
	p := newReader(t, c, "en")
	p.get("open", "/setup")
	p.submit("start", "token", setup)
	p.submit("role")
	p.submit("customer-admin", "role", "customer")
	p.submit("customer-new", "customer_admin_email", "it@alpine.example")
	p.submit("review")
	p.submit("success")
	if got := status(t, c, order); got != "mapped" {
		t.Errorf("the link does not complete: the order is %s", got)
	}
}

func lettersTo(c *cloud.Cloud, to string) (n int) {
	for _, l := range c.Inbox() {
		if strings.Contains(strings.Join(l.To, " "), to) {
			n++
		}
	}
	return n
}

func TestNothingIsSavedBeforeTheEnd(t *testing.T) {
	t.Parallel()
	for _, script := range []bool{true, false} {
		t.Run("script "+strconv.FormatBool(script), func(t *testing.T) {
			c, order, setup := begun(t, "en")
			b := openTab(t, script)
			b.enter(c, setup)
			b.press("Start setup")
			b.pick("role", "partner")
			b.press("Next")
			b.pick("set_up_by", "me")
			b.press("Next")
			b.fill("partner_name", "Somebody else")
			b.press("Next")
			b.fill("customer_admin_email", "it@alpine.example")
			b.press("Next")
			b.on("Confirm the customer's details") // the sixth page
			b = openTab(t, script)
			b.enter(c, setup)
			b.on("Set up your order")
			b.press("Start setup")
			b.on("What is your role?")
			if run(b, "look for an answer", chromedp.Evaluate[bool](`!!document.querySelector("input:checked")`)) {
				t.Error("the role was kept")
			}
			b.pick("role", "partner")
			b.press("Next")
			b.pick("set_up_by", "me")
			b.press("Next")
			if got := b.value("partner_name"); got != "Nordlicht Partner d.o.o." {
				t.Errorf("the name was kept: %q", got)
			}
			if got := status(t, c, order); got != "started" {
				t.Errorf("the order is %s", got)
			}
		})
	}
}

// enter opens the link of a letter, or pastes its code where there are no scripts, up to the order.
func (b *tab) enter(c *cloud.Cloud, setup string) {
	b.Helper()
	b.open(c.URL + "/setup#" + setup)
	if b.script {
		if got := run(b, "read the address", chromedp.Location()); strings.Contains(got, "psl_") {
			b.Errorf("the address bar keeps the secret")
		}
	} else {
		b.fill("token", setup)
	}
	b.press("Continue")
}

func TestHostileNamesAreText(t *testing.T) {
	t.Parallel()
	const hostile = `</title><script>document.body.id="taken"</script><img src=x onerror="document.body.id='taken'"> Алпин ملز =1+1`
	for _, script := range []bool{true, false} {
		t.Run("script "+strconv.FormatBool(script), func(t *testing.T) {
			c, _, setup := begun(t, "en", func(order map[string]any) {
				order["customer"] = map[string]any{"name": hostile, "country": "AT"}
				order["partner"] = map[string]any{"name": hostile, "country": "SI"}
			})
			b := openTab(t, script)
			inert := func() {
				t.Helper()
				if !run(b, "look for harm", chromedp.Evaluate[bool](`document.body.id != "taken" && !document.querySelector("img")`)) {
					t.Fatalf("%s: a name became an element", b.heading())
				}
			}
			b.open(c.URL + "/_local/inbox/" + c.Inbox()[0].ID + "/html")
			inert()
			b.says(hostile)
			b.enter(c, setup)
			b.says(hostile)
			inert()
			b.press("Start setup")
			b.pick("role", "customer")
			b.press("Next")
			b.fill("customer_admin_email", "it@alpine.example")
			b.press("Next")
			if got := b.value("customer_name"); got != hostile {
				t.Errorf("the name is %q", got)
			}
			inert()
			b.press("Next")
			b.says(hostile)
			inert()
			b.press("Next")
			b.on("Your order was set up successfully")
			inert()
		})
	}
}

func TestBackKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	c, _, setup := begun(t, "en")
	b := openTab(t, true)
	b.enter(c, setup)
	b.press("Start setup")
	b.pick("role", "partner")
	b.press("Next")
	b.pick("set_up_by", "me")
	b.press("Next")
	b.fill("partner_name", "Typed by hand")
	b.press("Next")
	b.on("Who is the customer's administrator?")
	b.do("go back", chromedp.NavigateBack())
	b.on("Create your partner organization")
	if got := b.value("partner_name"); got != "Typed by hand" {
		t.Errorf("the browser's Back lost what was typed: %q", got)
	}
	b.do("go back", chromedp.NavigateBack())
	b.on("Will you set up the services?")
	if !run(b, "read the answer", chromedp.Evaluate[bool](`document.getElementById("set_up_by").checked`)) {
		t.Error("the browser's Back lost the answer")
	}
	b.do("go back", chromedp.NavigateBack())
	b.on("What is your role?")
	b.do("go forward", chromedp.NavigateForward())
	b.on("Will you set up the services?")
	b.press("Next")
	b.press("Slovenščina")
	b.on("Ustvarite svojo partnersko organizacijo")
	b.fill("partner_name", "Vpisano na roke")
	b.press("English")
	b.on("Create your partner organization")
	if got := b.value("partner_name"); got != "Vpisano na roke" {
		t.Errorf("the switch of the language lost what was typed: %q", got)
	}
}

func TestADoubleClickActsOnce(t *testing.T) {
	t.Parallel()
	c, order, setup := begun(t, "en")
	b := openTab(t, true)
	b.enter(c, setup)
	b.twice("Start setup", "What is your role?")
	b.pick("role", "partner")
	b.twice("Next", "Will you set up the services?")
	b.pick("set_up_by", "me")
	b.press("Next")
	b.press("Next")
	b.fill("customer_admin_email", "it@alpine.example")
	b.press("Next")
	b.press("Next")
	b.twice("Next", "Your order was set up successfully")
	if got := status(t, c, order); got != "mapped" {
		t.Errorf("the order is %s", got)
	}
	runs(t, c, "Letters")
	if n := lettersTo(c, "it@alpine.example"); n != 1 {
		t.Errorf("%d welcome letters, want one", n)
	}
}

// twice presses a button twice at once and waits for the page after it.
func (b *tab) twice(words, then string) {
	b.Helper()
	b.do("press "+words+" twice", chromedp.DoubleClick(named(words), chromedp.NodeVisible))
	b.waits(then)
}

func TestTheInboxLeadsOn(t *testing.T) {
	t.Parallel()
	c, _, _ := begun(t, "en")
	b := openTab(t, true)
	b.open(c.URL + "/_local/inbox")
	b.press("Set up order")
	if err := b.look(1280, false); err != nil {
		t.Fatal(err)
	}
	b.picture("letter")
	// The frame is sealed: nothing from outside sees into it. A page as wide as it says where its button is.
	frame := b.box("the frame", `document.querySelector("iframe")`)
	inside := openTab(t, true)
	if err := inside.look(int64(frame.Width), false); err != nil {
		t.Fatal(err)
	}
	inside.open(c.URL + "/_local/inbox/" + c.Inbox()[0].ID + "/html")
	button := inside.box("the button", `[...document.links].find(a => a.textContent.includes("Set up now"))`)
	b.do("press Set up now in the frame", chromedp.MouseClickXY(frame.X+button.X+button.Width/2, frame.Y+button.Y+button.Height/2))
	b.waits("Set up your order")
	b.press("Continue")
	b.says("Alpine Mills GmbH")
}

// box is where something is on the page.
type box struct{ X, Y, Width, Height float64 }

func (b *tab) box(what, element string) box {
	b.Helper()
	return run(b, "find "+what, chromedp.Evaluate[box]("(({x, y, width, height}) => ({x, y, width, height}))("+element+".getBoundingClientRect())"))
}

func TestWithTheKeyboardAlone(t *testing.T) {
	t.Parallel()
	c, order, setup := begun(t, "en")
	b := openTab(t, true)
	b.open(c.URL + "/setup#" + setup)
	b.keys("What to do first", kb.Tab)
	if got := run(b, "read the focus", chromedp.Evaluate[string](`document.activeElement.textContent`)); got != "Skip to main content" {
		t.Errorf("the first stop is %q", got)
	}
	b.until("Continue")
	b.keys("Enter", kb.Enter)
	run(b, "wait for the order", chromedp.Text(named("Start setup"), chromedp.NodeVisible))
	b.until("Start setup")
	b.keys("Enter", kb.Enter)
	b.waits("What is your role?")
	b.until("role")
	b.keys("choose", " ", kb.ArrowDown, kb.Enter) // down to the customer, and Enter sends the form
	b.waits("Who is your organization's administrator?")
	b.until("customer_admin_email")
	b.keys("type and send", "it@alpine.example", kb.Enter)
	b.waits("Confirm the customer's details")
	b.until("customer_name")
	b.keys("send", kb.Enter)
	b.waits("Check the details before you set up the order")
	b.until("Next")
	b.keys("send", kb.Enter)
	b.waits("Your order was set up successfully")
	b.servicesByKeyboard(c, order)
}

// keys presses keys.
func (b *tab) keys(what string, keys ...string) {
	b.Helper()
	for _, key := range keys {
		b.do(what, chromedp.KeyEvent(key))
	}
}

// until tabs on until the focus is on something with these words, or this id.
func (b *tab) until(words string) {
	b.Helper()
	for range 30 {
		if got := run(b, "read the focus", chromedp.Evaluate[string](`document.activeElement.id || document.activeElement.textContent`)); got == words {
			return
		}
		b.keys("tab", kb.Tab)
	}
	b.Fatalf("the keyboard does not reach %q", words)
}

// waits waits for the page with this heading. Until it is there, pages come and go.
func (b *tab) waits(heading string) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	for tick := time.NewTicker(20 * time.Millisecond); ; {
		there, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.readyState == "complete" && document.querySelector("h1")?.textContent == `+strconv.Quote(heading)))
		if err == nil && there {
			tick.Stop()
			return
		}
		select {
		case <-ctx.Done():
			b.Fatalf("the page %q does not come; there is %q", heading, b.heading())
		case <-tick.C:
		}
	}
}
