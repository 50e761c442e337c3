package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dayone/local/budget"
)

// recorded is a deed as it went over the wire, ready to be done again by bare calls of the SDK.
type recorded struct {
	calls  []func(context.Context, *dynamodb.Client) error
	at1    bool // all at once, as a schedule asks its shards
	answer int  // bytes of the answer's body
}

// always keeps a condition's length and lets it pass: what is done again may be there already.
const always = "attribute_exists(pk) OR attribute_not_exists(pk) OR "

// record makes calls of what a deed sent.
func record(calls []budget.Call, answer int) (recorded, error) {
	r := recorded{answer: answer, at1: len(calls) > 1}
	for _, c := range calls {
		operation, _, _ := strings.Cut(c.Operation, "(")
		r.at1 = r.at1 && operation == "Query"
		var sent map[string]any
		d := json.NewDecoder(bytes.NewReader(c.Sent))
		d.UseNumber()
		if err := d.Decode(&sent); err != nil {
			return r, err
		}
		relax(sent)
		do, err := bareCall(operation, sent)
		if err != nil {
			return r, err
		}
		r.calls = append(r.calls, do)
	}
	return r, nil
}

// relax lets every condition pass, keeps what is written out of the shards that schedules read, and drops the names of
// transactions, which may be used once.
func relax(v any) {
	switch v := v.(type) {
	case map[string]any:
		delete(v, "ClientRequestToken")
		if c, ok := v["ConditionExpression"].(string); ok {
			v["ConditionExpression"] = always + "(" + c + ")"
		}
		if item, ok := v["Item"].(map[string]any); ok && item["due"] != nil {
			item["due"] = map[string]any{"S": "bench#0"}
		}
		for _, of := range v {
			relax(of)
		}
	case []any:
		for _, of := range v {
			relax(of)
		}
	}
}

// bareCall is one call of the SDK, its input ready.
func bareCall(operation string, sent map[string]any) (func(context.Context, *dynamodb.Client) error, error) {
	switch operation {
	case "GetItem":
		return typed(sent, func(ctx context.Context, db *dynamodb.Client, in *dynamodb.GetItemInput) error {
			_, err := db.GetItem(ctx, in)
			return err
		})
	case "PutItem":
		return typed(sent, func(ctx context.Context, db *dynamodb.Client, in *dynamodb.PutItemInput) error {
			_, err := db.PutItem(ctx, in)
			return err
		})
	case "UpdateItem":
		return typed(sent, func(ctx context.Context, db *dynamodb.Client, in *dynamodb.UpdateItemInput) error {
			_, err := db.UpdateItem(ctx, in)
			return err
		})
	case "Query":
		return typed(sent, func(ctx context.Context, db *dynamodb.Client, in *dynamodb.QueryInput) error {
			_, err := db.Query(ctx, in)
			return err
		})
	case "BatchGetItem":
		return typed(sent, func(ctx context.Context, db *dynamodb.Client, in *dynamodb.BatchGetItemInput) error {
			_, err := db.BatchGetItem(ctx, in)
			return err
		})
	case "TransactGetItems":
		return typed(sent, func(ctx context.Context, db *dynamodb.Client, in *dynamodb.TransactGetItemsInput) error {
			_, err := db.TransactGetItems(ctx, in)
			return err
		})
	case "TransactWriteItems":
		return typed(sent, func(ctx context.Context, db *dynamodb.Client, in *dynamodb.TransactWriteItemsInput) error {
			_, err := db.TransactWriteItems(ctx, in)
			return err
		})
	}
	return nil, fmt.Errorf("no bare call for %s", operation)
}

func typed[In any](sent map[string]any, do func(context.Context, *dynamodb.Client, *In) error) (func(context.Context, *dynamodb.Client) error, error) {
	var in In
	if err := fill(reflect.ValueOf(&in).Elem(), sent); err != nil {
		return nil, err
	}
	return func(ctx context.Context, db *dynamodb.Client) error { return do(ctx, db, &in) }, nil
}

// fill sets an input of the SDK to what was sent as JSON: the names are the same.
func fill(v reflect.Value, from any) error {
	if v.Type() == reflect.TypeFor[types.AttributeValue]() {
		a, err := attribute(from)
		if err == nil {
			v.Set(reflect.ValueOf(a))
		}
		return err
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return fill(v.Elem(), from)
	case reflect.Struct:
		for name, of := range from.(map[string]any) {
			field := v.FieldByName(name)
			if !field.IsValid() {
				return fmt.Errorf("%s has no %s", v.Type(), name)
			}
			if err := fill(field, of); err != nil {
				return err
			}
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for name, of := range from.(map[string]any) {
			one := reflect.New(v.Type().Elem()).Elem()
			if err := fill(one, of); err != nil {
				return err
			}
			v.SetMapIndex(reflect.ValueOf(name), one)
		}
	case reflect.Slice:
		list := from.([]any)
		v.Set(reflect.MakeSlice(v.Type(), len(list), len(list)))
		for i, of := range list {
			if err := fill(v.Index(i), of); err != nil {
				return err
			}
		}
	case reflect.String:
		v.SetString(fmt.Sprint(from))
	case reflect.Bool:
		v.SetBool(from == true)
	case reflect.Int32, reflect.Int64:
		n, err := from.(json.Number).Int64()
		v.SetInt(n)
		return err
	default:
		return fmt.Errorf("nothing to fill a %s with", v.Type())
	}
	return nil
}

// attribute is a value of an item.
func attribute(from any) (types.AttributeValue, error) {
	for kind, v := range from.(map[string]any) { // of one member
		switch kind {
		case "S":
			return &types.AttributeValueMemberS{Value: v.(string)}, nil
		case "N":
			return &types.AttributeValueMemberN{Value: v.(string)}, nil
		case "BOOL":
			return &types.AttributeValueMemberBOOL{Value: v == true}, nil
		case "NULL":
			return &types.AttributeValueMemberNULL{Value: true}, nil
		case "B":
			b, err := base64.StdEncoding.DecodeString(v.(string))
			return &types.AttributeValueMemberB{Value: b}, err
		case "SS":
			var all []string
			for _, s := range v.([]any) {
				all = append(all, s.(string))
			}
			return &types.AttributeValueMemberSS{Value: all}, nil
		case "L":
			list := &types.AttributeValueMemberL{}
			for _, of := range v.([]any) {
				one, err := attribute(of)
				if err != nil {
					return nil, err
				}
				list.Value = append(list.Value, one)
			}
			return list, nil
		case "M":
			m := &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{}}
			for name, of := range v.(map[string]any) {
				one, err := attribute(of)
				if err != nil {
					return nil, err
				}
				m.Value[name] = one
			}
			return m, nil
		}
	}
	return nil, fmt.Errorf("no attribute: %v", from)
}

// do does the deed by bare calls, one after the other, or at once where that is how it was.
func (r recorded) do(ctx context.Context, db *dynamodb.Client) error {
	if !r.at1 {
		for _, call := range r.calls {
			if err := call(ctx, db); err != nil {
				return err
			}
		}
		return nil
	}
	var wait sync.WaitGroup
	errs := make(chan error, len(r.calls))
	for _, call := range r.calls {
		wait.Go(func() { errs <- call(ctx, db) })
	}
	wait.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
