// Package store keeps orders, organizations and tokens in DynamoDB. A deed is one conditional write or one transaction,
// and the database says no, not an earlier read.
//
// # Orders table (keys pk, sk)
//
//	pk                          sk                        what it is
//	order#<order>               order                     an order with its lines, settings and timeline
//	order#<order>               charge#<line>#<period>    a charge; its key is its identity (rule 8)
//	letter#<letter>             letter                    a letter in the queue, when it was sent and what became of it
//	letter#<message>            letter                    what became of a letter with a setup link, by the mail service's id
//	idempotency#<caller>#<key>  idempotency               guard: which order this key placed, and a digest of the body
//	reference#<caller>#<ref>    reference                 guard: which order has this external_ref
//
// Indexes, all keys only and sparse:
//
//	due       due = <function>#<shard>, due_at = <instant>#<order or letter>   what the clock owes next; a hint, the item decides
//	list      list = orders#<caller>, listed = <start date>#<order>            a caller's orders
//	          list = charges#<caller>#<month>, listed = <first day>#<charge>   a caller's charges of a month
//	partner   partner_organization, mapped = <instant>#<order>                  a partner's mapped orders
//	customer  customer_organization, mapped                                     a customer's mapped orders
//
// # Organizations table (keys pk, sk)
//
//	organization#<id>        organization               an organization
//	organization#<customer>  partner#<partner>          what the partner may do with the customer's organization
//	organization#<customer>  entitlement#<order>#<line> a service that runs, where no service platform is configured
//	member#<address>         member                     a person; the key is the guard of one address, one organization (rule 5)
//	subdomain#<name>         subdomain                  guard: whose name it is (rule 6)
//
// Indexes: domain (domain, pk) with kind, name and country; members (organization, pk).
//
// # Tokens table (key pk)
//
//	<SHA-256 of the token>   what it opens, until when (setup, password, access, session)
//	                         and, of a setup token, which addresses were asked about, by short hashes
//	<SHA-256 of tries#<address>>   how many passwords were tried for an address, somebody's or not
//
// Instants are numbers of milliseconds, but in index keys, where they sort as text. An order is written whole, under
// the condition that its version is the one that was read; its timeline is a part of it, so that no change can be
// stored without its entry.
package store
