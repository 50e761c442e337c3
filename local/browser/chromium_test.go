package browser_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// pictures is where the walks leave pictures of the pages: go test ./local/browser -args -pictures DIR.
var pictures = flag.String("pictures", "", "folder for pictures of the pages")

// patience is how long one page may take on a machine that does other things too.
const patience = 20 * time.Second

// browser is one Chromium for all tests of the package; each test has tabs and cookies of its own.
type browser struct {
	ctx  context.Context
	stop func()
}

var chromium = sync.OnceValues(func() (*browser, error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.DisableGPU, chromedp.WindowSize(1280, 900), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-sync", true),
	)
	if shell, err := exec.LookPath("chromium-headless-shell"); err == nil { // the same engine without a window
		options = append(options, chromedp.ExecPath(shell))
	}
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, closeTab := chromedp.NewContext(allocator)
	b := &browser{ctx, func() { closeTab(); cancel() }}
	if err := chromedp.Do(ctx); err != nil { // without a timeout: Chromium lives as long as the context of its first run
		b.stop()
		return nil, fmt.Errorf("start Chromium (Debian: apt-get install chromium-headless-shell): %w", err)
	}
	return b, nil
})

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if b, err := chromium(); err == nil {
		b.stop()
	}
	os.Exit(code)
}

// openTab opens a tab without cookies. Without Chromium the test fails: `make test` installs it, or says how.
func openTab(t *testing.T, script bool) *tab {
	t.Helper()
	shared, err := chromium()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(shared.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	b := &tab{t, ctx, script}
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	if !script {
		b.do("switch scripts off", chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
			_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
			return err
		}))
	}
	return b
}
