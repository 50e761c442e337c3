// Command provisioning is the provisioning function as Lambda runs it.
package main

import (
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"dayone/functions/provisioning"
)

func main() { lambda.Start(provisioning.FromEnv(os.Getenv)) }
