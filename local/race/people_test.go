package race_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"dayone/local/client"
	"dayone/local/cloud/cloudtest"
	"dayone/shared/commerce"
)

// secret is the secret of the newest letter to an address with a link under this path.
func (w *world) secret(to, path string) string {
	w.Helper()
	if secret := cloudtest.Secret(w.Cloud, to, path); secret != "" {
		return secret
	}
	w.Fatalf("no letter to %s has a link under %s", to, path)
	return ""
}

// crowd has colleagues invited by whoever holds a session, and accept; it answers their sessions.
func (w *world) crowd(session string, n int) (addresses, sessions []string) {
	w.Helper()
	for i := range n {
		addresses = append(addresses, fmt.Sprintf("colleague-%d@crowd.example", i))
		w.must("POST", "/organization/invite", session, object{"email": addresses[i]})
	}
	w.run("Letters")
	for _, a := range addresses {
		sessions = append(sessions, w.must("POST", "/password", "", object{"token": w.secret(a, "/password"), "password": password}).Text("session"))
	}
	return addresses, sessions
}

// However many remove each other, or leave, at the same instant: somebody who can sign in stays.
func TestTheLastAdministratorStays(t *testing.T) {
	w := begin(t)
	o := w.invited(1)[0]
	done := w.must("POST", "/setup/complete", o.link, w.reviewed(o.link, o.answers()))
	first := w.must("POST", "/password", "", object{"token": done.Text("password_token"), "password": password}).Text("session")
	addresses, sessions := w.crowd(first, 5)
	addresses, sessions = append(addresses, o.contact()), append(sessions, first)
	answers := together(workers, func(i int) answer {
		by, who := i%len(sessions), (i+i/len(sessions))%len(sessions)
		return w.ask("POST", "/organization/remove", sessions[by], object{"email": addresses[who]})
	})
	w.wantTally(answers, map[string]int{"200": -1, "401 signed_out": -1, "404 colleague_unknown": -1, "409 last_administrator": -1, "412 order_changed": -1})
	left := 0
	for email, m := range w.books().Members {
		if slices.Contains(addresses, string(email)) && m.Password != "" {
			left++
		}
	}
	if left == 0 {
		t.Error("nobody is left who can sign in")
	}
	t.Logf("%d of %d are left", left, len(addresses))
}

func TestTwoAdministratorsRemoveEachOther(t *testing.T) {
	w := begin(t)
	const pairs = 20
	orders := w.invited(pairs)
	sessions := make([][2]string, pairs)
	addresses := make([][2]string, pairs)
	each(pairs, func(i int) {
		o := orders[i]
		done := w.must("POST", "/setup/complete", o.link, w.reviewed(o.link, o.answers()))
		sessions[i][0] = w.must("POST", "/password", "", object{"token": done.Text("password_token"), "password": password}).Text("session")
		addresses[i] = [2]string{o.contact(), fmt.Sprintf("second-%d@partner.example", i)}
		w.must("POST", "/organization/invite", sessions[i][0], object{"email": addresses[i][1]})
	})
	w.run("Letters")
	each(pairs, func(i int) {
		sessions[i][1] = w.must("POST", "/password", "", object{"token": w.secret(addresses[i][1], "/password"), "password": password}).Text("session")
	})
	answers := together(2*pairs, func(i int) answer {
		return w.ask("POST", "/organization/remove", sessions[i/2][i%2], object{"email": addresses[i/2][1-i%2]})
	})
	for i := range pairs {
		if a, b := answers[2*i].Status, answers[2*i+1].Status; a+b != 200+401 && a+b != 200+404 {
			t.Errorf("pair %d is answered %d and %d", i, a, b)
		}
	}
	members := w.books().Members
	for i, pair := range addresses {
		_, a := members[commerce.Address(pair[0])]
		_, b := members[commerce.Address(pair[1])]
		if a == b {
			t.Errorf("pair %d: both are there: %v", i, a)
		}
	}
}

func TestTwoOrganizationsInviteTheSameAddress(t *testing.T) {
	w := begin(t)
	orders := w.invited(2)
	var sessions []string
	for _, o := range orders {
		done := w.must("POST", "/setup/complete", o.link, w.reviewed(o.link, o.answers()))
		sessions = append(sessions, w.must("POST", "/password", "", object{"token": done.Text("password_token"), "password": password}).Text("session"))
	}
	for round := range 20 {
		if err := w.Advance(t.Context(), 20*time.Minute, time.Hour); err != nil { // refused ones slow down
			t.Fatal(err)
		}
		who := fmt.Sprintf("bor-%d@free.example", round)
		answers := together(6, func(i int) answer {
			return w.ask("POST", "/organization/invite", sessions[i%2], object{"email": who})
		})
		won := map[int]bool{}
		for i, a := range answers {
			switch {
			case a.Status == 200:
				won[i%2] = true
			case a.Text("code") != "address_taken" && a.Text("code") != "slow_down":
				t.Errorf("answered %d %s", a.Status, a.Body)
			}
		}
		if len(won) != 1 {
			t.Fatalf("round %d: %d organizations have it: %v", round, len(won), tally(answers))
		}
	}
	w.run("Letters")
	invitations := 0
	for _, l := range w.books().Letters {
		if l.Kind == "invitation" {
			invitations++
		}
	}
	if invitations != 20 {
		t.Errorf("%d invitations", invitations)
	}
}

// Administrators who answer a request for access at the same instant: the first answer stands, and the others are told.
func TestTheFirstAnswerStands(t *testing.T) {
	w := begin(t)
	orders := w.invited(2)
	first := orders[0]
	w.must("POST", "/setup/complete", first.link, w.reviewed(first.link, first.answers()))
	w.run("Letters")
	admin := w.must("POST", "/password", "", object{"token": w.secret(first.customer(), "/password"), "password": password}).Text("session")
	addresses, _ := w.crowd(admin, 7)
	addresses = append(addresses, first.customer())
	asks := client.PartnerSetsUp().With(client.NewPartner(orders[1].contact()), object{"customer_admin_email": first.customer()})
	offers := w.must("POST", "/setup/customer-admin", orders[1].link, asks).List("offers")
	asks["customer_organization"] = offers[0]["id"]
	w.must("POST", "/setup/complete", orders[1].link, w.reviewed(orders[1].link, asks))
	w.run("Letters")
	answers := together(len(addresses), func(i int) answer {
		return w.ask("POST", "/access", "", object{"token": w.secret(addresses[i], "/access"), "decision": []string{"yes", "no"}[i%2]})
	})
	said := map[string]int{}
	for i, a := range answers {
		if a.Status == 200 {
			said[[]string{"granted", "refused"}[i%2]]++
		}
	}
	w.wantTally(answers, map[string]int{"200": -1, "409 access_answered": -1, "412 order_changed": -1})
	access := ""
	for _, r := range w.books().Relations {
		if r.Order == orders[1].id {
			access = r.Access
		}
	}
	if len(said) != 1 || said[access] == 0 {
		t.Errorf("access is %q, said was %v", access, said)
	}
}
