package store_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dayone/shared/commerce"
	"dayone/shared/store"
)

// leafing reads a list of operators to its end and answers the ids and how many pages there were.
func leafing(t testing.TB, read func(cursor string) ([]commerce.Order, string, error), limit int, between func()) (ids []string) {
	t.Helper()
	for cursor, n := "", 0; ; n++ {
		orders, next, err := read(cursor)
		if err != nil {
			t.Fatal(err)
		}
		if len(orders) > limit || n > 500 {
			t.Fatalf("page %d has %d orders", n, len(orders))
		}
		for _, o := range orders {
			ids = append(ids, o.ID)
		}
		if next == "" {
			return ids
		}
		cursor = next
		if between != nil {
			between()
		}
	}
}

// seated reads a desk.
func seated(t testing.TB, s *store.Store, desk commerce.Desk, limit int, between func()) []string {
	t.Helper()
	return leafing(t, func(cursor string) ([]commerce.Order, string, error) {
		return s.AtDesk(t.Context(), desk, cursor, limit)
	}, limit, between)
}

// find reads all that a search finds.
func find(t testing.TB, s *store.Store, q store.Search, limit int, between func()) []string {
	t.Helper()
	return leafing(t, func(cursor string) ([]commerce.Order, string, error) { return s.Find(t.Context(), q, cursor, limit) }, limit, between)
}

// desks stores an order at each desk, and answers their ids.
func desks(t testing.TB, s *store.Store) map[commerce.Desk]string {
	t.Helper()
	at := func(n int) time.Time { return opens.Add(time.Duration(n) * time.Hour) }
	store := func(id string, change func(commerce.Order) commerce.Order) string {
		o := place(t, s, order(t, id))
		replace(t, s, o, change(o))
		return id
	}
	sent := func(o commerce.Order) commerce.Order {
		return o.LinkSent(commerce.LetterSetup, o.Contact, 1, "message", opens)
	}
	moved := func(o commerce.Order, to commerce.Status, n int) commerce.Order {
		o = sent(o)
		o.Status, o.Mapping.At, o.Mapping.Partner, o.Mapping.Customer, o.BilledAt = to, at(n), "org_p", "org_c", at(n)
		return o
	}
	return map[commerce.Desk]string{
		commerce.DeskPerson:    store("DO-person", func(o commerce.Order) commerce.Order { return sent(o).Escalated("m", at(25)) }),
		commerce.DeskScheduled: place(t, s, order(t, "DO-scheduled")).ID,
		commerce.DeskSetup:     store("DO-setup", sent),
		commerce.DeskServices:  store("DO-services", func(o commerce.Order) commerce.Order { return moved(o, commerce.Mapped, 3) }),
		commerce.DeskRunning:   store("DO-running", func(o commerce.Order) commerce.Order { return moved(o, commerce.Active, 4) }),
		commerce.DeskEnded: store("DO-ended", func(o commerce.Order) commerce.Order {
			c, err := o.Cancel(commerce.ByCaller(caller), "withdrawn", noon)
			if err != nil {
				t.Fatal(err)
			}
			return c
		}),
	}
}

func TestOrdersAreAtTheirDesks(t *testing.T) {
	s, _ := open(t)
	ids := desks(t, s)
	var all []string
	for _, desk := range commerce.Desks {
		all = append(all, ids[desk])
		if got := seated(t, s, desk, 10, nil); !slices.Equal(got, []string{ids[desk]}) {
			t.Errorf("at %s: %v", desk, got)
		}
	}
	for _, limit := range []int{1, 2, 4, 6, 50} {
		if got := seated(t, s, "", limit, nil); !slices.Equal(got, all) {
			t.Errorf("all, %d a page: %v, want %v", limit, got, all)
		}
	}
	counts, err := s.Counts(t.Context(), commerce.Desks...)
	if err != nil {
		t.Fatal(err)
	}
	for _, desk := range commerce.Desks {
		if counts[desk] != (store.Count{N: 1}) {
			t.Errorf("at %s there are %+v", desk, counts[desk])
		}
	}
	o := read(t, s, ids[commerce.DeskPerson])
	handled, err := o.Handle(commerce.ByOperator(ana), "rang them", opens.Add(26*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	replace(t, s, o, handled)
	if got := read(t, s, o.ID); !got.HandledAt.Equal(handled.HandledAt) {
		t.Errorf("handled at %s", got.HandledAt)
	}
	if got := seated(t, s, commerce.DeskPerson, 10, nil); len(got) != 0 {
		t.Errorf("handled, and still there: %v", got)
	}
}

func TestDesksAreSorted(t *testing.T) {
	s, _ := open(t)
	var waiting, ended []string
	for i := range 12 {
		o := place(t, s, order(t, fmt.Sprintf("DO-%02d", i)))
		sent := o.LinkSent(commerce.LetterSetup, o.Contact, 1, "message", opens)
		if i%2 == 0 {
			replace(t, s, o, sent.Escalated("m", opens.Add(time.Duration(100-i)*time.Hour)))
			waiting = append([]string{o.ID}, waiting...) // who has waited longest comes first
			continue
		}
		c, err := o.Cancel(commerce.ByCaller(caller), "withdrawn", noon.Add(time.Duration(i)*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		replace(t, s, o, c)
		ended = append([]string{o.ID}, ended...) // what ended last comes first
	}
	for _, limit := range []int{1, 2, 5, 30} {
		if diff := cmp.Diff(waiting, seated(t, s, commerce.DeskPerson, limit, nil)); diff != "" {
			t.Errorf("%d a page: %s", limit, diff)
		}
		if diff := cmp.Diff(ended, seated(t, s, commerce.DeskEnded, limit, nil)); diff != "" {
			t.Errorf("%d a page: %s", limit, diff)
		}
	}
}

// Scenario 37 for every list of the console: no row twice, none of those that were there missed.
func TestDesksWhileOrdersAreAdded(t *testing.T) {
	s, _ := open(t)
	there := starting(t, s, "DO", 15)
	added := 0
	add := func() {
		if added > 100 {
			return // or a list to whose end they are added never ends
		}
		for _, offset := range []int{-3, 0, 7, 20} {
			added++
			place(t, s, order(t, fmt.Sprintf("DO-A%d", added), func(t *commerce.Terms) { t.Start = t.Start.AddDays(offset) }))
		}
	}
	for name, got := range map[string][]string{
		"all":         seated(t, s, "", 2, add),
		"a desk":      seated(t, s, commerce.DeskScheduled, 2, add),
		"by customer": find(t, s, store.Search{Name: "alpine"}, 3, add),
		"by partner":  find(t, s, store.Search{Name: "nordlicht"}, 3, add),
		"by contact":  find(t, s, store.Search{Contact: "provisioning@nordlicht.example"}, 3, add),
	} {
		if twice := len(got) - len(slices.Compact(slices.Sorted(slices.Values(got)))); twice > 0 {
			t.Errorf("%s: %d orders are there twice: %v", name, twice, got)
		}
		for _, id := range there {
			if !slices.Contains(got, id) {
				t.Errorf("%s: %s is missing", name, id)
			}
		}
	}
}

func TestFind(t *testing.T) {
	s, _ := open(t)
	for id, names := range map[string][3]string{
		"DO-1": {"Soča, Energija d.d.", "Karst d.o.o.", "ana@karst.example"},
		"DO-2": {"Sočerga Vina", "Nordlicht Partner", "bor@nordlicht.example"},
		"DO-3": {"Straße & Söhne GmbH", "Soca Partner", "ana@karst.example"},
		"DO-4": {"3M", "ØRSTED", "cene@orsted.example"},
		"DO-5": {"Nordlicht Nord", "Nordlicht Partner", "bor@nordlicht.example"},
		"DO-6": {"...", "Łódź", "dana@lodz.example"},
	} {
		place(t, s, order(t, id, func(t *commerce.Terms) {
			t.Customer.Name, t.Partner.Name, t.Contact = names[0], names[1], commerce.Address(names[2])
		}))
	}
	for name, tc := range map[string]struct {
		search store.Search
		want   []string
	}{
		"how a customer begins":             {store.Search{Name: "soca energija"}, []string{"DO-1"}},
		"with its marks":                    {store.Search{Name: "  SOČA, e"}, []string{"DO-1"}},
		"customers, then partners":          {store.Search{Name: "soč"}, []string{"DO-1", "DO-2", "DO-3"}},
		"letters that come apart otherwise": {store.Search{Name: "strasse"}, []string{"DO-3"}},
		"a partner":                         {store.Search{Name: "orsted"}, []string{"DO-4"}},
		"a short name, whole":               {store.Search{Name: "3m"}, []string{"DO-4"}},
		"too short":                         {store.Search{Name: "so"}, nil},
		"both sides, once":                  {store.Search{Name: "nord"}, []string{"DO-5", "DO-2"}},
		"a stroke":                          {store.Search{Name: "lodz"}, []string{"DO-6"}},
		"not in the middle":                 {store.Search{Name: "energija"}, nil},
		"an address":                        {store.Search{Contact: "ana@karst.example"}, []string{"DO-1", "DO-3"}},
		"half of an address":                {store.Search{Contact: "ana@karst"}, nil},
		"at a desk":                         {store.Search{Name: "soč", Desk: commerce.DeskScheduled}, []string{"DO-1", "DO-2", "DO-3"}},
		"at another desk":                   {store.Search{Name: "soč", Desk: commerce.DeskRunning}, nil},
		"no letters":                        {store.Search{Name: "..."}, nil},
		"nothing":                           {store.Search{}, nil},
	} {
		for _, limit := range []int{1, 2, 10} {
			if diff := cmp.Diff(tc.want, find(t, s, tc.search, limit, nil)); diff != "" {
				t.Errorf("%s, %d a page: %s", name, limit, diff)
			}
		}
	}
}

func TestCursorsOfDesksAreNotMadeUp(t *testing.T) {
	s, _ := open(t)
	place(t, s, order(t, "DO-1"))
	made := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	for _, cursor := range []string{"?", made("nowhere|x"), made("scheduled"), made("person|" + strings.Repeat("x", 2000))} {
		_, _, err := s.AtDesk(t.Context(), "", cursor, 10)
		if e, ok := errors.AsType[*commerce.Error](err); !ok || e.Kind != commerce.KindInvalid {
			t.Errorf("%q: %v", cursor, err)
		}
	}
	for _, cursor := range []string{made("customer|zzz"), made("customer|\xff"), made("partner|"), made("scheduled|x")} {
		if orders, _, err := s.Find(t.Context(), store.Search{Name: "alpine"}, cursor, 10); err != nil {
			if e, ok := errors.AsType[*commerce.Error](err); !ok || e.Kind != commerce.KindInvalid {
				t.Errorf("%q: %v", cursor, err)
			}
		} else if len(orders) > 1 {
			t.Errorf("%q: %d orders", cursor, len(orders))
		}
	}
}
