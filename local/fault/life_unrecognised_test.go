package fault_test

// unrecognised is a second order whose contact does not know the organization that is offered.
func unrecognised() []step {
	return []step{placed(bor), invited(), completed(bor, "new"), placed(ana), invited(), {"unrecognised", func(w *world) {
		link := w.secret(ana, "/setup")
		w.ask("POST", "/setup/role", link, object{"role": "partner"}, ok)
		w.ask("POST", "/setup/partner-organization", link, object{"role": "partner", "set_up_by": "me", "unrecognised": true}, ok)
	}}}
}
