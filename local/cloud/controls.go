package cloud

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"dayone/local/guard"
	"dayone/shared/texts"
)

//go:embed *.html
var files embed.FS

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"minute":   func(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04 UTC") },
	"month":    func(t time.Time) string { return t.UTC().Format("2006-01") },
	"when":     func(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04:05 UTC") },
	"iso":      func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"language": texts.For("en").LanguageName,
	"exact":    func(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) },
	"words":    func(kind string) string { return strings.ReplaceAll(kind, "_", " ") },
	"join":     func(all []string) string { return strings.Join(all, ", ") },
}).ParseFS(files, "*.html"))

// handler answers local's own paths itself and gives everything else to the gateway.
func (c *Cloud) handler() http.Handler {
	own := http.NewServeMux()
	own.HandleFunc("GET /{$}", c.showFront)
	own.HandleFunc("GET /_local/inbox", c.showInbox)
	own.HandleFunc("GET /_local/inbox.json", c.listInbox)
	own.HandleFunc("GET /_local/inbox/{letter}", c.showLetter)
	own.HandleFunc("GET /_local/inbox/{letter}/html", c.showLetterBody)
	own.HandleFunc("GET /_local/inbox/{letter}/files/{file}", c.showAttachment)
	own.HandleFunc("GET /_local/clock", c.showClock)
	own.HandleFunc("POST /_local/clock", c.moveClock)
	own.HandleFunc("POST /_local/run/{function}", c.runNow)
	own.HandleFunc("POST /_local/place", c.placeOrder)
	own.HandleFunc("POST /_local/finish/{order}", c.finishOrder)
	own.HandleFunc("GET /_local/services", c.showServices)
	own.HandleFunc("POST /_local/services", c.setService)
	wire := c.config.Wire
	if wire == nil {
		wire = func(h http.Handler) http.Handler { return h }
	}
	own.Handle("POST /_local/platform", wire(c.platform))
	own.Handle("POST /_local/events", wire(c.events))
	own.HandleFunc("GET /_local/events", c.showEvents)
	own.Handle("POST /_local/ses/{function}/v2/email/outbound-emails", wire(http.HandlerFunc(c.takeLetter)))
	own.Handle("POST /_local/dynamodb/{function}", wire(c.tables))
	own.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { refuse(w, http.StatusNotFound) })
	guarded := http.NewCrossOriginProtection().Handler(own)

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		front := r.URL.Path == "/" && (r.Method == http.MethodGet || r.Method == http.MethodHead)
		if !front && !strings.HasPrefix(r.URL.Path, "/_local/") {
			c.gateway(w, r)
			return
		}
		// Another name for the loopback address would be somebody's web page reaching in.
		if !loopback(r.Host) {
			message(w, http.StatusForbidden, "this is for localhost")
			return
		}
		guarded.ServeHTTP(w, r)
	})
}

func loopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (c *Cloud) takeLetter(w http.ResponseWriter, r *http.Request) {
	err := c.post.send(w, r, func(sender, set string) error { return c.policies.MaySend(r.PathValue("function"), sender, set) })
	if err == nil {
		return
	}
	no, ok := errors.AsType[*sesError](err)
	if refusal, lacks := errors.AsType[*guard.Refusal](err); lacks {
		no, ok = &sesError{http.StatusForbidden, "AccessDeniedException", refusal.Error()}, true
	}
	if !ok {
		c.log.Error("a letter was not kept", "error", err)
		no = &sesError{http.StatusInternalServerError, "InternalServiceErrorException", err.Error()}
	}
	no.write(w)
}

func (c *Cloud) listInbox(w http.ResponseWriter, _ *http.Request) {
	all := []any{}
	for _, l := range c.post.newestFirst() {
		all = append(all, l.view())
	}
	writeJSON(w, http.StatusOK, all)
}

func (c *Cloud) showInbox(w http.ResponseWriter, _ *http.Request) {
	c.page(w, "inbox.html", map[string]any{"Now": c.Now(), "Letters": c.post.newestFirst()})
}

func (c *Cloud) letter(id string) (Letter, bool) {
	all := c.post.newestFirst()
	i := slices.IndexFunc(all, func(l Letter) bool { return l.ID == id })
	if i < 0 {
		return Letter{}, false
	}
	return all[i], true
}

func (c *Cloud) showClock(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{"now": c.Now()})
}

func (c *Cloud) moveClock(w http.ResponseWriter, r *http.Request) {
	var in struct{ Advance, Set, Step string }
	if err := read(w, r, &in); err != nil {
		message(w, http.StatusBadRequest, err.Error())
		return
	}
	to, step, err := target(c.Now(), in.Advance, in.Set, in.Step)
	if err != nil {
		message(w, http.StatusBadRequest, err.Error())
		return
	}
	err = c.Set(r.Context(), to, step)
	if errors.Is(err, errBackwards) {
		message(w, http.StatusBadRequest, err.Error())
		return
	}
	answer := map[string]any{"now": c.Now()}
	if err != nil {
		answer["failed"] = strings.Split(err.Error(), "\n")
	}
	writeJSON(w, http.StatusOK, answer)
}

// target reads where the clock is to go and in which steps.
func target(now time.Time, advance, set, stride string) (to time.Time, step time.Duration, err error) {
	if (advance == "") == (set == "") {
		return to, 0, errors.New(`say {"advance": "24h"} or {"set": "2026-12-01T08:00:00Z"}`)
	}
	if stride != "" {
		if step, err = time.ParseDuration(stride); err != nil || step <= 0 {
			return to, 0, fmt.Errorf("step: %q is no duration such as 24h", stride)
		}
	}
	if set != "" {
		if to, err = time.Parse(time.RFC3339, set); err != nil {
			return to, 0, fmt.Errorf("set: %q is no instant such as 2026-12-01T08:00:00Z", set)
		}
		return to, step, nil
	}
	by, err := time.ParseDuration(advance)
	if err != nil {
		return to, 0, fmt.Errorf("advance: %q is no duration such as 24h", advance)
	}
	return now.Add(by), step, nil
}

func (c *Cloud) runNow(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("function")
	f := c.functions[id]
	switch {
	case f == nil:
		message(w, http.StatusNotFound, "no function "+id)
		return
	case len(f.Schedules) == 0:
		message(w, http.StatusBadRequest, id+" has no schedule")
		return
	}
	at := c.Now()
	if err := c.Run(r.Context(), id); err != nil {
		message(w, http.StatusInternalServerError, err.Error())
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"ran": id, "time": at})
}

func (c *Cloud) showServices(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Vary", "Accept")
	c.platform.mu.Lock()
	requests, behaviours := slices.Clone(c.platform.Requests), maps.Clone(c.platform.Behaviours)
	c.platform.mu.Unlock()
	if strings.Contains(r.Header.Get("Accept"), "text/html") {
		slices.Reverse(requests)
		names := []string{"calling", "meetings", "messaging"}
		for _, name := range slices.Sorted(maps.Keys(behaviours)) {
			if !slices.Contains(names, name) {
				names = append(names, name) // a single sku
			}
		}
		c.page(w, "services.html", map[string]any{"Requests": requests, "Behaviours": behaviours, "Services": names})
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"requests": requests, "behaviours": behaviours})
}

func (c *Cloud) setService(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Service string
		Behaviour
	}
	if err := read(w, r, &in); err != nil {
		message(w, http.StatusBadRequest, err.Error())
		return
	}
	if err := c.platform.behave(in.Service, in.Behaviour); err != nil {
		message(w, http.StatusBadRequest, err.Error())
		return
	}
	c.platform.mu.Lock()
	defer c.platform.mu.Unlock()
	writeJSON(w, http.StatusOK, map[string]any{"behaviours": c.platform.Behaviours})
}

func (c *Cloud) page(w http.ResponseWriter, name string, view any) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if err := pages.ExecuteTemplate(w, name, view); err != nil {
		c.log.Error("a page was not shown whole", "page", name, "error", err)
	}
}

func read(w http.ResponseWriter, r *http.Request, into any) error {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("the body is not the JSON that is wanted here: %w", err)
	}
	return nil
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false) // letters are to be read
	e.SetIndent("", "  ")
	_ = e.Encode(value) // the client may be gone
}

func message(w http.ResponseWriter, status int, text string) {
	writeJSON(w, status, map[string]string{"message": text})
}
