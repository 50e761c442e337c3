// Command billing is the billing function as Lambda runs it.
package main

import (
	"dayone/functions/billing"
	"dayone/shared/api"
)

func main() { api.Start(billing.FromEnv) }
