package setup_test

import (
	"sync"
	"testing"

	"dayone/shared/commerce"
)

func TestTwoOrdersWithTheSameNewAdministrator(t *testing.T) {
	h := open(t)
	rival := said{"partner_organization": "new", "partner_name": "Rival", "partner_country": "DE", "partner_admin_email": "sales@rival.example"}
	a, linkA := h.invited()
	b, linkB := h.invited(func(t *commerce.Terms) { t.Contact = "sales@rival.example" })
	sA, sB := h.reviewed(linkA, first), h.reviewed(linkB, asPartner.with(rival).with(admin).with(newCustomer))
	var wait sync.WaitGroup
	var rA, rB reply
	wait.Go(func() { rA = h.post(linkA, "complete", sA) })
	wait.Go(func() { rB = h.post(linkB, "complete", sB) })
	wait.Wait()
	won, lost, loser, link, again := rA, rB, b, linkB, sB
	if rB.Status == 200 {
		won, lost, loser, link, again = rB, rA, a, linkA, sA
	}
	won.want(h, "password")
	lost.refused(h, 409, "review_stale", "/customer_organization")
	if n := h.count("organization"); n != 2 {
		t.Errorf("%d organizations, want the winner's two", n)
	}
	if h.read(loser.ID).Status == commerce.Mapped {
		t.Error("the loser's order is mapped")
	}
	mine := h.member("it@alpine-mills.example").Organization
	h.complete(link, again.without("review_digest", "customer_name", "customer_country", "customer_language").with(said{"customer_organization": mine})).want(h, "password")
}

func TestTwoPeopleFinishTheSameOrder(t *testing.T) {
	h := open(t)
	o, _ := h.invited()
	links := []string{h.another(o), h.another(o)}
	answers := []said{h.reviewed(links[0], first), h.reviewed(links[1], first.with(said{"customer_name": "Alpine Mills & Co", "customer_admin_email": "boss@alpine-mills.example"}))}
	replies := make([]reply, 20)
	var wait sync.WaitGroup
	for i := range replies {
		wait.Go(func() { replies[i] = h.post(links[i%2], "complete", answers[i%2]) })
	}
	wait.Wait()
	winners := map[int]bool{}
	for i, r := range replies {
		switch {
		case r.Status == 200:
			winners[i%2] = true
		case r.Status != 409 && r.Status != 410:
			t.Errorf("%d %s", r.Status, r.Body)
		}
	}
	if len(winners) != 1 {
		t.Errorf("winners %v, want one", winners)
	}
	for i, r := range replies {
		if winners[i%2] && r.Status != 200 {
			t.Errorf("a repeat of what won got %d %s", r.Status, r.Body)
		}
	}
	welcomes := 0
	for _, l := range h.letters(o.ID) {
		if l == "welcome it@alpine-mills.example" || l == "welcome boss@alpine-mills.example" {
			welcomes++
		}
	}
	if n := h.count("organization"); n != 2 || welcomes != 1 {
		t.Errorf("%d organizations, letters %v", n, h.letters(o.ID))
	}
}
