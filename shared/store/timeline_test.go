package store

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"dayone/shared/commerce"
)

// What a timeline says is read as it was written, however long it is and whatever people typed.
func TestATimelineIsReadAsItWasWritten(t *testing.T) {
	event := rapid.Custom(func(t *rapid.T) commerce.Event {
		return commerce.Event{
			At: time.UnixMilli(rapid.Int64Range(1, 1<<42).Draw(t, "at")).UTC(), Kind: rapid.String().Draw(t, "kind"),
			Actor: rapid.String().Draw(t, "actor"), Reason: rapid.String().Draw(t, "reason"),
			Changes: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) commerce.Change {
				return commerce.Change{Field: rapid.String().Draw(t, "field"), Before: rapid.String().Draw(t, "before"), After: rapid.String().Draw(t, "after")}
			}), 0, 3).Draw(t, "changes"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(event, 0, 40).Draw(t, "events")
		for n := range all {
			all[n].Seq = n + 1
			if len(all[n].Changes) == 0 {
				all[n].Changes = nil
			}
		}
		v, err := attributevalue.Marshal(timeline(all))
		if err != nil {
			t.Fatal(err)
		}
		var read timeline
		if err := attributevalue.Unmarshal(v, &read); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(timeline(all), read); diff != "" && len(all) > 0 {
			t.Error(diff)
		}
	})
}

// A short timeline can be read where tables are looked at; a long one takes a quarter.
func TestALongTimelineIsDeflated(t *testing.T) {
	saved := commerce.Event{At: time.Date(2026, 12, 1, 7, 0, 0, 0, time.UTC), Kind: "settings_saved", Actor: "member:ana@nordlicht.example",
		Changes: []commerce.Change{{Field: "task", After: "calling"}}}
	short, err := attributevalue.Marshal(timeline{saved})
	if s, ok := short.(*types.AttributeValueMemberS); err != nil || !ok || !strings.Contains(s.Value, `"kind":"settings_saved"`) {
		t.Errorf("one event is stored as %#v, %v", short, err)
	}
	var many timeline
	for range 20 {
		many = append(many, saved)
	}
	long, err := attributevalue.Marshal(many)
	if b, ok := long.(*types.AttributeValueMemberB); err != nil || !ok || len(b.Value) > 20*100/4 {
		t.Errorf("20 events are stored as %#v, %v", long, err)
	}
}

func TestWhatIsNoTimelineIsRefused(t *testing.T) {
	for name, v := range map[string]types.AttributeValue{
		"a number":          &types.AttributeValueMemberN{Value: "1"},
		"no JSON":           &types.AttributeValueMemberS{Value: "placed"},
		"not deflated":      &types.AttributeValueMemberB{Value: []byte("placed")},
		"half of a deflate": &types.AttributeValueMemberB{Value: []byte{0x8a, 0xae}},
	} {
		if err := new(timeline).UnmarshalDynamoDBAttributeValue(v); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}
