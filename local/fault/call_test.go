package fault_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"dayone/shared/store"
)

// call is one that a function makes, named so that the same call of another run of the same life has the same name.
type call struct {
	step string // of the life
	run  int    // which invocation of the step
	by   string // the function, and what invoked it: "Setup POST /setup/complete", "Letters schedule"
	what string // the operation, and where: "PutItem Tokens", "SendEmail"
	nth  int    // of its kind in the invocation
}

func (c call) String() string {
	return fmt.Sprintf("%s, invocation %d, %s: %s %d", c.step, c.run, c.by, c.what, c.nth)
}

// writes reports whether the call changes items.
func (c call) writes() bool {
	op, _, _ := strings.Cut(c.what, " ")
	return slices.Contains([]string{"TransactWriteItems", "PutItem", "UpdateItem", "DeleteItem"}, op)
}

// reads reports whether the call changes nothing, of whatever it asks.
func (c call) reads() bool {
	op, _, _ := strings.Cut(c.what, " ")
	return slices.Contains([]string{"Query", "GetItem", "BatchGetItem"}, op)
}

func (c call) scheduled() bool { return strings.HasSuffix(c.by, " "+schedule) }

// kind is what happens to a call.
type kind string

const (
	killBefore   kind = "killed before"    // the process ends and the call never arrives
	killAfter    kind = "killed after"     // the process ends when the call has taken effect
	errorBefore  kind = "500 before"       // nothing happened
	errorAfter   kind = "500 after"        // it took effect all the same
	resetAfter   kind = "reset after"      // it took effect, and the connection breaks before the answer
	throttled    kind = "throttled"        // refused a few times
	conflicting  kind = "conflicting"      // in the way of other transactions a few times
	outage       kind = "outage"           // all calls to this service fail until the invocation ends
	overtakenBef kind = "overtaken before" // the lease ends before the call arrives: another run does it all first
	overtakenAft kind = "overtaken after"  // the lease ends before the answer arrives: another run does it all again
)

// kinds are all, the two that every call site meets in every test first.
var kinds = []kind{killBefore, killAfter, errorBefore, errorAfter, resetAfter, throttled, conflicting, overtakenBef, overtakenAft, outage}

// suits reports whether a kind can happen to a call.
func (k kind) suits(c call) bool {
	switch k {
	case conflicting:
		return c.writes()
	case overtakenBef, overtakenAft:
		return c.scheduled() && !strings.HasPrefix(c.what, "Query ")
	}
	return true
}

// aWhile is how often a call is refused that is throttled or in conflict for a while.
const aWhile = 3

// fault is what goes wrong in a run of a life: at a call, in one way.
type fault struct {
	at   call
	kind kind
}

func (f fault) String() string { return fmt.Sprintf("%s at %s", f.kind, f.at) }

// refuse answers in the words of the service that was called.
func refuse(w http.ResponseWriter, c call, status int, kind string, body []byte) {
	switch {
	case c.what == sendEmail:
		kind = map[int]string{429: "TooManyRequestsException", 500: "InternalServiceErrorException", 503: "ServiceUnavailable"}[status]
		w.Header().Set("X-Amzn-Errortype", kind)
	case c.what == provision, c.what == publish:
	default:
		if status == http.StatusTooManyRequests {
			status = http.StatusBadRequest
		}
	}
	answer := map[string]any{"__type": "com.amazonaws.dynamodb.v20120810#" + kind, "message": "The test asked for this"}
	if kind == "TransactionConflictException" && c.what == "TransactWriteItems" {
		var in struct{ TransactItems []json.RawMessage }
		_ = json.Unmarshal(body, &in) // the SDK wrote it
		reasons := make([]map[string]string, len(in.TransactItems))
		for i := range reasons {
			reasons[i] = map[string]string{"Code": "None"}
		}
		reasons[0] = map[string]string{"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}
		answer["__type"], answer["CancellationReasons"] = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException", reasons
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer) // the client may be gone
}

// sites are the calls of a run that something is worth happening to. The shards of the due index are read side by side
// and in no order, so that the first stands for all; and of the invocations that find nothing due, the first of each
// function.
func sites(calls []call) []call {
	idle := map[call]bool{}
	for _, c := range calls {
		inv := call{step: c.step, run: c.run, by: c.by}
		if looks, seen := idle[inv]; c.what != dueQuery || c.nth >= store.Shards {
			idle[inv] = false
		} else if !seen || looks {
			idle[inv] = true
		}
	}
	var all []call
	looked := map[string]bool{}
	for _, c := range calls {
		if c.what == dueQuery && c.nth%store.Shards != 0 {
			continue
		}
		if idle[call{step: c.step, run: c.run, by: c.by}] {
			if looked[c.by] {
				continue
			}
			looked[c.by] = true
		}
		all = append(all, c)
	}
	return all
}

// Calls as describe names them.
const (
	sendEmail = "SendEmail"
	provision = "provision"
	publish   = "publish"
	dueQuery  = "Query OrdersTable/due"
	eventsOut = "Deliveries schedule" // an invocation
)
