package setup_test

import (
	"testing"

	"dayone/shared/commerce"
)

// A client need not walk: it may send all its answers to a later step at once.
func TestTheFirstAnswerStartsTheOrderAtWhicheverStep(t *testing.T) {
	h := open(t)
	colleague := said{"role": "partner", "set_up_by": "colleague", "delegate_email": "bor@nordlicht.example"}
	for step, tc := range map[string]struct {
		said said
		next string
	}{
		"role":                  {said{"role": "partner"}, "who"},
		"who":                   {asPartner, "partner-organization"},
		"delegate":              {colleague, "sent"},
		"partner-organization":  {asPartner.with(newOne), "customer-admin"},
		"customer-admin":        {asPartner.with(newOne).with(admin), "customer-organization"},
		"customer-organization": {first, "review"},
		"review":                {first, "complete"},
	} {
		t.Run(step, func(t *testing.T) {
			o, link := h.invited()
			for range 2 {
				h.post(link, step, tc.said).want(h, tc.next)
			}
			h.wantStarted(o, commerce.Started)
		})
	}
	t.Run("complete", func(t *testing.T) {
		o, link := h.invited()
		a := commerce.Answers{Role: "partner", SetUpBy: "me", PartnerOrganization: "new", PartnerName: "Nordlicht Partner d.o.o.", PartnerCountry: "SI",
			PartnerAdmin: "ana.novak@nordlicht.example", PartnerPhone: "+386 1 234 56 78", CustomerAdmin: "it@alpine-mills.example",
			CustomerOrganization: "new", CustomerName: "Alpine Mills GmbH", CustomerCountry: "AT", CustomerLanguage: "sl"}
		h.post(link, "complete", first.with(said{"review_digest": a.Digest(o, commerce.Known{})})).want(h, "password")
		h.wantStarted(o, commerce.Mapped)
	})
	t.Run("unrecognised", func(t *testing.T) {
		o, link := h.invited() // for the domain of the order that was just mapped
		h.post(link, "partner-organization", asPartner.with(said{"unrecognised": true})).want(h, "stop")
		h.wantStarted(o, commerce.Started)
	})
	t.Run("not by a mistake", func(t *testing.T) {
		o, link := h.invited()
		h.post(link, "review", first.without("role")).refused(h, 400, "invalid")
		h.post(link, "delegate", said{"role": "partner", "set_up_by": "colleague", "delegate_email": o.Contact}).refused(h, 400, "invalid", "/delegate_email")
		if got := h.read(o.ID); got.Status != commerce.Invited || !got.StartedAt.IsZero() {
			t.Errorf("%s, started at %s", got.Status, got.StartedAt)
		}
	})
}

// wantStarted wants an order that began once, now, and is not escalated.
func (h *house) wantStarted(before commerce.Order, status commerce.Status) {
	h.Helper()
	o, started := h.read(before.ID), 0
	for _, e := range o.Events {
		if e.Kind == "started" {
			started++
		}
	}
	if o.Status != status || !o.StartedAt.Equal(h.now) || started != 1 || o.Contact == before.Contact && o.Owed(before.InviteAt.AddDate(0, 0, 1)) == commerce.Escalate {
		h.Errorf("%s, started at %s, %d times in the timeline", o.Status, o.StartedAt, started)
	}
}
