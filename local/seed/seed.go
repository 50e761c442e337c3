// Package seed stands in for people and the commerce system where nobody wants to play them by hand: it places the orders that a new
// machine begins with, and finishes an order for whoever looks at another part.
package seed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"dayone/local/cloud"
)

// Days is how long ago the seed orders begin: a week for one to close, and some days around it.
const Days = 10

// password is everybody's who is in the seed orders.
const password = "harbour lights at noon"

// sample is one seed order and how far somebody went with it.
type sample struct {
	ref, family, locale string
	customer, country   string
	admin               string // the customer's administrator
	skus                []string
	startsIn            int // days after it is placed; the letter of one that began the day before goes out at once
	walk                func(ctx context.Context, s *seeder, o placed) error
}

// placed is a sample that was accepted.
type placed struct {
	sample
	id string
}

// partner is whose orders they are, and who sets them up.
const (
	partner = "Nordlicht Partner d.o.o."
	contact = "ana.novak@nordlicht.example"
)

// past are the samples of ten days ago, recent those of today.
var (
	past = []sample{
		{"SEED-ACTIVE", "A-FLEX", "sl", "Soča Energija d.d.", "SI", "it@soca.example", []string{"CALL", "MEET"}, -1, activate},
		{"SEED-SUSPENDED", "A-FLEX", "de", "Donau Logistik GmbH", "AT", "it@donau.example", []string{"CALL", "MSG"}, -1, suspend},
		{"SEED-ENDED", "A-FLEX-3", "en", "Harbour Books Ltd", "IE", "it@harbour.example", []string{"MEET"}, -1, end},
		{"SEED-FAILED", "A-SPK", "en", "Lago Foods S.p.A.", "IT", "admin@lago.example", []string{"CALL", "PSTN"}, -1, fail},
		{"SEED-MAPPED", "A-FLEX-3", "en", "Alpine Mills GmbH", "AT", "it@alpine.example", []string{"CALL", "MEET"}, -1, begin},
		{"SEED-CANCELLED", "A-FLEX", "sl", "Kranjsko orodje d.o.o.", "SI", "info@orodje.example", []string{"MSG"}, 5, cancel},
		{"SEED-CLOSED", "A-FLEX", "en", "Vitis Wines Ltd", "GB", "hello@vitis.example", []string{"MEET"}, -1, nil},
	}
	recent = []sample{
		{"SEED-PROVISIONING", "A-WX", "sl", "Blejski hoteli d.d.", "SI", "it@hoteli.example", []string{"MEET", "MSG"}, -1, hang},
		{"SEED-STARTED", "A-WX", "sl", "Piranske soline d.o.o.", "SI", "pisarna@soline.example", []string{"MSG"}, -1, start},
		{"SEED-INVITED", "A-FLEX", "en", "Fjord Ferries AS", "NO", "post@fjord.example", []string{"CALL", "PSTN", "MEET", "ROOM"}, -1, nil},
		{"SEED-HELD", "A-FLEX", "de", "Tiroler Holz GmbH", "AT", "it@tirolerholz.example", []string{"CALL"}, 3, hold},
		{"SEED-SCHEDULED", "A-SPK", "sl", "Triglav Film d.o.o.", "SI", "produkcija@film.example", []string{"CALL"}, 9, nil},
	}
)

// marker says that a folder of data has had its seed orders.
const marker = "seeded"

// Done reports whether a folder of data has had its seed orders.
func Done(dir string) (bool, error) {
	_, err := os.Stat(filepath.Join(dir, marker))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Orders places an order for every status and walks it there, as a commerce system and people would: over HTTP. It begins in the past and
// ends now.
func Orders(ctx context.Context, c *cloud.Cloud, dir string) error {
	// Once is enough, even where it fails half way: half of it again would only add to the mess.
	if err := os.WriteFile(filepath.Join(dir, marker), nil, 0o644); err != nil {
		return err
	}
	s := &seeder{cloud: c}
	if err := s.all(ctx, past); err != nil {
		return err
	}
	if err := c.Set(ctx, time.Now().Add(-2*time.Hour), 12*time.Hour); err != nil {
		return err
	}
	if err := s.all(ctx, recent); err != nil {
		return err
	}
	if err := c.Set(ctx, time.Now(), 0); err != nil {
		return err
	}
	return introduce(c)
}

// introduce has the front page say who can sign in.
func introduce(c *cloud.Cloud) error {
	return c.Introduce(cloud.People{Password: password, People: []cloud.Person{
		{Email: contact, Who: partner + ", partner of all of these"},
	}})
}

// seeder is the commerce system, the partner's person and whoever makes services fail, in turn.
type seeder struct {
	cloud   *cloud.Cloud
	session string // of the partner's person, once there is one
}

// all places samples, lets the letters of those that start go out, and walks each as far as it goes.
func (s *seeder) all(ctx context.Context, samples []sample) error {
	var orders []placed
	for _, m := range samples {
		id, err := s.place(ctx, m)
		if err != nil {
			return fmt.Errorf("%s: %w", m.ref, err)
		}
		orders = append(orders, placed{m, id})
	}
	if err := s.cloud.Advance(ctx, time.Minute, 0); err != nil {
		return err
	}
	for _, o := range orders {
		if o.walk == nil {
			continue
		}
		if err := o.walk(ctx, s, o); err != nil {
			return fmt.Errorf("%s: %w", o.ref, err)
		}
	}
	return nil
}

func (s *seeder) place(ctx context.Context, m sample) (string, error) {
	zone, err := time.LoadLocation("Europe/Ljubljana")
	if err != nil {
		return "", err
	}
	service := map[string]int{"CALL": 1250, "MEET": 990, "MSG": 350, "PSTN": 200, "ROOM": 4900}
	var lines []map[string]any
	for i, sku := range m.skus {
		lines = append(lines, map[string]any{
			"subscription_id": fmt.Sprintf("Sub-%s-%d", strings.TrimPrefix(m.ref, "SEED-"), i+1), "sku": m.family + "-" + sku,
			"quantity": 25, "term_months": 36, "billing": "monthly", "unit_price": service[sku], "currency": "EUR",
		})
	}
	var order struct{ ID string }
	err = s.ask(ctx, "POST", "/orders", "", map[string]any{
		"external_ref": m.ref, "family": m.family, "locale": m.locale, "time_zone": zone.String(), "purchase_order": "PO-" + m.ref,
		"partner":                map[string]any{"name": partner, "country": "SI"},
		"customer":               map[string]any{"name": m.customer, "country": m.country},
		"requested_start_date":   s.cloud.Now().In(zone).AddDate(0, 0, m.startsIn).Format(time.DateOnly),
		"provisioning_contact":   map[string]any{"email": contact, "alias": false},
		"account_representative": map[string]any{"name": "Maja Zupan", "email": "maja.zupan@vendor.example"},
		"lines":                  lines,
	}, &order, "Idempotency-Key", "seed-order-"+m.ref)
	return order.ID, err
}

// ask sends JSON and reads the answer; anything but success is an error.
func (s *seeder) ask(ctx context.Context, method, path, bearer string, in, out any, header ...string) error {
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			return err
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, s.cloud.URL+path, &body)
	if err != nil {
		return err
	}
	if in != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Accept", "application/json")
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %s", method, path, response.Status, answer)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer, out)
}

// token is the secret in the newest letter about an order.
func (s *seeder) token(o placed) (string, error) {
	for _, l := range s.cloud.Inbox() {
		link := l.Link(s.cloud.URL + "/setup#")
		if link != "" && strings.Contains(l.Text+l.HTML+l.Subject, o.id) {
			_, token, _ := strings.Cut(link, "#")
			return token, nil
		}
	}
	return "", fmt.Errorf("no letter with a link")
}

// step is what a step of part one answers, as far as the seeds need it.
type step struct {
	Offers []struct {
		ID string `json:"id"`
	} `json:"offers"`
	ReviewDigest  string `json:"review_digest"`
	PasswordToken string `json:"password_token"`
}

// start goes as far as choosing a role.
func start(ctx context.Context, s *seeder, o placed) error {
	token, err := s.token(o)
	if err != nil {
		return err
	}
	return s.ask(ctx, "POST", "/setup/role", token, map[string]string{"role": "partner"}, nil)
}

// complete goes through all of part one, and signs the partner's person in when it is done.
func complete(ctx context.Context, s *seeder, o placed) error {
	token, err := s.token(o)
	if err != nil {
		return err
	}
	answers := map[string]string{}
	var last step
	walk := func(name string, fields map[string]string) error {
		maps.Copy(answers, fields)
		last = step{}
		return s.ask(ctx, "POST", "/setup/"+name, token, answers, &last)
	}
	for _, part := range []struct {
		name   string
		fields func() map[string]string
	}{
		{"start", func() map[string]string { return nil }},
		{"role", func() map[string]string { return map[string]string{"role": "partner"} }},
		{"who", func() map[string]string { return map[string]string{"set_up_by": "me"} }},
		{"partner-organization", func() map[string]string {
			if len(last.Offers) > 0 {
				return map[string]string{"partner_organization": last.Offers[0].ID}
			}
			return map[string]string{"partner_organization": "new", "partner_name": partner, "partner_country": "SI", "partner_admin_email": contact, "partner_phone": "+386 1 234 56 78"}
		}},
		{"customer-admin", func() map[string]string { return map[string]string{"customer_admin_email": o.admin} }},
		{"customer-organization", func() map[string]string {
			return map[string]string{"customer_organization": "new", "customer_name": o.customer, "customer_country": o.country, "customer_language": o.locale}
		}},
		{"review", func() map[string]string { return nil }},
		{"complete", func() map[string]string { return map[string]string{"review_digest": last.ReviewDigest} }},
	} {
		if err := walk(part.name, part.fields()); err != nil {
			return err
		}
	}
	// The first time there is a password to choose; later, days may have passed since.
	path, fields := "/sign-in", map[string]string{"email": contact, "password": password}
	if last.PasswordToken != "" {
		path, fields = "/password", map[string]string{"token": last.PasswordToken, "password": password}
	}
	var signed struct{ Session string }
	if err := s.ask(ctx, "POST", path, "", fields, &signed); err != nil {
		return err
	}
	s.session = signed.Session
	return nil
}

// task saves one task of part two.
func (s *seeder) task(ctx context.Context, o placed, name string) error {
	language, zone := o.locale, "Europe/Ljubljana"
	fields := map[string]map[string]any{
		"subscription": {"reviewed": true},
		"calling": {"country": o.country, "location_name": o.customer, "address": "Glavna 1", "city": "Center", "postal_code": "1000",
			"time_zone": zone, "language": language, "main_number": "+386 1 234 56 00"},
		"meetings":   {"time_zone": zone, "language": language},
		"enterprise": {"subdomain": strings.ToLower(strings.TrimPrefix(o.ref, "SEED-")) + "-" + strings.ToLower(o.country)},
	}
	return s.ask(ctx, "POST", "/services/"+o.id+"/"+name, s.session, fields[name], nil)
}

// begin completes part one and saves the first task of part two.
func begin(ctx context.Context, s *seeder, o placed) error {
	if err := complete(ctx, s, o); err != nil {
		return err
	}
	return s.task(ctx, o, "subscription")
}

// provision completes part two and presses the button.
func provision(ctx context.Context, s *seeder, o placed) error {
	if err := complete(ctx, s, o); err != nil {
		return err
	}
	var list struct {
		Tasks []struct{ Name string }
	}
	if err := s.ask(ctx, "GET", "/services/"+o.id, s.session, nil, &list); err != nil {
		return err
	}
	for _, t := range list.Tasks {
		if t.Name == "activate" {
			continue
		}
		if err := s.task(ctx, o, t.Name); err != nil {
			return err
		}
	}
	if err := s.ask(ctx, "POST", "/services/"+o.id+"/provision", s.session, map[string]string{}, nil); err != nil {
		return err
	}
	return s.cloud.Advance(ctx, 2*time.Minute, time.Minute)
}

// activate goes all the way.
func activate(ctx context.Context, s *seeder, o placed) error { return provision(ctx, s, o) }

// fail meets a platform that refuses the second line for good.
func fail(ctx context.Context, s *seeder, o placed) error {
	if err := s.cloud.Behave(o.family+"-"+o.skus[1], cloud.BehaveFail, 0); err != nil {
		return err
	}
	return provision(ctx, s, o)
}

// hang meets a platform that is busy for the next fifty times it is asked about the second line.
func hang(ctx context.Context, s *seeder, o placed) error {
	if err := s.cloud.Behave(o.family+"-"+o.skus[1], cloud.BehaveFailOnce, 50); err != nil {
		return err
	}
	return provision(ctx, s, o)
}

// cancel ends an order before its day.
func cancel(ctx context.Context, s *seeder, o placed) error {
	return s.ask(ctx, "POST", "/orders/"+o.id+"/cancel", "", map[string]string{"reason": "Stranka se je premislila."}, nil)
}
