package provisioning

import (
	"net/http"
	"net/url"
	"strconv"

	"dayone/shared/api"
	"dayone/shared/commerce"
)

// provision is the button "Provision and start billing", and "Try again". It answers how far the order is: a double click,
// a refresh and a replay get the same answer and begin nothing. Who says which attempt they ask for gets no other, not even
// where theirs has failed before they heard of it.
func (p provisioner) provision(w http.ResponseWriter, r *http.Request) error {
	fields, client, err := api.ReadFields(r, "lang", "attempt")
	if err != nil {
		return err
	}
	a, err := p.store.Arrive(r.Context(), api.SessionSecret(r), r.PathValue("order"), api.Now(r))
	if err != nil {
		return err
	}
	attempt, err := attemptOf(a.Order, fields["attempt"])
	if err != nil {
		return err
	}
	o, err := p.click(r.Context(), a, attempt, api.Now(r))
	if err != nil {
		return err
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

// attemptOf is the number of the attempt that is asked for: one of those before, the next, or 0 for whichever that is.
func attemptOf(o commerce.Order, sent string) (int, error) {
	if sent == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(sent)
	var c commerce.Check
	c.That(err == nil && n >= 1 && n <= next(o), "attempt", "malformed", "Send the number of the attempt: one more than the progress tells.")
	return n, c.Err()
}

// next is the number of the attempt that a click begins.
func next(o commerce.Order) int { return o.Attempt.Number + 1 }
