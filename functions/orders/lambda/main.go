// Command orders is the orders function as Lambda runs it.
package main

import (
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"dayone/functions/orders"
)

func main() { lambda.Start(orders.FromEnv(os.Getenv)) }
