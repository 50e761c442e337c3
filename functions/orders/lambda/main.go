// Command orders is the orders function as Lambda runs it.
package main

import (
	"dayone/functions/orders"
	"dayone/shared/api"
)

func main() { api.Start(orders.FromEnv) }
