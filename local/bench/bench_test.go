package main

import (
	"testing"
	"time"

	"dayone/local/budget"
)

// The benchmarks themselves, small: they find everything there once. How long it takes is not asked.
func TestNothingIsLostAndNothingIsTwice(t *testing.T) {
	for name, measure := range map[string]func(world) (result, error){
		"accept":  func(w world) (result, error) { return accept(t.Context(), w, 50, time.Second) },
		"letters": func(w world) (result, error) { return letters(t.Context(), w, 150) },
	} {
		t.Run(name, func(t *testing.T) {
			w, err := begin(t.Context(), "../..")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = w.Close() }) // nothing is kept
			got, err := measure(w)
			if err != nil {
				t.Fatal(err)
			}
			t.Log(got)
			if err := got.Err(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAFigureSaysHowFarItIsFromItsTarget(t *testing.T) {
	for name, tc := range map[string]struct {
		figure figure
		want   string
	}{
		"no target":            {against("", "ms", 2, 1, 0), ""},
		"a ratio that is met":  {against("", "ms", 1.5, 1, 1.6), "met"},
		"one that is not":      {against("", "ms", 3.2, 1, 1.6), "missed by 100%"},
		"a number by itself":   {figure{Ours: 6, Target: 5}, "missed by 20%"},
		"at least, and it is":  {figure{Ours: 1, Beside: 1, Ratio: 0.9, Target: 0.8, Least: true}, "met"},
		"at least, and is not": {figure{Ours: 1, Beside: 1, Ratio: 0.4, Target: 0.8, Least: true}, "missed by 100%"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tc.figure.verdict(); got != tc.want {
				t.Errorf("verdict = %q, want %q", got, tc.want)
			}
		})
	}
}

func TestAMedianIsTheMiddle(t *testing.T) {
	for want, of := range map[float64][]float64{0: nil, 3: {5, 1, 3}, 2.5: {4, 1, 2, 3}} {
		if got := median(of); got != want {
			t.Errorf("median of %v = %v, want %v", of, got, want)
		}
	}
}

// What went over the wire is what the SDK sends again: on tables of other names it takes what it took, new items and all.
func TestARecordedLifeIsLedAgain(t *testing.T) {
	lives, err := recordLives(t.Context(), "../..", 2)
	if err != nil {
		t.Fatal(err)
	}
	meter := &budget.Meter{}
	p, err := openPlant(t.Context(), "../..", meter)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.close() }) // nothing is kept
	if err := p.otherTables(t.Context()); err != nil {
		t.Fatal(err)
	}
	bare := p.client(p.tables)
	for n, life := range lives {
		for _, r := range life {
			if err := bareHandler(t.Context(), bare, r, []byte("{}")); err != nil {
				t.Errorf("order %d: %s: %v", n+1, r.deed, err)
			}
			if cost, _ := meter.Take(); cost != r.cost {
				t.Errorf("order %d: %s took %v, and again %v", n+1, r.deed, r.cost, cost)
			}
		}
	}
}
