package fault_test

import "slices"

// changed is an order that is held twice before it runs, then grows, is suspended, resumed and terminated.
func changed() []step {
	because := func(deed, reason string) step { return noted(deed, "POST", "/"+deed, object{"reason": reason}) }
	line := func(sku, billing string, quantity, price int) object {
		return object{"subscription_id": "Sub1-" + sku, "sku": "A-FLEX-" + sku, "quantity": quantity, "term_months": 36, "billing": billing,
			"unit_price": price, "currency": "EUR"}
	}
	return slices.Concat([]step{placed(bor), invited(), because("hold", "credit check"), later("nobody is reminded", 3*day), because("release", "paid"),
		completed(bor, "new"), chosen(bor)}, settings(),
		[]step{becomes("active", provisioned("provision", 1)),
			becomes("active", noted("grow", "PATCH", "", object{"lines": []object{line("CALL", "monthly", 30, 1250), line("MEET", "annual", 20, 9900)}})),
			becomes("suspended", because("suspend", "an invoice is open")),
			becomes("active", because("resume", "paid")),
			later("charge", 40*day),
			becomes("ended", because("terminate", "moved away"))})
}
