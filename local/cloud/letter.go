package cloud

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/http"
	"net/textproto"
	"strings"
	"time"
)

// letterView is how the inbox shows a letter: as a page as wide as a phone or a window, light or dark, or as text, or raw.
type letterView struct {
	Letter Letter
	View   string // html, text or raw
	Width  string // wide or phone
	Theme  string // light or dark
	Raw    string
}

// way is a link to the same letter, shown in another way or, where Now is set, as it is.
type way struct {
	Words, Href string
	Now         bool
}

// Ways are the links, in groups of those that exclude each other.
func (v letterView) Ways() [][]way {
	link := func(words string, w letterView) way {
		return way{words, "?view=" + w.View + "&width=" + w.Width + "&theme=" + w.Theme, w.View == v.View && w.Width == v.Width && w.Theme == v.Theme}
	}
	as := func(words, view string) way { w := v; w.View = view; return link(words, w) }
	wide := func(words, width string) way { w := v; w.Width = width; return link(words, w) }
	in := func(words, theme string) way { w := v; w.Theme = theme; return link(words, w) }
	ways := [][]way{{as("HTML", "html"), as("Plain text", "text"), as("Raw", "raw")}}
	if v.View == "html" {
		ways = append(ways, []way{wide("Wide", "wide"), wide("Phone", "phone")}, []way{in("Light", "light"), in("Dark", "dark")})
	}
	return ways
}

func (c *Cloud) showLetter(w http.ResponseWriter, r *http.Request) {
	l, ok := c.letter(r.PathValue("letter"))
	if !ok {
		message(w, http.StatusNotFound, "no such letter")
		return
	}
	v := letterView{Letter: l, View: "html", Width: "wide", Theme: "light"}
	asked := r.URL.Query()
	if view := asked.Get("view"); view == "text" || view == "raw" || l.HTML == "" {
		v.View = or(view, "text")
	}
	if asked.Get("width") == "phone" {
		v.Width = "phone"
	}
	if asked.Get("theme") == "dark" {
		v.Theme = "dark"
	}
	if v.View == "raw" {
		raw, err := l.raw()
		if err != nil {
			message(w, http.StatusInternalServerError, err.Error())
			return
		}
		v.Raw = raw
	}
	c.page(w, "letter.html", v)
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// showLetterBody serves the letter's HTML for the frame it is shown in. It may do nothing but open its links, in the window around it.
func (c *Cloud) showLetterBody(w http.ResponseWriter, r *http.Request) {
	l, ok := c.letter(r.PathValue("letter"))
	if !ok {
		message(w, http.StatusNotFound, "no such letter")
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation")
	body := l.HTML
	if head := strings.Index(body, "<head>"); head >= 0 {
		body = body[:head+len("<head>")] + `<base target="_top">` + body[head+len("<head>"):]
	}
	// A theme that is asked for takes the place of the reader's own.
	const media = "@media(prefers-color-scheme:dark)"
	switch r.URL.Query().Get("theme") {
	case "dark":
		body = strings.NewReplacer(media, "@media all", "color-scheme:light dark", "color-scheme:dark").Replace(body)
	case "light":
		body = strings.NewReplacer(media, "@media not all", "color-scheme:light dark", "color-scheme:light").Replace(body)
	}
	_, _ = w.Write([]byte(body)) // the client may be gone
}

// showAttachment serves a file of a letter.
func (c *Cloud) showAttachment(w http.ResponseWriter, r *http.Request) {
	l, _ := c.letter(r.PathValue("letter"))
	for _, a := range l.Attachments {
		if a.Name == r.PathValue("file") {
			w.Header().Set("Content-Type", a.Type)
			w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": a.Name}))
			_, _ = w.Write(a.Content) // the client may be gone
			return
		}
	}
	message(w, http.StatusNotFound, "no such file")
}

// raw is the letter as it travels, near enough: SES chooses boundaries and more headers of its own.
func (l Letter) raw() (string, error) {
	var out bytes.Buffer
	head := func(name string, values ...string) {
		if len(values) > 0 && values[0] != "" {
			fmt.Fprintf(&out, "%s: %s\r\n", name, strings.Join(values, ", "))
		}
	}
	head("From", l.From)
	head("To", l.To...)
	head("Cc", l.Cc...)
	head("Reply-To", l.ReplyTo...)
	head("Subject", mime.QEncoding.Encode("utf-8", l.Subject))
	head("Date", l.SentAt.Format(time.RFC1123Z))
	head("Message-ID", "<"+l.ID+"@email.amazonses.com>")
	for _, h := range l.Headers {
		head(h.Name, h.Value)
	}
	head("MIME-Version", "1.0")
	mixed := multipart.NewWriter(&out)
	if err := mixed.SetBoundary("mixed-" + l.ID); err != nil {
		return "", err
	}
	head("Content-Type", `multipart/mixed; boundary="`+mixed.Boundary()+`"`)
	out.WriteString("\r\n")

	var both bytes.Buffer
	alternative := multipart.NewWriter(&both)
	if err := alternative.SetBoundary("alternative-" + l.ID); err != nil {
		return "", err
	}
	for _, body := range []struct{ kind, text string }{{"text/plain", l.Text}, {"text/html", l.HTML}} {
		if body.text == "" {
			continue
		}
		part, err := alternative.CreatePart(textproto.MIMEHeader{"Content-Type": {body.kind + "; charset=utf-8"}, "Content-Transfer-Encoding": {"quoted-printable"}})
		if err != nil {
			return "", err
		}
		quoted := quotedprintable.NewWriter(part)
		if _, err := quoted.Write([]byte(body.text)); err != nil {
			return "", err
		}
		if err := quoted.Close(); err != nil {
			return "", err
		}
	}
	if err := alternative.Close(); err != nil {
		return "", err
	}
	part, err := mixed.CreatePart(textproto.MIMEHeader{"Content-Type": {`multipart/alternative; boundary="` + alternative.Boundary() + `"`}})
	if err != nil {
		return "", err
	}
	if _, err := part.Write(both.Bytes()); err != nil {
		return "", err
	}
	for _, a := range l.Attachments {
		part, err := mixed.CreatePart(textproto.MIMEHeader{
			"Content-Type": {a.Type}, "Content-Transfer-Encoding": {"base64"},
			"Content-Disposition": {mime.FormatMediaType("attachment", map[string]string{"filename": a.Name})},
		})
		if err != nil {
			return "", err
		}
		code := base64.StdEncoding.EncodeToString(a.Content)
		for len(code) > 76 {
			fmt.Fprintf(part, "%s\r\n", code[:76])
			code = code[76:]
		}
		fmt.Fprintf(part, "%s\r\n", code)
	}
	if err := mixed.Close(); err != nil {
		return "", err
	}
	return out.String(), nil
}
