package letters

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
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
// the run's matter and not the letter's, which stays due. A letter that is at fault itself, or that got no answer, is the
// caller's error, and due again later.
func (p post) send(ctx context.Context, l mail.Letter, order, letter, link string) (string, error) {
	message, err := p.sender.Send(ctx, l, map[string]string{"order": order, "letter": letter, "kind": string(l.Kind), "link": link})
	if err != nil {
		slog.WarnContext(ctx, "letter not taken", "order", order, "kind", string(l.Kind), "reason", err.Error())
	}
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
	return p.mailLink(ctx, o, o.Link.Kind, func(now commerce.Order, message string, at time.Time) commerce.Order {
		return now.LinkSent(o.Link.Kind, o.Contact, o.Link.Generation, message, at)
	})
}

// remind mails the link once more.
func (p post) remind(ctx context.Context, o commerce.Order) error {
	return p.mailLink(ctx, o, commerce.LetterReminder, commerce.Order.ReminderSent)
}

// giveNotice mails the link a last time, a day before it ends.
func (p post) giveNotice(ctx context.Context, o commerce.Order) error {
	return p.mailLink(ctx, o, commerce.LetterClosingSoon, commerce.Order.NoticeSent)
}

// mailLink mails the order's contact a letter with the setup link and marks that, or that the address was refused.
func (p post) mailLink(ctx context.Context, o commerce.Order, kind commerce.LetterKind, sent func(o commerce.Order, message string, now time.Time) commerce.Order) error {
	l, err := p.invitation(ctx, o, kind)
	if err != nil {
		return err
	}
	message, err := p.sendInvitation(ctx, l, o)
	if errors.Is(err, mail.ErrRefused) {
		return p.linkRefused(ctx, o)
	}
	if err != nil {
		return err
	}
	return p.mark(ctx, o, only(func(now commerce.Order) commerce.Order { return sent(now, message, p.now) }))
}

// addressRefused is the reason that people read; the log has the mail service's own.
const addressRefused = "the mail service refused the address"

// linkRefused marks that the contact's address was refused, unless the order no longer owes it that letter.
func (p post) linkRefused(ctx context.Context, o commerce.Order) error {
	deed := o.Owed(p.now)
	return p.mark(ctx, o, func(now commerce.Order) (commerce.Order, []commerce.Letter) {
		if now.Link != o.Link || now.Contact != o.Contact || !now.Owes(deed, p.now) {
			return now, nil
		}
		refused, letter := now.LinkRefused(addressRefused, p.now)
		return refused, []commerce.Letter{letter}
	})
}

// escalate tells the account representative that nobody has started.
func (p post) escalate(ctx context.Context, o commerce.Order) error {
	l := toRepresentative(commerce.LetterRepNotStarted, o)
	message, err := p.send(ctx, l, o.ID, "", "")
	if errors.Is(err, mail.ErrRefused) {
		return p.mark(ctx, o, only(func(now commerce.Order) commerce.Order {
			if !now.Owes(commerce.Escalate, p.now) {
				return now
			}
			return now.EscalationRefused(l.To, addressRefused, p.now)
		}))
	}
	if err != nil {
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
