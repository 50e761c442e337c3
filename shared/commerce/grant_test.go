package commerce_test

import (
	"errors"
	"testing"
	"time"

	"dayone/shared/commerce"
)

func TestPasswordLinkMayChoose(t *testing.T) {
	issued, ends := noon, noon.Add(time.Hour)
	link := commerce.Grant{IssuedAt: issued, ExpiresAt: ends}
	first := link
	first.First = true
	used := link
	used.UsedAt = noon
	for name, tc := range map[string]struct {
		link   commerce.Grant
		member commerce.Member
		now    time.Time
		want   error
	}{
		"at its last tick":                     {link, commerce.Member{Password: "hash", PasswordAt: issued}, ends.Add(-1), nil},
		"at its end":                           {link, commerce.Member{}, ends, commerce.ErrPasswordLinkOver},
		"used, and over":                       {used, commerce.Member{}, ends, commerce.ErrPasswordLinkUsed},
		"of a new account":                     {first, commerce.Member{}, noon, nil},
		"of a new account that has a password": {first, commerce.Member{Password: "hash"}, noon, commerce.ErrPasswordLinkUsed},
		"older than the password":              {link, commerce.Member{Password: "hash", PasswordAt: issued.Add(1)}, noon, commerce.ErrPasswordLinkUsed},
		"newer than the password":              {link, commerce.Member{Password: "hash", PasswordAt: issued.Add(-1)}, noon, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tc.link.MayChoose(tc.member, tc.now); !errors.Is(got, tc.want) {
				t.Errorf("MayChoose = %v, want %v", got, tc.want)
			}
		})
	}
}

func TestAccessLinkMayDecide(t *testing.T) {
	link := commerce.Grant{Customer: "org_1", Member: "karl@alpine.example", ExpiresAt: noon.Add(time.Hour)}
	used := link
	used.UsedAt = noon
	administrator := commerce.Member{Organization: "org_1"}
	for name, tc := range map[string]struct {
		link   commerce.Grant
		member commerce.Member
		now    time.Time
		want   error
	}{
		"by the administrator":    {link, administrator, noon, nil},
		"by nobody's member":      {link, commerce.Member{}, noon, commerce.ErrTokenUnknown},
		"by another's":            {link, commerce.Member{Organization: "org_2"}, noon, commerce.ErrTokenUnknown},
		"answered":                {used, administrator, noon, commerce.ErrAnswered},
		"at its end":              {link, administrator, noon.Add(time.Hour), commerce.ErrRequestOver},
		"just before its end":     {link, administrator, noon.Add(time.Hour - 1), nil},
		"answered, after its end": {used, administrator, noon.Add(time.Hour), commerce.ErrAnswered},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tc.link.MayDecide(tc.member, tc.now); !errors.Is(got, tc.want) {
				t.Errorf("MayDecide = %v, want %v", got, tc.want)
			}
		})
	}
}

func TestDecisionIsStoredAndInTheTimeline(t *testing.T) {
	link := commerce.Grant{Customer: "org_c", Partner: "org_p", Order: "DO-1", Member: "karl@alpine.example"}
	order := commerce.Order{ID: "DO-1", Version: 3, Mapping: commerce.Mapping{PartnerAccess: commerce.AccessAsked}}
	sides := commerce.Sides{Customer: commerce.Organization{Name: "Alpine"}, Partner: commerce.Organization{Name: "Nordlicht"},
		CustomerAdmins: []commerce.Address{link.Member, "it@alpine.example"}, PartnerAdmins: []commerce.Address{ana}}
	for yes, want := range map[bool]commerce.Access{true: commerce.AccessGranted, false: commerce.AccessRefused} {
		before := commerce.Relation{Customer: "org_c", Partner: "org_p", Access: commerce.AccessAsked, Order: "DO-1", By: "eva@nordlicht.example"}
		got, change, err := order.Decide(link, before, yes, sides, noon)
		if err != nil || change.Before != before || change.Note.By != link.Member || change.Note.PartnerName != "Nordlicht" {
			t.Errorf("change %+v, %v", change, err)
		}
		if told := lettersOf(change.Letters); told != "access_"+string(want)+" "+string(ana)+", access_changed it@alpine.example" {
			t.Errorf("letters to %s", told)
		}
		if relation := change.After; relation != (commerce.Relation{Customer: "org_c", Partner: "org_p", Access: want, Order: "DO-1", By: link.Member, At: noon}) {
			t.Errorf("relation %+v", relation)
		}
		if e := got.Events[0]; got.Version != 4 || e.Actor != "member:karl@alpine.example" || e.Changes[0] != (commerce.Change{Field: "mapping.partner_access", Before: "asked", After: string(want)}) || got.Mapping.PartnerAccess != want {
			t.Errorf("order %+v", got)
		}
	}
}
