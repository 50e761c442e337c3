package mail_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"dayone/shared/commerce"
	"dayone/shared/mail"
	"dayone/shared/texts"
)

func TestTheStartDateIsTheGoldenCalendar(t *testing.T) {
	for _, tag := range texts.Tags() {
		l := letter(commerce.LetterOrderSetUp, tag)
		l.Order.Customer = "Čokoladnica; “Ämter, Straßen & Söhne”, poslovna enota Škofja Loka z zelo dolgim imenom"
		got := mail.Calendar(l)
		golden(t, "order_set_up."+tag+".ics", got)
		for _, line := range strings.Split(strings.TrimSuffix(got, "\r\n"), "\r\n") {
			if len(line) > 75 || !utf8.ValidString(line) || strings.ContainsAny(line, "\r\n") {
				t.Errorf("%s: %q is %d bytes long", tag, line, len(line))
			}
		}
	}
}

func TestNoNameAddsALineToTheCalendar(t *testing.T) {
	l := letter(commerce.LetterOrderSetUp, "en")
	l.Order.Customer = "Mills\r\nATTENDEE:mailto:a@b.example\nX\\;,"
	got := mail.Calendar(l)
	if strings.Contains(got, "\nATTENDEE") || !strings.Contains(strings.ReplaceAll(got, "\r\n ", ""), `X\\\;\,`) {
		t.Errorf("a name is not all text: %s", got)
	}
}

func TestOnlyTheConfirmationHasTheCalendar(t *testing.T) {
	p := newPost(t, accepted)
	for _, kind := range []commerce.LetterKind{commerce.LetterOrderSetUp, commerce.LetterSetup} {
		if _, err := sender(p.URL).Send(t.Context(), letter(kind, "sl"), nil); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []int{1, 0} {
		var sent struct {
			Content struct {
				Simple struct {
					Attachments []struct {
						FileName, ContentType string
						RawContent            []byte
					}
				}
			}
		}
		body, err := json.Marshal(p.seen()[i].Body)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(body, &sent); err != nil {
			t.Fatal(err)
		}
		files := sent.Content.Simple.Attachments
		if len(files) != want {
			t.Fatalf("letter %d has %d files, want %d", i, len(files), want)
		}
		if want == 1 && (!strings.HasPrefix(files[0].ContentType, "text/calendar") || !strings.HasSuffix(files[0].FileName, ".ics") ||
			string(files[0].RawContent) != mail.Calendar(letter(commerce.LetterOrderSetUp, "sl"))) {
			t.Errorf("the file is %s, %s", files[0].FileName, files[0].ContentType)
		}
	}
}
