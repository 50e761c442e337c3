package fault_test

import (
	"slices"
	"time"

	"dayone/local/cloud/cloudtest"
)

// setUp is an order placed days ahead whose contact lets it lie, then passes it on to a colleague, who does everything.
func setUp() []step {
	start := time.Date(2026, time.December, 1, 0, 0, 0, 0, time.UTC)
	opening := start.Add(7 * time.Hour).Sub(cloudtest.Noon)
	return slices.Concat([]step{
		{"place ahead", func(w *world) { w.has["order"] = w.place(start, ana) }},
		becomes("invited", later("invite on the day", opening)),
		later("escalate and remind", opening+day+2*time.Hour),
		later("remind", opening+3*day+2*time.Hour),
		{"start", func(w *world) { w.ask("POST", "/setup/role", w.secret(ana, "/setup"), object{"role": "partner"}, ok) }},
		{"delegate", func(w *world) {
			w.ask("POST", "/setup/delegate", w.secret(ana, "/setup"), object{"role": "partner", "set_up_by": "colleague", "delegate_email": bor}, ok)
		}},
		becomes("mapped", completed(bor, "new")), chosen(bor), welcomed()},
		settings(), []step{becomes("active", provisioned("provision", 1)), later("charge", opening+40*day)})
}
