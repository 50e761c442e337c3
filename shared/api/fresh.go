package api

import (
	"crypto/rand"
	"encoding/base32"
	"strings"
)

// crockford leaves out the letters that are read for digits.
var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// NewOrderID is a number that people can read to each other, "DO-4F7K-9M2X-QT8B": 60 random bits, unique by the
// condition under which it is stored.
func NewOrderID() string {
	s := crockford.EncodeToString(random(8))[:12]
	return "DO-" + s[:4] + "-" + s[4:8] + "-" + s[8:]
}

// NewID is a random id with a prefix that says what it names.
func NewID(prefix string) string {
	return prefix + "_" + strings.ToLower(crockford.EncodeToString(random(10)))
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return b
}
