package console

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"dayone/shared/api"
	"dayone/shared/commerce"
)

// totalsShown is how many totals a page shows.
const totalsShown = 40

// chargesData is what the page of a month's charges shows.
type chargesData struct {
	Month          string // as the form sends it
	Earlier, Later string
	Sums           []string // of all that is shown, by currency
	Rows           []totalRow
	Partial        bool   // there are more than can be added up here; all of them are at GET /charges
	Next, First    string // the addresses of the next page, and of the first one on a later page
}

// totalRow is what a partner's orders for a customer come to.
type totalRow struct {
	Partner, Customer, Charges, Amount string
}

// charges are the totals of a month, by partner, customer and currency.
func (v visit) charges() error {
	q, err := api.ReadQuery(v.r, "month", "from", "lang")
	if err != nil {
		return err
	}
	zone, err := commerce.Zone(v.Zone)
	if err != nil {
		return err
	}
	if q["month"] == "" {
		q["month"] = commerce.DateOf(v.now.In(zone)).String()[:7]
	}
	first, err := commerce.ParseDate(q["month"] + "-01")
	if err != nil {
		return commerce.Invalid("month", "malformed", "Use a month such as 2026-12.")
	}
	totals, whole, err := v.store.Totals(v.r.Context(), v.Caller, q["month"])
	if err != nil {
		return err
	}
	from, err := strconv.Atoi(cmp.Or(q["from"], "0"))
	if err != nil || from < 0 || from > len(totals) {
		return commerce.Invalid("from", "out_of_range", "There is no such page.")
	}
	address := "/console/charges?month=" + q["month"]
	data := chargesData{Month: q["month"], Earlier: first.AddMonths(-1).String()[:7], Later: first.AddMonths(1).String()[:7],
		Partial: !whole}
	if from > 0 {
		data.First = address
	}
	if from+totalsShown < len(totals) {
		data.Next = address + "&from=" + strconv.Itoa(from+totalsShown)
	}
	sums := map[string]int64{}
	var currencies []string
	for _, t := range totals {
		if !slices.Contains(currencies, t.Currency) {
			currencies = append(currencies, t.Currency)
		}
		sums[t.Currency] += t.Amount
	}
	slices.Sort(currencies)
	for _, c := range currencies {
		data.Sums = append(data.Sums, v.lang.Money(sums[c], c))
	}
	slices.SortStableFunc(totals, func(a, b commerce.Total) int {
		return strings.Compare(strings.ToLower(a.PartnerName+"\x00"+a.CustomerName), strings.ToLower(b.PartnerName+"\x00"+b.CustomerName))
	})
	for _, t := range totals[from:min(len(totals), from+totalsShown)] {
		data.Rows = append(data.Rows, totalRow{t.PartnerName, t.CustomerName, v.lang.Number(t.Charges), v.lang.Money(t.Amount, t.Currency)})
	}
	p := v.wide("desk-charges", "/console/charges")
	p.Data = data
	return v.show(v.w, p)
}
