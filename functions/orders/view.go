package orders

import (
	"net/http"
	"time"

	"dayone/shared/api"
	"dayone/shared/commerce"
)

// order is an order as the commerce system reads it.
type order struct {
	ID     string `json:"id"`
	Status string `json:"status"`
	terms
	Lines            []orderLine `json:"lines"`
	Next             *next       `json:"next"`
	Mapping          *mapping    `json:"mapping,omitempty"`
	Version          int         `json:"version"`
	PlacedAt         time.Time   `json:"placed_at"`
	InviteAt         time.Time   `json:"invite_at"`
	InvitedAt        *time.Time  `json:"invited_at,omitempty"`
	EscalatedAt      *time.Time  `json:"escalated_at,omitempty"`
	StartedAt        *time.Time  `json:"started_at,omitempty"`
	ClosesAt         *time.Time  `json:"closes_at,omitempty"`
	MappedAt         *time.Time  `json:"mapped_at,omitempty"`
	BillingStartedAt *time.Time  `json:"billing_started_at,omitempty"`
	Hold             *held       `json:"hold,omitempty"`
	Change           *inFlight   `json:"change,omitempty"`
	ChangeRefused    *refused    `json:"change_refused,omitempty"`
	StuckSince       *time.Time  `json:"stuck_since,omitempty"`
}

// held is why an order stands still.
type held struct {
	Since  time.Time `json:"since"`
	Reason string    `json:"reason"`
}

// inFlight is the change of running services that is being made.
type inFlight struct {
	Kind        string    `json:"kind"`
	RequestedAt time.Time `json:"requested_at"`
	Reason      string    `json:"reason,omitempty"`
}

// refused is the last change of running services, where it could not be made.
type refused struct {
	Kind   string    `json:"kind"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

type orderLine struct {
	ID string `json:"id"`
	line
	Service           string `json:"service"`
	Status            string `json:"status"`
	Reason            string `json:"reason,omitempty"`
	RequestedQuantity int    `json:"requested_quantity,omitempty"`
	TermEnd           string `json:"term_end,omitempty"`
}

// next is what the order waits for, who has to do it, and when.
type next struct {
	What   string     `json:"what"`
	Who    string     `json:"who"`
	At     *time.Time `json:"at,omitempty"`
	Until  *time.Time `json:"until,omitempty"`
	Reason string     `json:"reason,omitempty"`
}

type mapping struct {
	PartnerOrganization  string `json:"partner_organization"`
	CustomerOrganization string `json:"customer_organization"`
	PartnerAccess        string `json:"partner_access"`
}

// some is a pointer to an instant that has come, nil for one that has not.
func some(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// day is a day that there is, "" where there is none.
func day(d commerce.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}

func view(o commerce.Order) order {
	v := order{
		ID: o.ID, Status: string(o.Status), Version: o.Version,
		terms: terms{
			ExternalRef: o.ExternalRef, Family: o.Family, Partner: party(o.Partner), Customer: party(o.Customer),
			RequestedStartDate: o.Start.String(), TimeZone: o.Zone, Locale: o.Locale,
			ProvisioningContact:   contact{string(o.Contact), o.ContactAlias},
			AccountRepresentative: person{o.Representative.Name, string(o.Representative.Email)},
			PurchaseOrder:         o.PurchaseOrder,
		},
		PlacedAt: o.PlacedAt, InviteAt: o.InviteAt, InvitedAt: some(o.WindowFrom), EscalatedAt: some(o.EscalatedAt),
		StartedAt: some(o.StartedAt), ClosesAt: some(o.ClosesAt()), MappedAt: some(o.Mapping.At), BillingStartedAt: some(o.BilledAt),
		StuckSince: some(o.StuckSince()),
	}
	if h := o.Hold; o.Held() {
		v.Hold = &held{h.Since, h.Reason}
	}
	if c := o.InFlight; o.Changing() {
		v.Change = &inFlight{string(c.Kind), c.Since, c.Reason}
	}
	if c := o.Refusal; !c.At.IsZero() {
		v.ChangeRefused = &refused{string(c.Kind), c.Reason, c.At}
	}
	for _, l := range o.Lines {
		v.Lines = append(v.Lines, orderLine{
			ID:      l.ID,
			line:    line{l.Subscription, l.SKU, l.Quantity, l.TermMonths, string(l.Billing), l.UnitPrice, l.Currency, &l.AutoRenew},
			Service: string(o.ServiceOf(l)), Status: string(l.Status), Reason: l.Failure(),
			RequestedQuantity: o.Requested(l), TermEnd: day(o.TermEnd(l)),
		})
	}
	if waits := o.Waiting(); waits.For != "" {
		v.Next = &next{waits.For, waits.Who, some(waits.At), some(waits.Until), waits.Why}
	}
	if !o.Mapping.At.IsZero() {
		v.Mapping = &mapping{o.Mapping.Partner, o.Mapping.Customer, string(o.Mapping.PartnerAccess)}
	}
	return v
}

// answer is an order with its ETag.
func answer(w http.ResponseWriter, status int, o commerce.Order) error {
	w.Header().Set("ETag", etag(o))
	return api.JSON(w, status, view(o))
}
