package commerce

import (
	"fmt"
	"strings"
	"time"
)

// Kind says what sort of mistake an Error is. The edge turns it into a status, once.
type Kind int

const (
	KindInvalid       Kind = iota // what was sent breaks a rule
	KindUnprocessable             // well formed, yet contradicts what was sent before
	KindUnauthorized              // who is asking is not known
	KindForbidden                 // who is asking is known, and may not
	KindNotFound                  // there is no such thing, or not for this asker
	KindConflict                  // the thing is not in a state that allows it
	KindGone                      // a link that worked once and does not any more
	KindPrecondition              // somebody else changed it first
	KindMissing                   // a precondition that must be sent was not
	KindTooMany                   // too many tries; wait
)

// Error is a mistake that the asker can mend. Code is stable and part of the contract; Detail says what to do next.
// Problems name every bad field of a KindInvalid error at once.
type Error struct {
	Kind     Kind
	Code     string
	Detail   string
	Existing string // the id of what is already there, where that is the reason
	Problems []Problem

	Wait        time.Duration // KindTooMany: how long
	Suggestions []string      // what would be free in place of what is taken
}

// Problem is one bad field: Field is its path ("lines/1/quantity"), Code is stable, Detail is for people.
type Problem struct {
	Field, Code, Detail string
}

func (e *Error) Error() string {
	if len(e.Problems) == 0 {
		return e.Code + ": " + e.Detail
	}
	var b strings.Builder
	b.WriteString(e.Code)
	for _, p := range e.Problems {
		fmt.Fprintf(&b, "; %s: %s", p.Field, p.Code)
	}
	return b.String()
}

// Is reports whether target is an Error of the same code, so that errors.Is works on copies with another detail.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// Check collects the problems of an input so that all of them can be answered at once.
type Check struct {
	problems []Problem
}

// That notes a problem at field unless ok.
func (c *Check) That(ok bool, field, code, detail string) bool {
	if !ok {
		c.problems = append(c.problems, Problem{Field: field, Code: code, Detail: detail})
	}
	return ok
}

// choice notes at field a value that has to be one of several and is not: name with _missing where it was left out, with
// _unknown where it is another.
func (c *Check) choice(ok bool, value, field, name, detail string) {
	code := name + "_unknown"
	if value == "" {
		code = name + "_missing"
	}
	c.That(ok, field, code, detail)
}

// Err is nil when nothing was noted, else one KindInvalid *Error that names everything.
func (c *Check) Err() error {
	if len(c.problems) == 0 {
		return nil
	}
	return &Error{Kind: KindInvalid, Code: "invalid", Detail: "Some fields need another value.", Problems: c.problems}
}

// Invalid is the error of a single bad field.
func Invalid(field, code, detail string) *Error {
	return &Error{
		Kind: KindInvalid, Code: "invalid", Detail: detail,
		Problems: []Problem{{Field: field, Code: code, Detail: detail}},
	}
}

// The errors that more than one place answers with.
var (
	ErrOrderUnknown     = &Error{Kind: KindNotFound, Code: "order_unknown", Detail: "There is no such order."}
	ErrOrderChanged     = &Error{Kind: KindPrecondition, Code: "order_changed", Detail: "The order changed meanwhile. Read it again and repeat."}
	ErrKeyReused        = &Error{Kind: KindUnprocessable, Code: "idempotency_key_reused", Detail: "This Idempotency-Key was used with another body. Use a new key for a new order."}
	ErrReferenceTaken   = &Error{Kind: KindConflict, Code: "external_ref_taken", Detail: "An order with this external_ref exists; `existing` is its id. Read that one, or send another reference."}
	ErrAlreadyMapped    = &Error{Kind: KindConflict, Code: "order_already_set_up", Detail: "The order is set up already; this can no longer be changed. Services that run have quantities to change, and are suspended or terminated."}
	ErrOrderCancelled   = &Error{Kind: KindConflict, Code: "order_is_cancelled", Detail: "The order is cancelled. Place a new one."}
	ErrTimelineFull     = &Error{Kind: KindConflict, Code: "changed_too_often", Detail: "The order was changed too often to be changed again. Ask your account representative."}
	ErrNotClosed        = &Error{Kind: KindConflict, Code: "order_not_closed", Detail: "Only a closed order can be reopened."}
	ErrOrderIsClosed    = &Error{Kind: KindConflict, Code: "order_is_closed", Detail: "The order is closed. Reopen it first."}
	ErrNotInvited       = &Error{Kind: KindConflict, Code: "order_not_invited", Detail: "No letter has been sent yet; it goes out on the start date."}
	ErrTokenUnknown     = &Error{Kind: KindNotFound, Code: "link_unknown", Detail: "This link is not known. Check that you copied all of it from the email."}
	ErrTokenUsed        = &Error{Kind: KindGone, Code: "link_used", Detail: "This order is set up already. Sign in to carry on."}
	ErrTokenReplaced    = &Error{Kind: KindGone, Code: "link_replaced", Detail: "This link was replaced by a newer one. Look for the newest email."}
	ErrTokenExpired     = &Error{Kind: KindGone, Code: "link_expired", Detail: "This link has expired. Ask your account representative for a new one."}
	ErrLinkCancelled    = &Error{Kind: KindGone, Code: "link_cancelled", Detail: "The order of this link was cancelled. Ask your account representative."}
	ErrLinkClosed       = &Error{Kind: KindGone, Code: "link_closed", Detail: "The order of this link was closed because it was not set up in time. Ask your account representative to reopen it."}
	ErrPasswordLinkUsed = &Error{Kind: KindGone, Code: "link_used", Detail: "This link has been used. Sign in, or ask for a new one."}
	ErrPasswordLinkOver = &Error{Kind: KindGone, Code: "link_expired", Detail: "This link has expired. Ask for a new one."}
	ErrAnswered         = &Error{Kind: KindGone, Code: "link_used", Detail: "This request has been answered. Sign in, and see Your organization."}
	ErrRequestOver      = &Error{Kind: KindGone, Code: "link_expired", Detail: "This request has expired."}
	ErrSignedOut        = &Error{Kind: KindUnauthorized, Code: "signed_out", Detail: "Sign in first."}
	ErrWrongPassword    = &Error{Kind: KindUnauthorized, Code: "wrong_password", Detail: "The email address or the password is not right."}
	ErrNoAccess         = &Error{Kind: KindForbidden, Code: "no_access", Detail: "Your organization has no access to the customer's organization. Ask the customer's administrator for it."}
	ErrNotBought        = &Error{Kind: KindNotFound, Code: "task_unknown", Detail: "The services of this order do not need this."}
	ErrNotMapped        = &Error{Kind: KindConflict, Code: "order_not_set_up", Detail: "The order is not set up yet. Open the link in the email first."}
	ErrTasksOpen        = &Error{Kind: KindConflict, Code: "tasks_open", Detail: "Complete every task before you provision."}
	ErrProvisioning     = &Error{Kind: KindConflict, Code: "order_provisioning", Detail: "The services are being set up or run already; settings can no longer be changed here."}
	ErrAddressTaken     = &Error{Kind: KindConflict, Code: "address_taken", Detail: "This address already belongs to another organization. Enter a different address."}
	ErrSubdomainTaken   = &Error{Kind: KindConflict, Code: "subdomain_taken", Detail: "This subdomain is taken. Choose another one."}
	ErrReviewStale      = &Error{Kind: KindConflict, Code: "review_stale", Detail: "Something changed since you reviewed it. Review it again."}
	ErrVersionMissing   = &Error{Kind: KindMissing, Code: "if_match_missing", Detail: "Send If-Match with the ETag of the order you read."}
	ErrTooManyLooks     = &Error{Kind: KindTooMany, Code: "too_many_lookups", Detail: "With this link too many different addresses were looked up in a short time. Wait an hour, then try again."}
	ErrLooksOver        = &Error{Kind: KindTooMany, Code: "lookups_over", Detail: "With this link too many different addresses were looked up. Ask your account representative for a new one."}
	ErrOnHold           = &Error{Kind: KindConflict, Code: "order_on_hold", Detail: "This order is on hold. Contact your account representative."}
	ErrNotHoldable      = &Error{Kind: KindConflict, Code: "order_not_holdable", Detail: "Only an order that is not provisioned yet and not over can be held."}
	ErrNotHeld          = &Error{Kind: KindConflict, Code: "order_not_on_hold", Detail: "The order is not on hold."}
	ErrChangeInFlight   = &Error{Kind: KindConflict, Code: "change_in_flight", Detail: "Another change of the services is being made. Wait until it is done."}
	ErrNotActive        = &Error{Kind: KindConflict, Code: "order_not_active", Detail: "The services of this order do not run yet. Provision them first."}
	ErrSuspended        = &Error{Kind: KindConflict, Code: "order_is_suspended", Detail: "The services are suspended. Resume them first."}
	ErrNotSuspended     = &Error{Kind: KindConflict, Code: "order_not_suspended", Detail: "The services are not suspended."}
	ErrEnded            = &Error{Kind: KindConflict, Code: "order_is_ended", Detail: "The order is over; its services were removed."}
	ErrNothingToRetry   = &Error{Kind: KindConflict, Code: "nothing_to_retry", Detail: "Nothing waits to be tried again."}
	ErrNothingToHandle  = &Error{Kind: KindConflict, Code: "nothing_to_handle", Detail: "This order needs nobody now."}
	ErrOperatorLink     = &Error{Kind: KindGone, Code: "operator_link_over", Detail: "This link has been used or has expired. Ask for a new one."}
	ErrEventUnknown     = &Error{Kind: KindNotFound, Code: "event_unknown", Detail: "The order has no such event."}
	ErrEventsOff        = &Error{Kind: KindConflict, Code: "events_off", Detail: "No address is configured that events are sent to."}
	ErrTooManyDelegate  = &Error{Kind: KindConflict, Code: "too_many_delegations", Detail: "The link was passed on five times already. Ask your account representative."}
)
