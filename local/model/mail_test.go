package model_test

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"pgregory.net/rapid"

	"dayone/local/client"
	"dayone/local/cloud"
)

// opens are the kinds of letters with a setup link.
var opens = []string{"setup", "delegated", "handed_over", "reminder", "closing_soon"}

// hear has SES tell, sooner or later and once more, that a letter with a setup link came back or was called spam.
func (w *world) hear(t *rapid.T) {
	var some, others []cloud.Letter
	for _, l := range w.Inbox() {
		switch o := w.find(tag(l, "order")); {
		case !slices.Contains(opens, tag(l, "kind")):
		case o.open() || o.status == "closed":
			some = append(some, l)
		default:
			others = append(others, l)
		}
	}
	if len(some) == 0 { // it is too late to matter
		some = others
	}
	if len(some) == 0 {
		return
	}
	l := some[rapid.IntRange(0, min(len(some)-1, 5)).Draw(t, "letter")]
	outcome := rapid.SampledFrom([]string{"Bounce", "Complaint"}).Draw(t, "outcome")
	o := w.find(tag(l, "order"))
	for range rapid.IntRange(1, 2).Draw(t, "times") {
		w.news(t, l, outcome)
	}
	if o.heard == nil {
		o.heard = map[string]bool{}
	}
	told := outcome + " " + l.ID
	if !o.open() && o.status != "closed" || o.heard[told] {
		return
	}
	first := !o.heard[outcome+" to "+l.To[0]]
	o.heard[told], o.heard[outcome+" to "+l.To[0]] = true, true
	switch {
	case o.status == "closed":
	case outcome == "Complaint" && first:
		w.wait(o.is("rep_complained", representative))
	case outcome == "Bounce" && tag(l, "link") == strconv.Itoa(o.link) && o.bounced != o.link:
		o.bounced, o.owed, o.window = o.link, time.Time{}, time.Time{}
		if o.status == "invited" {
			o.status = "scheduled"
		}
		w.wait(o.is("rep_bounced", representative))
	}
}

// news gives the function that hears of deliveries an event as SES makes it.
func (w *world) news(t *rapid.T, l cloud.Letter, outcome string) {
	tags := map[string][]string{}
	for _, tag := range l.Tags {
		tags[tag.Name] = []string{tag.Value}
	}
	event, err := json.Marshal(client.Object{"version": "0", "source": "aws.ses", "time": w.Now().Truncate(time.Second),
		"detail-type": map[string]string{"Bounce": "Email Bounced", "Complaint": "Email Complaint Received"}[outcome],
		"detail": client.Object{"eventType": outcome, "mail": client.Object{"messageId": l.ID, "destination": l.To, "tags": tags},
			"bounce": client.Object{"bounceType": "Permanent", "bounceSubType": "General"}}})
	if err == nil {
		_, err = w.Invoke(t.Context(), "Deliveries", event)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// forget asks for a link to choose another password, now and then of somebody who is nobody's administrator.
func (w *world) forget(t *rapid.T) {
	email, now := rapid.SampledFrom(administrators).Draw(t, "who"), w.Now()
	w.ask(t, "POST", "/forgot", "", client.Object{"email": email}, "202")
	l := letter{"", "password_reset", email}
	if w.members[email] == nil || slices.Contains(w.queue, l) || now.Before(w.forgot[email].Add(5*time.Minute)) {
		return
	}
	w.forgot[email] = now
	w.wait(l)
}
