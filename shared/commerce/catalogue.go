package commerce

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Service is a thing that runs: what a line of an order buys a part of.
type Service string

const (
	Calling   Service = "calling"
	Meetings  Service = "meetings"
	Messaging Service = "messaging"
)

// Product is one sku of the catalogue.
type Product struct {
	SKU     string
	Service Service
	Unit    string // what a quantity counts: user, number, room
	Needs   string // the sku that must be in the same order, "" for none
}

// Family is a product family: its skus and how long its orders may take.
type Family struct {
	Name      string
	Window    time.Duration   // from the first letter until an order not mapped is closed (rule 3)
	Reminders []time.Duration // after the first letter (rule 2)
}

const day = 24 * time.Hour

// families is the embedded catalogue. Every family sells the same five products under its own name.
var families = map[string]Family{
	"A-FLEX":   {Name: "A-FLEX", Window: 7 * day, Reminders: []time.Duration{1 * day, 3 * day, 5 * day}},
	"A-FLEX-3": {Name: "A-FLEX-3", Window: 7 * day, Reminders: []time.Duration{1 * day, 3 * day, 5 * day}},
	"A-WX":     {Name: "A-WX", Window: 30 * day, Reminders: []time.Duration{1 * day, 7 * day, 14 * day, 25 * day}},
	"A-SPK":    {Name: "A-SPK", Window: 30 * day, Reminders: []time.Duration{1 * day, 7 * day, 14 * day, 25 * day}},
}

// Families are the names of all families.
func Families() []string { return slices.Sorted(maps.Keys(families)) }

// FamilyNamed looks a family up by name.
func FamilyNamed(name string) (Family, bool) {
	f, ok := families[name]
	return f, ok
}

// Product looks a sku of this family up.
func (f Family) Product(sku string) (Product, bool) {
	suffix, ok := strings.CutPrefix(sku, f.Name+"-")
	if !ok {
		return Product{}, false
	}
	switch suffix {
	case "CALL":
		return Product{SKU: sku, Service: Calling, Unit: "user"}, true
	case "MEET":
		return Product{SKU: sku, Service: Meetings, Unit: "user"}, true
	case "MSG":
		return Product{SKU: sku, Service: Messaging, Unit: "user"}, true
	case "PSTN":
		return Product{SKU: sku, Service: Calling, Unit: "number", Needs: f.Name + "-CALL"}, true
	case "ROOM":
		return Product{SKU: sku, Service: Meetings, Unit: "room", Needs: f.Name + "-MEET"}, true
	}
	return Product{}, false
}
