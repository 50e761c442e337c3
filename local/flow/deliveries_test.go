package flow_test

import (
	"strings"
	"testing"
	"time"
)

const (
	rep     = "maja.zupan@vendor.example"
	bounces = "bounce+ana@simulator.amazonses.com"
)

// patch changes an order as its caller.
func (w *world) patch(id string, change object) answer {
	w.Helper()
	return w.ask("PATCH", "/orders/"+id, "", change, "If-Match", w.show(id).Header.Get("ETag")).want(w, 200)
}

// happened counts the events of a kind in an order's timeline.
func (w *world) happened(id, kind string) int {
	w.Helper()
	n := 0
	for _, e := range w.ask("GET", "/orders/"+id+"/events", "", nil).want(w, 200).List("events") {
		if e.Text("kind") == kind {
			n++
		}
	}
	return n
}

// Scenario 10: a letter bounces; the order and the representative say so; the window does not run until somebody mends it.
func TestABouncedLetterStopsTheWindowUntilSomebodyMendsIt(t *testing.T) {
	for name, mend := range map[string]func(w *world, id string) (reads string){
		"another contact": func(w *world, id string) string {
			w.patch(id, object{"provisioning_contact": object{"email": "bor@nordlicht.example", "alias": false}})
			return "bor@nordlicht.example"
		},
		"another letter": func(w *world, id string) string {
			w.ask("POST", "/orders/"+id+"/resend", "", object{"reason": "the mailbox was made"}).want(w, 200)
			return bounces
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := begin(t, nil)
			id, _ := w.invited(order{contact: bounces})
			shown := w.show(id)
			if shown.Text("status") != "scheduled" || shown.Text("next", "who") != "caller" || shown.Text("next", "what") != "setup_letter" ||
				shown.Text("next", "reason") != "the address takes no letters (5.1.1)" || shown.At("closes_at") != nil {
				t.Fatalf("the order says %s", shown.Body)
			}
			w.later(10*24*time.Hour, 12*time.Hour)
			if status := w.show(id).Text("status"); status != "scheduled" || w.happened(id, "letter_bounced") != 1 {
				t.Errorf("after ten days %s, %d times bounced", status, w.happened(id, "letter_bounced"))
			}
			if n := len(w.letters(bounces, "")); n != 1 {
				t.Errorf("%d letters to an address that takes none", n)
			}
			told := w.letters(rep, "could not be delivered")
			if len(told) != 1 || !strings.Contains(told[0].Text, "the address takes no letters (5.1.1)") || !strings.Contains(told[0].Text, bounces) {
				t.Errorf("the representative was told %d times: %+v", len(told), told)
			}

			reads := mend(w, id)
			w.run("Letters")
			w.run("Letters") // what the first made necessary
			shown = w.show(id)
			if reads == bounces { // and it bounces again, which is news
				if shown.Text("next", "who") != "caller" || len(w.letters(rep, "could not be delivered")) != 2 || w.happened(id, "letter_bounced") != 2 {
					t.Errorf("after another letter %s", shown.Body)
				}
				return
			}
			closes, err := time.Parse(time.RFC3339, shown.Text("closes_at"))
			if err != nil || shown.Text("status") != "invited" || closes.Sub(w.Now()).Round(time.Hour) != 7*24*time.Hour {
				t.Fatalf("mended, it says %s", shown.Body)
			}
			answers := asPartner("new", "it@alpine.example")
			answers["partner_admin_email"] = reads
			w.complete(w.secret(reads, "/setup"), answers)
			if n := len(w.letters(bounces, "")); n != 1 {
				t.Errorf("%d letters to the address that bounced", n)
			}
		})
	}
}

// A colleague's address that does not exist is no reason for the order to close: nobody holds a link that works.
func TestABouncedDelegationStopsTheWindow(t *testing.T) {
	w := begin(t, nil)
	id, link := w.invited(order{})
	w.ask("POST", "/setup/role", link, object{"role": "partner"}).want(w, 200)
	w.ask("POST", "/setup/delegate", link, object{"role": "partner", "set_up_by": "colleague", "delegate_email": bounces}).want(w, 200)
	w.later(10*24*time.Hour, 12*time.Hour)
	shown := w.show(id)
	if shown.Text("status") != "started" || shown.Text("next", "who") != "caller" || len(w.letters(rep, "could not be delivered")) != 1 {
		t.Errorf("%s", shown.Body)
	}
}

// A complaint is told of once. The link works, the window runs.
func TestAComplaintIsToldOfOnce(t *testing.T) {
	const complains = "complaint+ana@simulator.amazonses.com"
	w := begin(t, nil)
	id, link := w.invited(order{contact: complains})
	w.later(2*24*time.Hour, 12*time.Hour) // with a reminder, which is complained of as well
	shown := w.show(id)
	if shown.Text("status") != "invited" || shown.Text("next", "who") != "contact" || w.happened(id, "letter_complained") != 2 {
		t.Errorf("%s", shown.Body)
	}
	if n := len(w.letters(rep, "reported as spam")); n != 1 {
		t.Errorf("the representative was told %d times", n)
	}
	w.ask("POST", "/setup/start", link, object{}).want(w, 200)
}
