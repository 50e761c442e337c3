package console

import (
	"errors"
	"net/http"
	"slices"
	"strconv"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/pages"
)

// action is something that an operator can do with an order. Its name is the last part of its address.
type action struct {
	name   string
	event  string   // the entry of the timeline by which it is known to be done
	fields []string // besides the reason
	do     func(v visit, o commerce.Order, in api.Fields) (commerce.Order, []commerce.Letter, error)
}

// plain is an action that takes a reason only.
func plain(name, event string, do func(o commerce.Order, v visit, reason string) (commerce.Order, error)) action {
	return action{name: name, event: event, do: func(v visit, o commerce.Order, in api.Fields) (commerce.Order, []commerce.Letter, error) {
		changed, err := do(o, v, in["reason"])
		return changed, nil, err
	}}
}

// cancelName is the action that cannot be undone.
const cancelName = "cancel"

// onward are the actions that let an order go on which stands.
var onward = []string{"release", "retry", "reopen", "resend"}

// actions are all of them, in the order of the page.
var actions = []action{
	plain("release", "released", func(o commerce.Order, v visit, reason string) (commerce.Order, error) {
		return o.Release(v.actor(), reason, v.now)
	}),
	plain("retry", "", func(o commerce.Order, v visit, reason string) (commerce.Order, error) {
		return o.Retry(v.actor(), reason, v.now)
	}),
	plain("reopen", "reopened", func(o commerce.Order, v visit, reason string) (commerce.Order, error) {
		return o.Reopen(v.actor(), reason, v.now)
	}),
	plain("resend", "resent", func(o commerce.Order, v visit, reason string) (commerce.Order, error) {
		return o.Resend(v.actor(), reason, v.now)
	}),
	{name: "contact", event: "amended", fields: []string{"email", "alias"}, do: visit.changeContact},
	plain("handled", "handled", func(o commerce.Order, v visit, reason string) (commerce.Order, error) {
		return o.Handle(v.actor(), reason, v.now)
	}),
	plain("hold", "held", func(o commerce.Order, v visit, reason string) (commerce.Order, error) {
		if o.Held() {
			return o, commerce.ErrOnHold
		}
		return o.PutOnHold(v.actor(), reason, v.now)
	}),
	plain(cancelName, "cancelled", func(o commerce.Order, v visit, reason string) (commerce.Order, error) {
		if o.Status == commerce.Cancelled {
			return o, commerce.ErrOrderCancelled
		}
		return o.Cancel(v.actor(), reason, v.now)
	}),
}

func actionNamed(name string) (action, bool) {
	i := slices.IndexFunc(actions, func(a action) bool { return a.name == name })
	if i < 0 {
		return action{}, false
	}
	return actions[i], true
}

// changeContact gives the order another contact, who is written to at once if the order was invited.
func (v visit) changeContact(o commerce.Order, in api.Fields) (commerce.Order, []commerce.Letter, error) {
	if !o.Mapping.At.IsZero() {
		return o, nil, commerce.ErrAlreadyMapped // its administrators are who counts now
	}
	terms := o.Terms
	terms.Contact, terms.ContactAlias = api.Address(in["email"]), in["alias"] == "true"
	return o.Amend(terms, v.actor(), v.now)
}

// refusal is why an action is not possible now, nil where it is: what the rules say to it with all that it needs.
func (v visit) refusal(a action, o commerce.Order) *commerce.Error {
	_, _, err := a.do(v, o, api.Fields{"reason": "-", "email": string(o.Contact), "alias": strconv.FormatBool(o.ContactAlias)})
	if e, ok := errors.AsType[*commerce.Error](err); ok && e.Kind != commerce.KindInvalid {
		return e
	}
	return nil
}

// button is an action as the order's page shows it; Why where it is not possible now, Main where it lets the order go on,
// and Warning where it cannot be undone.
type button struct {
	Name, Href, Text, Why string
	Main, Warning         bool
}

// buttons are the actions that are possible now, and those that are not.
func (v visit) buttons(o commerce.Order) (possible, refused []button) {
	for _, a := range actions {
		b := button{Name: a.name, Href: v.address(o) + "/" + a.name, Text: v.lang.T("pages.desk_action." + a.name + ".button"), Warning: a.name == cancelName}
		if e := v.refusal(a, o); e != nil {
			b.Why = v.lang.Problem("desk_order", e.Code)
			refused = append(refused, b)
			continue
		}
		b.Main = len(possible) == 0 && slices.Contains(onward, a.name)
		possible = append(possible, b)
	}
	return possible, refused
}

// actionData is what the page of an action shows.
type actionData struct {
	Lead    string
	Changed []entry // what happened to the order since the operator saw it
	Contact bool    // asks for another contact
}

// actionPage asks for what the action needs. It carries the version of the order that it is about, and how much of the
// timeline the operator has seen.
func (v visit) actionPage(a action, o commerce.Order, in api.Fields) pages.View {
	text := func(key string) string { return v.lang.T("pages.desk_action." + a.name + "." + key) }
	p := pages.View{Lang: v.lang, Name: "desk-action", Title: text("title"), Action: v.address(o) + "/" + a.name, Submit: text("button"),
		Warning: a.name == cancelName, Back: v.address(o), SignOut: true, Order: pages.OrderOf(v.lang, o)}
	p.Data = actionData{Lead: text("lead"), Contact: a.name == "contact"}
	shown := api.Fields{"version": strconv.Itoa(o.Version), "seen": strconv.Itoa(len(o.Events)), "reason": in["reason"]}
	for _, name := range a.fields {
		shown[name] = in[name]
	}
	p.Answers = answers(shown, append([]string{"version", "seen", "reason"}, a.fields...)...)
	return p
}

// blocked is the page of an action that is not possible now: why, and the way back.
func (v visit) blocked(a action, o commerce.Order, e *commerce.Error) error {
	p := v.actionPage(a, o, api.Fields{})
	p.Action, p.Status, p.Switch = "", http.StatusConflict, v.address(o)+"/"+a.name
	p.Problems = []pages.Problem{{Text: v.lang.Problem("desk_order", e.Code)}}
	p.Data = actionData{}
	return v.show(v.w, p)
}

// arriveAt reads the action and the order of the address.
func (v visit) arriveAt() (action, commerce.Order, error) {
	a, ok := actionNamed(v.r.PathValue("action"))
	if !ok {
		return action{}, commerce.Order{}, &commerce.Error{Kind: commerce.KindNotFound, Code: "not_found", Detail: "There is no such action."}
	}
	o, err := v.store.Order(v.r.Context(), v.r.PathValue("order"))
	return a, o, err
}

// showAction asks for what an action needs.
func (v visit) showAction() error {
	a, o, err := v.arriveAt()
	if err != nil {
		return err
	}
	if e := v.refusal(a, o); e != nil {
		return v.blocked(a, o, e)
	}
	return v.show(v.w, v.actionPage(a, o, api.Fields{"email": string(o.Contact), "alias": strconv.FormatBool(o.ContactAlias)}))
}

// act does an action, unless the order is another one than the operator saw: then the page says what happened to it, and
// asks again. What was done already, by a double click or after a lost answer, is not done twice.
func (v visit) act() error {
	if v.r.PathValue("action") == redeliverName {
		return v.redeliver()
	}
	a, o, err := v.arriveAt()
	if err != nil {
		return err
	}
	in, l, switched, err := read(v.w, v.r, append([]string{"version", "seen", "reason"}, a.fields...)...)
	if err != nil {
		return err
	}
	v.lang = l
	if switched {
		p := v.actionPage(a, o, in)
		p.Answers = append(p.Answers[2:], answers(in, "version", "seen")...) // what the operator saw is still what it was
		return v.show(v.w, p)
	}
	if in["version"] != strconv.Itoa(o.Version) {
		return v.conflict(a, o, in)
	}
	changed, letters, err := a.do(v, o, in)
	if e, ok := errors.AsType[*commerce.Error](err); ok {
		if e.Kind != commerce.KindInvalid {
			return v.blocked(a, o, e)
		}
		p := v.actionPage(a, o, in)
		p.Problems = problems(l, "reason", e)
		return v.show(v.w, p)
	}
	if err != nil {
		return err
	}
	err = v.store.Replace(v.r.Context(), o, changed, letters...)
	if errors.Is(err, commerce.ErrOrderChanged) {
		if o, err = v.store.Order(v.r.Context(), o.ID); err != nil {
			return err
		}
		return v.conflict(a, o, in)
	}
	if err != nil {
		return err
	}
	return redirect(v.w, v.r, v.address(o)+"?done="+a.name)
}

// conflict answers an action on an order that has changed since.
func (v visit) conflict(a action, o commerce.Order, in api.Fields) error {
	seen, err := strconv.Atoi(in["seen"])
	if err != nil || seen < 0 || seen > len(o.Events) {
		seen = len(o.Events)
	}
	since := o.Events[seen:]
	if slices.ContainsFunc(since, func(e commerce.Event) bool {
		done := e.Reason == in["reason"]
		if a.name == "contact" { // which takes no reason
			done = o.Contact == api.Address(in["email"])
		}
		return done && e.Actor == v.actor() && (a.event == "" || e.Kind == a.event)
	}) {
		return redirect(v.w, v.r, v.address(o)+"?done="+a.name)
	}
	if e := v.refusal(a, o); e != nil {
		return v.blocked(a, o, e)
	}
	p := v.actionPage(a, o, in)
	p.Status = http.StatusConflict
	p.Problems = []pages.Problem{{Text: v.lang.T("pages.desk_action.conflict")}}
	data := actionData{Lead: v.lang.T("pages.desk_action." + a.name + ".lead"), Contact: a.name == "contact"}
	for _, e := range since {
		data.Changed = append(data.Changed, v.entry(o, e))
	}
	p.Data = data
	return v.show(v.w, p)
}

// formName is what a form calls the field that the rules name.
func formName(field string) string {
	switch field {
	case "provisioning_contact/email":
		return "email"
	}
	return orderField(field)
}
