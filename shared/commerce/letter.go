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
	LetterActive             LetterKind = "active"
	LetterProvisioningFailed LetterKind = "provisioning_failed"

	// To the account representative.
	LetterRepNotStarted         LetterKind = "rep_not_started"
	LetterRepBounced            LetterKind = "rep_bounced"
	LetterRepComplained         LetterKind = "rep_complained"
	LetterRepUnrecognised       LetterKind = "rep_unrecognised"
	LetterRepProvisioningFailed LetterKind = "rep_provisioning_failed"
)

// Letter is a letter in the queue. ID is derived from what makes it necessary, so that the same reason queues it once, and
// made of letters, digits, - and _, which the mail service carries.
type Letter struct {
	ID       string
	Kind     LetterKind
	To       Address
	Locale   string
	Order    string // "" for letters that belong to no order
	Customer string // consent: the organization that is asked
	Partner  string // consent: the organization that would get in
	Asker    string // consent: its name
	Reason   string
	QueuedAt time.Time
	Tries    int
}

// ResetLetter is a letter with a link to choose a new password. An address has one at a time.
func ResetLetter(to Address, locale string, now time.Time) Letter {
	return Letter{ID: string(LetterPasswordReset) + "-" + to.tag(), Kind: LetterPasswordReset, To: to, Locale: locale, QueuedAt: now}
}

// letter addresses a letter of this order to somebody.
func (o Order) letter(kind LetterKind, to Address, now time.Time) Letter {
	return Letter{ID: o.ID + "-" + string(kind) + "-" + to.tag(), Kind: kind, To: to, Locale: o.Locale, Order: o.ID, QueuedAt: now}
}
