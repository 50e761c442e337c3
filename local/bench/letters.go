package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"dayone/local/cloud"
)

// mailed is what letters measured.
type mailed struct {
	Orders    int     `json:"orders"`
	Letters   int     `json:"letters"`
	Lost      int     `json:"lost"`  // orders without a letter
	Twice     int     `json:"twice"` // orders with more than one
	Runs      int     `json:"runs"`  // of the schedule, the last of which had nothing to do
	Seconds   float64 `json:"seconds"`
	PerSecond float64 `json:"letters_per_second"`
}

func (m mailed) String() string {
	return fmt.Sprintf("letters: %d orders due in one minute: %d letters in %.1f s and %d runs, %.0f letters/s; %d lost, %d twice",
		m.Orders, m.Letters, m.Seconds, m.Runs, m.PerSecond, m.Lost, m.Twice)
}

func (m mailed) figures() []figure {
	return []figure{
		{What: "letters through the whole cloud", Ours: m.PerSecond, Unit: "/s"}, {What: "runs", Ours: float64(m.Runs)},
		{What: "lost or twice", Ours: float64(m.Lost + m.Twice)},
	}
}

func (m mailed) Err() error {
	if m.Lost+m.Twice > 0 {
		return fmt.Errorf("%d orders without a letter, %d with more than one", m.Lost, m.Twice)
	}
	return nil
}

// letters places orders that all start tomorrow, moves the clock to that morning, and runs the schedule until nothing is
// due any more.
func letters(ctx context.Context, w world, orders int) (result, error) {
	if orders < 1 {
		return nil, errors.New("at least one order")
	}
	if err := w.placeAll(ctx, orders); err != nil {
		return nil, err
	}
	got := mailed{Orders: orders}
	morning := time.Date(noon.Year(), noon.Month(), noon.Day()+1, 7, 0, 0, 0, time.UTC) // 08:00 in Ljubljana
	if err := w.Set(ctx, morning.Add(-time.Second), 24*time.Hour); err != nil {
		return nil, err
	}
	if n := len(w.Inbox()); n > 0 {
		return nil, fmt.Errorf("%d letters came too early", n)
	}
	for before := -1; len(w.Inbox()) > before; got.Runs++ {
		before = len(w.Inbox())
		begun := time.Now()
		if err := w.runLetters(ctx, morning.Add(time.Duration(got.Runs)*time.Minute)); err != nil {
			return nil, err
		}
		if len(w.Inbox()) > before { // the last one only finds out that nothing is left
			got.Seconds += time.Since(begun).Seconds()
		}
	}
	sent := map[string]int{}
	for _, l := range w.Inbox() {
		got.Letters++
		for _, tag := range l.Tags {
			if tag.Name == "order" && slices.Contains(l.Tags, cloud.Named{Name: "kind", Value: "setup"}) {
				sent[tag.Value]++
			}
		}
	}
	stored, err := w.stored(ctx)
	if err != nil {
		return nil, err
	}
	for id := range stored {
		switch n := sent[id]; {
		case n == 0:
			got.Lost++
		case n > 1:
			got.Twice++
		}
	}
	got.Lost += orders - len(stored)
	got.PerSecond = float64(got.Letters) / got.Seconds
	return got, nil
}

// runLetters runs the schedule of letters as the minute does, for as long as the function may run, and nothing beside it.
func (w world) runLetters(ctx context.Context, at time.Time) error {
	f, ok := w.Template.Function("Letters")
	if !ok {
		return errors.New("the template has no function Letters")
	}
	payload, err := json.Marshal(map[string]any{"version": "0", "detail-type": "Scheduled Event", "source": "aws.events", "time": at})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, f.Timeout)
	defer cancel()
	_, err = w.Invoke(ctx, f.ID, payload)
	return err
}

// placeAll places orders, many side by side.
func (w world) placeAll(ctx context.Context, orders int) error {
	var wait sync.WaitGroup
	places, errs := make(chan struct{}, width), make([]error, orders)
	for i := range orders {
		places <- struct{}{}
		wait.Go(func() {
			defer func() { <-places }()
			a, err := w.place(ctx, i)
			if err == nil {
				err = a.Error(http.StatusCreated)
			}
			errs[i] = err
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}
