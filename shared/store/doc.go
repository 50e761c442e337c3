// Package store keeps orders, organizations and tokens in DynamoDB. A deed is one conditional write or one transaction,
// and the database says no, not an earlier read.
//
// # Orders table (keys pk, sk)
//
//	pk                          sk                        what it is
//	order#<order>               order                     an order with its lines, settings and timeline
//	order#<order>               event#<number>            an event of the order on its way to another system, and what became of it
//	order#<order>               charge#<line>#<period>    a charge; its key is its identity (rule 8)
//	order#<order>               charge#<line>#<day>#<kind>#<number>   what a service change corrects of a charge, from that day on
//	total#<caller>#<month>      total#<partner>#<customer>#<currency> what the charges of a month add up to
//	letter#<letter>             letter                    a letter in the queue, when it was sent and what became of it
//	letter#<message>            letter                    what became of a letter with a setup link, by the mail service's id
//	idempotency#<caller>#<key>  idempotency               guard: which order this key placed, and a digest of the body
//	reference#<caller>#<ref>    reference                 guard: which order has this external_ref
//	endpoint#<name>             endpoint                  the other system answered that it wants no more events
//
// Indexes, all keys only and sparse:
//
//	due       due = <function>#<shard>, due_at = <instant>#<order or letter>   what the clock owes next; a hint, the item decides
//	list      list = orders#<caller>, listed = <start date>#<order>            a caller's orders
//	          list = charges#<caller>#<month>, listed = <first day>#<charge>   a caller's charges of a month
//	          list = undelivered, listed = <instant>#<order>#<number>          events that were given up
//	partner   partner_organization, mapped = <instant>#<order>                  a partner's mapped orders
//	customer  customer_organization, mapped                                     a customer's mapped orders
//	desk      desk = <desk>#<shard>, desked = <instant>#<order>                 operators' lists: who needs a person first, and so on
//	find_customer, find_partner   find_customer = <first letters>, customer_named = <name>#<order>   orders by how a name begins
//	contact   contact, pk                                                       orders by their contact's address
//
// # Organizations table (keys pk, sk)
//
//	organization#<id>        organization               an organization
//	organization#<customer>  partner#<partner>          what the partner may do with the customer's organization
//	organization#<id>        note#<instant>#<what, whom>   what an administrator did: who was invited or removed, who got access
//	organization#<customer>  entitlement#<order>#<line> a service that runs, where no service platform is configured
//	member#<address>         member                     a person; the key is the guard of one address, one organization (rule 5),
//	                                                    which an invitation that nobody accepted leaves open from lapses_at
//	subdomain#<name>         subdomain                  guard: whose name it is (rule 6)
//
// Indexes: domain (domain, pk) with kind, name and country; members (organization, pk).
//
// # Tokens table (key pk)
//
//	<SHA-256 of the token>   what it opens, until when (setup, password, access, session; an operator's link and session)
//	                         and, of a setup token, which addresses were asked about, by short hashes. A setup token
//	                         names its order, so that the two are read together
//	<SHA-256 of tries#<address>>   how many passwords were tried for an address, somebody's or not
//
// Instants are numbers of milliseconds, but in index keys, where they sort as text. An order is written whole, under
// the condition that its version is the one that was read; its timeline is a part of it, so that no change can be
// stored without its entry. It is text and, once long, deflated: the item is written again at each charge, for years.
package store
