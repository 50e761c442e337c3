package commerce

import (
	"slices"
	"strings"
	"time"
)

// Settings are what part two saved of an order, task by task. The subdomain is the customer organization's.
type Settings struct {
	ReviewedAt time.Time
	Calling    CallingSettings
	Meetings   MeetingSettings
}

// CallingSettings say where calls are made from.
type CallingSettings struct {
	Country      string
	LocationName string
	Address      string
	City         string
	PostalCode   string
	Zone         string
	Language     string
	MainNumber   string
}

// MeetingSettings say how meetings are announced.
type MeetingSettings struct {
	Zone     string
	Language string
}

// Task is an entry of the task list.
type Task struct {
	Name string
	Done bool
}

// Tasks of part two.
const (
	TaskSubscription = "subscription"
	TaskCalling      = "calling"
	TaskMeetings     = "meetings"
	TaskEnterprise   = "enterprise"
	TaskActivate     = "activate"
)

// Tasks is the task list: what the bought services need, and last the activation.
func (o Order) Tasks(customer Organization) []Task {
	tasks := []Task{{TaskSubscription, !o.Settings.ReviewedAt.IsZero()}}
	if o.Buys(Calling) {
		tasks = append(tasks, Task{TaskCalling, o.Settings.Calling != CallingSettings{}})
	}
	if o.Buys(Meetings) {
		tasks = append(tasks, Task{TaskMeetings, o.Settings.Meetings != MeetingSettings{}})
	}
	return append(tasks, Task{TaskEnterprise, customer.Subdomain != ""}, Task{TaskActivate, !o.BilledAt.IsZero()})
}

// CanProvision reports whether nothing but the activation is left to do.
func (o Order) CanProvision(customer Organization) bool {
	if o.Status != Mapped && o.Status != Failed || o.Held() {
		return false
	}
	return !slices.ContainsFunc(o.Tasks(customer), func(t Task) bool { return !t.Done && t.Name != TaskActivate })
}

// Needs refuses a task that the bought services do not have.
func (o Order) Needs(task string) error {
	if !slices.ContainsFunc(o.Tasks(Organization{}), func(t Task) bool { return t.Name == task }) {
		return ErrNotBought
	}
	return nil
}

// CallingFor is what the calling settings begin with: what was saved, else what the order and the customer suggest.
func (o Order) CallingFor(customer Organization) CallingSettings {
	if o.Settings.Calling != (CallingSettings{}) {
		return o.Settings.Calling
	}
	return CallingSettings{Country: customer.Country, Zone: o.Zone, Language: o.languageFor(customer)}
}

// MeetingsFor is what the meeting settings begin with, likewise.
func (o Order) MeetingsFor(customer Organization) MeetingSettings {
	if o.Settings.Meetings != (MeetingSettings{}) {
		return o.Settings.Meetings
	}
	return MeetingSettings{Zone: o.Zone, Language: o.languageFor(customer)}
}

func (o Order) languageFor(customer Organization) string {
	if customer.Language != "" {
		return customer.Language
	}
	return o.Locale
}

// Settable reports whether settings can still be saved.
func (o Order) Settable() bool { return o.settable() == nil }

// settable refuses settings for an order that is not mapped or is past them.
func (o Order) settable() error {
	switch o.Status {
	case Mapped, Failed:
		return nil
	case Provisioning, Active, Suspended:
		return ErrProvisioning
	case Ended:
		return ErrEnded
	}
	return ErrNotMapped
}

// Review marks the subscription details as looked at. Looking again changes nothing.
func (o Order) Review(by Address, now time.Time) (Order, error) {
	return o.save(TaskSubscription, by, now, func(s *Settings) {
		if s.ReviewedAt.IsZero() {
			s.ReviewedAt = now
		}
	})
}

// SetCalling saves the calling settings.
func (o Order) SetCalling(c CallingSettings, by Address, now time.Time) (Order, error) {
	var k Check
	k.choice(IsCountry(c.Country), c.Country, "country", "country", "Select a country or region.")
	text := func(field, value, missing, malformed, detail string) {
		if k.That(strings.TrimSpace(value) != "", field, missing, detail) {
			k.That(isText(value, maxName), field, malformed, "Use up to 120 characters on one line.")
		}
	}
	text("location_name", c.LocationName, "location_missing", "location_malformed", "Enter a name for the location.")
	text("address", c.Address, "street_missing", "address_malformed", "Enter the address.")
	text("city", c.City, "city_missing", "city_malformed", "Enter the town or city.")
	text("postal_code", c.PostalCode, "postal_code_missing", "postal_code_malformed", "Enter the postal code.")
	checkZone(&k, c.Zone)
	checkLanguage(&k, c.Language)
	k.That(c.MainNumber == "" || isPhone(c.MainNumber), "main_number", "phone_malformed", "Enter a phone number with its country code, like +386 1 234 56 78.")
	if err := k.Err(); err != nil {
		return Order{}, err
	}
	if err := o.Needs(TaskCalling); err != nil {
		return Order{}, err
	}
	return o.save(TaskCalling, by, now, func(s *Settings) { s.Calling = c })
}

// SetMeetings saves the meeting settings.
func (o Order) SetMeetings(m MeetingSettings, by Address, now time.Time) (Order, error) {
	var k Check
	checkZone(&k, m.Zone)
	checkLanguage(&k, m.Language)
	if err := k.Err(); err != nil {
		return Order{}, err
	}
	if err := o.Needs(TaskMeetings); err != nil {
		return Order{}, err
	}
	return o.save(TaskMeetings, by, now, func(s *Settings) { s.Meetings = m })
}

// SetSubdomain saves the enterprise settings: the customer's organization under its new name, and the order with that in
// its timeline.
func (o Order) SetSubdomain(customer Organization, subdomain string, by Address, now time.Time) (Order, Organization, error) {
	if err := o.settable(); err != nil {
		return Order{}, Organization{}, err
	}
	renamed, err := customer.Rename(subdomain)
	if err != nil || renamed.Subdomain == customer.Subdomain {
		return o, renamed, err
	}
	n := o.changed()
	n.note(now, "settings_saved", "member:"+string(by), "", Change{"task", "", TaskEnterprise}, Change{"subdomain", customer.Subdomain, subdomain})
	return n, renamed, nil
}

func checkZone(c *Check, name string) {
	_, err := Zone(name)
	c.That(err == nil, "time_zone", "zone_unknown", "Enter a time zone, like Europe/Ljubljana.")
}

func checkLanguage(c *Check, language string) {
	c.choice(IsLanguage(language), language, "language", "language", "Select a language.")
}

func (o Order) save(task string, by Address, now time.Time, write func(*Settings)) (Order, error) {
	if err := o.settable(); err != nil {
		return Order{}, err
	}
	n := o.changed()
	write(&n.Settings)
	if n.Settings == o.Settings {
		return o, nil
	}
	if err := o.roomy(); err != nil {
		return Order{}, err
	}
	n.note(now, "settings_saved", "member:"+string(by), "", Change{"task", "", task})
	return n, nil
}
