package pages

import (
	"strings"

	"dayone/shared/commerce"
	"dayone/shared/texts"
)

// OrderOf is what the card at the side says of an order.
func OrderOf(l *texts.Language, o commerce.Order) *Order {
	card := &Order{Number: o.ID, Customer: o.Terms.Customer.Name, Start: l.Date(o.Start), Subscription: o.Family}
	if users := o.Users(); users > 0 {
		card.Subscription += " · " + l.N("words.unit.user", users)
	}
	return card
}

// LineName is what a line of an order is called: what it buys, and for how many.
func LineName(l *texts.Language, o commerce.Order, line commerce.Line) string {
	product, _ := o.FamilyOf().Product(line.SKU)
	return l.T("words.sku."+strings.TrimPrefix(line.SKU, o.Family+"-")) + " · " + l.N("words.unit."+product.Unit, line.Quantity)
}
