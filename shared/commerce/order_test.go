package commerce_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dayone/shared/commerce"
)

// noon is when the tests place orders: a Monday, in winter.
var noon = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)

const (
	caller  = "arn:aws:iam::123456789012:role/commerce"
	contact = commerce.Address("provisioning@nordlicht.example")
	rep     = commerce.Address("maja.zupan@vendor.example")
)

// terms are those of the design's own example.
func terms() commerce.Terms {
	return commerce.Terms{
		ExternalRef: "CCW-81234567", Family: "A-FLEX",
		Partner:  commerce.Party{Name: "Nordlicht Partner d.o.o.", Country: "SI"},
		Customer: commerce.Party{Name: "Alpine Mills GmbH", Country: "AT"},
		Start:    date("2026-12-01"), Zone: "Europe/Ljubljana", Locale: "sl", Contact: contact, ContactAlias: true,
		Representative: commerce.Person{Name: "Maja Zupan", Email: rep}, PurchaseOrder: "PO-4711",
		Lines: []commerce.Line{
			{Subscription: "Sub1076543", SKU: "A-FLEX-CALL", Quantity: 25, TermMonths: 36, Billing: commerce.Monthly, UnitPrice: 1250, Currency: "EUR"},
			{Subscription: "Sub1076544", SKU: "A-FLEX-MEET", Quantity: 25, TermMonths: 36, Billing: commerce.Annual, UnitPrice: 9900, Currency: "EUR"},
		},
	}
}

// date is a date that the test knows to be one.
func date(s string) commerce.Date {
	d, err := commerce.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

// instant is an instant that the test knows to be one.
func instant(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

// placed is an order of terms that were changed, placed at noon.
func placed(t *testing.T, change ...func(*commerce.Terms)) commerce.Order {
	t.Helper()
	all := terms()
	for _, c := range change {
		c(&all)
	}
	o, err := commerce.Place("DO-4F7K-9M2X-QT8B", caller, all, noon)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// problems are the fields and codes that an error names, "field: code" each.
func problems(err error) []string {
	var all []string
	if e, ok := errors.AsType[*commerce.Error](err); ok {
		for _, p := range e.Problems {
			all = append(all, p.Field+": "+p.Code)
		}
	}
	return all
}

func TestPlacedOrderIsScheduled(t *testing.T) {
	o := placed(t)
	opens := instant("2026-12-01T07:00:00Z")
	if o.Status != commerce.Scheduled || o.Version != 1 || !o.InviteAt.Equal(opens) || !o.PlacedAt.Equal(noon) {
		t.Errorf("placed as %s, version %d, invited at %s", o.Status, o.Version, o.InviteAt)
	}
	if want := (commerce.Link{Kind: commerce.LetterSetup, Generation: 1, DueAt: opens}); o.Link != want {
		t.Errorf("Link = %+v, want %+v", o.Link, want)
	}
	if o.Lines[0].ID != "1" || o.Lines[1].ID != "2" || o.Lines[1].Status != commerce.LinePending {
		t.Errorf("Lines = %+v", o.Lines)
	}
	want := []commerce.Event{{Seq: 1, At: noon, Kind: "placed", Actor: "caller:" + caller}}
	if diff := cmp.Diff(want, o.Events); diff != "" {
		t.Error(diff)
	}
}

func TestPlacingLeavesTheTermsAlone(t *testing.T) {
	given := terms()
	if _, err := commerce.Place("DO-1", caller, given, noon); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(terms(), given); diff != "" {
		t.Error(diff)
	}
}

func TestTermsAreChecked(t *testing.T) {
	on := func(change func(*commerce.Terms)) commerce.Terms {
		all := terms()
		change(&all)
		return all
	}
	for name, tc := range map[string]struct {
		terms commerce.Terms
		want  []string
	}{
		"as they should be":     {terms(), nil},
		"no reference":          {on(func(t *commerce.Terms) { t.ExternalRef = "" }), []string{"external_ref: missing"}},
		"a reference of 64":     {on(func(t *commerce.Terms) { t.ExternalRef = strings.Repeat("x", 64) }), nil},
		"a reference of 65":     {on(func(t *commerce.Terms) { t.ExternalRef = strings.Repeat("x", 65) }), []string{"external_ref: malformed"}},
		"a reference with #":    {on(func(t *commerce.Terms) { t.ExternalRef = "a#b" }), []string{"external_ref: malformed"}},
		"an unknown family":     {on(func(t *commerce.Terms) { t.Family = "A-FLOX" }), []string{"family: unknown"}},
		"the other family":      {on(func(t *commerce.Terms) { t.Family = "A-WX" }), []string{"lines/0/sku: unknown", "lines/1/sku: unknown"}},
		"a partner of spaces":   {on(func(t *commerce.Terms) { t.Partner.Name = "  " }), []string{"partner/name: missing"}},
		"a name of two lines":   {on(func(t *commerce.Terms) { t.Customer.Name = "A\nBcc: x@y.example" }), []string{"customer/name: malformed"}},
		"a name of 120":         {on(func(t *commerce.Terms) { t.Customer.Name = strings.Repeat("š", 120) }), nil},
		"a name of 121":         {on(func(t *commerce.Terms) { t.Customer.Name = strings.Repeat("š", 121) }), []string{"customer/name: malformed"}},
		"a name in Arabic":      {on(func(t *commerce.Terms) { t.Customer.Name = "مطاحن الألب" }), nil},
		"a name that turns":     {on(func(t *commerce.Terms) { t.Customer.Name = "Alpine\u202eslliM" }), []string{"customer/name: malformed"}},
		"a name that is markup": {on(func(t *commerce.Terms) { t.Customer.Name = "<b>Alpine</b> & =1+1" }), nil},
		"a country in small":    {on(func(t *commerce.Terms) { t.Partner.Country = "si" }), []string{"partner/country: unknown"}},
		"no country of ISO":     {on(func(t *commerce.Terms) { t.Customer.Country = "XK" }), []string{"customer/country: unknown"}},
		"two countries":         {on(func(t *commerce.Terms) { t.Customer.Country = "AT BE" }), []string{"customer/country: unknown"}},
		"no start":              {on(func(t *commerce.Terms) { t.Start = commerce.Date{} }), []string{"requested_start_date: missing"}},
		"a start in 400 days":   {on(func(t *commerce.Terms) { t.Start = date("2026-11-23").AddDays(400) }), nil},
		"a start in 1098 days":  {on(func(t *commerce.Terms) { t.Start = date("2026-11-23").AddDays(1098) }), nil},
		"a start in 1099 days":  {on(func(t *commerce.Terms) { t.Start = date("2026-11-23").AddDays(1099) }), []string{"requested_start_date: out_of_range"}},
		"a start long ago":      {on(func(t *commerce.Terms) { t.Start = date("2020-01-01") }), []string{"requested_start_date: out_of_range"}},
		"no such zone":          {on(func(t *commerce.Terms) { t.Zone = "Europe/Lubliana" }), []string{"time_zone: unknown"}},
		"the machine's zone":    {on(func(t *commerce.Terms) { t.Zone = "Local" }), []string{"time_zone: unknown"}},
		"no such language":      {on(func(t *commerce.Terms) { t.Locale = "fr" }), []string{"locale: unknown"}},
		"no address":            {on(func(t *commerce.Terms) { t.Contact = "" }), []string{"provisioning_contact/email: malformed"}},
		"nobody to tell": {on(func(t *commerce.Terms) { t.Representative = commerce.Person{} }),
			[]string{"account_representative/name: missing", "account_representative/email: malformed"}},
		"no purchase order":      {on(func(t *commerce.Terms) { t.PurchaseOrder = "" }), nil},
		"a long purchase order":  {on(func(t *commerce.Terms) { t.PurchaseOrder = strings.Repeat("9", 65) }), []string{"purchase_order: malformed"}},
		"no lines":               {on(func(t *commerce.Terms) { t.Lines = nil }), []string{"lines: missing"}},
		"nothing at all":         {commerce.Terms{}, []string{"external_ref: missing", "family: unknown", "partner/name: missing", "partner/country: unknown", "customer/name: missing", "customer/country: unknown", "time_zone: unknown", "locale: unknown", "requested_start_date: missing", "provisioning_contact/email: malformed", "account_representative/name: missing", "account_representative/email: malformed", "lines: missing"}},
		"51 lines, all the same": {on(func(t *commerce.Terms) { t.Lines = slices.Repeat(t.Lines[:1], 51) }), append([]string{"lines: too_many"}, twice(51)...)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := commerce.Place("DO-1", caller, tc.terms, noon)
			if diff := cmp.Diff(tc.want, problems(err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func twice(lines int) []string {
	var all []string
	for i := 1; i < lines; i++ {
		all = append(all, fmt.Sprintf("lines/%d/subscription_id: twice", i))
	}
	return all
}

func TestLinesAreChecked(t *testing.T) {
	on := func(change func(*commerce.Line)) []commerce.Line {
		l := terms().Lines[:1]
		change(&l[0])
		return l
	}
	add := func(sku string) []commerce.Line {
		all := terms().Lines
		all = append(all, all[0])
		all[2].Subscription, all[2].SKU = "Sub3", sku
		return all
	}
	for name, tc := range map[string]struct {
		lines []commerce.Line
		want  []string
	}{
		"no subscription":           {on(func(l *commerce.Line) { l.Subscription = "" }), []string{"lines/0/subscription_id: malformed"}},
		"quantity 0":                {on(func(l *commerce.Line) { l.Quantity = 0 }), []string{"lines/0/quantity: out_of_range"}},
		"less than nothing":         {on(func(l *commerce.Line) { l.Quantity = -1 }), []string{"lines/0/quantity: out_of_range"}},
		"a million":                 {on(func(l *commerce.Line) { l.Quantity = 1_000_000 }), nil},
		"a million and one":         {on(func(l *commerce.Line) { l.Quantity = 1_000_001 }), []string{"lines/0/quantity: out_of_range"}},
		"no term":                   {on(func(l *commerce.Line) { l.TermMonths = 0 }), []string{"lines/0/term_months: out_of_range"}},
		"a term of 121 months":      {on(func(l *commerce.Line) { l.TermMonths = 121 }), []string{"lines/0/term_months: out_of_range"}},
		"annual for 18 months":      {on(func(l *commerce.Line) { l.Billing, l.TermMonths = commerce.Annual, 18 }), []string{"lines/0/term_months: not_whole_years"}},
		"prepaid for 18 months":     {on(func(l *commerce.Line) { l.Billing, l.TermMonths = commerce.Prepaid, 18 }), nil},
		"weekly":                    {on(func(l *commerce.Line) { l.Billing = "weekly" }), []string{"lines/0/billing: unknown"}},
		"for nothing":               {on(func(l *commerce.Line) { l.UnitPrice = 0 }), nil},
		"for less than nothing":     {on(func(l *commerce.Line) { l.UnitPrice = -1 }), []string{"lines/0/unit_price: out_of_range"}},
		"beyond price":              {on(func(l *commerce.Line) { l.UnitPrice = 1_000_000_001 }), []string{"lines/0/unit_price: out_of_range"}},
		"in euros":                  {on(func(l *commerce.Line) { l.Currency = "eur" }), []string{"lines/0/currency: unknown"}},
		"in two currencies":         {[]commerce.Line{terms().Lines[0], on(func(l *commerce.Line) { l.Currency, l.Subscription = "USD", "Sub2" })[0]}, []string{"lines/1/currency: mixed"}},
		"an unknown sku":            {on(func(l *commerce.Line) { l.SKU = "A-FLEX-FAX" }), []string{"lines/0/sku: unknown"}},
		"a sku in small":            {on(func(l *commerce.Line) { l.SKU = "a-flex-call" }), []string{"lines/0/sku: unknown"}},
		"another family's sku":      {on(func(l *commerce.Line) { l.SKU = "A-FLEX-3-CALL" }), []string{"lines/0/sku: unknown"}},
		"a number and calling":      {add("A-FLEX-PSTN"), nil},
		"a room and meetings":       {add("A-FLEX-ROOM"), nil},
		"a number without calling":  {on(func(l *commerce.Line) { l.SKU = "A-FLEX-PSTN" }), []string{"lines/0/sku: needs_base"}},
		"a room without meetings":   {on(func(l *commerce.Line) { l.SKU = "A-FLEX-ROOM" }), []string{"lines/0/sku: needs_base"}},
		"one subscription for both": {[]commerce.Line{terms().Lines[0], terms().Lines[0]}, []string{"lines/1/subscription_id: twice"}},
		"everything wrong at once": {[]commerce.Line{{}}, []string{"lines/0/subscription_id: malformed", "lines/0/sku: unknown", "lines/0/quantity: out_of_range",
			"lines/0/term_months: out_of_range", "lines/0/billing: unknown", "lines/0/currency: unknown"}},
	} {
		t.Run(name, func(t *testing.T) {
			all := terms()
			all.Lines = tc.lines
			_, err := commerce.Place("DO-1", caller, all, noon)
			if diff := cmp.Diff(tc.want, problems(err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Rule 1: at 08:00 of the start date in the order's zone; a date today or past goes out with the next run.
func TestOpening(t *testing.T) {
	for name, tc := range map[string]struct {
		start, zone, placed, want string
	}{
		"in ten days":                               {"2026-12-03", "Europe/Ljubljana", "2026-11-23T12:00:00Z", "2026-12-03T07:00:00Z"},
		"tomorrow":                                  {"2026-11-24", "Europe/Ljubljana", "2026-11-23T12:00:00Z", "2026-11-24T07:00:00Z"},
		"today, after opening":                      {"2026-11-23", "Europe/Ljubljana", "2026-11-23T12:00:00Z", "2026-11-23T12:00:00Z"},
		"today, before opening":                     {"2026-11-23", "Europe/Ljubljana", "2026-11-23T05:00:00Z", "2026-11-23T05:00:00Z"},
		"yesterday":                                 {"2026-11-22", "Europe/Ljubljana", "2026-11-23T12:00:00Z", "2026-11-23T12:00:00Z"},
		"today there, tomorrow here":                {"2026-11-24", "Pacific/Kiritimati", "2026-11-23T12:00:00Z", "2026-11-23T12:00:00Z"},
		"tomorrow there, today here":                {"2026-11-23", "Pacific/Pago_Pago", "2026-11-23T02:00:00Z", "2026-11-23T19:00:00Z"},
		"the day the clock jumps in Berlin":         {"2026-03-29", "Europe/Berlin", "2026-03-01T00:00:00Z", "2026-03-29T06:00:00Z"},
		"the day the clock falls back in Berlin":    {"2026-10-25", "Europe/Berlin", "2026-10-01T00:00:00Z", "2026-10-25T07:00:00Z"},
		"29 February":                               {"2028-02-29", "Europe/Ljubljana", "2027-11-23T12:00:00Z", "2028-02-29T07:00:00Z"},
		"in 400 days":                               {"2027-12-28", "Europe/Ljubljana", "2026-11-23T12:00:00Z", "2027-12-28T07:00:00Z"},
		"a zone of a quarter of an hour":            {"2026-12-01", "Asia/Kathmandu", "2026-11-23T12:00:00Z", "2026-12-01T02:15:00Z"},
		"a clock that jumps by half an hour":        {"2026-10-04", "Australia/Lord_Howe", "2026-09-23T12:00:00Z", "2026-10-03T21:00:00Z"},
		"the last minute of the day before in Fiji": {"2026-11-24", "Pacific/Fiji", "2026-11-23T11:59:00Z", "2026-11-23T20:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			all := terms()
			all.Start, all.Zone = date(tc.start), tc.zone
			o, err := commerce.Place("DO-1", caller, all, instant(tc.placed))
			if err != nil {
				t.Fatal(err)
			}
			if got := o.InviteAt.Format(time.RFC3339); got != tc.want || o.InviteAt.Location() != time.UTC {
				t.Errorf("opens at %s, want %s", got, tc.want)
			}
			if o.Start.String() != tc.start {
				t.Errorf("the start became %s", o.Start)
			}
		})
	}
}

func TestWhatAnOrderBuys(t *testing.T) {
	o := placed(t, func(t *commerce.Terms) {
		room := t.Lines[1]
		room.Subscription, room.SKU, room.Quantity = "Sub3", "A-FLEX-ROOM", 300
		t.Lines = append(t.Lines, room)
	})
	for service, want := range map[commerce.Service]bool{commerce.Calling: true, commerce.Meetings: true, commerce.Messaging: false} {
		if got := o.Buys(service); got != want {
			t.Errorf("Buys(%s) = %t", service, got)
		}
	}
	if got := o.ServiceOf(o.Lines[2]); got != commerce.Meetings {
		t.Errorf("a room belongs to %s", got)
	}
	if got := o.Users(); got != 25 {
		t.Errorf("for %d users; rooms are none", got)
	}
	if amount, currency := o.FirstCharges(); amount != 25*1250+25*9900+300*9900 || currency != "EUR" {
		t.Errorf("FirstCharges = %d %s", amount, currency)
	}
	o.Lines[0].Status = commerce.LineRemoved // undone with a failed attempt; the next one makes it again
	if !o.Buys(commerce.Calling) {
		t.Error("a line that was undone is no longer bought")
	}
}

func TestWhatAnOrderWaitsFor(t *testing.T) {
	for status, want := range map[commerce.Status]commerce.Waiting{
		commerce.Scheduled:    {For: "setup_letter", Who: "clock", At: instant("2026-12-01T07:00:00Z")},
		commerce.Invited:      {For: "setup", Who: "contact", Until: noon.Add(7 * 24 * time.Hour)},
		commerce.Started:      {For: "setup", Who: "contact", Until: noon.Add(7 * 24 * time.Hour)},
		commerce.Mapped:       {For: "service_setup", Who: "administrators"},
		commerce.Provisioning: {For: "provisioning", Who: "service_platform"},
		commerce.Active:       {},
		commerce.Cancelled:    {},
		commerce.Closed:       {For: "reopening", Who: "caller"},
		commerce.Failed:       {For: "retry", Who: "administrators"},
	} {
		o := placed(t)
		o.Status = status
		if status != commerce.Scheduled {
			o.WindowFrom = noon
		}
		if got := o.Waiting(); got != want {
			t.Errorf("%s waits for %+v, want %+v", status, got, want)
		}
	}
	refused, _ := placed(t).LinkRefused("no such mailbox", noon)
	if got := refused.Waiting(); got.Who != "caller" {
		t.Errorf("an order whose address refused the letter waits for %s", got.Who)
	}
}

func TestEveryStatusIsListed(t *testing.T) {
	if len(commerce.Statuses) != 11 {
		t.Errorf("%d statuses", len(commerce.Statuses))
	}
}
