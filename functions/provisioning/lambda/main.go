// Command provisioning is the provisioning function as Lambda runs it.
package main

import (
	"dayone/functions/provisioning"
	"dayone/shared/api"
)

func main() { api.Start(provisioning.FromEnv) }
