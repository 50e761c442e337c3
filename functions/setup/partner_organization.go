package setup

import (
	"context"
	"slices"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/pages"
)

// partnerPage asks for the partner organization: to recognise one that is there, or to describe a new one.
func partnerPage() page {
	return page{
		fields: []string{"partner_organization", "partner_name", "partner_country", "partner_admin_email", "partner_phone", "unrecognised"},
		read: func(f api.Fields, a *commerce.Answers) {
			a.PartnerOrganization, a.PartnerName = text(f, "partner_organization"), text(f, "partner_name")
			a.PartnerCountry, a.PartnerPhone = text(f, "partner_country"), text(f, "partner_phone")
			a.PartnerAdmin = api.Address(f["partner_admin_email"])
			if isYes(f["unrecognised"]) {
				a.PartnerOrganization = commerce.UnrecognisedOrganization
			}
		},
		do:   unrecognised,
		view: partnerView,
	}
}

func isYes(s string) bool { return slices.Contains([]string{"true", "1", "yes", "on"}, s) }

func isYesOrNo(s string) bool {
	return isYes(s) || slices.Contains([]string{"", "false", "0", "no", "off"}, s)
}

// unrecognised tells the representative, once a link, that the contact does not know the organization. Everything else
// stays as it is.
func unrecognised(z wizard, ctx context.Context, v *visit) error {
	if v.answers.PartnerOrganization != commerce.UnrecognisedOrganization {
		return begin(z, ctx, v)
	}
	v.next = nextStop
	told, letter, first := v.order.Unrecognised(v.now)
	if !first {
		return nil
	}
	if err := z.store.Replace(ctx, v.order, told, letter); err != nil {
		return lost(err)
	}
	v.keep(ctx, told)
	return nil
}

// stopped reports whether somebody sees the page that says to stop.
func (v *visit) stopped() bool {
	return v.step == commerce.StepPartnerOrganization && v.answers.PartnerOrganization == commerce.UnrecognisedOrganization &&
		v.order.UnknownTold == v.order.Link.Generation
}

func partnerView(v *visit) pages.View {
	delete(v.fields, "unrecognised")
	if len(v.known.Partners) > 0 {
		v.inputs = []string{"partner_organization"}
		return pages.View{Name: "partner-existing", Data: v.choice(v.known.Partners, commerce.UnrecognisedOrganization, "partner-existing", "no", "no_several")}
	}
	v.inputs = []string{"partner_name", "partner_country", "partner_admin_email", "partner_phone"}
	v.fields["partner_organization"] = commerce.NewOrganization
	v.suggest("partner_name", v.order.Partner.Name)
	v.suggest("partner_country", v.order.Partner.Country)
	if !v.order.ContactAlias {
		v.suggest("partner_admin_email", string(v.order.Contact)) // several people behind one address cannot have one password
	}
	return pages.View{Name: "partner-new"}
}

// choice are organizations to choose from.
type choice struct {
	One     *pages.Section // what the only one is called, and where it is
	Options []pages.Option
}

// choice offers organizations and, behind them, another answer, in the words of a page for one and for several. A single
// one is described above its options, which are yes and no.
func (v *visit) choice(offers []commerce.Organization, other, page, no, none string) choice {
	var c choice
	word := none
	if len(offers) == 1 {
		o := offers[0]
		c.One = &pages.Section{Title: o.Name, Rows: []pages.Row{{Label: v.lang.Label("country"), Value: v.lang.Country(o.Country)}}}
		c.Options = append(c.Options, pages.Option{Value: o.ID, Label: v.word(page, "yes")})
		word = no
	} else {
		for _, o := range offers {
			c.Options = append(c.Options, pages.Option{Value: o.ID, Label: o.Name, Hint: v.lang.Country(o.Country)})
		}
	}
	c.Options = append(c.Options, pages.Option{Value: other, Label: v.word(page, word)})
	return c
}

// stopView says not to continue. The link still works.
func (v *visit) stopView() pages.View {
	return pages.View{Name: "partner-stop", Data: v.order.Representative.Name, Action: "/setup/partner-organization", Quiet: true,
		Back: string(commerce.StepPartnerOrganization)}
}
