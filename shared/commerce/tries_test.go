package commerce_test

import (
	"errors"
	"testing"
	"time"

	"dayone/shared/commerce"
)

func TestTriesSlowDownAfterFiveAndAreForgotten(t *testing.T) {
	var tries commerce.Tries
	var err error
	take := func(now time.Time) error {
		tries, err = tries.Take(now)
		return err
	}
	for range 5 {
		if err := take(noon); err != nil {
			t.Fatalf("one of the first five: %v", err)
		}
	}
	now := noon
	for _, want := range []time.Duration{2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900} {
		wait := want * time.Second
		e, ok := errors.AsType[*commerce.Error](take(now.Add(wait - time.Millisecond)))
		if !ok || e.Kind != commerce.KindTooMany || e.Wait != time.Millisecond {
			t.Fatalf("a moment before %v: %v", wait, err)
		}
		now = now.Add(wait)
		if err := take(now); err != nil {
			t.Fatalf("after %v: %v", wait, err)
		}
	}
	if err := take(tries.ForgottenAt()); err != nil || tries.Count != 1 {
		t.Errorf("a day later: count %d, %v", tries.Count, err)
	}
}
