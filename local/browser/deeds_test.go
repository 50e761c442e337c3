package browser_test

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"dayone/local/cloud"
	"dayone/local/cloud/cloudtest"
	"dayone/local/functions"
)

// deaf is around a cloud whose other system does not take the first event of any order, as long as it is down.
func deaf(down *atomic.Bool) func(http.Handler) http.Handler {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/_local/events" && down.Load() {
				body, err := io.ReadAll(r.Body)
				if err != nil || bytes.Contains(body, []byte(`"sequence":1,`)) {
					http.Error(w, "down for maintenance", http.StatusServiceUnavailable)
					return
				}
				r.Body = io.NopCloser(bytes.NewReader(body))
			}
			h.ServeHTTP(w, r)
		})
	}
}

// signsIn signs an operator in by the link of a letter.
func (b *tab) signsIn(t *testing.T, c *cloud.Cloud) {
	b.Helper()
	b.open(c.URL + "/console/sign-in?lang=en")
	b.fill("email", operator)
	b.press("Send link")
	runs(t, c, "Letters")
	secret := code(t, c, operator, "/console/open")
	b.open(c.URL + "/console/open#" + secret)
	if !b.script {
		b.fill("token", secret)
	}
	b.press("Continue")
	b.on("Orders")
}

// acts does an action with the order that is shown, and says why.
func (b *tab) acts(button, reason, done string) {
	b.Helper()
	b.press(button)
	b.fill("reason", reason)
	b.press(button)
	b.says(done)
	b.says("by " + operator + ", operator")
	b.says("“" + reason + "”")
}

// Three orders after nine days: one just invited, one that nobody began, and one whose services could not be made.
func TestWhatAnOperatorDoes(t *testing.T) {
	t.Parallel()
	for _, script := range []bool{true, false} {
		t.Run("script "+strconv.FormatBool(script), func(t *testing.T) {
			t.Parallel()
			var down atomic.Bool
			down.Store(true)
			c := cloudtest.Start(t, cloud.Config{Functions: functions.All(), Wire: deaf(&down)})
			closed := place(t, c, "CCW-1", "en", func(order map[string]any) {
				order["provisioning_contact"] = map[string]any{"email": "eva@karst.example", "alias": false}
			})
			failed := place(t, c, "CCW-2", "en")
			runs(t, c, "Letters")
			p := completes(t, c, code(t, c, ana, "/setup"))
			settles(p, failed, "alpine-mills")
			behaves(t, c, "meetings", cloud.BehaveFail)
			p.submit("progress")
			if err := c.Advance(t.Context(), 9*24*time.Hour, 6*time.Hour); err != nil {
				t.Fatal(err)
			}
			invited := place(t, c, "CCW-3", "en", func(order map[string]any) {
				order["provisioning_contact"] = map[string]any{"email": "petra@adria.example", "alias": false}
				order["requested_start_date"] = "2026-12-02"
			})
			runs(t, c, "Letters")
			b := openTab(t, script)
			b.signsIn(t, c)
			stands := func(order, want string) {
				t.Helper()
				if got := status(t, c, order); got != want {
					t.Errorf("the order is %s, want %s", got, want)
				}
			}
			at := func(order string) { b.open(c.URL + "/console/orders/" + order) }

			at(invited)
			stands(invited, "invited")
			b.acts("Resend setup email", "They cannot find it.", "The setup email goes out within a minute.")
			before := lettersTo(c, "petra@adria.example")
			runs(t, c, "Letters")
			if n := lettersTo(c, "petra@adria.example"); n != before+1 || happened(t, c, invited, "resent") != 1 {
				t.Errorf("%d letters to the contact, want one more than %d", n, before)
			}
			at(invited)
			b.press("Change contact")
			b.fill("email", "bor@adria.example")
			b.press("Change contact")
			b.says("The contact was changed.")
			runs(t, c, "Letters")
			var shown struct {
				Contact struct{ Email string } `json:"provisioning_contact"`
				Hold    *struct{ Reason string }
			}
			if tells(t, c, "/orders/"+invited, &shown); shown.Contact.Email != "bor@adria.example" || lettersTo(c, "bor@adria.example") != 1 {
				t.Errorf("the contact is %s and has %d letters", shown.Contact.Email, lettersTo(c, "bor@adria.example"))
			}
			at(invited)
			b.acts("Put on hold", "Their credit is being checked.", "The order is on hold.")
			if tells(t, c, "/orders/"+invited, &shown); shown.Hold == nil || shown.Hold.Reason != "Their credit is being checked." {
				t.Errorf("it is held by %v", shown.Hold)
			}
			b.acts("Cancel order", "Ordered twice.", "The order is cancelled.")
			stands(invited, "cancelled")

			at(closed)
			stands(closed, "closed")
			b.acts("Reopen", "They are back from leave.", "The order is open again")
			runs(t, c, "Letters")
			stands(closed, "invited")

			at(failed)
			stands(failed, "failed")
			b.says("the number of users is over what this region can take")
			behaves(t, c, "meetings", cloud.BehaveOK)
			b.acts("Retry provisioning", "The region has room now.", "Provisioning is tried again within a minute.")
			minutes(t, c, 3)
			stands(failed, "active")
			at(failed)
			b.says("€2,475.00")

			b.press("Charges")
			b.on("Charges")
			b.says("All charges of 2026-12: €2,787.50") // 25 times 12.50 and 99.00
			b.says("Nordlicht Partner d.o.o.")
			b.press("‹ 2026-11")
			b.says("Nothing was charged in this month.")

			b.press("Undelivered events")
			b.on("Undelivered events")
			b.says("2 events") // the first of the two orders that are older than three days
			down.Store(false)
			for _, left := range []string{"1 event", "Every event was delivered."} {
				b.press("Send again")
				b.says("The event is sent again within a minute.")
				b.says(left)
			}
			runs(t, c, "Deliveries")
			heard := func(order string) (n int) {
				for _, e := range c.SentEvents() {
					if e.ID == "evt_"+order+"_1" {
						n++
					}
				}
				return n
			}
			for _, order := range []string{closed, failed} {
				var log struct{ Deliveries []struct{ Status string } }
				tells(t, c, "/orders/"+order+"/deliveries", &log)
				if heard(order) != 1 || log.Deliveries[0].Status != "delivered" {
					t.Errorf("the first event came %d times and is %s", heard(order), log.Deliveries[0].Status)
				}
			}
			latest := func() int {
				t.Helper()
				n := 0
				for _, e := range c.SentEvents() {
					if strings.HasPrefix(e.ID, "evt_"+failed+"_") {
						n++
					}
				}
				return n
			}
			at(failed)
			was := latest()
			b.press("Send again") // one that was delivered
			b.says("The event is sent again within a minute.")
			runs(t, c, "Deliveries")
			if got := latest(); got != was+1 {
				t.Errorf("the other system heard %d events of the order, want one more than %d", got, was)
			}
		})
	}
}
