package store

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"strings"

	"dayone/shared/commerce"
)

// orderItem is an order as it is stored. Attributes that are empty are left out: an item is paid for by the kilobyte.
type orderItem struct {
	PK      string `dynamodbav:"pk"`
	SK      string `dynamodbav:"sk"`
	Due     string `dynamodbav:"due,omitempty"`
	DueAt   string `dynamodbav:"due_at,omitempty"`
	List    string `dynamodbav:"list"`   // says who the caller is,
	Listed  string `dynamodbav:"listed"` // and this when the order starts
	Write   string `dynamodbav:"write"`  // names the write, so that one whose answer was lost knows itself again
	Version int    `dynamodbav:"version"`

	Partner  string `dynamodbav:"partner_organization,omitempty"`
	Customer string `dynamodbav:"customer_organization,omitempty"`
	Mapped   string `dynamodbav:"mapped,omitempty"` // by what the lists of the two are sorted

	Desk          string `dynamodbav:"desk"`
	Desked        string `dynamodbav:"desked"`
	FindCustomer  string `dynamodbav:"find_customer,omitempty"`
	CustomerNamed string `dynamodbav:"customer_named,omitempty"`
	FindPartner   string `dynamodbav:"find_partner,omitempty"`
	PartnerNamed  string `dynamodbav:"partner_named,omitempty"`

	Status         string     `dynamodbav:"status"`
	ExternalRef    string     `dynamodbav:"external_ref"`
	Family         string     `dynamodbav:"family"`
	PartnerName    string     `dynamodbav:"partner_name"`
	PartnerCountry string     `dynamodbav:"partner_country"`
	CustomerName   string     `dynamodbav:"customer_name"`
	CustomerLand   string     `dynamodbav:"customer_country"`
	Zone           string     `dynamodbav:"zone"`
	Locale         string     `dynamodbav:"locale"`
	Contact        string     `dynamodbav:"contact"`
	ContactAlias   bool       `dynamodbav:"contact_alias,omitempty"`
	RepName        string     `dynamodbav:"rep_name"`
	RepEmail       string     `dynamodbav:"rep_email"`
	PurchaseOrder  string     `dynamodbav:"purchase_order,omitempty"`
	Lines          []lineItem `dynamodbav:"lines"`
	Timeline       timeline   `dynamodbav:"timeline"`

	PlacedAt      int64  `dynamodbav:"placed_at"`
	InviteAt      int64  `dynamodbav:"invite_at"`
	LinkKind      string `dynamodbav:"link_kind"`
	Generation    int    `dynamodbav:"link_generation"`
	LinkDueAt     int64  `dynamodbav:"link_due_at,omitempty"`
	LinkSentAt    int64  `dynamodbav:"link_sent_at,omitempty"`
	LinkFailedAt  int64  `dynamodbav:"link_failed_at,omitempty"`
	WindowFrom    int64  `dynamodbav:"window_from,omitempty"`
	Reminded      int    `dynamodbav:"reminded,omitempty"`
	NoticedAt     int64  `dynamodbav:"noticed_at,omitempty"`
	EscalatedAt   int64  `dynamodbav:"escalated_at,omitempty"`
	StartedAt     int64  `dynamodbav:"started_at,omitempty"`
	Delegations   int    `dynamodbav:"delegations,omitempty"`
	DelegatedBy   string `dynamodbav:"delegated_by,omitempty"`
	DelegatedHash string `dynamodbav:"delegated_link,omitempty"`
	Handover      bool   `dynamodbav:"handover,omitempty"`
	UnknownTold   int    `dynamodbav:"unknown_told,omitempty"`

	MappedAt      int64  `dynamodbav:"mapped_at,omitempty"`
	MappedBy      string `dynamodbav:"mapped_by,omitempty"`
	MappedLink    string `dynamodbav:"mapped_link,omitempty"`
	MappedAnswers string `dynamodbav:"mapped_answers,omitempty"`
	PartnerAccess string `dynamodbav:"partner_access,omitempty"`
	Password      string `dynamodbav:"password_link,omitempty"`
	PasswordFor   string `dynamodbav:"password_for,omitempty"`

	ReviewedAt int64         `dynamodbav:"reviewed_at,omitempty"`
	Calling    *callingItem  `dynamodbav:"calling,omitempty"`
	Meetings   *meetingsItem `dynamodbav:"meetings,omitempty"`

	Attempt      int    `dynamodbav:"attempt,omitempty"`
	AttemptBy    string `dynamodbav:"attempt_by,omitempty"`
	AttemptFrom  int64  `dynamodbav:"attempt_from,omitempty"`
	AttemptNext  int64  `dynamodbav:"attempt_next,omitempty"`
	AttemptTries int    `dynamodbav:"attempt_tries,omitempty"`
	AttemptStuck int64  `dynamodbav:"attempt_stuck,omitempty"`
	BilledAt     int64  `dynamodbav:"billed_at,omitempty"`
	HandledAt    int64  `dynamodbav:"handled_at,omitempty"`

	Hold           *holdItem    `dynamodbav:"hold,omitempty"`
	InFlight       *serviceItem `dynamodbav:"in_flight,omitempty"`
	ServiceChanges int          `dynamodbav:"service_changes,omitempty"`
	Refusal        *refusalItem `dynamodbav:"change_refused,omitempty"`
}

type lineItem struct {
	ID           string `dynamodbav:"id"`
	Subscription string `dynamodbav:"sub"`
	SKU          string `dynamodbav:"sku"`
	Quantity     int    `dynamodbav:"qty"`
	Term         int    `dynamodbav:"term"`
	Billing      string `dynamodbav:"bill"`
	Price        int64  `dynamodbav:"price"`
	Currency     string `dynamodbav:"cur"`
	Status       string `dynamodbav:"status,omitempty"` // none while it is pending
	Reason       string `dynamodbav:"reason,omitempty"`
	Charged      int    `dynamodbav:"charged,omitempty"`
	AutoRenew    bool   `dynamodbav:"renew,omitempty"`
}

type callingItem struct {
	Country    string `dynamodbav:"country"`
	Location   string `dynamodbav:"location"`
	Address    string `dynamodbav:"address"`
	City       string `dynamodbav:"city"`
	PostalCode string `dynamodbav:"postal_code"`
	Zone       string `dynamodbav:"zone"`
	Language   string `dynamodbav:"language"`
	MainNumber string `dynamodbav:"main_number,omitempty"`
}

type meetingsItem struct {
	Zone     string `dynamodbav:"zone"`
	Language string `dynamodbav:"language"`
}

func toItem(o commerce.Order) orderItem {
	i := orderItem{
		PK: orderKey(o.ID), SK: orderItemKey, List: ordersOf(o.Caller), Listed: o.Start.String() + "#" + o.ID,
		Write: rand.Text(), Version: o.Version,
		Partner: o.Mapping.Partner, Customer: o.Mapping.Customer,
		Status: string(o.Status), ExternalRef: o.ExternalRef, Family: o.Family,
		PartnerName: o.Terms.Partner.Name, PartnerCountry: o.Terms.Partner.Country,
		CustomerName: o.Terms.Customer.Name, CustomerLand: o.Terms.Customer.Country,
		Zone: o.Zone, Locale: o.Locale, Contact: string(o.Contact), ContactAlias: o.ContactAlias,
		RepName: o.Representative.Name, RepEmail: string(o.Representative.Email), PurchaseOrder: o.PurchaseOrder,
		PlacedAt: millis(o.PlacedAt), InviteAt: millis(o.InviteAt),
		LinkKind: string(o.Link.Kind), Generation: o.Link.Generation, LinkDueAt: millis(o.Link.DueAt), LinkSentAt: millis(o.Link.SentAt),
		LinkFailedAt: millis(o.Link.FailedAt),
		WindowFrom:   millis(o.WindowFrom), Reminded: o.Reminded, NoticedAt: millis(o.NoticedAt), EscalatedAt: millis(o.EscalatedAt),
		StartedAt: millis(o.StartedAt), Delegations: o.Delegations, DelegatedBy: string(o.DelegatedBy),
		DelegatedHash: o.DelegatedHash, Handover: o.Handover, UnknownTold: o.UnknownTold,
		MappedAt: millis(o.Mapping.At), MappedBy: string(o.Mapping.By), MappedLink: o.Mapping.Link, MappedAnswers: o.Mapping.Answers,
		PartnerAccess: string(o.Mapping.PartnerAccess), Password: o.Mapping.Password, PasswordFor: string(o.Mapping.PasswordFor),
		ReviewedAt: millis(o.Settings.ReviewedAt),
		Attempt:    o.Attempt.Number,
		AttemptBy:  string(o.Attempt.By), AttemptFrom: millis(o.Attempt.StartedAt), AttemptNext: millis(o.Attempt.NextAt),
		AttemptTries: o.Attempt.Tries, AttemptStuck: millis(o.Attempt.StuckAt), BilledAt: millis(o.BilledAt), HandledAt: millis(o.HandledAt),
		Timeline: o.Events, Hold: toHold(o.Hold), InFlight: toService(o.InFlight), ServiceChanges: o.ServiceChanges, Refusal: toRefusal(o.Refusal),
	}
	i.seat(o)
	if !o.Mapping.At.IsZero() {
		i.Mapped = stamped(o.Mapping.At, o.ID)
	}
	if next := o.Next(); next.Deed != commerce.NoDeed {
		i.Due, i.DueAt = dueKey(next.Deed.Function(), o.ID), stamped(next.At, o.ID)
	}
	if c := o.Settings.Calling; c != (commerce.CallingSettings{}) {
		i.Calling = &callingItem{c.Country, c.LocationName, c.Address, c.City, c.PostalCode, c.Zone, c.Language, c.MainNumber}
	}
	if m := o.Settings.Meetings; m != (commerce.MeetingSettings{}) {
		i.Meetings = &meetingsItem{m.Zone, m.Language}
	}
	for _, l := range o.Lines {
		status := string(l.Status)
		if l.Status == commerce.LinePending {
			status = ""
		}
		i.Lines = append(i.Lines, lineItem{l.ID, l.Subscription, l.SKU, l.Quantity, l.TermMonths, string(l.Billing), l.UnitPrice,
			l.Currency, status, l.Reason, l.Charged, l.AutoRenew})
	}
	return i
}

func (i orderItem) order() (commerce.Order, error) {
	day, _, _ := strings.Cut(i.Listed, "#")
	start, err := commerce.ParseDate(day)
	if err != nil {
		return commerce.Order{}, fmt.Errorf("read %s: %w", i.PK, err)
	}
	o := commerce.Order{
		Terms: commerce.Terms{
			ExternalRef: i.ExternalRef, Family: i.Family,
			Partner:  commerce.Party{Name: i.PartnerName, Country: i.PartnerCountry},
			Customer: commerce.Party{Name: i.CustomerName, Country: i.CustomerLand},
			Start:    start, Zone: i.Zone, Locale: i.Locale, Contact: commerce.Address(i.Contact), ContactAlias: i.ContactAlias,
			Representative: commerce.Person{Name: i.RepName, Email: commerce.Address(i.RepEmail)}, PurchaseOrder: i.PurchaseOrder,
		},
		ID: i.PK[len(orderKey("")):], Caller: strings.TrimPrefix(i.List, ordersOf("")), Version: i.Version, Status: commerce.Status(i.Status),
		PlacedAt: instant(i.PlacedAt), InviteAt: instant(i.InviteAt),
		Link: commerce.Link{Kind: commerce.LetterKind(i.LinkKind), Generation: i.Generation, DueAt: instant(i.LinkDueAt), SentAt: instant(i.LinkSentAt),
			FailedAt: instant(i.LinkFailedAt)},
		WindowFrom: instant(i.WindowFrom), Reminded: i.Reminded, NoticedAt: instant(i.NoticedAt), EscalatedAt: instant(i.EscalatedAt),
		StartedAt: instant(i.StartedAt), Delegations: i.Delegations, DelegatedBy: commerce.Address(i.DelegatedBy),
		DelegatedHash: i.DelegatedHash, Handover: i.Handover, UnknownTold: i.UnknownTold,
		Mapping: commerce.Mapping{Partner: i.Partner, Customer: i.Customer, PartnerAccess: commerce.Access(i.PartnerAccess),
			By: commerce.Address(i.MappedBy), Link: i.MappedLink, Answers: i.MappedAnswers, Password: i.Password,
			PasswordFor: commerce.Address(i.PasswordFor), At: instant(i.MappedAt)},
		Settings: commerce.Settings{ReviewedAt: instant(i.ReviewedAt)},
		Attempt: commerce.Attempt{Number: i.Attempt, By: commerce.Address(i.AttemptBy), StartedAt: instant(i.AttemptFrom), NextAt: instant(i.AttemptNext),
			Tries: i.AttemptTries, StuckAt: instant(i.AttemptStuck)},
		BilledAt: instant(i.BilledAt), HandledAt: instant(i.HandledAt),
		Events: i.Timeline, Hold: i.Hold.hold(), InFlight: i.InFlight.change(), ServiceChanges: i.ServiceChanges, Refusal: i.Refusal.refusal(),
	}
	if c := i.Calling; c != nil {
		o.Settings.Calling = commerce.CallingSettings{Country: c.Country, LocationName: c.Location, Address: c.Address, City: c.City,
			PostalCode: c.PostalCode, Zone: c.Zone, Language: c.Language, MainNumber: c.MainNumber}
	}
	if m := i.Meetings; m != nil {
		o.Settings.Meetings = commerce.MeetingSettings{Zone: m.Zone, Language: m.Language}
	}
	for _, l := range i.Lines {
		o.Lines = append(o.Lines, commerce.Line{ID: l.ID, Subscription: l.Subscription, SKU: l.SKU, Quantity: l.Quantity,
			TermMonths: l.Term, Billing: commerce.Billing(l.Billing), UnitPrice: l.Price, Currency: l.Currency,
			Status: cmp.Or(commerce.LineStatus(l.Status), commerce.LinePending), Reason: l.Reason, Charged: l.Charged, AutoRenew: l.AutoRenew})
	}
	return o, nil
}
