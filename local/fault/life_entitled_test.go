package fault_test

import "slices"

// entitled is a short life, without a service platform.
func entitled() []step {
	return slices.Concat([]step{placed(bor), invited(), completed(bor, "new"), chosen(bor)}, settings(),
		[]step{becomes("active", provisioned("entitle", 1)), later("charge for months", 100*day)})
}
