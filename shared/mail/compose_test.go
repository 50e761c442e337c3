package mail_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"html"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"dayone/shared/commerce"
	"dayone/shared/mail"
	"dayone/shared/texts"
)

var update = flag.Bool("update", false, "write the golden files")

const secret = "psl_2NfQ7xkY1mVb0sT4hWcEoRzUaJ5dLgPiKq8yXn3B6tM"

// kinds are those that the business knows, read from its source: a new one without words fails here.
func kinds(t *testing.T) []commerce.LetterKind {
	t.Helper()
	source, err := os.ReadFile("../commerce/letter.go")
	if err != nil {
		t.Fatal(err)
	}
	var all []commerce.LetterKind
	for _, match := range regexp.MustCompile(`LetterKind = "(\w+)"`).FindAllStringSubmatch(string(source), -1) {
		all = append(all, commerce.LetterKind(match[1]))
	}
	if len(all) < 18 {
		t.Fatalf("found %d kinds of letters, want at least 18", len(all))
	}
	return all
}

// letter is a letter of this kind with everything said that it can say.
func letter(kind commerce.LetterKind, language string) mail.Letter {
	l := mail.Letter{
		Kind: kind, To: "provisioning@nordlicht.example", Language: language, Help: "help@dayone.example",
		Order: mail.Order{
			ID: "ord_01JD8Z4S7K", Customer: "Alpine Mills GmbH", Partner: "Nordlicht Partner d.o.o.", Family: "A-FLEX",
			Start: commerce.Date{Year: 2026, Month: time.November, Day: 24}, Users: 2,
			Services: []commerce.Service{commerce.Calling, commerce.Meetings},
		},
		Link:           mail.LinkTo("https://setup.dayone.example/setup#" + secret),
		Until:          commerce.Date{Year: 2026, Month: time.December, Day: 1},
		EscalatesOn:    commerce.Date{Year: 2026, Month: time.November, Day: 25},
		Valid:          commerce.PasswordTokenFor,
		BilledFrom:     commerce.Date{Year: 2026, Month: time.November, Day: 26},
		FirstCharges:   mail.Money{Amount: 278750, Currency: "EUR"},
		Representative: commerce.Person{Name: "Maja Zupan", Email: "maja.zupan@vendor.example"},
		Contact:        "provisioning@nordlicht.example",
		By:             "ana@nordlicht.example",
		Access:         commerce.AccessGranted,
		PartnerAccess:  true,
		Reason:         "The main number is in use elsewhere",
	}
	switch kind {
	case commerce.LetterPasswordReset:
		l.Valid = commerce.ResetTokenFor
	case commerce.LetterConsent:
		l.Valid = commerce.AccessTokenFor
		l.Organization = "Alpine Mills"
	}
	return l
}

func TestEveryKindInEveryLanguageReadsAsAgreed(t *testing.T) {
	for _, kind := range kinds(t) {
		for _, language := range texts.Tags() {
			t.Run(string(kind)+" "+language, func(t *testing.T) {
				subject, text, page := compose(t, letter(kind, language))
				golden(t, fmt.Sprintf("%s.%s.txt", kind, language), "Subject: "+subject+"\n\n"+text)
				golden(t, fmt.Sprintf("%s.%s.html", kind, language), page)
				for part, s := range map[string]string{"subject": subject, "text": text, "page": page} {
					if strings.ContainsAny(s, "⟦⟧") || regexp.MustCompile(`\{[a-z]+\}`).MatchString(strings.ReplaceAll(s, styles(page), "")) {
						t.Errorf("the %s has a hole: %s", part, s)
					}
				}
			})
		}
	}
}

// styles is the style sheet of a page, whose braces are no holes.
func styles(page string) string { return regexp.MustCompile(`(?s)<style>.*</style>`).FindString(page) }

func TestLetterThatSaysTheLeastHasNoHoles(t *testing.T) {
	for _, kind := range kinds(t) {
		for _, language := range texts.Tags() {
			t.Run(string(kind)+" "+language, func(t *testing.T) {
				full := letter(kind, language)
				least := mail.Letter{Kind: kind, To: full.To, Language: language, Order: mail.Order{ID: "ord_1", Customer: "Alpine", Partner: "Nordlicht"}, Link: full.Link, Contact: full.Contact}
				switch kind {
				case commerce.LetterClosingSoon:
					least.Until = full.Until
				case commerce.LetterInvitation, commerce.LetterRemoved, commerce.LetterAccessChanged:
					least.By = full.By
				}
				_, text, page := compose(t, least)
				for _, hole := range []string{"0000", " .", " ,", ", \n", ": \n", "{", "⟦", "  "} {
					if strings.Contains(text, hole) {
						t.Errorf("%q in the text:\n%s", hole, text)
					}
				}
				for _, hole := range []string{"0000", `16px"></p>`, `4px 0"></td>`, `"m"></th>`, "></h1>"} {
					if strings.Contains(page, hole) {
						t.Errorf("%q in the page:\n%s", hole, page)
					}
				}
			})
		}
	}
}

func TestLinkIsSeenAndTheSameEverywhere(t *testing.T) {
	const link = "https://setup.dayone.example/setup#" + secret
	hrefs := regexp.MustCompile(`href="([^"]*)"`)
	for _, kind := range kinds(t) {
		t.Run(string(kind), func(t *testing.T) {
			_, text, page := compose(t, letter(kind, "en"))
			found := hrefs.FindAllStringSubmatch(page, -1)
			switch kind {
			case commerce.LetterClosed, commerce.LetterReplaced, commerce.LetterRemoved, commerce.LetterAccessRefused, commerce.LetterAccessTaken: // what they tell of is over
				if len(found) > 0 || strings.Contains(text+page, secret) {
					t.Error("a letter that opens nothing has a link")
				}
				return
			}
			if len(found) != 2 {
				t.Fatalf("%d links, want the button and the visible one", len(found))
			}
			for _, href := range found {
				if got := html.UnescapeString(href[1]); got != link {
					t.Errorf("href = %q, want %q", got, link)
				}
			}
			if !strings.Contains(html.UnescapeString(page), ">"+link+"</a>") {
				t.Error("the link cannot be read in the page")
			}
			if !slices.Contains(strings.Split(text, "\n"), link) {
				t.Error("the link has no line of its own in the text")
			}
			if n := strings.Count(text, secret); n != 1 {
				t.Errorf("the secret is %d times in the text, want once", n)
			}
		})
	}
}

func TestLettersThatMayOpenNothingComeWithoutAButton(t *testing.T) {
	for _, kind := range []commerce.LetterKind{
		commerce.LetterOrderSetUp, commerce.LetterActive, commerce.LetterRepNotStarted, commerce.LetterRepBounced,
		commerce.LetterRepUnrecognised, commerce.LetterRepProvisioningFailed, commerce.LetterRepStuck, commerce.LetterRepChangeRefused,
	} {
		l := letter(kind, "en")
		l.Link = mail.Link{}
		_, text, page := compose(t, l)
		if strings.Contains(page, "<a ") || strings.Contains(text, "http") || strings.Contains(text, "Do not use the link") {
			t.Errorf("%s speaks of a link it does not have:\n%s", kind, text)
		}
	}
}

func TestLetterWithAHoleIsNotComposed(t *testing.T) {
	for name, broken := range map[string]func(*mail.Letter){
		"of no kind":            func(l *mail.Letter) { l.Kind = "postcard" },
		"no link":               func(l *mail.Letter) { l.Link = mail.Link{} },
		"an empty link":         func(l *mail.Letter) { l.Link = mail.LinkTo("") },
		"a link of no site":     func(l *mail.Letter) { l.Link = mail.LinkTo("/setup#" + secret) },
		"a link that is script": func(l *mail.Letter) { l.Link = mail.LinkTo("javascript:alert('" + secret + "')") },
		"a link on two lines":   func(l *mail.Letter) { l.Link = mail.LinkTo("https://a.example/#" + secret + "\nX: y") },
		"a link not to parse":   func(l *mail.Letter) { l.Link = mail.LinkTo("https://a.example:" + secret) },
		"no order number":       func(l *mail.Letter) { l.Order.ID = "" },
		"a customer of spaces":  func(l *mail.Letter) { l.Order.Customer = " \u2028 " },
		"no end of the window":  func(l *mail.Letter) { l.Until = commerce.Date{} },
	} {
		t.Run(name, func(t *testing.T) {
			l := letter(commerce.LetterClosingSoon, "en")
			broken(&l)
			_, _, _, err := mail.Compose(l)
			if err == nil {
				t.Fatal("composed")
			}
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the error shows the secret: %v", err)
			}
		})
	}
}

func TestUnknownLanguageIsWrittenToInEnglish(t *testing.T) {
	subject, _, page := compose(t, letter(commerce.LetterSetup, "tlh"))
	if !strings.HasPrefix(subject, "Set up order") || !strings.Contains(page, `<html lang="en">`) {
		t.Errorf("subject = %q", subject)
	}
}

func TestSingleUseLinkSaysHowLongItWorks(t *testing.T) {
	for _, tc := range []struct {
		language, want string
		valid          time.Duration
	}{
		{"en", "for 1 hour.", time.Hour},
		{"en", "for 24 hours.", 24 * time.Hour},
		{"en", "for 7 days.", 7 * 24 * time.Hour},
		{"sl", "velja 1 uro.", time.Hour},
		{"sl", "velja 2 uri.", 2 * time.Hour},
		{"sl", "velja 3 ure.", 3 * time.Hour},
		{"sl", "velja 5 ur.", 5 * time.Hour},
		{"sl", "velja 2 dneva.", 48 * time.Hour},
		{"sl", "velja 3 dni.", 72 * time.Hour},
		{"sl", "velja 30 dni.", 30 * 24 * time.Hour},
	} {
		l := letter(commerce.LetterWelcome, tc.language)
		l.Valid = tc.valid
		if _, text, _ := compose(t, l); !strings.Contains(text, tc.want) {
			t.Errorf("%s %v: no %q in\n%s", tc.language, tc.valid, tc.want, text)
		}
	}
}

func TestSentenceEndsWithOneDot(t *testing.T) {
	for _, kind := range kinds(t) {
		for _, language := range texts.Tags() {
			l := letter(kind, language)
			l.Order.Customer, l.Organization = "Alpski mlini d.o.o.", "Alpski mlini d.d."
			subject, text, page := compose(t, l)
			if all := subject + text + page; strings.Contains(all, "..") {
				t.Errorf("%s %s: two dots in\n%s", kind, language, text)
			}
		}
	}
}

func TestUsersAreCountedAsTheLanguageCounts(t *testing.T) {
	for users, want := range map[int]string{1: "1 uporabnik\n", 2: "2 uporabnika\n", 3: "3 uporabniki\n", 5: "5 uporabnikov\n", 101: "101 uporabnik\n", 102: "102 uporabnika\n"} {
		l := letter(commerce.LetterSetup, "sl")
		l.Order.Users = users
		if _, text, _ := compose(t, l); !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// hostile are names that somebody could send to do harm.
var hostile = map[string]string{
	"markup":          `<img src=x onerror=alert(1)><script>alert(2)</script>`,
	"an attribute":    `" onmouseover="alert(1)`,
	"a template":      `{{.Link}} {order} {customer}`,
	"a header":        "Alpine\r\nBcc: all@victim.example\r\n\r\nHello",
	"bare line ends":  "Alpine\nBcc: a@b.example\rX: y\x0bz\x85\u2028Subject: \u2029w",
	"nothing at all":  "Alpine\x00\x07\x1b[31m\x7fMills",
	"turned":          "Alpine \u202egnp.exe\u202c \u2066x\u2069",
	"broken":          "Alpine\xff\xfe Mills",
	"a formula":       `=HYPERLINK("https://evil.example","Alpine")`,
	"Arabic":          "شركة المطاحن",
	"Cyrillic":        "Альпийские мельницы",
	"long":            strings.Repeat("Alpine Mills ", 10),
	"long and Arabic": strings.Repeat("شركة ", 40),
	"accents":         strings.Repeat("e\u0301", 200),
}

func TestHostileNamesStayData(t *testing.T) {
	for name, value := range hostile {
		for _, kind := range kinds(t) {
			l := letter(kind, "en")
			l.Order.Customer, l.Order.Partner, l.Order.Family, l.Organization = value, value, value, value
			l.Representative.Name, l.Reason = value, value
			subject, text, page := compose(t, l)
			for _, r := range subject {
				if unicode.IsControl(r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) || '\u202a' <= r && r <= '\u202e' || '\u2066' <= r && r <= '\u2069' {
					t.Errorf("%s, %s: U+%04X in the subject", kind, name, r)
				}
			}
			if n := len([]rune(subject)); n > 140 || n == 0 {
				t.Errorf("%s, %s: a subject of %d characters", kind, name, n)
			}
			for _, harm := range []string{"<script>", "<img", `" onmouseover`, "\x00", "\x1b", "\u202e"} {
				if strings.Contains(page, harm) {
					t.Errorf("%s, %s: %q in the page", kind, name, harm)
				}
			}
			for line := range strings.SplitSeq(text, "\n") {
				if strings.HasPrefix(line, "Bcc:") || strings.ContainsAny(line, "\r\x00\x1b\u202e\u2028") {
					t.Errorf("%s, %s: the text has the line %q", kind, name, line)
				}
			}
		}
	}
}

func TestNameLosesNothingThatCanBeRead(t *testing.T) {
	for _, name := range []string{"markup", "an attribute", "a template", "a formula", "Cyrillic", "long"} {
		l := letter(commerce.LetterSetup, "en")
		l.Order.Customer = hostile[name]
		_, text, page := compose(t, l)
		want := strings.TrimSpace(hostile[name])
		if !strings.Contains(text, "Customer: "+want+"\n") {
			t.Errorf("%s is another name in the text:\n%s", name, text)
		}
		if !strings.Contains(html.UnescapeString(page), ">"+want+"</td>") {
			t.Errorf("%s is another name in the page", name)
		}
	}
}

func TestNameInArabicDoesNotTurnTheSentence(t *testing.T) {
	l := letter(commerce.LetterSetup, "en")
	l.Order.Customer = hostile["Arabic"]
	subject, text, page := compose(t, l)
	isolated := "\u2068" + hostile["Arabic"] + "\u2069"
	if !strings.Contains(text, isolated) || !strings.Contains(page, isolated) {
		t.Error("the name is not isolated")
	}
	if want := "Set up order ord_01JD8Z4S7K for " + hostile["Arabic"]; subject != want {
		t.Errorf("subject = %q, want %q", subject, want)
	}
}

func TestLongSubjectKeepsTheOrderAndWholeCharacters(t *testing.T) {
	l := letter(commerce.LetterSetup, "en")
	l.Order.Customer = hostile["accents"]
	subject, _, _ := compose(t, l)
	if !strings.HasPrefix(subject, "Set up order ord_01JD8Z4S7K for e\u0301") || !strings.HasSuffix(subject, "e\u0301…") {
		t.Errorf("subject = %q", subject)
	}
}

func TestPageIsTheOneFilePeopleNeed(t *testing.T) {
	for _, kind := range kinds(t) {
		_, _, page := compose(t, letter(kind, "sl"))
		if len(page) > 12<<10 {
			t.Errorf("%s: %d bytes", kind, len(page))
		}
		for _, other := range []string{"<img", "<script", "src=", "@import", "url("} {
			if strings.Contains(page, other) {
				t.Errorf("%s asks for something else: %s", kind, other)
			}
		}
		for _, part := range []string{`<html lang="sl">`, "prefers-color-scheme:dark", `name="viewport"`, "display:none;max-height:0", "help@dayone.example"} {
			if !strings.Contains(page, part) {
				t.Errorf("%s is without %s", kind, part)
			}
		}
	}
}

func TestSecretLeaksNowhereButIntoTheLetter(t *testing.T) {
	l := letter(commerce.LetterSetup, "en")
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("letter", "letter", l, "link", l.Link, "pointer", &l)
	slog.New(slog.NewTextHandler(&log, nil)).Info("letter", "letter", l, "link", l.Link, "pointer", &l)
	encoded, err := json.Marshal(map[string]any{"letter": l, "link": l.Link})
	if err != nil {
		t.Fatal(err)
	}
	printed := log.String() + string(encoded)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%t", "%p"} {
		printed += fmt.Sprintf(verb, l) + fmt.Sprintf(verb, l.Link) + fmt.Sprintf(verb, &l.Link) + fmt.Sprintf(verb, []any{l})
	}
	if strings.Contains(printed, secret) || strings.Contains(printed, fmt.Sprintf("%x", secret)) || strings.Contains(printed, "setup.dayone.example") {
		t.Errorf("the secret is in %s", printed)
	}
}

func TestOrderSaysWhatWasOrdered(t *testing.T) {
	order := commerce.Order{ID: "ord_1", Terms: commerce.Terms{
		Family: "A-FLEX", Partner: commerce.Party{Name: "Nordlicht"}, Customer: commerce.Party{Name: "Alpine"},
		Start: commerce.Date{Year: 2026, Month: time.December, Day: 1},
		Lines: []commerce.Line{{SKU: "A-FLEX-MEET", Quantity: 20}, {SKU: "A-FLEX-CALL", Quantity: 25}, {SKU: "A-FLEX-PSTN", Quantity: 400}},
	}}
	want := mail.Order{
		ID: "ord_1", Customer: "Alpine", Partner: "Nordlicht", Family: "A-FLEX", Start: order.Start, Users: 25,
		Services: []commerce.Service{commerce.Calling, commerce.Meetings},
	}
	if diff := cmp.Diff(want, mail.OrderOf(order)); diff != "" {
		t.Error(diff)
	}
}

func compose(t *testing.T, l mail.Letter) (subject, text, page string) {
	t.Helper()
	subject, text, page, err := mail.Compose(l)
	if err != nil {
		t.Fatalf("Compose: %v", err)
	}
	return subject, text, page
}

// golden compares got with a file under testdata, or writes it with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}
