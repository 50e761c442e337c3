package billing

import (
	"encoding/csv"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzCell: whatever is in a charge, no spreadsheet computes with it, and nothing of it is lost.
func FuzzCell(f *testing.F) {
	f.Fuzz(func(t *testing.T, s string) {
		got := cell(s)
		if first, _ := utf8.DecodeRuneInString(got); got != "" && strings.ContainsRune(formula, first) {
			t.Errorf("%q begins like a formula", got)
		}
		if got != s && got != "'"+s {
			t.Errorf("%q became %q", s, got)
		}
		var b strings.Builder
		w := csv.NewWriter(&b)
		if err := w.Write([]string{got, "next"}); err != nil {
			t.Fatal(err)
		}
		w.Flush()
		if strings.ContainsAny(s, "\r") { // the reader makes one line end of two characters
			return
		}
		row, err := csv.NewReader(strings.NewReader(b.String())).Read()
		if err != nil || len(row) != 2 || row[0] != got {
			t.Errorf("%q comes back as %q, %v", got, row, err)
		}
	})
}
