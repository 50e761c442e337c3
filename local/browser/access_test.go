package browser_test

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"dayone/local/engine/enginetest"
	"dayone/shared/texts"
)

//go:embed audit.js
var audit string

// axe is axe-core as npm installs it.
func axe(t *testing.T) string {
	t.Helper()
	root, err := enginetest.Root()
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile(filepath.Join(root, "local", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatalf("axe-core is not there, `npm ci --prefix local` installs it: %v", err)
	}
	return string(script)
}

// gallery serves sheets as they were answered, each under its place in the list.
func gallery(t *testing.T, sheets []sheet) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/easel" { // a page without a policy, to write the others into
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			return
		}
		i, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
		if err != nil || i >= len(sheets) {
			http.NotFound(w, r)
			return
		}
		for name, values := range sheets[i].header {
			w.Header()[name] = values
		}
		w.Header().Del("Content-Length")
		_, _ = w.Write(sheets[i].body) // the tab may be gone
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// unseen is what may differ between two pages that look the same: answers that travel hidden, and numbers of orders.
var unseen = regexp.MustCompile(`<input type="hidden"[^>]*>|DO-[0-9A-Z-]{14}|(?:partner|customer)_organization[^>]*value="[^"]*"`)

// different leaves out the sheets that look like one before.
func different(sheets []sheet) []sheet {
	var all []sheet
	seen := map[string]bool{}
	for _, s := range sheets {
		if key := unseen.ReplaceAllString(string(s.body), ""); !seen[key] {
			seen[key] = true
			all = append(all, s)
		}
	}
	return all
}

// show looks at every sheet in each width, light and dark. Several tabs share the work.
func show(t *testing.T, sheets []sheet, widths []int64, forms bool) {
	t.Helper()
	url, script := gallery(t, sheets), axe(t)+"\n"+audit
	work := make(chan int)
	var tabs sync.WaitGroup
	for range 2 {
		b, easel := openTab(t, true), openTab(t, true)
		easel.open(url + "/easel")
		run(easel, "load axe-core", chromedp.Evaluate[bool](script+"\ntrue"))
		tabs.Go(func() {
			for i := range work {
				at := "/" + strconv.Itoa(i)
				b.loads(url+at, sheets[i], forms)
				easel.audit(at, sheets[i], widths)
			}
		})
	}
	for i, s := range sheets {
		themed(t, s)
		work <- i
	}
	close(work)
	tabs.Wait()
}

// dark is what a style says of the dark theme, declared a declaration that it makes, and coloured one of colours alone.
var (
	dark     = regexp.MustCompile(`@media ?\(prefers-color-scheme: ?dark\) ?\{((?:[^{}]*\{[^{}]*\})*)`)
	declared = regexp.MustCompile(`[{;]\s*([\w-]+):`)
	coloured = regexp.MustCompile(`^(--[\w-]+|color|background|background-color|border-color)$`)
)

// themed fails the test for a sheet whose dark theme changes more than colours.
func themed(t *testing.T, s sheet) {
	t.Helper()
	for _, style := range dark.FindAllSubmatch(s.body, -1) {
		for _, m := range declared.FindAllSubmatch(style[1], -1) {
			if !coloured.Match(m[1]) {
				t.Errorf("%s: the dark theme sets %s, which is no colour", s.name, m[1])
			}
		}
	}
}

// wrong says what somebody who looked at a sheet says is wrong with it. It runs beside others, so it does not end the test.
func (b *tab) wrong(s sheet, what string, look chromedp.Action[[]string]) {
	wrong, err := chromedp.Run(b.ctx, look)
	if err != nil {
		b.Errorf("%s, %s: %v", s.name, what, err)
	}
	for _, w := range wrong {
		b.Errorf("%s, %s: %s", s.name, what, w)
	}
}

// loads loads a sheet as it was answered, under its own policy.
func (b *tab) loads(url string, s sheet, form bool) {
	if err := chromedp.Do(b.ctx, chromedp.Navigate(url)); err != nil {
		b.Errorf("%s: %v", s.name, err)
		return
	}
	b.wrong(s, "loaded", chromedp.Evaluate[[]string](audit+fmt.Sprintf("\nloaded(%t)", form)))
}

// audit looks at one sheet with all of axe-core's rules. The tab stays on one page, into which the sheets are written one
// after another: so axe-core is set up once and not for each, and runs faster every time.
func (b *tab) audit(at string, s sheet, widths []int64) {
	for i, width := range widths {
		for _, darkly := range []bool{false, true} {
			what := strconv.FormatInt(width, 10) + " px"
			if darkly {
				what += ", dark"
			}
			if err := b.look(width, darkly); err != nil {
				b.Errorf("%s, %s: %v", s.name, what, err)
				return
			}
			if i == 0 && !darkly { // written once; a page that is told of another width or theme shows it at once
				b.wrong(s, "written", chromedp.Evaluate[[]string](fmt.Sprintf("written(%q)", at), chromedp.EvalAwaitPromise))
			}
			// The themes differ in colours alone, so that all that can differ is what looks at them.
			b.wrong(s, what, chromedp.Evaluate[[]string](fmt.Sprintf("audit(%t)", darkly), chromedp.EvalAwaitPromise))
			b.shoot(strings.ReplaceAll(s.name, " ", "-") + "-" + strings.ReplaceAll(what, " ", ""))
		}
	}
}

// weighed fails the test for a page that is too heavy.
func weighed(t *testing.T, s sheet) {
	t.Helper()
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write(s.body); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if len(s.body) > 12<<10 || zipped.Len() > 5<<10 {
		t.Errorf("%s: %d bytes, %d gzipped; want at most 12 and 5 KB", s.name, len(s.body), zipped.Len())
	}
}

// stepped finds the place in the wizard.
var stepped = regexp.MustCompile(`<p class="step">([^·<]*?)(?: ·[^<]*)?</p>`)

func TestEveryPageIsForEverybody(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var all []sheet
	t.Run("walk", func(t *testing.T) {
		for _, lang := range []string{"en", "sl"} {
			t.Run(lang, func(t *testing.T) {
				t.Parallel()
				seen := different(everyPage(t, lang))
				mu.Lock()
				defer mu.Unlock()
				all = append(all, seen...)
			})
		}
	})
	for _, s := range all {
		weighed(t, s)
		title, _, _ := strings.Cut(string(s.body[bytes.Index(s.body, []byte("<title>"))+len("<title>"):]), "</title>")
		l := texts.For(s.name[:2])
		if wrong := bytes.Contains(s.body, []byte(`id="problem"`)); wrong != strings.HasPrefix(title, l.T("words.error")+" ") {
			t.Errorf("%s: the title %q does not say whether there is an error", s.name, title)
		}
		if m := stepped.FindSubmatch(s.body); m != nil && !strings.Contains(title, " – "+string(m[1])+" – ") {
			t.Errorf("%s: the title %q does not say the step", s.name, title)
		}
	}
	t.Logf("%d pages", len(all))
	show(t, all, []int64{1280, 768, 320}, true)
}

func TestEveryLetterIsForEverybody(t *testing.T) {
	t.Parallel()
	root, err := enginetest.Root()
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(root, "shared", "mail", "testdata") // where a test holds Compose to them
	files, err := filepath.Glob(filepath.Join(folder, "*.html"))
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no letters in %s: %v", folder, err)
	}
	var all []sheet
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, sheet{name: filepath.Base(file), header: http.Header{"Content-Type": {"text/html; charset=utf-8"}}, body: body})
	}
	show(t, all, []int64{700, 360}, false)
}

func TestLocalPagesAreForEverybody(t *testing.T) {
	t.Parallel()
	c, _, _ := begun(t, "en")
	p := newReader(t, c, "en")
	letter := "/_local/inbox/" + c.Inbox()[0].ID
	p.get("front", "/")
	p.get("inbox", "/_local/inbox")
	p.get("services", "/_local/services")
	p.get("no events", "/_local/events")
	runs(t, c, "Deliveries")
	p.get("events", "/_local/events")
	p.get("letter", letter)
	p.get("letter on a phone", letter+"?width=phone&theme=dark")
	p.get("letter as text", letter+"?view=text")
	p.get("raw letter", letter+"?view=raw")
	show(t, p.seen, []int64{1280, 390}, false)
}
