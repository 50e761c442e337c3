package engine_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dayone/local/engine"
	"dayone/local/engine/enginetest"
	"dayone/local/template"
)

func key(pk, sk string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: pk}, "sk": &types.AttributeValueMemberS{Value: sk}}
}

func TestItemsSurviveKill(t *testing.T) {
	t.Setenv("DYNAMODB_ENDPOINT", "")
	root, err := enginetest.Root()
	if err != nil {
		t.Fatal(err)
	}
	tpl, err := template.Read(filepath.Join(root, "template.yaml"), template.Options{Parameters: enginetest.Parameters()})
	if err != nil {
		t.Fatal(err)
	}
	o := engine.Options{Local: filepath.Join(root, "local"), DBPath: filepath.Join(t.TempDir(), "items.db")}
	for round := range 3 {
		e, err := engine.Start(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		client := e.Client()
		if err := engine.CreateTables(t.Context(), client, tpl.Tables); err != nil {
			t.Fatal(err)
		}
		out, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("OrdersTable"), Key: key("order#1", "order")})
		if err != nil {
			t.Fatal(err)
		}
		if there := out.Item != nil; there != (round > 0) {
			t.Errorf("round %d: the item is there: %v", round, there)
		}
		if _, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("OrdersTable"), Item: key("order#1", "order")}); err != nil {
			t.Fatal(err)
		}
		if err := e.Close(); err != nil { // a kill, right after the answer
			t.Fatal(err)
		}
		if err := e.Close(); err != nil {
			t.Errorf("the second Close: %v", err)
		}
	}
}

func TestMissingBinarySaysHowToGetIt(t *testing.T) {
	t.Setenv("DYNAMODB_ENDPOINT", "")
	if _, err := engine.Start(t.Context(), engine.Options{Local: t.TempDir()}); !errors.Is(err, engine.ErrMissing) {
		t.Errorf("Start = %v, want %v", err, engine.ErrMissing)
	}
}

func TestAnotherEngineIsTaken(t *testing.T) {
	t.Setenv("DYNAMODB_ENDPOINT", "http://127.0.0.1:4566")
	t.Setenv("AWS_ACCESS_KEY_ID", "theirs")
	e, err := engine.Start(t.Context(), engine.Options{Local: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	v := e.Environment()
	if v["AWS_ENDPOINT_URL_DYNAMODB"] != "http://127.0.0.1:4566" || v["AWS_ACCESS_KEY_ID"] != "theirs" {
		t.Errorf("Environment = %v", v)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

func TestTestsDoNotSeeEachOther(t *testing.T) {
	t.Parallel()
	one, two := enginetest.New(t), enginetest.New(t)
	if _, err := one.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String(one.Getenv("ORDERS_TABLE")), Item: key("a", "b")}); err != nil {
		t.Fatal(err)
	}
	out, err := two.Scan(t.Context(), &dynamodb.ScanInput{TableName: aws.String(two.Name("OrdersTable"))})
	if err != nil {
		t.Fatal(err)
	}
	if out.Count != 0 {
		t.Errorf("%d items of another test", out.Count)
	}
}

// TestEndsWithItsParent starts a second test process that starts an engine and is killed.
func TestEndsWithItsParent(t *testing.T) {
	t.Setenv("DYNAMODB_ENDPOINT", "")
	if os.Getenv("ENGINE_PARENT") != "" {
		fmt.Println("endpoint", enginetest.Engine(t).Endpoint)
		time.Sleep(time.Minute) // until it is killed
	}
	parent := exec.Command(os.Args[0], "-test.run=^TestEndsWithItsParent$", "-test.v")
	parent.Env = append(os.Environ(), "ENGINE_PARENT=1")
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	endpoint := ""
	for lines := bufio.NewScanner(out); endpoint == "" && lines.Scan(); {
		endpoint, _ = strings.CutPrefix(lines.Text(), "endpoint ")
		if !strings.HasPrefix(endpoint, "http") {
			endpoint = ""
		}
	}
	if endpoint == "" {
		t.Fatal("no engine was started")
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // it was killed
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		conn, err := net.Dial("tcp", strings.TrimPrefix(endpoint, "http://"))
		if err != nil {
			return
		}
		_ = conn.Close() // only whether it answers counts
		if time.Now().After(deadline) {
			t.Fatal("the engine lives on")
		}
	}
}
