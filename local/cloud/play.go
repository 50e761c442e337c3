package cloud

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"dayone/shared/commerce"
)

// StandIns do what people and the commerce system would, for whoever wants to see a month in a minute. A nil one has no
// button.
type StandIns struct {
	Place  func(ctx context.Context, c *Cloud, locale string) error // places an order that starts the next day
	Finish func(ctx context.Context, c *Cloud, order string) error  // takes an order from its letter to services that run
}

// coming is what the clock owes an order next.
type coming struct {
	What    string
	At      time.Time
	Request string // moves the clock there
}

// longestWay is in how many steps the clock goes at most to what comes next.
const longestWay = 24

// comes is what the clock owes an order next, nil where that is nothing.
func (c *Cloud) comes(ctx context.Context, order string, now time.Time) (*coming, error) {
	if c.store == nil {
		return nil, nil
	}
	o, err := c.store.Order(ctx, order)
	if err != nil {
		return nil, err
	}
	next := o.Next()
	if next.Deed == commerce.NoDeed {
		return nil, nil
	}
	request := `{"advance":"1s"}` // due, and a moment too early to have been done
	if at := wholeSecond(next.At); at.After(now) {
		step := max(at.Sub(now)/longestWay+time.Second, largestStep)
		request = fmt.Sprintf(`{"set":%q,"step":%q}`, at.UTC().Format(time.RFC3339), step.Truncate(time.Second))
	}
	return &coming{deedWords(next.Deed), next.At, request}, nil
}

// deedWords say what will happen.
func deedWords(d commerce.Deed) string {
	switch d {
	case commerce.SendLink:
		return "its letter goes out"
	case commerce.Remind:
		return "a reminder goes out"
	case commerce.Escalate:
		return "the representative is told that nobody has begun"
	case commerce.GiveNotice:
		return "a letter says that it will close"
	case commerce.Close:
		return "it closes"
	case commerce.Provision:
		return "the service platform is asked"
	case commerce.ChargeLines:
		return "the next charge"
	case commerce.EndTerm:
		return "its term ends"
	}
	return string(d)
}

// happening is something that happened to an order, or a letter that went out.
type happening struct {
	At     time.Time
	Order  string // its reference, empty for a letter
	Kind   string
	Actor  string
	Letter Letter
}

// since is what has happened after an instant, in order.
func (c *Cloud) since(ctx context.Context, orders []listed, from time.Time) ([]happening, error) {
	var all []happening
	for _, o := range orders {
		cursor := ""
		for page := 0; page == 0 || cursor != ""; page++ {
			var timeline struct {
				Events []struct {
					At          time.Time
					Kind, Actor string
				}
				Next string
			}
			if err := c.question(ctx, "/orders/"+o.ID+"/events?cursor="+url.QueryEscape(cursor), &timeline); err != nil {
				return nil, err
			}
			for _, e := range timeline.Events {
				if e.At.After(from) {
					all = append(all, happening{At: e.At, Order: cmp.Or(o.ExternalRef, o.ID), Kind: e.Kind, Actor: e.Actor})
				}
			}
			cursor = timeline.Next
		}
	}
	for _, l := range c.post.newestFirst() {
		if l.SentAt.After(from) {
			all = append(all, happening{At: l.SentAt, Letter: l})
		}
	}
	slices.SortStableFunc(all, func(a, b happening) int { return a.At.Compare(b.At) })
	return all, nil
}

func (c *Cloud) placeOrder(w http.ResponseWriter, r *http.Request) {
	var in struct{ Locale string }
	if err := read(w, r, &in); err != nil {
		message(w, http.StatusBadRequest, err.Error())
		return
	}
	if c.config.StandIns.Place == nil {
		message(w, http.StatusNotFound, "nobody here places orders")
		return
	}
	say(w, c.config.StandIns.Place(r.Context(), c, in.Locale))
}

func (c *Cloud) finishOrder(w http.ResponseWriter, r *http.Request) {
	if c.config.StandIns.Finish == nil {
		message(w, http.StatusNotFound, "nobody here finishes orders")
		return
	}
	say(w, c.config.StandIns.Finish(r.Context(), c, r.PathValue("order")))
}

// say answers how it went.
func say(w http.ResponseWriter, err error) {
	if err != nil {
		message(w, http.StatusConflict, err.Error())
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"message": "done"})
}
