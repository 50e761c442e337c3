package pages

import (
	"net/http"

	"dayone/shared/texts"
)

// deadEnd is what a page says that leads nowhere: what happened, and what to do next.
type deadEnd struct {
	Text []string
	Link *Link
}

// A Link leads on from a dead end.
type Link struct {
	Href, Text string
}

// DeadEnd is the page for a mistake that has no form to go back to, by its code and status. Its words are those of
// pages.dead.<code>, or of the status where the code has none; args fill them. With an Action set it keeps the language
// switch, and shows a button where there are words for one; with a link, its words lead to that address.
func DeadEnd(l *texts.Language, status int, code, link string, args ...any) View {
	if !l.Has("pages.dead." + code + ".title") {
		code = deadEndOf(status)
	}
	key := "pages.dead." + code + "."
	d := deadEnd{Text: []string{l.T(key+"text", args...), l.T(key+"next", args...)}}
	if link != "" && l.Has(key+"link") {
		d.Link = &Link{Href: link, Text: l.T(key + "link")}
	}
	v := View{Lang: l, Name: "dead-end", Title: l.T(key+"title", args...), Status: status, Data: d, Quiet: true}
	if l.Has(key + "submit") {
		v.Submit, v.Quiet = l.T(key+"submit"), false
	}
	return v
}

// deadEndOf is the page that fits every mistake of a status.
func deadEndOf(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "signed_out"
	case http.StatusForbidden:
		return "no_access"
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return "not_found"
	case http.StatusConflict, http.StatusPreconditionFailed:
		return "conflict"
	case http.StatusGone:
		return "link_unknown"
	case http.StatusTooManyRequests:
		return "too_many"
	case http.StatusServiceUnavailable:
		return "unavailable"
	}
	if status < http.StatusInternalServerError {
		return "bad_request"
	}
	return "internal"
}
