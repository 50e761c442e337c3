package texts

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"dayone/shared/commerce"
)

// format is how a language writes dates and numbers.
type format struct {
	Date         string   `json:"date"`      // {day} {month} {year}
	DateTime     string   `json:"date_time"` // {date} {time} {zone}
	Months       []string `json:"months"`
	MonthsInText []string `json:"months_in_text"` // as they stand in a sentence, where that differs
	Decimal      string   `json:"decimal"`
	Group        string   `json:"group"`
	GroupFrom    int      `json:"group_from"` // digits from which thousands are grouped
	Minus        string   `json:"minus"`
	Money        string   `json:"money"`      // {symbol} {amount}
	MoneyCode    string   `json:"money_code"` // the same where the symbol is letters
}

// Date is d on its own, as in a table: 24 November 2026, 24. november 2026.
func (l *Language) Date(d commerce.Date) string { return l.date(d, l.format.Months) }

// On is d inside a sentence, after on, until, from or before: 24 November 2026, 24. novembra 2026.
func (l *Language) On(d commerce.Date) string { return l.date(d, l.format.MonthsInText) }

func (l *Language) date(d commerce.Date, months []string) string {
	if d.Month < time.January || d.Month > time.December {
		return d.String()
	}
	return strings.NewReplacer("{day}", strconv.Itoa(d.Day), "{month}", months[d.Month-1], "{year}", strconv.Itoa(d.Year)).
		Replace(l.format.Date)
}

// DateTime is t to the minute, as the clocks in zone show it, with the zone's short name.
func (l *Language) DateTime(t time.Time, zone *time.Location) string {
	t = t.In(zone)
	name, _ := t.Zone()
	if strings.HasPrefix(name, "+") || strings.HasPrefix(name, "-") {
		name = "UTC" + name // zones without letters of their own
	}
	return strings.NewReplacer("{date}", l.Date(commerce.DateOf(t)), "{time}", t.Format("15:04"), "{zone}", name).
		Replace(l.format.DateTime)
}

// Number is n with its thousands grouped.
func (l *Language) Number(n int) string {
	if n < 0 {
		return l.format.Minus + l.group(strings.TrimPrefix(strconv.Itoa(n), "-"))
	}
	return l.group(strconv.Itoa(n))
}

// Money is an amount in minor units of the currency: €12.50, 12,50 €, ¥1,200.
func (l *Language) Money(minor int64, currency string) string {
	digits, sign := strconv.FormatInt(minor, 10), ""
	if minor < 0 {
		digits, sign = digits[1:], l.format.Minus
	}
	amount := digits
	if places := minorDigits(currency); places > 0 {
		if short := places + 1 - len(digits); short > 0 {
			digits = strings.Repeat("0", short) + digits
		}
		cut := len(digits) - places
		amount = l.group(digits[:cut]) + l.format.Decimal + digits[cut:]
	} else {
		amount = l.group(amount)
	}
	symbol, pattern := l.symbols[currency], l.format.Money
	if symbol == "" {
		symbol = currency
	}
	if last, _ := utf8.DecodeLastRuneInString(symbol); unicode.IsLetter(last) {
		pattern = l.format.MoneyCode
	}
	return sign + strings.NewReplacer("{symbol}", symbol, "{amount}", amount).Replace(pattern)
}

// Minor reads an amount as people type it, 1250, 12.5 or 12,50, in minor units of the currency. It answers false for
// anything else, and for fractions that the currency does not have.
func Minor(amount, currency string) (int64, bool) {
	whole, fraction, _ := strings.Cut(strings.Replace(amount, ",", ".", 1), ".")
	places := minorDigits(currency)
	if whole == "" || len(whole) > 12 || len(fraction) > places || strings.ContainsFunc(whole+fraction, func(r rune) bool { return r < '0' || r > '9' }) {
		return 0, false
	}
	minor, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", places-len(fraction)), 10, 64)
	return minor, err == nil
}

func (l *Language) group(digits string) string {
	if len(digits) < l.format.GroupFrom {
		return digits
	}
	var b strings.Builder
	for i, r := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(l.format.Group)
		}
		b.WriteRune(r)
	}
	return b.String()
}

// minorDigits is how many digits of ISO 4217's minor unit a currency has.
func minorDigits(currency string) int {
	switch currency {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	}
	return 2
}
