package env_test

import (
	"testing"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"dayone/shared/env"
)

// lambda is an environment as Lambda sets it.
func lambda(name string) string {
	return map[string]string{
		"AWS_REGION":            "eu-central-1",
		"AWS_ACCESS_KEY_ID":     "AKIDEXAMPLE",
		"AWS_SECRET_ACCESS_KEY": "secret",
		"AWS_SESSION_TOKEN":     "session",
	}[name]
}

func TestConfigurationIsTheGivenEnvironmentNotTheProcess(t *testing.T) {
	t.Setenv("AWS_REGION", "us-east-1")
	t.Setenv("AWS_ACCESS_KEY_ID", "of the process")

	config := env.AWS(lambda)
	if config.Region != "eu-central-1" {
		t.Errorf("Region = %q, want eu-central-1", config.Region)
	}
	keys, err := config.Credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if keys.AccessKeyID != "AKIDEXAMPLE" || keys.SecretAccessKey != "secret" || keys.SessionToken != "session" {
		t.Errorf("credentials are not those of the environment: %q", keys.AccessKeyID)
	}
}

func TestMissingCredentialsAreAnErrorOfTheCall(t *testing.T) {
	config := env.AWS(func(string) string { return "" })
	if _, err := config.Credentials.Retrieve(t.Context()); err == nil {
		t.Error("no credentials, and no error")
	}
}

func TestConnectionsStayOpenForABurst(t *testing.T) {
	client := env.AWS(lambda).HTTPClient.(*awshttp.BuildableClient)
	if got := client.GetTransport().MaxIdleConnsPerHost; got != env.IdleConnections {
		t.Errorf("MaxIdleConnsPerHost = %d, want %d", got, env.IdleConnections)
	}
}
