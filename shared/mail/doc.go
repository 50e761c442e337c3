// Package mail writes the letters of an order and gives them to SES.
//
// Compose turns a Letter into a subject, a plain text and an HTML page, and is pure: the same letter always reads the same. A Sender posts it,
// once: SES knows no idempotency, so whether a letter that got no answer is sent again is the decision of whoever keeps the books.
//
// The words are in shared/texts under "letters", one object a kind; which paragraphs, facts and button a kind has is in kinds.go; the look is
// letter.html. Whatever comes from an order (names, reasons, addresses) is data: escaped in the page, on one line in the text, and without a
// control character in the subject.
package mail
