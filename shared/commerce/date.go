package commerce

import (
	"fmt"
	"sync"
	"time"
	_ "time/tzdata" // rule 1 needs zones wherever this runs; the Lambda image carries none
)

// Date is a civil date: a day on the calendar, in no zone.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// ParseDate reads YYYY-MM-DD and refuses days that no calendar has.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("parse date %q: %w", s, err)
	}
	return DateOf(t), nil
}

// DateOf is the civil date of t in t's own location.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// String is YYYY-MM-DD, which also sorts.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day) }

// IsZero reports whether d was never set.
func (d Date) IsZero() bool { return d == Date{} }

// Compare is negative, zero or positive as d is before, on or after e.
func (d Date) Compare(e Date) int { return d.utc().Compare(e.utc()) }

func (d Date) utc() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// AddDays is the day n days later.
func (d Date) AddDays(n int) Date { return DateOf(d.utc().AddDate(0, 0, n)) }

// DaysUntil counts the days from d to e.
func (d Date) DaysUntil(e Date) int { return int(e.utc().Sub(d.utc()) / (24 * time.Hour)) }

// AddMonths is the same day n months later, clamped to the last day of a short month. Counted from an anchor, never
// from the last result, so that 31 January leads to 28 February and then to 31 March.
func (d Date) AddMonths(n int) Date {
	first := time.Date(d.Year, d.Month+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return Date{first.Year(), first.Month(), min(d.Day, last)}
}

// At is hour o'clock of d in zone or, where the clock jumps over it, the first instant that exists after it.
func (d Date) At(hour int, zone *time.Location) time.Time {
	t := time.Date(d.Year, d.Month, d.Day, hour, 0, 0, 0, zone)
	want := time.Date(d.Year, d.Month, d.Day, hour, 0, 0, 0, time.UTC)
	if wall(t).Equal(want) {
		return t
	}
	// time.Date answers a gap with one of the two offsets around it. The gap ends where the offset changes.
	lo, hi := t.Add(-26*time.Hour), t.Add(26*time.Hour)
	for hi.Sub(lo) > time.Second {
		mid := lo.Add(hi.Sub(lo) / 2).Truncate(time.Second)
		if !mid.After(lo) {
			break
		}
		if wall(mid).Before(want) {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}

// wall is what a clock on the wall shows at t, as if it were UTC.
func wall(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

// Zone loads an IANA zone by name. "Local" and "" are no zones: they mean another thing on every machine.
func Zone(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("zone %q: not an IANA name", name)
	}
	if zone, known := loadedZones.Load(name); known {
		return zone.(*time.Location), nil
	}
	zone, err := time.LoadLocation(name)
	if err == nil {
		loadedZones.Store(name, zone)
	}
	return zone, err
}

// loadedZones are those that were asked for, by name. There are some hundred, none changes, and loading one looks for files.
var loadedZones sync.Map

// OpeningHour is the hour of the start date at which the setup letter goes out (rule 1).
const OpeningHour = 8
