package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dayone/local/budget"
)

// recorded is a deed as it went over the wire, ready to be done again by bare calls of the SDK.
type recorded struct {
	deed   string
	waves  [][]bareCall // one after the other, the calls of each at once
	cost   budget.Cost
	answer int // bytes of what the function answered
}

// bareCall is one call of the SDK, its input ready.
type bareCall func(context.Context, *dynamodb.Client) error

// record makes calls of what a deed sent, on the other tables: those that were under way together are made together. One
// that began when another had ended may have waited for it.
func record(calls []budget.Call, tables *strings.Replacer) (recorded, error) {
	var r recorded
	slices.SortFunc(calls, func(a, b budget.Call) int { return a.Begun.Compare(b.Begun) })
	var ended time.Time // the first of the wave
	for _, c := range calls {
		operation, _, _ := strings.Cut(c.Operation, "(")
		var sent map[string]any
		d := json.NewDecoder(strings.NewReader(tables.Replace(string(c.Sent))))
		d.UseNumber()
		if err := d.Decode(&sent); err != nil {
			return r, err
		}
		do, err := callOf(operation, sent)
		if err != nil {
			return r, err
		}
		if c.Begun.After(ended) {
			r.waves, ended = append(r.waves, nil), c.Ended
		}
		last := len(r.waves) - 1
		r.waves[last] = append(r.waves[last], do)
		if c.Ended.Before(ended) {
			ended = c.Ended
		}
	}
	return r, nil
}

func callOf(operation string, sent map[string]any) (bareCall, error) {
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

func typed[In any](sent map[string]any, do func(context.Context, *dynamodb.Client, *In) error) (bareCall, error) {
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

// do does the deed by bare calls.
func (r recorded) do(ctx context.Context, db *dynamodb.Client) error {
	for _, wave := range r.waves {
		if len(wave) == 1 {
			if err := wave[0](ctx, db); err != nil {
				return err
			}
			continue
		}
		var wait sync.WaitGroup
		errs := make([]error, len(wave))
		for i, call := range wave {
			wait.Go(func() { errs[i] = call(ctx, db) })
		}
		wait.Wait()
		if err := errors.Join(errs...); err != nil {
			return err
		}
	}
	return nil
}
