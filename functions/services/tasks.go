package services

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/pages"
	"dayone/shared/store"
	"dayone/shared/texts"
)

// visit is somebody at an order that they may set up.
type visit struct {
	member   commerce.Member
	order    commerce.Order
	customer commerce.Organization
}

// arrive is the visit of whoever is signed in at the order of the route, and of nobody else.
func arrive(s *store.Store, r *http.Request) (visit, error) {
	a, err := s.Arrive(r.Context(), api.SessionSecret(r), r.PathValue("order"), api.Now(r))
	return visit{a.Member, a.Order, a.Customer}, err
}

// again reads what others may have changed.
func (v visit) again(ctx context.Context, s *store.Store) (visit, error) {
	a, err := s.ArriveAs(ctx, v.member, v.order.ID)
	return visit{a.Member, a.Order, a.Customer}, err
}

// save decides a change of the order's settings and writes it, again from the start where somebody else wrote in
// between.
func (v visit) save(ctx context.Context, s *store.Store, decide func(commerce.Order) (commerce.Order, error)) (visit, error) {
	for try := 1; ; try++ {
		changed, err := decide(v.order)
		if err != nil {
			return v, err
		}
		err = s.Replace(ctx, v.order, changed)
		if err == nil {
			v.order = changed
			return v, nil
		}
		if !errors.Is(err, commerce.ErrOrderChanged) || try == saveTries {
			return v, err
		}
		if v, err = v.again(ctx, s); err != nil {
			return v, err
		}
	}
}

// path is the address of the order's task list or, with a task, of that task.
func (v visit) path(task string) string {
	if task == "" {
		return "/services/" + v.order.ID
	}
	return "/services/" + v.order.ID + "/" + task
}

// settled is where the settings of an order lead that can no longer be changed.
func (v visit) settled() string {
	if v.order.Status == commerce.Provisioning {
		return v.path("progress")
	}
	return v.path("")
}

// page is a page of the order.
func (v visit) page(l *texts.Language, name string) pages.View {
	return pages.View{Lang: l, Name: name, SignOut: true, Order: pages.OrderOf(l, v.order)}
}

// form is a page of the order that saves a task, with what it shows.
func (v visit) form(in input, task string, answers ...pages.Answer) pages.View {
	page := v.page(in.lang, task)
	page.Action, page.Back, page.Submit, page.Answers = v.path(task), v.path(""), in.lang.T("words.save"), answers
	return page
}

// saved answers a task that was saved with the task list.
func (v visit) saved(w http.ResponseWriter, r *http.Request, in input) error {
	if in.client {
		return api.JSON(w, http.StatusOK, v.tasks())
	}
	return redirect(w, r, v.path(""))
}

type partyView struct {
	Name    string `json:"name"`
	Country string `json:"country"`
}

type orderView struct {
	ID                 string     `json:"id"`
	Status             string     `json:"status"`
	Family             string     `json:"family"`
	Partner            partyView  `json:"partner"`
	Customer           partyView  `json:"customer"`
	RequestedStartDate string     `json:"requested_start_date"`
	TimeZone           string     `json:"time_zone"`
	Lines              []lineView `json:"lines"`
}

type lineView struct {
	ID             string `json:"id"`
	SubscriptionID string `json:"subscription_id"`
	SKU            string `json:"sku"`
	Service        string `json:"service"`
	Quantity       int    `json:"quantity"`
	TermMonths     int    `json:"term_months"`
	Billing        string `json:"billing"`
	UnitPrice      int64  `json:"unit_price"`
	Currency       string `json:"currency"`
	AutoRenew      bool   `json:"auto_renew"`
	Status         string `json:"status"`
}

func linesOf(o commerce.Order) []lineView {
	views := make([]lineView, len(o.Lines))
	for i, l := range o.Lines {
		views[i] = lineView{l.ID, l.Subscription, l.SKU, string(o.ServiceOf(l)), l.Quantity, l.TermMonths, string(l.Billing), l.UnitPrice,
			l.Currency, l.AutoRenew, string(l.Status)}
	}
	return views
}

type taskView struct {
	Name   string `json:"name"`
	Status string `json:"status"`
}

type tasksView struct {
	Order        orderView  `json:"order"`
	Tasks        []taskView `json:"tasks"`
	CanProvision bool       `json:"can_provision"`
}

func (v visit) tasks() tasksView {
	o := v.order
	list := tasksView{
		Order: orderView{o.ID, string(o.Status), o.Family, partyView(o.Partner), partyView{v.customer.Name, v.customer.Country},
			o.Start.String(), o.Zone, linesOf(o)},
		CanProvision: o.CanProvision(v.customer),
	}
	for _, task := range o.Tasks(v.customer) {
		list.Tasks = append(list.Tasks, taskView{task.Name, taskStatus(task.Done)})
	}
	return list
}

func taskStatus(done bool) string {
	if done {
		return "completed"
	}
	return "not_started"
}

// taskStatus is how a task of the order stands.
func (v visit) taskStatus(name string) string {
	for _, task := range v.order.Tasks(v.customer) {
		if task.Name == name {
			return taskStatus(task.Done)
		}
	}
	return taskStatus(false)
}

// showTasks is the task list. With everything done but the activation, it says what that costs and has its button.
func showTasks(s *store.Store, t *pages.Templates) api.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		v, err := arrive(s, r)
		if err != nil {
			return err
		}
		if api.WantsJSON(r) {
			return api.JSON(w, http.StatusOK, v.tasks())
		}
		return show(w, t, tasksPage(language(w, r), v))
	}
}

// tasksData is what the page of the task list shows.
type tasksData struct {
	Tasks    []pages.Item
	Done, Of int
	Cost     *pages.Section // of the activation, where it can be done
	Wait     bool           // for other tasks
	Held     string         // why nothing can be activated now
	See      string         // where the services are shown, once nothing can be set any more
}

func tasksPage(l *texts.Language, v visit) pages.View {
	page := v.page(l, "tasks")
	page.Back, page.Switch = "/services", v.path("") // a switch that posts would provision
	tasks := v.order.Tasks(v.customer)
	data := tasksData{Of: len(tasks), Wait: v.order.Settable()}
	if !v.order.Settable() {
		page.Title, data.See = l.T("pages.tasks.title_over"), v.path("progress")
	}
	for _, task := range tasks {
		item := pages.Item{Name: l.T("pages.tasks." + task.Name)}
		item.Status, item.Colour = pages.Tag(l, "task", taskStatus(task.Done))
		if task.Done {
			data.Done++
		}
		switch {
		case task.Name != commerce.TaskActivate && v.order.Settable():
			item.Href = v.path(task.Name)
		case task.Name == commerce.TaskActivate && v.order.Status != commerce.Mapped:
			item.Href = v.path("progress")
			if !task.Done {
				item.Status, item.Colour = pages.Tag(l, "order", string(v.order.Status))
			}
		}
		data.Tasks = append(data.Tasks, item)
	}
	if v.order.Held() {
		data.Wait, data.Held = false, l.T("errors.order_on_hold")
	}
	if v.order.CanProvision(v.customer) {
		cost := costOf(l, v.order)
		data.Cost, data.Wait = &cost, false
		page.Action, page.Submit = v.path("provision"), l.T("pages.activate.submit")
		page.Answers = append(page.Answers, pages.Answer{Name: "attempt", Value: strconv.Itoa(v.order.Attempt.Number + 1)})
	}
	page.Data = data
	return page
}

// costOf is what activating an order charges at once.
func costOf(l *texts.Language, o commerce.Order) pages.Section {
	cost := pages.Section{Title: l.T("pages.activate.cost")}
	for _, line := range o.Lines {
		cost.Rows = append(cost.Rows, pages.Row{
			Label: pages.LineName(l, o, line),
			Value: l.Money(line.Amount(), line.Currency) + " " + l.T("words.every."+string(line.Billing)),
		})
	}
	total, currency := o.FirstCharges()
	cost.Rows = append(cost.Rows, pages.Row{Label: l.T("pages.activate.first_charges"), Value: l.Money(total, currency)})
	return cost
}
