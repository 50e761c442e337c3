package seed_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"dayone/local/cloud"
	"dayone/local/cloud/cloudtest"
	"dayone/local/functions"
	"dayone/local/seed"
	"dayone/shared/commerce"
)

// The front page has an order in every status, and one on hold.
func TestSeedsReachEveryStatus(t *testing.T) {
	c := cloudtest.Start(t, cloud.Config{Functions: functions.All(), Now: time.Now().Add(-seed.Days * 24 * time.Hour)})
	if err := seed.Orders(t.Context(), c, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.URL+"/orders?limit=100", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var page struct {
		Orders []struct {
			Status string
			Hold   *struct{ Reason string }
		}
	}
	if err := json.NewDecoder(answer.Body).Decode(&page); err != nil {
		t.Fatal(err)
	}
	found, held := map[string]bool{}, 0
	for _, o := range page.Orders {
		found[o.Status] = true
		if o.Hold != nil {
			held++
		}
	}
	for _, status := range commerce.Statuses {
		if !found[string(status)] {
			t.Errorf("no order is %s", status)
		}
	}
	if held != 1 {
		t.Errorf("%d orders are held", held)
	}
}
