package letters

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"dayone/shared/commerce"
	"dayone/shared/mail"
	"dayone/shared/store"
)

// deliver sends a letter of the queue and takes it out.
func (p post) deliver(ctx context.Context, c store.Claimed) error {
	queued := *c.Letter
	l, err := p.compose(ctx, queued)
	if errors.Is(err, errMoot) {
		return p.store.LetterRefused(ctx, c, errMoot.Error(), p.now)
	}
	if err != nil {
		return err
	}
	message, err := p.send(ctx, l, queued.Order, queued.ID, "")
	switch {
	case errors.Is(err, mail.ErrRefused):
		return p.store.LetterRefused(ctx, c, err.Error(), p.now)
	case err != nil:
		return err
	}
	return p.store.LetterSent(ctx, c, message, p.now)
}

// errMoot is why a letter is not sent that stopped making sense while it waited.
var errMoot = errors.New("it stopped making sense")

// compose looks up what a queued letter says and mints the secret that it carries.
func (p post) compose(ctx context.Context, queued commerce.Letter) (mail.Letter, error) {
	l := mail.Letter{Kind: queued.Kind, To: queued.To, Language: queued.Locale, Reason: queued.Reason, Organization: queued.Organization, By: queued.By,
		Access: queued.Access}
	var o commerce.Order
	if queued.Order != "" {
		var err error
		if o, err = p.store.Order(ctx, queued.Order); err != nil {
			return l, fmt.Errorf("letter %s: %w", queued.ID, err)
		}
		l.Order = mail.OrderOf(o)
		l.Representative, l.Contact, l.By = o.Representative, o.Contact, o.Mapping.By
		if closes := o.ClosesAt(); !closes.IsZero() {
			l.Until = o.LocalDate(closes)
		}
	}
	var err error
	switch queued.Kind {
	case commerce.LetterOrderSetUp, commerce.LetterProvisioningFailed, commerce.LetterActive, commerce.LetterCarryOn:
		l, err = p.ofOrder(ctx, l, o)
	case commerce.LetterWelcome, commerce.LetterPasswordReset, commerce.LetterInvitation, commerce.LetterOperator, commerce.LetterConsent:
		l, err = p.withSecret(ctx, l, o, queued)
	case commerce.LetterAccessGranted, commerce.LetterAccessChanged, commerce.LetterAccessRefused, commerce.LetterAccessTaken:
		l, err = p.ofAccess(ctx, l, queued)
	}
	if err != nil {
		return l, fmt.Errorf("letter %s: %w", queued.ID, err)
	}
	return l, nil
}

// ofOrder adds to a letter what it says of an order to those who can sign in.
func (p post) ofOrder(ctx context.Context, l mail.Letter, o commerce.Order) (mail.Letter, error) {
	l.Link = mail.LinkTo(p.base + "/services/" + o.ID)
	switch l.Kind {
	case commerce.LetterActive:
		l.BilledFrom = o.LocalDate(o.BilledAt)
		l.FirstCharges.Amount, l.FirstCharges.Currency = o.FirstCharges()
	case commerce.LetterCarryOn:
		own, err := p.organizationOf(ctx, l.To)
		if err != nil {
			return l, err
		}
		l.Organization, l.Customer = own.Name, own.ID == o.Mapping.Customer
	}
	return l, nil
}

// withSecret adds to a letter the single-use link that it is for.
func (p post) withSecret(ctx context.Context, l mail.Letter, o commerce.Order, queued commerce.Letter) (mail.Letter, error) {
	var err error
	switch queued.Kind {
	case commerce.LetterWelcome:
		l.PartnerAccess = o.Mapping.PartnerAccess == commerce.AccessGranted
		var own commerce.Organization
		if own, err = p.organizationOf(ctx, queued.To); err == nil && own.ID == "" {
			err = errMoot // they were removed
		}
		if err == nil {
			l.Organization = own.Name
			l.Link, l.Valid, err = p.secret(ctx, "/password#", commerce.Grant{Kind: commerce.PasswordToken, Member: queued.To, MemberOf: own.ID,
				Order: o.ID, First: true}, commerce.PasswordTokenFor)
		}
	case commerce.LetterPasswordReset:
		l.Link, l.Valid, err = p.secret(ctx, "/password#", commerce.Grant{Kind: commerce.PasswordToken, Member: queued.To}, commerce.ResetTokenFor)
	case commerce.LetterInvitation:
		if err = p.stillInvited(ctx, queued); err == nil {
			l.Link, l.Valid, err = p.secret(ctx, "/password#", commerce.Grant{Kind: commerce.PasswordToken, Member: queued.To,
				MemberOf: queued.Customer, First: true}, commerce.InvitationFor)
		}
	case commerce.LetterOperator:
		l.Link, l.Valid, err = p.secret(ctx, "/console/open#", commerce.Grant{Kind: commerce.OperatorToken, Member: queued.To}, commerce.OperatorTokenFor)
	case commerce.LetterConsent:
		l.Order.Partner = queued.Asker
		var customer commerce.Organization
		if customer, err = p.store.Organization(ctx, queued.Customer); err == nil {
			l.Organization = customer.Name
			l.Link, l.Valid, err = p.secret(ctx, "/access#", commerce.Grant{Kind: commerce.AccessToken, Member: queued.To, Order: o.ID,
				Customer: queued.Customer, Partner: queued.Partner}, commerce.AccessTokenFor)
		}
	}
	return l, err
}

// ofAccess adds to a letter what it says of a partner's access to a customer.
func (p post) ofAccess(ctx context.Context, l mail.Letter, queued commerce.Letter) (mail.Letter, error) {
	l.Order.Partner = queued.Asker
	switch queued.Kind {
	case commerce.LetterAccessGranted:
		l.Link = mail.LinkTo(p.base + "/services")
	case commerce.LetterAccessChanged:
		l.Link = mail.LinkTo(p.base + "/organization")
	}
	return l, p.stillSo(ctx, queued)
}

// stillInvited refuses an invitation of somebody who was removed, or has chosen a password, since.
func (p post) stillInvited(ctx context.Context, queued commerce.Letter) error {
	m, _, err := p.store.Member(ctx, queued.To)
	if err == nil && (m.Organization != queued.Customer || m.Password != "") {
		err = errMoot
	}
	return err
}

// stillSo refuses to tell of access that changed again since, or somebody who left.
func (p post) stillSo(ctx context.Context, queued commerce.Letter) error {
	m, _, err := p.store.Member(ctx, queued.To)
	if err != nil {
		return err
	}
	r, err := p.store.Relation(ctx, queued.Customer, queued.Partner)
	if err == nil && (r.Access != queued.Access || m.Organization != queued.Customer && m.Organization != queued.Partner) {
		err = errMoot
	}
	return err
}

// organizationOf is the organization that an administrator belongs to, or none.
func (p post) organizationOf(ctx context.Context, who commerce.Address) (commerce.Organization, error) {
	m, found, err := p.store.Member(ctx, who)
	if err != nil || !found {
		return commerce.Organization{}, err
	}
	return p.store.Organization(ctx, m.Organization)
}

// secret mints the token of a single-use link, stores what it opens and answers the link.
func (p post) secret(ctx context.Context, path string, g commerce.Grant, valid time.Duration) (mail.Link, time.Duration, error) {
	token, err := commerce.MintToken(g.Kind, rand.Reader)
	if err != nil {
		return mail.Link{}, 0, err
	}
	g.Hash, g.IssuedAt, g.ExpiresAt = token.Hash(), p.now, p.now.Add(valid)
	return mail.LinkTo(p.base + path + token.Reveal()), valid, p.store.Issue(ctx, g)
}
