// Package browser_test walks the pages in a real Chromium, as people would: from the letter in the inbox to services that
// run.
package browser_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// tab is a tab of the browser with cookies of its own.
type tab struct {
	*testing.T
	ctx    context.Context
	script bool
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

// look sets how wide the window is, and whether the person likes it dark.
func (b *tab) look(width int64, dark bool) error {
	theme := "light"
	if dark {
		theme = "dark"
	}
	return chromedp.Do(b.ctx, chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 900, DeviceScaleFactor: 1})
		if err != nil {
			return err
		}
		_, err = chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}},
		})
		return err
	}))
}

// shoot leaves a picture of a page that is looked at beside others.
func (b *tab) shoot(name string) {
	if *pictures == "" {
		return
	}
	image, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(*pictures, strings.ReplaceAll(name, "/", "-")+".png"), image, 0o644)
	}
	if err != nil {
		b.Errorf("take a picture of %s: %v", name, err)
	}
}
