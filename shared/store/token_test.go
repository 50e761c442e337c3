package store_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dayone/shared/commerce"
	"dayone/shared/store"
)

// later is when the tests complete: the afternoon of the opening day.
var later = opens.Add(5 * time.Hour)

// asNewPartner are complete answers of a partner and for a customer that nobody knows.
func asNewPartner(o commerce.Order, partnerAdmin, customerAdmin commerce.Address) commerce.Answers {
	a := commerce.Answers{
		Role: commerce.RolePartner, SetUpBy: commerce.ByMe,
		PartnerOrganization: commerce.NewOrganization, PartnerName: "Nordlicht", PartnerCountry: "SI", PartnerAdmin: partnerAdmin, PartnerPhone: "+386 1 2345678",
		CustomerAdmin: customerAdmin, CustomerOrganization: commerce.NewOrganization, CustomerName: "Alpine Mills", CustomerCountry: "AT", CustomerLanguage: "en",
	}
	a.ReviewDigest = a.Digest(o, commerce.Known{})
	return a
}

// completion is what completing these answers over a link would write; the ids end in suffix.
func completion(t testing.TB, o commerce.Order, a commerce.Answers, k commerce.Known, link, suffix string) commerce.Completion {
	t.Helper()
	a.ReviewDigest = a.Digest(o, k)
	c, err := o.Map(a, k, commerce.Fresh{Partner: "org_p" + suffix, Customer: "org_c" + suffix, Link: link, Password: "password-" + link}, later)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// mappedOrder is a stored order that was completed: ana administers org_p, chef org_c.
func mappedOrder(t testing.TB, s *store.Store) commerce.Order {
	t.Helper()
	o := invite(t, s, place(t, s, order(t, "DO-1")), "link")
	c := completion(t, o, asNewPartner(o, ana, chef), commerce.Known{}, "link", "")
	if err := s.Complete(t.Context(), o, c); err != nil {
		t.Fatal(err)
	}
	return c.Order
}

func member(t testing.TB, s *store.Store, a commerce.Address) commerce.Member {
	t.Helper()
	m, found, err := s.Member(t.Context(), a)
	if err != nil || !found {
		t.Fatalf("member %s: %t, %v", a, found, err)
	}
	return m
}

func organization(t testing.TB, s *store.Store, id string) commerce.Organization {
	t.Helper()
	o, err := s.Organization(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestCompletingWritesEverything(t *testing.T) {
	s, tables := open(t)
	o := invite(t, s, place(t, s, order(t, "DO-1")), "link")
	c := completion(t, o, asNewPartner(o, ana, chef), commerce.Known{}, "link", "")
	if err := s.Complete(t.Context(), o, c); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c.Order.Explain(o), read(t, s, o.ID)); diff != "" {
		t.Error(diff)
	}
	for i, id := range []string{"org_p", "org_c"} {
		if diff := cmp.Diff(c.Organizations[i], organization(t, s, id)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(c.Members[i], member(t, s, []commerce.Address{ana, chef}[i])); diff != "" {
			t.Error(diff)
		}
		admins, err := s.Administrators(t.Context(), id)
		if err != nil || len(admins) != 1 || admins[0] != c.Members[i].Email {
			t.Errorf("%s is administered by %v, %v", id, admins, err)
		}
	}
	relation, err := s.Relation(t.Context(), "org_c", "org_p")
	if diff := cmp.Diff(c.Relation, relation); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if n := count(t, tables, "OrdersTable", "letter#"); n != len(c.Letters) {
		t.Errorf("%d letters of %d", n, len(c.Letters))
	}
	for kind, id := range map[commerce.OrganizationKind]string{commerce.PartnerKind: "org_p", commerce.CustomerKind: "org_c"} {
		if orders, _, err := s.OrdersOf(t.Context(), kind, id, "", 10); err != nil || len(orders) != 1 || orders[0].ID != o.ID {
			t.Errorf("orders of %s: %v, %v", id, orders, err)
		}
		if orders, _, err := s.OrdersOf(t.Context(), kind, "org_x", "", 10); err != nil || len(orders) != 0 {
			t.Errorf("orders of nobody: %v, %v", orders, err)
		}
	}
	if err := s.Complete(t.Context(), o, c); !errors.Is(err, commerce.ErrOrderChanged) {
		t.Errorf("completed twice: %v", err)
	}
}

// Scenario 19: whatever they answer, one wins; there is one pair of organizations.
func TestCompletingAtOnceOverTwoLinks(t *testing.T) {
	for round := range 5 {
		s, tables := open(t)
		o := invite(t, s, place(t, s, order(t, "DO-1")), "link-0")
		issue(t, s, commerce.Grant{Hash: "link-1", Kind: commerce.SetupToken, Order: o.ID, Generation: 1, IssuedAt: opens, ExpiresAt: opens.Add(time.Hour)})
		errs := atOnce(20, func(i int) error {
			a := asNewPartner(o, commerce.Address(fmt.Sprintf("ana%d@nordlicht.example", i)), commerce.Address(fmt.Sprintf("chef%d@alpine.example", i)))
			return s.Complete(t.Context(), o, completion(t, o, a, commerce.Known{}, fmt.Sprintf("link-%d", i%2), fmt.Sprint(i)))
		})
		if got := tally(errs); got["done"] != 1 || got["order_changed"]+got["link_used"] != 19 {
			t.Errorf("round %d: %v", round, got)
		}
		for prefix, want := range map[string]int{"organization#": 3, "member#": 2} { // two organizations, one with the access of the other
			if n := count(t, tables, "OrganizationsTable", prefix); n != want {
				t.Errorf("round %d: %d items %s", round, n, prefix)
			}
		}
		if n := count(t, tables, "OrdersTable", "letter#"); n != 3 {
			t.Errorf("round %d: %d letters", round, n)
		}
	}
}

// Scenario 18: two orders, the same new administrator.
func TestOneAddressIsInOneOrganization(t *testing.T) {
	s, tables := open(t)
	var orders []commerce.Order
	for i := range 2 {
		orders = append(orders, invite(t, s, place(t, s, order(t, fmt.Sprintf("DO-%d", i))), fmt.Sprintf("link-%d", i)))
	}
	errs := atOnce(2, func(i int) error {
		a := asNewPartner(orders[i], commerce.Address(fmt.Sprintf("ana%d@nordlicht.example", i)), chef)
		return s.Complete(t.Context(), orders[i], completion(t, orders[i], a, commerce.Known{}, fmt.Sprintf("link-%d", i), fmt.Sprint(i)))
	})
	if got := tally(errs); got["done"] != 1 || got["address_taken"] != 1 {
		t.Fatalf("%v", got)
	}
	if n := count(t, tables, "OrganizationsTable", "member#"); n != 2 {
		t.Errorf("%d members", n)
	}
	loser := slices.IndexFunc(errs, func(err error) bool { return err != nil })
	if o := read(t, s, orders[loser].ID); o.Status != commerce.Invited {
		t.Errorf("the other is %s", o.Status)
	}
	grants := items(t, tables, "TokensTable")
	for _, g := range grants {
		if _, used := g["used_at"]; used && text(g["pk"]) == fmt.Sprintf("link-%d", loser) {
			t.Error("and its link is used up")
		}
	}
}

// Scenario 33.
func TestCancellingAndCompletingAtOnce(t *testing.T) {
	s, _ := open(t)
	for round := range 40 {
		id := fmt.Sprintf("DO-%d", round)
		o := invite(t, s, place(t, s, order(t, id)), "link-"+id)
		cancelled, err := o.Cancel(commerce.ByCaller(caller), "withdrawn", later)
		if err != nil {
			t.Fatal(err)
		}
		a := asNewPartner(o, commerce.Address("ana@"+id+".example"), commerce.Address("chef@"+id+".example"))
		c := completion(t, o, a, commerce.Known{}, "link-"+id, id)
		errs := atOnce(2, func(i int) error {
			if i == round%2 {
				return s.Replace(t.Context(), o, cancelled)
			}
			return s.Complete(t.Context(), o, c)
		})
		if got := tally(errs); got["done"] != 1 || got["order_changed"] != 1 {
			t.Errorf("round %d: %v", round, got)
		}
	}
}

func TestCompletingOverALinkThatIsNone(t *testing.T) {
	s, tables := open(t)
	o := place(t, s, order(t, "DO-1"))
	c := completion(t, o, asNewPartner(o, ana, chef), commerce.Known{}, "no-such-link", "")
	if err := s.Complete(t.Context(), o, c); !errors.Is(err, commerce.ErrTokenUsed) {
		t.Errorf("Complete = %v", err)
	}
	if n := len(items(t, tables, "OrganizationsTable")) + len(items(t, tables, "TokensTable")); n != 0 {
		t.Errorf("%d items were written", n)
	}
}

// Rule 12: asking for access never takes it away, and is decided anew where it was granted meanwhile.
func TestAskingForWhatWasGranted(t *testing.T) {
	s, _ := open(t)
	first := mappedOrder(t, s)
	o := invite(t, s, place(t, s, order(t, "DO-2")), "link-2")
	partner, customer := organization(t, s, "org_p"), organization(t, s, "org_c")
	a := commerce.Answers{Role: commerce.RolePartner, SetUpBy: commerce.ByMe, PartnerOrganization: "org_p", CustomerAdmin: chef, CustomerOrganization: "org_c"}
	stale := commerce.Known{Partners: []commerce.Organization{partner}, Customers: []commerce.Organization{customer}, CustomerAdmins: []commerce.Address{chef}}
	if err := s.Complete(t.Context(), o, completion(t, o, a, stale, "link-2", "")); !errors.Is(err, commerce.ErrOrderChanged) {
		t.Fatalf("Complete = %v", err)
	}
	relation, err := s.Relation(t.Context(), "org_c", "org_p")
	if err != nil || relation.Access != commerce.AccessGranted || relation.Order != first.ID {
		t.Fatalf("%+v, %v", relation, err)
	}
	stale.Relation = relation
	if err := s.Complete(t.Context(), o, completion(t, o, a, stale, "link-2", "")); err != nil {
		t.Errorf("Complete = %v", err)
	}
}

func TestDeciding(t *testing.T) {
	s, tables := open(t)
	o := mappedOrder(t, s)
	sides := commerce.Sides{Customer: organization(t, s, "org_c"), CustomerAdmins: []commerce.Address{chef}, PartnerAdmins: []commerce.Address{ana}}
	for i, yes := range []bool{false, true} {
		partner := fmt.Sprint("org_x", i)
		before := relation(t, s, partner, commerce.AccessAsked)
		link := func(name string) commerce.Grant {
			g := commerce.Grant{Hash: fmt.Sprint(name, i), Kind: commerce.AccessToken, Order: o.ID, Member: chef, Customer: "org_c", Partner: partner,
				IssuedAt: later, ExpiresAt: later.Add(time.Hour)}
			issue(t, s, g)
			return g
		}
		g, other := link("access-"), link("other-")
		letters := count(t, tables, "OrdersTable", "letter#")
		decided, c, err := o.Decide(g, before, yes, sides, later)
		if err != nil {
			t.Fatal(err)
		}
		errs := atOnce(10, func(int) error { return s.Decide(t.Context(), g, c, o, decided) })
		if got := tally(errs); got["done"] != 1 || got["link_used"]+got["order_changed"] != 9 {
			t.Errorf("yes %t: %v", yes, got)
		}
		if err := s.Decide(t.Context(), g, c, decided, decided.NoticeSent("", later)); !errors.Is(err, commerce.ErrAnswered) {
			t.Errorf("decided again: %v", err)
		}
		if n := count(t, tables, "OrdersTable", "letter#"); n != letters+1 {
			t.Errorf("%d letters", n-letters)
		}
		// A colleague who read the request before: the first answer stands.
		late, change, err := decided.Decide(other, before, !yes, sides, later)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Decide(t.Context(), other, change, decided, late); !errors.Is(err, commerce.ErrOrderChanged) {
			t.Errorf("another answer: %v", err)
		}
		stored, err := s.Relation(t.Context(), "org_c", partner)
		if diff := cmp.Diff(c.After, stored); diff != "" || err != nil {
			t.Error(diff, err)
		}
		same, change, err := decided.Decide(other, stored, yes, sides, later)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Decide(t.Context(), other, change, decided, same); err != nil {
			t.Errorf("the same answer: %v", err)
		}
		o = same
	}
	gone := commerce.Grant{Hash: "gone", Kind: commerce.AccessToken, Order: o.ID, Member: "gone@alpine.example", Customer: "org_c", Partner: "org_y",
		IssuedAt: later, ExpiresAt: later.Add(time.Hour)}
	issue(t, s, gone)
	decided, c, err := o.Decide(gone, relation(t, s, "org_y", commerce.AccessAsked), true, sides, later)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Decide(t.Context(), gone, c, o, decided); !errors.Is(err, commerce.ErrTokenUnknown) {
		t.Errorf("by somebody who was removed: %v", err)
	}
}

// session is a new session of a member, and its secret.
func session(t testing.TB, a commerce.Address, now time.Time) (commerce.Grant, string) {
	t.Helper()
	token, err := commerce.MintToken(commerce.SessionToken, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return commerce.Grant{Hash: token.Hash(), Kind: commerce.SessionToken, Member: a, IssuedAt: now, ExpiresAt: now.Add(commerce.SessionFor)}, token.Reveal()
}

func TestChoosingAPassword(t *testing.T) {
	s, tables := open(t)
	o := mappedOrder(t, s)
	old := member(t, s, ana)
	errs := atOnce(10, func(int) error {
		grant, _ := session(t, ana, later)
		return s.ChoosePassword(t.Context(), commerce.Grant{Hash: o.Mapping.Password}, old, old.Chosen("hash", later), grant)
	})
	if got := tally(errs); got["done"] != 1 || got["link_used"]+got["order_changed"] != 9 {
		t.Errorf("%v", got)
	}
	if m := member(t, s, ana); m.Password != "hash" || m.Version != old.Version+1 || !m.PasswordAt.Equal(later) {
		t.Errorf("stored %+v", m)
	}
	sessions := 0
	for _, g := range items(t, tables, "TokensTable") {
		if text(g["kind"]) == string(commerce.SessionToken) {
			sessions++
		}
	}
	if sessions != 1 {
		t.Errorf("%d sessions", sessions)
	}
	grant, _ := session(t, ana, later)
	err := s.ChoosePassword(t.Context(), commerce.Grant{Hash: o.Mapping.Password}, member(t, s, ana), old.Chosen("other", later), grant)
	if !errors.Is(err, commerce.ErrPasswordLinkUsed) {
		t.Errorf("the link again: %v", err)
	}
}

func TestFreshPasswordReplacesTheLast(t *testing.T) {
	s, tables := open(t)
	o := mappedOrder(t, s)
	for _, hash := range []string{"another", "and another"} { // both by somebody who read the order before
		if err := s.FreshPassword(t.Context(), o, o.FreshPassword(hash, later)); err != nil {
			t.Fatal(err)
		}
	}
	if got := read(t, s, o.ID); got.Mapping.Password != "and another" || got.Version != o.Version+2 {
		t.Errorf("version %d has %s", got.Version, got.Mapping.Password)
	}
	var hashes []string
	for _, g := range items(t, tables, "TokensTable") {
		if text(g["kind"]) == string(commerce.PasswordToken) {
			hashes = append(hashes, text(g["pk"]))
		}
	}
	if diff := cmp.Diff([]string{"and another"}, hashes); diff != "" {
		t.Error(diff)
	}
}

func TestSessions(t *testing.T) {
	s, _ := open(t)
	mappedOrder(t, s)
	grant, secret := session(t, ana, later)
	if err := s.SignIn(t.Context(), grant); err != nil {
		t.Fatal(err)
	}
	_, unknown := session(t, ana, later)
	ghost, ofNobody := session(t, "nobody@nordlicht.example", later)
	if err := s.SignIn(t.Context(), ghost); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		secret string
		now    time.Time
		want   error
	}{
		"signed in":        {secret, later, nil},
		"at its last tick": {secret, later.Add(commerce.SessionFor - time.Millisecond), nil},
		"over":             {secret, later.Add(commerce.SessionFor), commerce.ErrSignedOut},
		"unknown":          {unknown, later, commerce.ErrSignedOut},
		"no secret":        {"", later, commerce.ErrSignedOut},
		"another kind":     {"psl_" + secret[4:], later, commerce.ErrSignedOut},
		"of nobody":        {ofNobody, later, commerce.ErrSignedOut},
	} {
		m, err := s.SignedIn(t.Context(), tc.secret, tc.now)
		if !errors.Is(err, tc.want) || err == nil && m.Email != ana {
			t.Errorf("%s: %s, %v", name, m.Email, err)
		}
	}
	old := member(t, s, ana)
	if err := s.ReplaceMember(t.Context(), old, old.Chosen("hash", later.Add(time.Minute))); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SignedIn(t.Context(), secret, later.Add(time.Minute)); !errors.Is(err, commerce.ErrSignedOut) {
		t.Errorf("a session of before the password: %v", err)
	}
	if err := s.ReplaceMember(t.Context(), old, old.Chosen("other", later)); !errors.Is(err, commerce.ErrOrderChanged) {
		t.Errorf("over another change: %v", err)
	}
	token, err := commerce.ParseToken(commerce.SessionToken, secret)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Revoke(t.Context(), token); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Grant(t.Context(), commerce.SessionToken, token); !errors.Is(err, commerce.ErrTokenUnknown) {
		t.Errorf("after signing out: %v", err)
	}
}

func TestGrantsAreStoredWhole(t *testing.T) {
	s, _ := open(t)
	token, err := commerce.MintToken(commerce.AccessToken, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	g := commerce.Grant{Hash: token.Hash(), Kind: commerce.AccessToken, Order: "DO-1", Generation: 3, First: true, Member: ana, Customer: "org_c",
		Partner: "org_p", IssuedAt: noon, ExpiresAt: later, UsedAt: opens}
	issue(t, s, g)
	got, err := s.Grant(t.Context(), commerce.AccessToken, token)
	if diff := cmp.Diff(g, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if _, err := s.Grant(t.Context(), commerce.SetupToken, token); !errors.Is(err, commerce.ErrTokenUnknown) {
		t.Errorf("as another kind: %v", err)
	}
}

// Scenario 23: five are free, somebody's or nobody's address, one after another or all at once.
func TestWrongPasswordsSlowDown(t *testing.T) {
	s, _ := open(t)
	for _, a := range []commerce.Address{ana, "nobody@nowhere.example"} {
		for n := range 5 {
			if err := s.TakeTry(t.Context(), a, later); err != nil {
				t.Fatalf("try %d for %s: %v", n+1, a, err)
			}
		}
		err := s.TakeTry(t.Context(), a, later.Add(time.Second))
		if e, ok := errors.AsType[*commerce.Error](err); !ok || e.Kind != commerce.KindTooMany || e.Wait != time.Second {
			t.Errorf("the sixth for %s: %v", a, err)
		}
	}
	errs := atOnce(12, func(int) error { return s.TakeTry(t.Context(), chef, later) })
	if got := tally(errs); got["done"] > 5 || got["done"]+got["slow_down"] != 12 {
		t.Errorf("at once: %v", got)
	}
	grant, _ := session(t, ana, later)
	if err := s.SignIn(t.Context(), grant); err != nil {
		t.Fatal(err)
	}
	if err := s.TakeTry(t.Context(), ana, later); err != nil {
		t.Errorf("after the right one: %v", err)
	}
}
