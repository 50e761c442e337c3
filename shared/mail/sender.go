package mail

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	netmail "net/mail"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/smithy-go"

	"dayone/shared/env"
)

// What became of a letter that Send could not report as accepted. Every error of Send is one of the first four.
var (
	// ErrRefused says that nothing was sent and that the address is at fault: whatever is sent there will be refused again.
	ErrRefused = errors.New("the mail service refused the address")
	// ErrFaulty says that nothing was sent and that the letter is at fault, not its address: what we wrote or sent with it. Others may fare better;
	// once we mended that, this one is taken. Whatever SES refuses in words that are not known to be about the address is this.
	ErrFaulty = errors.New("the mail service refused what we wrote")
	// ErrPaused says that nothing was sent and that the letter is not at fault, so that the next would fare the same: too fast, over the day's quota,
	// sending switched off, an identity or a configuration set that is not there, no access, no connection. Try again later.
	ErrPaused = errors.New("the mail service takes no letters now")
	// ErrUnknown says that the letter may have been sent or not: the answer was lost, late or a failure of the service.
	ErrUnknown = errors.New("the mail service did not answer")
	// ErrTooFast is the ErrPaused that is over in a second: SES takes so many letters a second, and this was one more.
	ErrTooFast = fmt.Errorf("%w: too many at once", ErrPaused)
)

// patience is how long one letter may take. SES answers in a tenth of a second; a lease must not be held by a dead connection.
const patience = 10 * time.Second

// idle is how long an unused connection is trusted. A function that was frozen between two runs wakes up with connections the other side has
// closed; a letter written to one of those has an unknown outcome, so they are thrown away before the next minute's run.
const idle = 20 * time.Second

// Sender gives letters to SES, each at most once.
type Sender struct {
	ses             *sesv2.Client
	from, help, set string
}

// FromEnv makes a Sender of a function's environment: SENDER is the From address, HELP_EMAIL is where answers go,
// CONFIGURATION_SET, where set, is what has SES tell of deliveries and bounces, and AWS_ENDPOINT_URL_SESV2, where set, is
// who is called in place of SES.
func FromEnv(getenv func(string) string) *Sender {
	config := env.AWS(getenv, func(t *http.Transport) { t.IdleConnTimeout = idle })
	return &Sender{
		ses: sesv2.NewFromConfig(config, func(o *sesv2.Options) {
			o.Retryer = aws.NopRetryer{} // SES knows no idempotency: a second try would be a second letter
			if endpoint := getenv("AWS_ENDPOINT_URL_SESV2"); endpoint != "" {
				o.BaseEndpoint = &endpoint
			}
		}),
		from: getenv("SENDER"),
		help: getenv("HELP_EMAIL"),
		set:  getenv("CONFIGURATION_SET"),
	}
}

// Send composes l and asks SES once to send it. It answers SES's id of the message, or an error that is ErrRefused, ErrFaulty, ErrPaused or ErrUnknown,
// with SES's reason in it and nobody's address.
// The tags come back with every delivery and bounce event of the letter; characters that SES allows in no tag become "_".
func (s *Sender) Send(ctx context.Context, l Letter, tags map[string]string) (messageID string, err error) {
	if l.Help == "" {
		l.Help = s.help
	}
	if _, err := netmail.ParseAddress(s.from); err != nil { // SES would not say whose address it is that is wrong
		return "", fmt.Errorf("send %s letter: %w: SENDER is no address", l.Kind, ErrPaused)
	}
	if !single(string(l.To)) {
		return "", fmt.Errorf("send %s letter: %w: not one address", l.Kind, ErrRefused)
	}
	subject, text, html, err := Compose(l)
	if err != nil {
		return "", fmt.Errorf("send %s letter: %w: %w", l.Kind, ErrFaulty, err)
	}
	input := &sesv2.SendEmailInput{
		FromEmailAddress: &s.from,
		Destination:      &types.Destination{ToAddresses: []string{string(l.To)}},
		Content: &types.EmailContent{Simple: &types.Message{
			Subject: utf8(subject),
			Body:    &types.Body{Text: utf8(text), Html: utf8(html)},
			Headers: []types.MessageHeader{
				// Holiday notes and ticket systems leave alone what says this of itself (RFC 3834; Exchange has its own word).
				{Name: aws.String("Auto-Submitted"), Value: aws.String("auto-generated")},
				{Name: aws.String("X-Auto-Response-Suppress"), Value: aws.String("All")},
			},
			Attachments: l.attachments(),
		}},
		EmailTags: emailTags(tags),
	}
	if s.set != "" {
		input.ConfigurationSetName = &s.set
	}
	if single(s.help) {
		input.ReplyToAddresses = []string{s.help}
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	sent, err := s.ses.SendEmail(ctx, input)
	if err != nil {
		became := outcome(err, string(l.To))
		return "", &failure{discreet(fmt.Sprintf("send %s letter: %v: %v", l.Kind, became, err), string(l.To)), []error{became, err}}
	}
	return aws.ToString(sent.MessageId), nil
}

// failure is an error whose text may be logged and stored: SES quotes addresses.
type failure struct {
	text   string
	causes []error
}

func (f *failure) Error() string   { return f.text }
func (f *failure) Unwrap() []error { return f.causes }

// mailbox is an address in a text.
var mailbox = regexp.MustCompile(`[^\s@<>"'(),:;]+@[^\s@<>"'(),:;]+`)

// discreet is a text without addresses, that of the reader in particular.
func discreet(text, to string) string {
	return mailbox.ReplaceAllString(strings.ReplaceAll(text, to, "<address>"), "<address>")
}

// outcome is which of the errors of Send err is, for a letter to the given address.
func outcome(err error, to string) error {
	if _, no := errors.AsType[*types.LimitExceededException](err); no { // the day's quota, which SES answers with 400
		return ErrPaused
	}
	if _, no := errors.AsType[*types.SendingPausedException](err); no {
		return ErrPaused
	}
	if _, no := errors.AsType[*types.AccountSuspendedException](err); no {
		return ErrPaused
	}
	if busy, no := errors.AsType[*types.TooManyRequestsException](err); no {
		return paused(busy.ErrorMessage())
	}
	if ours(err, to) {
		return ErrPaused // a letter cannot help that, and the next one would fare the same
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok && strings.Contains(api.ErrorCode(), "Throttl") {
		return paused(api.ErrorMessage()) // the code of every AWS service's front door, whatever its status
	}
	if call, ok := errors.AsType[*net.OpError](err); ok && call.Op == "dial" {
		return ErrPaused // there was no connection that could have carried the letter
	}
	if answer, ok := errors.AsType[*awshttp.ResponseError](err); ok {
		switch status := answer.HTTPStatusCode(); {
		case status == http.StatusRequestTimeout:
			return ErrUnknown
		case status == http.StatusTooManyRequests:
			return ErrTooFast
		case status == http.StatusUnauthorized, status == http.StatusForbidden:
			return ErrPaused
		case status == http.StatusBadRequest && misaddressed(err, to):
			return ErrRefused
		case status >= 400 && status < 500: // MessageRejected, BadRequest
			return ErrFaulty
		}
		return ErrUnknown
	}
	return ErrUnknown
}

// paused is which ErrPaused SES means that has had enough: "Maximum sending rate exceeded." is of a second, "Daily message
// quota exceeded." of a day.
func paused(message string) error {
	if strings.Contains(strings.ToLower(message), "quota") {
		return ErrPaused
	}
	return ErrTooFast
}

// misaddressed reports whether SES refuses because of the address. No code says so, and of BadRequest and MessageRejected only these words do. They
// are of an address of the request, and it has others, which are ours: one that is quoted must be the reader's.
func misaddressed(err error, to string) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok || mailbox.MatchString(api.ErrorMessage()) && !strings.Contains(api.ErrorMessage(), to) {
		return false
	}
	message := strings.ToLower(api.ErrorMessage())
	return slices.ContainsFunc([]string{
		"missing final '@domain'", "missing local name", "missing domain", "user name is missing", "local address ", "domain contains", "domain starts",
		"domain ends", "illegal address", "invalid email address", "invalid domain name", "address blacklisted",
	}, func(words string) bool { return strings.Contains(message, words) })
}

// ours reports whether SES refuses because of how it is set up for us: an identity that is not verified, a configuration set that is not there. In the
// sandbox the identity may be the reader's own, and then other letters go out.
func ours(err error, to string) bool {
	if _, no := errors.AsType[*types.MailFromDomainNotVerifiedException](err); no {
		return true
	}
	if _, no := errors.AsType[*types.NotFoundException](err); no {
		return true
	}
	rejected, no := errors.AsType[*types.MessageRejected](err)
	return no && strings.Contains(rejected.ErrorMessage(), "not verified") && !strings.Contains(rejected.ErrorMessage(), to)
}

// single reports whether s is one address that no header can be hidden in.
func single(s string) bool {
	parsed, err := netmail.ParseAddress(s)
	return err == nil && parsed.Address == s && strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

func utf8(s string) *types.Content { return &types.Content{Data: &s, Charset: aws.String("UTF-8")} }

// emailTags are tags in the alphabet of SES, sorted so that the same letter makes the same request.
func emailTags(tags map[string]string) []types.MessageTag {
	list := make([]types.MessageTag, 0, len(tags))
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		if tags[name] == "" { // SES refuses a tag without a value, and the letter with it
			continue
		}
		list = append(list, types.MessageTag{Name: aws.String(tag(name)), Value: aws.String(tag(tags[name]))})
	}
	return list
}

func tag(s string) string {
	s = strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_' || r == '-' {
			return r
		}
		return '_'
	}, s)
	return s[:min(len(s), 256)]
}
