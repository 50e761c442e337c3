package pages_test

import (
	"strings"
	"testing"

	"dayone/shared/pages"
	"dayone/shared/texts"
)

func TestATimeZoneIsCalledByTheCitiesPeopleKnow(t *testing.T) {
	for zone, want := range map[string]string{
		"Europe/Berlin":     `<option selected value=Europe/Berlin>Berlin, Dunaj, Ljubljana<`,
		"Europe/Vienna":     `<option selected value=Europe/Vienna>Berlin, Dunaj, Ljubljana<`,
		"Europe/Ljubljana":  `<option selected value=Europe/Ljubljana>Berlin, Dunaj, Ljubljana<`,
		"America/Toronto":   `<option selected value=America/Toronto>New York, Toronto<`,
		"Australia/Darwin":  `<option selected value=Australia/Darwin>Darwin<`, // without the summer time of Adelaide
		"Africa/Nairobi":    `<option selected value=Africa/Nairobi>Nairobi<`,  // not Istanbul
		"Africa/Maputo":     `<option selected value=Africa/Maputo>Johannesburg<`,
		"UTC":               `<option selected value=UTC>UTC<`,
		"Europe/No_Such":    `<option selected value=Europe/No_Such>No Such<`,
		"":                  `<option value="">`,
		"Europe/../Vienna/": `<option selected value=Europe/../Vienna/><`,
	} {
		l := texts.For("sl")
		page := string(body(t, write(t, pages.View{Lang: l, Name: "calling", Action: "/", Answers: []pages.Answer{{Name: "time_zone", Value: zone}}})))
		if !strings.Contains(page, want) {
			t.Errorf("%q: the page lacks %s", zone, want)
		}
		if n, selected := strings.Count(page, "Ljubljana<"), strings.Count(page, "<option selected"); n != 1 || zone != "" && selected != 1 {
			t.Errorf("%q: Ljubljana is offered %d times, and %d options are selected", zone, n, selected)
		}
	}
}
