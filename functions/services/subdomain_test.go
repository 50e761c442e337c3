package services_test

import "testing"

func TestAvailabilityOfASubdomain(t *testing.T) {
	o := open(t)
	mine, _, me, them := o.neighbours()
	o.client(o.saves(mine, me, "acme")).Want(t, 200)
	stranger := o.session("mia@other.example")
	for name, tc := range map[string]struct {
		as, name, want string
	}{
		"free":               {them, "Alpine-Mills", `{"name":"alpine-mills","available":true}`},
		"one's own":          {me, "acme", `{"name":"acme","available":true}`},
		"somebody else's":    {them, "acme", `{"name":"acme","available":false,"reason":"subdomain_taken","suggestions":["alpine-mills","acme-at","alpine-mills-at"]}`},
		"no name":            {me, "ac me", `{"name":"ac me","available":false,"reason":"subdomain_characters"}`},
		"reserved":           {me, "admin", `{"name":"admin","available":false,"reason":"subdomain_reserved"}`},
		"its customer's":     {o.session(ana), "acme", `{"name":"acme","available":true}`},
		"asked by a partner": {stranger, "acme", `{"name":"acme","available":false,"reason":"subdomain_taken","suggestions":["acme-meet","acme-team","acme-2"]}`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := o.client(request{route: "GET /subdomains/{name}", name: tc.name, as: tc.as}).Want(t, 200).Body; got != tc.want+"\n" {
				t.Errorf("answer %s, want %s", got, tc.want)
			}
		})
	}
	refused(t, o.client(request{route: "GET /subdomains/{name}", name: "acme"}), 401, "signed_out")
}
