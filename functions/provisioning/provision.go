package provisioning

import (
	"log/slog"
	"net/http"
	"net/url"

	"dayone/shared/api"
)

// provision is the button "Provision and start billing". It answers how far the order is: a double click, a refresh and
// a replay get the same answer and begin nothing.
func (p provisioner) provision(w http.ResponseWriter, r *http.Request) error {
	fields, client, err := api.ReadFields(r, "lang")
	if err != nil {
		return err
	}
	o, member, err := p.order(r)
	if err != nil {
		return err
	}
	o, begun, err := p.begin(r.Context(), o, member.Email, api.Now(r))
	if err != nil {
		return err
	}
	if begun {
		reached, err := p.advance(r.Context(), o, api.Now(r))
		if err == nil {
			o = reached
		} else {
			// The click stands, and the schedule carries on from it: to answer a failure would invite another click.
			slog.ErrorContext(r.Context(), "provision", "order", o.ID, "error", err.Error())
		}
	}
	if client {
		return api.JSON(w, http.StatusOK, view(o))
	}
	address := progressOf(o)
	if fields["lang"] != "" {
		address += "?" + url.Values{"lang": {fields["lang"]}}.Encode()
	}
	http.Redirect(w, r, address, http.StatusSeeOther)
	return nil
}
