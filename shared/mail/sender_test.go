package mail_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/google/go-cmp/cmp"

	"dayone/shared/commerce"
	"dayone/shared/mail"
)

// post is SES at the wire: it keeps every request and answers as it is told.
type post struct {
	*httptest.Server
	mu       sync.Mutex
	requests []request
}

type request struct {
	Method, Path, Authorization string
	Body                        map[string]any
}

func newPost(t *testing.T, answer http.HandlerFunc) *post {
	p := &post{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got := request{Method: r.Method, Path: r.URL.Path, Authorization: r.Header.Get("Authorization")}
		data, err := io.ReadAll(r.Body)
		if err != nil || json.Unmarshal(data, &got.Body) != nil {
			t.Errorf("the request is not JSON: %q (%v)", data, err)
		}
		p.mu.Lock()
		p.requests = append(p.requests, got)
		p.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

// seen are the requests so far.
func (p *post) seen() []request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.requests
}

// sender is a function's Sender whose SES is at url.
func sender(url string, changes ...string) *mail.Sender {
	environment := map[string]string{
		"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "key", "AWS_SESSION_TOKEN": "session",
		"SENDER": "Day One <setup@dayone.example>", "HELP_EMAIL": "help@dayone.example", "AWS_ENDPOINT_URL_SESV2": url,
	}
	for i := 0; i < len(changes); i += 2 {
		environment[changes[i]] = changes[i+1]
	}
	return mail.FromEnv(func(name string) string { return environment[name] })
}

func accepted(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprint(w, `{"MessageId":"0102018f-1"}`)
}

// failure answers as SES does where it fails.
func failure(status int, code string) http.HandlerFunc { return saying(status, code, "no") }

func saying(status int, code, message string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Amzn-Errortype", code)
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"message":%q}`, message)
	}
}

// reset cuts the connection after it has read the letter.
func reset(w http.ResponseWriter, _ *http.Request) {
	connection, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	connection.(*net.TCPConn).SetLinger(0)
	connection.Close()
}

func TestLetterArrivesWhole(t *testing.T) {
	ses := newPost(t, accepted)
	l := letter(commerce.LetterSetup, "sl")
	l.Order.Customer = "Mlin Čižman d.o.o."
	l.Help = ""
	id, err := sender(ses.URL).Send(t.Context(), l, map[string]string{"order": "ord_1", "letter": "ord_1.setup:ž", "empty": ""})
	if err != nil || id != "0102018f-1" {
		t.Fatalf("Send = %q, %v", id, err)
	}
	l.Help = "help@dayone.example"
	subject, text, page := compose(t, l)
	content := func(s string) map[string]any { return map[string]any{"Charset": "UTF-8", "Data": s} }
	header := func(name, value string) any { return map[string]any{"Name": name, "Value": value} }
	want := map[string]any{
		"FromEmailAddress": "Day One <setup@dayone.example>",
		"Destination":      map[string]any{"ToAddresses": []any{"provisioning@nordlicht.example"}},
		"ReplyToAddresses": []any{"help@dayone.example"},
		"Content": map[string]any{"Simple": map[string]any{
			"Subject": content(subject),
			"Body":    map[string]any{"Text": content(text), "Html": content(page)},
			"Headers": []any{header("Auto-Submitted", "auto-generated"), header("X-Auto-Response-Suppress", "All")},
		}},
		"EmailTags": []any{header("letter", "ord_1_setup__"), header("order", "ord_1")},
	}
	requests := ses.seen()
	if len(requests) != 1 {
		t.Fatalf("%d requests, want one", len(requests))
	}
	if diff := cmp.Diff(want, requests[0].Body); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	if r := requests[0]; r.Method != http.MethodPost || r.Path != "/v2/email/outbound-emails" || !strings.Contains(r.Authorization, "Credential=AKIDEXAMPLE/") {
		t.Errorf("request = %s %s, %s", r.Method, r.Path, r.Authorization)
	}
}

// notVerified is how SES names the identities that it does not know.
const notVerified = "Email address is not verified. The following identities failed the check in region EU-CENTRAL-1: "

func TestFailureIsOneRequestAndNamesItsOutcome(t *testing.T) {
	for name, tc := range map[string]struct {
		answer http.HandlerFunc
		want   error
	}{
		"rejected":                  {failure(400, "MessageRejected"), mail.ErrFaulty},
		"malformed":                 {failure(400, "BadRequestException"), mail.ErrFaulty},
		"no words at all":           {failure(400, ""), mail.ErrFaulty},
		"too long":                  {failure(413, ""), mail.ErrFaulty},
		"a tag":                     {saying(400, "BadRequestException", "Email tag values contain illegal characters"), mail.ErrFaulty},
		"a virus":                   {saying(400, "MessageRejected", "The message contains invalid content"), mail.ErrFaulty},
		"no domain":                 {saying(400, "BadRequestException", "Missing final '@domain'"), mail.ErrRefused},
		"a dot too many":            {saying(400, "BadRequestException", "Domain contains dot-dot"), mail.ErrRefused},
		"a mailbox that is none":    {saying(400, "BadRequestException", "Local address starts with dot"), mail.ErrRefused},
		"the address":               {saying(400, "BadRequestException", "Invalid email address provisioning@nordlicht.example."), mail.ErrRefused},
		"an address known as bad":   {saying(400, "MessageRejected", "Address blacklisted."), mail.ErrRefused},
		"the address of our help":   {saying(400, "BadRequestException", "Invalid email address help@dayone.example."), mail.ErrFaulty},
		"sender's identity":         {saying(400, "MessageRejected", notVerified+"setup@dayone.example"), mail.ErrPaused},
		"reader's, in the sandbox":  {saying(400, "MessageRejected", notVerified+"provisioning@nordlicht.example"), mail.ErrFaulty},
		"sender not verified":       {failure(400, "MailFromDomainNotVerifiedException"), mail.ErrPaused},
		"nothing of that name":      {failure(404, "NotFoundException"), mail.ErrPaused},
		"too fast":                  {failure(429, "TooManyRequestsException"), mail.ErrTooFast},
		"too fast, at the door":     {failure(400, "ThrottlingException"), mail.ErrTooFast},
		"too many today":            {saying(429, "TooManyRequestsException", "Daily message quota exceeded."), mail.ErrPaused},
		"too many today, at door":   {saying(400, "Throttling", "Daily message quota exceeded."), mail.ErrPaused},
		"the day's quota is spent":  {failure(400, "LimitExceededException"), mail.ErrPaused},
		"sending is switched off":   {failure(400, "SendingPausedException"), mail.ErrPaused},
		"the account is suspended":  {failure(400, "AccountSuspendedException"), mail.ErrPaused},
		"no permission":             {failure(403, "AccessDeniedException"), mail.ErrPaused},
		"a failure of the service":  {failure(500, "InternalServiceErrorException"), mail.ErrUnknown},
		"unavailable":               {failure(503, ""), mail.ErrUnknown},
		"a bad gateway's page":      {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<html>", http.StatusBadGateway) }, mail.ErrUnknown},
		"a reset":                   {reset, mail.ErrUnknown},
		"an answer cut off":         {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"Mess`) }, mail.ErrUnknown},
		"the request took too long": {failure(408, "RequestTimeout"), mail.ErrUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			ses := newPost(t, tc.answer)
			id, err := sender(ses.URL).Send(t.Context(), letter(commerce.LetterSetup, "en"), nil)
			if id != "" || !errors.Is(err, tc.want) {
				t.Fatalf("Send = %q, %v, want %v", id, err, tc.want)
			}
			for _, other := range []error{mail.ErrRefused, mail.ErrFaulty, mail.ErrPaused, mail.ErrUnknown, mail.ErrTooFast} {
				if !errors.Is(tc.want, other) && errors.Is(err, other) {
					t.Errorf("%v is also %v", err, other)
				}
			}
			if n := len(ses.seen()); n != 1 {
				t.Errorf("%d requests, want one", n)
			}
			if s := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(s, secret) || strings.Contains(s, ".example") {
				t.Errorf("the error shows the secret or an address: %s", s)
			}
		})
	}
}

func TestResetOfAKeptConnectionIsNotSentAgain(t *testing.T) {
	answers := make(chan http.HandlerFunc, 2)
	ses := newPost(t, func(w http.ResponseWriter, r *http.Request) { (<-answers)(w, r) })
	s := sender(ses.URL)
	answers <- accepted
	if _, err := s.Send(t.Context(), letter(commerce.LetterSetup, "en"), nil); err != nil {
		t.Fatal(err)
	}
	answers <- reset
	if _, err := s.Send(t.Context(), letter(commerce.LetterSetup, "en"), nil); !errors.Is(err, mail.ErrUnknown) {
		t.Errorf("Send = %v, want %v", err, mail.ErrUnknown)
	}
	if n := len(ses.seen()); n != 2 {
		t.Errorf("%d requests, want two", n)
	}
}

func TestReasonOfTheServiceStaysInTheError(t *testing.T) {
	ses := newPost(t, failure(400, "MessageRejected"))
	_, err := sender(ses.URL).Send(t.Context(), letter(commerce.LetterSetup, "en"), nil)
	if _, ok := errors.AsType[*types.MessageRejected](err); !ok {
		t.Errorf("Send = %v, want MessageRejected in it", err)
	}
}

func TestNoAnswerInTimeIsUnknown(t *testing.T) {
	released := make(chan struct{})
	ses := newPost(t, func(http.ResponseWriter, *http.Request) { <-released })
	t.Cleanup(func() { close(released) }) // before the server waits for its handlers
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := sender(ses.URL).Send(ctx, letter(commerce.LetterSetup, "en"), nil); !errors.Is(err, mail.ErrUnknown) {
		t.Errorf("Send = %v, want %v", err, mail.ErrUnknown)
	}
	if n := len(ses.seen()); n > 1 {
		t.Errorf("%d requests, want one", n)
	}
}

func TestNobodyAtTheOtherEndIsSentNothing(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	if _, err := sender(gone.URL).Send(t.Context(), letter(commerce.LetterSetup, "en"), nil); !errors.Is(err, mail.ErrPaused) {
		t.Errorf("Send = %v, want %v", err, mail.ErrPaused)
	}
}

func TestWhatMustNotBeSentIsNot(t *testing.T) {
	ses := newPost(t, accepted)
	for name, tc := range map[string]struct {
		to      commerce.Address
		link    string
		changes []string
		want    error
	}{
		"nobody":                   {"", "https://a.example/", nil, mail.ErrRefused},
		"two addresses":            {"a@a.example, b@b.example", "https://a.example/", nil, mail.ErrRefused},
		"an address with a header": {"a@a.example\r\nBcc: b@b.example", "https://a.example/", nil, mail.ErrRefused},
		"an address with a name":   {"Ana <a@a.example>", "https://a.example/", nil, mail.ErrRefused},
		"a letter with no link":    {"a@a.example", "", nil, mail.ErrFaulty},
		"no sender":                {"a@a.example", "https://a.example/", []string{"SENDER", ""}, mail.ErrPaused},
		"a sender of no address":   {"a@a.example", "https://a.example/", []string{"SENDER", "Day One"}, mail.ErrPaused},
		"no credentials":           {"a@a.example", "https://a.example/", []string{"AWS_ACCESS_KEY_ID", ""}, mail.ErrUnknown},
	} {
		l := letter(commerce.LetterSetup, "en")
		l.To, l.Link = tc.to, mail.LinkTo(tc.link)
		if _, err := sender(ses.URL, tc.changes...).Send(t.Context(), l, nil); !errors.Is(err, tc.want) {
			t.Errorf("%s: Send = %v, want %v", name, err, tc.want)
		}
	}
	if n := len(ses.seen()); n != 0 {
		t.Errorf("%d letters were sent", n)
	}
}

func TestLettersSentSideBySideAreOneRequestEach(t *testing.T) {
	ses := newPost(t, accepted)
	s := sender(ses.URL)
	var sending sync.WaitGroup
	for range 64 {
		sending.Go(func() {
			if _, err := s.Send(t.Context(), letter(commerce.LetterReminder, "sl"), nil); err != nil {
				t.Error(err)
			}
		})
	}
	sending.Wait()
	if n := len(ses.seen()); n != 64 {
		t.Errorf("%d requests, want 64", n)
	}
}
