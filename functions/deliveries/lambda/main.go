// Command deliveries is the deliveries function as Lambda runs it.
package main

import (
	"dayone/functions/deliveries"
	"dayone/shared/api"
)

func main() { api.Start(deliveries.FromEnv) }
