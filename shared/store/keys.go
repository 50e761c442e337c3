package store

import (
	"crypto/sha256"
	"encoding/hex"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"dayone/shared/commerce"
)

func key(pk, sk string) item { return item{"pk": text(pk), "sk": text(sk)} }

func orderKey(id string) string                { return "order#" + id }
func letterKey(id string) string               { return "letter#" + id }
func idempotencyKey(caller, k string) string   { return "idempotency#" + caller + "#" + k }
func referenceKey(caller, ref string) string   { return "reference#" + caller + "#" + ref }
func organizationKey(id string) string         { return "organization#" + id }
func memberKey(a commerce.Address) string      { return "member#" + string(a) }
func subdomainKey(name string) string          { return "subdomain#" + name }
func endpointKey(name string) string           { return "endpoint#" + name }
func partnerKey(partner string) string         { return "partner#" + partner }
func entitlementKey(order, line string) string { return "entitlement#" + order + "#" + line }
func noteKey(n commerce.Note) string           { return notePrefix + stamped(n.At, n.ID()) }
func totalKey(caller, month string) string     { return "total#" + caller + "#" + month }

// chargeKey names a charge by its identity: the line and the period and, of a correction, which service change made it.
func chargeKey(c commerce.Charge) string {
	k := "charge#" + c.Line + "#" + c.PeriodStart.String()
	if c.Kind != commerce.Recurring {
		k += "#" + string(c.Kind) + "#" + strconv.Itoa(c.Number)
	}
	return k
}

// triesKey hides the address: anybody can type anybody's.
func triesKey(a commerce.Address) string {
	sum := sha256.Sum256([]byte("tries#" + a))
	return hex.EncodeToString(sum[:])
}

// Sort keys of items that are alone under their pk.
const (
	orderItemKey        = "order"
	letterItemKey       = "letter"
	idempotencyItemKey  = "idempotency"
	referenceItemKey    = "reference"
	organizationItemKey = "organization"
	memberItemKey       = "member"
	subdomainItemKey    = "subdomain"
	notePrefix          = "note#"
	endpointItemKey     = "endpoint"
)

// Shards is how many partitions the due index spreads a function's work over: a morning on which everybody starts must
// not meet the limit of one.
const Shards = 8

// dueKey is the partition of the due index that id's work for a function is in.
func dueKey(function, id string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	return shardKey(function, int(h.Sum32()%Shards))
}

func shardKey(function string, shard int) string {
	return strings.ToLower(function) + "#" + strconv.Itoa(shard)
}

// stamp is an instant as indexes sort it.
func stamp(t time.Time) string { return t.UTC().Format(stampLayout) }

const stampLayout = "2006-01-02T15:04:05.000Z"

// stamped is a stamp that names its item, so that no two are the same.
func stamped(t time.Time, id string) string { return stamp(t) + "#" + id }

func totalSortKey(partner, customer, currency string) string {
	return "total#" + partner + "#" + customer + "#" + currency
}

func ordersOf(caller string) string         { return "orders#" + caller }
func chargesOf(caller, month string) string { return "charges#" + caller + "#" + month }
