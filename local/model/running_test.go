package model_test

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"dayone/local/client"
)

// runs reports whether the order has services that are billed.
func (o *order) runs() bool { return o.status == "active" || o.status == "suspended" }

// lapsed reports whether the term of every line is over at an instant.
func (o *order) lapsed(at time.Time) bool {
	y, m, d := o.billed.In(zone).Date()
	return !slices.ContainsFunc(o.lines, func(l line) bool {
		first := time.Date(y, m+time.Month(l.term), 1, 0, 0, 0, 0, zone)
		last := time.Date(first.Year(), first.Month()+1, 0, 0, 0, 0, 0, zone).Day()
		return time.Date(first.Year(), first.Month(), min(d, last), 0, 0, 0, 0, zone).After(at)
	})
}

// unchangeable is the refusal of a change of services that run, or of those that do not; "" where it is taken.
func (o *order) unchangeable(from ...string) string {
	switch {
	case o.change != "":
		return "409 change_in_flight"
	case slices.Contains(from, o.status):
		return ""
	case o.status == "suspended":
		return "409 order_is_suspended"
	case o.status == "ended":
		return "409 order_is_ended"
	}
	return "409 order_not_active"
}

// resized is what is said to other quantities of an order's lines, of which the first is to have to.
func (o *order) resized(shown client.Answer, to int) (want string, changes bool) {
	if refusal := o.unchangeable("active"); refusal != "" {
		return refusal, false
	}
	all, _ := shown.At("lines").([]any)
	first, _ := all[0].(map[string]any)
	same := first["quantity"] == float64(to)
	if first["status"] == "removed" && !same {
		return "400 invalid", false
	}
	return "200", !same
}

// change asks for services to be suspended, resumed or removed.
func (w *world) change(t *rapid.T) {
	o := w.pick(t, func(o *order) bool { return o.runs() || o.n == 1 })
	if o == nil {
		return
	}
	deed := rapid.SampledFrom([]string{"suspend", "suspend", "resume", "resume", "resume", "terminate"}).Draw(t, "deed")
	refusal := map[string]string{"suspend": o.unchangeable("active"), "resume": o.unchangeable("suspended"), "terminate": o.unchangeable("active", "suspended")}[deed]
	already := o.change == "" && (deed == "suspend" && o.status == "suspended" || deed == "terminate" && o.status == "ended")
	switch {
	case already:
		refusal = ""
	case deed == "resume" && o.status == "active" && o.change == "":
		refusal = "409 order_not_suspended"
	}
	w.ask(t, "POST", "/orders/"+o.id+"/"+deed, "", because, or(refusal, "200"))
	if refusal == "" && !already {
		o.change, o.changed, o.changes = deed, w.Now(), 0
	}
}

// follow looks how far a change of running services is, one that was asked for or the end of a term: it may be done or,
// where a service fails, set back; after a while it must be.
func (w *world) follow(t *rapid.T, o *order, now time.Time) {
	t.Helper()
	if !o.runs() {
		return
	}
	shown := w.ask(t, "GET", "/orders/"+o.id, "", nil, "200")
	status, kind := shown.Text("status"), shown.Text("change", "kind")
	failing := slices.ContainsFunc(o.lines, func(l line) bool { return w.behaves[l.service] == "fail" })
	over := o.lapsed(now)
	switch {
	case status == "ended" && (over || o.change == "terminate"):
		o.status, o.change = "ended", ""
	case kind == "term_end" && o.change == "" && status == o.status:
		o.change, o.changed, o.changes = kind, now, 0
	case kind == o.change && status == o.status && (kind != "" || over):
		if now.Sub(o.changed) >= nextLook {
			o.changes, o.changed = o.changes+1, now
		}
		if o.changes > looks {
			t.Fatalf("order %s: %q is in flight since %s, and the platform is %v", o.id, kind, o.changed, w.behaves)
		}
		return
	case kind == "" && o.change != "" && o.change != "terminate" && shown.Text("change_refused", "kind") == o.change && failing && status == o.status:
		w.wait(o.is("rep_change_refused", representative))
		o.change = ""
	case kind == "" && status == map[string]string{"quantity": o.status, "suspend": "suspended", "resume": "active", "term_end": o.status, "": o.status}[o.change]:
		o.status, o.change, o.changes = status, "", 0
	default:
		t.Fatalf("order %s: %q is in flight at %s, it was %s and %q, and the platform is %v: %s", o.id, kind, now, o.status, o.change, w.behaves, shown.Body)
	}
}
