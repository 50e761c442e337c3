package letters

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"time"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/mail"
	"dayone/shared/store"
)

// setupLink mints a setup token of the order's current link and stores its hash. Every token of that generation works,
// so a letter sent twice has two links that both do.
func (p post) setupLink(ctx context.Context, o commerce.Order) (mail.Link, error) {
	token, err := commerce.MintSetupToken(o.ID, rand.Reader)
	if err != nil {
		return mail.Link{}, err
	}
	err = p.store.Issue(ctx, commerce.Grant{
		Hash: token.Hash(), Kind: commerce.SetupToken, Order: o.ID, Generation: o.Link.Generation,
		IssuedAt: p.now, ExpiresAt: p.now.Add(commerce.SetupTokenKept),
	})
	return mail.LinkTo(p.base + "/setup#" + token.Reveal()), err
}

// invitation is a letter with a setup link to the order's contact.
func (p post) invitation(ctx context.Context, o commerce.Order, kind commerce.LetterKind) (mail.Letter, error) {
	link, err := p.setupLink(ctx, o)
	if err != nil {
		return mail.Letter{}, err
	}
	closes := o.ClosesAt()
	if closes.IsZero() {
		closes = p.now.Add(o.FamilyOf().Window)
	}
	l := mail.Letter{Kind: kind, To: o.Contact, Language: o.Locale, Order: mail.OrderOf(o), Link: link, Until: o.LocalDate(closes)}
	if at := o.EscalatesAt(); at.After(p.now) {
		l.EscalatesOn = o.LocalDate(at)
	}
	return l, nil
}

// send sends a letter under the names by which its deliveries and bounces are told: its order, the letter of the queue
// that it is, its kind, and the number of the setup link in it. Where SES takes none at the moment, or not so many, that is
// the run's matter and not the letter's, which stays due.
func (p post) send(ctx context.Context, l mail.Letter, order, letter, link string) (string, error) {
	message, err := p.sender.Send(ctx, l, map[string]string{"order": order, "letter": letter, "kind": string(l.Kind), "link": link})
	switch {
	case err == nil:
		api.Count(ctx, api.LettersSent)
	case errors.Is(err, mail.ErrTooFast):
		return "", fmt.Errorf("%w: %w", store.ErrTooFast, err)
	case errors.Is(err, mail.ErrPaused): // the next letter would fare the same
		api.Count(ctx, api.LettersFailed)
		return "", fmt.Errorf("%w: %w", store.ErrHold, err)
	default:
		api.Count(ctx, api.LettersFailed)
	}
	return message, err
}

// sendInvitation sends a letter with the order's setup link.
func (p post) sendInvitation(ctx context.Context, l mail.Letter, o commerce.Order) (string, error) {
	return p.send(ctx, l, o.ID, "", strconv.Itoa(o.Link.Generation))
}

// sendLink mails the setup link that the order owes its contact.
func (p post) sendLink(ctx context.Context, o commerce.Order) error {
	l, err := p.invitation(ctx, o, o.Link.Kind)
	if err != nil {
		return err
	}
	message, err := p.sendInvitation(ctx, l, o)
	if errors.Is(err, mail.ErrRefused) {
		return p.mark(ctx, o, func(now commerce.Order) (commerce.Order, []commerce.Letter) {
			if now.Link != o.Link || now.Contact != o.Contact {
				return now, nil
			}
			refused, letter := now.LinkRefused("the mail service refused the address", p.now)
			return refused, []commerce.Letter{letter}
		})
	}
	if err != nil {
		return err
	}
	return p.mark(ctx, o, only(func(now commerce.Order) commerce.Order {
		return now.LinkSent(o.Link.Kind, o.Contact, o.Link.Generation, message, p.now)
	}))
}

// remind mails the link once more.
func (p post) remind(ctx context.Context, o commerce.Order) error {
	return p.again(ctx, o, commerce.LetterReminder, commerce.Order.ReminderSent)
}

// giveNotice mails the link a last time, a day before it ends.
func (p post) giveNotice(ctx context.Context, o commerce.Order) error {
	return p.again(ctx, o, commerce.LetterClosingSoon, commerce.Order.NoticeSent)
}

// again mails another letter with the setup link. An address that refuses it has been told of by the first letter, so the
// mark is made all the same.
func (p post) again(ctx context.Context, o commerce.Order, kind commerce.LetterKind, sent func(o commerce.Order, message string, now time.Time) commerce.Order) error {
	l, err := p.invitation(ctx, o, kind)
	if err != nil {
		return err
	}
	message, err := p.sendInvitation(ctx, l, o)
	if err != nil && !errors.Is(err, mail.ErrRefused) {
		return err
	}
	return p.mark(ctx, o, only(func(now commerce.Order) commerce.Order { return sent(now, message, p.now) }))
}

// escalate tells the account representative that nobody has started.
func (p post) escalate(ctx context.Context, o commerce.Order) error {
	l := toRepresentative(commerce.LetterRepNotStarted, o)
	message, err := p.send(ctx, l, o.ID, "", "")
	if err != nil && !errors.Is(err, mail.ErrRefused) {
		return err
	}
	api.Count(ctx, api.Escalations)
	return p.mark(ctx, o, only(func(now commerce.Order) commerce.Order { return now.Escalated(message, p.now) }))
}

// toRepresentative is a letter to the order's account representative.
func toRepresentative(kind commerce.LetterKind, o commerce.Order) mail.Letter {
	l := mail.Letter{Kind: kind, To: o.Representative.Email, Language: o.Locale, Order: mail.OrderOf(o),
		Representative: o.Representative, Contact: o.Contact}
	if closes := o.ClosesAt(); !closes.IsZero() {
		l.Until = o.LocalDate(closes)
	}
	return l
}

// close ends an order whose window is over; its letter is queued with it. Where the order changed meanwhile the next run
// decides again.
func (p post) close(ctx context.Context, o commerce.Order) error {
	closed, letter := o.Expire(p.now)
	return p.store.Replace(ctx, o, closed, letter)
}
