package services

import (
	"net/http"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/pages"
	"dayone/shared/store"
)

type meetingsView struct {
	TimeZone string `json:"time_zone"`
	Language string `json:"language"`
	Status   string `json:"status"`
}

func showMeetings(s *store.Store, t *pages.Templates) api.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		v, err := arrive(s, r)
		if err != nil {
			return err
		}
		if err := v.order.Needs(commerce.TaskMeetings); err != nil {
			return err
		}
		m := v.order.MeetingsFor(v.customer)
		if api.WantsJSON(r) {
			return api.JSON(w, http.StatusOK, meetingsView{m.Zone, m.Language, v.taskStatus(commerce.TaskMeetings)})
		}
		if !v.order.Settable() {
			return redirect(w, r, v.settled())
		}
		in := input{lang: language(w, r), Fields: api.Fields{"time_zone": m.Zone, "language": m.Language}}
		return show(w, t, meetingsPage(v, in))
	}
}

func meetingsPage(v visit, in input) pages.View {
	return v.form(in, commerce.TaskMeetings, in.answers("time_zone", "language")...)
}

// saveMeetings saves how meetings are announced.
func saveMeetings(s *store.Store, t *pages.Templates) api.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		v, err := arrive(s, r)
		if err != nil {
			return err
		}
		in, err := read(w, r, "time_zone", "language")
		if err != nil {
			return err
		}
		if in.switched {
			return show(w, t, meetingsPage(v, in))
		}
		settings := commerce.MeetingSettings{Zone: in.trimmed("time_zone"), Language: in.trimmed("language")}
		saved, err := v.save(r.Context(), s, func(o commerce.Order) (commerce.Order, error) {
			return o.SetMeetings(settings, v.member.Email, api.Now(r))
		})
		if err != nil {
			return refuse(w, r, in, t, meetingsPage(v, in), "", err)
		}
		return saved.saved(w, r, in)
	}
}
