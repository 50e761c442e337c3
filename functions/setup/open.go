package setup

import (
	"net/http"
	"strings"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/pages"
	"dayone/shared/texts"
)

// open answers the page that a link leads to. The link's secret is in the fragment, which no server sees: the page is
// the same for everybody, and nothing is read or written for it.
func (z wizard) open(w http.ResponseWriter, r *http.Request) error {
	return z.write(w, openView(texts.For(texts.Negotiate(api.Language(r), r.Header.Get("Accept-Language"), ""))))
}

func openView(l *texts.Language) pages.View {
	return pages.View{Lang: l, Name: "open", Action: "/setup/start", Switch: "/setup"}
}

// openAt answers a step that was asked for by its address, as after a reload: the setup begins anew.
func (z wizard) openAt(w http.ResponseWriter, r *http.Request) error {
	if step := r.PathValue("step"); !commerce.IsStep(commerce.Step(step)) && !mangled(step) {
		return errNoStep
	}
	return z.open(w, r)
}

// openMangled answers a link whose # some mail scanner has escaped, which makes the fragment a part of the path.
func (z wizard) openMangled(w http.ResponseWriter, r *http.Request) error {
	rest, ok := strings.CutPrefix(r.PathValue("link"), "setup")
	if !ok || !mangled(rest) {
		return errNoStep
	}
	return z.open(w, r)
}

// mangled reports whether a word of a path is the fragment of a link.
func mangled(word string) bool {
	return strings.HasPrefix(word, "#"+string(commerce.SetupToken)) || strings.HasPrefix(word, "%23"+string(commerce.SetupToken))
}

// unopened is the page that a link leads to once more, for somebody who pasted no code.
func unopened(v *visit, status int) pages.View {
	p := openView(v.lang)
	p.Status = status
	p.Problems = []pages.Problem{{Field: "token", Text: v.lang.Problem("token", "missing")}}
	return p
}

// wantsPage reports whether an error is answered with a page.
func wantsPage(r *http.Request) bool {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return true
	}
	return !api.WantsJSON(r)
}
