package fault_test

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dayone/local/cloud"
	"dayone/local/cloud/cloudtest"
	"dayone/local/engine/enginetest"
	"dayone/local/functions"
)

// stage is where lives are lived, one after another: a cloud with tables of its own, and the wire in it.
type stage struct {
	*cloud.Cloud
	ctx   context.Context
	wire  *wire
	empty cloud.State // before anything happened
}

// stages are those of a test: so many are played on at once, and those that are free wait for whoever needs one like them.
type stages struct {
	tb     testing.TB
	places chan struct{}
	mu     sync.Mutex
	free   map[string][]*stage // by the parameters of their template
}

// newStages are as many as keep the processors busy although much of a run is waiting before something is tried again.
func newStages(tb testing.TB) *stages {
	all := &stages{tb: tb, places: make(chan struct{}, 6*runtime.GOMAXPROCS(0)), free: map[string][]*stage{}}
	tb.Cleanup(all.close)
	return all
}

// use plays on a stage that suits a life, when there is a place.
func (all *stages) use(l life, play func(*stage) error) error {
	all.places <- struct{}{}
	defer func() { <-all.places }()
	s, err := all.take(l)
	if err != nil {
		return err
	}
	defer all.back(l, s)
	return play(s)
}

func (all *stages) take(l life) (*stage, error) {
	key := fmt.Sprint(l.parameters)
	all.mu.Lock()
	if free := all.free[key]; len(free) > 0 {
		all.free[key] = free[1:]
		all.mu.Unlock()
		return free[0], nil
	}
	all.mu.Unlock()
	root, err := enginetest.Root()
	if err != nil {
		return nil, err
	}
	prefix := enginetest.Prefix()
	s := &stage{ctx: context.Background(), wire: &wire{prefix: prefix}}
	parameters := map[string]string{"BaseUrl": "https://dayone.example"}
	maps.Copy(parameters, l.parameters)
	if s.Cloud, err = cloud.Start(s.ctx, cloud.Config{Root: root, Engine: enginetest.Engine(all.tb), Prefix: prefix, Now: cloudtest.Noon, Frozen: true,
		Functions: s.wire.constructors(functions.All()), Wire: s.wire.around, Seen: cloudtest.Described(all.tb), Parameters: parameters}); err != nil {
		return nil, err
	}
	s.empty, err = s.State()
	return s, err
}

// back gives a stage back on which nothing is at work.
func (all *stages) back(l life, s *stage) {
	key := fmt.Sprint(l.parameters)
	all.mu.Lock()
	defer all.mu.Unlock()
	all.free[key] = append(all.free[key], s)
}

// close takes all stages down, when nobody plays any more.
func (all *stages) close() {
	var wait sync.WaitGroup
	for _, free := range all.free {
		for _, s := range free {
			wait.Go(func() {
				if err := s.Close(); err != nil {
					all.tb.Error(err)
				}
			})
		}
	}
	wait.Wait()
}

var tables = []string{"OrdersTable", "OrganizationsTable", "TokensTable"}

type items = []map[string]types.AttributeValue

// scan reads a whole table.
func (s *stage) scan(table string) items {
	name := s.Table(table)
	var all items
	pages := dynamodb.NewScanPaginator(s.DynamoDB, &dynamodb.ScanInput{TableName: &name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(s.ctx)
		if err != nil {
			panic(trouble{fmt.Errorf("read %s: %w", table, err)})
		}
		all = append(all, page.Items...)
	}
	return all
}

// rewrite makes a table hold these items and no others.
func (s *stage) rewrite(table string, want items) error {
	key := func(i map[string]types.AttributeValue) string { return word(i["pk"]) + " " + word(i["sk"]) }
	there := map[string]map[string]types.AttributeValue{}
	for _, i := range s.scan(table) {
		there[key(i)] = i
	}
	var writes []types.WriteRequest
	for _, i := range want {
		if !reflect.DeepEqual(there[key(i)], i) {
			writes = append(writes, types.WriteRequest{PutRequest: &types.PutRequest{Item: i}})
		}
		delete(there, key(i))
	}
	for _, i := range there {
		maps.DeleteFunc(i, func(name string, _ types.AttributeValue) bool { return name != "pk" && name != "sk" })
		writes = append(writes, types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: i}})
	}
	for some := range slices.Chunk(writes, 25) {
		if _, err := s.DynamoDB.BatchWriteItem(s.ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{s.Table(table): some}}); err != nil {
			return err
		}
	}
	return nil
}
