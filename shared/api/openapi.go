package api

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"net/http"
	"strings"
)

// openAPI is openapi.yaml as JSON, docs the same for readers; tests hold them together.
var (
	//go:embed openapi.json
	openAPI []byte
	//go:embed docs.html
	docs string
)

// OpenAPI answers the description of the API.
func OpenAPI(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, err := w.Write(openAPI)
	return err
}

// Docs answers the description of the API as a page to read. It has no script and loads nothing.
func Docs(w http.ResponseWriter) error {
	_, style, _ := strings.Cut(docs, "<style>")
	style, _, _ = strings.Cut(style, "</style>")
	sum := sha256.Sum256([]byte(style))
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", "en")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+
		"'; script-src 'none'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Robots-Tag", "noindex")
	h.Set("Cache-Control", "public, max-age=300")
	_, err := w.Write([]byte(docs))
	return err
}
