package store

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dayone/shared/commerce"
)

// timeline is what happened to an order as its item holds it: JSON and, once that is long, deflated to a quarter. An order
// is written whole at every change, and for years at every charge; most of what is paid for would be what happened long ago.
type timeline []commerce.Event

type eventItem struct {
	At      int64        `json:"at"`
	Kind    string       `json:"kind"`
	Actor   string       `json:"actor"`
	Reason  string       `json:"reason,omitempty"`
	Changes []changeItem `json:"changes,omitempty"`
}

type changeItem struct {
	Field  string `json:"field"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// deflateFrom is how long a timeline is that is worth deflating: up to there it rarely makes the item a kilobyte longer.
const deflateFrom = 768

// Deflaters and inflaters are kept for the next timeline: a new one costs more than all else that a write or a read does.
// No sync.Pool holds them, which loses them to the garbage of a password's hash.
var (
	deflaters = make(chan *flate.Writer, 4)
	inflaters = make(chan io.Reader, 4)
)

// MarshalDynamoDBAttributeValue is the timeline as text, or as bytes where it is deflated.
func (t timeline) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	events := make([]eventItem, len(t))
	for n, e := range t {
		events[n] = eventItem{At: millis(e.At), Kind: e.Kind, Actor: e.Actor, Reason: e.Reason}
		for _, c := range e.Changes {
			events[n].Changes = append(events[n].Changes, changeItem(c))
		}
	}
	plain, err := json.Marshal(events)
	if err != nil {
		return nil, err
	}
	if len(plain) < deflateFrom {
		return text(string(plain)), nil
	}
	return &types.AttributeValueMemberB{Value: deflate(plain)}, nil
}

// UnmarshalDynamoDBAttributeValue reads what MarshalDynamoDBAttributeValue wrote.
func (t *timeline) UnmarshalDynamoDBAttributeValue(v types.AttributeValue) error {
	var plain []byte
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		plain = []byte(v.Value)
	case *types.AttributeValueMemberB:
		var err error
		if plain, err = inflate(v.Value); err != nil {
			return fmt.Errorf("inflate timeline: %w", err)
		}
	default:
		return fmt.Errorf("a timeline is no %T", v)
	}
	var events []eventItem
	if err := json.Unmarshal(plain, &events); err != nil {
		return fmt.Errorf("read timeline: %w", err)
	}
	*t = make(timeline, len(events))
	for n, e := range events {
		(*t)[n] = commerce.Event{Seq: n + 1, At: instant(e.At), Kind: e.Kind, Actor: e.Actor, Reason: e.Reason}
		for _, c := range e.Changes {
			(*t)[n].Changes = append((*t)[n].Changes, commerce.Change(c))
		}
	}
	return nil
}

func deflate(plain []byte) []byte {
	w := kept(deflaters, func() *flate.Writer {
		w, _ := flate.NewWriter(nil, flate.DefaultCompression) // fails on a level that is none
		return w
	})
	defer keep(deflaters, w)
	var short bytes.Buffer
	w.Reset(&short)
	_, _ = w.Write(plain) // a buffer takes all
	_ = w.Close()
	return short.Bytes()
}

func inflate(short []byte) ([]byte, error) {
	r := kept(inflaters, func() io.Reader { return flate.NewReader(nil) })
	defer keep(inflaters, r)
	if err := r.(flate.Resetter).Reset(bytes.NewReader(short), nil); err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// kept is one that was kept, or a new one.
func kept[T any](all chan T, fresh func() T) T {
	select {
	case one := <-all:
		return one
	default:
		return fresh()
	}
}

// keep keeps one, where there is room.
func keep[T any](all chan T, one T) {
	select {
	case all <- one:
	default:
	}
}
