package mail

import "dayone/shared/commerce"

// kind is what a letter is made of. Paragraphs are keys of the texts: one that starts with "." is the kind's own ("letters.setup.body"), any
// other is shared ("letters.leave"). Facts are rows of a table, by the names that writer.fact knows. What needs a value that the letter does
// not have is left out.
type kind struct {
	before []string // paragraphs above the facts
	facts  []string
	button string // "" for letters that open nothing
	after  []string
	bare   bool // may come without a link, then without its button
}

// kindOf is the make-up of every kind there is.
func kindOf(k commerce.LetterKind) (kind, bool) {
	var (
		order = []string{"order_number", "customer", "start_date", "subscription", "services"}
		setup = []string{"valid", "leave", "escalates", "code"}
		told  = []string{"order_number", "customer", "partner", "start_date", "provisioning_contact"}
	)
	switch k {
	case commerce.LetterSetup:
		return kind{before: []string{".body"}, facts: order, button: "set_up", after: setup}, true
	case commerce.LetterDelegated:
		return kind{before: []string{".body", ".replaces"}, facts: order, button: "set_up", after: setup}, true
	case commerce.LetterHandedOver:
		return kind{before: []string{".body", ".access"}, facts: append(order, "partner"), button: "set_up", after: setup}, true
	case commerce.LetterReminder:
		return kind{before: []string{".body"}, facts: order, button: "set_up", after: setup}, true
	case commerce.LetterClosingSoon:
		return kind{before: []string{".body"}, facts: order, button: "set_up", after: []string{"leave", "code"}}, true
	case commerce.LetterClosed, commerce.LetterReplaced:
		return kind{before: []string{".body", ".next"}, facts: append(order, "account_representative")}, true
	case commerce.LetterOrderSetUp:
		return kind{before: []string{".body", ".next"}, facts: order, button: "sign_in", bare: true}, true
	case commerce.LetterWelcome:
		return kind{before: []string{".body", "partner_access"}, facts: append(order, "partner"), button: "create_password", after: []string{"once"}}, true
	case commerce.LetterCarryOn:
		return kind{before: []string{".body", ".told", ".next", ".invite"}, facts: append(order, "by"), button: "sign_in"}, true
	case commerce.LetterConsent:
		return kind{before: []string{".body", ".yes"}, facts: []string{"partner", "customer", "order_number", "start_date"}, button: "review_request", after: []string{".ignore", "once"}}, true
	case commerce.LetterInvitation:
		return kind{before: []string{".body"}, button: "create_password", after: []string{".ignore", "once"}}, true
	case commerce.LetterRemoved, commerce.LetterAccessRefused, commerce.LetterAccessTaken:
		return kind{before: []string{".body", ".next"}}, true
	case commerce.LetterAccessGranted:
		return kind{before: []string{".body", ".next"}, button: "sign_in"}, true
	case commerce.LetterAccessChanged:
		return kind{before: []string{".granted", ".refused", ".taken", ".next"}, button: "open_organization"}, true
	case commerce.LetterOperator:
		return kind{before: []string{".body"}, button: "open_console", after: []string{".ignore", "once"}}, true
	case commerce.LetterPasswordReset:
		return kind{before: []string{".body"}, button: "create_password", after: []string{".ignore", "once"}}, true
	case commerce.LetterActive:
		return kind{before: []string{".body"}, facts: append(order, "billed_from", "first_charges"), button: "see_services", bare: true}, true
	case commerce.LetterProvisioningFailed:
		return kind{before: []string{".body", ".next"}, facts: append(order, "reason"), button: "try_again"}, true
	case commerce.LetterRepNotStarted, commerce.LetterRepUnrecognised, commerce.LetterRepComplained:
		return kind{before: []string{"hello", ".body", ".next"}, facts: append(told, "closes"), button: "open_order", bare: true}, true
	case commerce.LetterRepBounced, commerce.LetterRepProvisioningFailed, commerce.LetterRepStuck, commerce.LetterRepChangeRefused:
		return kind{before: []string{"hello", ".body", ".next"}, facts: append(told, "reason"), button: "open_order", bare: true}, true
	}
	return kind{}, false
}
