// Command letters is the letters function as Lambda runs it.
package main

import (
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"dayone/functions/letters"
)

func main() { lambda.Start(letters.FromEnv(os.Getenv)) }
