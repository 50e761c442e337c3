package billing

import "testing"

// Scenario 36: whatever a text begins with, a spreadsheet takes it for text.
func TestCellIsNoFormula(t *testing.T) {
	for text, want := range map[string]string{
		"":                  "",
		"DO-4F7K":           "DO-4F7K",
		"=HYPERLINK(\"x\")": "'=HYPERLINK(\"x\")",
		"+1":                "'+1",
		"-1":                "'-1",
		"@SUM(A1)":          "'@SUM(A1)",
		"\t=1":              "'\t=1",
		"\r=1":              "'\r=1",
		"Алпски млинови":    "Алпски млинови",
		"مطاحن":             "مطاحن",
		"a=b":               "a=b",
	} {
		if got := cell(text); got != want {
			t.Errorf("cell(%q) = %q, want %q", text, got, want)
		}
	}
}
