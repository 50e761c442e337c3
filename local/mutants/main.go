// Command mutants takes one guard after another out of the code and runs the tests that watch over it. Every one of them
// must be missed by a test: a guard that nobody misses is not proved.
//
// Nothing in the tree is changed: the compiler reads the changed files from an overlay. A change whose old text is not in
// its file any more is an error, so that the list stays true.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	only := flag.String("only", "", "the mutants whose name has this in it")
	flag.Parse()
	if err := run(*only); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run takes out each guard, prints what became of it, and fails unless a test missed every one.
func run(only string) error {
	folder, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	var chosen []mutant
	whole := map[string]bool{}
	for _, m := range mutants {
		if strings.Contains(m.name, only) {
			chosen = append(chosen, m)
		}
	}
	fmt.Printf("%-44s %-9s %7s  %s\n", "guard taken out", "", "seconds", "missed by")
	killed := 0
	for _, m := range chosen {
		begun := time.Now()
		overlay, err := m.overlay(folder)
		if err != nil {
			return err
		}
		verdict, by := "survived", ""
		for _, w := range m.watched {
			if !whole[w.String()] { // what fails by itself misses nothing
				if out, err := w.test(""); err != nil {
					return fmt.Errorf("with every guard in place, %s fails:\n%s", w, out)
				}
				whole[w.String()] = true
			}
			out, err := w.test(overlay)
			if err == nil {
				continue
			}
			by = failed(out)
			if by == "" {
				return fmt.Errorf("%s: it does not run:\n%s", m.name, out)
			}
			verdict = "killed"
			killed++
			break
		}
		fmt.Printf("%-44s %-9s %7.1f  %s\n", m.name, verdict, time.Since(begun).Seconds(), by)
	}
	fmt.Printf("%d mutants, %d killed\n", len(chosen), killed)
	if killed < len(chosen) {
		return errors.New("a guard that no test misses")
	}
	return nil
}

// mutant is a guard taken out.
type mutant struct {
	name    string
	edits   []edit
	watched []watch // by these tests
}

// edit replaces the one place in a file where old stands.
type edit struct{ file, old, new string }

// watch is tests of a package.
type watch struct{ folder, tests string }

func (w watch) String() string { return w.folder + " " + w.tests }

// test runs the tests and answers what they said.
func (w watch) test(overlay string) (string, error) {
	args := []string{"test", "-count=1", "-failfast", "-run", w.tests}
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	test := exec.Command("go", append(args, "./"+w.folder)...)
	test.Env = append(os.Environ(), "RAPID_NOFAILFILE=1") // what fails without a guard says nothing of the code
	out, err := test.CombinedOutput()
	if err == nil && strings.Contains(string(out), "no tests to run") {
		err = errors.New("there is no such test")
	}
	return string(out), err
}

// failed is the first test that failed, "" where none did but something else.
func failed(out string) string {
	for line := range strings.Lines(out) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "--- FAIL: "); ok {
			name, _, _ = strings.Cut(name, " ")
			return name
		}
	}
	return ""
}

// overlay writes the changed files and the list of them that the compiler reads.
func (m mutant) overlay(folder string) (string, error) {
	replace := map[string]string{}
	for n, e := range m.edits {
		file, err := filepath.Abs(e.file)
		if err != nil {
			return "", err
		}
		from := file
		if changed, ok := replace[file]; ok {
			from = changed
		}
		text, err := os.ReadFile(from)
		if err != nil {
			return "", fmt.Errorf("%s: %w", m.name, err)
		}
		if found := strings.Count(string(text), e.old); found != 1 {
			return "", fmt.Errorf("%s: in %s, %q stands %d times", m.name, e.file, e.old, found)
		}
		replace[file] = filepath.Join(folder, fmt.Sprintf("%d-%s", n, filepath.Base(file)))
		if err := os.WriteFile(replace[file], []byte(strings.Replace(string(text), e.old, e.new, 1)), 0o600); err != nil {
			return "", err
		}
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	name := filepath.Join(folder, "overlay.json")
	return name, os.WriteFile(name, list, 0o600)
}
