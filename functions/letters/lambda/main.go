// Command letters is the letters function as Lambda runs it.
package main

import (
	"dayone/functions/letters"
	"dayone/shared/api"
)

func main() { api.Start(letters.FromEnv) }
