package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dayone/shared/commerce"
)

// EnterConsole uses an operator's link and starts a session, in one transaction. commerce.ErrOperatorLink where the link
// was used.
func (s *Store) EnterConsole(ctx context.Context, link, session commerce.Grant) error {
	var b batch
	token := s.use(&b, link.Hash, session.IssuedAt)
	s.issue(&b, session)
	err := s.run(ctx, &b)
	if isRefused(err, token) {
		return commerce.ErrOperatorLink
	}
	if err != nil {
		return fmt.Errorf("enter console: %w", err)
	}
	return nil
}

// Operator is whose console session this is; commerce.ErrSignedOut where the secret is none, or the session has ended.
func (s *Store) Operator(ctx context.Context, secret string, now time.Time) (commerce.Address, error) {
	t, err := commerce.ParseToken(commerce.ConsoleToken, secret)
	if err != nil {
		return "", commerce.ErrSignedOut
	}
	g, err := s.Grant(ctx, commerce.ConsoleToken, t)
	if errors.Is(err, commerce.ErrTokenUnknown) || err == nil && g.Check(now) != nil {
		return "", commerce.ErrSignedOut
	}
	return g.Member, err
}
