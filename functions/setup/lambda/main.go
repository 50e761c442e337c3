// Command setup is the setup function as Lambda runs it.
package main

import (
	"dayone/functions/setup"
	"dayone/shared/api"
)

func main() { api.Start(setup.FromEnv) }
