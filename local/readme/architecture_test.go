package readme

import (
	"flag"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dayone/local/engine/enginetest"
	"dayone/local/template"
)

var update = flag.Bool("update", false, "draw docs/pictures/architecture.svg anew")

// The picture of the architecture is drawn from the template.
func TestThePictureIsTheTemplate(t *testing.T) {
	deployed, err := template.Read(enginetest.Template(t), template.Options{Parameters: enginetest.Parameters()})
	if err != nil {
		t.Fatal(err)
	}
	want := draw(deployed)
	root, err := enginetest.Root()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(root, "docs", "pictures", "architecture.svg")
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != want {
		t.Errorf("architecture.svg is not template.yaml: run go test ./local/readme -update (%v)", err)
	}
}

const (
	left, middle, right = 20, 300, 640 // where columns begin
	wide, row           = 220, 84
)

// draw has a row a function, with what calls it on the left and what it uses on the right.
func draw(t *template.Template) string {
	var b strings.Builder
	height := 70 + row*len(t.Functions)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 880 %d" font-family="system-ui,sans-serif" font-size="14" role="img" aria-labelledby="t">
<title id="t">What calls each function of template.yaml, and what it uses</title>
<style>:root{--c:#fff;--t:#16212b;--m:#4d5b69;--l:#cfd7df;--b:#0b5a69;--i:#e9f2f4}@media(prefers-color-scheme:dark){:root{--c:#172029;--t:#e7edf2;--m:#aab7c3;--l:#32404d;--b:#67c7d6;--i:#14272c}}.g{fill:var(--c)}.b{fill:var(--c);stroke:var(--l)}.f{fill:var(--i);stroke:var(--b)}text{fill:var(--t)}.m{fill:var(--m);font-size:12px}.h{font-weight:700;fill:var(--b)}path{stroke:var(--b);fill:none;stroke-width:1.5}</style>
<rect class="g" width="880" height="%d" rx="8"/>
<text class="h" x="%d" y="34">What calls it</text><text class="h" x="%d" y="34">Function</text><text class="h" x="%d" y="34">What it uses</text>
`, height, height, left, middle, right)
	for i, f := range t.Functions {
		y := 50 + row*i
		box := func(class string, x int, lines ...string) {
			fmt.Fprintf(&b, `<rect class="%s" x="%d" y="%d" width="%d" height="%d" rx="6"/>`, class, x, y, wide, row-16)
			for n, line := range lines {
				style := ` class="m"`
				if n == 0 {
					style = ` font-weight="600"`
				}
				fmt.Fprintf(&b, `<text%s x="%d" y="%d">%s</text>`, style, x+12, y+22+18*n, html.EscapeString(line))
			}
			b.WriteString("\n")
		}
		arrow := func(from, to int) {
			fmt.Fprintf(&b, `<path d="M%d %dH%dm-7-5 7 5-7 5"/>`, from+wide, y+(row-16)/2, to)
		}
		calls := callers(f)
		box("b", left, calls...)
		box("f", middle, f.ID, fmt.Sprintf("%d MB, at most %.0f s", f.MemoryMB, f.Timeout.Seconds()))
		box("b", right, uses(t, f)...)
		arrow(left, middle)
		arrow(middle, right)
		b.WriteString("\n")
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// callers are the routes, schedules and rules of a function, in a few words.
func callers(f template.Function) []string {
	var lines []string
	if n := len(f.Routes); n > 0 {
		signed := 0
		for _, r := range f.Routes {
			if r.IAM {
				signed++
			}
		}
		line := fmt.Sprintf("API Gateway, %d routes", n)
		if n == 1 {
			line = "API Gateway, 1 route"
		}
		lines = append(lines, line)
		switch {
		case signed == n:
			lines = append(lines, "signed (AWS_IAM)")
		case signed > 0:
			lines = append(lines, fmt.Sprintf("%d of them signed (AWS_IAM)", signed))
		}
	}
	for _, s := range f.Schedules {
		lines = append(lines, "EventBridge, every "+strings.TrimSuffix(strings.TrimPrefix(s.Expression, "rate("), ")"))
	}
	for _, r := range f.Rules {
		lines = append(lines, "EventBridge, rule "+r.Event)
	}
	return lines
}

// uses are the tables and services that a function's policy lets it touch.
func uses(t *template.Template, f template.Function) []string {
	var lines []string
	var tables []string
	for _, table := range t.Tables {
		if slices.ContainsFunc(f.Permissions, func(p template.Permission) bool { return strings.Contains(p.Resource, table.ID) }) {
			tables = append(tables, strings.TrimSuffix(table.ID, "Table"))
		}
	}
	if len(tables) > 0 {
		lines = append(lines, "DynamoDB", strings.Join(tables, ", "))
	}
	if slices.ContainsFunc(f.Permissions, func(p template.Permission) bool { return strings.HasPrefix(p.Action, "ses:") }) {
		lines = append(lines, "SES, letters")
	}
	if _, asks := f.Environment["PROVISIONER_URL"]; asks {
		lines = append(lines, "the service platform")
	}
	return lines
}
