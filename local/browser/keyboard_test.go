package browser_test

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"dayone/local/cloud"
	"dayone/local/cloud/cloudtest"
	"dayone/local/functions"
)

// goes tabs to something and presses Enter, and waits for the page after it.
func (b *tab) goes(to, heading string) {
	b.Helper()
	b.until(to)
	b.keys("Enter", kb.Enter)
	b.waits(heading)
}

// types tabs to a field and types over what is in it.
func (b *tab) types(id, words string) {
	b.Helper()
	b.until(id) // the focus that comes by Tab selects all that is there
	b.keys("type", words)
}

// servicesByKeyboard goes on by keyboard, from the end of part one to services that run.
func (b *tab) servicesByKeyboard(c *cloud.Cloud, order string) {
	b.Helper()
	b.goes("Continue", "Create a password")
	b.types("password", sentence)
	b.until("Show password")
	for _, kind := range []string{"text", "password"} {
		b.keys("show or hide", " ")
		if got := run(b, "read how the field is shown", chromedp.Evaluate[string](`document.getElementById("password").type`)); got != kind {
			b.Errorf("the password's field is %s, want %s", got, kind)
		}
	}
	b.goes("Continue", "Set up the services")
	b.goes("Subscription details", "Subscription details")
	b.goes("Next", "Set up the services")
	b.goes("Calling settings", "Calling settings")
	for _, f := range [][]string{{"location_name", "Head office"}, {"address", "Mühlgasse 1"}, {"postal_code", "8010"}, {"city", "Graz"}} {
		b.types(f[0], f[1])
	}
	b.until("language")
	before := b.value("language")
	b.keys("choose", kb.ArrowDown)
	if got := b.value("language"); got == before || got == "" {
		b.Errorf("the arrow leaves the language at %q", got)
	}
	b.goes("Save", "Set up the services")
	b.goes("Meeting settings", "Meeting settings")
	b.goes("Save", "Set up the services")
	b.goes("Enterprise settings", "Enterprise settings")
	b.types("subdomain", "alpine-mills")
	b.until("Check availability")
	b.keys("Space", " ")
	run(b, "wait for the answer", chromedp.Text(`//main//*[contains(., "alpine-mills is available")]`, chromedp.NodeVisible))
	b.goes("Save", "Set up the services")
	b.until("Provision and start billing")
	b.keys("Space", " ")
	b.waits("Your services are ready")
	if got := status(b.T, c, order); got != "active" {
		b.Errorf("the order is %s", got)
	}
}

func TestTheConsoleWithTheKeyboardAlone(t *testing.T) {
	t.Parallel()
	c := cloudtest.Start(t, cloud.Config{Functions: functions.All()})
	first, second := place(t, c, "CCW-1", "en"), place(t, c, "CCW-2", "en", func(order map[string]any) {
		order["customer"] = map[string]any{"name": "Vitis Wines", "country": "AT"}
	})
	b := openTab(t, true)
	b.open(c.URL + "/console/sign-in?lang=en")
	b.types("email", operator)
	b.keys("send", kb.Enter)
	b.waits("Check your email")
	runs(t, c, "Letters")
	b.open(c.URL + "/console/open#" + code(t, c, operator, "/console/open"))
	b.goes("Continue", "Orders")
	b.types("q", "vitis")
	b.keys("filter", kb.Enter)
	run(b, "wait for what is found", chromedp.Text(`//caption[contains(., "1 order")]`, chromedp.NodeVisible))
	b.goes(second, second)
	b.goes("Put on hold", "Put the order on hold")
	b.types("reason", "Their credit is being checked.")
	b.keys("send", kb.Enter)
	b.waits(second)
	b.says("The order is on hold.")
	b.goes("Change contact", "Change the provisioning contact")
	b.types("email", "bor@vitis.example")
	b.until("alias")
	b.keys("tick", " ")
	b.goes("Change contact", second)
	b.says("bor@vitis.example (shared mailbox)")
	b.goes("Orders", "Orders")
	b.until(first)
	if got := run(b, "look at the focus", chromedp.Evaluate[string](`getComputedStyle(document.activeElement).outlineStyle`)); got == "none" {
		t.Error("the focus is not to be seen")
	}
	b.goes("Sign out", "Sign in to the console")
}
