// Command setup is the setup function as Lambda runs it.
package main

import (
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"dayone/functions/setup"
)

func main() { lambda.Start(setup.FromEnv(os.Getenv)) }
