package pages

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"strings"
)

// parts are the styles and scripts of layout, in the order in which they stand in a page. Nothing needs the scripts to
// work.
func parts() []string {
	return []string{
		"core.css", "card.css", "step.css", "side.css", "field.css", "choice.css", "radio.css", "second.css", "tag.css", "list.css", "inset.css", "problem.css",
		"wide.css", "desk.css", "table.css", "sums.css", "order.css", "timeline.css", "detail.css", "pair.css", "warn.css",
		"base.js", "show.js", "token.js", "live.js",
	}
}

// inline fills Styles and Scripts with the parts the page uses, and says what a policy has to allow for them: a page
// carries nothing for what is not on it.
func (p *Page) inline() (style, script string, err error) {
	var css string
	for _, name := range parts() {
		if !p.uses[name] {
			continue
		}
		data, err := layout.ReadFile("layout/" + name)
		if err != nil {
			return "", "", fmt.Errorf("read part of page: %w", err)
		}
		if path.Ext(name) == ".css" {
			css += strings.ReplaceAll(string(data), "\n", "") // one rule a line
			continue
		}
		p.Scripts += template.HTML("<script>" + string(data) + "</script>")
		script += " " + hash(string(data))
	}
	css += p.labels
	p.Styles = template.HTML("<style>" + css + "</style>")
	return " " + hash(css), script, nil
}

// hash is the source that allows the inline text in a policy.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// headers are those of every page. A Cache-Control that is set already stays: a page with a secret may want more.
func (p *Page) headers(h http.Header, style, script string) {
	policy := []string{
		"default-src 'none'", "style-src" + style, "script-src" + script, "img-src data:",
		"form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
	}
	if p.uses["live.js"] {
		policy = append(policy, "connect-src 'self'")
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", p.Lang.Tag)
	h.Set("Content-Security-Policy", strings.Join(policy, "; "))
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Robots-Tag", "noindex")
	if h.Get("Cache-Control") == "" {
		// no-store would break the browser's Back over pages that answered a POST.
		h.Set("Cache-Control", "private, no-cache")
	}
}
