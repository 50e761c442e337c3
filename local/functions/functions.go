// Package functions lists every function by its id in the template, for whoever plays the template on one machine.
package functions

import (
	"dayone/functions/billing"
	"dayone/functions/console"
	"dayone/functions/deliveries"
	"dayone/functions/letters"
	"dayone/functions/orders"
	"dayone/functions/provisioning"
	"dayone/functions/services"
	"dayone/functions/setup"
	"dayone/local/cloud"
)

// All returns how each function is made from its environment.
func All() map[string]cloud.Constructor {
	return map[string]cloud.Constructor{
		"Orders":       orders.FromEnv,
		"Letters":      letters.FromEnv,
		"Deliveries":   deliveries.FromEnv,
		"Setup":        setup.FromEnv,
		"Services":     services.FromEnv,
		"Provisioning": provisioning.FromEnv,
		"Billing":      billing.FromEnv,
		"Console":      console.FromEnv,
	}
}
