package fault_test

import "time"

// leftAlone is an order that nobody sets up: reminded, closed, reopened, sent again, its contact changed, cancelled.
func leftAlone() []step {
	return []step{
		placed(bor), invited(),
		later("remind all", 5*day+2*time.Hour),
		later("give notice", 6*day+2*time.Hour),
		becomes("closed", later("close", 7*day+2*time.Hour)),
		becomes("invited", noted("reopen", "POST", "/reopen", object{"reason": "they were away"})),
		noted("resend", "POST", "/resend", object{"reason": "they lost it"}),
		noted("amend", "PATCH", "", object{"provisioning_contact": object{"email": ana}}),
		becomes("cancelled", step{"cancel", func(w *world) {
			w.ask("POST", "/orders/"+w.has["order"]+"/cancel", "", object{"reason": "not wanted"}, ok)
		}}),
		later("long after", 60*day),
	}
}
