package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dayone/shared/commerce"
)

type noteItem struct {
	PK          string `dynamodbav:"pk"`
	SK          string `dynamodbav:"sk"`
	Note        string `dynamodbav:"note"`
	At          int64  `dynamodbav:"at"`
	By          string `dynamodbav:"by"`
	Who         string `dynamodbav:"who,omitempty"`
	Partner     string `dynamodbav:"partner,omitempty"`
	PartnerName string `dynamodbav:"partner_name,omitempty"`
	Order       string `dynamodbav:"order,omitempty"`
}

func toNoteItem(n commerce.Note) noteItem {
	return noteItem{organizationKey(n.Organization), noteKey(n), string(n.Kind), millis(n.At), string(n.By), string(n.Who), n.Partner,
		n.PartnerName, n.Order}
}

func (i noteItem) note() commerce.Note {
	return commerce.Note{Organization: i.PK[len(organizationKey("")):], Kind: commerce.NoteKind(i.Note), At: instant(i.At), By: commerce.Address(i.By),
		Who: commerce.Address(i.Who), Partner: i.Partner, PartnerName: i.PartnerName, Order: i.Order}
}

// Notes is what happened last in an organization, newest first.
func (s *Store) Notes(ctx context.Context, organization string, limit int) ([]commerce.Note, error) {
	out, err := s.db.Query(ctx, &dynamodb.QueryInput{
		TableName: &s.tables.Organizations, ConsistentRead: aws.Bool(true), Limit: aws.Int32(int32(limit)), ScanIndexForward: aws.Bool(false),
		KeyConditionExpression:    aws.String("pk = :organization AND begins_with(sk, :note)"),
		ExpressionAttributeValues: item{":organization": text(organizationKey(organization)), ":note": text(notePrefix)},
	})
	if err != nil {
		return nil, fmt.Errorf("notes of %s: %w", organization, err)
	}
	var items []noteItem
	if err := attributevalue.UnmarshalListOfMaps(out.Items, &items); err != nil {
		return nil, fmt.Errorf("notes of %s: %w", organization, err)
	}
	notes := make([]commerce.Note, len(items))
	for i, n := range items {
		notes[i] = n.note()
	}
	return notes, nil
}

// Colleagues is everybody in an organization, by address. The index that lists them may be a moment old: whoever the
// newest notes name is read, too.
func (s *Store) Colleagues(ctx context.Context, organization string, newest []commerce.Note) ([]commerce.Member, error) {
	addresses, err := s.Administrators(ctx, organization)
	if err != nil {
		return nil, err
	}
	for _, n := range newest {
		if n.Who != "" {
			addresses = append(addresses, n.Who)
		}
	}
	slices.Sort(addresses)
	addresses = slices.Compact(addresses)
	members, err := s.Members(ctx, addresses[:min(len(addresses), MaxPage)]...)
	if err != nil {
		return nil, fmt.Errorf("colleagues of %s: %w", organization, err)
	}
	var all []commerce.Member
	for _, m := range members {
		if m.Organization == organization {
			all = append(all, m)
		}
	}
	slices.SortFunc(all, func(a, b commerce.Member) int { return cmp.Compare(a.Email, b.Email) })
	return all, nil
}

// belongs adds to a transaction that somebody is in their organization, still and until it is done; who has to be able
// to sign in has a password.
func (s *Store) belongs(b *batch, m commerce.Member, signsIn bool) int {
	when := "#organization = :mine"
	if signsIn {
		when += " AND attribute_exists(password)"
	}
	return b.add(types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
		TableName: &s.tables.Organizations, Key: key(memberKey(m.Email), memberItemKey), ConditionExpression: &when,
		ExpressionAttributeNames:  map[string]string{"#organization": "organization"}, // a reserved word
		ExpressionAttributeValues: item{":mine": text(m.Organization)},
	}})
}

func (s *Store) remember(b *batch, n commerce.Note) {
	b.put(put{table: s.tables.Organizations, item: toNoteItem(n)})
}

// freeAddress is the condition that an address is nobody's, or that of an invitation which nobody accepted in time.
const freeAddress = absent + " OR (attribute_not_exists(password) AND lapses_at <= :now)"

// Invite stores an invitation by somebody of the same organization, its letter and its note, and forgets the refused
// ones before it, in one transaction. commerce.ErrAddressTaken where the address is somebody's, commerce.ErrSignedOut
// where the one who invites is not in the organization any more. Whoever was invited a few minutes ago and removed since
// is not invited yet: nobody is buried in letters.
func (s *Store) Invite(ctx context.Context, by commerce.Member, i commerce.Invitation) error {
	var b batch
	inviter := s.belongs(&b, by, false)
	guard := b.put(put{table: s.tables.Organizations, item: toMemberItem(i.Member), when: freeAddress,
		values: item{":now": number(millis(i.Note.At))}})
	return s.invite(ctx, &b, i, inviter, guard, commerce.ErrAddressTaken, errInvitedLately)
}

// InviteAgain stores that somebody without a password was sent a further letter, and answers the member as they are
// stored then. commerce.ErrOrderChanged where the member changed meanwhile. Where such a letter waits, or was queued a few
// minutes ago, nothing is stored and they are as before.
func (s *Store) InviteAgain(ctx context.Context, by, old commerce.Member, i commerce.Invitation) (commerce.Member, error) {
	var b batch
	inviter := s.belongs(&b, by, false)
	guard := b.put(s.replaceMember(old, i.Member))
	err := s.invite(ctx, &b, i, inviter, guard, commerce.ErrOrderChanged, errInvitedLately)
	switch {
	case errors.Is(err, errInvitedLately):
		return old, nil
	case err != nil:
		return commerce.Member{}, err
	}
	return i.Member, nil
}

func (s *Store) invite(ctx context.Context, b *batch, i commerce.Invitation, inviter, guard int, changed, lately error) error {
	letter := len(b.writes)
	s.queue(b, []commerce.Letter{i.Letter})
	if w := b.writes[letter].Put; w != nil { // else run has the error
		w.ConditionExpression, w.ExpressionAttributeValues = aws.String(notLately), notLatelyValues(i.Letter)
	}
	s.remember(b, i.Note)
	b.add(types.TransactWriteItem{Delete: &types.Delete{TableName: &s.tables.Tokens, Key: item{"pk": text(triesKey(InviteTries(i.Member.Organization)))}}})
	err := s.run(ctx, b)
	switch {
	case isRefused(err, inviter):
		return commerce.ErrSignedOut
	case isRefused(err, guard):
		return changed
	case isRefused(err, letter):
		return lately
	case err != nil:
		return fmt.Errorf("invite: %w", err)
	}
	return nil
}

var errInvitedLately = &commerce.Error{Kind: commerce.KindTooMany, Code: "slow_down", Detail: "This address was invited a moment ago. Wait a few minutes, then try again.", Wait: queueAgain}

// InviteTries is by what TakeTry counts the refused invitations of an organization: they tell who is somebody's.
func InviteTries(organization string) commerce.Address {
	return commerce.Address("invite#" + organization)
}

// Remove deletes a member, with the letters and the note of it, in one transaction that holds only while somebody who can
// sign in stays. commerce.ErrOrderChanged where the member or those who stay changed meanwhile, commerce.ErrSignedOut where
// the one who removes is gone.
func (s *Store) Remove(ctx context.Context, by commerce.Member, r commerce.Removal) error {
	var b batch
	gone := b.add(types.TransactWriteItem{Delete: &types.Delete{
		TableName: &s.tables.Organizations, Key: key(memberKey(r.Member.Email), memberItemKey),
		ConditionExpression:       aws.String("version = :old AND #organization = :mine"),
		ExpressionAttributeNames:  map[string]string{"#organization": "organization"},
		ExpressionAttributeValues: item{":old": number(r.Member.Version), ":mine": text(r.Member.Organization)},
	}})
	stays := s.belongs(&b, commerce.Member{Email: r.Stays, Organization: r.Member.Organization}, true)
	s.queue(&b, r.Letters)
	s.remember(&b, r.Note)
	err := s.run(ctx, &b)
	switch {
	case isRefused(err, stays) && r.Stays == by.Email:
		return commerce.ErrSignedOut
	case isRefused(err, stays), isRefused(err, gone):
		return commerce.ErrOrderChanged
	case err != nil:
		return fmt.Errorf("remove: %w", err)
	}
	return nil
}

// Partners is what every partner may do with a customer organization or asked for, consistently.
func (s *Store) Partners(ctx context.Context, customer string) ([]commerce.Relation, error) {
	out, err := s.db.Query(ctx, &dynamodb.QueryInput{
		TableName: &s.tables.Organizations, ConsistentRead: aws.Bool(true),
		KeyConditionExpression:    aws.String("pk = :customer AND begins_with(sk, :partner)"),
		ExpressionAttributeValues: item{":customer": text(organizationKey(customer)), ":partner": text(partnerKey(""))},
	})
	if err != nil {
		return nil, fmt.Errorf("partners of %s: %w", customer, err)
	}
	return relationsIn(out.Items)
}

// RelationsOf is what a partner may do with each of up to MaxPage customers, consistently; those with which it never
// could anything are left out.
func (s *Store) RelationsOf(ctx context.Context, partner string, customers []string) (map[string]commerce.Relation, error) {
	wants := make([]want, len(customers))
	for i, c := range customers {
		wants[i] = s.wantRelation(c, partner)
	}
	items, err := s.getAll(ctx, wants...)
	if err != nil {
		return nil, fmt.Errorf("access of %s: %w", partner, err)
	}
	relations, err := relationsIn(slices.DeleteFunc(items, func(i item) bool { return i == nil }))
	all := map[string]commerce.Relation{}
	for _, r := range relations {
		all[r.Customer] = r
	}
	return all, err
}

func relationsIn(attributes []item) ([]commerce.Relation, error) {
	var items []relationItem
	if err := attributevalue.UnmarshalListOfMaps(attributes, &items); err != nil {
		return nil, fmt.Errorf("read access: %w", err)
	}
	all := make([]commerce.Relation, len(items))
	for i, r := range items {
		all[i] = r.relation()
	}
	return all, nil
}

// Sides is the two organizations of an access and who administers them, read side by side.
func (s *Store) Sides(ctx context.Context, customer, partner string) (sides commerce.Sides, err error) {
	var wait sync.WaitGroup
	var failed [2]error
	wait.Go(func() { sides.CustomerAdmins, failed[0] = s.Administrators(ctx, customer) })
	wait.Go(func() { sides.PartnerAdmins, failed[1] = s.Administrators(ctx, partner) })
	both, err := s.Organizations(ctx, customer, partner)
	wait.Wait()
	sides.Customer, sides.Partner = both[customer], both[partner]
	return sides, errors.Join(err, failed[0], failed[1])
}

// ChangeAccess stores what an administrator of the customer says of a partner's access, with its letters and its note,
// in one transaction. commerce.ErrOrderChanged where the access changed meanwhile, commerce.ErrSignedOut where the
// administrator is not one any more.
func (s *Store) ChangeAccess(ctx context.Context, by commerce.Member, c commerce.AccessChange) error {
	var b batch
	decider := s.belongs(&b, by, false)
	relation := s.relateFrom(&b, c.Before, c.After)
	s.queue(&b, c.Letters)
	s.remember(&b, c.Note)
	err := s.run(ctx, &b)
	switch {
	case isRefused(err, decider):
		return commerce.ErrSignedOut
	case isRefused(err, relation):
		return commerce.ErrOrderChanged
	case err != nil:
		return fmt.Errorf("change access: %w", err)
	}
	return nil
}

// relateFrom adds the storing of a partner's access to a transaction, in place of what was read before.
func (s *Store) relateFrom(b *batch, before, after commerce.Relation) int {
	return b.put(put{table: s.tables.Organizations, item: toRelationItem(after),
		when:   "access = :seen OR (" + absent + " AND :seen = :none)",
		values: item{":seen": text(string(before.Access)), ":none": text(string(commerce.AccessNone))}})
}
