package fault_test

import (
	"net/http"
	"slices"
)

// consented is a second order whose partner asks the customer of the first for access; its platform first refuses, then
// takes its time.
func consented() []step {
	behaving := func(how string, s step) step {
		do := s.do
		s.do = func(w *world) {
			if err := w.Behave("meetings", how, 0); err != nil {
				w.fail("%v", err)
			}
			do(w)
		}
		return s
	}
	return slices.Concat([]step{placed(bor), invited(), completed(bor, "new"), welcomed(), placed(eva), invited(),
		{"complete with an organization that exists", func(w *world) {
			link, a := w.secret(eva, "/setup"), partner("new")
			a["partner_name"], a["partner_admin_email"] = "Obala", eva
			for _, name := range []string{"customer_organization", "customer_name", "customer_country", "customer_language"} {
				delete(a, name)
			}
			offers, _ := w.ask("POST", "/setup/customer-admin", link, a, ok).object["offers"].([]any)
			if len(offers) != 1 {
				w.fail("%d organizations are offered", len(offers))
			}
			a["customer_organization"] = object(offers[0].(map[string]any)).text("id")
			w.has["token"] = w.complete(link, a)
		}},
		chosen(eva),
		{"consent", func(w *world) { // what was answered although nobody heard of it is not answered again
			w.ask("POST", "/access", "", object{"token": w.secret(it, "/access"), "decision": "yes"}, []int{200, 410})
		}},
		{"forget the password", func(w *world) { w.ask("POST", "/forgot", "", object{"email": eva}, []int{http.StatusAccepted}) }},
		{"sign in", func(w *world) {
			w.has["session"] = w.ask("POST", "/sign-in", "", object{"email": eva, "password": password}, ok).text("session")
		}}},
		settings(), []step{
			becomes("failed", behaving("fail", provisioned("provision in vain", 1))),
			becomes("active", behaving("slow", provisioned("provision again", 2))),
		})
}
