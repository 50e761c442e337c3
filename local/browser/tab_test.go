// Package browser_test walks the pages in a real Chromium, as people would: from the letter in the inbox to services that
// run.
package browser_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// pictures is where the walks leave pictures of the pages: go test ./local/browser -args -pictures DIR.
var pictures = flag.String("pictures", "", "folder for pictures of the pages")

// patience is how long one page may take on a machine that does other things too.
const patience = 20 * time.Second

// tab is a tab of a Chromium of its own.
type tab struct {
	*testing.T
	ctx context.Context
}

// openTab starts Chromium with an empty profile. Without it the test fails: `make test` installs it, or says how.
func openTab(t *testing.T, script bool) *tab {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.DisableGPU, chromedp.WindowSize(1280, 900), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-sync", true),
	)
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	b := &tab{t, ctx}
	if err := chromedp.Do(ctx); err != nil { // without a timeout: Chromium lives as long as the context of its first run
		t.Fatalf("start Chromium: %v", err)
	}
	if !script {
		b.do("switch scripts off", chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
			_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
			return err
		}))
	}
	return b
}

// do runs actions within the patience.
func (b *tab) do(what string, actions ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.Fatalf("%s: %v", what, err)
	}
}

// run runs one action that answers something.
func run[T any](b *tab, what string, action chromedp.Action[T]) T {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	got, err := chromedp.Run(ctx, action)
	if err != nil {
		b.Fatalf("%s: %v", what, err)
	}
	return got
}

// open goes to an address.
func (b *tab) open(url string) {
	b.Helper()
	b.do("open "+url, chromedp.Navigate(url))
}

// press clicks the button or link with these words and waits for the page that answers.
func (b *tab) press(words string) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(named(words), chromedp.NodeVisible)); err != nil {
		b.Fatalf("press %q: %v; the page: %s", words, err, run(b, "read the page", chromedp.Text("body")))
	}
}

// named finds a button or a link by its words, whatever stands around them.
func named(words string) chromedp.Search {
	return chromedp.Search(fmt.Sprintf(`//*[self::a or self::button][not(@tabindex="-1")][contains(normalize-space(.), %q)]`, words))
}

// fill types into a field by its id, in place of what is there.
func (b *tab) fill(id, value string) {
	b.Helper()
	b.choose(id, "")
	b.do("fill "+id, chromedp.SendKeys(chromedp.ID(id), value))
}

// choose sets the value of a field or a list by its id.
func (b *tab) choose(id, value string) {
	b.Helper()
	run(b, "choose "+id, chromedp.Evaluate[string](fmt.Sprintf("document.getElementById(%q).value = %q", id, value)))
}

// pick presses a radio button or a checkbox by its name and value.
func (b *tab) pick(name, value string) {
	b.Helper()
	b.do("pick "+name+" "+value, chromedp.Click(fmt.Sprintf(`input[name=%q][value=%q]`, name, value)))
}

// heading is the one h1 of the page.
func (b *tab) heading() string {
	b.Helper()
	return strings.TrimSpace(run(b, "read the heading", chromedp.TextContent("h1")))
}

// on fails the test unless the page has this heading.
func (b *tab) on(heading string) {
	b.Helper()
	if got := b.heading(); got != heading {
		b.Fatalf("on the page %q, want %q: %s", got, heading, run(b, "read the page", chromedp.TextContent("main")))
	}
}

// says fails the test unless the page has these words.
func (b *tab) says(words string) {
	b.Helper()
	if got := run(b, "read the page", chromedp.TextContent("body")); !strings.Contains(got, words) {
		b.Fatalf("the page does not say %q: %s", words, got)
	}
}

// value is what stands in a field.
func (b *tab) value(id string) string {
	b.Helper()
	return run(b, "read "+id, chromedp.Value(chromedp.ID(id)))
}

// picture leaves a picture of the page as it is, where pictures are asked for.
func (b *tab) picture(name string) {
	b.Helper()
	if *pictures == "" {
		return
	}
	image := run(b, "take a picture", chromedp.FullScreenshot(100))
	if err := os.WriteFile(filepath.Join(*pictures, name+".png"), image, 0o644); err != nil {
		b.Fatal(err)
	}
}
