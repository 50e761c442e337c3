package services

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// cost is what a guess at a password costs: argon2id with this much memory, so often, on so many threads.
type cost struct {
	memory, time uint32 // KiB, passes
	threads      uint8
}

// ruled is the cost of rule 9: 19 MiB, t=2, p=1.
var ruled = cost{memory: 19 << 10, time: 2, threads: 1}

const (
	saltBytes = 16
	hashBytes = 32
)

// nobody is a hash that no password has. A password tried for an address that is nobody's is compared with it, so that
// the answer takes as long.
const nobody = "$argon2id$v=19$m=19456,t=2,p=1$Tm9ib2R5IGlzIGhlcmUuLg$1J2vX1Jb0n9tq0bO7w3n0QmZlQ2Y9tYt7c3s5m8hQpE"

// typed is a password in the one form in which passwords are compared: keyboards spell the same letter in several ways.
func typed(password string) string { return norm.NFC.String(password) }

// hashed is a password as it is stored: a PHC string that says how it was made.
func hashed(password string) string {
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // never fails (crypto/rand)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, ruled.memory, ruled.time, ruled.threads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(ruled.key(password, salt, hashBytes)))
}

func (c cost) key(password string, salt []byte, size int) []byte {
	return argon2.IDKey([]byte(password), salt, c.time, c.memory, c.threads, uint32(size))
}

// matches reports whether a password is the one that was hashed, at the cost that the hash names. "" is nobody's.
func matches(hash, password string) (bool, error) {
	if hash == "" {
		hash = nobody
	}
	parts := strings.Split(hash, "$")
	if len(parts) != 6 {
		return false, fmt.Errorf("read hash: it has %d parts", len(parts))
	}
	var c cost
	if _, err := fmt.Sscanf(parts[1]+parts[2]+parts[3], fmt.Sprintf("argon2idv=%dm=%%d,t=%%d,p=%%d", argon2.Version), &c.memory, &c.time, &c.threads); err != nil {
		return false, fmt.Errorf("read hash: %w", err)
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, fmt.Errorf("read salt: %w", err)
	}
	key, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil {
		return false, fmt.Errorf("read hash: %w", err)
	}
	return subtle.ConstantTimeCompare(key, c.key(password, salt, len(key))) == 1, nil
}
