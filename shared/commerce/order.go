package commerce

import (
	"fmt"
	"slices"
	"time"
)

// Status is where an order stands.
type Status string

const (
	Scheduled    Status = "scheduled"    // accepted; the letter goes out on the start date
	Invited      Status = "invited"      // the setup letter was accepted by the mail service
	Started      Status = "started"      // somebody chose a role
	Mapped       Status = "mapped"       // both organizations are fixed; the point of no return
	Provisioning Status = "provisioning" // the services are being made
	Active       Status = "active"       // running and billed
	Cancelled    Status = "cancelled"    // ended before it was mapped
	Closed       Status = "closed"       // not mapped within its window; can be reopened
	Failed       Status = "failed"       // provisioning was undone; can be tried again
	Suspended    Status = "suspended"    // switched off; the term stands, and billing goes on
	Ended        Status = "ended"        // terminated, or every term is over
)

// Statuses are all of them, in the order of an order's life.
var Statuses = []Status{Scheduled, Invited, Started, Mapped, Provisioning, Active, Suspended, Ended, Cancelled, Closed, Failed}

// LineStatus is where one line stands.
type LineStatus string

const (
	LinePending      LineStatus = "pending"
	LineProvisioning LineStatus = "provisioning"
	LineProvisioned  LineStatus = "provisioned"
	LineFailed       LineStatus = "failed"
	LineRemoved      LineStatus = "removed"
)

// Order is an order with everything that happened to it.
type Order struct {
	Terms
	ID      string
	Caller  string // who placed it; nobody else sees it
	Version int    // grows by one with every change
	Status  Status

	PlacedAt      time.Time
	InviteAt      time.Time // when the first letter is due (rule 1)
	Link          Link
	WindowFrom    time.Time // when the first letter of this window was accepted (rule 3)
	Reminded      int       // reminders of the family's list that are behind us
	NoticedAt     time.Time // closing notice
	EscalatedAt   time.Time // the representative was told that nobody started
	StartedAt     time.Time
	Delegations   int
	DelegatedBy   Address // who passed the link on last
	Handover      bool    // the partner gave the setup, and access for good, to the customer
	DelegatedHash string  // the link whose holder delegated last: the same again is answered the same
	UnknownTold   int     // the link whose holder did not recognise the organization; told once a link

	Mapping  Mapping
	Settings Settings
	Attempt  Attempt
	BilledAt time.Time // billing started (rule 8)

	Hold           Hold
	InFlight       ServiceChange
	ServiceChanges int     // how many there were
	Refusal        Refusal // of the last one; zero where it was done

	HandledAt time.Time // until when an operator took care of what needed a person

	Events []Event
}

// Link is the setup link that an order owes its contact or has sent.
type Link struct {
	Kind       LetterKind // why it is sent
	Generation int        // grows when a link replaces those before it
	DueAt      time.Time  // zero: nothing is owed
	SentAt     time.Time  // when the last letter of this generation was accepted
	FailedAt   time.Time  // when a letter of this generation was refused or came back
}

// Mapping is the outcome of part one.
type Mapping struct {
	Partner       string // organization id
	Customer      string // organization id
	PartnerAccess Access // what the partner got of the customer's organization at that moment
	By            Address
	Link          string // hash of the setup token that did it
	Answers       string // digest of the answers, to know a repeat by
	Password      string // hash of the password token that was answered
	PasswordFor   Address
	At            time.Time
}

// Attempt is a run of provisioning.
type Attempt struct {
	Number    int     // which one it is, from 1
	By        Address // who clicked
	StartedAt time.Time
	NextAt    time.Time // when the clock should look at it again
	Tries     int       // runs that waited since a line last moved
	StuckAt   time.Time // when a person was asked for help
}

// Event is an entry of an order's timeline.
type Event struct {
	Seq     int
	At      time.Time
	Kind    string
	Actor   string // ByCaller, ByOperator, "contact:<address>", "member:<address>" or "clock"
	Reason  string
	Changes []Change
}

// Change is a field before and after an event.
type Change struct {
	Field, Before, After string
}

// The clock is the actor of everything that nobody asked for.
const theClock = "clock"

// ByCaller is the commerce system as the actor of an event.
func ByCaller(caller string) string { return "caller:" + caller }

// ByOperator is somebody at the console as the actor of an event.
func ByOperator(a Address) string { return "operator:" + string(a) }

// Place makes an order of terms. What breaks a rule is named field by field in a KindInvalid error.
func Place(id, caller string, t Terms, now time.Time) (Order, error) {
	return PlaceBy(ByCaller(caller), id, caller, t, now)
}

// PlaceBy is Place by somebody else for the caller: an operator at the console.
func PlaceBy(actor, id, caller string, t Terms, now time.Time) (Order, error) {
	if err := t.check(now); err != nil {
		return Order{}, err
	}
	o := Order{Terms: t, ID: id, Caller: caller, Version: 1, Status: Scheduled, PlacedAt: now}
	o.Lines = numbered(t.Lines)
	o.InviteAt = o.opening(now)
	o.Link = Link{Kind: LetterSetup, Generation: 1, DueAt: o.InviteAt}
	o.note(now, "placed", actor, "")
	return o, nil
}

func numbered(lines []Line) []Line {
	out := slices.Clone(lines)
	for i := range out {
		out[i].ID = fmt.Sprint(i + 1)
		out[i].Status = LinePending
	}
	return out
}

// opening is when the first letter is due: at the opening hour of the start date in the order's zone or, where that
// day has come already, now (rule 1).
func (o Order) opening(now time.Time) time.Time {
	zone := o.zone()
	if o.Start.Compare(DateOf(now.In(zone))) <= 0 {
		return now
	}
	return o.Start.At(OpeningHour, zone).UTC()
}

// zone is the order's zone. It was checked at the door, so a name that no longer loads can only mean a binary without
// zones; UTC keeps the order moving.
func (o Order) zone() *time.Location {
	zone, err := Zone(o.Zone)
	if err != nil {
		return time.UTC
	}
	return zone
}

// LocalDate is the civil date of t in the order's zone.
func (o Order) LocalDate(t time.Time) Date { return DateOf(t.In(o.zone())) }

// FamilyOf is the order's product family.
func (o Order) FamilyOf() Family { return families[o.Family] }

// ClosesAt is when the window ends, zero while no letter was accepted.
func (o Order) ClosesAt() time.Time {
	if o.WindowFrom.IsZero() {
		return time.Time{}
	}
	return o.WindowFrom.Add(o.FamilyOf().Window)
}

// Buys reports whether a line of the order belongs to service.
func (o Order) Buys(service Service) bool {
	return slices.ContainsFunc(o.Lines, func(l Line) bool { return o.ServiceOf(l) == service })
}

// ServiceOf is the service a line belongs to.
func (o Order) ServiceOf(l Line) Service {
	p, _ := o.FamilyOf().Product(l.SKU)
	return p.Service
}

// Users is the greatest number of users that any line of the order is for.
func (o Order) Users() int {
	most := 0
	for _, l := range o.Lines {
		if p, _ := o.FamilyOf().Product(l.SKU); p.Unit == "user" {
			most = max(most, l.Quantity)
		}
	}
	return most
}

// note adds an event to the timeline.
func (o *Order) note(now time.Time, kind, actor, reason string, changes ...Change) {
	o.Events = append(slices.Clip(o.Events), Event{
		Seq: len(o.Events) + 1, At: now, Kind: kind, Actor: actor, Reason: reason, Changes: changes,
	})
}

// maxTimeline bounds the timeline, in bytes: an order is stored as one item of at most 400 KB, and what the clock has to
// write into it must always fit.
const maxTimeline = 200_000

// roomy refuses changes that people ask for once the timeline is full.
func (o Order) roomy() error {
	size := 0
	for _, e := range o.Events {
		size += 50 + len(e.Kind) + len(e.Actor) + len(e.Reason)
		for _, c := range e.Changes {
			size += 30 + len(c.Field) + len(c.Before) + len(c.After)
		}
	}
	if size > maxTimeline {
		return ErrTimelineFull
	}
	return nil
}

// changed is a copy of o that a deed may write to: version grown, nothing shared with o.
func (o Order) changed() Order {
	o.Version++
	o.Lines = slices.Clone(o.Lines)
	o.InFlight.Lines = slices.Clone(o.InFlight.Lines)
	return o
}

// to moves the order to another status and notes it.
func (o *Order) to(s Status, now time.Time, kind, actor, reason string) {
	before := o.Status
	o.Status = s
	o.note(now, kind, actor, reason, Change{"status", string(before), string(s)})
}

// Waiting says what an order waits for, who has to do it, and from or until when. Zero instants are open.
type Waiting struct {
	For   string // "setup_letter", "setup", "service_setup", "provisioning", "charge", "term_end", "change", "retry", "reopening", "release" or "" at the end
	Who   string // "clock", "contact", "administrators", "service_platform", "caller"
	At    time.Time
	Until time.Time
	Why   string // of a setup letter that reached nobody
}

// Waiting is what is next for the order.
func (o Order) Waiting() Waiting {
	if o.Held() {
		return Waiting{For: "release", Who: "caller"}
	}
	if !o.Link.FailedAt.IsZero() && o.open() == nil {
		return Waiting{For: "setup_letter", Who: "caller", Why: o.failure()} // another contact, or another letter
	}
	if o.Changing() {
		return Waiting{For: "change", Who: "service_platform", At: o.InFlight.NextAt}
	}
	switch o.Status {
	case Scheduled:
		return Waiting{For: "setup_letter", Who: "clock", At: o.Link.DueAt}
	case Invited, Started:
		return Waiting{For: "setup", Who: "contact", Until: o.ClosesAt()}
	case Mapped:
		return Waiting{For: "service_setup", Who: "administrators"}
	case Provisioning:
		return Waiting{For: "provisioning", Who: "service_platform", At: o.Attempt.NextAt}
	case Active, Suspended:
		switch next := o.Next(); next.Deed {
		case ChargeLines:
			return Waiting{For: "charge", Who: "clock", At: next.At}
		case EndTerm:
			return Waiting{For: "term_end", Who: "clock", At: next.At}
		}
	case Failed:
		return Waiting{For: "retry", Who: "administrators"}
	case Closed:
		return Waiting{For: "reopening", Who: "caller"}
	}
	return Waiting{}
}

// FirstCharges is what the first billing periods of all lines cost together, in minor units of the order's currency.
func (o Order) FirstCharges() (amount int64, currency string) {
	for _, l := range o.Lines {
		amount, currency = amount+l.Amount(), l.Currency
	}
	return amount, currency
}
