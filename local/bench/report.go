package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// figure is a number that was measured, mostly beside another.
type figure struct {
	What   string  `json:"what"`
	Ours   float64 `json:"ours"`
	Beside float64 `json:"beside,omitempty"` // what ours is measured against
	Unit   string  `json:"unit"`
	Ratio  float64 `json:"ratio,omitempty"`  // ours to beside
	Target float64 `json:"target,omitempty"` // of the ratio, or of ours where there is nothing beside
	Least  bool    `json:"at_least,omitempty"`
	Note   string  `json:"note,omitempty"`
}

// against is a figure of two medians.
func against(what, unit string, ours, beside, target float64) figure {
	f := figure{What: what, Ours: ours, Beside: beside, Unit: unit, Target: target}
	if beside > 0 {
		f.Ratio = ours / beside
	}
	return f
}

// verdict says how far a figure is from its target.
func (f figure) verdict() string {
	is := f.Ours
	if f.Ratio > 0 {
		is = f.Ratio
	}
	switch {
	case f.Target == 0:
		return f.Note
	case f.Least == (is >= f.Target) || is == f.Target:
		return strings.TrimSpace("met " + f.Note)
	}
	return strings.TrimSpace(fmt.Sprintf("missed by %.0f%% %s", 100*max(is/f.Target-1, f.Target/is-1), f.Note))
}

// section is what one part of the bench measured.
type section struct {
	Name    string   `json:"name"`
	Title   string   `json:"title"`
	Figures []figure `json:"figures"`
	Notes   []string `json:"notes,omitempty"`
}

func (s *section) add(f ...figure)              { s.Figures = append(s.Figures, f...) }
func (s *section) note(format string, a ...any) { s.Notes = append(s.Notes, fmt.Sprintf(format, a...)) }

// write writes a section as people read it.
func (s section) write(to io.Writer) error {
	fmt.Fprintf(to, "\n%s: %s\n", s.Name, s.Title)
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	if len(s.Figures) > 0 {
		fmt.Fprintln(w, "  \tours\tbeside\tratio\ttarget\t")
	}
	for _, f := range s.Figures {
		target := ""
		if f.Target > 0 {
			target = map[bool]string{false: "<= ", true: ">= "}[f.Least] + short(f.Target)
		}
		fmt.Fprintf(w, "  %s\t%s %s\t%s\t%s\t%s\t%s\n", f.What, short(f.Ours), f.Unit, blank(f.Beside), blank(f.Ratio), target, f.verdict())
	}
	for _, n := range s.Notes {
		fmt.Fprintf(w, "  %s\n", n)
	}
	return w.Flush()
}

// short is a number in three digits or so.
func short(v float64) string {
	switch {
	case v == float64(int64(v)):
		return fmt.Sprintf("%d", int64(v))
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

func blank(v float64) string {
	if v == 0 {
		return ""
	}
	return short(v)
}

// report is a whole run.
type report struct {
	At       time.Time `json:"at"`
	Machine  string    `json:"machine"`
	Sections []section `json:"sections"`
}

func newReport() report {
	return report{At: time.Now().UTC().Truncate(time.Second), Machine: machine()}
}

// write prints the report, or what of it is not printed yet.
func (r report) writeJSON(to io.Writer) error {
	e := json.NewEncoder(to)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// machine is what the numbers were measured on.
func machine() string {
	model := "an unknown processor"
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(info)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	kernel, err := exec.Command("uname", "-sr").Output()
	if err != nil {
		kernel = []byte(runtime.GOOS)
	}
	return fmt.Sprintf("%d x %s, %s, %s %s", runtime.NumCPU(), model, strings.TrimSpace(string(kernel)), runtime.Version(), runtime.GOARCH)
}

// median is the middle of what was measured; 0 of nothing.
func median(all []float64) float64 {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	middle := len(sorted) / 2
	if len(sorted)%2 == 0 {
		return (sorted[middle-1] + sorted[middle]) / 2
	}
	return sorted[middle]
}

// series collects measurements by name, so that several things can be measured in turn.
type series map[string][]float64

func (s series) add(name string, v float64) { s[name] = append(s[name], v) }

func (s series) median(name string) float64 { return median(s[name]) }

// ms is a duration as figures have it.
func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
