package cloud

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/html"
)

// Letter is one that SES took.
type Letter struct {
	ID          string       `json:"id"`
	SentAt      time.Time    `json:"sent_at"`
	From        string       `json:"from"`
	To          []string     `json:"to"`
	Cc          []string     `json:"cc,omitempty"`
	Bcc         []string     `json:"bcc,omitempty"`
	ReplyTo     []string     `json:"reply_to,omitempty"`
	Subject     string       `json:"subject"`
	Text        string       `json:"text"`
	HTML        string       `json:"html"`
	Links       []string     `json:"links"` // where the HTML links to, in order
	Tags        []Named      `json:"tags,omitempty"`
	Headers     []Named      `json:"headers,omitempty"`
	Attachments []Attachment `json:"attachments,omitempty"`
}

// Named is a tag or a header.
type Named struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Attachment is a file in a letter.
type Attachment struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Content []byte `json:"content"`
}

// Link is the first link of the letter that begins with a prefix, empty if it has none.
func (l Letter) Link(prefix string) string {
	i := slices.IndexFunc(l.Links, func(link string) bool { return strings.HasPrefix(link, prefix) })
	if i < 0 {
		return ""
	}
	return l.Links[i]
}

// post takes letters and keeps them.
type post struct {
	file     string
	identity string
	now      func() time.Time

	mu       sync.Mutex
	letters  []Letter // in the order they came
	failures []MailFailure
	news     []news              // what SES has to tell of them
	tells    map[string][]string // by configuration set, what it tells
}

func openPost(file, identity string, now func() time.Time) (*post, error) {
	p := &post{file: file, identity: identity, now: now}
	if file == "" {
		return p, nil
	}
	kept, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open the inbox: %w", err)
	}
	defer kept.Close()
	lines := bufio.NewReader(kept)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil { // the end, or a last line that a crash cut off
			return p, nil
		}
		var l Letter
		if err := json.Unmarshal(line, &l); err != nil {
			return nil, fmt.Errorf("read a letter in %s: %w", file, err)
		}
		p.letters = append(p.letters, l)
	}
}

// keep puts a letter into the inbox.
func (p *post) keep(id string, l Letter) error {
	l.ID, l.SentAt, l.Links = id, p.now(), links(l.HTML)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.letters = append(p.letters, l)
	if p.file == "" {
		return nil
	}
	line, err := json.Marshal(l)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(p.file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Close())
}

// Inbox returns the letters, newest first.
func (c *Cloud) Inbox() []Letter { return c.post.newestFirst() }

func (p *post) newestFirst() []Letter {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := slices.Clone(p.letters)
	slices.Reverse(all)
	return all
}

// links are the targets of a page's links, as a browser would follow them.
func links(page string) []string {
	found := []string{}
	tokens := html.NewTokenizer(strings.NewReader(page))
	for tokens.Next() != html.ErrorToken {
		t := tokens.Token()
		if t.Type != html.StartTagToken || t.Data != "a" {
			continue
		}
		for _, a := range t.Attr {
			if a.Key == "href" && !slices.Contains(found, a.Val) {
				found = append(found, a.Val)
			}
		}
	}
	return found
}

// view is a letter as the inbox's JSON shows it: one recipient is a text, several are a list.
func (l Letter) view() any {
	var to any = l.To
	if len(l.To) == 1 {
		to = l.To[0]
	}
	return struct {
		ID      string    `json:"id"`
		To      any       `json:"to"`
		Subject string    `json:"subject"`
		SentAt  time.Time `json:"sent_at"`
		Text    string    `json:"text"`
		HTML    string    `json:"html"`
		Links   []string  `json:"links"`
	}{l.ID, to, l.Subject, l.SentAt, l.Text, l.HTML, l.Links}
}
