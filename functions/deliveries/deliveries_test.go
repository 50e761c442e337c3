package deliveries_test

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"dayone/functions/deliveries"
	"dayone/local/engine/enginetest"
	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/store"
)

// morning is when the letter of the tests' order was accepted.
var morning = time.Date(2026, 12, 1, 7, 0, 0, 0, time.UTC)

const contact = "provisioning@nordlicht.example"

// office is the function with tables of its own.
type office struct {
	*testing.T
	tables   *enginetest.Tables
	store    *store.Store
	function api.Function
}

func open(t *testing.T) *office {
	t.Parallel()
	tables := enginetest.New(t)
	return &office{t, tables, store.FromEnv(tables.Getenv), deliveries.Handler(store.FromEnv(tables.As("Deliveries")), deliveries.Receiver{})}
}

// invited stores an order whose first letter was accepted as message-1.
func (o *office) invited(id string) {
	o.Helper()
	placed, err := commerce.Place(id, "caller", commerce.Terms{
		ExternalRef: id, Family: "A-FLEX",
		Partner: commerce.Party{Name: "Nordlicht Partner d.o.o.", Country: "SI"}, Customer: commerce.Party{Name: "Alpine Mills GmbH", Country: "AT"},
		Start: commerce.Date{Year: 2026, Month: 12, Day: 1}, Zone: "Europe/Ljubljana", Locale: "sl", Contact: contact,
		Representative: commerce.Person{Name: "Maja Zupan", Email: "maja.zupan@vendor.example"},
		Lines:          []commerce.Line{{Subscription: "Sub1", SKU: "A-FLEX-CALL", Quantity: 25, TermMonths: 36, Billing: commerce.Monthly, UnitPrice: 1250, Currency: "EUR"}},
	}, morning)
	if err != nil {
		o.Fatal(err)
	}
	if _, err := o.store.Place(o.Context(), placed, "key-"+id, "digest"); err != nil {
		o.Fatal(err)
	}
	if err := o.store.Replace(o.Context(), placed, placed.LinkSent(commerce.LetterSetup, contact, 1, "message-1", morning)); err != nil {
		o.Fatal(err)
	}
}

func (o *office) order(id string) commerce.Order {
	o.Helper()
	order, err := o.store.Order(o.Context(), id)
	if err != nil {
		o.Fatal(err)
	}
	return order
}

// items are the orders table's, without what a write is named.
func (o *office) items() map[string]map[string]any {
	o.Helper()
	out, err := o.tables.Scan(o.Context(), &dynamodb.ScanInput{TableName: aws.String(o.tables.Name("OrdersTable")), ConsistentRead: aws.Bool(true)})
	if err != nil {
		o.Fatal(err)
	}
	all := map[string]map[string]any{}
	for _, i := range out.Items {
		var m map[string]any
		if err := attributevalue.UnmarshalMap(i, &m); err != nil {
			o.Fatal(err)
		}
		all[i["pk"].(*types.AttributeValueMemberS).Value] = m
	}
	return all
}

// tell invokes the function with an event about a letter with these tags, "name: value" each.
func (o *office) tell(kind, message string, tags map[string]string, more map[string]any) error {
	o.Helper()
	list := map[string][]string{"ses:operation": {"SendEmail"}}
	for name, value := range tags {
		list[name] = []string{value}
	}
	detail := map[string]any{"mail": map[string]any{"messageId": message, "destination": []string{contact}, "tags": list}}
	for name, value := range more {
		detail[name] = value
	}
	payload, err := json.Marshal(map[string]any{"version": "0", "id": "1", "detail-type": kind, "source": "aws.ses", "account": "123456789012",
		"time": morning.Add(time.Minute), "region": "eu-central-1", "resources": []string{}, "detail": detail})
	if err != nil {
		o.Fatal(err)
	}
	_, err = o.function.Invoke(o.Context(), payload)
	return err
}

func permanent(status string) map[string]any {
	return map[string]any{"bounce": map[string]any{"bounceType": "Permanent", "bounceSubType": "General",
		"bouncedRecipients": []any{map[string]any{"emailAddress": contact, "action": "failed", "status": status, "diagnosticCode": "smtp; 550 <b>call us</b>"}}}}
}

var setup = map[string]string{"order": "o-1", "kind": "setup", "link": "1"}

func TestBounceStopsTheWindowAndTellsTheRepresentativeOnce(t *testing.T) {
	o := open(t)
	o.invited("o-1")
	var wait sync.WaitGroup
	for range 8 { // at once, and again
		wait.Go(func() {
			if err := o.tell("Email Bounced", "message-1", setup, permanent("5.1.1")); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	order := o.order("o-1")
	if order.Status != commerce.Scheduled || !order.WindowFrom.IsZero() || order.Waiting() != (commerce.Waiting{For: "setup_letter", Who: "caller", Why: "the address takes no letters (5.1.1)"}) {
		t.Errorf("%s, window from %s, waits for %+v", order.Status, order.WindowFrom, order.Waiting())
	}
	want := commerce.Event{At: morning.Add(time.Minute), Kind: "letter_bounced", Actor: "clock", Reason: "the address takes no letters (5.1.1)",
		Changes: []commerce.Change{{Field: "letter", After: "setup"}, {Field: "to", After: contact}, {Field: "message", After: "message-1"}}}
	var got []commerce.Event
	for _, e := range order.Events {
		if e.Kind == want.Kind {
			want.Seq = e.Seq
			got = append(got, e)
		}
	}
	if diff := cmp.Diff([]commerce.Event{want}, got); diff != "" {
		t.Error(diff)
	}
	letters := 0
	for _, i := range o.items() {
		if i["kind"] == "rep_bounced" {
			letters++
		}
	}
	if letters != 1 {
		t.Errorf("%d letters to the representative", letters)
	}
}

func TestRecordsSayWhatBecameOfLetters(t *testing.T) {
	o := open(t)
	o.invited("o-1")
	if err := o.store.Queue(t.Context(), commerce.ResetLetter("ana@nordlicht.example", "en", morning)); err != nil {
		t.Fatal(err)
	}
	reset := commerce.ResetLetter("ana@nordlicht.example", "en", morning).ID
	queued := map[string]string{"letter": reset, "kind": "password_reset"}
	for _, kind := range []string{"Email Delivery Delayed", "Email Delivered", "Email Complaint Received"} {
		for message, tags := range map[string]map[string]string{"message-1": setup, "message-2": queued} {
			if err := o.tell(kind, message, tags, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := o.tell("Email Bounced", "message-2", queued, permanent("5.1.1")); err != nil {
		t.Fatal(err)
	}
	items, at := o.items(), float64(morning.Add(time.Minute).UnixMilli())
	for pk, want := range map[string]map[string]any{
		"letter#message-1": {"delayed_at": at, "delivered_at": at, "complained_at": at, "order": "o-1", "kind": "setup", "to": contact},
		"letter#" + reset:  {"delayed_at": at, "delivered_at": at, "complained_at": at, "bounced_at": at, "to": "ana@nordlicht.example"},
	} {
		for name, value := range want {
			if items[pk][name] != value {
				t.Errorf("%s has %s = %v, want %v", pk, name, items[pk][name], value)
			}
		}
	}
}

// Whatever comes that is not about a letter and an order of ours, nothing is written, and nothing fails.
func TestUnknownEventsDoNoHarm(t *testing.T) {
	o := open(t)
	o.invited("o-1")
	before := o.items()
	for name, tc := range map[string]struct {
		kind, message string
		tags          map[string]string
		more          map[string]any
	}{
		"another kind":           {"Email Opened", "message-1", setup, nil},
		"another service":        {"Advisor Recommendation Status Open", "", nil, nil},
		"no tags":                {"Email Bounced", "message-1", nil, permanent("5.1.1")},
		"no message":             {"Email Bounced", "", setup, permanent("5.1.1")},
		"an unknown order":       {"Email Bounced", "message-1", map[string]string{"order": "o-2", "kind": "setup", "link": "1"}, permanent("5.1.1")},
		"an endless order":       {"Email Bounced", "message-1", map[string]string{"order": fmt.Sprintf("%01000d", 1), "kind": "setup", "link": "1"}, permanent("5.1.1")},
		"a letter that is gone":  {"Email Delivered", "message-1", map[string]string{"letter": "password_reset-1", "kind": "password_reset"}, nil},
		"a letter of no order":   {"Email Bounced", "message-1", map[string]string{"letter": "password_reset-1", "kind": "password_reset"}, permanent("5.1.1")},
		"an unknown letter's":    {"Email Bounced", "message-1", map[string]string{"order": "o-1", "letter": "o-1-welcome-1", "kind": "welcome"}, permanent("5.1.1")},
		"an address that is one": {"Email Delivered", "message-1", map[string]string{"letter": "x", "kind": "y"}, map[string]any{"bounce": nil}},
	} {
		if err := o.tell(tc.kind, tc.message, tc.tags, tc.more); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if diff := cmp.Diff(before, o.items()); diff != "" {
		t.Error(diff)
	}
}

func TestWhatComesBackForNowStopsNothing(t *testing.T) {
	o := open(t)
	o.invited("o-1")
	away := map[string]any{"bounce": map[string]any{"bounceType": "Transient", "bounceSubType": "MailboxFull", "bouncedRecipients": []any{}}}
	if err := o.tell("Email Bounced", "message-1", setup, away); err != nil {
		t.Fatal(err)
	}
	if order := o.order("o-1"); order.Status != commerce.Invited || order.WindowFrom.IsZero() || len(order.Events) != 3 {
		t.Errorf("%+v", order)
	}
	if record := o.items()["letter#message-1"]; record["delayed_at"] == nil {
		t.Errorf("record %v", record)
	}
}

// What another mail server wrote never gets into the timeline.
func TestReasonsAreInOurWords(t *testing.T) {
	for status, want := range map[string]string{
		"5.1.1":                       "the address takes no letters (5.1.1)",
		"":                            "the address takes no letters",
		"5.1.1\nCall +44 900 123 now": "the address takes no letters",
		"<b>5.1.1</b>":                "the address takes no letters",
	} {
		t.Run(status, func(t *testing.T) {
			o := open(t)
			o.invited("o-1")
			if err := o.tell("Email Bounced", "message-1", setup, permanent(status)); err != nil {
				t.Fatal(err)
			}
			if got := o.order("o-1").Waiting().Why; got != want {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}

func TestBrokenEventsFail(t *testing.T) {
	o := open(t)
	for name, payload := range map[string]string{
		"a detail of another shape": `{"source":"aws.ses","detail-type":"Email Bounced","time":"2026-12-01T07:00:00Z","detail":{"mail":[]}}`,
		"no time":                   `{"source":"aws.ses","detail-type":"Email Bounced","detail":{}}`,
		"a schedule without a time": `{"source":"aws.events","detail-type":"Scheduled Event","detail":{}}`,
	} {
		if _, err := o.function.Invoke(t.Context(), []byte(payload)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
