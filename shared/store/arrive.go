package store

import (
	"context"
	"fmt"
	"time"

	"dayone/shared/commerce"
)

// Arrival is somebody at an order that they may set up.
type Arrival struct {
	Member   commerce.Member
	Order    commerce.Order
	Customer commerce.Organization // whose services are set up
}

// Arrive is who holds a session, at an order, by two calls. commerce.ErrSignedOut as SignedIn, commerce.ErrOrderUnknown where
// the order is none of theirs, commerce.ErrNoAccess where their organization may not manage the customer's.
func (s *Store) Arrive(ctx context.Context, secret, order string, now time.Time) (Arrival, error) {
	g, o, err := s.session(ctx, secret, order, now)
	if err != nil {
		return Arrival{}, err
	}
	got, err := s.getAll(ctx, s.wantMember(g.Member), s.wantRelation(o.Mapping.Customer, o.Mapping.Partner), s.wantOrganization(o.Mapping.Customer))
	if err != nil {
		return Arrival{}, fmt.Errorf("arrive at order %s: %w", order, err)
	}
	m, err := holder(g, got[0])
	if err != nil {
		return Arrival{}, err
	}
	return arrival(m, o, got[1], got[2])
}

// Follow is the order at which who holds a session arrives, without its customer.
func (s *Store) Follow(ctx context.Context, secret, order string, now time.Time) (commerce.Order, error) {
	g, o, err := s.session(ctx, secret, order, now)
	if err != nil {
		return commerce.Order{}, err
	}
	got, err := s.getAll(ctx, s.wantMember(g.Member), s.wantRelation(o.Mapping.Customer, o.Mapping.Partner))
	if err != nil {
		return commerce.Order{}, fmt.Errorf("follow order %s: %w", order, err)
	}
	m, err := holder(g, got[0])
	if err == nil {
		err = maySetUp(m, o, got[1])
	}
	return o, err
}

// ArriveAs is Arrive for a member who is known already.
func (s *Store) ArriveAs(ctx context.Context, m commerce.Member, order string) (Arrival, error) {
	o, err := s.Order(ctx, order)
	if err != nil {
		return Arrival{}, err
	}
	got, err := s.getAll(ctx, s.wantRelation(o.Mapping.Customer, o.Mapping.Partner), s.wantOrganization(o.Mapping.Customer))
	if err != nil {
		return Arrival{}, fmt.Errorf("arrive at order %s: %w", order, err)
	}
	return arrival(m, o, got[0], got[1])
}

// Opened is what a setup token opens, and the order that it names, by one call. commerce.ErrTokenUnknown where there is no
// such token.
func (s *Store) Opened(ctx context.Context, t commerce.Token) (commerce.Grant, commerce.Order, error) {
	got, err := s.getAll(ctx, s.wantToken(t), s.wantOrder(t.Order()))
	if err != nil {
		return commerce.Grant{}, commerce.Order{}, fmt.Errorf("read setup token: %w", err)
	}
	g, found, err := grantIn(got[0])
	switch {
	case err != nil:
		return commerce.Grant{}, commerce.Order{}, err
	case !found || g.Kind != commerce.SetupToken || g.Order != t.Order():
		return commerce.Grant{}, commerce.Order{}, commerce.ErrTokenUnknown
	case got[1] == nil:
		return g, commerce.Order{}, fmt.Errorf("read setup token: its order %s is not there", g.Order)
	}
	o, err := decodeOrder(got[1])
	return g, o, err
}

// session reads a session and an order, neither of which tells of the other. An order that is not there is one that nobody
// may set up: to say so waits until it is known who asks.
func (s *Store) session(ctx context.Context, secret, order string, now time.Time) (commerce.Grant, commerce.Order, error) {
	t, err := commerce.ParseToken(commerce.SessionToken, secret)
	if err != nil {
		return commerce.Grant{}, commerce.Order{}, commerce.ErrSignedOut
	}
	if len(order) > longestID {
		order = "" // which is no order's, either
	}
	got, err := s.getAll(ctx, s.wantToken(t), s.wantOrder(order))
	if err != nil {
		return commerce.Grant{}, commerce.Order{}, fmt.Errorf("read session at order %s: %w", order, err)
	}
	g, found, err := grantIn(got[0])
	if err != nil {
		return commerce.Grant{}, commerce.Order{}, err
	}
	if !found || g.Kind != commerce.SessionToken || g.Check(now) != nil {
		return commerce.Grant{}, commerce.Order{}, commerce.ErrSignedOut
	}
	if got[1] == nil {
		return g, commerce.Order{}, nil
	}
	o, err := decodeOrder(got[1])
	return g, o, err
}

// holder is the member that a session is of; commerce.ErrSignedOut where it is theirs no more.
func holder(g commerce.Grant, i item) (commerce.Member, error) {
	m, found, err := memberIn(i)
	if err == nil && (!found || !holds(g, m)) {
		return commerce.Member{}, commerce.ErrSignedOut
	}
	return m, err
}

func maySetUp(m commerce.Member, o commerce.Order, related item) error {
	relation, err := relationIn(related, o.Mapping.Customer, o.Mapping.Partner)
	if err != nil {
		return err
	}
	return o.MaySetUp(m, relation)
}

func arrival(m commerce.Member, o commerce.Order, related, customer item) (Arrival, error) {
	if err := maySetUp(m, o, related); err != nil {
		return Arrival{}, err
	}
	c, err := organizationIn(customer, o.Mapping.Customer)
	return Arrival{m, o, c}, err
}

// Asked is what an access link asks (rule 12): may this partner manage this customer's organization?
type Asked struct {
	Member            commerce.Member // who got the link; zero where they are none any more
	Partner, Customer commerce.Organization
	Order             commerce.Order
	Relation          commerce.Relation // what the partner may do, as it is now
}

// Asked reads what an access link asks, by one call.
func (s *Store) Asked(ctx context.Context, g commerce.Grant) (a Asked, err error) {
	got, err := s.getAll(ctx, s.wantMember(g.Member), s.wantOrganization(g.Partner), s.wantOrganization(g.Customer), s.wantOrder(g.Order),
		s.wantRelation(g.Customer, g.Partner))
	if err != nil {
		return a, fmt.Errorf("read what is asked over order %s: %w", g.Order, err)
	}
	if a.Member, _, err = memberIn(got[0]); err != nil {
		return a, err
	}
	if a.Partner, err = organizationIn(got[1], g.Partner); err != nil {
		return a, err
	}
	if a.Customer, err = organizationIn(got[2], g.Customer); err != nil {
		return a, err
	}
	if got[3] == nil {
		return a, commerce.ErrOrderUnknown
	}
	if a.Order, err = decodeOrder(got[3]); err != nil {
		return a, err
	}
	a.Relation, err = relationIn(got[4], g.Customer, g.Partner)
	return a, err
}
