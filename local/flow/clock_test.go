package flow_test

import (
	"fmt"
	"testing"
	"time"
)

// to moves the clock to an instant, in steps.
func (w *world) to(at time.Time, step time.Duration) {
	w.Helper()
	if err := w.Set(w.Context(), at, step); err != nil {
		w.Fatal(err)
	}
}

// Scenario 5: a start that has come is mailed with the next run, keeps its date, and bills nothing before it is active.
func TestAStartThatHasComeIsMailedAtOnce(t *testing.T) {
	w := begin(t, nil)
	today := w.Now()
	for contact, start := range map[string]string{"today@nordlicht.example": today.Format(time.DateOnly), "late@nordlicht.example": today.AddDate(0, 0, -1).Format(time.DateOnly)} {
		id := w.place(order{contact: contact, start: start})
		w.run("Letters")
		w.run("Letters")
		if n := len(w.letters(contact, id)); n != 1 {
			t.Errorf("%d letters about an order that starts %s", n, start)
		}
		if got := w.show(id); got.Text("requested_start_date") != start || got.Text("status") != "invited" {
			t.Errorf("an order that starts %s: %s", start, got.Body)
		}
	}
	w.later(3*24*time.Hour, 12*time.Hour)
	if n := len(w.charges(today.Format("2006-01"))); n != 0 {
		t.Errorf("%d charges of orders that are not active", n)
	}
}

// Scenarios 6 and 7: at eight in the morning where the order is, on its civil date, once: in 400 days, on the days when
// clocks are moved, at the ends of the world, and on a leap day.
func TestEveryStartIsMailedOnceOnItsDay(t *testing.T) {
	w := begin(t, nil)
	type start struct {
		zone, date, due string // the instant of eight o'clock there
	}
	starts := []start{
		{"Pacific/Kiritimati", "2026-12-31", "2026-12-30T18:00:00Z"},
		{"Pacific/Pago_Pago", "2026-12-31", "2026-12-31T19:00:00Z"},
		{"Europe/Berlin", "2027-03-28", "2027-03-28T06:00:00Z"},
		{"America/Sao_Paulo", "2027-11-07", "2027-11-07T11:00:00Z"},
		{"Europe/Ljubljana", w.Now().AddDate(0, 0, 400).Format(time.DateOnly), ""},
		{"Europe/Ljubljana", "2028-02-29", "2028-02-29T07:00:00Z"},
	}
	ids := make([]string, len(starts))
	for i, s := range starts {
		ids[i] = w.place(order{zone: s.zone, start: s.date, contact: fmt.Sprintf("start%d@nordlicht.example", i)})
	}
	count := func(i int) int { return len(w.letters(fmt.Sprintf("start%d@nordlicht.example", i), "")) }
	for i, s := range starts {
		due, err := time.Parse(time.RFC3339, s.due)
		if s.due == "" {
			day, e := time.Parse(time.DateOnly, s.date)
			due, err = day.Add(7*time.Hour), e
		}
		if err != nil {
			t.Fatal(err)
		}
		w.to(due.Add(-time.Second), 24*time.Hour)
		if n := count(i); n != 0 {
			t.Errorf("%s %s: %d letters a second before", s.zone, s.date, n)
		}
		w.to(due, time.Second)
		if n := count(i); n != 1 {
			t.Errorf("%s %s: %d letters at eight", s.zone, s.date, n)
		}
		w.because(ids[i], "cancel", "seen")
	}
	w.later(40*24*time.Hour, 24*time.Hour)
	for i, s := range starts {
		if n := count(i); n != 1 {
			t.Errorf("%s %s: %d letters in the end", s.zone, s.date, n)
		}
	}
}

// Scenario 8: a start that was moved is mailed on its new day alone, one that was cancelled never.
func TestAStartThatWasMovedOrCancelled(t *testing.T) {
	w := begin(t, nil)
	moved := w.place(order{start: "2026-12-01", contact: "moved@nordlicht.example"})
	gone := w.place(order{start: "2026-12-01", contact: "gone@nordlicht.example"})
	w.patch(moved, object{"requested_start_date": "2026-12-08"})
	w.because(gone, "cancel", "ordered twice")
	w.to(time.Date(2026, 12, 8, 6, 59, 0, 0, time.UTC), 12*time.Hour)
	if n := len(w.Inbox()); n != 0 {
		t.Errorf("%d letters on the old day", n)
	}
	w.to(time.Date(2026, 12, 8, 7, 0, 0, 0, time.UTC), time.Hour)
	if n := len(w.letters("moved@nordlicht.example", moved)); n != 1 {
		t.Errorf("%d letters on the new day", n)
	}
	w.later(40*24*time.Hour, 24*time.Hour)
	if n := len(w.letters("gone@nordlicht.example", "")); n != 0 {
		t.Errorf("%d letters about a cancelled order", n)
	}
	if got := w.show(gone); got.Text("status") != "cancelled" || got.At("next") != nil {
		t.Errorf("cancelled: %s", got.Body)
	}
}

// Scenarios 31 and 32: nobody begins, and opening the page is not beginning. The representative is told once; notice is
// given, then it closes, its links are dead and nothing is billed. Reopened, it has a new link and its history.
func TestNobodySetsTheOrderUp(t *testing.T) {
	for family, window := range map[string]int{"A-FLEX": 7, "A-WX": 30} {
		t.Run(family, func(t *testing.T) {
			w := begin(t, nil)
			id, link := w.invited(order{family: family})
			w.ask("POST", "/setup/start", link, object{}).want(w, 200)
			w.later(24*time.Hour-time.Minute, time.Hour)
			if n := len(w.letters(rep, id)); n != 0 {
				t.Errorf("%d letters to the representative within a day", n)
			}
			w.later(2*time.Hour, time.Hour)
			w.later(time.Duration(window-2)*24*time.Hour, 6*time.Hour)
			if n := len(w.letters(rep, id)); n != 1 || w.happened(id, "escalated") != 1 || w.happened(id, "notice_sent") != 1 {
				t.Errorf("%d letters to the representative, notice %d", n, w.happened(id, "notice_sent"))
			}
			if got := w.show(id); got.Text("status") != "invited" {
				t.Errorf("a day before its end: %s", got.Body)
			}
			w.later(24*time.Hour, 6*time.Hour)
			if got := w.show(id); got.Text("status") != "closed" || got.Text("next", "what") != "reopening" {
				t.Errorf("closed: %s", got.Body)
			}
			for _, l := range w.letters(ana, id) {
				if len(l.Links) == 0 {
					continue
				}
				if got := w.ask("POST", "/setup/start", l.Links[0][len(w.URL)+len("/setup#"):], object{}); got.Status != 410 {
					t.Errorf("a link of a closed order: %d %s", got.Status, got.Body)
				}
			}
			events := len(w.ask("GET", "/orders/"+id+"/events", "", nil).want(w, 200).List("events"))
			letters := len(w.letters(ana, id))
			w.later(90*24*time.Hour, 7*24*time.Hour)
			if n := len(w.letters(ana, id)); n != letters {
				t.Errorf("%d letters after it was closed", n-letters)
			}
			w.because(id, "reopen", "they were away")
			w.run("Letters")
			w.ask("POST", "/setup/start", w.secret(ana, "/setup"), object{}).want(w, 200)
			if got := len(w.ask("GET", "/orders/"+id+"/events", "", nil).want(w, 200).List("events")); got <= events {
				t.Errorf("its history has %d events, before it was closed %d", got, events)
			}
			if charges, _, _ := w.billed(2026, 2027); charges != 0 {
				t.Errorf("billed %d", charges)
			}
			w.audited()
		})
	}
}

// Scenario 16: who does not recognise the organization stops there; the representative is told once, and nothing else
// has changed.
func TestAnOrganizationThatIsNotRecognised(t *testing.T) {
	w := begin(t, nil)
	first, made := w.invited(order{})
	w.complete(made, asPartner("new", it))
	id, link := w.invited(order{contact: "mojca@nordlicht.example"})
	w.ask("POST", "/setup/role", link, object{"role": "partner"}).want(w, 200)
	before := w.show(id)
	for range 3 {
		got := w.ask("POST", "/setup/partner-organization", link, object{"role": "partner", "set_up_by": "me", "unrecognised": true}).want(w, 200)
		if got.Text("next") != "stop" {
			t.Errorf("answered %s", got.Body)
		}
	}
	w.run("Letters")
	if n := len(w.letters(rep, id)); n != 1 {
		t.Errorf("%d letters to the representative", n)
	}
	after := w.show(id)
	if after.Text("status") != before.Text("status") || after.Text("closes_at") != before.Text("closes_at") || after.At("mapping") != nil {
		t.Errorf("before %s, after %s", before.Body, after.Body)
	}
	w.complete(link, asPartner(w.show(first).Text("mapping", "partner_organization"), "other@alpine.example"))
	w.audited()
}
