package services

import (
	"context"
	"errors"
	"net/http"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/store"
)

// lookup is what there is to say about a subdomain before it is saved. It is advice: the save decides.
type lookup struct {
	Name        string   `json:"name"`
	Available   bool     `json:"available"`
	Reason      string   `json:"reason,omitempty"`
	Suggestions []string `json:"suggestions,omitempty"`

	own bool
}

// checkSubdomain says whether a name is available to whoever is signed in, or why it is no name.
func checkSubdomain(s *store.Store) api.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		member, err := s.SignedIn(r.Context(), api.SessionSecret(r), api.Now(r))
		if err != nil {
			return err
		}
		name, err := commerce.ParseSubdomain(r.PathValue("name"))
		if e, ok := errors.AsType[*commerce.Error](err); ok {
			return api.JSON(w, http.StatusOK, lookup{Name: r.PathValue("name"), Reason: e.Problems[0].Code})
		}
		owner, err := s.SubdomainOwner(r.Context(), name)
		if err != nil {
			return err
		}
		organization, err := standsFor(r.Context(), s, member, owner)
		if err != nil {
			return err
		}
		found, err := compare(r.Context(), s, name, owner, organization)
		if err != nil {
			return err
		}
		return api.JSON(w, http.StatusOK, found)
	}
}

// standsFor is the organization for which somebody asks about a name: a customer's own; for a partner the owner of the
// name, where the partner may set that one up, else none, since its own name suggests nothing for its customers.
func standsFor(ctx context.Context, s *store.Store, m commerce.Member, owner string) (commerce.Organization, error) {
	if m.Kind == commerce.CustomerKind {
		return s.Organization(ctx, m.Organization)
	}
	if owner == "" {
		return commerce.Organization{}, nil
	}
	r, err := s.Relation(ctx, owner, m.Organization)
	if err != nil || r.Access != commerce.AccessGranted {
		return commerce.Organization{}, err
	}
	return commerce.Organization{ID: owner}, nil
}

// lookUp finds out whether a name is free, or the organization's own.
func lookUp(ctx context.Context, s *store.Store, name string, o commerce.Organization) (lookup, error) {
	owner, err := s.SubdomainOwner(ctx, name)
	if err != nil {
		return lookup{}, err
	}
	return compare(ctx, s, name, owner, o)
}

// compare is what a name's owner means for an organization.
func compare(ctx context.Context, s *store.Store, name, owner string, o commerce.Organization) (lookup, error) {
	if owner == "" || owner == o.ID {
		return lookup{Name: name, Available: true, own: owner != ""}, nil
	}
	free, err := freeNames(ctx, s, name, o)
	return lookup{Name: name, Reason: commerce.ErrSubdomainTaken.Code, Suggestions: free}, err
}

// told is a lookup in the words of the page.
func (found lookup) told(in input) enterpriseData {
	switch {
	case found.own:
		return enterpriseData{Free: in.lang.T("pages.enterprise.yours", "name", found.Name)}
	case found.Available:
		return enterpriseData{Free: in.lang.T("pages.enterprise.available", "name", found.Name)}
	}
	return enterpriseData{Taken: in.taken(found.Name, found.Suggestions)}
}

// suggested is how many free names are offered in place of one that is taken.
const suggested = 3

// freeNames are the best names close to one that is taken which nobody has.
func freeNames(ctx context.Context, s *store.Store, name string, o commerce.Organization) ([]string, error) {
	var free []string
	for _, candidate := range commerce.SuggestSubdomains(name, o) {
		owner, err := s.SubdomainOwner(ctx, candidate)
		if err != nil {
			return nil, err
		}
		if owner == "" || owner == o.ID {
			free = append(free, candidate)
		}
		if len(free) == suggested {
			break
		}
	}
	return free, nil
}
