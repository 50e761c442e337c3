// Command services is the services function as Lambda runs it.
package main

import (
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"dayone/functions/services"
)

func main() { lambda.Start(services.FromEnv(os.Getenv)) }
