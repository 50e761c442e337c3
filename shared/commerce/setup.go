package commerce

import (
	"errors"
	"slices"
	"strings"
)

// Step is a page of part one.
type Step string

const (
	StepStart                Step = "start"
	StepRole                 Step = "role"
	StepWho                  Step = "who"
	StepDelegate             Step = "delegate"
	StepPartnerOrganization  Step = "partner-organization"
	StepCustomerAdmin        Step = "customer-admin"
	StepCustomerOrganization Step = "customer-organization"
	StepReview               Step = "review"
	StepComplete             Step = "complete"
)

// Steps are all of them, in the order in which they come.
var Steps = []Step{
	StepStart, StepRole, StepWho, StepDelegate, StepPartnerOrganization, StepCustomerAdmin, StepCustomerOrganization,
	StepReview, StepComplete,
}

// Values that answers choose from.
const (
	RolePartner  = "partner"
	RoleCustomer = "customer"

	ByMe        = "me"
	ByColleague = "colleague"
	ByCustomer  = "customer"

	NewOrganization          = "new"
	UnrecognisedOrganization = "unrecognised"
)

// Answers are what was filled in so far. Nothing of it is stored before the end. Addresses are folded already; "" is
// what was not filled in or is no address.
type Answers struct {
	Role                 string
	SetUpBy              string
	DelegateEmail        Address
	PartnerOrganization  string // an offered id, new or unrecognised
	PartnerName          string
	PartnerCountry       string
	PartnerAdmin         Address
	PartnerPhone         string
	CustomerAdmin        Address
	CustomerOrganization string // an offered id or new
	CustomerName         string
	CustomerCountry      string
	CustomerLanguage     string
	ReviewDigest         string
}

// Known is what is stored about the addresses and organizations that the answers name. Which parts are looked up
// depends on the step; a part not looked up is empty.
type Known struct {
	Contact        Member         // the contact, where a member
	Partners       []Organization // offered to the contact
	PartnerAdmin   Member         // the address that should administer a new partner organization, where a member
	PartnerAdmins  []Address      // of the partner organization that was chosen
	CustomerAdmin  Member         // the customer's administrator, where a member
	Customers      []Organization // offered for the customer's administrator
	CustomerAdmins []Address      // of the customer organization that was chosen
	Relation       Relation       // between the two that were chosen
}

// Path is the steps that these answers lead through, as far as they say.
func (a Answers) Path() []Step {
	switch {
	case a.Role == RoleCustomer:
		return []Step{StepStart, StepRole, StepCustomerAdmin, StepCustomerOrganization, StepReview, StepComplete}
	case a.Role == RolePartner && (a.SetUpBy == ByColleague || a.SetUpBy == ByCustomer):
		return []Step{StepStart, StepRole, StepWho, StepDelegate}
	case a.Role == RolePartner && a.SetUpBy == ByMe:
		return []Step{StepStart, StepRole, StepWho, StepPartnerOrganization, StepCustomerAdmin, StepCustomerOrganization, StepReview, StepComplete}
	case a.Role == RolePartner:
		return []Step{StepStart, StepRole, StepWho}
	}
	return []Step{StepStart, StepRole}
}

// After is the step that follows s on the path of these answers, "" after the last.
func (a Answers) After(s Step) Step {
	path := a.Path()
	if i := slices.Index(path, s); i >= 0 && i+1 < len(path) {
		return path[i+1]
	}
	return ""
}

// Before is the step that comes before s on the path, "" before the first.
func (a Answers) Before(s Step) Step {
	path := a.Path()
	if i := slices.Index(path, s); i > 0 {
		return path[i-1]
	}
	return ""
}

// Number is which of the four parts of the wizard a step belongs to: your role, partner organization, customer
// organization, review.
func (s Step) Number() int {
	switch s {
	case StepPartnerOrganization:
		return 2
	case StepCustomerAdmin, StepCustomerOrganization:
		return 3
	case StepReview, StepComplete:
		return 4
	}
	return 1
}

// IsStep reports whether there is such a step.
func IsStep(s Step) bool { return slices.Contains(Steps, s) }

// reaches reports whether step s comes at or after t.
func (s Step) reaches(t Step) bool { return slices.Index(Steps, s) >= slices.Index(Steps, t) }

// Check refuses answers that do not lead to step or break a rule on the way there: a skipped step shows as its missing
// answers, an answer that is not asked on this path is refused, and so is an offer that is no longer made. For
// StepComplete, where everything was checked before, what only changed since is ErrReviewStale.
func (a Answers) Check(step Step, o Order, k Known) error {
	err := a.check(step, o, k)
	if step == StepComplete {
		return stale(err)
	}
	return err
}

func (a Answers) check(step Step, o Order, k Known) error {
	var c Check
	asked := func(s Step) bool { return step.reaches(s) && slices.Contains(a.Path(), s) }

	if step.reaches(StepRole) {
		c.choice(a.Role == RolePartner || a.Role == RoleCustomer, a.Role, "role", "role", "Select your role.")
		c.That(!o.Handover || a.Role != RolePartner, "role", "role_fixed", "The partner handed this order to the customer. Select: I'm a customer.")
	}
	passes := a.SetUpBy == ByColleague || a.SetUpBy == ByCustomer
	switch {
	case asked(StepWho):
		c.choice(a.SetUpBy == ByMe || passes, a.SetUpBy, "set_up_by", "set_up_by", "Select who will set up.")
	case step.reaches(StepWho) && a.Role == RoleCustomer:
		c.That(a.SetUpBy == "", "set_up_by", "not_asked", "A customer is not asked this.")
	}
	if step == StepDelegate && asked(StepDelegate) {
		c.That(a.DelegateEmail != "", "delegate_email", "address_malformed", addressHelp)
	} else if step.reaches(StepPartnerOrganization) {
		c.That(a.DelegateEmail == "", "delegate_email", "not_asked", "This is asked only when somebody else sets up.")
		c.That(!passes, "set_up_by", "passed_on", "The person you pass the link on to answers this.")
	}
	switch {
	case asked(StepPartnerOrganization):
		a.checkPartner(&c, step, k)
	case step.reaches(StepPartnerOrganization) && a.Role == RoleCustomer:
		c.That(a.PartnerOrganization == "" && a.PartnerName == "" && a.PartnerCountry == "" && a.PartnerAdmin == "" && a.PartnerPhone == "",
			"partner_organization", "not_asked", "A customer is not asked this.")
	}
	if asked(StepCustomerAdmin) {
		c.That(a.CustomerAdmin != "", "customer_admin_email", "address_malformed", addressHelp)
		c.That(a.CustomerAdmin == "" || a.PartnerOrganization != NewOrganization || a.CustomerAdmin != a.PartnerAdmin,
			"customer_admin_email", "address_twice", ErrAddressTaken.Detail)
	}
	if asked(StepCustomerOrganization) {
		a.checkCustomer(&c, k)
	}
	if asked(StepComplete) {
		c.That(a.ReviewDigest != "", "review_digest", "review_missing", "Review the details first.")
	}
	if field := "set_up_by"; c.Err() == nil {
		if a.Role == RoleCustomer {
			field = "role"
		}
		c.That(slices.Contains(a.Path(), step), field, "step_not_asked", "This step is not asked after these answers.")
	}
	if err := c.Err(); err != nil {
		return err
	}
	return a.checkAddresses(step, k)
}

func (a Answers) checkPartner(c *Check, step Step, k Known) {
	if a.PartnerOrganization == NewOrganization {
		if c.That(strings.TrimSpace(a.PartnerName) != "", "partner_name", "name_missing", "Enter the organization name.") {
			c.That(isText(a.PartnerName, maxName), "partner_name", "name_malformed", "Use up to 120 characters on one line.")
		}
		c.choice(IsCountry(a.PartnerCountry), a.PartnerCountry, "partner_country", "country", "Select a country or region.")
		c.That(a.PartnerAdmin != "", "partner_admin_email", "address_malformed", addressHelp)
		c.That(a.PartnerPhone == "" || isPhone(a.PartnerPhone), "partner_phone", "phone_malformed", "Enter a phone number with its country code, like +386 1 234 56 78.")
		return
	}
	c.That(a.PartnerName == "" && a.PartnerCountry == "" && a.PartnerAdmin == "" && a.PartnerPhone == "",
		"partner_organization", "details_of_existing", "These details are asked only for a new organization.")
	if a.PartnerOrganization == UnrecognisedOrganization {
		c.That(len(k.Partners) > 0, "partner_organization", "not_offered", "No organization was offered.")
		c.That(step == StepPartnerOrganization, "partner_organization", "not_recognised", "You do not recognise the organization: do not continue.")
		return
	}
	if c.That(a.PartnerOrganization != "", "partner_organization", "organization_missing", "Select your organization.") {
		c.That(offered(k.Partners, a.PartnerOrganization), "partner_organization", "not_offered", "This organization is not offered for your address.")
	}
}

func (a Answers) checkCustomer(c *Check, k Known) {
	if a.CustomerOrganization == NewOrganization {
		if c.That(strings.TrimSpace(a.CustomerName) != "", "customer_name", "name_missing", "Enter the organization name.") {
			c.That(isText(a.CustomerName, maxName), "customer_name", "name_malformed", "Use up to 120 characters on one line.")
		}
		c.choice(IsCountry(a.CustomerCountry), a.CustomerCountry, "customer_country", "country", "Select a country or region.")
		c.choice(slices.Contains(Locales, a.CustomerLanguage), a.CustomerLanguage, "customer_language", "language", "Select a language.")
		c.That(k.CustomerAdmin.Organization == "", "customer_organization", "administrator_is_member",
			"The administrator belongs to the organization that is offered. Choose it, or enter a different administrator.")
		return
	}
	c.That(a.CustomerName == "" && a.CustomerCountry == "" && a.CustomerLanguage == "",
		"customer_organization", "details_of_existing", "These details are asked only for a new organization.")
	if c.That(a.CustomerOrganization != "", "customer_organization", "organization_missing", "Select the customer's organization.") {
		c.That(offered(k.Customers, a.CustomerOrganization), "customer_organization", "not_offered", "This organization is not offered for this administrator.")
	}
}

// checkAddresses holds the rule of one address, one organization. It names the field and nobody else (rule 5).
func (a Answers) checkAddresses(step Step, k Known) error {
	taken := func(field string) error {
		e := *ErrAddressTaken
		e.Problems = []Problem{{Field: field, Code: e.Code, Detail: e.Detail}}
		return &e
	}
	if step.reaches(StepPartnerOrganization) && a.PartnerOrganization == NewOrganization && k.PartnerAdmin.Organization != "" {
		return taken("partner_admin_email")
	}
	if step.reaches(StepCustomerAdmin) && k.CustomerAdmin.Organization != "" && k.CustomerAdmin.Kind != CustomerKind {
		return taken("customer_admin_email")
	}
	return nil
}

// stale turns an error of which every problem comes from what is stored, not from what was sent, into ErrReviewStale
// with the parts that changed.
func stale(err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return err
	}
	s := *ErrReviewStale
	for _, p := range e.Problems {
		switch p.Code {
		case "not_offered", "administrator_is_member", ErrAddressTaken.Code:
			part, _, _ := strings.Cut(p.Field, "_")
			changed := Problem{Field: part + "_organization", Code: "changed", Detail: changedHelp}
			if !slices.Contains(s.Problems, changed) {
				s.Problems = append(s.Problems, changed)
			}
		default:
			return err
		}
	}
	return &s
}

const changedHelp = "This changed since you reviewed it."

func offered(offers []Organization, id string) bool {
	_, ok := pick(offers, id)
	return ok
}

func pick(offers []Organization, id string) (Organization, bool) {
	i := slices.IndexFunc(offers, func(o Organization) bool { return o.ID == id })
	if i < 0 {
		return Organization{}, false
	}
	return offers[i], true
}

// isPhone accepts E.164 with the spaces, hyphens, dots and brackets that people write.
func isPhone(s string) bool {
	digits := 0
	for i, r := range s {
		switch {
		case '0' <= r && r <= '9':
			digits++
		case r == '+' && i == 0, strings.ContainsRune(" -./()", r):
		default:
			return false
		}
	}
	return digits >= 6 && digits <= 15 && len(s) <= 30
}
