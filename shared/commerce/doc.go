// Package commerce is what the business says: orders, organizations, tokens and charges, the rules they obey and the
// errors they answer with.
//
// Everything here is pure. Instants, randomness and whatever is stored elsewhere come as arguments, so that every rule
// has a table test and the same order with the same clock always gives the same answer.
package commerce
