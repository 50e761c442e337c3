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
func (p post) deliver(ctx context.Context, e store.Entry, queued commerce.Letter) error {
	l, err := p.compose(ctx, queued)
	if err != nil {
		return err
	}
	message, err := p.send(ctx, l, queued.Order, queued.ID, "")
	switch {
	case errors.Is(err, mail.ErrRefused):
		return p.store.LetterRefused(ctx, e, err.Error(), p.now)
	case err != nil:
		return err
	}
	return p.store.LetterSent(ctx, e, message, p.now)
}

// compose looks up what a queued letter says and mints the secret that it carries.
func (p post) compose(ctx context.Context, queued commerce.Letter) (mail.Letter, error) {
	l := mail.Letter{Kind: queued.Kind, To: queued.To, Language: queued.Locale, Reason: queued.Reason}
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
	case commerce.LetterOrderSetUp, commerce.LetterProvisioningFailed:
		l.Link = p.services(o)
	case commerce.LetterActive:
		l.Link = p.services(o)
		l.BilledFrom = o.LocalDate(o.BilledAt)
		l.FirstCharges.Amount, l.FirstCharges.Currency = o.FirstCharges()
	case commerce.LetterCarryOn:
		l.Link = p.services(o)
		l.Organization, err = p.organizationOf(ctx, queued.To)
	case commerce.LetterWelcome:
		l.PartnerAccess = o.Mapping.PartnerAccess == commerce.AccessGranted
		if l.Organization, err = p.organizationOf(ctx, queued.To); err == nil {
			l.Link, l.Valid, err = p.secret(ctx, "/password#", commerce.Grant{Kind: commerce.PasswordToken, Member: queued.To, Order: o.ID, First: true},
				commerce.PasswordTokenFor)
		}
	case commerce.LetterPasswordReset:
		l.Link, l.Valid, err = p.secret(ctx, "/password#", commerce.Grant{Kind: commerce.PasswordToken, Member: queued.To}, commerce.ResetTokenFor)
	case commerce.LetterConsent:
		l.Order.Partner = queued.Asker
		var customer commerce.Organization
		if customer, err = p.store.Organization(ctx, queued.Customer); err == nil {
			l.Organization = customer.Name
			l.Link, l.Valid, err = p.secret(ctx, "/access#", commerce.Grant{Kind: commerce.AccessToken, Member: queued.To, Order: o.ID,
				Customer: queued.Customer, Partner: queued.Partner}, commerce.AccessTokenFor)
		}
	}
	if err != nil {
		return l, fmt.Errorf("letter %s: %w", queued.ID, err)
	}
	return l, nil
}

// services is the link to the order's task list, which asks to sign in.
func (p post) services(o commerce.Order) mail.Link { return mail.LinkTo(p.base + "/services/" + o.ID) }

// organizationOf is the name of the organization that an administrator belongs to.
func (p post) organizationOf(ctx context.Context, who commerce.Address) (string, error) {
	m, found, err := p.store.Member(ctx, who)
	if err != nil || !found {
		return "", err
	}
	o, err := p.store.Organization(ctx, m.Organization)
	return o.Name, err
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
