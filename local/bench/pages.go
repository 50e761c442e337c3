package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/chromedp/chromedp"

	"dayone/local/budget"
)

// What a page may weigh, in KB.
const pageRaw, pageZipped = 12, 5

// pages measures what pages weigh, and how soon Chromium paints those that anybody may open.
func pages(ctx context.Context, b bench) (_ section, err error) {
	s := section{Title: "bytes of every page, and Chromium's first paint of those that need no secret"}
	w, err := begin(ctx, b.root)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	walk := &budget.Walker{Cloud: w.Cloud, Client: w.client, Meter: &budget.Meter{}}
	if err := walk.Invite(ctx); err != nil {
		return s, err
	}
	steps, _ := budget.Steps()
	answers := url.Values{"token": {walk.Link}}
	for _, step := range steps {
		for name, value := range step.Adds {
			answers.Set(name, fmt.Sprint(value))
		}
		if err := s.weigh(ctx, http.MethodPost, w.URL, "/setup/"+step.Name, "", answers); err != nil {
			return s, err
		}
	}
	if err := walk.Wizard(ctx, false); err != nil {
		return s, err
	}
	for _, path := range []string{"", "/subscription", "/calling", "/meetings", "/enterprise", "/progress"} {
		if err := s.weigh(ctx, http.MethodGet, w.URL, "/services/"+walk.ID+path, walk.Session, nil); err != nil {
			return s, err
		}
	}
	open := []string{"/setup", "/password", "/sign-in", "/forgot"}
	for _, path := range open {
		if err := s.weigh(ctx, http.MethodGet, w.URL, path, "", nil); err != nil {
			return s, err
		}
	}
	return s, s.paint(ctx, w.URL, open, b.times(7, 21))
}

// weigh reads a page as a browser does.
func (s *section) weigh(ctx context.Context, method, base, path, session string, form url.Values) error {
	r, err := http.NewRequestWithContext(ctx, method, base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Accept", "text/html")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if session != "" {
		r.Header.Set("Cookie", "__Host-session="+session)
	}
	out, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer out.Body.Close()
	page, err := io.ReadAll(out.Body)
	if err != nil {
		return err
	}
	if out.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s answered %d", method, path, out.StatusCode)
	}
	var small bytes.Buffer
	z, err := gzip.NewWriterLevel(&small, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(page); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	parts := strings.Split(path, "/")
	if len(parts) > 3 || session != "" {
		path = "/services/{order}/" + strings.Join(parts[3:], "/")
	}
	s.add(figure{What: method + " " + path, Ours: float64(len(page)) / 1024, Unit: "KB", Target: pageRaw,
		Note: fmt.Sprintf("(%.1f KB gzip, of %d)", float64(small.Len())/1024, pageZipped)})
	return nil
}

// painted is what a page knows of its own beginnings.
type painted struct {
	Paint    float64 `json:"paint"`
	Requests int     `json:"requests"`
}

const askPaint = `new Promise(done => {
  const say = e => done({paint: e.startTime, requests: 1 + performance.getEntriesByType("resource").length});
  const now = performance.getEntriesByName("first-contentful-paint")[0];
  if (now) return say(now);
  new PerformanceObserver(l => { for (const e of l.getEntries()) if (e.name === "first-contentful-paint") say(e); }).observe({type: "paint", buffered: true});
  setTimeout(() => done({paint: 0, requests: 1 + performance.getEntriesByType("resource").length}), 3000);
})`

// paint has Chromium open pages and asks when it painted them first.
func (s *section) paint(ctx context.Context, base string, paths []string, times int) error {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.DisableGPU, chromedp.WindowSize(1280, 900))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	allocator, stop := chromedp.NewExecAllocator(ctx, options...)
	defer stop()
	tab, closeTab := chromedp.NewContext(allocator)
	defer closeTab()
	if err := chromedp.Do(tab); err != nil {
		s.note("first paint: Chromium does not start: %v", err)
		return nil
	}
	all, requests := series{}, map[string]int{}
	for range times {
		for _, path := range paths {
			one, cancel := context.WithTimeout(tab, 20*time.Second)
			got, err := openPage(one, base+path)
			cancel()
			if err != nil {
				return fmt.Errorf("open %s: %w", path, err)
			}
			if got.Paint > 0 {
				all.add(path, got.Paint)
			}
			requests[path] = got.Requests
		}
	}
	for _, path := range paths {
		s.add(figure{What: "first paint of " + path, Ours: all.median(path), Unit: "ms", Note: fmt.Sprintf("%d request(s)", requests[path])})
	}
	return nil
}

func openPage(ctx context.Context, address string) (painted, error) {
	if err := chromedp.Do(ctx, chromedp.Navigate(address)); err != nil {
		return painted{}, err
	}
	return chromedp.Run(ctx, chromedp.Evaluate[painted](askPaint, chromedp.EvalAwaitPromise))
}
