package commerce_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dayone/shared/commerce"
)

func callingSettings() commerce.CallingSettings {
	return commerce.CallingSettings{Country: "AT", LocationName: "Head office", Address: "Ring 1", City: "Wien", PostalCode: "1010", Zone: "Europe/Vienna", Language: "en", MainNumber: "+43 1 234567"}
}

// inService is a mapped order.
func inService(t *testing.T) commerce.Order {
	t.Helper()
	return mapped(t, started(t), asNewPartner(), commerce.Known{}).Order
}

func TestTasksAreWhatWasBought(t *testing.T) {
	only := func(sku string) func(*commerce.Terms) {
		return func(t *commerce.Terms) { t.Lines = t.Lines[:1]; t.Lines[0].SKU = sku }
	}
	for name, tc := range map[string]struct {
		change func(*commerce.Terms)
		want   []string
	}{
		"calling and meetings": {func(*commerce.Terms) {}, []string{"subscription", "calling", "meetings", "enterprise", "activate"}},
		"calling":              {only("A-FLEX-CALL"), []string{"subscription", "calling", "enterprise", "activate"}},
		"meetings":             {only("A-FLEX-MEET"), []string{"subscription", "meetings", "enterprise", "activate"}},
		"messaging":            {only("A-FLEX-MSG"), []string{"subscription", "enterprise", "activate"}},
	} {
		o := placed(t, tc.change)
		var got []string
		for _, task := range o.Tasks(commerce.Organization{}) {
			got = append(got, task.Name)
			if task.Done {
				t.Errorf("%s: %s is done", name, task.Name)
			}
			if err := o.Needs(task.Name); err != nil {
				t.Errorf("%s: %s is not needed: %v", name, task.Name, err)
			}
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if err := placed(t, only("A-FLEX-MSG")).Needs("calling"); !errors.Is(err, commerce.ErrNotBought) {
		t.Errorf("Needs = %v", err)
	}
}

func TestTasksAreDoneOneByOne(t *testing.T) {
	o, now, acme := inService(t), opens.Add(day), commerce.Organization{Subdomain: "acme"}
	if o.CanProvision(acme) {
		t.Error("with every task open")
	}
	o, err := o.Review(ana, now)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := o.Review(chef, now.Add(time.Hour)); err != nil || again.Version != o.Version {
		t.Errorf("reviewed again: version %d, %v", again.Version, err)
	}
	if o, err = o.SetCalling(callingSettings(), ana, now); err != nil {
		t.Fatal(err)
	}
	if again, err := o.SetCalling(callingSettings(), ana, now.Add(time.Hour)); err != nil || again.Version != o.Version {
		t.Errorf("the same again: version %d, %v", again.Version, err)
	}
	if o.CanProvision(acme) {
		t.Error("with the meetings open")
	}
	if o, err = o.SetMeetings(commerce.MeetingSettings{Zone: "Europe/Vienna", Language: "sl"}, ana, now); err != nil {
		t.Fatal(err)
	}
	if !o.CanProvision(acme) || o.CanProvision(commerce.Organization{}) {
		t.Error("the subdomain does not decide")
	}
	last := o.Events[len(o.Events)-1]
	if last.Kind != "settings_saved" || last.Actor != "member:"+string(ana) {
		t.Errorf("event %+v", last)
	}
}

func TestSettingsAreChecked(t *testing.T) {
	on := func(change func(*commerce.CallingSettings)) commerce.CallingSettings {
		c := callingSettings()
		change(&c)
		return c
	}
	long := strings.Repeat("x", 121)
	for name, tc := range map[string]struct {
		settings commerce.CallingSettings
		want     string
	}{
		"as they should be": {callingSettings(), "[]"},
		"without a number":  {on(func(c *commerce.CallingSettings) { c.MainNumber = "" }), "[]"},
		"a bad number":      {on(func(c *commerce.CallingSettings) { c.MainNumber = "01 <call>" }), "[main_number: phone_malformed]"},
		"too short":         {on(func(c *commerce.CallingSettings) { c.MainNumber = "12345" }), "[main_number: phone_malformed]"},
		"two lines":         {on(func(c *commerce.CallingSettings) { c.Address = "Ring 1\nWien" }), "[address: address_malformed]"},
		"long texts": {on(func(c *commerce.CallingSettings) {
			c.LocationName, c.Address, c.City, c.PostalCode = long, long, long, long
		}), "[location_name: location_malformed address: address_malformed city: city_malformed postal_code: postal_code_malformed]"},
		"as long as can be": {on(func(c *commerce.CallingSettings) { c.Address = long[1:] }), "[]"},
		"unknown choices":   {on(func(c *commerce.CallingSettings) { c.Country, c.Language = "xx", "tlh" }), "[country: country_unknown language: language_unknown]"},
		"nothing":           {commerce.CallingSettings{}, "[country: country_missing location_name: location_missing address: street_missing city: city_missing postal_code: postal_code_missing time_zone: zone_unknown language: language_missing]"},
	} {
		_, err := inService(t).SetCalling(tc.settings, ana, noon)
		if got := fmt.Sprint(problems(err)); got != tc.want {
			t.Errorf("%s: %s", name, got)
		}
	}
	_, err := inService(t).SetMeetings(commerce.MeetingSettings{Zone: "Local"}, ana, noon)
	if got := fmt.Sprint(problems(err)); got != "[time_zone: zone_unknown language: language_missing]" {
		t.Errorf("meetings: %s", got)
	}
}

func TestSettingsAreSavedInTime(t *testing.T) {
	for _, status := range commerce.Statuses {
		var want error
		switch status {
		case commerce.Mapped, commerce.Failed:
		case commerce.Provisioning, commerce.Active, commerce.Suspended:
			want = commerce.ErrProvisioning
		case commerce.Ended:
			want = commerce.ErrEnded
		default:
			want = commerce.ErrNotMapped
		}
		o := withStatus(invited(t), status)
		_, calling := o.SetCalling(callingSettings(), ana, noon)
		_, meetings := o.SetMeetings(commerce.MeetingSettings{Zone: "UTC", Language: "en"}, ana, noon)
		_, review := o.Review(ana, noon)
		for task, err := range map[string]error{"calling": calling, "meetings": meetings, "subscription": review} {
			if !errors.Is(err, want) {
				t.Errorf("%s of a %s order: %v, want %v", task, status, err, want)
			}
		}
		if o.Settable() != (want == nil) {
			t.Errorf("a %s order is settable: %t", status, o.Settable())
		}
	}
}

func TestSettingsBeginWithWhatIsKnown(t *testing.T) {
	o := inService(t)
	if got := o.CallingFor(alpine); got.Country != "AT" || got.Zone != "Europe/Ljubljana" || got.Language != "en" {
		t.Errorf("CallingFor = %+v", got)
	}
	if got := o.MeetingsFor(commerce.Organization{}); got.Language != "sl" {
		t.Errorf("MeetingsFor = %+v", got)
	}
	saved, err := o.SetCalling(callingSettings(), ana, noon)
	if err != nil || saved.CallingFor(alpine) != callingSettings() {
		t.Errorf("CallingFor = %+v, %v", saved.CallingFor(alpine), err)
	}
}

func TestWhoMaySetUp(t *testing.T) {
	partner, customer := commerce.Member{Organization: "org_p"}, commerce.Member{Organization: "org_c"}
	granted := commerce.Relation{Access: commerce.AccessGranted}
	o := inService(t)
	without := o
	without.Mapping.PartnerAccess = commerce.AccessNone
	asked := o
	asked.Mapping.PartnerAccess = commerce.AccessAsked
	for name, tc := range map[string]struct {
		order    commerce.Order
		member   commerce.Member
		relation commerce.Relation
		want     error
	}{
		"the customer":                          {o, customer, commerce.Relation{}, nil},
		"the customer, the partner has none":    {without, customer, commerce.Relation{}, nil},
		"a partner that was granted access":     {o, partner, granted, nil},
		"a partner whose access was taken away": {o, partner, commerce.Relation{Access: commerce.AccessRefused}, commerce.ErrNoAccess},
		"a partner that asked":                  {asked, partner, commerce.Relation{Access: commerce.AccessAsked}, commerce.ErrNoAccess},
		"a partner that asked and was let in":   {asked, partner, granted, nil},
		"a partner that asked and was refused":  {asked, partner, commerce.Relation{Access: commerce.AccessRefused}, commerce.ErrNoAccess},
		"a partner that gave up this order":     {without, partner, granted, commerce.ErrNoAccess},
		"somebody else":                         {o, commerce.Member{Organization: "org_x"}, granted, commerce.ErrOrderUnknown},
		"nobody":                                {o, commerce.Member{}, granted, commerce.ErrOrderUnknown},
		"an order that is not mapped":           {invited(t), commerce.Member{}, granted, commerce.ErrOrderUnknown},
	} {
		if err := tc.order.MaySetUp(tc.member, tc.relation); !errors.Is(err, tc.want) {
			t.Errorf("%s: MaySetUp = %v, want %v", name, err, tc.want)
		}
	}
}

func TestWhoMayDecide(t *testing.T) {
	g := commerce.Grant{Kind: commerce.AccessToken, Customer: "org_a", Partner: "org_n", Order: "DO-1", Member: chef, ExpiresAt: noon.Add(time.Hour)}
	admin := commerce.Member{Email: chef, Organization: "org_a"}
	used := g
	used.UsedAt = noon
	for name, tc := range map[string]struct {
		grant  commerce.Grant
		member commerce.Member
		now    time.Time
		want   error
	}{
		"its administrator": {g, admin, noon, nil},
		"somebody else's":   {g, commerce.Member{Organization: "org_n"}, noon, commerce.ErrTokenUnknown},
		"nobody":            {g, commerce.Member{}, noon, commerce.ErrTokenUnknown},
		"answered":          {used, admin, noon, commerce.ErrAnswered},
		"too late":          {g, admin, noon.Add(time.Hour), commerce.ErrRequestOver},
	} {
		if err := tc.grant.MayDecide(tc.member, tc.now); !errors.Is(err, tc.want) {
			t.Errorf("%s: MayDecide = %v, want %v", name, err, tc.want)
		}
	}
	for yes, want := range map[bool]commerce.Access{true: commerce.AccessGranted, false: commerce.AccessRefused} {
		o, c, err := inService(t).Decide(g, commerce.Relation{Customer: "org_a", Partner: "org_n", Access: commerce.AccessAsked}, yes, commerce.Sides{}, noon)
		if err != nil {
			t.Fatal(err)
		}
		r := c.After
		if r.Access != want || r.Customer != "org_a" || r.Partner != "org_n" || r.By != chef {
			t.Errorf("Decide(%t) = %+v", yes, r)
		}
		if last := o.Events[len(o.Events)-1]; last.Kind != "access_decided" {
			t.Errorf("event %+v", last)
		}
	}
}

func TestChosenPasswordEndsWhatWasBefore(t *testing.T) {
	m := commerce.Member{Email: ana, Version: 1}.Chosen("hash", noon)
	if m.Password != "hash" || m.Version != 2 || !m.PasswordAt.Equal(noon) {
		t.Errorf("%+v", m)
	}
}

func TestSubdomainIsSavedWithTheOrder(t *testing.T) {
	o, org := inService(t), commerce.Organization{ID: "org_c", Version: 1}
	n, renamed, err := o.SetSubdomain(org, "acme", chef, noon)
	if err != nil || renamed.Subdomain != "acme" || n.Version != o.Version+1 {
		t.Fatalf("SetSubdomain = %+v, %v", renamed, err)
	}
	want := []commerce.Change{{Field: "task", After: "enterprise"}, {Field: "subdomain", After: "acme"}}
	if diff := cmp.Diff(want, n.Events[len(n.Events)-1].Changes); diff != "" {
		t.Error(diff)
	}
	if same, _, err := n.SetSubdomain(renamed, "acme", chef, noon); err != nil || same.Version != n.Version {
		t.Errorf("the same again: version %d, %v", same.Version, err)
	}
	renamed.Settled = true
	if _, _, err := n.SetSubdomain(renamed, "other", chef, noon); err == nil {
		t.Error("renamed after an activation")
	}
	if _, _, err := withStatus(o, commerce.Provisioning).SetSubdomain(org, "acme", chef, noon); !errors.Is(err, commerce.ErrProvisioning) {
		t.Errorf("while provisioning: %v", err)
	}
}
