package api

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"dayone/shared/commerce"
)

var (
	errNoRoute     = &commerce.Error{Kind: commerce.KindNotFound, Code: "not_found", Detail: "There is nothing at this address."}
	errBadPath     = &commerce.Error{Kind: commerce.KindInvalid, Code: "bad_path", Detail: "The address has a percent sign that escapes nothing."}
	errCrossOrigin = &commerce.Error{Kind: commerce.KindForbidden, Code: "cross_origin", Detail: "This request came from another site. Open the page itself and try again."}
	errNoCaller    = &commerce.Error{Kind: commerce.KindForbidden, Code: "no_caller", Detail: "This route needs a signed request of a known caller."}
)

// statuses is the one map from what went wrong to a status.
var statuses = map[commerce.Kind]int{
	commerce.KindInvalid:       http.StatusBadRequest,
	commerce.KindUnprocessable: http.StatusUnprocessableEntity,
	commerce.KindUnauthorized:  http.StatusUnauthorized,
	commerce.KindForbidden:     http.StatusForbidden,
	commerce.KindNotFound:      http.StatusNotFound,
	commerce.KindConflict:      http.StatusConflict,
	commerce.KindGone:          http.StatusGone,
	commerce.KindPrecondition:  http.StatusPreconditionFailed,
	commerce.KindMissing:       http.StatusPreconditionRequired,
	commerce.KindTooMany:       http.StatusTooManyRequests,
}

// Mistake says what an error means to the asker and with which status. An error that is ours is logged whole and
// answered as "internal".
func Mistake(r *http.Request, err error) (*commerce.Error, int) {
	if e, ok := errors.AsType[*commerce.Error](err); ok {
		return e, statuses[e.Kind]
	}
	slog.ErrorContext(r.Context(), "request failed", "request_id", RequestID(r), "route", r.Pattern, "error", err.Error())
	return &commerce.Error{Code: "internal", Detail: "Something went wrong on our side. Try again; if it stays, tell us the request id."},
		http.StatusInternalServerError
}

// document is RFC 9457's problem details with our extensions.
type document struct {
	Type      string      `json:"type"`
	Title     string      `json:"title"`
	Status    int         `json:"status"`
	Detail    string      `json:"detail"`
	Code      string      `json:"code"`
	RequestID string      `json:"request_id"`
	Existing  string      `json:"existing,omitempty"`
	Suggested []string    `json:"suggestions,omitempty"`
	Errors    []documentE `json:"errors,omitempty"`
}

type documentE struct {
	Pointer string `json:"pointer"`
	Code    string `json:"code"`
	Detail  string `json:"detail"`
}

// Problem answers an error as application/problem+json (RFC 9457).
func Problem(w http.ResponseWriter, r *http.Request, err error) {
	e, status := Mistake(r, err)
	d := document{Type: "/problems/" + e.Code, Title: http.StatusText(status), Status: status, Detail: e.Detail, Code: e.Code,
		RequestID: RequestID(r), Existing: e.Existing, Suggested: e.Suggestions}
	for _, p := range e.Problems {
		d.Errors = append(d.Errors, documentE{pointer(p.Field), p.Code, p.Detail})
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	RetryAfter(h, e)
	if status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(d) // the adapter's buffer never fails
}

// pointer is a field as a JSON pointer (RFC 6901): "" is the whole body.
func pointer(field string) string {
	if field == "" {
		return ""
	}
	return "/" + strings.TrimPrefix(field, "/")
}

// RetryAfter tells an asker who came too soon how many seconds to wait.
func RetryAfter(h http.Header, e *commerce.Error) {
	if e.Wait > 0 {
		h.Set("Retry-After", strconv.Itoa(int((e.Wait+time.Second-1)/time.Second)))
	}
}

// JSON answers v as application/json.
func JSON(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, err = w.Write(append(body, '\n'))
	return err
}
