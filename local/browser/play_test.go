package browser_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"dayone/local/cloud"
	"dayone/local/cloud/cloudtest"
	"dayone/local/functions"
	"dayone/local/seed"
)

func TestAMonthInAMinute(t *testing.T) {
	t.Parallel()
	c := cloudtest.Start(t, cloud.Config{Functions: functions.All(), StandIns: seed.StandIns(), Tick: true})
	b := openTab(t, true)
	b.open(c.URL)
	b.press("Order in English")
	b.says("placed by")
	tag := func() string { return run(b, "read the status", chromedp.TextContent("td .tag")) }
	next := func() string { return run(b, "read what comes", chromedp.Text(".then")) }
	on := func(status, what string) {
		t.Helper()
		if got, then := tag(), next(); got != status || !strings.Contains(then, what) {
			t.Fatalf("the order is %s, then %s; want %s, then %s", got, then, status, what)
		}
	}
	on("scheduled", "its letter goes out")
	var told []string
	for range 15 {
		b.press("Go there")
		told = append(told, strings.Fields(run(b, "read what happened", chromedp.Text(".happened")))...)
		if tag() == "closed" {
			break
		}
	}
	at, all := 0, strings.Join(told, " ")
	for _, what := range []string{"letter sent", "Set up order", "escalated", "reminded", "notice sent", "closed"} {
		found := strings.Index(all[at:], what)
		if found < 0 {
			t.Fatalf("%q did not happen after %q: %s", what, all[:at], all)
		}
		at += found
	}
	if n := strings.Count(all, " reminded "); n != 3 {
		t.Errorf("%d reminders, want three: %s", n, all)
	}

	b.press("Reopen")
	b.says("reopened by")
	if tag() != "invited" { // its letter goes out within a second, maybe after the page was made
		b.press("Go there")
	}
	on("invited", "a reminder goes out")
	b.press("Finish it for me")
	on("active", "the next charge")
	b.press("Go there")
	on("active", "the next charge")
	b.press("its charges")
	charges := run(b, "read the charges", chromedp.Text("body"))
	month := c.Now().Format("2006-01")
	if n := strings.Count(charges, fmt.Sprintf(`"period_start":"%s`, month)); n != 2 {
		t.Errorf("%d charges of %s, want one for each line: %s", n, month, charges)
	}
}
