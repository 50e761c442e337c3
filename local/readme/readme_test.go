// Package readme holds README.md to what there is: its tour is pasted into a bash, and what it names exists.
package readme

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"dayone/local/cloud"
	"dayone/local/cloud/cloudtest"
	"dayone/local/engine/enginetest"
	"dayone/local/functions"
	"dayone/local/template"
)

var (
	block  = regexp.MustCompile("(?s)```sh\n(.*?)```")
	folder = regexp.MustCompile("(?m)^\\| (`[a-z`/, ]+`) \\|")
	event  = regexp.MustCompile(`-e (events/\S+\.json)`)
	link   = regexp.MustCompile(`\]\(([^)#]+)\)`)
)

// The tour ends with an order that is active and charged for two months, whatever day it is: also where a month has ended in the order's
// time zone and not in UTC, and where the next one has no such day.
func TestTourReachesCharges(t *testing.T) {
	for name, tc := range map[string]struct {
		now   time.Time
		first string   // day of the order's first period
		then  []string // the months that are charged, the first twice
	}{
		"the middle of a month":   {cloudtest.Noon, "2026-11-23", []string{"2026-11", "2026-12"}},
		"the end of one, in UTC":  {time.Date(2026, time.November, 30, 23, 30, 0, 0, time.UTC), "2026-12-01", []string{"2026-12", "2027-01"}},
		"the last day of January": {time.Date(2027, time.January, 31, 9, 0, 0, 0, time.UTC), "2027-01-31", []string{"2027-01", "2027-02"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tour(t, tc.now, tc.first, tc.then)
		})
	}
}

func tour(t *testing.T, now time.Time, first string, months []string) {
	c := cloudtest.Start(t, cloud.Config{Functions: functions.All(), Tick: true, Now: now})
	var script strings.Builder
	for _, b := range block.FindAllStringSubmatch(read(t), -1) {
		script.WriteString(b[1])
	}
	const here = "url=http://localhost:3000\n"
	if strings.Count(script.String(), here) != 1 {
		t.Fatalf("the tour does not begin with %s", here)
	}
	bash := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail")
	bash.Stdin = strings.NewReader(strings.Replace(script.String(), here, "url="+c.URL+"\n", 1))
	out, err := bash.CombinedOutput()
	if err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}

	var placed struct {
		Orders []struct{ ID, Status string }
	}
	get(t, c.URL+"/orders", &placed)
	if len(placed.Orders) != 1 || placed.Orders[0].Status != "active" {
		t.Fatalf("the tour ended with %+v:\n%s", placed.Orders, out)
	}
	for month, want := range map[string]int{months[0]: 2, months[1]: 1} { // the annual line once
		var billed struct {
			Charges []struct{ Order string }
		}
		get(t, c.URL+"/charges?month="+month, &billed)
		if len(billed.Charges) != want {
			t.Errorf("%d charges in %s, want %d", len(billed.Charges), month, want)
		}
	}
	id := placed.Orders[0].ID
	for _, shown := range []string{
		"what: '", c.URL + "/setup#psl_", "\npartner-organization\n", "name: 'calling', status: 'not_started'",
		`"available":true`, "\ntrue\nactive\n", "period_end,quantity", id + "-1-" + first, "activated by clock", `"code":"order_unknown"`,
	} {
		if !strings.Contains(string(out), shown) {
			t.Errorf("the tour does not show %q:\n%s", shown, out)
		}
	}
}

func TestWhatItNamesExists(t *testing.T) {
	text, root := read(t), root(t)
	_, house, _ := strings.Cut(text, "## The house")
	house, _, _ = strings.Cut(house, "\n## ")
	var names []string
	for _, m := range folder.FindAllStringSubmatch(house, -1) {
		for name := range strings.SplitSeq(m[1], ", ") {
			names = append(names, strings.Trim(name, "`"))
		}
	}
	for _, of := range []*regexp.Regexp{event, link} {
		for _, m := range of.FindAllStringSubmatch(text, -1) {
			if !strings.HasPrefix(m[1], "http") {
				names = append(names, m[1])
			}
		}
	}
	if len(names) < 15 {
		t.Fatalf("it names %v only", names)
	}
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(root, name)); err != nil {
			t.Error(err)
		}
	}
}

func TestParametersAreThoseOfTheTemplate(t *testing.T) {
	deployed, err := template.Read(filepath.Join(root(t), "template.yaml"), template.Options{Parameters: enginetest.Parameters()})
	if err != nil {
		t.Fatal(err)
	}
	text := read(t)
	for name, value := range deployed.Parameters {
		row := "\n| `" + name + "` |"
		if enginetest.Parameters()[name] != "" {
			value = "" // the test's own
		}
		_, after, ok := strings.Cut(text, row)
		after, _, _ = strings.Cut(after, "\n")
		if !ok || !strings.Contains(after, value) {
			t.Errorf("no row says that %s is %q", name, value)
		}
	}
	for _, f := range deployed.Functions {
		if !strings.Contains(text, "`functions/"+strings.ToLower(f.ID)+"`") {
			t.Errorf("the map of the house has no %s", f.ID)
		}
	}
}

func read(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func root(t *testing.T) string {
	t.Helper()
	root, err := enginetest.Root()
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func get(t *testing.T, url string, v any) {
	t.Helper()
	client := http.Client{Timeout: 10 * time.Second}
	response, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(body, v); err != nil {
		t.Fatalf("%s answered %s: %v", url, body, err)
	}
}
