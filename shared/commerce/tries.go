package commerce

import "time"

// Sign-in slows down after this many wrong passwords in a row, and forgets them a day after the last.
const (
	freeTries   = 5
	triesForget = 24 * time.Hour
)

// Tries are the passwords tried for an address since the last right one, whether or not it is anybody's: what is
// answered must not tell.
type Tries struct {
	Count     int
	LastAt    time.Time
	SlowUntil time.Time // no try is looked at before
}

// Take counts a try before its password is looked at, so that many at once are no more than one after another: each
// from the fifth on doubles the wait for the next, from 2 seconds to 15 minutes. It refuses one that came too soon.
func (t Tries) Take(now time.Time) (Tries, error) {
	if now.Before(t.SlowUntil) {
		return t, &Error{Kind: KindTooMany, Code: "slow_down", Detail: "Too many tries. Wait a little, then try again.", Wait: t.SlowUntil.Sub(now)}
	}
	if !now.Before(t.ForgottenAt()) {
		t = Tries{}
	}
	t.Count++
	t.LastAt = now
	if over := t.Count - freeTries; over >= 0 {
		t.SlowUntil = now.Add(min(2*time.Second<<min(over, 10), 15*time.Minute))
	}
	return t, nil
}

// ForgottenAt is from when on the tries no longer count.
func (t Tries) ForgottenAt() time.Time { return t.LastAt.Add(triesForget) }
