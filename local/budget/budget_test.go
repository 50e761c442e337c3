package budget_test

import (
	"strings"
	"testing"

	"dayone/local/budget"
	"dayone/local/client"
	"dayone/local/cloud"
	"dayone/local/cloud/cloudtest"
	"dayone/local/functions"
	"dayone/shared/api"
)

func walk(t *testing.T, parameters map[string]string) *budget.Walker {
	t.Helper()
	meter := &budget.Meter{}
	c := cloudtest.Start(t, cloud.Config{Functions: functions.All(), Wire: meter.Around, Parameters: parameters})
	w := &budget.Walker{Cloud: c, Client: client.New(c.URL, 8), Meter: meter}
	if err := w.Life(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.Idle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.Questions(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

// Every deed stays within its line of the table: calls and capacity units, as they went over the wire.
func TestEveryDeedStaysWithinItsBudget(t *testing.T) {
	for name, parameters := range map[string]map[string]string{
		"on the service platform": nil,
		"as entitlements":         {"ProvisionerUrl": ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := walk(t, parameters)
			for _, line := range budget.Table() {
				times := w.Of(line.Deed)
				if len(times) == 0 {
					t.Errorf("%s: nobody did that", line.Deed)
				}
				for _, d := range times {
					may := line.May
					if line.Deed == budget.Told && d.Cost.Calls > may.Calls { // of several letters at once
						may = may.Times(3)
					}
					if !d.Cost.Within(may) {
						t.Errorf("%s took %v, and may take %v:\n%s", line.Deed, d.Cost, may, d)
					}
				}
			}
		})
	}
}

// The least is no more than the budget, which would otherwise be wrong or the least badly counted.
func TestTheLeastIsWithinTheBudget(t *testing.T) {
	for _, line := range budget.Table() {
		if !line.Least.Within(line.May) {
			t.Errorf("%s: the least %v, the budget %v", line.Deed, line.Least, line.May)
		}
	}
}

// Nothing reads a table from end to end.
func TestNothingScans(t *testing.T) {
	for _, d := range walk(t, nil).Deeds {
		for _, c := range d.Calls {
			if strings.HasPrefix(c.Operation, "Scan") {
				t.Errorf("%s scans: %s", d.Deed, c.Sent)
			}
		}
	}
}

// Every function opens the connection that its first event needs while it starts.
func TestEveryFunctionConnectsWhileItStarts(t *testing.T) {
	for id, construct := range functions.All() {
		f, ok := construct(func(string) string { return "" }).(api.Function)
		if !ok || f.Connect == nil {
			t.Errorf("%s does not", id)
		}
	}
}
