package main

import (
	"strings"
	"testing"

	"dayone/local/client"
)

// Ctrl-C ends it and loses nothing; FRESH=1 begins with the seed orders alone.
func TestWhatWasPlacedIsThereAgainUnlessFresh(t *testing.T) {
	root := installed(t, checkout(t))
	var order struct{ ID string }
	t.Run("first", func(t *testing.T) {
		url, _ := launch(t, root, interrupt)
		post(t, url+"/orders", client.Order(1, now(t, url)), &order)
	})
	t.Run("again", func(t *testing.T) {
		url, _ := launch(t, root, interrupt)
		if got := get(t, url+"/orders/"+order.ID); !strings.Contains(got, `"external_ref":"CCW-1"`) {
			t.Errorf("the order is lost: %s", got)
		}
	})
	t.Run("fresh", func(t *testing.T) {
		url, out := launch(t, root, interrupt, "FRESH=1")
		if got := get(t, url+"/orders/"+order.ID); !strings.Contains(got, "order_unknown") {
			t.Errorf("the order is still there: %s", got)
		}
		until(t, "the seed orders", out, func() bool { return strings.Count(get(t, url+"/orders"), `"external_ref"`) > 5 })
	})
}
