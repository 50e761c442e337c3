// Package budget counts what each deed costs, from the wire: the calls to DynamoDB with the capacity units that it says
// they took, the letters given to SES, the questions to the service platform. It walks whole orders, knows the least that
// the rules allow for each deed and holds the functions to what they may take.
package budget

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"
)

// Cost is what a deed took.
type Cost struct {
	Calls   int     `json:"calls"`   // to DynamoDB
	Writes  float64 `json:"writes"`  // capacity units
	Reads   float64 `json:"reads"`   // capacity units
	Letters int     `json:"letters"` // given to SES
	Asked   int     `json:"asked"`   // of the service platform
}

// Plus is the sum of two costs.
func (c Cost) Plus(o Cost) Cost {
	return Cost{c.Calls + o.Calls, c.Writes + o.Writes, c.Reads + o.Reads, c.Letters + o.Letters, c.Asked + o.Asked}
}

// Times is the cost n times.
func (c Cost) Times(n int) Cost {
	return Cost{n * c.Calls, float64(n) * c.Writes, float64(n) * c.Reads, n * c.Letters, n * c.Asked}
}

// Within reports whether c is nowhere more than o.
func (c Cost) Within(o Cost) bool {
	return c.Calls <= o.Calls && c.Writes <= o.Writes && c.Reads <= o.Reads && c.Letters <= o.Letters && c.Asked <= o.Asked
}

// String is the cost in a line of its own.
func (c Cost) String() string {
	s := fmt.Sprintf("%d calls, %g write and %g read units", c.Calls, c.Writes, c.Reads)
	if c.Letters > 0 {
		s += fmt.Sprintf(", %d letters", c.Letters)
	}
	if c.Asked > 0 {
		s += fmt.Sprintf(", %d questions", c.Asked)
	}
	return s
}

// Call is one call as it went over the wire.
type Call struct {
	Function  string  `json:"function"`
	Operation string  `json:"operation"` // "GetItem"; of a transaction with its number of items
	Writes    float64 `json:"writes"`
	Reads     float64 `json:"reads"`
	Sent      []byte  `json:"-"` // the request's body, as the function sent it

	Begun, Ended time.Time `json:"-"` // by which calls that were under way together are known
}

// Meter counts what goes over the wire of a cloud. It is safe for use by many at once.
type Meter struct {
	mu    sync.Mutex
	calls []Call
	cost  Cost
}

// Take answers what was counted since it was asked last.
func (m *Meter) Take() (Cost, []Call) {
	m.mu.Lock()
	defer m.mu.Unlock()
	cost, calls := m.cost, m.calls
	m.cost, m.calls = Cost{}, nil
	return cost, calls
}

// Around is the Wire of a cloud that this meter counts.
func (m *Meter) Around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/_local/dynamodb/"):
			m.table(next, w, r)
			return
		case strings.HasPrefix(r.URL.Path, "/_local/ses/"):
			m.add(Cost{Letters: 1})
		default:
			m.add(Cost{Asked: 1})
		}
		next.ServeHTTP(w, r)
	})
}

// table has DynamoDB say what a call takes, which functions do not ask for, and notes it.
func (m *Meter) table(next http.Handler, w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil || len(body) == 0 || body[0] != '{' {
		http.Error(w, "no request of DynamoDB's", http.StatusBadRequest)
		return
	}
	asked := append([]byte(`{"ReturnConsumedCapacity":"INDEXES",`), body[1:]...)
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(asked)), int64(len(asked))
	r.Header.Del("Content-Length")
	kept := httptest.NewRecorder()
	begun := time.Now()
	next.ServeHTTP(kept, r)

	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	writes, reads := consumed(operation, kept.Body.Bytes())
	m.add(Cost{Calls: 1, Writes: writes, Reads: reads}, Call{
		Function: r.PathValue("function"), Operation: operation + sized(body), Writes: writes, Reads: reads, Sent: body,
		Begun: begun, Ended: time.Now(),
	})
	maps.Copy(w.Header(), kept.Header())
	w.WriteHeader(kept.Code)
	_, _ = w.Write(kept.Body.Bytes()) // the function may have given up
}

func (m *Meter) add(c Cost, calls ...Call) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cost = m.cost.Plus(c)
	m.calls = append(m.calls, calls...)
}

// capacity is what DynamoDB says that a call took from a table and its indexes.
type capacity struct {
	CapacityUnits float64
}

// consumed reads the capacity units out of an answer. A refused call says none.
func consumed(operation string, answer []byte) (writes, reads float64) {
	var said struct{ ConsumedCapacity json.RawMessage }
	if json.Unmarshal(answer, &said) != nil || len(said.ConsumedCapacity) == 0 {
		return 0, 0
	}
	var all []capacity
	if json.Unmarshal(said.ConsumedCapacity, &all) != nil { // of one table it is no list
		all = make([]capacity, 1)
		if json.Unmarshal(said.ConsumedCapacity, &all[0]) != nil {
			return 0, 0
		}
	}
	units := 0.0
	for _, c := range all {
		units += c.CapacityUnits
	}
	if slices.Contains([]string{"GetItem", "BatchGetItem", "TransactGetItems", "Query", "Scan"}, operation) {
		return 0, units
	}
	return units, 0
}

// sized is the number of items of a transaction or a batch, in brackets.
func sized(body []byte) string {
	var sent struct {
		TransactItems []json.RawMessage
		RequestItems  map[string]struct{ Keys []json.RawMessage }
	}
	if json.Unmarshal(body, &sent) != nil {
		return ""
	}
	n := len(sent.TransactItems)
	for _, table := range sent.RequestItems {
		n += len(table.Keys)
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("(%d)", n)
}
