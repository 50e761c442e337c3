package commerce

import "time"

// LetterKind says what a letter is about. The words of each are in the languages' texts.
type LetterKind string

const (
	// With a setup link; owed by the order itself.
	LetterSetup       LetterKind = "setup"
	LetterDelegated   LetterKind = "delegated"   // to a colleague who carries on
	LetterHandedOver  LetterKind = "handed_over" // to the customer who sets up
	LetterReminder    LetterKind = "reminder"
	LetterClosingSoon LetterKind = "closing_soon"

	// Without one; queued in the transaction that makes them necessary.
	LetterClosed             LetterKind = "closed"
	LetterReplaced           LetterKind = "replaced" // to the old contact
	LetterOrderSetUp         LetterKind = "order_set_up"
	LetterWelcome            LetterKind = "welcome"  // a new administrator chooses a password
	LetterCarryOn            LetterKind = "carry_on" // rule 13
	LetterConsent            LetterKind = "consent"  // rule 12
	LetterPasswordReset      LetterKind = "password_reset"
	LetterInvitation         LetterKind = "invitation" // a colleague chooses a password
	LetterRemoved            LetterKind = "removed"
	LetterAccessGranted      LetterKind = "access_granted" // to the partner's administrators
	LetterAccessRefused      LetterKind = "access_refused"
	LetterAccessTaken        LetterKind = "access_taken"
	LetterAccessChanged      LetterKind = "access_changed" // to the customer's other administrators
	LetterActive             LetterKind = "active"
	LetterProvisioningFailed LetterKind = "provisioning_failed"

	// To an operator.
	LetterOperator LetterKind = "operator_sign_in" // a link to the console

	// To the account representative.
	LetterRepNotStarted         LetterKind = "rep_not_started"
	LetterRepBounced            LetterKind = "rep_bounced"
	LetterRepComplained         LetterKind = "rep_complained"
	LetterRepUnrecognised       LetterKind = "rep_unrecognised"
	LetterRepProvisioningFailed LetterKind = "rep_provisioning_failed"
	LetterRepStuck              LetterKind = "rep_stuck" // the service platform does not come to an end
	LetterRepChangeRefused      LetterKind = "rep_change_refused"
)

// Letter is a letter in the queue. ID is derived from what makes it necessary, so that the same reason queues it once, and
// made of letters, digits, - and _, which the mail service carries.
type Letter struct {
	ID       string
	Kind     LetterKind
	To       Address
	Locale   string
	Order    string // "" for letters that belong to no order
	Customer string // consent, access: the organization that is asked; invitation: the one that asks in
	Partner  string // consent, access: the organization that would get in
	Asker    string // consent, access: its name

	Organization string  // invitation, removed, access: the name of whose administrator acted
	By           Address // the administrator who acted
	Access       Access  // access: what the partner has now

	Reason   string
	QueuedAt time.Time
	Tries    int
}

// ResetLetter is a letter with a link to choose a new password. An address has one at a time.
func ResetLetter(to Address, locale string, now time.Time) Letter {
	return Letter{ID: string(LetterPasswordReset) + "-" + to.tag(), Kind: LetterPasswordReset, To: to, Locale: locale, QueuedAt: now}
}

// OperatorLetter is a letter with a link that signs an operator in. An address has one at a time.
func OperatorLetter(to Address, locale string, now time.Time) Letter {
	return Letter{ID: string(LetterOperator) + "-" + to.tag(), Kind: LetterOperator, To: to, Locale: locale, QueuedAt: now}
}

// letter addresses a letter of this order to somebody.
func (o Order) letter(kind LetterKind, to Address, now time.Time) Letter {
	return Letter{ID: o.ID + "-" + string(kind) + "-" + to.tag(), Kind: kind, To: to, Locale: o.Locale, Order: o.ID, QueuedAt: now}
}
