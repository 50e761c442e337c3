package console_test

import (
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dayone/shared/commerce"
)

func stringOf(v types.AttributeValue) string {
	s, ok := v.(*types.AttributeValueMemberS)
	if !ok {
		return ""
	}
	return s.Value
}

var (
	orderLink = regexp.MustCompile(`<th scope=row><a href=/console/orders/([^>]+)>`)
	nextLink  = regexp.MustCompile(`<a rel="next" href="([^"]+)">`)
)

// rows are the orders of a page of the list.
func rows(body string) []string {
	var ids []string
	for _, m := range orderLink.FindAllStringSubmatch(body, -1) {
		ids = append(ids, m[1])
	}
	return ids
}

func TestOrdersThatNeedAPersonComeFirst(t *testing.T) {
	d := signedIn(t)
	scheduled := d.placed(func(t *commerce.Terms) { t.Start, t.Customer.Name = t.Start.AddDays(9), "Soča Energija" })
	invited := d.invited()
	escalated := d.escalated()
	page := d.get("/console").Want(t, 200)
	if got, want := strings.Join(rows(page.Body), " "), strings.Join([]string{escalated.ID, scheduled.ID, invited.ID}, " "); got != want {
		t.Errorf("the list is %s, want %s", got, want)
	}
	says(t, page, "3 orders, those that need a person first", "Escalated", "Nobody started within a day of the start date", "30 min",
		"Email on 10 December 2026, 08:00 CET", "in 8 d", "Email sent, not started; closes on 8 December 2026", "Soča Energija",
		"1 needs a person", "1 waiting for setup", "0 service setups open", "1 scheduled")
	if got := rows(d.get("/console?desk=setup").Want(t, 200).Body); len(got) != 1 || got[0] != invited.ID {
		t.Errorf("waiting for setup: %v", got)
	}
	d.get("/console?desk=nowhere").Want(t, 400)
	d.get("/console?cursor=nonsense").Want(t, 400)
	d.lang = "sl"
	says(t, d.get("/console").Want(t, 200), "Naročila", "Predano predstavniku", "čez 8 d", "3 naročila, najprej tista, ki potrebujejo človeka")
}

func TestSearch(t *testing.T) {
	d := signedIn(t)
	soca := d.placed(func(t *commerce.Terms) { t.Customer.Name, t.Contact = "Soča Energija d.d.", "iztok@soca.example" })
	alpine := d.invited()
	for q, want := range map[string]string{
		"soca":                               soca.ID,
		"SOČA+ENERGIJA":                      soca.ID,
		"alp":                                alpine.ID,
		"iztok%40soca.example":               soca.ID,
		"Provisioning%40Nordlicht.example":   alpine.ID,
		strings.ToLower(soca.ID):             soca.ID,
		"alpine&desk=setup":                  alpine.ID,
		"alpine&desk=running":                "",
		"iztok%40soca":                       "",
		"nobody":                             "",
		"DO-0000-0000-0000":                  "",
		"%3Cscript%3Ealert%281%29%3C/script": "",
	} {
		page := d.get("/console?q="+q).Want(t, 200)
		if got := strings.Join(rows(page.Body), " "); got != want {
			t.Errorf("%s finds %q, want %q", q, got, want)
		}
		if strings.Contains(page.Body, "<script>alert") {
			t.Errorf("%s is in the page as it came", q)
		}
	}
	says(t, d.get("/console?q=so"), "Enter at least three letters of a name.")
	says(t, d.get("/console?q=nobody"), "Nothing found.")
	if got := rows(d.get("/console?q=nordlicht").Want(t, 200).Body); len(got) != 2 {
		t.Errorf("the partner's orders are %v", got)
	}
}

// Scenario 37 at the console: by its links, no row twice, none missed, while orders are added.
func TestPagesWhileOrdersAreAdded(t *testing.T) {
	d := signedIn(t)
	there := map[string]int{}
	for i := range 60 {
		there[d.placed(func(t *commerce.Terms) { t.Start = t.Start.AddDays(1 + i%7) }).ID] = 0
	}
	pages := 0
	for address := "/console?desk=scheduled"; address != ""; pages++ {
		page := d.get(address).Want(t, 200)
		for _, id := range rows(page.Body) {
			there[id]++
		}
		for i := range 3 {
			d.placed(func(t *commerce.Terms) { t.Start = t.Start.AddDays(2 * i) })
		}
		address = ""
		if m := nextLink.FindStringSubmatch(page.Body); m != nil && pages < 20 {
			address = html.UnescapeString(m[1])
		}
	}
	if pages < 5 || pages > 8 {
		t.Errorf("%d pages", pages)
	}
	for id, n := range there {
		if n > 1 {
			t.Errorf("%s is there %d times", id, n)
		}
	}
	missed := 0
	for _, n := range there {
		if n == 0 {
			missed++
		}
	}
	if missed > 0 {
		t.Errorf("%d of those that were there are missing", missed)
	}
}

func TestAgesAndEveryNeedHaveWords(t *testing.T) {
	d := signedIn(t)
	o := d.escalated()
	for age, want := range map[time.Duration]string{
		30 * time.Minute: "30 min", 90 * time.Minute: "1 h", 28 * time.Hour: "1 d 4 h", 48 * time.Hour: "2 d", 10*24*time.Hour + 5*time.Hour: "10 d",
	} {
		at := d.desk(o.ID)
		d.now = at.Add(age)
		d.cookie = d.session(maja).Reveal()
		says(t, d.get("/console").Want(t, 200), ">"+want+"<")
	}
	d.now = noon
	if got := fmt.Sprint(d.order(o.ID).NeedsPerson()); !strings.Contains(got, "not_started") {
		t.Error(got)
	}
}

// desk is the instant by which an order stands at its desk.
func (d *desk) desk(id string) time.Time {
	_, at := d.order(id).Desk()
	return at
}
