package flow_test

import (
	"fmt"
	"math"
	"net/url"
	"strings"
	"testing"
	"time"
)

// resize asks for other quantities of an order's lines.
func (w *world) resize(id string, to ...int) answer {
	w.Helper()
	return w.patch(id, object{"lines": w.lines(id, func(i int, l object) { l["quantity"] = to[i] })})
}

// lines are the lines of an order as they can be sent again, each changed.
func (w *world) lines(id string, change func(i int, l object)) []object {
	w.Helper()
	var all []object
	for i, shown := range w.show(id).List("lines") {
		l := object{}
		for _, name := range []string{"subscription_id", "sku", "quantity", "term_months", "billing", "unit_price", "currency", "auto_renew"} {
			l[name] = shown[name]
		}
		change(i, l)
		all = append(all, l)
	}
	return all
}

// because asks for a deed with a reason.
func (w *world) because(id, deed, reason string) answer {
	w.Helper()
	return w.ask("POST", "/orders/"+id+"/"+deed, "", object{"reason": reason}).want(w, 200)
}

// billed is the sum of all that was charged in some years, and what the totals of the months say.
func (w *world) billed(from, to int) (charges, totals int64, kinds map[string]int) {
	w.Helper()
	kinds = map[string]int{}
	for month := time.Date(from, 1, 1, 0, 0, 0, 0, time.UTC); month.Year() <= to; month = month.AddDate(0, 1, 0) {
		page := w.ask("GET", "/charges?month="+month.Format("2006-01"), "", nil).want(w, 200)
		for _, c := range page.List("charges") {
			charges += int64(c.At("amount").(float64))
			kinds[c.Text("kind")]++
		}
		for _, t := range page.List("totals") {
			totals += int64(t.At("amount").(float64))
		}
	}
	return charges, totals, kinds
}

// days between two dates, and the part of an amount that some of them are.
func days(from, to time.Time) int { return int(math.Round(to.Sub(from).Hours() / 24)) }

func part(amount, of, whole int) int64 { return int64(math.Round(float64(amount*of) / float64(whole))) }

// From placing to the end: held and released, set up, run, grown, suspended, resumed, renewed, terminated; and every cent.
func TestAWholeLife(t *testing.T) {
	for name, parameters := range map[string]map[string]string{
		"on the service platform": nil,
		"as entitlements":         {"ProvisionerUrl": ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := begin(t, parameters)
			id := w.place(order{start: "2026-12-01", lines: []line{{"CALL", "monthly", 25, 1250, 12}, {"MEET", "annual", 10, 9900, 12}}})
			w.because(id, "hold", "credit check")
			if err := w.Set(t.Context(), time.Date(2026, 12, 3, 9, 0, 0, 0, time.UTC), 24*time.Hour); err != nil {
				t.Fatal(err)
			}
			if n := len(w.Inbox()); n != 0 {
				t.Fatalf("%d letters about a held order", n)
			}
			w.because(id, "release", "paid")
			w.run("Letters")
			link := w.secret(ana, "/setup")
			w.because(id, "hold", "another check")
			answers := asPartner("new", it)
			w.ask("POST", "/setup/role", link, object{"role": "partner"}).want(w, 200)
			answers["review_digest"] = w.ask("POST", "/setup/review", link, answers).want(w, 200).Text("review_digest")
			if got := w.ask("POST", "/setup/complete", link, answers).want(w, 409); got.Text("code") != "order_on_hold" {
				t.Errorf("completed while it is held: %s", got.Body)
			}
			fields := url.Values{"token": {link}}
			for name, v := range answers {
				fields.Set(name, fmt.Sprint(v))
			}
			if page := w.form("/setup/complete", fields); page.Status != 409 || !strings.Contains(page.Body, "This order is on hold") ||
				!strings.Contains(page.Body, "Contact your account representative.") || strings.Contains(page.Body, "another check") {
				t.Errorf("the page of a held order: %d %s", page.Status, page.Body)
			}
			w.because(id, "release", "paid again")
			session := w.choose(w.ask("POST", "/setup/complete", link, answers).want(w, 200).Text("password_token"))
			w.because(id, "hold", "a last one")
			w.settleHeld(session, id, "alpine-mills")
			if got := w.ask("POST", "/services/"+id+"/provision", session, object{}).want(w, 409); got.Text("code") != "order_on_hold" {
				t.Errorf("provisioned while it is held: %s", got.Body)
			}
			w.because(id, "release", "all paid")
			w.ask("POST", "/services/"+id+"/provision", session, object{}).want(w, 200)

			// Active since 3 December 2026. On the 13th it grows by five, and shall renew.
			start := time.Date(2026, 12, 3, 0, 0, 0, 0, time.UTC)
			w.later(10*24*time.Hour, 24*time.Hour)
			w.patch(id, object{"lines": w.lines(id, func(_ int, l object) { l["auto_renew"] = true })})
			w.resize(id, 30, 10)
			if got := w.show(id); got.Text("change", "kind") != "quantity" || got.Text("next", "what") != "change" {
				t.Errorf("asked for more: %s", got.Body)
			}
			w.run("Provisioning")
			want := int64(25*1250+10*9900) + part(5*1250, days(start.AddDate(0, 0, 10), start.AddDate(0, 1, 0)), 31)

			w.because(id, "suspend", "an invoice is open")
			w.run("Provisioning")
			if got := w.show(id); got.Text("status") != "suspended" || got.At("change") != nil {
				t.Errorf("suspended: %s", got.Body)
			}
			w.later(40*24*time.Hour, 24*time.Hour) // and is billed all the same
			w.because(id, "resume", "paid")
			w.run("Provisioning")
			if got := w.show(id); got.Text("status") != "active" || got.List("lines")[0].Text("term_end") != "2027-12-03" {
				t.Errorf("resumed: %s", got.Body)
			}

			// It renews on 3 December 2027, and is terminated on the 8th.
			if err := w.Set(t.Context(), time.Date(2027, 12, 8, 9, 0, 0, 0, time.UTC), 7*24*time.Hour); err != nil {
				t.Fatal(err)
			}
			w.run("Billing")
			if got := w.show(id); got.Text("status") != "active" || got.List("lines")[1].Text("term_end") != "2028-12-03" || w.happened(id, "renewed") != 2 {
				t.Errorf("renewed: %s", got.Body)
			}
			w.because(id, "terminate", "moved away")
			w.run("Provisioning")
			if got := w.show(id); got.Text("status") != "ended" || got.At("next") != nil || got.List("lines")[0].Text("status") != "removed" {
				t.Errorf("terminated: %s", got.Body)
			}
			renewed := time.Date(2027, 12, 3, 0, 0, 0, 0, time.UTC)
			want += 12*30*1250 + 10*9900
			want -= part(30*1250, days(renewed.AddDate(0, 0, 6), renewed.AddDate(0, 1, 0)), 31)
			want -= part(10*9900, days(renewed.AddDate(0, 0, 6), renewed.AddDate(1, 0, 0)), 366)

			w.later(60*24*time.Hour, 7*24*time.Hour)
			charges, totals, kinds := w.billed(2026, 2028)
			if charges != want || totals != want || fmt.Sprint(kinds) != "map[adjustment:1 credit:2 recurring:15]" {
				t.Errorf("charged %d in %v, the totals say %d, want %d", charges, kinds, totals, want)
			}
			csv := w.ask("GET", "/charges?month=2027-12", "", nil, "Accept", "text/csv").want(w, 200)
			if strings.Count(csv.Body, "credit,2027-12-09,") != 2 {
				t.Errorf("the file has %s", csv.Body)
			}
			w.audited()
		})
	}
}

// settleHeld completes the tasks of an order that is held: they can be saved, yet not be followed by the activation.
func (w *world) settleHeld(session, id, subdomain string) {
	w.Helper()
	post := func(task string, body object) { w.ask("POST", "/services/"+id+"/"+task, session, body).want(w, 200) }
	post("subscription", object{"reviewed": true})
	post("calling", object{"country": "AT", "location_name": "Head office", "address": "Mühlgasse 1", "city": "Graz", "postal_code": "8010",
		"time_zone": "Europe/Vienna", "language": "en"})
	post("meetings", object{"time_zone": "Europe/Vienna", "language": "en"})
	post("enterprise", object{"subdomain": subdomain})
	if got := w.ask("GET", "/services/"+id, session, nil).want(w, 200); got.At("can_provision") != false {
		w.Errorf("a held order can be provisioned: %s", got.Body)
	}
}

// What the platform refuses stays as it was, and the representative hears of it; what it keeps failing needs a person.
func TestAPlatformThatResistsAChange(t *testing.T) {
	w := begin(t, nil)
	id, link := w.invited(order{lines: []line{{"CALL", "monthly", 25, 1250, 12}, {"MEET", "monthly", 25, 900, 12}}})
	session := w.choose(w.complete(link, asPartner("new", it)).Text("password_token"))
	w.settle(session, id, "alpine-mills")
	w.ask("POST", "/services/"+id+"/provision", session, object{}).want(w, 200)
	behave := func(service, behaviour string, times int) {
		t.Helper()
		if err := w.Behave(service, behaviour, times); err != nil {
			t.Fatal(err)
		}
	}
	before, _, _ := w.billed(2026, 2027)

	behave("meetings", "fail", 0)
	w.resize(id, 30, 30)
	w.run("Provisioning")
	w.run("Letters")
	got := w.show(id)
	if got.Text("status") != "active" || got.Text("change_refused", "kind") != "quantity" || !strings.Contains(got.Text("change_refused", "reason"), "A-FLEX-MEET: ") ||
		got.List("lines")[0].At("quantity") != 25.0 || len(w.letters(rep, "a change was refused")) != 1 {
		t.Errorf("refused: %s", got.Body)
	}
	if after, _, _ := w.billed(2026, 2027); after != before {
		t.Errorf("it cost %d", after-before)
	}

	behave("meetings", "fail_once", 12)
	w.because(id, "suspend", "an invoice is open")
	w.later(50*time.Minute, time.Minute)
	if got := w.show(id); got.At("stuck_since") != nil {
		t.Errorf("stuck already: %s", got.Body)
	}
	w.later(40*time.Minute, time.Minute)
	got = w.show(id)
	if got.Text("status") != "active" || got.Text("stuck_since") == "" || len(w.letters(rep, "provisioning is stuck")) != 1 {
		t.Errorf("stuck: %s", got.Body)
	}
	progress := w.ask("GET", "/services/"+id+"/progress", session, nil).want(w, 200)
	if progress.Text("stuck_since") == "" || progress.List("lines")[1].Text("reason") == "" {
		t.Errorf("the administrator sees %s", progress.Body)
	}
	w.later(time.Hour, time.Minute)
	if got = w.show(id); got.Text("status") != "suspended" || got.At("stuck_since") != nil || len(w.letters(rep, "provisioning is stuck")) != 1 {
		t.Errorf("at last: %s", got.Body)
	}
	w.audited()
}
