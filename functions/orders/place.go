package orders

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/store"
)

// keyLetters are what an idempotency key is made of.
const keyLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

func isKey(s string) bool { return 16 <= len(s) && len(s) <= 64 && strings.Trim(s, keyLetters) == "" }

var (
	errKeyMissing = &commerce.Error{Kind: commerce.KindInvalid, Code: "idempotency_key_missing",
		Detail: "Send an Idempotency-Key header of 16 to 64 letters, digits, - or _."}
	errKeyMalformed = &commerce.Error{Kind: commerce.KindInvalid, Code: "idempotency_key_malformed",
		Detail: "Use 16 to 64 letters, digits, - or _ for the Idempotency-Key header."}
)

// place accepts an order. The same key and body again are answered with the very same order as the first time: its
// answer is made from the body, the id and the instant that the key stands for.
func place(s *store.Store, defaults Defaults) api.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		caller, err := api.Caller(r)
		if err != nil {
			return err
		}
		if _, err := api.ReadQuery(r); err != nil {
			return err
		}
		key := r.Header.Get("Idempotency-Key")
		switch {
		case key == "":
			return errKeyMissing
		case !isKey(key):
			return errKeyMalformed
		}
		var sent terms
		_, unread := api.JSONBody(r, &sent)
		ordered := sent.commerce(defaults)
		order, err := commerce.Place(api.NewOrderID(), caller, ordered, api.Now(r))
		if err := api.Wrong(unread, checkDate(sent.RequestedStartDate), err); err != nil {
			return err
		}
		digest, err := digestOf(sent)
		if err != nil {
			return err
		}
		placed, err := s.Place(r.Context(), order, key, digest)
		if err != nil {
			return err
		}
		if placed.Digest != digest {
			return commerce.ErrKeyReused
		}
		if placed.Order != order.ID {
			w.Header().Set("Idempotency-Replayed", "true")
			if order, err = commerce.Place(placed.Order, caller, ordered, placed.At); err != nil {
				return fmt.Errorf("replay order %s: %w", placed.Order, err)
			}
		} else {
			api.Count(r.Context(), api.OrdersPlaced)
		}
		w.Header().Set("Location", "/orders/"+order.ID)
		return answer(w, http.StatusCreated, order)
	}
}

// digestOf tells bodies apart by what they say, not by how they are spaced.
func digestOf(t terms) (string, error) {
	body, err := json.Marshal(t)
	if err != nil {
		return "", fmt.Errorf("digest order: %w", err)
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:16]), nil
}
