package store_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"dayone/shared/commerce"
	"dayone/shared/store"
)

// signIn is the secret of a session that an address holds from later on.
func signIn(t testing.TB, s *store.Store, who commerce.Address) string {
	t.Helper()
	grant, secret := session(t, who, later)
	if err := s.SignIn(t.Context(), grant); err != nil {
		t.Fatal(err)
	}
	return secret
}

// stranger administers an organization that no order of the tests is about.
func stranger(t testing.TB, s *store.Store) commerce.Address {
	t.Helper()
	who := commerce.Address("eva@elsewhere.example")
	o := invite(t, s, place(t, s, order(t, "DO-other")), "other-link")
	c := completion(t, o, asNewPartner(o, "otto@elsewhere.example", who), commerce.Known{}, "other-link", "_other")
	if err := s.Complete(t.Context(), o, c); err != nil {
		t.Fatal(err)
	}
	return who
}

// At an order arrives whoever may set it up, and nobody learns of one who may not, nor without a session.
func TestArriving(t *testing.T) {
	s, _ := open(t)
	o := mappedOrder(t, s)
	place(t, s, order(t, "DO-new"))
	partner, customer, other, ofNobody := signIn(t, s, ana), signIn(t, s, chef), signIn(t, s, stranger(t, s)), signIn(t, s, "nobody@nordlicht.example")
	_, unknown := session(t, ana, later)
	for name, tc := range map[string]struct {
		secret, order string
		now           time.Time
		want          error
	}{
		"the partner with access":     {partner, o.ID, later, nil},
		"the customer":                {customer, o.ID, later, nil},
		"a stranger":                  {other, o.ID, later, commerce.ErrOrderUnknown},
		"an order that is not mapped": {customer, "DO-new", later, commerce.ErrOrderUnknown},
		"an order that is not there":  {customer, "DO-none", later, commerce.ErrOrderUnknown},
		"no order":                    {customer, "", later, commerce.ErrOrderUnknown},
		"a long name":                 {customer, strings.Repeat("x", 5000), later, commerce.ErrOrderUnknown},
		"a strange name":              {customer, "a\x00\xff", later, commerce.ErrOrderUnknown},
		"a session that is over":      {customer, o.ID, later.Add(commerce.SessionFor), commerce.ErrSignedOut},
		"over, and no order":          {customer, "DO-none", later.Add(commerce.SessionFor), commerce.ErrSignedOut},
		"an unknown session":          {unknown, o.ID, later, commerce.ErrSignedOut},
		"a session of nobody":         {ofNobody, "DO-none", later, commerce.ErrSignedOut},
		"no secret":                   {"", o.ID, later, commerce.ErrSignedOut},
		"another kind of secret":      {"psl_" + customer[4:], o.ID, later, commerce.ErrSignedOut},
	} {
		a, err := s.Arrive(t.Context(), tc.secret, tc.order, tc.now)
		if !errors.Is(err, tc.want) || err == nil && (a.Order.ID != o.ID || a.Customer.ID != o.Mapping.Customer || a.Member.Email == "") {
			t.Errorf("%s arrives: %+v, %v, want %v", name, a, err, tc.want)
		}
		followed, err := s.Follow(t.Context(), tc.secret, tc.order, tc.now)
		if !errors.Is(err, tc.want) || err == nil && followed.ID != o.ID {
			t.Errorf("%s follows: %s, %v, want %v", name, followed.ID, err, tc.want)
		}
	}
	a, err := s.ArriveAs(t.Context(), member(t, s, ana), o.ID)
	if err != nil || a.Member.Email != ana || a.Order.ID != o.ID || a.Customer.ID != o.Mapping.Customer {
		t.Errorf("as a member who is known: %+v, %v", a, err)
	}
}

// What ends a session or takes access away holds for the next request.
func TestArrivingWhileThingsChange(t *testing.T) {
	s, _ := open(t)
	o := mappedOrder(t, s)
	secret := signIn(t, s, ana)
	access := commerce.Relation{Customer: o.Mapping.Customer, Partner: o.Mapping.Partner, Access: commerce.AccessGranted, Order: o.ID, By: ana, At: later}
	taken := access
	taken.Access = commerce.AccessNone
	if err := s.ChangeAccess(t.Context(), member(t, s, chef), commerce.AccessChange{Before: access, After: taken,
		Note: commerce.Note{Organization: access.Customer, Kind: commerce.NoteAccessTaken, At: later, By: chef, Partner: access.Partner}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Arrive(t.Context(), secret, o.ID, later); !errors.Is(err, commerce.ErrNoAccess) {
		t.Errorf("without access: %v", err)
	}
	old := member(t, s, ana)
	if err := s.ReplaceMember(t.Context(), old, old.Chosen("hash", later.Add(time.Minute))); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Arrive(t.Context(), secret, o.ID, later.Add(time.Minute)); !errors.Is(err, commerce.ErrSignedOut) {
		t.Errorf("with a session of before the password: %v", err)
	}
}

// What does not fit into one answer is asked for again, and arriving takes two calls where all of it fits.
func TestWhatStaysUnprocessedIsReadAgain(t *testing.T) {
	s, _, line := openBehind(t)
	o := mappedOrder(t, s)
	secret := signIn(t, s, ana)
	before := line.calls.Load()
	if _, err := s.Arrive(t.Context(), secret, o.ID, later); err != nil {
		t.Fatal(err)
	}
	if calls := line.calls.Load() - before; calls != 2 {
		t.Errorf("arriving took %d calls", calls)
	}
	line.next("BatchGetItem", leaveOut)
	before = line.calls.Load()
	a, err := s.Arrive(t.Context(), secret, o.ID, later)
	if calls := line.calls.Load() - before; err != nil || a.Customer.ID != o.Mapping.Customer || calls != 3 {
		t.Errorf("after %d calls: %+v, %v", calls, a, err)
	}
}

// A table that has too much to do is given time, and not for ever.
func TestWhatStaysUnprocessedForLong(t *testing.T) {
	s, _, line := openBehind(t)
	o := mappedOrder(t, s)
	secret := signIn(t, s, ana)
	var always http.HandlerFunc
	always = func(w http.ResponseWriter, r *http.Request) {
		line.next("BatchGetItem", always)
		leaveOut(w, r)
	}
	line.next("BatchGetItem", always)
	before, begun := line.calls.Load(), time.Now()
	_, err := s.Arrive(t.Context(), secret, o.ID, later)
	if calls := line.calls.Load() - before; err == nil || calls != 6 || time.Since(begun) < 300*time.Millisecond {
		t.Errorf("after %d calls in %v: %v", calls, time.Since(begun), err)
	}
}

// leaveOut answers a batch with nothing but what it asked for, unprocessed.
func leaveOut(w http.ResponseWriter, r *http.Request) {
	var in struct{ RequestItems map[string]json.RawMessage }
	_ = json.NewDecoder(r.Body).Decode(&in) // the SDK wrote it
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	_ = json.NewEncoder(w).Encode(map[string]any{"Responses": map[string]any{}, "UnprocessedKeys": in.RequestItems})
}

func TestSidesAndMembersAreReadTogether(t *testing.T) {
	s, _ := open(t)
	o := mappedOrder(t, s)
	sides, err := s.Sides(t.Context(), o.Mapping.Customer, o.Mapping.Partner)
	if err != nil || sides.Customer.ID != o.Mapping.Customer || sides.Partner.ID != o.Mapping.Partner ||
		len(sides.CustomerAdmins) != 1 || len(sides.PartnerAdmins) != 1 {
		t.Errorf("sides: %+v, %v", sides, err)
	}
	if _, err := s.Sides(t.Context(), o.Mapping.Customer, "org_none"); err == nil {
		t.Error("a side that is not there")
	}
	members, err := s.Members(t.Context(), ana, "", chef, ana, "nobody@nordlicht.example")
	if err != nil || len(members) != 2 || members[ana].Email != ana || members[chef].Organization != o.Mapping.Customer {
		t.Errorf("members: %+v, %v", members, err)
	}
	if members, err := s.Members(t.Context()); err != nil || len(members) != 0 {
		t.Errorf("no members: %+v, %v", members, err)
	}
}
