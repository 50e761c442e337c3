package provisioning_test

import (
	"net/http"
	"strings"
	"testing"
)

const browser = "text/html,application/xhtml+xml,*/*;q=0.8"

// person asks as a browser with a session does.
func (h *house) person(routeKey string, d deal, body string, headers ...string) (status int, page, location string) {
	h.Helper()
	headers = append([]string{"cookie", "__Host-session=" + d.administrator, "accept", browser}, headers...)
	if strings.HasPrefix(routeKey, "POST") {
		headers = append(headers, "content-type", "application/x-www-form-urlencoded", "origin", "https://dayone.example", "sec-fetch-site", "same-origin")
	}
	r, err := h.ask(h.Context(), routeKey, d, click, body, headers...)
	h.must(err)
	if strings.Contains(r.Body, "⟦") {
		h.Errorf("%s: a text is missing: %s", routeKey, r.Body)
	}
	return r.StatusCode, r.Body, r.Headers["Location"]
}

func TestPageOfEachState(t *testing.T) {
	t.Parallel()
	var status int
	w := newWire(t)
	w.answer = func(action, line string, _ int) (int, string) {
		if action == "provision" && line == "2" {
			return status, `{"reason":"<b>no room</b>"}`
		}
		return 0, ""
	}
	h := newHouse(t, w.platform())
	for name, tc := range map[string]struct {
		status int
		sl, en []string
		lacks  string
	}{
		"provisioning": {http.StatusAccepted, []string{"<h1 id=\"h\">Vaše storitve se nastavljajo</h1>", "Klici · 25 uporabnikov", "Alpine &lt;Mills&gt;"},
			[]string{"<h1 id=\"h\">We are setting up your services</h1>", "Ready", "In progress", `data-live="/services/`, "Check again"}, "Try again"},
		"ready": {http.StatusOK, []string{"<h1 id=\"h\">Vaše storitve so pripravljene</h1>", "1. decembra 2026"},
			[]string{"<h1 id=\"h\">Your services are ready</h1>", "1 December 2026", "Calling · 25 users"}, "data-live"},
		"could not finish": {http.StatusConflict, []string{"Nastavitve ni bilo mogoče dokončati. Obračunavanje se ni začelo", "Poskusi znova"},
			[]string{"We could not finish. Billing has not started", "Reason: &lt;b&gt;no room&lt;/b&gt;", "Try again", `/provision"`, "Removed"}, "data-live"},
	} {
		t.Run(name, func(t *testing.T) {
			status = tc.status
			d := h.deal("CALL", "MEET")
			if code, _, location := h.person(provisionRoute, d, "lang=sl"); code != http.StatusSeeOther || location != "/services/"+d.order+"/progress?lang=sl" {
				t.Fatalf("the click is answered %d %s", code, location)
			}
			code, page, _ := h.person(progressRoute, d, "") // the order's language
			if code != http.StatusOK {
				t.Fatalf("status %d", code)
			}
			for _, want := range tc.sl {
				if !strings.Contains(page, want) {
					t.Errorf("the page lacks %q: %s", want, page)
				}
			}
			_, page, _ = h.person(progressRoute+"?lang=en", d, "", "accept-language", "sl")
			for _, want := range tc.en {
				if !strings.Contains(page, want) {
					t.Errorf("the page lacks %q: %s", want, page)
				}
			}
			if strings.Contains(page, tc.lacks) {
				t.Errorf("the page has %q", tc.lacks)
			}
			if len(page) > 12<<10 {
				t.Errorf("%d bytes", len(page))
			}
		})
	}
}

func TestPageBeforeTheClickIsTheTaskList(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	d := h.deal("CALL")
	if code, _, location := h.person(progressRoute, d, ""); code != http.StatusSeeOther || location != "/services/"+d.order {
		t.Errorf("answer %d %s", code, location)
	}
}

func TestPersonWhoMayNotIsTold(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	d, other := h.deal("CALL"), h.deal("CALL")
	out, stranger := d, d
	out.administrator, stranger.administrator = "", other.administrator
	for name, tc := range map[string]struct {
		deal deal
		code int
		want string
	}{
		"signed out": {out, http.StatusUnauthorized, `href="/sign-in"`},
		"a stranger": {stranger, http.StatusNotFound, "Order not found"},
	} {
		t.Run(name, func(t *testing.T) {
			if code, page, _ := h.person(progressRoute, tc.deal, ""); code != tc.code || !strings.Contains(page, tc.want) {
				t.Errorf("answer %d %s", code, page)
			}
		})
	}
	r, err := h.ask(t.Context(), provisionRoute, d, click, "", "cookie", "__Host-session="+d.administrator, "accept", browser,
		"content-type", "application/x-www-form-urlencoded", "origin", "https://elsewhere.example", "sec-fetch-site", "cross-site")
	h.must(err)
	if r.StatusCode != http.StatusForbidden || h.order(d).Status != "mapped" {
		t.Errorf("another site clicks: %d", r.StatusCode)
	}
}

func TestServicesOfASuspendedOrderAreNotReady(t *testing.T) {
	t.Parallel()
	h := newHouse(t, nil)
	d := h.inUse("CALL")
	h.wants(d, tenth, suspend(tenth))
	h.must(h.tick(t.Context(), tenth))
	code, page, _ := h.person(progressRoute+"?lang=en", d, "")
	if code != http.StatusOK || !strings.Contains(page, "Your services are suspended") || !strings.Contains(page, `<span class="tag">Suspended</span>`) ||
		strings.Contains(page, "Ready") {
		t.Errorf("answer %d %s", code, page)
	}
}
