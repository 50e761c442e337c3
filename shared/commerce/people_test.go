package commerce_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"dayone/shared/commerce"
)

// lettersOf is the letters as "kind address", in their order.
func lettersOf(letters []commerce.Letter) string {
	var all []string
	for _, l := range letters {
		all = append(all, string(l.Kind)+" "+string(l.To))
	}
	return strings.Join(all, ", ")
}

var (
	mills = commerce.Organization{ID: "org_c", Kind: commerce.CustomerKind, Name: "Alpine Mills", Language: "de"}
	karl  = commerce.Member{Email: "karl@alpine.example", Organization: "org_c", Kind: commerce.CustomerKind, Password: "hash", Order: "DO-1", Version: 3}
)

func TestAnInvitationHoldsItsAddressForAWeek(t *testing.T) {
	i := mills.Invite(karl, "bor@alpine.example", "sl", noon)
	m := i.Member
	if m.Organization != "org_c" || m.Kind != commerce.CustomerKind || m.InvitedBy != karl.Email || m.Password != "" || m.Version != 1 {
		t.Errorf("member %+v", m)
	}
	if i.Letter.Locale != "de" || i.Letter.To != m.Email || i.Letter.Organization != "Alpine Mills" || i.Letter.Customer != "org_c" || i.Letter.By != karl.Email {
		t.Errorf("letter %+v", i.Letter)
	}
	if i.Note.Kind != commerce.NoteInvited || i.Note.Who != m.Email || i.Note.By != karl.Email || i.Note.Organization != "org_c" {
		t.Errorf("note %+v", i.Note)
	}
	ends := noon.Add(commerce.InvitationFor)
	again := mills.InviteAgain(karl, m, "sl", noon.Add(time.Hour)).Member
	accepted := m.Chosen("hash", noon)
	fromOrder := commerce.Member{Email: "it@alpine.example", Organization: "org_c", Order: "DO-1", CreatedAt: noon}
	for name, tc := range map[string]struct {
		m        commerce.Member
		now      time.Time
		standing commerce.Standing
		lapsed   bool
	}{
		"at its last tick":                  {m, ends.Add(-1), commerce.StandingInvited, false},
		"at its end":                        {m, ends, commerce.StandingExpired, true},
		"sent again":                        {again, ends, commerce.StandingInvited, false},
		"sent again, over":                  {again, ends.Add(time.Hour), commerce.StandingExpired, true},
		"accepted":                          {accepted, ends, commerce.StandingActive, false},
		"named by an order, over":           {fromOrder, ends, commerce.StandingExpired, false},
		"named by an order, sent again":     {mills.InviteAgain(karl, fromOrder, "sl", ends).Member, ends, commerce.StandingInvited, false},
		"nobody has been gone since ever":   {commerce.Member{}, ends, commerce.StandingExpired, false},
		"invited, the name is in the order": {fromOrder, noon, commerce.StandingInvited, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tc.m.Standing(tc.now); got != tc.standing {
				t.Errorf("standing %s, want %s", got, tc.standing)
			}
			if got := tc.m.Lapsed(tc.now); got != tc.lapsed {
				t.Errorf("lapsed %t", got)
			}
		})
	}
}

func TestSomebodyWhoCanSignInStays(t *testing.T) {
	member := func(email, password string) commerce.Member {
		return commerce.Member{Email: commerce.Address(email), Organization: "org_c", Password: password, Order: "DO-2"}
	}
	bor, eva := member("bor@alpine.example", "hash"), member("eva@alpine.example", "")
	stranger := commerce.Member{Email: "sam@other.example", Organization: "org_x", Password: "hash"}
	for name, tc := range map[string]struct {
		who        commerce.Address
		colleagues []commerce.Member
		stays      commerce.Address
		letters    string
		want       error
	}{
		"another":                      {bor.Email, []commerce.Member{karl, bor}, karl.Email, "removed bor@alpine.example", nil},
		"an invitation":                {eva.Email, []commerce.Member{karl, eva}, karl.Email, "", nil},
		"by alone":                     {karl.Email, []commerce.Member{karl, eva, bor}, bor.Email, "", nil},
		"the last one":                 {karl.Email, []commerce.Member{karl}, "", "", commerce.ErrLastAdministrator},
		"the last one who can sign in": {karl.Email, []commerce.Member{karl, eva}, "", "", commerce.ErrLastAdministrator},
		"the last one, beside another's colleague": {karl.Email, []commerce.Member{karl, stranger}, "", "", commerce.ErrLastAdministrator},
		"somebody else's colleague":                {stranger.Email, []commerce.Member{karl, stranger}, "", "", commerce.ErrColleagueUnknown},
		"nobody":                                   {"no@alpine.example", []commerce.Member{karl}, "", "", commerce.ErrColleagueUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := mills.Remove(karl, tc.who, tc.colleagues, "sl", noon)
			if !errors.Is(err, tc.want) {
				t.Fatalf("Remove = %v, want %v", err, tc.want)
			}
			if err == nil && (r.Stays != tc.stays || r.Member.Email != tc.who || lettersOf(r.Letters) != tc.letters || r.Note.Who != tc.who || r.Note.Order != r.Member.Order) {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestAccessIsGivenAndTakenAway(t *testing.T) {
	sides := commerce.Sides{Customer: mills, Partner: commerce.Organization{ID: "org_p", Name: "Nordlicht", Language: "sl"},
		CustomerAdmins: []commerce.Address{karl.Email, "it@alpine.example"}, PartnerAdmins: []commerce.Address{"ana@nordlicht.example"}}
	for name, tc := range map[string]struct {
		before  commerce.Access
		give    bool
		after   commerce.Access
		note    commerce.NoteKind
		letters string
	}{
		"given":              {commerce.AccessNone, true, commerce.AccessGranted, commerce.NoteAccessGranted, "access_granted"},
		"given when asked":   {commerce.AccessAsked, true, commerce.AccessGranted, commerce.NoteAccessGranted, "access_granted"},
		"given after a no":   {commerce.AccessRefused, true, commerce.AccessGranted, commerce.NoteAccessGranted, "access_granted"},
		"given again":        {commerce.AccessGranted, true, "", "", ""},
		"taken away":         {commerce.AccessGranted, false, commerce.AccessNone, commerce.NoteAccessTaken, "access_taken"},
		"refused when asked": {commerce.AccessAsked, false, commerce.AccessRefused, commerce.NoteAccessRefused, "access_refused"},
		"taken away again":   {commerce.AccessNone, false, "", "", ""},
		"refused again":      {commerce.AccessRefused, false, "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			before := commerce.Relation{Customer: "org_c", Partner: "org_p", Access: tc.before, Order: "DO-1", By: "ana@nordlicht.example", At: noon.Add(-time.Hour)}
			c, changes := before.Give(tc.give, karl, sides, noon)
			if changes != (tc.after != "") {
				t.Fatalf("changes %t", changes)
			}
			if !changes {
				return
			}
			if c.Before != before || c.After.Access != tc.after || c.After.By != karl.Email || !c.After.At.Equal(noon) || c.After.Order != "DO-1" || c.After.GivenAt.IsZero() == tc.give {
				t.Errorf("%+v", c)
			}
			if c.Note.Kind != tc.note || c.Note.Partner != "org_p" || c.Note.PartnerName != "Nordlicht" || c.Note.Organization != "org_c" {
				t.Errorf("note %+v", c.Note)
			}
			if got := lettersOf(c.Letters); got != tc.letters+" ana@nordlicht.example, access_changed it@alpine.example" {
				t.Errorf("letters %s", got)
			}
			if c.Letters[0].Locale != "sl" || c.Letters[1].Locale != "de" || c.Letters[1].Access != tc.after {
				t.Errorf("letters %+v", c.Letters)
			}
		})
	}
}

func TestTheFirstAnswerStands(t *testing.T) {
	link := commerce.Grant{Customer: "org_c", Partner: "org_p", Order: "DO-2", Member: "it@alpine.example"}
	order := commerce.Order{ID: "DO-2", Version: 3, Mapping: commerce.Mapping{PartnerAccess: commerce.AccessAsked}}
	for name, tc := range map[string]struct {
		before commerce.Access
		yes    bool
		want   error
	}{
		"yes after yes":              {commerce.AccessGranted, true, nil},
		"no after no":                {commerce.AccessRefused, false, nil},
		"no after it was taken":      {commerce.AccessNone, false, nil},
		"no after yes":               {commerce.AccessGranted, false, commerce.ErrAccessAnswered},
		"yes after no":               {commerce.AccessRefused, true, commerce.ErrAccessAnswered},
		"yes after it was taken":     {commerce.AccessNone, true, commerce.ErrAccessAnswered},
		"the first, whichever it is": {commerce.AccessAsked, true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			before := commerce.Relation{Customer: "org_c", Partner: "org_p", Access: tc.before, By: karl.Email, At: noon}
			n, c, err := order.Decide(link, before, tc.yes, commerce.Sides{}, noon.Add(time.Hour))
			if !errors.Is(err, tc.want) {
				t.Fatalf("Decide = %v, want %v", err, tc.want)
			}
			if err == nil && tc.before != commerce.AccessAsked && (c.After != before || len(c.Letters) > 0 || n.Mapping.PartnerAccess != tc.before) {
				t.Errorf("%+v, order %+v", c, n.Mapping)
			}
		})
	}
}

func TestWhatIsGivenLaterOpensWhatWasGivenUp(t *testing.T) {
	ana := commerce.Member{Organization: "org_p"}
	o := commerce.Order{Mapping: commerce.Mapping{Partner: "org_p", Customer: "org_c", PartnerAccess: commerce.AccessNone, At: noon}}
	for name, tc := range map[string]struct {
		relation commerce.Relation
		want     error
	}{
		"access from another order":     {commerce.Relation{Access: commerce.AccessGranted, At: noon.Add(time.Hour)}, commerce.ErrNoAccess},
		"given before":                  {commerce.Relation{Access: commerce.AccessGranted, GivenAt: noon}, commerce.ErrNoAccess},
		"given since":                   {commerce.Relation{Access: commerce.AccessGranted, GivenAt: noon.Add(1)}, nil},
		"given since, and taken away":   {commerce.Relation{Access: commerce.AccessNone}, commerce.ErrNoAccess},
		"given since, then asked again": {commerce.Relation{Access: commerce.AccessAsked}, commerce.ErrNoAccess},
	} {
		if err := o.MaySetUp(ana, tc.relation); !errors.Is(err, tc.want) {
			t.Errorf("%s: MaySetUp = %v, want %v", name, err, tc.want)
		}
	}
}

func TestALinkFromBeforeSomebodyWasRemovedOpensNothing(t *testing.T) {
	again := commerce.Member{Email: "bor@alpine.example", CreatedAt: noon}
	old := commerce.Grant{Kind: commerce.PasswordToken, Member: again.Email, IssuedAt: noon.Add(-time.Minute), ExpiresAt: noon.Add(time.Hour)}
	if err := old.MayChoose(again, noon); !errors.Is(err, commerce.ErrPasswordLinkUsed) {
		t.Errorf("MayChoose = %v", err)
	}
}
