package services

import (
	"net/http"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/pages"
	"dayone/shared/store"
)

// callingFields are the names of what the page asks.
func callingFields() []string {
	return []string{"country", "location_name", "address", "city", "postal_code", "time_zone", "language", "main_number"}
}

type callingView struct {
	Country      string `json:"country"`
	LocationName string `json:"location_name"`
	Address      string `json:"address"`
	City         string `json:"city"`
	PostalCode   string `json:"postal_code"`
	TimeZone     string `json:"time_zone"`
	Language     string `json:"language"`
	MainNumber   string `json:"main_number"`
	Status       string `json:"status"`
}

func showCalling(s *store.Store, t *pages.Templates) api.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		v, err := arrive(s, r)
		if err != nil {
			return err
		}
		if err := v.order.Needs(commerce.TaskCalling); err != nil {
			return err
		}
		c := v.order.CallingFor(v.customer)
		if api.WantsJSON(r) {
			return api.JSON(w, http.StatusOK, callingView{c.Country, c.LocationName, c.Address, c.City, c.PostalCode, c.Zone, c.Language,
				c.MainNumber, v.taskStatus(commerce.TaskCalling)})
		}
		if !v.order.Settable() {
			return redirect(w, r, v.settled())
		}
		in := input{lang: language(w, r), Fields: api.Fields{
			"country": c.Country, "location_name": c.LocationName, "address": c.Address, "city": c.City, "postal_code": c.PostalCode,
			"time_zone": c.Zone, "language": c.Language, "main_number": c.MainNumber,
		}}
		return show(w, t, callingPage(v, in))
	}
}

func callingPage(v visit, in input) pages.View {
	return v.form(in, commerce.TaskCalling, in.answers(callingFields()...)...)
}

// saveCalling saves from where calls are made.
func saveCalling(s *store.Store, t *pages.Templates) api.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		v, err := arrive(s, r)
		if err != nil {
			return err
		}
		in, err := read(w, r, callingFields()...)
		if err != nil {
			return err
		}
		if in.switched {
			return show(w, t, callingPage(v, in))
		}
		settings := commerce.CallingSettings{
			Country: in.trimmed("country"), LocationName: in.trimmed("location_name"), Address: in.trimmed("address"), City: in.trimmed("city"),
			PostalCode: in.trimmed("postal_code"), Zone: in.trimmed("time_zone"), Language: in.trimmed("language"), MainNumber: in.trimmed("main_number"),
		}
		saved, err := v.save(r.Context(), s, func(o commerce.Order) (commerce.Order, error) {
			return o.SetCalling(settings, v.member.Email, api.Now(r))
		})
		if err != nil {
			return refuse(w, r, in, t, callingPage(v, in), "", err)
		}
		return saved.saved(w, r, in)
	}
}
