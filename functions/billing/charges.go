package billing

import (
	"bytes"
	"context"
	"encoding/csv"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/store"
)

type charge struct {
	ID          string `json:"id"`
	Order       string `json:"order"`
	Line        string `json:"line"`
	Kind        string `json:"kind"`
	PeriodStart string `json:"period_start"`
	PeriodEnd   string `json:"period_end"`
	Quantity    int    `json:"quantity"`
	Amount      int64  `json:"amount"`
	Currency    string `json:"currency"`
}

func view(c commerce.Charge) charge {
	return charge{ID: c.ID, Order: c.Order, Line: c.Line, Kind: string(c.Kind), PeriodStart: c.PeriodStart.String(), PeriodEnd: c.PeriodEnd.String(),
		Quantity: c.Quantity, Amount: c.Amount, Currency: c.Currency}
}

type chargePage struct {
	Charges []charge `json:"charges"`
	Totals  []total  `json:"totals,omitempty"` // of the whole month, on its first page
	Partial bool     `json:"totals_partial,omitempty"`
	Next    string   `json:"next,omitempty"`
}

// total is what a month's charges add up to between a partner and a customer.
type total struct {
	Partner  organization `json:"partner"`
	Customer organization `json:"customer"`
	Currency string       `json:"currency"`
	Amount   int64        `json:"amount"`
	Charges  int          `json:"charges"`
}

type organization struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// maxRows is the most rows of one file: well below the 6 MB that Lambda may answer.
const maxRows = 10_000

// wantsFile reports whether an Accept header names text/csv, and JSON not above it.
func wantsFile(accept string) bool {
	liked := map[string]float64{}
	for part := range strings.SplitSeq(accept, ",") {
		kind, with, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		q := 1.0
		if with["q"] != "" {
			if q, err = strconv.ParseFloat(with["q"], 64); err != nil {
				continue
			}
		}
		liked[kind] = max(liked[kind], q)
	}
	return liked["text/csv"] > 0 && liked["text/csv"] >= liked["application/json"]
}

// list answers what the caller was charged for periods that begin in a month: a page of it as JSON or, where text/csv is
// accepted, all of it as a file. A file with more than limit rows, 10,000 unless told, ends there, and a Link header
// leads to the next.
func list(s *store.Store) api.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		caller, err := api.Caller(r)
		if err != nil {
			return err
		}
		q, err := api.ReadQuery(r, "month", "limit", "cursor")
		if err != nil {
			return err
		}
		file := wantsFile(r.Header.Get("Accept"))
		usual, most := store.MaxPage, store.MaxPage
		if file {
			usual, most = maxRows, maxRows
		}
		var c commerce.Check
		_, err = time.Parse("2006-01", q["month"])
		c.That(err == nil, "month", "malformed", "Use a month such as 2026-12.")
		limit := api.Limit(&c, q, usual, most)
		if err := c.Err(); err != nil {
			return err
		}
		page, err := read(r.Context(), s, caller, q["month"], q["cursor"], limit)
		if err != nil {
			return err
		}
		if !file && q["cursor"] == "" {
			if err := page.total(r.Context(), s, caller, q["month"]); err != nil {
				return err
			}
		}
		w.Header().Set("Vary", "Accept")
		if file {
			return answerFile(w, page, q)
		}
		return api.JSON(w, http.StatusOK, page)
	}
}

// read reads up to limit charges of a month.
func read(ctx context.Context, s *store.Store, caller, month, cursor string, limit int) (chargePage, error) {
	page := chargePage{Charges: []charge{}, Next: cursor}
	for {
		charges, next, err := s.Charges(ctx, caller, month, page.Next, min(limit-len(page.Charges), store.MaxPage))
		if err != nil {
			return chargePage{}, err
		}
		for _, c := range charges {
			page.Charges = append(page.Charges, view(c))
		}
		if page.Next = next; next == "" || len(page.Charges) == limit {
			return page, nil
		}
	}
}

// total adds what the whole month comes to.
func (p *chargePage) total(ctx context.Context, s *store.Store, caller, month string) error {
	totals, all, err := s.Totals(ctx, caller, month)
	if err != nil {
		return err
	}
	p.Partial = !all
	for _, t := range totals {
		p.Totals = append(p.Totals, total{organization{t.Partner, t.PartnerName}, organization{t.Customer, t.CustomerName}, t.Currency, t.Amount, t.Charges})
	}
	return nil
}

// answerFile answers charges as RFC 4180 has it: comma-separated, CRLF, a header row, in UTF-8.
func answerFile(w http.ResponseWriter, page chargePage, q api.Fields) error {
	var body bytes.Buffer
	file := csv.NewWriter(&body)
	file.UseCRLF = true
	rows := [][]string{{"id", "order", "line", "kind", "period_start", "period_end", "quantity", "amount", "currency"}}
	for _, c := range page.Charges {
		rows = append(rows, []string{cell(c.ID), cell(c.Order), cell(c.Line), cell(c.Kind), c.PeriodStart, c.PeriodEnd,
			strconv.Itoa(c.Quantity), strconv.FormatInt(c.Amount, 10), cell(c.Currency)})
	}
	if err := file.WriteAll(rows); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	h.Set("Content-Disposition", `attachment; filename="charges-`+q["month"]+`.csv"`)
	if page.Next != "" {
		next := url.Values{"month": {q["month"]}, "cursor": {page.Next}}
		if q["limit"] != "" {
			next.Set("limit", q["limit"])
		}
		h.Set("Link", "</charges?"+next.Encode()+`>; rel="next"`)
	}
	_, err := w.Write(body.Bytes())
	return err
}

// formula is what a formula begins with; some spreadsheets take the wide signs of Chinese and Japanese as well.
const formula = "=+-@\t\r\n＝＋－＠"

// cell is a text that no spreadsheet takes for a formula: one that begins like a formula gets an apostrophe before it.
func cell(s string) string {
	if strings.IndexAny(s, formula) == 0 {
		return "'" + s
	}
	return s
}
