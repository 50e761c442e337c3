package orders

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/store"
)

// because is the body of a change that needs a reason.
type because struct {
	Reason string `json:"reason"`
}

// tries bounds how often a deed is decided again because something else changed the order meanwhile: the schedule, or
// the person with the link.
const tries = 5

// deed reads the caller's order and the reason, decides, and stores what was decided; where the order changed meanwhile
// it decides again.
func deed(s *store.Store, decide func(o commerce.Order, actor, reason string, now time.Time) (commerce.Order, error)) api.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		var body because
		_, unread := api.JSONBody(r, &body)
		for try := 1; ; try++ {
			o, caller, err := mine(s, r)
			if err != nil {
				return err
			}
			if err := ifMatch(r, o); err != nil {
				return err
			}
			changed, err := decide(o, commerce.ByCaller(caller), body.Reason, api.Now(r))
			if err := api.Wrong(unread, err); err != nil {
				return err
			}
			err = s.Replace(r.Context(), o, changed)
			if errors.Is(err, commerce.ErrOrderChanged) && try < tries {
				continue
			}
			if err != nil {
				return err
			}
			return answer(w, http.StatusOK, changed)
		}
	}
}

// patch is a merge patch (RFC 7396) of an order: what is left out stays, lines are replaced as a whole.
type patch struct {
	RequestedStartDate  *string       `json:"requested_start_date"`
	TimeZone            *string       `json:"time_zone"`
	ProvisioningContact *contactPatch `json:"provisioning_contact"`
	Lines               *[]line       `json:"lines"`
}

type contactPatch struct {
	Email *string `json:"email"`
	Alias *bool   `json:"alias"`
}

// start is the start date as it was sent, "" where it was left out.
func (p patch) start() string {
	if p.RequestedStartDate == nil {
		return ""
	}
	return *p.RequestedStartDate
}

// apply is the terms with the patch. What is no date or no address becomes empty, which the rules name.
func (p patch) apply(t commerce.Terms) commerce.Terms {
	if p.RequestedStartDate != nil {
		t.Start, _ = commerce.ParseDate(*p.RequestedStartDate)
	}
	if p.TimeZone != nil {
		t.Zone = *p.TimeZone
	}
	if c := p.ProvisioningContact; c != nil {
		if c.Email != nil {
			t.Contact = api.Address(*c.Email)
		}
		if c.Alias != nil {
			t.ContactAlias = *c.Alias
		}
	}
	if p.Lines != nil {
		before := t.Lines
		t.Lines = ordered(*p.Lines)
		for i, l := range *p.Lines {
			n := slices.IndexFunc(before, func(b commerce.Line) bool { return b.Subscription == l.SubscriptionID })
			if l.AutoRenew == nil && n >= 0 {
				t.Lines[i].AutoRenew = before[n].AutoRenew
			}
		}
	}
	return t
}

// amend changes the terms of an order that is not mapped yet, or asks for other quantities of running services. It needs
// the version that was read.
func amend(s *store.Store) api.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		o, caller, err := mine(s, r)
		if err != nil {
			return err
		}
		if r.Header.Get("If-Match") == "" {
			return commerce.ErrVersionMissing
		}
		if err := ifMatch(r, o); err != nil {
			return err
		}
		var p patch
		body, unread := api.JSONBody(r, &p)
		amended, letters, err := o.Amend(p.apply(o.Terms), commerce.ByCaller(caller), api.Now(r))
		if err := api.Wrong(unread, api.NoNulls(body), checkDate(p.start()), err); err != nil {
			return err
		}
		if err := s.Replace(r.Context(), o, amended, letters...); err != nil {
			return err
		}
		return answer(w, http.StatusOK, amended)
	}
}
