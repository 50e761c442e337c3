package main

import (
	"testing"
	"time"
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
