package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dayone/shared/commerce"
	"dayone/shared/store"
)

const bor = commerce.Address("bor@nordlicht.example")

// invited is a colleague whom ana invited at an instant.
func invited(t testing.TB, s *store.Store, who commerce.Address, now time.Time) commerce.Member {
	t.Helper()
	i := organization(t, s, "org_p").Invite(member(t, s, ana), who, "sl", now)
	if err := s.Invite(t.Context(), member(t, s, ana), i); err != nil {
		t.Fatal(err)
	}
	return i.Member
}

// settled gives a member a password, so that they can sign in.
func settled(t testing.TB, s *store.Store, who commerce.Address) commerce.Member {
	t.Helper()
	m := member(t, s, who)
	if err := s.ReplaceMember(t.Context(), m, m.Chosen("hash", m.CreatedAt)); err != nil {
		t.Fatal(err)
	}
	return member(t, s, who)
}

func colleagues(t testing.TB, s *store.Store, organization string) (names []commerce.Address, all []commerce.Member, notes []commerce.Note) {
	t.Helper()
	notes, err := s.Notes(t.Context(), organization, 25)
	if err != nil {
		t.Fatal(err)
	}
	all, err = s.Colleagues(t.Context(), organization, notes)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		names = append(names, m.Email)
	}
	return names, all, notes
}

func TestInviting(t *testing.T) {
	s, tables := open(t)
	mappedOrder(t, s)
	letters := count(t, tables, "OrdersTable", "letter#")
	want := invited(t, s, bor, later)
	if diff := cmp.Diff(want, member(t, s, bor)); diff != "" {
		t.Error(diff)
	}
	names, _, notes := colleagues(t, s, "org_p")
	if !slices.Equal(names, []commerce.Address{ana, bor}) || len(notes) != 1 || notes[0].Kind != commerce.NoteInvited || notes[0].By != ana {
		t.Errorf("%v, %+v", names, notes)
	}
	if got := count(t, tables, "OrdersTable", "letter#"); got != letters+1 {
		t.Errorf("%d letters, want %d", got, letters+1)
	}
	// Again at once: nothing more. Again after a while: another letter, and the invitation holds longer.
	for i, tc := range []struct {
		after time.Duration
		ends  time.Time
	}{{time.Minute, want.InvitedUntil()}, {time.Hour, later.Add(time.Hour + commerce.InvitationFor)}} {
		m := member(t, s, bor)
		if i == 1 { // the letter went out
			sent(t, s, later.Add(time.Minute))
		}
		again := organization(t, s, "org_p").InviteAgain(member(t, s, ana), m, "sl", later.Add(tc.after))
		answered, err := s.InviteAgain(t.Context(), member(t, s, ana), m, again)
		if err != nil {
			t.Fatal(err)
		}
		stored := member(t, s, bor)
		if got := stored.InvitedUntil(); !got.Equal(tc.ends) {
			t.Errorf("after %s it holds until %s, want %s", tc.after, got, tc.ends)
		}
		if diff := cmp.Diff(stored, answered); diff != "" {
			t.Errorf("after %s the answer is not what is stored: %s", tc.after, diff)
		}
	}
	m := member(t, s, bor)
	stale := m
	stale.Version--
	if _, err := s.InviteAgain(t.Context(), member(t, s, ana), stale, organization(t, s, "org_p").InviteAgain(member(t, s, ana), stale, "sl", later.Add(2*time.Hour))); !errors.Is(err, commerce.ErrOrderChanged) {
		t.Errorf("over another change: %v", err)
	}
	gone := commerce.Member{Email: "gone@nordlicht.example", Organization: "org_p"}
	if err := s.Invite(t.Context(), gone, organization(t, s, "org_p").Invite(gone, "eva@nordlicht.example", "sl", later)); !errors.Is(err, commerce.ErrSignedOut) {
		t.Errorf("by somebody who is gone: %v", err)
	}
}

// sent takes all letters out of the queue.
func sent(t testing.TB, s *store.Store, now time.Time) {
	t.Helper()
	entries, err := s.Due(t.Context(), "Letters", now, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		c, ok, err := s.Claim(t.Context(), e, "sent", now, now)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		if err := s.LetterSent(t.Context(), c, "message", now); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTwoOrganizationsInviteTheSameAddress(t *testing.T) {
	s, tables := open(t)
	mappedOrder(t, s)
	by := []commerce.Member{member(t, s, ana), member(t, s, chef)}
	for round := range 20 {
		who := commerce.Address(fmt.Sprintf("bor-%d@free.example", round))
		before := count(t, tables, "OrdersTable", "letter#")
		errs := atOnce(10, func(i int) error {
			o := organization(t, s, by[i%2].Organization)
			return s.Invite(t.Context(), by[i%2], o.Invite(by[i%2], who, "sl", later))
		})
		got := tally(errs)
		if got["done"] != 1 || got["done"]+got["address_taken"]+got["slow_down"] != 10 {
			t.Fatalf("%v", got)
		}
		if n := count(t, tables, "OrdersTable", "letter#"); n != before+1 {
			t.Fatalf("%d letters", n-before)
		}
	}
}

func TestAnInvitationThatNobodyAcceptedFreesItsAddress(t *testing.T) {
	s, _ := open(t)
	mappedOrder(t, s)
	ends := invited(t, s, bor, later).InvitedUntil()
	rival := organization(t, s, "org_c")
	if err := s.Invite(t.Context(), member(t, s, chef), rival.Invite(member(t, s, chef), bor, "sl", ends.Add(-time.Millisecond))); !errors.Is(err, commerce.ErrAddressTaken) {
		t.Errorf("before its end: %v", err)
	}
	if err := s.Invite(t.Context(), member(t, s, chef), rival.Invite(member(t, s, chef), bor, "sl", ends)); err != nil {
		t.Fatal(err)
	}
	if m := member(t, s, bor); m.Organization != "org_c" || m.Kind != commerce.CustomerKind {
		t.Errorf("%+v", m)
	}
	if names, _, _ := colleagues(t, s, "org_p"); !slices.Equal(names, []commerce.Address{ana}) {
		t.Errorf("the first organization has %v", names)
	}
	accepted := settled(t, s, bor)
	after := ends.Add(10 * commerce.InvitationFor)
	if err := s.Invite(t.Context(), member(t, s, ana), organization(t, s, "org_p").Invite(member(t, s, ana), bor, "sl", after)); !errors.Is(err, commerce.ErrAddressTaken) || accepted.Password == "" {
		t.Errorf("after it was accepted: %v", err)
	}
}

func TestRemoving(t *testing.T) {
	s, _ := open(t)
	mappedOrder(t, s)
	settled(t, s, ana)
	invited(t, s, bor, later)
	settled(t, s, bor)
	grant, secret := session(t, bor, later.Add(time.Minute))
	if err := s.SignIn(t.Context(), grant); err != nil {
		t.Fatal(err)
	}
	_, all, _ := colleagues(t, s, "org_p")
	now := later.Add(time.Hour)
	r, err := organization(t, s, "org_p").Remove(member(t, s, ana), bor, all, "sl", now)
	if err != nil {
		t.Fatal(err)
	}
	if got := tally(atOnce(5, func(int) error { return s.Remove(t.Context(), member(t, s, ana), r) })); got["done"] != 1 || got["order_changed"] != 4 {
		t.Errorf("%v", got)
	}
	if _, err := s.SignedIn(t.Context(), secret, now); !errors.Is(err, commerce.ErrSignedOut) {
		t.Errorf("the session of somebody who was removed: %v", err)
	}
	names, _, notes := colleagues(t, s, "org_p")
	if !slices.Equal(names, []commerce.Address{ana}) || notes[0].Kind != commerce.NoteRemoved || notes[0].Who != bor {
		t.Errorf("%v, %+v", names, notes)
	}
	// Their address is free, and an old session does not come to life with it.
	sent(t, s, now)
	invited(t, s, bor, now.Add(time.Hour))
	if _, err := s.SignedIn(t.Context(), secret, now.Add(time.Hour)); !errors.Is(err, commerce.ErrSignedOut) {
		t.Errorf("the session of somebody who was asked in again: %v", err)
	}
}

func TestWhoeverWasRemovedIsNotInvitedAgainAtOnce(t *testing.T) {
	s, _ := open(t)
	mappedOrder(t, s)
	settled(t, s, ana)
	for round := range 2 {
		now := later.Add(time.Duration(round) * time.Minute)
		i := organization(t, s, "org_p").Invite(member(t, s, ana), bor, "sl", now)
		err := s.Invite(t.Context(), member(t, s, ana), i)
		if round == 1 {
			if got := tally([]error{err}); got["slow_down"] != 1 {
				t.Errorf("Invite = %v", err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		_, all, _ := colleagues(t, s, "org_p")
		r, err := organization(t, s, "org_p").Remove(member(t, s, ana), bor, all, "sl", now)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Remove(t.Context(), member(t, s, ana), r); err != nil {
			t.Fatal(err)
		}
		sent(t, s, now)
	}
}

// However many remove each other, or leave, at the same instant: somebody who can sign in stays.
func TestTheLastAdministratorStays(t *testing.T) {
	for round := range 12 {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			s, _ := open(t)
			mappedOrder(t, s)
			people := []commerce.Address{ana}
			settled(t, s, ana)
			random := rand.New(rand.NewPCG(uint64(round), 7))
			for i := range 1 + random.IntN(5) {
				who := commerce.Address(fmt.Sprintf("colleague-%d@nordlicht.example", i))
				invited(t, s, who, later)
				if round%3 > 0 || i == 0 { // else some have not accepted
					settled(t, s, who)
					people = append(people, who)
				}
			}
			type deed struct{ by, who commerce.Address }
			var deeds []deed
			for i := range 40 {
				by, who := people[i%len(people)], people[(i+1+random.IntN(len(people)))%len(people)]
				deeds = append(deeds, deed{by, who})
			}
			errs := atOnce(len(deeds), func(i int) error {
				for {
					by, found, err := s.Member(t.Context(), deeds[i].by)
					if err != nil || !found {
						return err
					}
					_, all, _ := colleagues(t, s, "org_p")
					r, err := organization(t, s, "org_p").Remove(by, deeds[i].who, all, "sl", later)
					if err != nil {
						return err
					}
					if err := s.Remove(t.Context(), by, r); !errors.Is(err, commerce.ErrOrderChanged) {
						return err
					}
				}
			})
			for outcome := range tally(errs) {
				if !slices.Contains([]string{"done", "colleague_unknown", "last_administrator", "signed_out"}, outcome) {
					t.Errorf("outcomes %v", tally(errs))
				}
			}
			_, left, _ := colleagues(t, s, "org_p")
			if !slices.ContainsFunc(left, func(m commerce.Member) bool { return m.Password != "" }) {
				t.Fatalf("nobody can sign in: %+v, %v", left, tally(errs))
			}
		})
	}
}

// relation is what org_x may do with org_c, set as if it had come about.
func relation(t testing.TB, s *store.Store, partner string, access commerce.Access) commerce.Relation {
	t.Helper()
	before, err := s.Relation(t.Context(), "org_c", partner)
	if err != nil {
		t.Fatal(err)
	}
	after := commerce.Relation{Customer: "org_c", Partner: partner, Access: access, Order: "DO-1", By: ana, At: later}
	if err := s.ChangeAccess(t.Context(), member(t, s, chef), commerce.AccessChange{Before: before, After: after,
		Note: commerce.Note{Organization: "org_c", Kind: commerce.NoteAccessGranted, At: later, By: chef, Partner: partner}}); err != nil {
		t.Fatal(err)
	}
	return after
}

func TestChangingAccess(t *testing.T) {
	s, tables := open(t)
	o := mappedOrder(t, s)
	asked := relation(t, s, "org_x", commerce.AccessAsked)
	all, err := s.Partners(t.Context(), "org_c")
	if err != nil || len(all) != 2 || all[0].Partner != "org_p" || all[0].Access != commerce.AccessGranted || all[1] != asked {
		t.Errorf("partners %+v, %v", all, err)
	}
	sides := commerce.Sides{Customer: organization(t, s, "org_c"), Partner: organization(t, s, "org_p"),
		CustomerAdmins: []commerce.Address{chef}, PartnerAdmins: []commerce.Address{ana}}
	before := all[0]
	take, _ := before.Give(false, member(t, s, chef), sides, later)
	letters := count(t, tables, "OrdersTable", "letter#")
	if got := tally(atOnce(8, func(int) error { return s.ChangeAccess(t.Context(), member(t, s, chef), take) })); got["done"] != 1 || got["order_changed"] != 7 {
		t.Errorf("%v", got)
	}
	if n := count(t, tables, "OrdersTable", "letter#"); n != letters+1 {
		t.Errorf("%d letters", n-letters)
	}
	got, err := s.Relation(t.Context(), "org_c", "org_p")
	if diff := cmp.Diff(take.After, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if err := o.MaySetUp(member(t, s, ana), got); !errors.Is(err, commerce.ErrNoAccess) {
		t.Errorf("the partner may set up: %v", err)
	}
	some, err := s.RelationsOf(t.Context(), "org_p", []string{"org_c", "org_c", "org_none"})
	if err != nil || len(some) != 1 || some["org_c"] != got {
		t.Errorf("relations %+v, %v", some, err)
	}
	stranger := commerce.Member{Email: ana, Organization: "org_c"}
	give, _ := got.Give(true, stranger, sides, later)
	if err := s.ChangeAccess(t.Context(), stranger, give); !errors.Is(err, commerce.ErrSignedOut) {
		t.Errorf("by somebody who is not in it: %v", err)
	}
	_, _, notes := colleagues(t, s, "org_c")
	if notes[0].Kind != commerce.NoteAccessTaken && notes[1].Kind != commerce.NoteAccessTaken {
		t.Errorf("notes %+v", notes)
	}
}

// Scenario 37, for the lists of the two organizations: no row twice, none of those that were there missed.
func TestListOfAnOrganizationWhileOrdersAreMapped(t *testing.T) {
	s, _ := open(t)
	first := mappedOrder(t, s)
	n := 0
	again := func() string {
		n++
		id := fmt.Sprintf("DO-%d", n+1)
		o := invite(t, s, place(t, s, order(t, id)), "link-"+id)
		partner, customer := organization(t, s, "org_p"), organization(t, s, "org_c")
		relation, err := s.Relation(t.Context(), "org_c", "org_p")
		if err != nil {
			t.Fatal(err)
		}
		c := completion(t, o, commerce.Answers{Role: commerce.RolePartner, SetUpBy: commerce.ByMe, PartnerOrganization: "org_p", CustomerAdmin: chef, CustomerOrganization: "org_c"},
			commerce.Known{Partners: []commerce.Organization{partner}, Customers: []commerce.Organization{customer}, CustomerAdmins: []commerce.Address{chef}, Relation: relation}, "link-"+id, "")
		c.Order.Mapping.At = later.Add(time.Duration(n/2) * time.Minute) // some at the same instant
		if err := s.Complete(t.Context(), o, c); err != nil {
			t.Fatal(err)
		}
		return id
	}
	there := []string{first.ID}
	for range 7 {
		there = append(there, again())
	}
	for kind, id := range map[commerce.OrganizationKind]string{commerce.PartnerKind: "org_p", commerce.CustomerKind: "org_c"} {
		for _, size := range []int{1, 3, 8, 50} {
			var got []string
			for cursor := ""; ; {
				orders, next, err := s.OrdersOf(t.Context(), kind, id, cursor, size)
				if err != nil || len(orders) > size {
					t.Fatalf("%d orders, %v", len(orders), err)
				}
				for _, o := range orders {
					got = append(got, o.ID)
				}
				if cursor = next; next == "" {
					break
				}
				if n < 12 {
					again()
				}
			}
			seen := map[string]int{}
			for _, id := range got {
				seen[id]++
			}
			for _, id := range there {
				if seen[id] != 1 {
					t.Errorf("%s by %d: %s is there %d times in %v", kind, size, id, seen[id], got)
				}
			}
		}
	}
	for _, cursor := range []string{"%%%", "b3JkZXI", "OjIwMjYtMTItMDFUMTI6MDA6MDAuMDAwWg"} {
		_, _, err := s.OrdersOf(t.Context(), commerce.PartnerKind, "org_p", cursor, 3)
		if e, ok := err.(*commerce.Error); !ok || e.Kind != commerce.KindInvalid || e.Problems[0].Field != "cursor" {
			t.Errorf("cursor %q: %v", cursor, err)
		}
	}
}
