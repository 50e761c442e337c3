// Command billing is the billing function as Lambda runs it.
package main

import (
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"dayone/functions/billing"
)

func main() { lambda.Start(billing.FromEnv(os.Getenv)) }
