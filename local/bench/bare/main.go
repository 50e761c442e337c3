// Command bare is a Lambda that puts an item and does nothing about its start: what a cold start is measured beside.
package main

import (
	"context"
	"encoding/json"
	"os"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func main() {
	db := dynamodb.New(dynamodb.Options{
		Region: os.Getenv("AWS_REGION"), BaseEndpoint: aws.String(os.Getenv("AWS_ENDPOINT_URL_DYNAMODB")),
		Credentials: credentials.NewStaticCredentialsProvider(os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), ""),
	})
	lambda.Start(func(ctx context.Context, event events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		var order struct {
			Ref string `json:"external_ref"`
		}
		if err := json.Unmarshal([]byte(event.Body), &order); err != nil {
			return events.APIGatewayV2HTTPResponse{StatusCode: 400}, nil
		}
		_, err := db.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(os.Getenv("ORDERS_TABLE")), Item: map[string]types.AttributeValue{
			"pk": &types.AttributeValueMemberS{Value: "bare#" + order.Ref}, "sk": &types.AttributeValueMemberS{Value: "bare"},
			"body": &types.AttributeValueMemberS{Value: event.Body},
		}})
		return events.APIGatewayV2HTTPResponse{StatusCode: 201, Body: "{}"}, err
	})
}
