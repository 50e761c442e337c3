package fault_test

// handedOver is an order that the customer sets up alone.
func handedOver() []step {
	return []step{
		placed(bor), invited(),
		{"hand over", func(w *world) {
			w.ask("POST", "/setup/delegate", w.secret(bor, "/setup"), object{"role": "partner", "set_up_by": "customer", "delegate_email": it}, ok)
		}},
		becomes("mapped", step{"complete as customer", func(w *world) {
			w.has["token"] = w.complete(w.secret(it, "/setup"), object{"role": "customer", "customer_admin_email": it, "customer_organization": "new",
				"customer_name": "Alpine Mills GmbH", "customer_country": "AT", "customer_language": "sl"})
		}}),
		{"password of the customer", func(w *world) { w.has["session"] = w.choose(w.has["token"], it) }},
	}
}
