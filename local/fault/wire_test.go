package fault_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"dayone/local/cloud"
)

// invocation is one of a function.
type invocation struct {
	by     string
	run    int
	end    context.CancelFunc
	killed bool
	down   string // the service that is down until it ends
	seen   map[string]int
	sent   int // letters that were taken
}

// wire is between the functions and all that they call. It names every call and breaks those that it is told to. One
// invocation is at work at a time, so that it knows whose calls they are; while it is off, it lets everything through.
type wire struct {
	prefix string

	sesDown atomic.Bool // for everybody

	turn sync.Mutex // one invocation is at work at a time

	mu       sync.Mutex
	twice    bool // every schedule runs twice at once, and the wire is off: nobody could say whose call is whose
	off      int
	step     string
	runs     int
	now      *invocation
	calls    []call  // in their order
	faults   []fault // to come
	happened []fault
	hit      []*invocation // that something happened to
	refusing fault         // what is refused for a while,
	left     int           // and how often still

	again func(function string) // runs a scheduled function once more, when every lease of now has ended
}

// constructors are the functions with their invocations watched.
func (w *wire) constructors(all map[string]cloud.Constructor) map[string]cloud.Constructor {
	watched := map[string]cloud.Constructor{}
	for id, construct := range all {
		watched[id] = func(getenv func(string) string) lambda.Handler { return &handler{construct(getenv), id, w} }
	}
	return watched
}

type handler struct {
	lambda.Handler
	id   string
	wire *wire
}

var errKilled = errors.New("the process ended")

// Invoke ends with the process where that is killed: what the function would have answered is lost.
func (h *handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	ctx, end := context.WithCancel(ctx)
	defer end()
	i := h.wire.begin(h.id+" "+wokenBy(payload), end)
	if i != nil {
		defer h.wire.turn.Unlock()
	}
	if h.wire.twice && wokenBy(payload) == schedule {
		other := make(chan error, 1)
		go func() {
			_, err := h.Handler.Invoke(ctx, payload)
			other <- err
		}()
		answer, err := h.Handler.Invoke(ctx, payload)
		return answer, errors.Join(err, <-other)
	}
	answer, err := h.Handler.Invoke(ctx, payload)
	if i != nil && h.wire.over(i) {
		return nil, errKilled
	}
	return answer, err
}

// begin waits for its turn.
func (w *wire) begin(by string, end context.CancelFunc) *invocation {
	w.mu.Lock()
	off := w.off > 0
	w.mu.Unlock()
	if off {
		return nil
	}
	w.turn.Lock()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.runs++
	w.now = &invocation{by: by, run: w.runs, end: end, seen: map[string]int{}}
	return w.now
}

// schedule is what wakes a scheduled function.
const schedule = "schedule"

// wokenBy is the route of a request's event, schedule, or what an event of another service is about.
func wokenBy(payload []byte) string {
	var event struct {
		RouteKey   string
		DetailType string `json:"detail-type"`
	}
	_ = json.Unmarshal(payload, &event) // every event of the cloud is JSON
	switch {
	case event.RouteKey != "":
		return event.RouteKey
	case event.DetailType == "Scheduled Event":
		return schedule
	}
	return event.DetailType
}

// stragglers is how long a request may be on its way.
const stragglers = 20 * time.Millisecond

func (w *wire) over(i *invocation) (killed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if i.killed { // what was on its way from the dead process gets lost before the next one begins
		w.mu.Unlock()
		time.Sleep(stragglers)
		w.mu.Lock()
	}
	if w.now == i {
		w.now = nil
	}
	return i.killed
}

// reset begins a run with these faults to come.
func (w *wire) reset(twice bool, faults []fault, again func(function string)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.again, w.twice, w.off = again, twice, 0
	if twice {
		w.off = 1
	}
	w.sesDown.Store(false)
	w.now, w.step, w.runs, w.calls = nil, "", 0, nil
	w.faults, w.happened, w.hit, w.refusing, w.left = faults, nil, nil, fault{}, 0
}

// at begins a step of a life.
func (w *wire) at(step string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.step, w.runs = step, 0
}

// quietly does something that is no part of the life, and that nothing is to happen to.
func (w *wire) quietly(do func()) {
	w.mu.Lock()
	w.off++
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		w.off--
		w.mu.Unlock()
	}()
	do()
}

// around breaks calls on their way to next.
func (w *wire) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if w.sesDown.Load() && w.describe(r, body) == sendEmail {
			refuse(rw, call{what: sendEmail}, http.StatusServiceUnavailable, "", nil)
			return
		}
		i, f := w.meet(w.describe(r, body))
		if i == nil {
			next.ServeHTTP(rw, r)
			return
		}
		answer := httptest.NewRecorder()
		pass := func() {
			next.ServeHTTP(answer, r)
			if f.at.what == sendEmail && answer.Code == http.StatusOK {
				w.mu.Lock()
				i.sent++
				w.mu.Unlock()
			}
		}
		switch f.kind {
		case killBefore:
			w.kill(i)
			panic(http.ErrAbortHandler)
		case killAfter:
			pass()
			w.kill(i)
			panic(http.ErrAbortHandler)
		case resetAfter:
			pass()
			panic(http.ErrAbortHandler)
		case errorBefore, outage:
			refuse(rw, f.at, http.StatusInternalServerError, "InternalServerError", body)
			return
		case errorAfter:
			pass()
			refuse(rw, f.at, http.StatusInternalServerError, "InternalServerError", body)
			return
		case throttled:
			refuse(rw, f.at, http.StatusTooManyRequests, "ThrottlingException", body)
			return
		case conflicting:
			refuse(rw, f.at, http.StatusBadRequest, "TransactionConflictException", body)
			return
		case overtakenBef:
			w.overtake(i)
			pass()
		case overtakenAft:
			pass()
			w.overtake(i)
		default:
			pass()
		}
		for name, values := range answer.Header() {
			rw.Header()[name] = values
		}
		rw.WriteHeader(answer.Code)
		_, _ = rw.Write(answer.Body.Bytes())
	})
}

// meet names a call and answers what is to happen to it: a fault without a kind where nothing is. A call of a process
// that has ended does not arrive. No invocation where the wire is off.
func (w *wire) meet(what string) (*invocation, fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := w.now
	if w.off > 0 {
		return nil, fault{}
	}
	if i == nil || i.killed {
		panic(http.ErrAbortHandler)
	}
	c := call{w.step, i.run, i.by, what, i.seen[what]}
	i.seen[what]++
	if i.down != "" && serviceOf(what) == i.down {
		return i, fault{c, outage}
	}
	if w.left > 0 && w.refusing.at.what == what {
		w.left--
		return i, fault{c, w.refusing.kind}
	}
	w.calls = append(w.calls, c)
	if len(w.faults) == 0 || w.faults[0].at != c {
		return i, fault{at: c}
	}
	f := w.faults[0]
	w.faults = w.faults[1:]
	w.happened, w.hit = append(w.happened, f), append(w.hit, i)
	switch f.kind {
	case throttled, conflicting:
		w.refusing, w.left = f, aWhile-1
	case outage:
		i.down = serviceOf(what)
	}
	return i, f
}

func serviceOf(what string) string {
	switch what {
	case sendEmail, provision, publish:
		return what
	}
	return "DynamoDB"
}

func (w *wire) kill(i *invocation) {
	w.mu.Lock()
	defer w.mu.Unlock()
	i.killed = true
	i.end()
}

// overtake has another run of the invocation's function do everything that is due, after every lease has ended.
func (w *wire) overtake(i *invocation) {
	function, _, _ := strings.Cut(i.by, " ")
	w.quietly(func() { w.again(function) })
}

// describe names the operation of a request and what it is about.
func (w *wire) describe(r *http.Request, body []byte) string {
	switch {
	case strings.HasPrefix(r.URL.Path, "/_local/ses/"):
		return sendEmail
	case strings.HasPrefix(r.URL.Path, "/_local/platform"):
		return provision
	case strings.HasPrefix(r.URL.Path, "/_local/events"):
		return publish
	}
	_, op, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	var in struct{ TableName, IndexName string }
	_ = json.Unmarshal(body, &in) // a transaction names none
	what := op
	if in.TableName != "" {
		what += " " + strings.TrimPrefix(in.TableName, w.prefix)
	}
	if in.IndexName != "" {
		what += "/" + in.IndexName
	}
	return what
}

// mayRepeat reports whether a letter may have come once more: where an invocation that something happened to had given
// one to SES, or was sending while its lease ended (rule 4).
func (w *wire) mayRepeat() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range w.happened {
		if (f.kind == overtakenBef || f.kind == overtakenAft) && strings.HasPrefix(f.at.by, "Letters ") {
			return true
		}
	}
	return slices.ContainsFunc(w.hit, func(i *invocation) bool { return i.sent > 0 })
}
