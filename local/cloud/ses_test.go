package cloud_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"dayone/local/cloud"
	"dayone/local/cloud/cloudtest"
)

// mailer is SES as a function meets it: the SDK's client, without retries, and a sender.
type mailer struct {
	*sesv2.Client
	from string
}

func (s *stage) client(from string) mailer {
	return mailer{sesv2.New(sesv2.Options{
		BaseEndpoint: aws.String(s.env["Echo"]("AWS_ENDPOINT_URL_SESV2")),
		Region:       "eu-central-1",
		Credentials:  credentials.NewStaticCredentialsProvider("a", "b", ""),
		Retryer:      aws.NopRetryer{},
	}), from}
}

func (m mailer) SendEmail(ctx context.Context, in *sesv2.SendEmailInput) (*sesv2.SendEmailOutput, error) {
	in.FromEmailAddress = &m.from
	return m.Client.SendEmail(ctx, in)
}

func letter(to ...string) *sesv2.SendEmailInput {
	return &sesv2.SendEmailInput{
		Destination: &types.Destination{ToAddresses: to},
		EmailTags:   []types.MessageTag{{Name: aws.String("order"), Value: aws.String("o-1")}},
		Content: &types.EmailContent{Simple: &types.Message{
			Subject: &types.Content{Data: aws.String("Nastavite naročilo")},
			Body: &types.Body{
				Text: &types.Content{Data: aws.String("Hello")},
				Html: &types.Content{Data: aws.String(`<html><head></head><p><a href="https://a.example/setup?a=1&amp;b=2#psl_x">Set up now</a> <a href='https://b.example/'>B</a>`)},
			},
			Attachments: []types.Attachment{{FileName: aws.String("a.csv"), ContentType: aws.String("text/csv"), RawContent: []byte("a,b")}},
		}},
	}
}

func TestLettersAreKeptAndShown(t *testing.T) {
	t.Parallel()
	s := play(t, cloud.Config{})
	for _, to := range [][]string{{"one@a.example"}, {"two@a.example", "three@a.example"}} {
		out, err := s.client("Day One <orders@dayone.example>").SendEmail(t.Context(), letter(to...))
		if err != nil || *out.MessageId == "" {
			t.Fatalf("SendEmail = %v, %v", out, err)
		}
	}
	_, _, body := s.do(t, "GET", "/_local/inbox.json", "")
	var got []map[string]any
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"id": got[1]["id"], "to": "one@a.example", "subject": "Nastavite naročilo", "sent_at": "2026-11-23T12:00:00Z", "text": "Hello",
		"html": *letter().Content.Simple.Body.Html.Data, "links": []any{"https://a.example/setup?a=1&b=2#psl_x", "https://b.example/"},
	}
	if diff := cmp.Diff(want, got[1]); diff != "" {
		t.Errorf("the first letter (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]any{"two@a.example", "three@a.example"}, got[0]["to"]); diff != "" {
		t.Errorf("the newest letter's recipients: %s", diff)
	}
	l := s.Inbox()[1]
	if l.Link("https://b.") != "https://b.example/" || l.Link("https://c.") != "" || string(l.Attachments[0].Content) != "a,b" || l.Tags[0] != (cloud.Named{Name: "order", Value: "o-1"}) {
		t.Errorf("kept: %+v", l)
	}
	for path, part := range map[string]string{
		"/_local/inbox":                     "two@a.example, three@a.example",
		"/_local/inbox/" + l.ID:             "a.csv</a>, 3 bytes",
		"/_local/inbox/" + l.ID + "/html":   `<head><base target="_top">`,
		"/_local/inbox/nobody":              "no such letter",
		"/_local/inbox/" + l.ID + "/nobody": "Not Found",
	} {
		if _, _, body := s.do(t, "GET", path, ""); !strings.Contains(body, part) {
			t.Errorf("%s has no %q: %s", path, part, body)
		}
	}
}

func TestRefusesWhatSESRefuses(t *testing.T) {
	t.Parallel()
	s := play(t, cloud.Config{})
	for name, tc := range map[string]struct {
		from   string
		change func(*sesv2.SendEmailInput)
		want   string
	}{
		"unverified sender":     {"a@other.example", nil, "MessageRejected: Email address is not verified. The following identities failed the check in region EU-CENTRAL-1: a@other.example"},
		"another of the domain": {"help@dayone.example", nil, ""},
		"no recipient":          {"", func(in *sesv2.SendEmailInput) { in.Destination.ToAddresses = nil }, "BadRequestException: Destination must have at least one recipient"},
		"no at":                 {"", func(in *sesv2.SendEmailInput) { in.Destination.ToAddresses = []string{"a"} }, "BadRequestException: Missing final '@domain'"},
		"two ats":               {"", func(in *sesv2.SendEmailInput) { in.Destination.ToAddresses = []string{"a@@b.example"} }, "BadRequestException: Invalid email address"},
		"a line break": {"", func(in *sesv2.SendEmailInput) {
			in.Destination.ToAddresses = []string{"a@b.example\r\nBcc: c@d.example"}
		}, "BadRequestException: Invalid email address"},
		"not ASCII": {"", func(in *sesv2.SendEmailInput) { in.Destination.ToAddresses = []string{"a@šola.example"} }, "BadRequestException: Domain contains illegal character"},
		"no dot":    {"", func(in *sesv2.SendEmailInput) { in.Destination.ToAddresses = []string{"a@b"} }, "BadRequestException: Domain contains no dot"},
		"a long local": {"", func(in *sesv2.SendEmailInput) {
			in.Destination.ToAddresses = []string{strings.Repeat("a", 65) + "@b.example"}
		}, "BadRequestException: Address is too long"},
		"bad answer to":  {"", func(in *sesv2.SendEmailInput) { in.ReplyToAddresses = []string{"a"} }, "BadRequestException: Missing final '@domain'"},
		"fifty":          {"", func(in *sesv2.SendEmailInput) { in.Destination.BccAddresses = many(49) }, ""},
		"fifty-one":      {"", func(in *sesv2.SendEmailInput) { in.Destination.BccAddresses = many(50) }, "BadRequestException: Recipient count exceeds 50."},
		"no subject":     {"", func(in *sesv2.SendEmailInput) { in.Content.Simple.Subject.Data = aws.String("") }, "BadRequestException: Subject is required"},
		"broken subject": {"", func(in *sesv2.SendEmailInput) { in.Content.Simple.Subject.Data = aws.String("a\nb") }, "BadRequestException: Control characters are not allowed in the subject"},
		"no body":        {"", func(in *sesv2.SendEmailInput) { in.Content.Simple.Body = &types.Body{} }, "BadRequestException: Body must have text or HTML"},
		"bad tag":        {"", func(in *sesv2.SendEmailInput) { in.EmailTags[0].Value = aws.String("a b") }, "BadRequestException: Tag names and values may have letters, digits, _, -, . and @ only"},
		"bad header": {"", func(in *sesv2.SendEmailInput) {
			in.Content.Simple.Headers = []types.MessageHeader{{Name: aws.String("X-A"), Value: aws.String("a\r\nb")}}
		}, "BadRequestException: A header has an invalid name or value"},
		"raw": {"", func(in *sesv2.SendEmailInput) {
			in.Content = &types.EmailContent{Raw: &types.RawMessage{Data: []byte("a")}}
		}, "BadRequestException: Only simple content is played here"},
	} {
		t.Run(name, func(t *testing.T) {
			in := letter("a@b.example")
			if tc.change != nil {
				tc.change(in)
			}
			if tc.from == "" {
				tc.from = "orders@dayone.example"
			}
			before := len(s.Inbox())
			_, err := s.client(tc.from).SendEmail(t.Context(), in)
			if got := said(err); got != tc.want {
				t.Errorf("SendEmail: %q, want %q", got, tc.want)
			}
			if kept := len(s.Inbox()) > before; kept != (tc.want == "") {
				t.Errorf("kept: %v", kept)
			}
		})
	}
}

// said is what SES said, through the SDK's types.
func said(err error) string {
	no, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return ""
	}
	return no.ErrorCode() + ": " + no.ErrorMessage()
}

func many(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = "a@b.example"
	}
	return all
}

func TestMailCanBeMadeToFail(t *testing.T) {
	t.Parallel()
	s := play(t, cloud.Config{Now: cloudtest.Noon})
	s.FailMail(2, cloud.MailFailure{Status: http.StatusTooManyRequests})
	s.FailMail(1, cloud.MailFailure{Status: http.StatusInternalServerError, Taken: true})
	for i, want := range []struct {
		code string
		kept int
	}{{"TooManyRequestsException", 0}, {"TooManyRequestsException", 0}, {"InternalServiceErrorException", 1}, {"", 2}} {
		_, err := s.client("orders@dayone.example").SendEmail(t.Context(), letter("a@b.example"))
		if got, _, _ := strings.Cut(said(err), ":"); got != want.code || len(s.Inbox()) != want.kept {
			t.Errorf("letter %d: %q and %d kept, want %q and %d", i, got, len(s.Inbox()), want.code, want.kept)
		}
	}
}
