package model_test

import (
	"slices"
	"time"

	"dayone/local/client"
)

// order is what the model knows of an order: what the design says of it, in as few words as that takes.
type order struct {
	n      int
	id     string
	body   client.Object
	answer string // to its placing
	placed time.Time

	start   string
	contact string
	lines   []line

	status   string
	inviteAt time.Time
	link     int       // number of the link in force
	kind     string    // of the letter that brings it
	owed     time.Time // from when it is owed, zero once it was sent
	sent     bool      // it was
	window   time.Time // when the window began

	reminded                    int
	noticed, escalated, started bool

	delegations int
	delegatedBy string
	passedOn    string // the link whose holder delegated last
	handover    bool
	told        int // link whose holder did not recognise the organization

	links   []mailed
	heard   map[string]bool // what SES told of its letters
	bounced int             // number of the last link that came back

	mapped   time.Time
	by       string // who mapped it
	over     string // the link that did it
	said     client.Object
	partner  *organization
	customer *organization
	access   string
	password string // the password link that was answered
	chooser  string

	tasks    map[string]bool
	attempts int // that were begun
	clicked  time.Time
	clicker  string
	looked   time.Time // when provisioning was last looked at, long enough after the time before
	looks    int
	billed   time.Time // when billing started
	upTo     time.Time // when it was last looked at
	change   string    // of running services, in flight
	changed  time.Time // when it was last looked at, long enough after the time before
	changes  int       // how often
}

// mailed is a setup link that went out, and which of the order's it was.
type mailed struct {
	secret string
	number int
}

// line is one line of an order.
type line struct {
	sku, service, needs string
	billing             string
	term                int
}

// letter is one that was sent or waits: what it is about and to whom.
type letter struct{ order, kind, to string }

const representative = "maja.zupan@vendor.example"

const day = 24 * time.Hour

func (o *order) family() string { return o.body["family"].(string) }

// length and reminders are what the family says (rules 2 and 3).
func (o *order) length() time.Duration {
	if o.family() == "A-FLEX" {
		return 7 * day
	}
	return 30 * day
}

func (o *order) reminders() []time.Duration {
	if o.family() == "A-FLEX" {
		return []time.Duration{day, 3 * day, 5 * day}
	}
	return []time.Duration{day, 7 * day, 14 * day, 25 * day}
}

func (o *order) open() bool {
	return slices.Contains([]string{"scheduled", "invited", "started"}, o.status)
}

func (o *order) isMapped() bool {
	return slices.Contains([]string{"mapped", "provisioning", "active", "failed", "suspended", "ended"}, o.status)
}

func (o *order) is(kind, to string) letter { return letter{o.id, kind, to} }

// attend does up to most of what the clock owes the order at an instant, and answers the letters that go out for it.
func (o *order) attend(at time.Time, most int) (letters []letter) {
	for ; most > 0 && o.open(); most-- {
		ends := o.window.Add(o.length())
		running := !o.window.IsZero()
		reminders := o.reminders()
		switch {
		case running && !at.Before(ends):
			o.status = "closed"
			letters = append(letters, o.is("closed", o.contact))
		case !o.owed.IsZero() && !at.Before(o.owed):
			letters = append(letters, o.is(o.kind, o.contact))
			o.owed, o.sent = time.Time{}, true
			if !running {
				o.window, o.noticed, o.reminded = at, false, 0
			}
			o.pass(at)
			if o.status == "scheduled" {
				o.status = "invited"
			}
		case !o.started && !o.escalated && !at.Before(o.inviteAt.Add(day)):
			letters = append(letters, o.is("rep_not_started", representative))
			o.escalated = true
		case running && !o.noticed && !at.Before(ends.Add(-day)):
			letters = append(letters, o.is("closing_soon", o.contact))
			o.noticed = true
			o.pass(at)
		case running && o.status == "invited" && o.reminded < len(reminders) && !at.Before(o.window.Add(reminders[o.reminded])):
			letters = append(letters, o.is("reminder", o.contact))
			o.pass(at)
		default:
			return letters
		}
	}
	return letters
}

// pass puts the reminders that are due behind: any letter with the link reminds.
func (o *order) pass(at time.Time) {
	for r := o.reminders(); o.reminded < len(r) && !at.Before(o.window.Add(r[o.reminded])); {
		o.reminded++
	}
}

// relink puts a new link in force, owed from an instant on.
func (o *order) relink(kind string, at time.Time) {
	o.link, o.kind, o.owed, o.sent = o.link+1, kind, at, false
}

// restart takes the order back to before its first letter.
func (o *order) restart(invite time.Time) {
	o.status, o.inviteAt, o.window, o.started, o.noticed, o.reminded = "scheduled", invite, time.Time{}, false, false, 0
}

// opening is when the first letter of an order that starts on a day is due, seen from now (rule 1).
func opening(start string, now time.Time) time.Time {
	if start <= now.In(zone).Format(time.DateOnly) {
		return now
	}
	d, err := time.ParseInLocation(time.DateOnly, start, zone)
	if err != nil {
		panic(err)
	}
	return time.Date(d.Year(), d.Month(), d.Day(), 8, 0, 0, 0, zone)
}

// refused is the code of the refusal of a link, "" for one that opens the order.
func (o *order) refused(l mailed, now time.Time) string {
	switch {
	case o.isMapped():
		return "link_used"
	case o.status == "cancelled":
		return "link_cancelled"
	case o.status == "closed":
		return "link_closed"
	case l.number != o.link && o.status == "scheduled" && o.inviteAt.After(now):
		return "link_too_early"
	case l.number != o.link:
		return "link_replaced"
	case !o.window.IsZero() && !now.Before(o.window.Add(o.length())):
		return "link_expired"
	}
	return ""
}

// periods is how many billing periods of a line have begun at an instant, of an order billed since another.
func (l line) periods(since, at time.Time) int {
	months := map[string]int{"monthly": 1, "annual": 12, "prepaid": l.term}[l.billing]
	y, m, d := since.In(zone).Date()
	n := 0
	for ; n < l.term/months; n++ {
		first := time.Date(y, m+time.Month(n*months), 1, 0, 0, 0, 0, zone)
		last := time.Date(first.Year(), first.Month()+1, 0, 0, 0, 0, 0, zone).Day()
		if time.Date(first.Year(), first.Month(), min(d, last), 0, 0, 0, 0, zone).After(at) {
			break
		}
	}
	return n
}

func (o *order) buys(service string) bool {
	return slices.ContainsFunc(o.lines, func(l line) bool { return l.service == service })
}

// todo is what is left to do before the order can be provisioned.
func (o *order) todo() (tasks []string) {
	add := func(task string, asked, done bool) {
		if asked && !done {
			tasks = append(tasks, task)
		}
	}
	add("subscription", true, o.tasks["subscription"])
	add("calling", o.buys("calling"), o.tasks["calling"])
	add("meetings", o.buys("meetings"), o.tasks["meetings"])
	add("enterprise", true, o.customer.subdomain != "")
	return tasks
}
