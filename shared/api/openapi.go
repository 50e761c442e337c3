package api

import (
	_ "embed"
	"net/http"
)

// openAPI is openapi.yaml as JSON; a test holds the two together.
//
//go:embed openapi.json
var openAPI []byte

// OpenAPI answers the description of the API.
func OpenAPI(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, err := w.Write(openAPI)
	return err
}
