package services

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/pages"
	"dayone/shared/store"
	"dayone/shared/texts"
)

// notesShown is how much of what happened in an organization its page tells, notesRead how much is read for it.
const (
	notesShown = 10
	notesRead  = 25
)

// home is the organization of somebody who is signed in, with its people and, where it is a customer's, its partners.
type home struct {
	me         commerce.Member
	own        commerce.Organization
	colleagues []commerce.Member
	notes      []commerce.Note
	partners   []partner
	now        time.Time
}

// partner is a partner that has orders with a customer, and what it may do there.
type partner struct {
	commerce.Relation
	commerce.Party
}

// comeHome is the organization of whoever is signed in.
func comeHome(s *store.Store, r *http.Request) (h home, err error) {
	ctx := r.Context()
	h.now = api.Now(r)
	if h.me, err = s.SignedIn(ctx, api.SessionSecret(r), h.now); err != nil {
		return h, err
	}
	return h.again(ctx, s)
}

// again reads what others may have changed, side by side.
func (h home) again(ctx context.Context, s *store.Store) (home, error) {
	var wait sync.WaitGroup
	var failed [2]error
	if h.me.Kind == commerce.CustomerKind {
		wait.Go(func() { h.partners, failed[0] = partnersOf(ctx, s, h.me.Organization) })
	}
	wait.Go(func() {
		if h.notes, failed[1] = s.Notes(ctx, h.me.Organization, notesRead); failed[1] == nil {
			h.colleagues, failed[1] = s.Colleagues(ctx, h.me.Organization, h.notes)
		}
	})
	own, err := s.Organization(ctx, h.me.Organization)
	wait.Wait()
	h.own = own
	return h, errors.Join(err, failed[0], failed[1])
}

// partnersOf is the partners of a customer's newest orders and all that have access or asked for it, by name. One that
// stands for a partner whom nobody represented is none: there is nobody to have access.
func partnersOf(ctx context.Context, s *store.Store, customer string) ([]partner, error) {
	relations, err := s.Partners(ctx, customer)
	if err != nil {
		return nil, err
	}
	orders, _, err := s.OrdersOf(ctx, commerce.CustomerKind, customer, "", store.MaxPage)
	if err != nil {
		return nil, err
	}
	for _, o := range orders {
		id := o.Mapping.Partner
		known := slices.ContainsFunc(relations, func(r commerce.Relation) bool { return r.Partner == id })
		if !known && id != commerce.UnclaimedPartner(o.Caller, o.Partner) {
			relations = append(relations, commerce.Relation{Customer: customer, Partner: id, Access: commerce.AccessNone, Order: o.ID})
		}
	}
	ids := make([]string, len(relations))
	for i, r := range relations {
		ids[i] = r.Partner
	}
	organizations, err := s.Organizations(ctx, ids...)
	if err != nil {
		return nil, err
	}
	all := make([]partner, len(relations))
	for i, r := range relations {
		o := organizations[r.Partner]
		all[i] = partner{r, commerce.Party{Name: o.Name, Country: o.Country}}
	}
	slices.SortStableFunc(all, func(a, b partner) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

type colleagueView struct {
	Email     string `json:"email"`
	Standing  string `json:"standing"`
	InvitedBy string `json:"invited_by,omitempty"`
	InvitedAt string `json:"invited_at,omitempty"`
	ExpiresAt string `json:"expires_at,omitempty"`
	You       bool   `json:"you,omitempty"`
}

func (h home) colleague(m commerce.Member) colleagueView {
	v := colleagueView{Email: string(m.Email), Standing: string(m.Standing(h.now)), InvitedBy: string(m.InvitedBy), You: m.Email == h.me.Email}
	if !m.InvitedAt.IsZero() {
		v.InvitedAt = m.InvitedAt.Format(time.RFC3339)
	}
	if m.Password == "" {
		v.ExpiresAt = m.InvitedUntil().Format(time.RFC3339)
	}
	return v
}

type partnerView struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Country string `json:"country"`
	Access  string `json:"access"`
	Since   string `json:"since,omitempty"`
}

func (p partner) view() partnerView {
	v := partnerView{p.Partner, p.Name, p.Country, string(p.Access), ""}
	if !p.At.IsZero() {
		v.Since = p.At.Format(time.RFC3339)
	}
	return v
}

type noteView struct {
	At      string `json:"at"`
	Kind    string `json:"kind"`
	By      string `json:"by"`
	Who     string `json:"who,omitempty"`
	Partner string `json:"partner,omitempty"`
}

type homeView struct {
	ID         string          `json:"id"`
	Kind       string          `json:"kind"`
	Name       string          `json:"name"`
	Country    string          `json:"country"`
	Colleagues []colleagueView `json:"colleagues"`
	Partners   []partnerView   `json:"partners"`
	Changes    []noteView      `json:"changes"`
}

func (h home) view() homeView {
	v := homeView{ID: h.own.ID, Kind: string(h.own.Kind), Name: h.own.Name, Country: h.own.Country, Partners: []partnerView{}, Changes: []noteView{}}
	for _, m := range h.colleagues {
		v.Colleagues = append(v.Colleagues, h.colleague(m))
	}
	for _, p := range h.partners {
		v.Partners = append(v.Partners, p.view())
	}
	for _, n := range h.notes {
		v.Changes = append(v.Changes, noteView{n.At.Format(time.RFC3339), string(n.Kind), string(n.By), string(n.Who), n.PartnerName})
	}
	return v
}

// showOrganization is the people of the organization of whoever is signed in and, for a customer, its partners.
func showOrganization(s *store.Store, t *pages.Templates) api.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		h, err := comeHome(s, r)
		if err != nil {
			return err
		}
		if api.WantsJSON(r) {
			return api.JSON(w, http.StatusOK, h.view())
		}
		return show(w, t, h.page(language(w, r), r.URL.Query().Get("done")))
	}
}

// homeData is what the page of an organization shows.
type homeData struct {
	Name, Country, Done           string
	Colleagues, Partners, Changes []pages.Item
	Customer                      bool
}

// deeds are what the page may say was done.
var deeds = []string{"invited", "removed", "given", "taken", "refused"}

// page shows the organization, and what was done a moment ago. Its buttons go to the pages that ask again, or invite.
func (h home) page(l *texts.Language, done string) pages.View {
	d := homeData{Name: h.own.Name, Country: l.Country(h.own.Country), Customer: h.own.Kind == commerce.CustomerKind}
	if slices.Contains(deeds, done) {
		d.Done = l.T("pages.organization.done_" + done)
	}
	for _, m := range h.colleagues {
		d.Colleagues = append(d.Colleagues, h.person(l, m))
	}
	for _, p := range h.partners {
		d.Partners = append(d.Partners, p.item(l))
	}
	for _, n := range h.notes[:min(len(h.notes), notesShown)] {
		d.Changes = append(d.Changes, pages.Item{
			Name: l.T("pages.organization.note_"+string(n.Kind), "by", string(n.By), "who", string(n.Who), "partner", n.PartnerName),
			Note: l.Date(commerce.DateOf(n.At))})
	}
	return pages.View{Lang: l, Name: "organization", SignOut: true, Action: "/organization/remove", Quiet: true, Back: "/services",
		Switch: "/organization", Data: d}
}

// person is a colleague in the list, with what can be done.
func (h home) person(l *texts.Language, m commerce.Member) pages.Item {
	standing := m.Standing(h.now)
	i := pages.Item{Name: string(m.Email), Status: l.T("pages.organization." + string(standing)),
		Colour: map[commerce.Standing]string{commerce.StandingActive: "ok", commerce.StandingInvited: "info"}[standing]}
	remove := "remove"
	switch {
	case m.Email == h.me.Email:
		i.Note, remove = l.T("pages.organization.you"), "leave"
	case standing == commerce.StandingInvited:
		i.Note = l.T("pages.organization.until", "date", l.On(commerce.DateOf(m.InvitedUntil())))
	}
	if standing != commerce.StandingActive {
		i.Buttons = append(i.Buttons, pages.ItemButton{Name: "email", Value: i.Name, Action: "/organization/invite", Words: l.T("pages.organization.again"), About: i.Name})
	}
	i.Buttons = append(i.Buttons, pages.ItemButton{Name: "email", Value: i.Name, Words: l.T("pages.organization." + remove), About: i.Name})
	return i
}

// item is a partner in the list, with what can be done.
func (p partner) item(l *texts.Language) pages.Item {
	i := pages.Item{Name: p.Name + " · " + l.Country(p.Country), Status: l.T("pages.organization.access_" + string(p.Access)),
		Colour: map[commerce.Access]string{commerce.AccessGranted: "ok", commerce.AccessAsked: "info"}[p.Access]}
	if !p.At.IsZero() {
		i.Note = l.T("pages.organization.since", "date", l.On(commerce.DateOf(p.At)))
	}
	button := func(name, words string) {
		i.Buttons = append(i.Buttons, pages.ItemButton{Name: name, Value: p.Partner, Action: "/organization/access",
			Words: l.T("pages.organization." + words), About: p.Name})
	}
	switch p.Access {
	case commerce.AccessGranted:
		button("take", "take")
	case commerce.AccessAsked:
		button("give", "give")
		button("take", "refuse")
	default:
		button("give", "give")
	}
	return i
}

// fallBack answers an error that the page of the organization can show to a browser.
func (h home) fallBack(w http.ResponseWriter, r *http.Request, in input, t *pages.Templates, err error) error {
	e, status := api.Mistake(r, err)
	if in.client || !in.lang.Has("errors."+e.Code) || e.Kind == commerce.KindUnauthorized {
		return err
	}
	v := h.page(in.lang, "")
	v.Problems, v.Status = []pages.Problem{{Text: in.lang.Problem("", e.Code)}}, status
	api.RetryAfter(w.Header(), e)
	return show(w, t, v)
}
