package commerce

import (
	"slices"
	"time"
)

// What one link may ask about. Whoever walks through the wizard asks about one or two addresses; whoever tries out many
// learns who is a member of an organization.
const (
	looksAnHour = 20
	looksInAll  = 60
)

// Look is an address that was asked about over a link, and when first. Tag says only whether it is another's.
type Look struct {
	Tag string
	At  time.Time
}

// Look is what was asked about over the link once these addresses were, too. One that was asked about before costs
// nothing; for a further one too many it answers the refusal.
func (g Grant) Look(asked []Address, now time.Time) ([]Look, error) {
	looks := slices.Clone(g.Looks)
	for _, a := range asked {
		if a == "" || slices.ContainsFunc(looks, func(l Look) bool { return l.Tag == a.tag() }) {
			continue
		}
		if len(looks) >= looksInAll {
			e := *ErrLooksOver
			e.Wait = 24 * time.Hour // it will not be better then, but nobody should ask more often
			return nil, &e
		}
		lately := slices.DeleteFunc(slices.Clone(looks), func(l Look) bool { return !now.Before(l.At.Add(time.Hour)) })
		if len(lately) >= looksAnHour {
			e := *ErrTooManyLooks
			first := slices.MinFunc(lately, func(a, b Look) int { return a.At.Compare(b.At) })
			e.Wait = first.At.Add(time.Hour).Sub(now)
			return nil, &e
		}
		looks = append(looks, Look{a.tag(), now})
	}
	return looks, nil
}
