package store_test

import (
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dayone/shared/commerce"
	"dayone/shared/store"
)

func TestOrganizationsOfADomain(t *testing.T) {
	s, _ := open(t)
	mappedOrder(t, s)
	for name, tc := range map[string]struct {
		kind   commerce.OrganizationKind
		domain string
		want   string
	}{
		"the partner's":        {commerce.PartnerKind, "nordlicht.example", "org_p Nordlicht SI"},
		"the customer's":       {commerce.CustomerKind, "alpine.example", "org_c Alpine Mills AT"},
		"the other kind of it": {commerce.CustomerKind, "nordlicht.example", ""},
		"a domain above":       {commerce.PartnerKind, "example", ""},
		"no domain":            {commerce.PartnerKind, "", ""},
		"a domain of nobody":   {commerce.PartnerKind, "nobody.example", ""},
	} {
		all, err := s.OfDomain(t.Context(), tc.kind, tc.domain)
		got := ""
		for _, o := range all {
			got += o.ID + " " + o.Name + " " + o.Country
			if o.Phone != "" || o.Subdomain != "" {
				t.Errorf("%s shows more than name and country: %+v", name, o)
			}
		}
		if err != nil || got != tc.want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestWhoIsNotThere(t *testing.T) {
	s, _ := open(t)
	for _, a := range []commerce.Address{"", ana} {
		if _, found, err := s.Member(t.Context(), a); found || err != nil {
			t.Errorf("Member(%q) = %t, %v", a, found, err)
		}
	}
	if _, found, err := s.FindOrganization(t.Context(), "org_x"); found || err != nil {
		t.Errorf("FindOrganization = %t, %v", found, err)
	}
	_, err := s.Organization(t.Context(), "org_x")
	if _, theirs := errors.AsType[*commerce.Error](err); err == nil || theirs {
		t.Errorf("an order names an organization that is not there: %v", err)
	}
	if r, err := s.Relation(t.Context(), "org_c", "org_p"); err != nil || r.Access != commerce.AccessNone {
		t.Errorf("Relation = %+v, %v", r, err)
	}
	if owner, err := s.SubdomainOwner(t.Context(), "acme"); err != nil || owner != "" {
		t.Errorf("SubdomainOwner = %q, %v", owner, err)
	}
}

// customers are stored orders, each mapped to a customer organization of its own.
func customers(t testing.TB, s *store.Store, n int) []commerce.Order {
	t.Helper()
	var all []commerce.Order
	for i := range n {
		link := fmt.Sprintf("link-%d", i)
		o := invite(t, s, place(t, s, order(t, fmt.Sprintf("DO-%d", i))), link)
		a := asNewPartner(o, commerce.Address(fmt.Sprintf("ana%d@nordlicht.example", i)), commerce.Address(fmt.Sprintf("chef%d@alpine.example", i)))
		c := completion(t, o, a, commerce.Known{}, link, fmt.Sprint(i))
		if err := s.Complete(t.Context(), o, c); err != nil {
			t.Fatal(err)
		}
		all = append(all, c.Order)
	}
	return all
}

// rename saves a subdomain for the customer of an order, read anew.
func rename(t testing.TB, s *store.Store, order, subdomain string) error {
	t.Helper()
	o := read(t, s, order)
	org := organization(t, s, o.Mapping.Customer)
	changed, renamed, err := o.SetSubdomain(org, subdomain, chef, later)
	if err != nil {
		return err
	}
	return s.SaveSubdomain(t.Context(), org, renamed, o, changed)
}

// Scenario 25.
func TestSubdomainsAreUnique(t *testing.T) {
	s, _ := open(t)
	orders := customers(t, s, 4)
	errs := atOnce(4, func(i int) error { return rename(t, s, orders[i].ID, "acme") })
	if got := tally(errs); got["done"] != 1 || got["subdomain_taken"] != 3 {
		t.Fatalf("%v", got)
	}
	winner, loser := 0, 0
	for i, err := range errs {
		if err == nil {
			winner = i
		} else {
			loser = i
		}
	}
	owner, err := s.SubdomainOwner(t.Context(), "acme")
	if err != nil || owner != orders[winner].Mapping.Customer || organization(t, s, owner).Subdomain != "acme" {
		t.Errorf("acme is %q's, %v", owner, err)
	}
	if got := read(t, s, orders[loser].ID); got.Version != orders[loser].Version {
		t.Error("the order of the other says that it was saved")
	}
	if err := rename(t, s, orders[winner].ID, "acme"); err != nil {
		t.Errorf("the same again: %v", err)
	}
	if err := rename(t, s, orders[winner].ID, "acme-2"); err != nil {
		t.Fatal(err)
	}
	if owner, err := s.SubdomainOwner(t.Context(), "acme"); err != nil || owner != "" {
		t.Errorf("the old name is still %q's, %v", owner, err)
	}
	if err := rename(t, s, orders[loser].ID, "acme"); err != nil {
		t.Errorf("the name that was released: %v", err)
	}
}

// Rule 6: after activation it stays, also for a change that was read before.
func TestSubdomainStaysAfterActivation(t *testing.T) {
	s, _ := open(t)
	o := customers(t, s, 1)[0]
	if err := rename(t, s, o.ID, "acme"); err != nil {
		t.Fatal(err)
	}
	o = read(t, s, o.ID)
	before := organization(t, s, o.Mapping.Customer)
	active := o.NoticeSent("", later)
	active.Status, active.BilledAt, active.Lines[0].Status = commerce.Active, later, commerce.LineProvisioned
	_, charges := active.Bill(later)
	if err := s.Finish(t.Context(), o, store.Ending{Order: active, Charges: charges}); err != nil {
		t.Fatal(err)
	}
	if got := organization(t, s, before.ID); !got.Settled || got.Subdomain != "acme" {
		t.Errorf("%+v", got)
	}
	renamed, err := before.Rename("other")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SaveSubdomain(t.Context(), before, renamed, active, active.NoticeSent("", later)); !errors.Is(err, commerce.ErrOrderChanged) {
		t.Errorf("renamed by somebody who had read it before: %v", err)
	}
	if err := s.Finish(t.Context(), o, store.Ending{Order: active, Charges: charges}); !errors.Is(err, commerce.ErrOrderChanged) {
		t.Errorf("finished twice: %v", err)
	}
	page, _, err := s.Charges(t.Context(), caller, charges[0].Month(), "", 10)
	if diff := cmp.Diff(charges, page); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestFailingSettlesNothing(t *testing.T) {
	s, _ := open(t)
	o := customers(t, s, 1)[0]
	failed := o.NoticeSent("", later)
	failed.Status = commerce.Failed
	if err := s.Finish(t.Context(), o, store.Ending{Order: failed, Letters: []commerce.Letter{commerce.ResetLetter(ana, "sl", later)}}); err != nil {
		t.Fatal(err)
	}
	if organization(t, s, o.Mapping.Customer).Settled {
		t.Error("settled")
	}
}

// doc.go's table of items is what a whole life writes, kind by kind, and no kind more.
func TestEveryItemIsInTheTable(t *testing.T) {
	s, tables := publishing(t)
	o := customers(t, s, 1)[0]
	if err := rename(t, s, o.ID, "acme"); err != nil {
		t.Fatal(err)
	}
	o = read(t, s, o.ID)
	active := o.NoticeSent("", later)
	active.Status, active.BilledAt, active.Lines[0].Status = commerce.Active, later, commerce.LineProvisioned
	billed, charges := active.Bill(later)
	billed.Version = active.Version
	if err := s.Finish(t.Context(), o, store.Ending{Order: billed, Charges: charges, With: []store.Write{s.Entitle(o, o.Lines[0], false)}}); err != nil {
		t.Fatal(err)
	}
	if err := s.TakeTry(t.Context(), ana, later); err != nil {
		t.Fatal(err)
	}
	if err := s.SetEndpointGone(t.Context(), "name", later); err != nil {
		t.Fatal(err)
	}
	admin := member(t, s, o.Mapping.PasswordFor)
	if err := s.Invite(t.Context(), admin, organization(t, s, admin.Organization).Invite(admin, bor, "sl", later)); err != nil {
		t.Fatal(err)
	}

	written := map[string]bool{}
	for _, table := range []string{"OrdersTable", "OrganizationsTable"} {
		for _, i := range items(t, tables, table) {
			written[shape(text(i["pk"]))+" "+shape(text(i["sk"]))] = true
		}
	}
	documented := map[string]bool{}
	file, err := parser.ParseFile(token.NewFileSet(), "doc.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile(`^\t([a-z]+#<\S+)\s+([a-z]+(?:#\S+)?)\s`)
	for l := range strings.Lines(file.Doc.Text()) {
		if m := row.FindStringSubmatch(l); m != nil {
			documented[shape(m[1])+" "+shape(m[2])] = true
		}
	}
	if diff := cmp.Diff(documented, written); diff != "" {
		t.Error(diff)
	}
	for _, i := range items(t, tables, "TokensTable") {
		if pk := text(i["pk"]); !regexp.MustCompile(`^[0-9a-f]{64}$|^(link|password)-`).MatchString(pk) { // the tests' own hashes are no hashes
			t.Errorf("a token is stored under %q", pk)
		}
	}
}

// shape is what a key is about: its first word.
func shape(key string) string {
	word, _, _ := strings.Cut(key, "#")
	return word
}
