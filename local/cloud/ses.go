package cloud

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"dayone/local/template"
)

// MailFailure is what SES answers instead of taking a letter.
type MailFailure struct {
	Status  int    // of the answer, such as 429, 500 or 503
	Type    string // such as TooManyRequestsException; empty fits the status
	Message string // what SES says to it; empty says that a test asked for it
	Taken   bool   // whether the letter is delivered all the same, and only its answer is lost
}

// FailMail has the next n letters fail that way.
func (c *Cloud) FailMail(n int, f MailFailure) {
	c.post.mu.Lock()
	defer c.post.mu.Unlock()
	for range n {
		c.post.failures = append(c.post.failures, f)
	}
}

// sesError is how SES says no: the kind in a header, the words in the body.
type sesError struct {
	status        int
	kind, message string
}

func (e *sesError) Error() string { return e.kind + ": " + e.message }

func badRequest(format string, args ...any) error {
	return &sesError{http.StatusBadRequest, "BadRequestException", fmt.Sprintf(format, args...)}
}

func (e *sesError) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Amzn-Errortype", e.kind)
	w.WriteHeader(e.status)
	body, _ := json.Marshal(map[string]string{"message": e.message}) // a map of strings always encodes
	_, _ = w.Write(body)                                             // the client may be gone
}

// send plays SES v2's SendEmail.
func (p *post) send(w http.ResponseWriter, r *http.Request, may func(sender, set string) error) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 40<<20))
	if err != nil {
		return badRequest("The request cannot be read")
	}
	var in sesv2.SendEmailInput // its fields have the names of the JSON
	if err := json.Unmarshal(body, &in); err != nil {
		return badRequest("The request is not valid JSON")
	}
	failure, fails := p.nextFailure()
	if fails && !failure.Taken {
		return failure.error()
	}
	letter, err := p.accept(&in, may)
	if err != nil {
		return err
	}
	id := "01070000" + strings.ReplaceAll(newID(), "-", "") + "-000000"
	if err := p.keep(id, letter); err != nil {
		return err
	}
	p.watch(id, letter, configurationSet(&in))
	if fails {
		return failure.error()
	}
	writeJSON(w, http.StatusOK, map[string]string{"MessageId": id})
	return nil
}

func (p *post) nextFailure() (MailFailure, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.failures) == 0 {
		return MailFailure{}, false
	}
	f := p.failures[0]
	p.failures = p.failures[1:]
	return f, true
}

func (f MailFailure) error() error {
	kind := f.Type
	switch {
	case kind != "":
	case f.Status == http.StatusTooManyRequests:
		kind = "TooManyRequestsException"
	case f.Status == http.StatusServiceUnavailable:
		kind = "ServiceUnavailable"
	default:
		kind = "InternalServiceErrorException"
	}
	return &sesError{f.Status, kind, cmp.Or(f.Message, "The test asked for this")}
}

// mostRecipients is how many SES takes in one letter.
const mostRecipients = 50

// accept makes a letter of a request, or refuses it as SES does.
func (p *post) accept(in *sesv2.SendEmailInput, may func(sender, set string) error) (Letter, error) {
	var l Letter
	if in.FromEmailAddress == nil || *in.FromEmailAddress == "" {
		return l, badRequest("FromEmailAddress is required")
	}
	sender, err := address(*in.FromEmailAddress)
	if err != nil {
		return l, err
	}
	if !p.verified(sender) {
		return l, &sesError{http.StatusBadRequest, "MessageRejected", fmt.Sprintf(
			"Email address is not verified. The following identities failed the check in region %s: %s", strings.ToUpper(template.Region), sender)}
	}
	set := configurationSet(in)
	if _, there := p.tells[set]; !there && set != "" {
		return l, &sesError{http.StatusNotFound, "NotFoundException", fmt.Sprintf("Configuration set <%s> does not exist.", set)}
	}
	if err := may(sender, set); err != nil {
		return l, err
	}
	l.From = *in.FromEmailAddress
	if d := in.Destination; d != nil {
		l.To, l.Cc, l.Bcc = d.ToAddresses, d.CcAddresses, d.BccAddresses
	}
	recipients := slices.Concat(l.To, l.Cc, l.Bcc)
	switch {
	case len(recipients) == 0:
		return l, badRequest("Destination must have at least one recipient")
	case len(recipients) > mostRecipients:
		return l, badRequest("Recipient count exceeds %d.", mostRecipients)
	}
	l.ReplyTo = in.ReplyToAddresses
	for _, a := range slices.Concat(recipients, l.ReplyTo) {
		if _, err := address(a); err != nil {
			return l, err
		}
	}
	if in.Content == nil || in.Content.Simple == nil {
		return l, badRequest("Only simple content is played here")
	}
	if err := l.fill(in.Content.Simple); err != nil {
		return l, err
	}
	return l, l.tag(in.EmailTags)
}

// configurationSet is the one that a letter is sent with, "" for none.
func configurationSet(in *sesv2.SendEmailInput) string {
	if in.ConfigurationSetName == nil {
		return ""
	}
	return *in.ConfigurationSetName
}

func (l *Letter) fill(m *types.Message) error {
	if m.Subject == nil || m.Subject.Data == nil || *m.Subject.Data == "" {
		return badRequest("Subject is required")
	}
	l.Subject = *m.Subject.Data
	if strings.ContainsFunc(l.Subject, unicode.IsControl) {
		return badRequest("Control characters are not allowed in the subject")
	}
	if b := m.Body; b != nil {
		l.Text, l.HTML = data(b.Text), data(b.Html)
	}
	if l.Text == "" && l.HTML == "" {
		return badRequest("Body must have text or HTML")
	}
	for _, h := range m.Headers {
		if h.Name == nil || h.Value == nil || !headerName.MatchString(*h.Name) || len(*h.Value) > 995 || strings.ContainsFunc(*h.Value, unicode.IsControl) {
			return badRequest("A header has an invalid name or value")
		}
		l.Headers = append(l.Headers, Named{*h.Name, *h.Value})
	}
	for _, a := range m.Attachments {
		if a.FileName == nil || len(a.RawContent) == 0 {
			return badRequest("An attachment needs a name and content")
		}
		kind := ""
		if a.ContentType != nil {
			kind = *a.ContentType
		}
		l.Attachments = append(l.Attachments, Attachment{*a.FileName, kind, a.RawContent})
	}
	return nil
}

func (l *Letter) tag(tags []types.MessageTag) error {
	for _, t := range tags {
		if t.Name == nil || t.Value == nil || !tagText.MatchString(*t.Name) || !tagText.MatchString(*t.Value) {
			return badRequest("Tag names and values may have letters, digits, _, -, . and @ only")
		}
		l.Tags = append(l.Tags, Named{*t.Name, *t.Value})
	}
	return nil
}

func data(c *types.Content) string {
	if c == nil || c.Data == nil {
		return ""
	}
	return *c.Data
}

var (
	headerName = regexp.MustCompile(`^[!-9;-~]{1,126}$`)
	tagText    = regexp.MustCompile(`^[A-Za-z0-9_.@-]{1,256}$`)
	asciiWord  = regexp.MustCompile(`^[!-~]+$`)
)

// verified: the sender's own address or its domain, as identities of SES go.
func (p *post) verified(sender string) bool {
	_, own, _ := strings.Cut(p.identity, "@")
	_, domain, _ := strings.Cut(sender, "@")
	return strings.EqualFold(sender, p.identity) || strings.EqualFold(domain, own)
}

// address is the plain address in one that may have a display name, or SES's refusal.
func address(s string) (string, error) {
	parsed, err := mail.ParseAddress(s)
	if err != nil {
		if !strings.Contains(s, "@") {
			return "", badRequest("Missing final '@domain'")
		}
		return "", badRequest("Invalid email address")
	}
	at := strings.LastIndexByte(parsed.Address, '@')
	local, domain := parsed.Address[:at], parsed.Address[at+1:]
	switch {
	case !asciiWord.MatchString(local):
		return "", badRequest("Local address contains control or whitespace")
	case len(local) > 64 || len(parsed.Address) > 320:
		return "", badRequest("Address is too long")
	case !asciiWord.MatchString(domain) || strings.ContainsAny(domain, "_[]"):
		return "", badRequest("Domain contains illegal character")
	case !strings.Contains(domain, "."):
		return "", badRequest("Domain contains no dot")
	}
	return parsed.Address, nil
}
