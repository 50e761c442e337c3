package main

import "testing"

// The list stays true: what each mutant replaces is in its file.
func TestEveryMutantFitsTheCode(t *testing.T) {
	t.Chdir("../..")
	folder := t.TempDir()
	for _, m := range mutants {
		if _, err := m.overlay(folder); err != nil {
			t.Errorf("%s: %v", m.name, err)
		}
	}
}
