// Package audit reads everything that is stored and says what does not fit together: an organization without its order,
// a member without an organization, a guard without its owner, a link used without a mapping, a letter without a reason,
// a charge too many, an order that the clock would forget.
//
// It knows the tables from the description in shared/store, not from its code, and holds them to the rules of the design.
// What it reads must be at rest: a table is not read in one instant.
package audit

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dayone/shared/store"
)

// Check reads the tables and answers everything that does not fit together as one error, nil where all does.
func Check(ctx context.Context, db *dynamodb.Client, tables store.Tables) error {
	b, err := Read(ctx, db, tables)
	if err != nil {
		return err
	}
	return b.Check()
}

// Check answers everything that does not fit together as one error, nil where all does.
func (b *Books) Check() error {
	r := report{Books: b}
	for _, id := range slices.Sorted(maps.Keys(b.Orders)) {
		o := b.Orders[id]
		r.dueEntry(o)
		r.listed(o)
		r.seated(o)
		r.timeline(o)
		r.told(o)
		r.mapping(o)
		r.letters(o)
		r.charges(o)
	}
	r.totals()
	r.guards()
	r.queue()
	r.events()
	r.organizations()
	r.members()
	r.notes()
	r.relations()
	r.subdomains()
	r.entitlements()
	r.grants()
	for _, name := range b.Unknown {
		r.say("%s: no rule knows this item", name)
	}
	if more := len(r.problems) - shown; more > 0 {
		r.problems = append(r.problems[:shown], fmt.Errorf("and %d more", more))
	}
	return errors.Join(r.problems...)
}

// shown is how many problems are told one by one.
const shown = 20

// report collects what does not fit.
type report struct {
	*Books
	problems []error
}

func (r *report) say(format string, args ...any) {
	r.problems = append(r.problems, fmt.Errorf(format, args...))
}
