package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"dayone/local/client"
)

// accepted is what accept measured.
type accepted struct {
	Rate     int      `json:"rate"` // orders a second
	Seconds  float64  `json:"seconds"`
	Sent     int      `json:"sent"`
	Refused  int      `json:"refused"` // without a 201
	Stored   int      `json:"stored"`
	Lost     int      `json:"lost"`    // answered with 201 and not stored
	Unasked  int      `json:"unasked"` // stored and not answered with 201
	Twice    int      `json:"twice"`   // answered twice with one id
	P50      duration `json:"p50_ms"`  // from the instant an order was to be sent
	P99      duration `json:"p99_ms"`  //
	Slowest  duration `json:"slowest_ms"`
	FirstBad string   `json:"first_refusal,omitempty"`
}

// duration is one in milliseconds.
type duration float64

func millis(d time.Duration) duration { return duration(d.Round(10*time.Microsecond).Seconds() * 1000) }

func (d duration) String() string { return fmt.Sprintf("%.1f ms", float64(d)) }

func (a accepted) String() string {
	return fmt.Sprintf("accept: %d orders at %d/s in %.0f s: %d without a 201, %d stored, %d lost, %d twice; p50 %s, p99 %s, slowest %s",
		a.Sent, a.Rate, a.Seconds, a.Refused, a.Stored, a.Lost+a.Unasked, a.Twice, a.P50, a.P99, a.Slowest)
}

func (a accepted) figures() []figure {
	return []figure{
		{What: "orders sent", Ours: float64(a.Sent), Unit: fmt.Sprintf("at %d/s", a.Rate)}, {What: "p50", Ours: float64(a.P50), Unit: "ms"},
		{What: "p99", Ours: float64(a.P99), Unit: "ms"}, {What: "lost, or stored unasked, or twice", Ours: float64(a.Lost + a.Unasked + a.Twice)},
	}
}

func (a accepted) Err() error {
	if a.Refused+a.Lost+a.Unasked+a.Twice > 0 {
		return fmt.Errorf("%d refused (%s), %d lost, %d stored unasked, %d twice", a.Refused, a.FirstBad, a.Lost, a.Unasked, a.Twice)
	}
	return nil
}

// accept sends orders at a fixed rate, whether or not those before are answered, and then looks for all of them in the
// caller's list.
func accept(ctx context.Context, w world, rate int, long time.Duration) (result, error) {
	if rate < 1 || long <= 0 {
		return nil, errors.New("a rate of at least one a second, for a time")
	}
	sent := int(long.Seconds() * float64(rate))
	got := accepted{Rate: rate, Sent: sent}
	took, ids := make([]time.Duration, sent), map[string]bool{}
	var mu sync.Mutex
	var wait sync.WaitGroup
	begun := time.Now()
	for i := range sent {
		at := begun.Add(time.Duration(i) * time.Second / time.Duration(rate))
		time.Sleep(time.Until(at))
		wait.Go(func() {
			a, err := w.place(ctx, i)
			took[i] = time.Since(at)
			mu.Lock()
			defer mu.Unlock()
			switch id := a.Text("id"); {
			case err != nil || a.Status != http.StatusCreated:
				got.Refused++
				if got.FirstBad == "" {
					got.FirstBad = fmt.Sprint(a.Status, " ", a.Body, " ", err)
				}
			case ids[id]:
				got.Twice++
			default:
				ids[id] = true
			}
		})
	}
	wait.Wait()
	got.Seconds = time.Since(begun).Seconds()
	slices.Sort(took)
	got.P50, got.P99, got.Slowest = millis(took[sent/2]), millis(took[min(sent*99/100, sent-1)]), millis(took[sent-1])

	stored, err := w.stored(ctx)
	if err != nil {
		return nil, err
	}
	got.Stored = len(stored)
	for id := range ids {
		if !stored[id] {
			got.Lost++
		}
	}
	for id := range stored {
		if !ids[id] {
			got.Unasked++
		}
	}
	return got, nil
}

// place places order number i, which starts tomorrow.
func (w world) place(ctx context.Context, i int) (client.Answer, error) {
	return w.client.Ask(ctx, http.MethodPost, "/orders", "", client.Order(i, noon.AddDate(0, 0, 1)), "Idempotency-Key", client.Key(i))
}

// stored are the ids of the caller's orders, page by page.
func (w world) stored(ctx context.Context) (map[string]bool, error) {
	ids := map[string]bool{}
	for cursor := ""; ; {
		a, err := w.client.Ask(ctx, http.MethodGet, "/orders?limit=100&cursor="+cursor, "", nil)
		if err == nil {
			err = a.Error(http.StatusOK)
		}
		if err != nil {
			return nil, fmt.Errorf("list the orders: %w", err)
		}
		for _, o := range a.List("orders") {
			id := fmt.Sprint(o["id"])
			if ids[id] {
				return nil, fmt.Errorf("list the orders: %s is there twice", id)
			}
			ids[id] = true
		}
		if cursor = a.Text("next"); cursor == "" {
			return ids, nil
		}
	}
}
