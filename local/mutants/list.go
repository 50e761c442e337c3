package main

// mutants are the guards that the rules of the design rest on, each with the tests nearest to it first. A condition of the
// database is replaced by one that always holds and uses the same values, so that the request stays a good one.
var mutants = []mutant{
	{"a link is used once", []edit{{"shared/store/token.go",
		`"attribute_exists(pk) AND attribute_not_exists(used_at)"`, `"attribute_exists(pk)"`}},
		[]watch{{"shared/store", "Complet|Choosing|Deciding"}, {"functions/services", "Once"}}},
	{"a lease keeps others out", []edit{{"shared/store/queue.go",
		`(attribute_not_exists(lease_until) OR`, `(attribute_exists(pk) OR`}},
		[]watch{{"shared/store", "Claiming"}}},
	{"a claim is of what is still due", []edit{{"shared/store/queue.go",
		`"due_at = :seen AND (`, `"(due_at = :seen OR attribute_exists(pk)) AND (`}},
		[]watch{{"shared/store", "Claiming"}}},
	{"a claim whose answer was lost knows itself", []edit{{"shared/store/queue.go",
		` OR lease = :attempt)`, ` OR lease = :attempt AND attribute_not_exists(pk))`}},
		[]watch{{"shared/store", "Lost|Claiming"}}},
	{"only the lease's holder gives it back", []edit{{"shared/store/queue.go",
		`"lease = :attempt"`, `"lease = :attempt OR attribute_exists(pk)"`}},
		[]watch{{"shared/store", "Deferring"}}},
	{"a letter of an order is marked after it is sent", []edit{{"functions/letters/order.go",
		"	message, err := p.sendInvitation(ctx, l, o)\n	if errors.Is(err", `	sent := func(now commerce.Order) commerce.Order {
		return now.LinkSent(o.Link.Kind, o.Contact, o.Link.Generation, "", p.now)
	}
	if err := p.mark(ctx, o, only(sent)); err != nil {
		return err
	}
	message, err := p.sendInvitation(ctx, l, o)
	if errors.Is(err`}},
		[]watch{{"functions/letters", "Outage|AnswerWasLost"}}},
	{"a letter of the queue is marked after it is sent", []edit{{"functions/letters/queue.go",
		"	message, err := p.send(ctx, l, queued.Order, queued.ID", `	if err := p.store.LetterSent(ctx, e, "", p.now); err != nil {
		return err
	}
	message, err := p.send(ctx, l, queued.Order, queued.ID`}},
		[]watch{{"functions/letters", "Queued|AnswerWasLost|Outage"}, {"local/fault", "EveryFault/recognised"}}},
	{"a secret is stored before it is mailed", []edit{
		{"functions/letters/order.go", "	err = p.store.Issue(ctx, commerce.Grant{", "	unstored.Store(o.ID, commerce.Grant{"},
		{"functions/letters/order.go", "\nfunc (p post) setupLink(", "\nvar unstored sync.Map\n\nfunc (p post) setupLink("},
		{"functions/letters/order.go", "	\"strconv\"\n", "	\"strconv\"\n	\"sync\"\n"},
		{"functions/letters/order.go", "	if err != nil {\n		api.Count(ctx, api.LettersFailed)", `	if g, ok := unstored.LoadAndDelete(order); err == nil && ok {
		err = p.store.Issue(ctx, g.(commerce.Grant))
	}
	if err != nil {
		api.Count(ctx, api.LettersFailed)`}},
		[]watch{{"functions/letters", "EveryLinkWorks"}, {"local/fault", "EveryFault/recognised"}}},
	{"SES is asked once", []edit{{"shared/mail/sender.go", "			o.Retryer = aws.NopRetryer{} //", "			_ = aws.NopRetryer{} //"}},
		[]watch{{"shared/mail", "OneRequest"}}},
	{"a key places one order", []edit{{"shared/store/order.go",
		`absent + " OR expires_at <= :now"`, `absent + " OR expires_at <= :now OR attribute_exists(pk)"`}},
		[]watch{{"shared/store", "Placing|PlacedOnce"}}},
	{"a key stands for one body", []edit{{"functions/orders/place.go", "if placed.Digest != digest {", "if placed.Digest == \"\" {"}},
		[]watch{{"functions/orders", "StandsFor|SameKey"}}},
	{"a reference is of one order", []edit{{"shared/store/order.go", "referenceItemKey, o.ID}, when: absent,", "referenceItemKey, o.ID},"}},
		[]watch{{"shared/store", "Placing"}}},
	{"a change is of the version that was read", []edit{{"shared/store/order.go",
		`	when := "version = :old"`, `	when := "version = :old OR attribute_exists(pk)"`}},
		[]watch{{"shared/store", "Replacing"}}},
	{"a transaction is of the version that was read", []edit{{"shared/store/order.go",
		`item: toItem(changed), when: "version = :old"`, `item: toItem(changed), when: "version = :old OR attribute_exists(pk)"`}},
		[]watch{{"shared/store", "Replacing|Cancelling|Complet"}}},
	{"a change whose answer was lost knows itself", []edit{{"shared/store/order.go", "ok && write.Value == i.Write {", "ok && write.Value == \"\" {"}},
		[]watch{{"shared/store", "Lost"}}},
	{"an address is in one organization", []edit{{"shared/store/token.go", "item: toMemberItem(m), when: absent", "item: toMemberItem(m)"}},
		[]watch{{"shared/store", "OneAddress"}}},
	{"a subdomain is one organization's", []edit{{"shared/store/organization.go",
		`		when: absent + " OR organization_id = :me", values`, `		when: absent + " OR organization_id = :me OR attribute_exists(pk)", values`}},
		[]watch{{"shared/store", "Subdomain"}}},
	{"a subdomain stays once an order is active", []edit{{"shared/commerce/subdomain.go", "	if o.Settled {", "	if false && o.Settled {"}},
		[]watch{{"shared/commerce", "Subdomain|Rename"}, {"functions/services", "StaysOnceActive"}}},
	{"a charge is made once", []edit{{"shared/store/charge.go", "item: toChargeItem(c), when: absent", "item: toChargeItem(c)"}},
		[]watch{{"shared/store", "Charge"}}},
	{"a review that is old completes nothing", []edit{{"shared/commerce/mapping.go", "	if slices.Equal(shown, now) {", "	if len(shown) == len(now) {"}},
		[]watch{{"functions/setup", "Stale|Review"}}},
	{"a link ends with the window", []edit{{"shared/commerce/life.go", "!end.IsZero() && !now.Before(end) {\n		return ErrTokenExpired", "!end.IsZero() && end.IsZero() {\n		return ErrTokenExpired"}},
		[]watch{{"shared/commerce", "Link"}, {"functions/setup", "DeadLink|Expired"}}},
	{"a replaced link opens nothing", []edit{{"shared/commerce/life.go", "	if g.Generation != o.Link.Generation {", "	if g.Generation > o.Link.Generation {"}},
		[]watch{{"shared/commerce", "Link"}, {"functions/setup", "DeadLink"}}},
	{"a link is passed on once to the same address", []edit{{"shared/commerce/life.go", "	return o.DelegatedHash == hash &&", "	return hash == \"\" && o.DelegatedHash == hash &&"}},
		[]watch{{"functions/setup", "Colleague"}}},
	{"the same answers again succeed again", []edit{{"shared/commerce/mapping.go", "	return m.Link != \"\" && m.Link == hash", "	return hash == \"\" && m.Link == hash"}},
		[]watch{{"functions/setup", "SameAnswersAgain"}}},
	{"only a signed request has a caller", []edit{{"shared/api/caller.go", "		return \"\", errNoCaller", "		return \"anybody\", nil"}},
		[]watch{{"shared/api", "Callers"}}},
	{"a caller has their own orders", []edit{{"shared/store/order.go", "err == nil && o.Caller != caller {", "err == nil && o.Caller == \"\" {"}},
		[]watch{{"shared/store", "AnotherCaller"}}},
	{"a partner gets in when the customer says so", []edit{{"shared/commerce/organization.go", " || relation.Access != AccessGranted:", ":"}},
		[]watch{{"shared/commerce", "SetUp"}, {"functions/services", "SaysYes"}}},
	{"a click on what is under way begins nothing", []edit{{"shared/commerce/provision.go",
		"	case o.Status == Provisioning || o.Status == Active:\n		return o, nil\n	case o.Status != Mapped && o.Status != Failed:",
		"	case o.Status == Active:\n		return o, nil\n	case o.Status != Mapped && o.Status != Failed && o.Status != Provisioning:"}},
		[]watch{{"functions/provisioning", "ClicksAtOnce|WhoMayClick"}}},
	{"what is about to be asked is noted first", []edit{{"functions/provisioning/advance.go", "		if p.platform.Refuses() {", "		if p.platform == nil {"}},
		[]watch{{"functions/provisioning", "AnswerWasLost"}}},
	{"wrong passwords slow down", []edit{{"shared/commerce/tries.go", "	if now.Before(t.SlowUntil) {", "	if t.SlowUntil.IsZero() && now.Before(t.SlowUntil) {"}},
		[]watch{{"shared/commerce", "Tries"}, {"functions/services", "SlowDown"}}},
}
