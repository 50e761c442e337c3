package commerce

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Rule 11: what would not be shown as it was typed is refused, never stripped.
func TestText(t *testing.T) {
	for name, tc := range map[string]struct {
		text string
		want bool
	}{
		"nothing":               {"", true},
		"letters":               {"Alpine Mills GmbH", true},
		"Cyrillic":              {"Альпийские мельницы", true},
		"Arabic":                {"مطاحن الألب", true},
		"markup":                {`<script>alert("x")</script>`, true},
		"a formula":             {"=cmd|' /C calc'!A0", true},
		"emoji joined":          {"👩‍🌾", true},
		"ten characters":        {strings.Repeat("š", 10), true},
		"eleven characters":     {strings.Repeat("š", 11), false},
		"a line break":          {"a\nb", false},
		"a return":              {"a\rb", false},
		"a tab":                 {"a\tb", false},
		"a zero byte":           {"a\x00b", false},
		"a delete":              {"a\x7fb", false},
		"a next line":           {"a\u0085b", false},
		"a line separator":      {"a\u2028b", false},
		"a paragraph separator": {"a\u2029b", false},
		"a byte order mark":     {"\ufeffa", false},
		"a right-to-left turn":  {"a\u202eb", false},
		"an isolate":            {"a\u2066b", false},
		"half a character":      {"a\xffb", false},
	} {
		limit := 100
		if strings.HasSuffix(name, "characters") {
			limit = 10
		}
		if got := isText(tc.text, limit); got != tc.want {
			t.Errorf("%s: isText(%q) = %t", name, tc.text, got)
		}
	}
}

func TestPhones(t *testing.T) {
	for number, want := range map[string]bool{
		"+386 1 234 56 78": true, "01/234-56.78": true, "(01) 234567": true, "123456": true, "12345": false, "+3861234567890123": false,
		"386+1234567": false, "call me": false, "+386 1 234 56 78 ext. 9": false, "": false, "٣٨٦١٢٣٤٥٦٧": false,
	} {
		if isPhone(number) != want {
			t.Errorf("isPhone(%q) = %t", number, !want)
		}
	}
}

// zones are some whose clocks jump in their own way.
var zones = []string{"Europe/Ljubljana", "America/Sao_Paulo", "Pacific/Apia", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Australia/Lord_Howe",
	"Asia/Kathmandu", "America/New_York", "Africa/Casablanca", "Asia/Tehran", "America/Caracas", "Asia/Pyongyang", "UTC"}

// An hour of a day is never answered with an instant whose clock shows less, and never moves back as days go by.
func TestAtIsNeverEarlyAndNeverGoesBack(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		zone, err := Zone(rapid.SampledFrom(zones).Draw(r, "zone"))
		if err != nil {
			r.Fatal(err)
		}
		d := Date{2000, 1, 1}.AddDays(rapid.IntRange(0, 365*60).Draw(r, "day"))
		hour := rapid.IntRange(0, 23).Draw(r, "hour")
		at := d.At(hour, zone)
		want := time.Date(d.Year, d.Month, d.Day, hour, 0, 0, 0, time.UTC)
		if shown := wall(at.In(zone)); shown.Before(want) {
			r.Fatalf("%s at %d in %s is %s", d, hour, zone, at.In(zone))
		} else if before := wall(at.Add(-time.Second).In(zone)); shown.After(want) && !before.Before(want) {
			r.Fatalf("%s at %d in %s is %s, an instant before would do", d, hour, zone, at.In(zone))
		}
		if next := d.AddDays(1).At(hour, zone); next.Before(at) {
			r.Fatalf("%s at %d in %s is %s, the day after is %s", d, hour, zone, at, next)
		}
	})
}

func TestDatesAreReadAndWritten(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := Date{2020, 1, 1}.AddDays(rapid.IntRange(-4000, 20000).Draw(r, "days"))
		back, err := ParseDate(d.String())
		if err != nil || back != d {
			r.Fatalf("%s became %s, %v", d, back, err)
		}
		n := rapid.IntRange(-500, 500).Draw(r, "n")
		if got := d.DaysUntil(d.AddDays(n)); got != n {
			r.Fatalf("%d days became %d", n, got)
		}
		if got := d.Compare(d.AddDays(n)); (got < 0) != (n > 0) || (got == 0) != (n == 0) {
			r.Fatalf("Compare = %d", got)
		}
	})
}

func TestWhatIsNoDate(t *testing.T) {
	for _, s := range []string{"", "2026-02-29", "2026-13-01", "2026-1-1", "01.12.2026", "2026-12-01T00:00:00Z", "2026-12-01 ", "+2026-12-01"} {
		if d, err := ParseDate(s); err == nil {
			t.Errorf("ParseDate(%q) = %s", s, d)
		}
	}
}
