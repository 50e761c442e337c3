package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dayone/shared/commerce"
)

type organizationItem struct {
	PK        string `dynamodbav:"pk"`
	SK        string `dynamodbav:"sk"`
	Kind      string `dynamodbav:"kind"`
	Name      string `dynamodbav:"name"`
	Country   string `dynamodbav:"country"`
	Phone     string `dynamodbav:"phone,omitempty"`
	Language  string `dynamodbav:"language,omitempty"`
	Domain    string `dynamodbav:"domain,omitempty"`
	Subdomain string `dynamodbav:"subdomain,omitempty"`
	Settled   bool   `dynamodbav:"settled,omitempty"`
	Version   int    `dynamodbav:"version"`
	CreatedAt int64  `dynamodbav:"created_at"`
	Order     string `dynamodbav:"order"`
}

func toOrganizationItem(o commerce.Organization) organizationItem {
	return organizationItem{organizationKey(o.ID), organizationItemKey, string(o.Kind), o.Name, o.Country, o.Phone, o.Language, o.Domain,
		o.Subdomain, o.Settled, o.Version, millis(o.CreatedAt), o.Order}
}

func (i organizationItem) organization() commerce.Organization {
	return commerce.Organization{ID: i.PK[len(organizationKey("")):], Kind: commerce.OrganizationKind(i.Kind), Name: i.Name,
		Country: i.Country, Phone: i.Phone, Language: i.Language, Domain: i.Domain, Subdomain: i.Subdomain, Settled: i.Settled,
		Version: i.Version, CreatedAt: instant(i.CreatedAt), Order: i.Order}
}

type memberItem struct {
	PK           string `dynamodbav:"pk"`
	SK           string `dynamodbav:"sk"`
	Organization string `dynamodbav:"organization"`
	Kind         string `dynamodbav:"kind"`
	Password     string `dynamodbav:"password,omitempty"`
	Order        string `dynamodbav:"order"`
	InvitedBy    string `dynamodbav:"invited_by,omitempty"`
	InvitedAt    int64  `dynamodbav:"invited_at,omitempty"`
	LapsesAt     int64  `dynamodbav:"lapses_at,omitempty"` // for conditions: when the address is free for others
	Version      int    `dynamodbav:"version"`
	CreatedAt    int64  `dynamodbav:"created_at"`
	PasswordAt   int64  `dynamodbav:"password_at,omitempty"`
}

func toMemberItem(m commerce.Member) memberItem {
	return memberItem{memberKey(m.Email), memberItemKey, m.Organization, string(m.Kind), m.Password, m.Order, string(m.InvitedBy),
		millis(m.InvitedAt), millis(m.LapsesAt()), m.Version, millis(m.CreatedAt), millis(m.PasswordAt)}
}

func (i memberItem) member() commerce.Member {
	return commerce.Member{Email: commerce.Address(i.PK[len(memberKey("")):]), Organization: i.Organization,
		Kind: commerce.OrganizationKind(i.Kind), Password: i.Password, Order: i.Order, InvitedBy: commerce.Address(i.InvitedBy),
		InvitedAt: instant(i.InvitedAt), Version: i.Version, CreatedAt: instant(i.CreatedAt), PasswordAt: instant(i.PasswordAt)}
}

// Organization reads an organization consistently. One that an order names and that is not there is our own failure.
func (s *Store) Organization(ctx context.Context, id string) (commerce.Organization, error) {
	o, found, err := s.FindOrganization(ctx, id)
	if err == nil && !found {
		return o, fmt.Errorf("read organization %s: there is none", id)
	}
	return o, err
}

// Organizations reads organizations consistently, by id. One that is not there is our own failure.
func (s *Store) Organizations(ctx context.Context, ids ...string) (map[string]commerce.Organization, error) {
	all := map[string]commerce.Organization{}
	for some := range slices.Chunk(ids, MaxPage) {
		wants := make([]want, len(some))
		for i, id := range some {
			wants[i] = s.wantOrganization(id)
		}
		items, err := s.getAll(ctx, wants...)
		if err != nil {
			return nil, fmt.Errorf("read organizations: %w", err)
		}
		for i, id := range some {
			if all[id], err = organizationIn(items[i], id); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// FindOrganization reads an organization that may not be there.
func (s *Store) FindOrganization(ctx context.Context, id string) (commerce.Organization, bool, error) {
	var i organizationItem
	found, err := s.get(ctx, s.tables.Organizations, key(organizationKey(id), organizationItemKey), &i)
	if err != nil {
		return commerce.Organization{}, false, fmt.Errorf("read organization %s: %w", id, err)
	}
	if !found {
		return commerce.Organization{}, false, nil
	}
	return i.organization(), true, nil
}

// OfDomain is the organizations of one kind that are offered to addresses of a domain, with id, kind, name and country.
func (s *Store) OfDomain(ctx context.Context, kind commerce.OrganizationKind, domain string) ([]commerce.Organization, error) {
	if domain == "" {
		return nil, nil
	}
	out, err := s.db.Query(ctx, &dynamodb.QueryInput{
		TableName: &s.tables.Organizations, IndexName: aws.String("domain"),
		KeyConditionExpression:    aws.String("#domain = :domain"),
		ExpressionAttributeNames:  map[string]string{"#domain": "domain"},
		ExpressionAttributeValues: item{":domain": text(domain)},
	})
	if err != nil {
		return nil, fmt.Errorf("organizations of a domain: %w", err)
	}
	var items []organizationItem
	if err := attributevalue.UnmarshalListOfMaps(out.Items, &items); err != nil {
		return nil, fmt.Errorf("organizations of a domain: %w", err)
	}
	var all []commerce.Organization
	for _, i := range items {
		if i.Kind == string(kind) {
			all = append(all, i.organization())
		}
	}
	return all, nil
}

// Member reads the member with an address, consistently; false where the address is nobody's.
func (s *Store) Member(ctx context.Context, email commerce.Address) (commerce.Member, bool, error) {
	if email == "" {
		return commerce.Member{}, false, nil
	}
	var i memberItem
	found, err := s.get(ctx, s.tables.Organizations, key(memberKey(email), memberItemKey), &i)
	if err != nil {
		return commerce.Member{}, false, fmt.Errorf("read member: %w", err)
	}
	if !found {
		return commerce.Member{}, false, nil
	}
	return i.member(), true, nil
}

// Members reads the members with up to MaxPage addresses consistently; those that are nobody's are left out.
func (s *Store) Members(ctx context.Context, emails ...commerce.Address) (map[commerce.Address]commerce.Member, error) {
	var wants []want
	for _, email := range emails {
		if email != "" {
			wants = append(wants, s.wantMember(email))
		}
	}
	items, err := s.getAll(ctx, wants...)
	if err != nil {
		return nil, fmt.Errorf("read members: %w", err)
	}
	all := map[commerce.Address]commerce.Member{}
	for _, i := range items {
		m, found, err := memberIn(i)
		if err != nil {
			return nil, err
		}
		if found {
			all[m.Email] = m
		}
	}
	return all, nil
}

// Administrators is the addresses of an organization's members.
func (s *Store) Administrators(ctx context.Context, organization string) ([]commerce.Address, error) {
	out, err := s.db.Query(ctx, &dynamodb.QueryInput{
		TableName: &s.tables.Organizations, IndexName: aws.String("members"),
		KeyConditionExpression:    aws.String("#organization = :id"),
		ExpressionAttributeNames:  map[string]string{"#organization": "organization"}, // a reserved word
		ExpressionAttributeValues: item{":id": text(organization)},
	})
	if err != nil {
		return nil, fmt.Errorf("administrators of %s: %w", organization, err)
	}
	var all []commerce.Address
	for _, i := range out.Items {
		if pk, ok := i["pk"].(*types.AttributeValueMemberS); ok {
			all = append(all, commerce.Address(pk.Value[len(memberKey("")):]))
		}
	}
	return all, nil
}

func (s *Store) replaceMember(old, changed commerce.Member) put {
	return put{table: s.tables.Organizations, item: toMemberItem(changed), when: "version = :old", values: item{":old": number(old.Version)}}
}

// ReplaceMember writes a changed member in place of old; commerce.ErrOrderChanged where it changed meanwhile.
func (s *Store) ReplaceMember(ctx context.Context, old, changed commerce.Member) error {
	var b batch
	at := b.put(s.replaceMember(old, changed))
	err := s.run(ctx, &b)
	if isRefused(err, at) {
		return commerce.ErrOrderChanged
	}
	if err != nil {
		return fmt.Errorf("replace member: %w", err)
	}
	return nil
}

type relationItem struct {
	PK      string `dynamodbav:"pk"`
	SK      string `dynamodbav:"sk"`
	Access  string `dynamodbav:"access"`
	Order   string `dynamodbav:"order"`
	By      string `dynamodbav:"by"`
	At      int64  `dynamodbav:"at"`
	GivenAt int64  `dynamodbav:"given_at,omitempty"`
}

func toRelationItem(r commerce.Relation) relationItem {
	return relationItem{organizationKey(r.Customer), partnerKey(r.Partner), string(r.Access), r.Order, string(r.By), millis(r.At), millis(r.GivenAt)}
}

func (i relationItem) relation() commerce.Relation {
	return commerce.Relation{Customer: i.PK[len(organizationKey("")):], Partner: i.SK[len(partnerKey("")):], Access: commerce.Access(i.Access),
		Order: i.Order, By: commerce.Address(i.By), At: instant(i.At), GivenAt: instant(i.GivenAt)}
}

// Relation reads what a partner may do with a customer organization, consistently; AccessNone where nothing is stored.
func (s *Store) Relation(ctx context.Context, customer, partner string) (commerce.Relation, error) {
	var i relationItem
	found, err := s.get(ctx, s.tables.Organizations, key(organizationKey(customer), partnerKey(partner)), &i)
	if err != nil {
		return commerce.Relation{}, fmt.Errorf("read access to %s: %w", customer, err)
	}
	if !found {
		return commerce.Relation{Customer: customer, Partner: partner, Access: commerce.AccessNone}, nil
	}
	return i.relation(), nil
}

// relate adds the storing of a partner's access to a transaction. Asking never takes away what was granted meanwhile.
func (s *Store) relate(b *batch, r commerce.Relation) {
	p := put{table: s.tables.Organizations, item: toRelationItem(r)}
	if r.Access == commerce.AccessAsked {
		p.when, p.values = absent+" OR access <> :granted", item{":granted": text(string(commerce.AccessGranted))}
	}
	b.put(p)
}

type subdomainItem struct {
	PK           string `dynamodbav:"pk"`
	SK           string `dynamodbav:"sk"`
	Organization string `dynamodbav:"organization_id"`
}

// SubdomainOwner is the id of the organization that has a subdomain, "" where it is free.
func (s *Store) SubdomainOwner(ctx context.Context, name string) (string, error) {
	var i subdomainItem
	if _, err := s.get(ctx, s.tables.Organizations, key(subdomainKey(name), subdomainItemKey), &i); err != nil {
		return "", fmt.Errorf("read subdomain: %w", err)
	}
	return i.Organization, nil
}

// SaveSubdomain gives the renamed organization its subdomain and releases the old one (rule 6), and writes the order
// whose settings say so, in one transaction. commerce.ErrSubdomainTaken where another organization has it,
// commerce.ErrOrderChanged where this one or the order changed.
func (s *Store) SaveSubdomain(ctx context.Context, old, renamed commerce.Organization, oldOrder, changed commerce.Order) error {
	if old.Subdomain == renamed.Subdomain {
		return nil
	}
	mine := item{":me": text(renamed.ID)}
	var b batch
	guard := b.put(put{table: s.tables.Organizations,
		item: subdomainItem{subdomainKey(renamed.Subdomain), subdomainItemKey, renamed.ID},
		when: absent + " OR organization_id = :me", values: mine})
	org := b.put(put{table: s.tables.Organizations, item: toOrganizationItem(renamed), when: "version = :old",
		values: item{":old": number(old.Version)}})
	order := s.replace(&b, oldOrder, changed)
	if old.Subdomain != "" {
		b.add(types.TransactWriteItem{Delete: &types.Delete{
			TableName: &s.tables.Organizations, Key: key(subdomainKey(old.Subdomain), subdomainItemKey),
			ConditionExpression: aws.String(absent + " OR organization_id = :me"), ExpressionAttributeValues: mine,
		}})
	}
	err := s.run(ctx, &b)
	switch {
	case isRefused(err, guard):
		return commerce.ErrSubdomainTaken
	case isRefused(err, org), isRefused(err, order):
		return commerce.ErrOrderChanged
	case err != nil:
		return fmt.Errorf("save subdomain: %w", err)
	}
	return nil
}
