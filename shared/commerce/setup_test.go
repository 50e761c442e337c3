package commerce_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dayone/shared/commerce"
)

const (
	ana  = commerce.Address("ana@nordlicht.example") // administers the partner
	chef = commerce.Address("chef@alpine.example")   // administers the customer
)

var (
	nordlicht = commerce.Organization{ID: "org_n", Kind: commerce.PartnerKind, Name: "Nordlicht Partner d.o.o.", Country: "SI"}
	alpine    = commerce.Organization{ID: "org_a", Kind: commerce.CustomerKind, Name: "Alpine Mills GmbH", Country: "AT", Language: "en"}
)

// asNewPartner are complete answers of a partner whose first order this is, for a customer nobody knows.
func asNewPartner() commerce.Answers {
	return commerce.Answers{
		Role: commerce.RolePartner, SetUpBy: commerce.ByMe,
		PartnerOrganization: commerce.NewOrganization, PartnerName: "Nordlicht", PartnerCountry: "SI", PartnerAdmin: ana, PartnerPhone: "+386 1 234 56 78",
		CustomerAdmin: chef, CustomerOrganization: commerce.NewOrganization, CustomerName: "Alpine Mills", CustomerCountry: "AT", CustomerLanguage: "en",
	}
}

// asPartner are complete answers of a partner that is known, for a customer that is known.
func asPartner() commerce.Answers {
	return commerce.Answers{
		Role: commerce.RolePartner, SetUpBy: commerce.ByMe, PartnerOrganization: nordlicht.ID,
		CustomerAdmin: chef, CustomerOrganization: alpine.ID,
	}
}

// asCustomer are complete answers of a customer that nobody knows.
func asCustomer() commerce.Answers {
	return commerce.Answers{
		Role: commerce.RoleCustomer, CustomerAdmin: chef,
		CustomerOrganization: commerce.NewOrganization, CustomerName: "Alpine Mills", CustomerCountry: "AT", CustomerLanguage: "en",
	}
}

// known is what is stored where both organizations have an order already.
func known() commerce.Known {
	return commerce.Known{
		Contact:       commerce.Member{Email: contact, Organization: nordlicht.ID, Kind: commerce.PartnerKind},
		Partners:      []commerce.Organization{nordlicht},
		PartnerAdmins: []commerce.Address{ana},
		CustomerAdmin: commerce.Member{Email: chef, Organization: alpine.ID, Kind: commerce.CustomerKind},
		Customers:     []commerce.Organization{alpine}, CustomerAdmins: []commerce.Address{chef},
	}
}

func answers(a commerce.Answers, change ...func(*commerce.Answers)) commerce.Answers {
	for _, c := range change {
		c(&a)
	}
	return a
}

func knowing(k commerce.Known, change ...func(*commerce.Known)) commerce.Known {
	for _, c := range change {
		c(&k)
	}
	return k
}

func TestPathFollowsTheAnswers(t *testing.T) {
	for name, tc := range map[string]struct {
		answers commerce.Answers
		want    []commerce.Step
	}{
		"nothing yet":            {commerce.Answers{}, []commerce.Step{"start", "role"}},
		"a role that is none":    {commerce.Answers{Role: "admin"}, []commerce.Step{"start", "role"}},
		"a partner":              {commerce.Answers{Role: "partner"}, []commerce.Step{"start", "role", "who"}},
		"a partner's colleague":  {commerce.Answers{Role: "partner", SetUpBy: "colleague"}, []commerce.Step{"start", "role", "who", "delegate"}},
		"a partner's customer":   {commerce.Answers{Role: "partner", SetUpBy: "customer"}, []commerce.Step{"start", "role", "who", "delegate"}},
		"the partner in person":  {commerce.Answers{Role: "partner", SetUpBy: "me"}, []commerce.Step{"start", "role", "who", "partner-organization", "customer-admin", "customer-organization", "review", "complete"}},
		"a customer":             {commerce.Answers{Role: "customer"}, []commerce.Step{"start", "role", "customer-admin", "customer-organization", "review", "complete"}},
		"a customer with a whim": {commerce.Answers{Role: "customer", SetUpBy: "me"}, []commerce.Step{"start", "role", "customer-admin", "customer-organization", "review", "complete"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tc.answers.Path()); diff != "" {
				t.Error(diff)
			}
			for i, step := range tc.want {
				var before, after commerce.Step
				if i > 0 {
					before = tc.want[i-1]
				}
				if i+1 < len(tc.want) {
					after = tc.want[i+1]
				}
				if tc.answers.Before(step) != before || tc.answers.After(step) != after {
					t.Errorf("around %s: %q and %q", step, tc.answers.Before(step), tc.answers.After(step))
				}
			}
		})
	}
	if s := (commerce.Answers{Role: "customer"}).After("who"); s != "" {
		t.Errorf("%q follows a step that is not asked", s)
	}
}

func TestStepsBelongToParts(t *testing.T) {
	for step, want := range map[commerce.Step]int{"start": 1, "role": 1, "who": 1, "delegate": 1, "partner-organization": 2, "customer-admin": 3,
		"customer-organization": 3, "review": 4, "complete": 4} {
		if got := step.Number(); got != want || !commerce.IsStep(step) {
			t.Errorf("%s is part %d, step %t", step, got, commerce.IsStep(step))
		}
	}
	if commerce.IsStep("") || commerce.IsStep("Role") {
		t.Error("no step was taken for one")
	}
}

// Every step of every path can be reached with the answers before it, and refuses to be reached without them.
func TestStepsAreReachedInOrder(t *testing.T) {
	for name, tc := range map[string]struct {
		answers commerce.Answers
		known   commerce.Known
	}{
		"a new partner":   {asNewPartner(), commerce.Known{}},
		"a known partner": {asPartner(), known()},
		"a customer":      {asCustomer(), commerce.Known{}},
	} {
		t.Run(name, func(t *testing.T) {
			o := invited(t)
			given := commerce.Answers{}
			for _, step := range tc.answers.Path() {
				switch step {
				case commerce.StepRole:
					given.Role = tc.answers.Role
				case commerce.StepWho:
					given.SetUpBy = tc.answers.SetUpBy
				case commerce.StepPartnerOrganization:
					given.PartnerOrganization, given.PartnerName, given.PartnerCountry = tc.answers.PartnerOrganization, tc.answers.PartnerName, tc.answers.PartnerCountry
					given.PartnerAdmin, given.PartnerPhone = tc.answers.PartnerAdmin, tc.answers.PartnerPhone
				case commerce.StepCustomerAdmin:
					given.CustomerAdmin = tc.answers.CustomerAdmin
				case commerce.StepCustomerOrganization:
					given.CustomerOrganization, given.CustomerName = tc.answers.CustomerOrganization, tc.answers.CustomerName
					given.CustomerCountry, given.CustomerLanguage = tc.answers.CustomerCountry, tc.answers.CustomerLanguage
				case commerce.StepReview:
					given.ReviewDigest = ""
				case commerce.StepComplete:
					given.ReviewDigest = given.Digest(o, tc.known)
				}
				if err := given.Check(step, o, tc.known); err != nil {
					t.Errorf("%s: %v", step, err)
				}
				if next := given.After(step); next != "" && next != commerce.StepReview {
					if err := given.Check(next, o, tc.known); err == nil && next != commerce.StepStart {
						t.Errorf("%s was passed without its answers", next)
					}
				}
			}
		})
	}
}

func TestAnswersAreChecked(t *testing.T) {
	handedOver := invited(t)
	handedOver.Handover = true
	for name, tc := range map[string]struct {
		step    commerce.Step
		answers commerce.Answers
		order   commerce.Order
		known   commerce.Known
		want    []string
	}{
		"the start asks nothing":              {"start", commerce.Answers{}, invited(t), commerce.Known{}, nil},
		"no role":                             {"role", commerce.Answers{}, invited(t), commerce.Known{}, []string{"role: role_missing"}},
		"no such role":                        {"role", commerce.Answers{Role: "boss"}, invited(t), commerce.Known{}, []string{"role: role_unknown"}},
		"somebody of no role says who":        {"who", commerce.Answers{SetUpBy: "me"}, invited(t), commerce.Known{}, []string{"role: role_missing"}},
		"somebody unknown sets up":            {"who", commerce.Answers{Role: "partner", SetUpBy: "boss"}, invited(t), commerce.Known{}, []string{"set_up_by: set_up_by_unknown"}},
		"somebody unknown, carried on":        {"review", commerce.Answers{Role: "partner", SetUpBy: "boss", PartnerOrganization: "org_n"}, invited(t), commerce.Known{}, []string{"set_up_by: set_up_by_unknown"}},
		"a partner of a handed-over order":    {"role", commerce.Answers{Role: "partner"}, handedOver, commerce.Known{}, []string{"role: role_fixed"}},
		"the customer of one":                 {"role", commerce.Answers{Role: "customer"}, handedOver, commerce.Known{}, nil},
		"nobody sets up":                      {"who", commerce.Answers{Role: "partner"}, invited(t), commerce.Known{}, []string{"set_up_by: set_up_by_missing"}},
		"a customer says who":                 {"who", commerce.Answers{Role: "customer", SetUpBy: "me"}, invited(t), commerce.Known{}, []string{"set_up_by: not_asked"}},
		"a customer at who":                   {"who", commerce.Answers{Role: "customer"}, invited(t), commerce.Known{}, []string{"role: step_not_asked"}},
		"delegated to nobody":                 {"delegate", commerce.Answers{Role: "partner", SetUpBy: "colleague"}, invited(t), commerce.Known{}, []string{"delegate_email: address_malformed"}},
		"delegated":                           {"delegate", commerce.Answers{Role: "partner", SetUpBy: "colleague", DelegateEmail: ana}, invited(t), commerce.Known{}, nil},
		"delegated, yet I set up":             {"delegate", commerce.Answers{Role: "partner", SetUpBy: "me", DelegateEmail: ana}, invited(t), commerce.Known{}, []string{"set_up_by: step_not_asked"}},
		"a customer delegates":                {"delegate", commerce.Answers{Role: "customer", DelegateEmail: ana}, invited(t), commerce.Known{}, []string{"role: step_not_asked"}},
		"delegated, then carried on":          {"partner-organization", answers(asNewPartner(), func(a *commerce.Answers) { a.SetUpBy = "colleague" }), invited(t), commerce.Known{}, []string{"set_up_by: passed_on"}},
		"a left-over delegate":                {"partner-organization", answers(asNewPartner(), func(a *commerce.Answers) { a.DelegateEmail = ana }), invited(t), commerce.Known{}, []string{"delegate_email: not_asked"}},
		"straight to the review":              {"review", commerce.Answers{}, invited(t), commerce.Known{}, []string{"role: role_missing"}},
		"a partner straight to the review":    {"review", commerce.Answers{Role: "partner", SetUpBy: "me"}, invited(t), commerce.Known{}, []string{"partner_organization: organization_missing", "customer_admin_email: address_malformed", "customer_organization: organization_missing"}},
		"a customer with a partner":           {"customer-admin", answers(asCustomer(), func(a *commerce.Answers) { a.PartnerOrganization = "org_n" }), invited(t), commerce.Known{}, []string{"partner_organization: not_asked"}},
		"an organization that is not offered": {"partner-organization", asPartner(), invited(t), commerce.Known{}, []string{"partner_organization: not_offered"}},
		"a new one without details":           {"partner-organization", commerce.Answers{Role: "partner", SetUpBy: "me", PartnerOrganization: "new"}, invited(t), commerce.Known{}, []string{"partner_name: name_missing", "partner_country: country_missing", "partner_admin_email: address_malformed"}},
		"a new one with bad details": {"partner-organization", answers(asNewPartner(), func(a *commerce.Answers) {
			a.PartnerName, a.PartnerCountry, a.PartnerPhone = "a\nb", "Slovenia", "call me"
		}), invited(t), commerce.Known{}, []string{"partner_name: name_malformed", "partner_country: country_unknown", "partner_phone: phone_malformed"}},
		"a new one where one is offered":    {"partner-organization", asNewPartner(), invited(t), knowing(known(), func(k *commerce.Known) { k.Contact = commerce.Member{} }), nil},
		"an existing one with details":      {"partner-organization", answers(asPartner(), func(a *commerce.Answers) { a.PartnerName = "Nordlicht" }), invited(t), known(), []string{"partner_organization: details_of_existing"}},
		"not recognised":                    {"partner-organization", answers(asPartner(), func(a *commerce.Answers) { a.PartnerOrganization = "unrecognised" }), invited(t), known(), nil},
		"not recognised, none offered":      {"partner-organization", answers(asPartner(), func(a *commerce.Answers) { a.PartnerOrganization = "unrecognised" }), invited(t), commerce.Known{}, []string{"partner_organization: not_offered"}},
		"not recognised, yet carried on":    {"review", answers(asPartner(), func(a *commerce.Answers) { a.PartnerOrganization = "unrecognised" }), invited(t), known(), []string{"partner_organization: not_recognised"}},
		"the partner's administrator twice": {"customer-admin", answers(asNewPartner(), func(a *commerce.Answers) { a.CustomerAdmin = ana }), invited(t), commerce.Known{}, []string{"customer_admin_email: address_twice"}},
		"no customer organization":          {"customer-organization", answers(asPartner(), func(a *commerce.Answers) { a.CustomerOrganization = "" }), invited(t), known(), []string{"customer_organization: organization_missing"}},
		"one that is not offered":           {"customer-organization", answers(asPartner(), func(a *commerce.Answers) { a.CustomerOrganization = "org_x" }), invited(t), known(), []string{"customer_organization: not_offered"}},
		"a new one for a member of another": {"customer-organization", answers(asCustomer()), invited(t), known(), []string{"customer_organization: administrator_is_member"}},
		"a new customer without details":    {"customer-organization", answers(asCustomer(), func(a *commerce.Answers) { a.CustomerName, a.CustomerCountry, a.CustomerLanguage = "", "", "fr" }), invited(t), commerce.Known{}, []string{"customer_name: name_missing", "customer_country: country_missing", "customer_language: language_unknown"}},
		"an existing customer with details": {"customer-organization", answers(asPartner(), func(a *commerce.Answers) { a.CustomerLanguage = "sl" }), invited(t), known(), []string{"customer_organization: details_of_existing"}},
		"nothing reviewed":                  {"complete", asPartner(), invited(t), known(), []string{"review_digest: review_missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, problems(tc.answers.Check(tc.step, tc.order, tc.known))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Rule 5: one address, one organization; the refusal names the field and nobody else.
func TestAddressesThatAreTaken(t *testing.T) {
	elsewhere := commerce.Member{Email: ana, Organization: "org_secret", Kind: commerce.PartnerKind}
	for name, tc := range map[string]struct {
		step    commerce.Step
		answers commerce.Answers
		known   commerce.Known
		want    []string
	}{
		"the new partner's administrator is a partner's":     {"partner-organization", asNewPartner(), commerce.Known{PartnerAdmin: elsewhere}, []string{"partner_admin_email: address_taken"}},
		"the new partner's administrator is a customer's":    {"partner-organization", asNewPartner(), commerce.Known{PartnerAdmin: commerce.Member{Organization: "org_a", Kind: commerce.CustomerKind}}, []string{"partner_admin_email: address_taken"}},
		"the customer's administrator is a partner's":        {"customer-admin", asNewPartner(), commerce.Known{CustomerAdmin: elsewhere}, []string{"customer_admin_email: address_taken"}},
		"the customer's administrator is a customer's":       {"customer-admin", asPartner(), known(), nil},
		"an existing partner's administrator does not count": {"partner-organization", asPartner(), knowing(known(), func(k *commerce.Known) { k.PartnerAdmin = elsewhere }), nil},
	} {
		t.Run(name, func(t *testing.T) {
			err := tc.answers.Check(tc.step, invited(t), tc.known)
			if diff := cmp.Diff(tc.want, problems(err)); diff != "" {
				t.Error(diff)
			}
			if err != nil && !errors.Is(err, commerce.ErrAddressTaken) {
				t.Errorf("Check = %v", err)
			}
		})
	}
	if len(commerce.ErrAddressTaken.Problems) != 0 {
		t.Error("the shared error was written to")
	}
}

// Rule 12: what the partner gets of the customer's organization.
func TestPartnerAccess(t *testing.T) {
	handedOver := invited(t)
	handedOver.Handover = true
	granted := func(k *commerce.Known) { k.Relation.Access = commerce.AccessGranted }
	refused := func(k *commerce.Known) { k.Relation.Access = commerce.AccessRefused }
	for name, tc := range map[string]struct {
		order   commerce.Order
		answers commerce.Answers
		known   commerce.Known
		want    commerce.Access
	}{
		"a new customer":                      {invited(t), asNewPartner(), commerce.Known{}, commerce.AccessGranted},
		"a customer it does not manage":       {invited(t), asPartner(), known(), commerce.AccessAsked},
		"a customer that it manages":          {invited(t), asPartner(), knowing(known(), granted), commerce.AccessGranted},
		"a customer that said no":             {invited(t), asPartner(), knowing(known(), refused), commerce.AccessAsked},
		"the customer sets up":                {invited(t), asCustomer(), commerce.Known{}, commerce.AccessNone},
		"the customer sets up, it is managed": {invited(t), answers(asPartner(), func(a *commerce.Answers) { a.Role, a.SetUpBy, a.PartnerOrganization = "customer", "", "" }), knowing(known(), granted), commerce.AccessNone},
		"handed over":                         {handedOver, asCustomer(), commerce.Known{}, commerce.AccessNone},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tc.answers.Plan(tc.order, tc.known).Access; got != tc.want {
				t.Errorf("access %s, want %s", got, tc.want)
			}
		})
	}
}

func TestDigestTellsWhatChanged(t *testing.T) {
	o, a, k := invited(t), asPartner(), known()
	a.ReviewDigest = a.Digest(o, k)
	for name, tc := range map[string]struct {
		order   commerce.Order
		answers commerce.Answers
		known   commerce.Known
		want    []string
	}{
		"nothing changed":     {o, a, k, nil},
		"a reminder went out": {o.ReminderSent("m", opens.Add(day)), a, k, nil},
		"other lines":         {amended(t, o, opens, fewer), a, k, []string{"order: changed"}},
		"another contact":     {amended(t, o, opens, func(t *commerce.Terms) { t.Contact = ana }), a, k, []string{"order: changed"}},
		"another partner name": {o, a, knowing(k, func(k *commerce.Known) {
			k.Partners = []commerce.Organization{{ID: "org_n", Name: "Nordlicht d.d.", Country: "SI"}}
		}), []string{"partner_organization: changed"}},
		"another customer name": {o, a, knowing(k, func(k *commerce.Known) {
			k.Customers = []commerce.Organization{{ID: "org_a", Name: "Alpine AG", Country: "AT", Language: "en"}}
		}), []string{"customer_organization: changed"}},
		"access granted meanwhile": {o, a, knowing(k, func(k *commerce.Known) { k.Relation.Access = commerce.AccessGranted }), []string{"customer_organization: changed"}},
		"other answers":            {o, answers(a, func(a *commerce.Answers) { a.CustomerAdmin = "x@alpine.example" }), k, []string{"customer_organization: changed"}},
		"no digest at all":         {o, answers(a, func(a *commerce.Answers) { a.ReviewDigest = "nonsense" }), k, []string{"order: changed", "partner_organization: changed", "customer_organization: changed"}},
		"somebody else's digest":   {o, answers(a, func(a *commerce.Answers) { a.ReviewDigest = "a-b-c-d" }), k, []string{"order: changed", "partner_organization: changed", "customer_organization: changed"}},
	} {
		t.Run(name, func(t *testing.T) {
			err := tc.answers.CheckDigest(tc.order, tc.known)
			if diff := cmp.Diff(tc.want, problems(err)); diff != "" {
				t.Error(diff)
			}
			if (err == nil) != (tc.want == nil) || err != nil && !errors.Is(err, commerce.ErrReviewStale) {
				t.Errorf("CheckDigest = %v", err)
			}
		})
	}
	if len(commerce.ErrReviewStale.Problems) != 0 {
		t.Error("the shared error was written to")
	}
}

// At the last step what was checked before can only have changed since: it is shown for review again, not as a mistake.
func TestCompletingAfterSomethingChanged(t *testing.T) {
	o := invited(t)
	for name, tc := range map[string]struct {
		answers commerce.Answers
		known   commerce.Known
		want    []string
		stale   bool
	}{
		"the partner is not offered any more":    {asPartner(), knowing(known(), func(k *commerce.Known) { k.Partners = nil }), []string{"partner_organization: changed"}, true},
		"the customer is not offered any more":   {asPartner(), knowing(known(), func(k *commerce.Known) { k.Customers = nil }), []string{"customer_organization: changed"}, true},
		"the administrator became another's":     {asNewPartner(), known(), []string{"customer_organization: changed"}, true},
		"the administrator became a partner's":   {asCustomer(), commerce.Known{CustomerAdmin: commerce.Member{Organization: "org_x", Kind: commerce.PartnerKind}}, []string{"customer_organization: changed"}, true},
		"the partner's administrator was taken":  {asNewPartner(), commerce.Known{PartnerAdmin: commerce.Member{Organization: "org_x"}}, []string{"partner_organization: changed"}, true},
		"both are not offered any more":          {asPartner(), commerce.Known{}, []string{"partner_organization: changed", "customer_organization: changed"}, true},
		"an answer is missing, as it always was": {answers(asNewPartner(), func(a *commerce.Answers) { a.PartnerName = "" }), commerce.Known{}, []string{"partner_name: name_missing"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			a := tc.answers
			a.ReviewDigest = "as it was shown"
			err := a.Check(commerce.StepComplete, o, tc.known)
			if diff := cmp.Diff(tc.want, problems(err)); diff != "" {
				t.Error(diff)
			}
			if errors.Is(err, commerce.ErrReviewStale) != tc.stale {
				t.Errorf("Check = %v", err)
			}
		})
	}
}

var fresh = commerce.Fresh{Partner: "org_p", Customer: "org_c", Link: "hash-of-link", Password: "hash-of-password"}

// mapped completes answers at noon of the opening day.
func mapped(t *testing.T, o commerce.Order, a commerce.Answers, k commerce.Known) commerce.Completion {
	t.Helper()
	a.ReviewDigest = a.Digest(o, k)
	if err := a.Check(commerce.StepComplete, o, k); err != nil {
		t.Fatal(err)
	}
	c, err := o.Map(a, k, fresh, opens.Add(5*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestMapping(t *testing.T) {
	unclaimed := commerce.UnclaimedPartner(caller, terms().Partner)
	stranger := func(k *commerce.Known) { k.Contact = commerce.Member{} }
	asKnownCustomer := answers(asPartner(), func(a *commerce.Answers) { a.Role, a.SetUpBy, a.PartnerOrganization = "customer", "", "" })
	for name, tc := range map[string]struct {
		answers           commerce.Answers
		known             commerce.Known
		partner, customer string
		organizations     []string
		members           []commerce.Address
		access            commerce.Access
		relation          commerce.Access // stored; "" for none
		password          commerce.Address
		letters           []string
	}{
		"first order of both": {asNewPartner(), commerce.Known{}, "org_p", "org_c", []string{"org_p", "org_c"}, []commerce.Address{ana, chef},
			commerce.AccessGranted, commerce.AccessGranted, ana, []string{"order_set_up to provisioning", "welcome to ana", "welcome to chef"}},
		"the contact administers the partner": {answers(asNewPartner(), func(a *commerce.Answers) { a.PartnerAdmin = contact }), commerce.Known{}, "org_p", "org_c",
			[]string{"org_p", "org_c"}, []commerce.Address{contact, chef}, commerce.AccessGranted, commerce.AccessGranted, contact,
			[]string{"order_set_up to provisioning", "welcome to chef"}},
		"a known customer is asked (rule 12)": {asPartner(), known(), "org_n", "org_a", nil, nil, commerce.AccessAsked, commerce.AccessAsked, "",
			[]string{"order_set_up to provisioning", "consent to chef"}},
		"a customer that it manages": {asPartner(), knowing(known(), func(k *commerce.Known) { k.Relation.Access = commerce.AccessGranted }), "org_n", "org_a", nil, nil,
			commerce.AccessGranted, "", "", []string{"order_set_up to provisioning", "carry_on to chef"}},
		"no member of the partner (rule 13)": {asPartner(), knowing(known(), stranger), "org_n", "org_a", nil, nil, commerce.AccessAsked, commerce.AccessAsked, "",
			[]string{"order_set_up to provisioning", "consent to chef", "carry_on to ana"}},
		"a new customer alone": {asCustomer(), commerce.Known{}, unclaimed, "org_c", []string{unclaimed, "org_c"}, []commerce.Address{chef}, commerce.AccessNone, "", chef,
			[]string{"order_set_up to provisioning", "welcome to chef"}},
		"a new customer, its partner is known": {asCustomer(), commerce.Known{Partners: []commerce.Organization{nordlicht}}, "org_n", "org_c", []string{"org_c"},
			[]commerce.Address{chef}, commerce.AccessNone, "", chef, []string{"order_set_up to provisioning", "welcome to chef"}},
		"a known customer alone": {asKnownCustomer, known(), "org_n", "org_a", nil, nil, commerce.AccessNone, "", "",
			[]string{"order_set_up to provisioning", "carry_on to chef"}},
		"the index has not seen the administrator yet": {asPartner(), knowing(known(), func(k *commerce.Known) { k.CustomerAdmins = nil }), "org_n", "org_a", nil, nil,
			commerce.AccessAsked, commerce.AccessAsked, "", []string{"order_set_up to provisioning", "consent to chef"}},
	} {
		t.Run(name, func(t *testing.T) {
			o := started(t)
			c := mapped(t, o, tc.answers, tc.known)
			var organizations []string
			for _, org := range c.Organizations {
				organizations = append(organizations, org.ID)
				if org.Version != 1 || org.Order != o.ID || org.CreatedAt.IsZero() || org.Name == "" {
					t.Errorf("organization %+v", org)
				}
			}
			var members []commerce.Address
			for _, m := range c.Members {
				members = append(members, m.Email)
				if m.Version != 1 || m.Password != "" || !slices.Contains(organizations, m.Organization) {
					t.Errorf("member %+v", m)
				}
			}
			var letters []string
			ids := map[string]bool{}
			for _, l := range c.Letters {
				letters = append(letters, fmt.Sprintf("%s to %s", l.Kind, l.To[:slices.Index([]byte(l.To), '@')]))
				ids[l.ID] = true
			}
			if diff := cmp.Diff(tc.letters, letters); diff != "" || len(ids) != len(letters) {
				t.Errorf("letters %v:\n%s", ids, diff)
			}
			if diff := cmp.Diff([]any{tc.organizations, tc.members, tc.relation, tc.password}, []any{organizations, members, c.Relation.Access, c.Password.Member}); diff != "" {
				t.Error(diff)
			}
			m := c.Order.Mapping
			if m.Partner != tc.partner || m.Customer != tc.customer || m.PartnerAccess != tc.access || m.By != contact || m.Link != fresh.Link || m.At.IsZero() {
				t.Errorf("mapping %+v", m)
			}
			if c.Order.Status != commerce.Mapped || c.Order.Version != o.Version+1 || c.Order.Next().Deed != commerce.NoDeed {
				t.Errorf("%s, version %d, next %+v", c.Order.Status, c.Order.Version, c.Order.Next())
			}
			if tc.password != "" && (!c.Password.First || c.Password.Hash != fresh.Password || c.Order.Mapping.Password != fresh.Password) {
				t.Errorf("password %+v", c.Password)
			}
		})
	}
}

func TestConsentSaysWhoAsks(t *testing.T) {
	c := mapped(t, started(t), asPartner(), known())
	l := c.Letters[1]
	if l.Customer != alpine.ID || l.Partner != nordlicht.ID || l.Asker != nordlicht.Name {
		t.Errorf("letter %+v", l)
	}
}

func TestWelcomeSpeaksTheCustomersLanguage(t *testing.T) {
	for _, l := range mapped(t, started(t), asNewPartner(), commerce.Known{}).Letters {
		if want := map[bool]string{true: "en", false: "sl"}[l.To == chef]; l.Locale != want {
			t.Errorf("%s to %s in %s", l.Kind, l.To, l.Locale)
		}
	}
}

// Only the contact has proved to own an address, so a new organization is offered to that domain and no other.
func TestNewOrganizationsBelongToADomain(t *testing.T) {
	for name, tc := range map[string]struct {
		contact, admin, partner, customer string
	}{
		"companies":        {"x@nordlicht.example", "y@alpine.example", "nordlicht.example", "alpine.example"},
		"public providers": {"x@gmail.com", "y@gmx.at", "", ""},
	} {
		o := amended(t, started(t), opens, func(t *commerce.Terms) { t.Contact = commerce.Address(tc.contact) })
		c := mapped(t, o, answers(asNewPartner(), func(a *commerce.Answers) { a.CustomerAdmin = commerce.Address(tc.admin) }), commerce.Known{})
		if c.Organizations[0].Domain != tc.partner || c.Organizations[1].Domain != tc.customer {
			t.Errorf("%s: %q and %q", name, c.Organizations[0].Domain, c.Organizations[1].Domain)
		}
	}
}

// One transaction holds a hundred writes: an organization of thousands must not make an order impossible to complete.
func TestCompletionFitsIntoOneTransaction(t *testing.T) {
	k := known()
	k.Contact = commerce.Member{}
	k.CustomerAdmins, k.PartnerAdmins = nil, nil
	for i := range 500 {
		k.CustomerAdmins = append(k.CustomerAdmins, commerce.Address(fmt.Sprintf("c%d@alpine.example", i)))
		k.PartnerAdmins = append(k.PartnerAdmins, commerce.Address(fmt.Sprintf("p%d@nordlicht.example", i)))
	}
	c := mapped(t, started(t), asPartner(), k)
	if n := 2 + len(c.Organizations) + len(c.Members) + 1 + len(c.Letters) + 1; n > 100 {
		t.Errorf("%d writes", n)
	}
	if c.Letters[1].To != chef {
		t.Errorf("the administrator who was named is not asked first, but %s", c.Letters[1].To)
	}
}

func TestStaleReviewIsNotMapped(t *testing.T) {
	a := asPartner()
	a.ReviewDigest = a.Digest(started(t), known())
	_, err := amended(t, started(t), opens, fewer).Map(a, known(), fresh, opens)
	if !errors.Is(err, commerce.ErrReviewStale) {
		t.Errorf("Map = %v", err)
	}
}

func TestRepeats(t *testing.T) {
	o, a, k := started(t), asNewPartner(), commerce.Known{}
	a.ReviewDigest = a.Digest(o, k)
	c, err := o.Map(a, k, fresh, opens)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		order   commerce.Order
		answers commerce.Answers
		hash    string
		now     time.Time
		want    bool
	}{
		"a double click":     {c.Order, a, fresh.Link, opens, true},
		"at its last tick":   {c.Order, a, fresh.Link, opens.Add(15 * time.Minute), true},
		"later":              {c.Order, a, fresh.Link, opens.Add(15*time.Minute + time.Millisecond), false},
		"other answers":      {c.Order, answers(a, func(a *commerce.Answers) { a.CustomerName = "B" }), fresh.Link, opens, false},
		"over another link":  {c.Order, a, "hash-of-another", opens, false},
		"of no mapped order": {o, a, "", opens, false},
	} {
		if got := tc.order.Repeats(tc.answers, tc.hash, tc.now); got != tc.want {
			t.Errorf("%s: Repeats = %t", name, got)
		}
	}
	if grant := c.Order.FreshPassword("another-hash", opens.Add(time.Minute)); grant.Hash != "another-hash" || grant.Member != ana || !grant.First {
		t.Errorf("fresh password %+v", grant)
	}
}

func TestUnclaimedPartnerIsTheSameForOneCaller(t *testing.T) {
	p := commerce.Party{Name: "Nordlicht", Country: "SI"}
	id := commerce.UnclaimedPartner(caller, p)
	if again := commerce.UnclaimedPartner(caller, commerce.Party{Name: "NORDLICHT", Country: "SI"}); again != id {
		t.Error("the same name in capitals is another partner")
	}
	for name, other := range map[string]string{
		"another caller":  commerce.UnclaimedPartner(caller+"2", p),
		"another country": commerce.UnclaimedPartner(caller, commerce.Party{Name: "Nordlicht", Country: "AT"}),
		"another name":    commerce.UnclaimedPartner(caller, commerce.Party{Name: "Nordlicht 2", Country: "SI"}),
	} {
		if other == id {
			t.Errorf("%s has the same id", name)
		}
	}
}
