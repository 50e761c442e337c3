package setup

import (
	"strings"

	"dayone/shared/commerce"
	"dayone/shared/pages"
)

// startPage says what the order is and what comes. It asks for nothing, so that whatever opens links and presses their
// buttons starts nothing.
func startPage() page { return page{view: startView} }

func startView(v *visit) pages.View {
	items := make([]pages.Item, len(v.order.Lines))
	for i, l := range v.order.Lines {
		product, _ := v.order.FamilyOf().Product(l.SKU)
		items[i] = pages.Item{Name: v.product(l), Status: v.lang.N("words.unit."+product.Unit, l.Quantity)}
	}
	return pages.View{Name: "start", Data: items, Answers: []pages.Answer{{Name: "change", Value: string(commerce.StepRole)}}}
}

// product is what a line's sku is called.
func (v *visit) product(l commerce.Line) string {
	return v.lang.T("words.sku." + l.SKU[strings.LastIndexByte(l.SKU, '-')+1:])
}
