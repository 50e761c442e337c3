package services

import (
	"net/http"
	"strings"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/pages"
	"dayone/shared/store"
	"dayone/shared/texts"
)

type subscriptionView struct {
	Reviewed bool       `json:"reviewed"`
	Lines    []lineView `json:"lines"`
}

func showSubscription(s *store.Store, t *pages.Templates) api.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		v, err := arrive(s, r)
		if err != nil {
			return err
		}
		if api.WantsJSON(r) {
			return api.JSON(w, http.StatusOK, subscriptionView{!v.order.Settings.ReviewedAt.IsZero(), linesOf(v.order)})
		}
		if !v.order.Settable() {
			return redirect(w, r, v.settled())
		}
		return show(w, t, subscriptionPage(v, input{lang: language(w, r)}))
	}
}

// subscriptionPage shows what was ordered. To go on is to have reviewed it.
func subscriptionPage(v visit, in input) pages.View {
	page := v.form(in, commerce.TaskSubscription, pages.Answer{Name: "reviewed", Value: "true"})
	page.Submit = in.lang.T("words.next")
	l, o := in.lang, v.order
	var lines []pages.Section
	for _, line := range o.Lines {
		product, _ := o.FamilyOf().Product(line.SKU)
		lines = append(lines, pages.Section{Title: l.T("words.sku." + strings.TrimPrefix(line.SKU, o.Family+"-")), Rows: []pages.Row{
			{Label: l.T("words.subscription_id"), Value: line.Subscription},
			{Label: l.T("words.quantity"), Value: l.N("words.unit."+product.Unit, line.Quantity)},
			{Label: l.T("words.term"), Value: termOf(l, line)},
			{Label: l.T("words.price"), Value: l.Money(line.UnitPrice, line.Currency) + " " + l.T("words.per."+product.Unit) + ", " +
				l.T("words.billing_period."+string(line.Billing))},
		}})
	}
	page.Data = lines
	return page
}

// termOf says how long a line runs, and what comes then.
func termOf(l *texts.Language, line commerce.Line) string {
	then := "words.term_ends"
	if line.AutoRenew {
		then = "words.term_renews"
	}
	return l.T(then, "term", l.N("words.months", line.TermMonths))
}

// subscriptionWrongPage says whom to reach where the order is not what was meant.
func subscriptionWrongPage(v visit, in input) pages.View {
	page := v.form(in, "subscription-wrong", pages.Answer{Name: "wrong", Value: "true"})
	page.Action, page.Back, page.Quiet = v.path(commerce.TaskSubscription), v.path(commerce.TaskSubscription), true
	page.Data = v.order.Representative
	return page
}

// reviewSubscription marks the order as reviewed.
func reviewSubscription(s *store.Store, t *pages.Templates) api.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		v, err := arrive(s, r)
		if err != nil {
			return err
		}
		names := []string{"reviewed"}
		if isForm(r) {
			names = append(names, "wrong")
		}
		in, err := read(w, r, names...)
		switch {
		case err != nil:
			return err
		case in.Fields["wrong"] != "":
			return show(w, t, subscriptionWrongPage(v, in))
		case in.switched:
			return show(w, t, subscriptionPage(v, in))
		case in.Fields["reviewed"] != "true":
			err := commerce.Invalid("reviewed", "reviewed_missing", "Confirm that you have checked the subscription details.")
			return refuse(w, r, in, t, subscriptionPage(v, in), "", err)
		}
		v, err = v.save(r.Context(), s, func(o commerce.Order) (commerce.Order, error) {
			return o.Review(v.member.Email, api.Now(r))
		})
		if err != nil {
			return err
		}
		return v.saved(w, r, in)
	}
}
