package mail

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"dayone/shared/commerce"
	"dayone/shared/texts"
)

// Calendar is the order's requested start date as a calendar file (RFC 5545), in the letter's language. The same order
// makes the same bytes, so that a calendar which gets it twice has it once.
func Calendar(l Letter) string {
	words := texts.For(l.Language)
	services := make([]string, len(l.Order.Services))
	for i, s := range l.Order.Services {
		services[i] = words.T("words.service_name." + string(s))
	}
	day := func(d commerce.Date) string { return strings.ReplaceAll(d.String(), "-", "") }
	var b strings.Builder
	for _, line := range []string{
		"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Day One//Orders//" + strings.ToUpper(words.Tag), "METHOD:PUBLISH",
		"BEGIN:VEVENT",
		"UID:" + escape(l.Order.ID) + "-start@dayone",
		"DTSTAMP:" + day(l.Order.Start) + "T000000Z", // of the event as it is told, which the date is all of
		"DTSTART;VALUE=DATE:" + day(l.Order.Start),
		"DTEND;VALUE=DATE:" + day(l.Order.Start.AddDays(1)),
		"SUMMARY:" + escape(words.T("words.start_date")+": "+l.Order.Customer),
		"DESCRIPTION:" + escape(words.T("words.order_number")+": "+l.Order.ID+"\n"+words.T("words.services")+": "+strings.Join(services, ", ")),
		"TRANSP:TRANSPARENT",
		"END:VEVENT", "END:VCALENDAR",
	} {
		fold(&b, line)
	}
	return b.String()
}

// escape makes s the text of a property: no character of it ends the line or the value.
func escape(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\n", `\n`).Replace(s)
}

// fold writes a line of at most 75 bytes, and what does not fit on lines that begin with a space.
func fold(b *strings.Builder, line string) {
	for room := 75; len(line) > room; room = 74 {
		cut := room
		for line[cut]&0xC0 == 0x80 { // within a character
			cut--
		}
		b.WriteString(line[:cut] + "\r\n ")
		line = line[cut:]
	}
	b.WriteString(line + "\r\n")
}

// attachments are the files of a letter: the order's start date, once it is confirmed that the order is set up.
func (l Letter) attachments() []types.Attachment {
	if l.Kind != commerce.LetterOrderSetUp {
		return nil
	}
	return []types.Attachment{{
		FileName:           aws.String(l.Order.ID + ".ics"),
		ContentType:        aws.String("text/calendar; charset=utf-8; method=PUBLISH"),
		ContentDisposition: types.AttachmentContentDispositionAttachment,
		RawContent:         []byte(Calendar(l)),
	}}
}
