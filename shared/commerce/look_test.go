package commerce_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"dayone/shared/commerce"
)

// looked is a grant over which n addresses were asked about, one every so often, and the instant after.
func looked(t *testing.T, n int, every time.Duration) (commerce.Grant, time.Time) {
	t.Helper()
	var g commerce.Grant
	now := noon
	for i := range n {
		looks, err := g.Look([]commerce.Address{commerce.Address(fmt.Sprintf("a%d@b.example", i))}, now)
		if err != nil {
			t.Fatal(err)
		}
		g.Looks = looks
		now = now.Add(every)
	}
	return g, now
}

func TestLooks(t *testing.T) {
	for name, tc := range map[string]struct {
		before int
		every  time.Duration
		asked  []commerce.Address
		after  int
		want   error
		wait   time.Duration
	}{
		"the first":                      {0, 0, []commerce.Address{"new@b.example"}, 1, nil, 0},
		"two at once":                    {0, 0, []commerce.Address{"new@b.example", "ana@b.example"}, 2, nil, 0},
		"the same twice":                 {0, 0, []commerce.Address{"new@b.example", "new@b.example"}, 1, nil, 0},
		"none":                           {3, 0, []commerce.Address{""}, 3, nil, 0},
		"the twentieth in an hour":       {19, 0, []commerce.Address{"new@b.example"}, 20, nil, 0},
		"the twenty-first":               {20, 0, []commerce.Address{"new@b.example"}, 0, commerce.ErrTooManyLooks, time.Hour},
		"two where one is free":          {19, 0, []commerce.Address{"new@b.example", "ana@b.example"}, 0, commerce.ErrTooManyLooks, time.Hour},
		"a known one after twenty":       {20, 0, []commerce.Address{"a3@b.example"}, 20, nil, 0},
		"the twenty-first an hour later": {20, 3 * time.Minute, []commerce.Address{"new@b.example"}, 21, nil, 0},
		"a minute before that":           {20, 177 * time.Second, []commerce.Address{"new@b.example"}, 0, commerce.ErrTooManyLooks, time.Minute},
		"the sixtieth":                   {59, time.Hour, []commerce.Address{"new@b.example"}, 60, nil, 0},
		"the sixty-first":                {60, time.Hour, []commerce.Address{"new@b.example"}, 0, commerce.ErrLooksOver, 24 * time.Hour},
		"a known one after sixty":        {60, time.Hour, []commerce.Address{"a59@b.example"}, 60, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			g, now := looked(t, tc.before, tc.every)
			looks, err := g.Look(tc.asked, now)
			if !errors.Is(err, tc.want) || len(looks) != tc.after || len(g.Looks) != tc.before {
				t.Fatalf("%d looks, %v; want %d, %v", len(looks), err, tc.after, tc.want)
			}
			if e, ok := errors.AsType[*commerce.Error](err); ok && (e.Wait != tc.wait || e.Kind != commerce.KindTooMany) {
				t.Errorf("wait %s, want %s", e.Wait, tc.wait)
			}
		})
	}
}
