package commerce

import (
	"fmt"
	"time"
)

// EventID names an event of an order for whoever is sent it: the same however often it is sent.
func EventID(order string, seq int) string { return fmt.Sprintf("evt_%s_%d", order, seq) }

// Event is the order's event with this number, as its readers see it; ErrEventUnknown where there is none.
func (o Order) Event(seq int) (Event, error) {
	if seq < 1 || seq > len(o.Events) {
		return Event{}, ErrEventUnknown
	}
	return o.Timeline()[seq-1], nil
}

// eventRetries are the waits after each try to deliver an event, as Standard Webhooks advises: three days and some hours
// together.
var eventRetries = []time.Duration{5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour,
	14 * time.Hour, 20 * time.Hour, 24 * time.Hour}

// EventAgain is when an event is sent again that was not taken at now, its try number tries; zero where it is given up.
func EventAgain(tries int, now time.Time) time.Time {
	if tries > len(eventRetries) {
		return time.Time{}
	}
	return now.Add(eventRetries[max(tries, 1)-1])
}
