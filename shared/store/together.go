package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dayone/shared/commerce"
)

// want is an item to read together with others.
type want struct {
	table string
	key   item
}

func (w want) name() string { return w.table + "\n" + name(w.key) }

// unprocessedTries bounds how often keys are asked for that come back unprocessed: for about a second.
const unprocessedTries = 6

// getAll reads up to MaxPage items of any tables, each consistently, in one call where they fit into it. It answers them in
// the order of wants, nil for one that is not there. Two wants may be the same.
func (s *Store) getAll(ctx context.Context, wants ...want) ([]item, error) {
	left, found := map[string][]item{}, map[string]item{}
	for _, w := range wants {
		if _, twice := found[w.name()]; !twice { // a key may be asked for once
			found[w.name()] = nil
			left[w.table] = append(left[w.table], w.key)
		}
	}
	for try := 1; len(left) > 0; try++ {
		switch {
		case try > unprocessedTries:
			return nil, errors.New("keys stay unprocessed")
		case try > 1:
			wait, _ := backoff(try-1, nil) // which never fails
			if err := pause(ctx, wait); err != nil {
				return nil, err
			}
		}
		ask := map[string]types.KeysAndAttributes{}
		for table, keys := range left {
			ask[table] = types.KeysAndAttributes{Keys: keys, ConsistentRead: aws.Bool(true)}
		}
		out, err := s.db.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: ask})
		if err != nil {
			return nil, err
		}
		for table, items := range out.Responses {
			for _, i := range items {
				found[want{table, i}.name()] = i
			}
		}
		// What did not fit into 16 MB, or met a partition with too much to do, comes back unprocessed. The SDK takes that for an
		// answer, and does not wait.
		left = map[string][]item{}
		for table, more := range out.UnprocessedKeys {
			left[table] = more.Keys
		}
	}
	all := make([]item, len(wants))
	for n, w := range wants {
		all[n] = found[w.name()]
	}
	return all, nil
}

// decode reads an item that getAll answered into v, and answers whether it is there.
func decode(i item, v any) (bool, error) {
	if i == nil {
		return false, nil
	}
	return true, attributevalue.UnmarshalMap(i, v)
}

func (s *Store) wantToken(t commerce.Token) want {
	return want{table: s.tables.Tokens, key: item{"pk": text(t.Hash())}}
}

func (s *Store) wantOrder(id string) want {
	return want{table: s.tables.Orders, key: key(orderKey(id), orderItemKey)}
}

func (s *Store) wantMember(email commerce.Address) want {
	return want{table: s.tables.Organizations, key: key(memberKey(email), memberItemKey)}
}

func (s *Store) wantOrganization(id string) want {
	return want{table: s.tables.Organizations, key: key(organizationKey(id), organizationItemKey)}
}

func (s *Store) wantRelation(customer, partner string) want {
	return want{table: s.tables.Organizations, key: key(organizationKey(customer), partnerKey(partner))}
}

// grantIn is the grant that an item holds; false where there is none.
func grantIn(i item) (commerce.Grant, bool, error) {
	var g grantItem
	found, err := decode(i, &g)
	if err != nil {
		return commerce.Grant{}, false, fmt.Errorf("read token: %w", err)
	}
	return g.grant(), found, nil
}

// memberIn is the member that an item holds; false where there is none.
func memberIn(i item) (commerce.Member, bool, error) {
	var m memberItem
	found, err := decode(i, &m)
	if err != nil {
		return commerce.Member{}, false, fmt.Errorf("read member: %w", err)
	}
	if !found {
		return commerce.Member{}, false, nil
	}
	return m.member(), true, nil
}

// organizationIn is the organization with this id that an item holds. That there is none is our own failure.
func organizationIn(i item, id string) (commerce.Organization, error) {
	var o organizationItem
	found, err := decode(i, &o)
	if err != nil {
		return commerce.Organization{}, fmt.Errorf("read organization %s: %w", id, err)
	}
	if !found {
		return commerce.Organization{}, fmt.Errorf("read organization %s: there is none", id)
	}
	return o.organization(), nil
}

// relationIn is what an item says that the partner may do; AccessNone where nothing is stored.
func relationIn(i item, customer, partner string) (commerce.Relation, error) {
	var r relationItem
	found, err := decode(i, &r)
	if err != nil {
		return commerce.Relation{}, fmt.Errorf("read access to %s: %w", customer, err)
	}
	if !found {
		return commerce.Relation{Customer: customer, Partner: partner, Access: commerce.AccessNone}, nil
	}
	return r.relation(), nil
}
