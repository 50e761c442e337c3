package budget

// Line is what a deed may take, beside the least that the rules and the items of shared/store leave.
type Line struct {
	Deed  string `json:"deed"`
	Least Cost   `json:"least"` // no way to keep the rules is cheaper
	May   Cost   `json:"may"`   // more than that fails a test
	Why   string `json:"why"`   // what the least is made of
}

// Over is what the deeds of one run of a schedule share: asking each shard what is due.
const Over = "what is due"

// Told is what becomes of a letter once SES has it: an event that Deliveries hears.
const Told = "delivery told"

// Table is every deed that is held to a budget. Units are those of DynamoDB: a write of up to a KB is one and two in a
// transaction, an index that learns of an item takes one, one in which it moves two; a consistent read of up to 4 KB is
// one, what an index answers half of that.
func Table() []Line { return append(life(), beside()...) }

// life is what one order goes through, by the shortest way that a client has. Every change has an event for others: 2, and
// its entry in due 1.
func life() []Line {
	// Whoever sets services up is known by a session, which is read with the order: from the two follow the member, what the
	// partner may do and the customer's organization. That is one call and then one for the rest together.
	save := func(deed string) Line {
		return Line{deed, Cost{Calls: 3, Writes: 7, Reads: 5}, Cost{Calls: 3, Writes: 8, Reads: 5},
			"session and order together 2r; member, relation, organization together 3r; one transaction: order of over 1 KB 4, event 3"}
	}
	return []Line{
		{Place, Cost{Calls: 1, Writes: 15}, Cost{Calls: 1, Writes: 17},
			"one transaction: order of up to 1 KB 2, guard of the key 2, guard of the reference 2, event 3; entries in list, due and desk and of three searches 6"},
		{Letter, Cost{Calls: 3, Writes: 17, Letters: 1}, Cost{Calls: 3, Writes: 18, Letters: 1},
			"rule 4: lease, which takes the order over 1 KB, 2; hash of the token 1; mark in one transaction: order 4, due moves 2, desk moves 2, two events 6"},
		{"role", Cost{Calls: 2, Writes: 9, Reads: 2}, Cost{Calls: 2, Writes: 10, Reads: 2},
			"token and order together 2r; started in one transaction: order 4, due moves 2, event 3"},
		{"review", Cost{Calls: 5, Writes: 1, Reads: 5}, Cost{Calls: 5, Writes: 1, Reads: 5},
			"token and order together 2r; the addresses asked about, into the token 1w; two members together 2r; each domain a half"},
		{"complete", Cost{Calls: 5, Writes: 36, Reads: 5}, Cost{Calls: 5, Writes: 38, Reads: 5},
			"what review reads, the addresses being known; one transaction: order 4, out of due 1, desk moves 2, entries of its two organizations 2, link used 2, " +
				"two organizations and two members 8, their entries 4, the partner's access 2, two letters 4, their entries 2, token of the password 2, event 3"},
		{Password, Cost{Calls: 3, Writes: 6, Reads: 3}, Cost{Calls: 3, Writes: 6, Reads: 3},
			"token 1r; member and organization, whose name it may not be (rule 9), together 2r; one transaction: token used 2, member 2, session 2"},
		save("subscription"), save("calling"), save("meetings"),
		{"enterprise", Cost{Calls: 3, Writes: 11, Reads: 5}, Cost{Calls: 3, Writes: 12, Reads: 5},
			"the reads of every task; one transaction: order 4, organization 2, guard of the name 2, event 3"},
		{Provision, Cost{Calls: 3, Writes: 41, Reads: 5}, Cost{Calls: 5, Writes: 52, Reads: 5, Asked: 2},
			"the reads of every task; one transaction where no platform is asked: order of over 2 KB 6, its entry in due 1, desk moves 2; of each of two lines the entitlement 2, " +
				"the charge 2 and its entry 1; total of the month 2; letter 2 and its entry 1; the organization's name settled 2; five events 15"},
	}
}

// beside is what else is done, at another time or by another function.
func beside() []Line {
	return []Line{
		{Over, Cost{Calls: 8, Reads: 4}, Cost{Calls: 16, Reads: 8},
			"eight shards of due, half a unit each, for all that is due in a run"},
		{Told, Cost{Calls: 2, Writes: 1, Reads: 1}, Cost{Calls: 2, Writes: 2, Reads: 1},
			"whether the order is ours 1r; the record of the letter 1"},
		{QueuedLetters, Cost{Calls: 12, Writes: 10, Reads: 5, Letters: 3}, Cost{Calls: 14, Writes: 10, Reads: 8, Letters: 3},
			"three letters, each: lease 1, order 1r, taken out of due 2; of the welcome also member 1r, organization 1r, token 1"},
		{Nothing + ": Letters", Cost{Calls: 8, Reads: 4}, Cost{Calls: 8, Reads: 4}, "eight shards of due, half a unit each"},
		{Nothing + ": Provisioning", Cost{Calls: 8, Reads: 4}, Cost{Calls: 8, Reads: 4}, "eight shards of due, half a unit each"},
		{Nothing + ": Billing", Cost{Calls: 8, Reads: 4}, Cost{Calls: 8, Reads: 4}, "eight shards of due, half a unit each"},
		{"show an order", Cost{Calls: 1, Reads: 1}, Cost{Calls: 1, Reads: 1}, "order 1r"},
		{"list orders", Cost{Calls: 2, Reads: 1.5}, Cost{Calls: 2, Reads: 1.5}, "a page of keys 0.5r; one order 1r"},
		{"charges of a month", Cost{Calls: 3, Reads: 3.5}, Cost{Calls: 3, Reads: 3.5}, "a page of keys 0.5r; two charges 2r; the month's totals, on the first page, 1r"},
		{"progress", Cost{Calls: 2, Reads: 4}, Cost{Calls: 2, Reads: 4}, "session and order together 2r; member, relation together 2r"},
	}
}

// LifeDeeds is the number of deeds at the head of Table that one order goes through.
func LifeDeeds() int { return len(life()) }
