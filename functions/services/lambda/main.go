// Command services is the services function as Lambda runs it.
package main

import (
	"dayone/functions/services"
	"dayone/shared/api"
)

func main() { api.Start(services.FromEnv) }
