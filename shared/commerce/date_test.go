package commerce

import (
	"sync"
	"testing"
	"time"
)

func TestDateAt(t *testing.T) {
	for name, tc := range map[string]struct {
		date Date
		hour int
		zone string
		want string
	}{
		"an ordinary day":                   {Date{2026, 12, 1}, 8, "Europe/Ljubljana", "2026-12-01T07:00:00Z"},
		"the day the clock jumps in Berlin": {Date{2026, 3, 29}, 8, "Europe/Berlin", "2026-03-29T06:00:00Z"},
		"the hour Berlin skips":             {Date{2026, 3, 29}, 2, "Europe/Berlin", "2026-03-29T01:00:00Z"},
		"first in the world":                {Date{2026, 12, 1}, 8, "Pacific/Kiritimati", "2026-11-30T18:00:00Z"},
		"last in the world":                 {Date{2026, 12, 1}, 8, "Pacific/Pago_Pago", "2026-12-01T19:00:00Z"},
		"midnight that Sao Paulo skipped":   {Date{2018, 11, 4}, 0, "America/Sao_Paulo", "2018-11-04T03:00:00Z"},
		"29 February":                       {Date{2028, 2, 29}, 8, "UTC", "2028-02-29T08:00:00Z"},
		"the day Apia skipped":              {Date{2011, 12, 30}, 8, "Pacific/Apia", "2011-12-30T10:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			zone, err := Zone(tc.zone)
			if err != nil {
				t.Fatal(err)
			}
			if got := tc.date.At(tc.hour, zone).UTC().Format(time.RFC3339); got != tc.want {
				t.Errorf("%s.At(%d, %s) = %s, want %s", tc.date, tc.hour, tc.zone, got, tc.want)
			}
		})
	}
}

func TestAddMonthsClampsFromTheAnchor(t *testing.T) {
	anchor := Date{2026, 1, 31}
	for n, want := range map[int]string{0: "2026-01-31", 1: "2026-02-28", 2: "2026-03-31", 3: "2026-04-30", 12: "2027-01-31", 25: "2028-02-29"} {
		if got := anchor.AddMonths(n).String(); got != want {
			t.Errorf("AddMonths(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestManyAskForZonesAtOnce(t *testing.T) {
	var asking sync.WaitGroup
	for range 8 {
		asking.Go(func() {
			for _, name := range []string{"Europe/Ljubljana", "Mars/Olympus", "America/New_York", "Europe/Ljubljana", "Mars/Olympus"} {
				if zone, err := Zone(name); (err == nil) != (name != "Mars/Olympus") || err == nil && zone.String() != name {
					t.Errorf("Zone(%q) = %v, %v", name, zone, err)
				}
			}
		})
	}
	asking.Wait()
}

func TestZoneRefusesWhatDependsOnTheMachine(t *testing.T) {
	for _, name := range []string{"", "Local", "Mars/Olympus", "../etc/passwd"} {
		if _, err := Zone(name); err == nil {
			t.Errorf("Zone(%q) was accepted", name)
		}
	}
}
