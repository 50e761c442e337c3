package provisioning

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/pages"
	"dayone/shared/texts"
)

type progress struct {
	Status   string     `json:"status"`
	Attempt  int        `json:"attempt"`
	Lines    []line     `json:"lines"`
	BilledAt *time.Time `json:"billing_started_at,omitempty"`
	StuckAt  *time.Time `json:"stuck_since,omitempty"`
}

type line struct {
	ID      string `json:"id"`
	Service string `json:"service"`
	Status  string `json:"status"`
	Reason  string `json:"reason,omitempty"`
}

func view(o commerce.Order) progress {
	v := progress{Status: string(o.Status), Attempt: o.Attempt.Number, Lines: make([]line, len(o.Lines))}
	for i, l := range o.Lines {
		v.Lines[i] = line{l.ID, string(o.ServiceOf(l)), string(l.Status), l.Reason}
	}
	if !o.BilledAt.IsZero() {
		v.BilledAt = &o.BilledAt
	}
	if since := o.StuckSince(); !since.IsZero() {
		v.StuckAt = &since
	}
	return v
}

// servicesOf and progressOf are where the pages of an order are.
func servicesOf(o commerce.Order) string { return "/services/" + o.ID }
func progressOf(o commerce.Order) string { return servicesOf(o) + "/progress" }

// progress answers how far each line of an order is and, where one is not done, why.
func (p provisioner) progress(w http.ResponseWriter, r *http.Request) error {
	o, err := p.store.Follow(r.Context(), api.SessionSecret(r), r.PathValue("order"), api.Now(r))
	if err != nil {
		return err
	}
	if api.WantsJSON(r) {
		return api.JSON(w, http.StatusOK, view(o))
	}
	if o.Status == commerce.Mapped { // nobody has clicked yet
		http.Redirect(w, r, servicesOf(o), http.StatusSeeOther)
		return nil
	}
	w.Header().Del("Cache-Control") // the page has its own
	return p.pages.Write(w, progressPage(language(r, o.Locale), o))
}

// progressData is what progress.html shows.
type progressData struct {
	Lead  string
	Lines []pages.Item
	Live  string // where the page looks for news, "" where none is to come
}

func progressPage(l *texts.Language, o commerce.Order) pages.View {
	text := func(key string, args ...any) string { return l.T("pages.progress."+key, args...) }
	v := pages.View{Lang: l, Name: "progress", Area: "services", Order: pages.OrderOf(l, o), SignOut: true,
		Back: servicesOf(o), Switch: progressOf(o)}
	data := progressData{Lead: text("lead")}
	for _, line := range o.Lines {
		item := pages.Item{Name: pages.LineName(l, o, line)}
		item.Status, item.Colour = pages.Tag(l, "line", string(line.Status))
		if o.Status == commerce.Suspended && line.Status == commerce.LineProvisioned {
			item.Status, item.Colour = pages.Tag(l, "order", string(o.Status))
		}
		if line.Reason != "" {
			item.Note = text("reason", "reason", line.Reason)
		}
		data.Lines = append(data.Lines, item)
	}
	switch {
	case o.Changing():
		v.Title = text("title_done")
		if o.Status == commerce.Suspended {
			v.Title = text("title_suspended")
		}
		data.Lead, data.Live = text("lead_change"), progressOf(o)+"?lang="+l.Tag
	case o.Status == commerce.Suspended:
		v.Title, data.Lead = text("title_suspended"), text("lead_suspended")
	case o.Status == commerce.Ended:
		v.Title, data.Lead = text("title_ended"), text("lead_ended")
	case o.Status == commerce.Active:
		v.Title, data.Lead = text("title_done"), text("lead_done", "date", l.On(o.LocalDate(o.BilledAt)))
	case o.Status == commerce.Failed:
		v.Title, data.Lead = text("title_failed"), text("lead_failed")
		v.Action, v.Submit = servicesOf(o)+"/provision", l.T("words.try_again")
		v.Answers = []pages.Answer{{Name: "attempt", Value: strconv.Itoa(next(o))}}
	default:
		data.Live = progressOf(o) + "?lang=" + l.Tag
	}
	if !o.StuckSince().IsZero() {
		data.Lead = text("lead_stuck")
	}
	v.Data = data
	return v
}

// language is that in which a page is answered: the one asked for, or that of the browser, or else fallback.
func language(r *http.Request, fallback string) *texts.Language {
	return texts.For(texts.Negotiate(api.Language(r), r.Header.Get("Accept-Language"), fallback))
}

// fail answers an error: a client gets a problem document, a person a page that says what to do next.
func (p provisioner) fail(w http.ResponseWriter, r *http.Request, err error) {
	if api.WantsJSON(r) {
		api.Problem(w, r, err)
		return
	}
	e, status := api.Mistake(r, err)
	link := "/services"
	if status == http.StatusUnauthorized {
		link = "/sign-in"
	}
	v := pages.DeadEnd(language(r, texts.Default), status, e.Code, link, "id", api.RequestID(r))
	v.Area, v.Back = "services", "/services"
	if status == http.StatusConflict {
		v.Back += "/" + url.PathEscape(r.PathValue("order"))
	}
	if err := p.pages.Write(w, v); err != nil {
		api.Problem(w, r, err)
	}
}
