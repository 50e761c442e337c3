package fault_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dayone/local/cloud"
	"dayone/local/cloud/cloudtest"
	"dayone/local/secrets"
)

// world is everything, running, with people and a commerce system that repeat what went wrong.
type world struct {
	*stage
	memory
	moments []moment // before each step, and after the last, of an undisturbed life
	end     state
	links   int // that were tried
}

// memory is what people, and this test, remember from step to step.
type memory struct {
	has    map[string]string // secrets and ids, by what they are for
	names  map[string]string // of ids that differ from run to run
	read   int               // letters whose links were tried
	orders int
}

func (m memory) clone() memory {
	m.has, m.names = maps.Clone(m.has), maps.Clone(m.names)
	return m
}

// trouble is what a run fails with.
type trouble struct{ error }

func (w *world) fail(format string, args ...any) { panic(trouble{fmt.Errorf(format, args...)}) }

// moment is everything between two steps of a life.
type moment struct {
	memory
	cloud cloud.State
	items map[string]items // by table
	state state
}

// live runs steps of a life in a world that begins with a moment.
func (s *stage) live(l life, begin moment, steps []step, faults ...fault) (w *world, err error) {
	w = &world{stage: s, memory: begin.memory.clone()}
	w.wire.reset(l.twice, faults, w.later)
	defer func() {
		switch p := recover().(type) {
		case nil:
		case trouble:
			err = p.error
		default:
			panic(p)
		}
	}()
	w.restore(begin)
	for _, s := range steps {
		if len(faults) == 0 {
			w.moments = append(w.moments, w.moment())
		}
		w.take(s)
	}
	last := w.moment()
	w.moments, w.end = append(w.moments, last), last.state
	return w, nil
}

// moment keeps everything as it is.
func (w *world) moment() moment {
	m := moment{items: map[string]items{}}
	known := secrets.Know(append(cloudtest.Mailed(w.Cloud), password)...)
	for _, t := range tables {
		m.items[t] = w.scan(t)
		if err := known.Items(m.items[t]); err != nil {
			w.fail("%s: %v", t, err)
		}
	}
	m.state = w.state(m.items)
	var err error
	if m.cloud, err = w.State(); err != nil {
		w.fail("%v", err)
	}
	m.memory = w.memory.clone()
	return m
}

// restore makes the tables and the cloud hold what they held at a moment, and nothing of the run before.
func (w *world) restore(m moment) {
	if err := w.Restore(m.cloud); err != nil {
		w.fail("restore: %v", err)
	}
	for _, t := range tables {
		if err := w.rewrite(t, m.items[t]); err != nil {
			w.fail("restore %s: %v", t, err)
		}
	}
}

// object is a JSON object.
type object map[string]any

// text is what a path of names leads to.
func (o object) text(path ...string) string {
	var v any = map[string]any(o)
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	s, _ := v.(string)
	return s
}

type answer struct {
	status int
	header http.Header
	object
	body string
}

// repeats is how often somebody tries again who got no answer, or one that is not theirs to mend.
const repeats = 8

// ask sends a request as its sender does: the same again until there is an answer that is theirs. Statuses are the
// answers that they understand.
func (w *world) ask(method, path, secret string, body any, statuses []int, header ...string) answer {
	var a answer
	var err error
	for range repeats {
		if a, err = w.send(method, path, secret, body, header...); err == nil && a.status < 500 && a.status != http.StatusTooManyRequests {
			break
		}
	}
	if err != nil || !slices.Contains(statuses, a.status) {
		w.fail("%s %s: %d %s %v", method, path, a.status, a.body, err)
	}
	return a
}

var ok = []int{200}

func (w *world) send(method, path, secret string, body any, header ...string) (answer, error) {
	sent, err := json.Marshal(body)
	if err != nil {
		return answer{}, err
	}
	if body == nil {
		sent = nil
	}
	r, err := http.NewRequestWithContext(w.ctx, method, w.URL+path, strings.NewReader(string(sent)))
	if err != nil {
		return answer{}, err
	}
	r.Header.Set("Accept", "application/json")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if secret != "" {
		r.Header.Set("Authorization", "Bearer "+secret)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	out, err := client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer out.Body.Close()
	b, err := io.ReadAll(out.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{status: out.StatusCode, header: out.Header, body: string(b)}
	if len(b) > 0 && b[0] == '{' {
		err = json.Unmarshal(b, &a.object)
	}
	return a, err
}

var client = &http.Client{
	Transport:     &http.Transport{MaxIdleConnsPerHost: 4},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// schedulesOf is behind the name of a step while the schedules run after it.
const schedulesOf = ", schedules"

// take does a step and lets the schedules run until nothing is due soon. Then every link that was mailed meanwhile is
// tried.
func (w *world) take(s step) {
	w.wire.at(s.name)
	s.do(w)
	w.wire.at(s.name + schedulesOf)
	w.quiet()
	w.tryLinks()
}

// move moves the clock in one step and runs the schedules there. What fails comes back.
func (w *world) move(to time.Time) {
	if err := w.Set(w.ctx, to, 10*365*24*time.Hour); err != nil && len(w.wire.happened) == 0 {
		w.fail("move the clock: %v", err)
	}
}

// soon is longer than anything waits that failed, and shorter than all that a life waits for.
const soon = 35 * time.Minute

// quiet lets the schedules run, once a minute, until nothing is due soon. Those that would find nothing are left out.
func (w *world) quiet() {
	told := 0
	for range 60 {
		next, function := w.pending()
		switch now := w.Now(); {
		case function == "" && told < len(w.wire.happened): // what SES tells is told again to whoever failed
			told++
			w.run("Letters")
		case function == "":
			return
		case next.After(now):
			minutes := (next.Sub(now) + time.Minute - 1) / time.Minute
			if err := w.Jump(now.Add(minutes * time.Minute)); err != nil {
				w.fail("move the clock: %v", err)
			}
		default:
			w.run(function)
		}
	}
	w.fail("the schedules never come to rest")
}

// runAll runs every schedule once.
func (w *world) runAll() {
	for _, f := range []string{"Letters", "Provisioning", "Billing"} {
		w.run(f)
	}
}

// run runs a schedule. What fails comes back.
func (w *world) run(function string) {
	if err := w.Run(w.ctx, function); err != nil && len(w.wire.happened) == 0 {
		w.fail("%v", err)
	}
}

// later runs a scheduled function as it would run when every lease of now has ended.
func (w *world) later(function string) {
	event, err := json.Marshal(map[string]any{"source": "aws.events", "detail-type": "Scheduled Event", "time": w.Now().Add(3 * time.Minute)})
	if err == nil {
		_, err = w.Invoke(w.ctx, function, event)
	}
	if err != nil {
		w.fail("a run after the lease: %v", err)
	}
}

// pending is when something that is due soon can be done next, and the function that does it.
func (w *world) pending() (next time.Time, function string) {
	if !w.anySoon() {
		return next, ""
	}
	for _, i := range w.scan("OrdersTable") {
		due, waits := i["due_at"].(*types.AttributeValueMemberS)
		if !waits {
			continue
		}
		stamp, _, _ := strings.Cut(due.Value, "#")
		at, err := time.Parse(time.RFC3339, stamp)
		if err != nil {
			w.fail("due at %q", due.Value)
		}
		if at.After(w.Now().Add(soon)) {
			continue
		}
		if lease := number(i["lease_until"]); lease > 0 {
			if until := time.UnixMilli(lease).UTC(); until.After(at) {
				at = until
			}
		}
		if function == "" || at.Before(next) {
			key, _, _ := strings.Cut(word(i["due"]), "#")
			next, function = at, strings.ToUpper(key[:1])+key[1:]
		}
	}
	return next, function
}

// anySoon reports whether the index has something that is due soon: it holds far less than the table.
func (w *world) anySoon() bool {
	name, index := w.Table("OrdersTable"), "due"
	pages := dynamodb.NewScanPaginator(w.DynamoDB, &dynamodb.ScanInput{TableName: &name, IndexName: &index})
	for pages.HasMorePages() {
		page, err := pages.NextPage(w.ctx)
		if err != nil {
			w.fail("read what is due: %v", err)
		}
		if slices.ContainsFunc(page.Items, func(i map[string]types.AttributeValue) bool {
			return word(i["due_at"]) <= w.Now().Add(soon).Format(time.RFC3339)
		}) {
			return true
		}
	}
	return false
}

// tryLinks opens every link of the letters that came since it was last called, and expects what the letter says.
func (w *world) tryLinks() {
	w.wire.quietly(func() {
		letters := w.Inbox()
		fresh := letters[:len(letters)-w.read]
		w.read = len(letters)
		for _, l := range fresh {
			for _, link := range l.Links {
				w.try(l, link)
			}
		}
	})
}

func (w *world) try(l cloud.Letter, link string) {
	u, err := url.Parse(link)
	if err != nil || u.Host != "dayone.example" {
		return
	}
	w.links++
	want, code := 200, ""
	var a answer
	switch {
	case u.Path == "/setup":
		a, err = w.send("POST", "/setup/start", u.Fragment, object{})
	case u.Path == "/password": // one that is too short is refused, and the link stays
		a, err = w.send("POST", "/password", "", object{"token": u.Fragment, "password": "short"})
		want, code = 400, "invalid"
	case u.Path == "/access":
		a, err = w.send("POST", "/access", "", object{"token": u.Fragment})
	default: // a page that asks to sign in
		a, err = w.send("GET", u.Path, "", nil)
		want, code = 401, ""
	}
	if err != nil || a.status != want || code != "" && !strings.Contains(a.body, code) {
		w.fail("the letter %q to %s: its link %s answers %d %s %v", l.Subject, l.To, u.Path, a.status, a.body, err)
	}
}

// secret is what the newest letter to an address has in its link under a path.
func (w *world) secret(to, path string) string {
	if secret := cloudtest.Secret(w.Cloud, to, path); secret != "" {
		return secret
	}
	w.fail("no letter to %s has a link under %s", to, path)
	return ""
}

func number(v types.AttributeValue) int64 {
	n, _ := v.(*types.AttributeValueMemberN)
	if n == nil {
		return 0
	}
	var i int64
	_, _ = fmt.Sscan(n.Value, &i)
	return i
}
