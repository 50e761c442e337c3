package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dayone/shared/commerce"
)

type grantItem struct {
	PK         string `dynamodbav:"pk"` // the token's hash
	Kind       string `dynamodbav:"kind"`
	Order      string `dynamodbav:"order,omitempty"`
	Generation int    `dynamodbav:"generation,omitempty"`
	First      bool   `dynamodbav:"first,omitempty"`
	Member     string `dynamodbav:"member,omitempty"`
	MemberOf   string `dynamodbav:"member_of,omitempty"`
	Customer   string `dynamodbav:"customer,omitempty"`
	Partner    string `dynamodbav:"partner,omitempty"`
	IssuedAt   int64  `dynamodbav:"issued_at"`
	EndsAt     int64  `dynamodbav:"ends_at"`
	Expires    int64  `dynamodbav:"expires_at"` // time to live: when the item may be cleaned up
	UsedAt     int64  `dynamodbav:"used_at,omitempty"`

	Looks map[string]int64 `dynamodbav:"looks,omitempty"` // by the tag of an address, when it was asked about
}

// grantsKept is how long a grant stays after its end, so that its link still explains itself.
const grantsKept = 30 * 24 * time.Hour

func toGrantItem(g commerce.Grant) grantItem {
	return grantItem{PK: g.Hash, Kind: string(g.Kind), Order: g.Order, Generation: g.Generation, First: g.First, Member: string(g.Member), MemberOf: g.MemberOf,
		Customer: g.Customer, Partner: g.Partner, IssuedAt: millis(g.IssuedAt), EndsAt: millis(g.ExpiresAt),
		Expires: seconds(g.ExpiresAt.Add(grantsKept)), UsedAt: millis(g.UsedAt)}
}

func (i grantItem) grant() commerce.Grant {
	g := commerce.Grant{Hash: i.PK, Kind: commerce.TokenKind(i.Kind), Order: i.Order, Generation: i.Generation, First: i.First,
		Member: commerce.Address(i.Member), MemberOf: i.MemberOf, Customer: i.Customer, Partner: i.Partner, IssuedAt: instant(i.IssuedAt),
		ExpiresAt: instant(i.EndsAt), UsedAt: instant(i.UsedAt)}
	for _, tag := range slices.Sorted(maps.Keys(i.Looks)) {
		g.Looks = append(g.Looks, commerce.Look{Tag: tag, At: instant(i.Looks[tag])})
	}
	return g
}

// Issue stores what a new token opens.
func (s *Store) Issue(ctx context.Context, g commerce.Grant) error {
	attributes, err := encode(toGrantItem(g))
	if err != nil {
		return fmt.Errorf("issue token: %w", err)
	}
	if _, err := s.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &s.tables.Tokens, Item: attributes}); err != nil {
		return fmt.Errorf("issue token: %w", err)
	}
	return nil
}

// Grant reads what a token opens, consistently; commerce.ErrTokenUnknown where there is none of this kind.
func (s *Store) Grant(ctx context.Context, kind commerce.TokenKind, t commerce.Token) (commerce.Grant, error) {
	var i grantItem
	found, err := s.get(ctx, s.tables.Tokens, item{"pk": text(t.Hash())}, &i)
	if err != nil {
		return commerce.Grant{}, fmt.Errorf("read token: %w", err)
	}
	if !found || i.Kind != string(kind) {
		return commerce.Grant{}, commerce.ErrTokenUnknown
	}
	return i.grant(), nil
}

// takeLooks bounds the repeats of a look that others of the same moment were in the way of.
const takeLooks = 10

// Look counts the addresses that are about to be asked about over a link, and answers what was asked about by then. The
// business's refusal is answered where it is too many.
func (s *Store) Look(ctx context.Context, g commerce.Grant, asked []commerce.Address, now time.Time) ([]commerce.Look, error) {
	for range takeLooks {
		looks, err := g.Look(asked, now)
		if err != nil || len(looks) == len(g.Looks) {
			return looks, err
		}
		stored, err := s.putLooks(ctx, g, looks)
		if err != nil {
			return nil, fmt.Errorf("count looks: %w", err)
		}
		if stored {
			return looks, nil
		}
		var i grantItem
		if _, err := s.get(ctx, s.tables.Tokens, item{"pk": text(g.Hash)}, &i); err != nil {
			return nil, fmt.Errorf("read looks: %w", err)
		}
		g.Looks = i.grant().Looks
	}
	return nil, errAtOnce
}

// putLooks stores what was asked about over a link. It answers false where that has grown since it was read.
func (s *Store) putLooks(ctx context.Context, g commerce.Grant, looks []commerce.Look) (bool, error) {
	all := map[string]int64{}
	for _, l := range looks {
		all[l.Tag] = millis(l.At)
	}
	encoded, err := attributevalue.Marshal(all)
	if err != nil {
		return false, err
	}
	in := &dynamodb.UpdateItemInput{
		TableName: &s.tables.Tokens, Key: item{"pk": text(g.Hash)}, UpdateExpression: aws.String("SET looks = :looks"),
		ConditionExpression:       aws.String("attribute_exists(pk) AND attribute_not_exists(looks)"),
		ExpressionAttributeValues: item{":looks": encoded},
	}
	if len(g.Looks) > 0 {
		in.ConditionExpression = aws.String("size(looks) = :before")
		in.ExpressionAttributeValues[":before"] = number(len(g.Looks))
	}
	_, err = s.db.UpdateItem(ctx, in)
	if _, grown := errors.AsType[*types.ConditionalCheckFailedException](err); grown {
		return false, nil
	}
	return err == nil, err
}

// errAtOnce is what many requests of one moment get, which would else be counted as fewer.
var errAtOnce = &commerce.Error{Kind: commerce.KindTooMany, Code: "slow_down", Detail: "Too many tries at once. Wait a little, then try again.", Wait: time.Second}

// Revoke forgets a token: a session signed out.
func (s *Store) Revoke(ctx context.Context, t commerce.Token) error { return s.forget(ctx, t.Hash()) }

// use adds the mark of a single-use token to a transaction, which it refuses where the token was used or is gone.
func (s *Store) use(b *batch, hash string, now time.Time) int {
	return b.add(types.TransactWriteItem{Update: &types.Update{
		TableName: &s.tables.Tokens, Key: item{"pk": text(hash)},
		UpdateExpression:          aws.String("SET used_at = :now"),
		ConditionExpression:       aws.String("attribute_exists(pk) AND attribute_not_exists(used_at)"),
		ExpressionAttributeValues: item{":now": number(millis(now))},
	}})
}

// issue adds the storing of a grant to a transaction.
func (s *Store) issue(b *batch, g commerce.Grant) {
	b.put(put{table: s.tables.Tokens, item: toGrantItem(g)})
}

// Complete maps an order (rule 4): one transaction that uses the token, writes the order, creates what is new with the
// guards of its addresses, stores the partner's access and queues the letters. commerce.ErrOrderChanged where the order
// changed, commerce.ErrTokenUsed where the token was used, commerce.ErrAddressTaken where somebody took an address or
// made an organization first; then nothing is written, and what was read before may be old.
func (s *Store) Complete(ctx context.Context, old commerce.Order, c commerce.Completion) error {
	var b batch
	order := s.replace(&b, old, c.Order)
	token := s.use(&b, c.Order.Mapping.Link, c.Order.Mapping.At)
	guards := len(b.writes)
	for _, o := range c.Organizations {
		b.put(put{table: s.tables.Organizations, item: toOrganizationItem(o), when: absent})
	}
	for _, m := range c.Members {
		b.put(put{table: s.tables.Organizations, item: toMemberItem(m), when: freeAddress, values: item{":now": number(millis(m.CreatedAt))}})
	}
	relation := len(b.writes)
	if c.Relation.Customer != "" {
		s.relate(&b, c.Relation)
	}
	s.queue(&b, c.Letters)
	if c.Password.Hash != "" {
		s.issue(&b, c.Password)
	}
	err := s.run(ctx, &b)
	if isRefused(err, order) || c.Relation.Customer != "" && isRefused(err, relation) {
		return commerce.ErrOrderChanged // or the access that was to be asked for was granted meanwhile
	}
	if isRefused(err, token) {
		return commerce.ErrTokenUsed
	}
	for at := guards; at < relation; at++ {
		if isRefused(err, at) {
			return commerce.ErrAddressTaken
		}
	}
	if err != nil {
		return fmt.Errorf("complete order %s: %w", old.ID, err)
	}
	return nil
}

// FreshPassword replaces the password token that was answered when the order was mapped. However many do so at once,
// each is done with one write to the order, none is refused, and the last one's token is the one that stays. A crash
// between leaves a token over that nobody was told of.
func (s *Store) FreshPassword(ctx context.Context, o commerce.Order, g commerce.Grant) error {
	if err := s.Issue(ctx, g); err != nil {
		return err
	}
	out, err := s.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.tables.Orders, Key: key(orderKey(o.ID), orderItemKey),
		UpdateExpression:          aws.String("SET password_link = :fresh ADD version :one"), // nobody who read it before may write over it
		ConditionExpression:       aws.String("mapped_link = :link"),
		ExpressionAttributeValues: item{":fresh": text(g.Hash), ":link": text(o.Mapping.Link), ":one": number(1)},
		ReturnValues:              types.ReturnValueUpdatedOld,
	})
	if err != nil {
		return fmt.Errorf("replace password token of %s: %w", o.ID, err)
	}
	// A repeat of a write whose answer was lost is told its own token; then the one that was read is the last.
	var last struct {
		Password string `dynamodbav:"password_link"`
	}
	if err := attributevalue.UnmarshalMap(out.Attributes, &last); err != nil {
		return fmt.Errorf("replace password token of %s: %w", o.ID, err)
	}
	if last.Password == g.Hash {
		last.Password = o.Mapping.Password
	}
	return s.forget(ctx, last.Password)
}

// forget removes a token.
func (s *Store) forget(ctx context.Context, hash string) error {
	_, err := s.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &s.tables.Tokens, Key: item{"pk": text(hash)}})
	if err != nil {
		return fmt.Errorf("forget token: %w", err)
	}
	return nil
}

// Chooser is what a password token opens: whose password, and in which organization.
func (s *Store) Chooser(ctx context.Context, t commerce.Token) (commerce.Grant, commerce.Member, commerce.Organization, error) {
	g, err := s.Grant(ctx, commerce.PasswordToken, t)
	if err != nil {
		return g, commerce.Member{}, commerce.Organization{}, err
	}
	got, err := s.getAll(ctx, s.wantMember(g.Member), s.wantOrganization(g.MemberOf))
	if err != nil {
		return g, commerce.Member{}, commerce.Organization{}, fmt.Errorf("read who chooses a password: %w", err)
	}
	m, found, err := memberIn(got[0])
	if err == nil && !found {
		err = commerce.ErrTokenUnknown
	}
	if err != nil {
		return g, m, commerce.Organization{}, err
	}
	if m.Organization != g.MemberOf { // they were asked in elsewhere since, or it was not known
		o, err := s.Organization(ctx, m.Organization)
		return g, m, o, err
	}
	o, err := organizationIn(got[1], g.MemberOf)
	return g, m, o, err
}

// ChoosePassword uses a password token, stores the member with the new password and signs in, in one transaction. Where there
// was a password before, it forgets the wrong ones that were tried. commerce.ErrPasswordLinkUsed where the token was used, commerce.ErrOrderChanged where the member changed meanwhile.
func (s *Store) ChoosePassword(ctx context.Context, g commerce.Grant, old, changed commerce.Member, session commerce.Grant) error {
	var b batch
	token := s.use(&b, g.Hash, session.IssuedAt)
	member := b.put(s.replaceMember(old, changed))
	s.issue(&b, session)
	if old.Password != "" {
		b.add(types.TransactWriteItem{Delete: &types.Delete{TableName: &s.tables.Tokens, Key: item{"pk": text(triesKey(changed.Email))}}})
	}
	err := s.run(ctx, &b)
	switch {
	case isRefused(err, token):
		return commerce.ErrPasswordLinkUsed
	case isRefused(err, member):
		return commerce.ErrOrderChanged
	case err != nil:
		return fmt.Errorf("choose password: %w", err)
	}
	return nil
}

// Decide uses an access token and stores the administrator's answer (rule 12) with the order whose timeline tells of it,
// its letters and its note, in one transaction. commerce.ErrAnswered where the token was used, commerce.ErrTokenUnknown where
// its holder does not belong to the customer any more, commerce.ErrOrderChanged where the order or the access changed.
func (s *Store) Decide(ctx context.Context, g commerce.Grant, c commerce.AccessChange, old, changed commerce.Order) error {
	var b batch
	token := s.use(&b, g.Hash, changed.Events[len(changed.Events)-1].At)
	decider := s.belongs(&b, commerce.Member{Email: g.Member, Organization: g.Customer}, false)
	order := s.replace(&b, old, changed)
	relation := order
	if c.After != c.Before { // else a colleague said the same before
		relation = s.relateFrom(&b, c.Before, c.After)
		s.queue(&b, c.Letters)
		s.remember(&b, c.Note)
	}
	err := s.run(ctx, &b)
	switch {
	case isRefused(err, token):
		return commerce.ErrAnswered
	case isRefused(err, decider):
		return commerce.ErrTokenUnknown
	case isRefused(err, order), isRefused(err, relation):
		return commerce.ErrOrderChanged
	case err != nil:
		return fmt.Errorf("decide access: %w", err)
	}
	return nil
}

type triesItem struct {
	PK        string `dynamodbav:"pk"`
	Count     int    `dynamodbav:"count"`
	LastAt    int64  `dynamodbav:"last_at"`
	SlowUntil int64  `dynamodbav:"slow_until,omitempty"`
	Expires   int64  `dynamodbav:"expires_at"`
}

// takeTries bounds the repeats of a try that others of the same moment were in the way of.
const takeTries = 10

// TakeTry counts a password that is about to be tried for an address, anybody's or nobody's. It answers the business's
// refusal where the next try has to wait.
func (s *Store) TakeTry(ctx context.Context, email commerce.Address, now time.Time) error {
	for range takeTries {
		var i triesItem
		if _, err := s.get(ctx, s.tables.Tokens, item{"pk": text(triesKey(email))}, &i); err != nil {
			return fmt.Errorf("read tries: %w", err)
		}
		taken, err := commerce.Tries{Count: i.Count, LastAt: instant(i.LastAt), SlowUntil: instant(i.SlowUntil)}.Take(now)
		if err != nil {
			return err
		}
		attributes, err := encode(triesItem{triesKey(email), taken.Count, millis(taken.LastAt), millis(taken.SlowUntil), seconds(taken.ForgottenAt())})
		if err != nil {
			return fmt.Errorf("count try: %w", err)
		}
		_, err = s.db.PutItem(ctx, &dynamodb.PutItemInput{
			TableName: &s.tables.Tokens, Item: attributes,
			ConditionExpression:       aws.String(absent + " OR (#count = :seen AND last_at = :at)"),
			ExpressionAttributeNames:  map[string]string{"#count": "count"},
			ExpressionAttributeValues: item{":seen": number(i.Count), ":at": number(i.LastAt)},
		})
		if _, raced := errors.AsType[*types.ConditionalCheckFailedException](err); raced {
			continue
		}
		if err != nil {
			return fmt.Errorf("count try: %w", err)
		}
		return nil
	}
	return errAtOnce
}

// SignIn starts a session after a right password, and forgets the wrong ones before it.
func (s *Store) SignIn(ctx context.Context, session commerce.Grant) error {
	var b batch
	s.issue(&b, session)
	b.add(types.TransactWriteItem{Delete: &types.Delete{TableName: &s.tables.Tokens, Key: item{"pk": text(triesKey(session.Member))}}})
	if err := s.run(ctx, &b); err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	return nil
}

// SignedIn is who holds a session; commerce.ErrSignedOut where the secret is none, or the session has ended: by time, by
// signing out, or because its member chose another password since.
func (s *Store) SignedIn(ctx context.Context, secret string, now time.Time) (commerce.Member, error) {
	t, err := commerce.ParseToken(commerce.SessionToken, secret)
	if err != nil {
		return commerce.Member{}, commerce.ErrSignedOut
	}
	g, err := s.Grant(ctx, commerce.SessionToken, t)
	if errors.Is(err, commerce.ErrTokenUnknown) || err == nil && g.Check(now) != nil {
		return commerce.Member{}, commerce.ErrSignedOut
	}
	if err != nil {
		return commerce.Member{}, err
	}
	m, found, err := s.Member(ctx, g.Member)
	if err == nil && (!found || !holds(g, m)) {
		return commerce.Member{}, commerce.ErrSignedOut
	}
	return m, err
}

// holds reports whether a session is still the member's, who chose no password since and was not removed and asked in again.
func holds(g commerce.Grant, m commerce.Member) bool {
	return !g.IssuedAt.Before(m.PasswordAt) && !g.IssuedAt.Before(m.CreatedAt)
}
