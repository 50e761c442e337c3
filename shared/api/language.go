package api

import "net/http"

// languageCookie remembers the language that somebody chose on a page.
const languageCookie = "lang"

// Language is the tag of the language that the asker chose: now, by ?lang=, or on an earlier page; "" where never.
func Language(r *http.Request) string {
	if tag := r.URL.Query().Get("lang"); tag != "" {
		return tag
	}
	if c, err := r.Cookie(languageCookie); err == nil {
		return c.Value
	}
	return ""
}

// SetLanguage remembers a choice of language for a year.
func SetLanguage(w http.ResponseWriter, tag string) {
	http.SetCookie(w, &http.Cookie{Name: languageCookie, Value: tag, Path: "/", MaxAge: 365 * 24 * 3600, Secure: true, HttpOnly: true,
		SameSite: http.SameSiteLaxMode})
}
