package seed

import (
	"context"
	"fmt"
	"strings"
	"time"

	"dayone/local/cloud"
)

// StandIns are for the buttons of the front page.
func StandIns() cloud.StandIns { return cloud.StandIns{Place: Place, Finish: Finish} }

// Place places an order that starts the next day, in the language that its letters are to have.
func Place(ctx context.Context, c *cloud.Cloud, locale string) error {
	s := &seeder{cloud: c}
	number := strings.ToUpper(fmt.Sprintf("%x", c.Now().Unix()))
	customer := map[string]string{"sl": "Idrijska čipka d.o.o.", "de": "Alpenblick Hotels GmbH"}[locale]
	if customer == "" {
		customer = "Harbour Books Ltd"
	}
	country := map[string]string{"sl": "SI", "de": "AT"}[locale]
	if country == "" {
		country = "IE"
	}
	_, err := s.place(ctx, sample{ref: "PLAY-" + number, family: "A-FLEX", locale: locale, customer: customer, country: country,
		skus: []string{"CALL", "MEET"}, startsIn: 1})
	return err
}

// Finish takes an order whose letter went out all the way to services that run, as the partner's person would.
func Finish(ctx context.Context, c *cloud.Cloud, id string) error {
	s := &seeder{cloud: c}
	var order struct {
		Ref      string `json:"external_ref"`
		Family   string
		Locale   string
		Customer struct{ Name, Country string }
	}
	if err := s.ask(ctx, "GET", "/orders/"+id, "", nil, &order); err != nil {
		return err
	}
	o := placed{sample{ref: order.Ref, family: order.Family, locale: order.Locale, customer: order.Customer.Name, country: order.Customer.Country,
		admin: "it@" + strings.ToLower(order.Ref) + ".example"}, id}
	// Whoever asks for it may have moved the clock a moment ago: the letter goes out first.
	if err := c.Advance(ctx, time.Second, 0); err != nil {
		return err
	}
	if err := provision(ctx, s, o); err != nil {
		return err
	}
	return introduce(c)
}
