// Command console is the console function as Lambda runs it.
package main

import (
	"dayone/functions/console"
	"dayone/shared/api"
)

func main() { api.Start(console.FromEnv) }
