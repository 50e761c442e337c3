package flow_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dayone/local/call"
	"dayone/local/engine/enginetest"
	"dayone/local/secrets"
	"dayone/shared/api"
	"dayone/shared/commerce"
)

// journal is everything that was logged by this test binary, whoever logged it.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// logs begins the journal, at the first call.
var logs = sync.OnceValue(func() *journal {
	j := &journal{}
	enginetest.Log().To(io.MultiWriter(os.Stderr, j))
	return j
})

// watcher sees all that a world's people send and get, for the search at the end of its test: no secret may be anywhere
// but where it is meant to be.
type watcher struct {
	mu      sync.Mutex
	typed   []string // passwords
	answers []seen
}

// seen is an answer, and what it answered.
type seen struct {
	what string
	answer
}

// watch has everything searched at the end of the test.
func (w *world) watch() {
	w.Cleanup(func() {
		known := secrets.Know(w.secrets()...)
		w.search("the log", logs().String(), known)
		for what, text := range w.stored() {
			w.search(what, text, known)
		}
		for _, s := range w.seen.answers {
			w.search("the answer to "+s.what, meant(s.answer), known)
			w.sealed(s)
		}
		for _, l := range w.Inbox() {
			for _, link := range l.Links {
				w.secretless("letter "+l.Subject, link, known)
			}
		}
	})
}

// saw keeps an answer, and the passwords of what it answered.
func (w *world) saw(r *http.Request, a answer) {
	s := seen{r.Method + " " + r.URL.Path, a}
	var typed []string
	if r.GetBody != nil {
		if sent, err := r.GetBody(); err == nil {
			b, _ := io.ReadAll(sent)
			var body struct{ Password string }
			if form, err := url.ParseQuery(string(b)); err == nil {
				typed = append(typed, form["password"]...)
			}
			if json.Unmarshal(b, &body) == nil {
				typed = append(typed, body.Password)
			}
		}
	}
	w.seen.mu.Lock()
	defer w.seen.mu.Unlock()
	w.seen.answers = append(w.seen.answers, s)
	for _, password := range typed {
		if len(password) >= 12 && !slices.Contains(w.seen.typed, password) { // shorter ones are part of many words
			w.seen.typed = append(w.seen.typed, password)
		}
	}
}

// secrets are those that this world has seen: of letters, of answers, typed.
func (w *world) secrets() []string {
	all := slices.Clone(w.seen.typed)
	for _, l := range w.Inbox() {
		all = append(all, secrets.Of(l.Text+l.HTML)...)
	}
	for _, s := range w.seen.answers {
		all = append(all, secrets.Of(s.Body+fmt.Sprint(s.Header))...)
	}
	for _, name := range []string{"ProvisionerSecret", "EventsSecret"} {
		if key := w.Template.Parameters[name]; key != "" {
			all = append(all, key)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (w *world) search(what, text string, known secrets.Known) {
	if found := known.In(text); found != "" {
		w.Errorf("%s has a secret: %s", what, found)
	}
}

// stored are all items of all tables as text, by table and key.
func (w *world) stored() map[string]string {
	all := map[string]string{}
	for _, table := range w.Template.Tables {
		pages := dynamodb.NewScanPaginator(w.DynamoDB, &dynamodb.ScanInput{TableName: aws.String(w.Table(table.ID))})
		for pages.HasMorePages() {
			page, err := pages.NextPage(w.end())
			if err != nil {
				w.Fatal(err)
			}
			for _, item := range page.Items {
				var key struct{ PK, SK string }
				if err := attributevalue.UnmarshalMap(item, &key); err != nil {
					w.Fatal(err)
				}
				all[table.ID+" "+key.PK+" "+key.SK] = secrets.Text(item)
			}
		}
	}
	return all
}

var (
	carried = regexp.MustCompile(`<input type="?(?:hidden"?|text"? id="?token"?) name="?token"? value="[^"]*"|href="/password#psp_[^"]*"`)
	given   = regexp.MustCompile(`"(password_token|session)":"[^"]*"`)
)

// meant is an answer without the secrets that it is there to carry: the token in the form of a page, hidden or as it was
// pasted, the link to the page for a password, the two tokens that a client is given, the cookie.
func meant(a answer) string {
	header := a.Header.Clone()
	if c := header.Get("Set-Cookie"); (strings.HasPrefix(c, "__Host-session=pss_") || strings.HasPrefix(c, "__Host-console=psc_")) && strings.HasSuffix(c, "; Path=/; HttpOnly; Secure; SameSite=Lax") {
		header.Del("Set-Cookie")
	}
	body := a.Body
	if strings.Contains(header.Get("Content-Type"), "html") {
		body = carried.ReplaceAllString(body, "")
	} else if a.Status == http.StatusOK {
		body = given.ReplaceAllString(body, "")
	}
	return fmt.Sprint(header) + body
}

var (
	inline = regexp.MustCompile(`(?s)<(script|style)([^>]*)>(.*?)</(?:script|style)>`)
	leads  = regexp.MustCompile(`(?:href|action|src)="([^"]*)"`)
)

// sealed holds a page to its headers: nothing inline runs or applies but by its hash, nothing is framed or indexed, and no
// address it leads to has a secret where a server would see it.
func (w *world) sealed(s seen) {
	if to := s.Header.Get("Location"); to != "" {
		w.secretless("the answer to "+s.what, to, secrets.Known{})
	}
	if s.Status >= 300 && s.Status < 400 || !strings.Contains(s.Header.Get("Content-Type"), "text/html") {
		return
	}
	policy := s.Header.Get("Content-Security-Policy")
	found := inline.FindAllStringSubmatch(s.Body, -1)
	for _, m := range found {
		sum := sha256.Sum256([]byte(m[3]))
		if m[2] != "" || !strings.Contains(policy, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'") {
			w.Errorf("%s: a %s that the policy does not allow: %s", s.what, m[1], policy)
		}
	}
	if n := strings.Count(policy, "'sha256-"); n != len(found) || len(found) == 0 {
		w.Errorf("%s: %d hashes for %d inline parts", s.what, n, len(found))
	}
	for _, want := range []string{"default-src 'none'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, want) {
			w.Errorf("%s: the policy has no %s: %s", s.what, want, policy)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(s.Body, " style=\"") || regexp.MustCompile(`<[^>]* on[a-z]+="`).MatchString(s.Body) {
		w.Errorf("%s: something inline without a hash", s.what)
	}
	for name, want := range map[string]string{"Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "X-Robots-Tag": "noindex"} {
		if s.Header.Get(name) != want {
			w.Errorf("%s: %s is %q", s.what, name, s.Header.Get(name))
		}
	}
	for _, m := range leads.FindAllStringSubmatch(s.Body, -1) {
		w.secretless("the page of "+s.what, m[1], secrets.Known{})
	}
}

// secretless fails the test where the path or the query of an address has a secret.
func (w *world) secretless(what, address string, known secrets.Known) {
	u, err := url.Parse(address)
	if err != nil {
		w.Errorf("%s leads to %q: %v", what, address, err)
		return
	}
	w.search("a link of "+what, u.EscapedPath()+"?"+u.RawQuery, known)
}

// The whole life, by pages and by JSON, with everything that can go wrong on the way, told to everybody it is told to.
func TestNoSecretIsAnywhereItIsNotMeantToBe(t *testing.T) {
	w := begin(t, nil)
	id, link := w.invited(order{})
	for _, path := range []string{"/setup%23" + link, "/setup/%23" + link, "/password%23" + link, "/setup?token=" + link} {
		w.ask("GET", path, "", nil, "Accept", "text/html")
		w.ask("GET", path, "", nil)
	}
	for _, step := range []string{"start", "role", "who", "partner-organization", "customer-admin", "review", "complete", "nonsense"} {
		w.form("/setup/"+step, url.Values{"token": {link}, "role": {"partner"}, "set_up_by": {"nobody"}})
		w.form("/setup/"+step, url.Values{"token": {link}, "unknown": {"x"}})
		w.ask("POST", "/setup/"+step, link, object{"role": "partner", "unknown": "x"})
		w.ask("POST", "/setup/"+step, link+"x", object{"role": "partner"})
		w.ask("POST", "/setup/"+step, "", object{"token": link, "role": "partner"})
	}
	answers := asPartner("new", it)
	form := url.Values{"token": {link}}
	for name, value := range answers {
		form.Set(name, fmt.Sprint(value))
	}
	digest := w.ask("POST", "/setup/review", link, answers).want(w, 200).Text("review_digest")
	form.Set("review_digest", digest)
	done := w.form("/setup/complete", form).want(w, 200)
	first := regexp.MustCompile(`/password#(psp_[A-Za-z0-9_-]{43})`).FindStringSubmatch(done.Body)
	if first == nil {
		t.Fatalf("the last page leads to no password: %s", done.Body)
	}
	w.form("/setup/start", url.Values{"token": {link}}).want(w, 410)

	const short, chosen, wrong, another = "hunter2-canary", "the canary sings at dawn", "the canary sleeps at noon", "the canary flies at dusk"
	for _, secret := range []string{first[1], first[1] + "x", strings.Replace(first[1], "psp_", "psl_", 1)} {
		w.form("/password", url.Values{"token": {secret}, "password": {short}})
		w.ask("POST", "/password", "", object{"token": secret, "password": short})
		w.ask("POST", "/password", "", object{"token": secret, "password": short, "unknown": chosen})
	}
	w.form("/password", url.Values{"token": {first[1]}, "password": {chosen}})
	w.ask("POST", "/password", "", object{"token": first[1], "password": another}).want(w, 410)
	for range 6 {
		w.form("/sign-in", url.Values{"email": {ana}, "password": {wrong}})
		w.ask("POST", "/sign-in", "", object{"email": ana, "password": wrong})
	}
	w.ask("POST", "/sign-in", "", object{"email": wrong, "password": chosen}) // typed into the wrong field
	w.later(time.Hour, time.Hour)
	w.form("/sign-in", url.Values{"email": {ana}, "password": {chosen}})
	session := w.ask("POST", "/sign-in", "", object{"email": ana, "password": chosen}).want(w, 200).Text("session")
	w.ask("GET", "/services/"+id, session+"x", nil).want(w, 401)
	w.ask("GET", "/services/"+id, "", nil, "Accept", "text/html", "Cookie", "__Host-session="+session).want(w, 200)
	w.settle(session, id, "alpine-mills")
	if err := w.Behave("meetings", "fail", 0); err != nil {
		t.Fatal(err)
	}
	w.ask("POST", "/services/"+id+"/provision", session, object{})
	w.later(10*time.Minute, time.Minute)

	w.form("/forgot", url.Values{"email": {ana}})
	w.run("Letters")
	w.ask("POST", "/password", "", object{"token": w.secret(ana, "/password"), "password": another}).want(w, 200)
	w.ask("GET", "/services/"+id, session, nil).want(w, 401)
	w.choose(w.secret(it, "/password"))

	_, old := w.invited(order{contact: "eva@obala.example"}) // and one that asks for access, and is passed on
	w.ask("POST", "/setup/delegate", old, object{"role": "partner", "set_up_by": "colleague", "delegate_email": "bor@obala.example"}).want(w, 200)
	w.run("Letters")
	w.form("/setup/start", url.Values{"token": {old}}).want(w, 410)
	w.complete(w.secret("bor@obala.example", "/setup"), object{"role": "partner", "set_up_by": "me", "partner_organization": "new", "partner_name": "Obala",
		"partner_country": "SI", "partner_admin_email": "bor@obala.example", "customer_admin_email": it,
		"customer_organization": w.show(id).Text("mapping", "customer_organization")})
	w.run("Letters")
	consent := w.secret(it, "/access")
	for _, decision := range []string{"", "nonsense", "no", "no"} {
		w.form("/access", url.Values{"token": {consent}, "decision": {decision}})
		w.ask("POST", "/access", "", object{"token": consent + "x", "decision": decision})
	}

	cookie := w.operator() // and at the console, where what a link opens is shown as well
	spent := w.secret(rep, "/console/open")
	for _, secret := range []string{spent, spent + "x", "psl_" + spent[4:], link} {
		w.form("/console/open", url.Values{"token": {secret}})
	}
	for _, path := range []string{"/console", "/console/orders/" + id, "/console/orders/" + id + "/resend", "/console/undelivered", "/console/open%23" + spent} {
		w.ask("GET", path, "", nil, "Accept", "text/html", "Cookie", cookie)
		w.ask("GET", path, "", nil, "Accept", "text/html", "Cookie", cookie+"x")
	}
	w.form("/console/sign-out", nil, "Cookie", cookie)

	root, err := enginetest.Root()
	if err != nil {
		t.Fatal(err)
	}
	kinds, err := secrets.Kinds(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range kinds {
		if !slices.ContainsFunc(w.secrets(), func(s string) bool { return strings.HasPrefix(s, string(kind)) }) {
			t.Errorf("no token %s was seen", kind)
		}
	}
}

// What breaks in the middle of things says nothing of what it held.
func TestAPanicTellsNoSecret(t *testing.T) {
	t.Parallel()
	const typed = "the canary panics at night"
	minted, err := commerce.MintSetupToken("DO-1", strings.NewReader(strings.Repeat("canary in a mine", 2)))
	if err != nil {
		t.Fatal(err)
	}
	secret, verbs := minted.Reveal(), strings.Join([]string{"%v", "%+v", "%#v", "%s", "%d"}, " ")
	for name, breaks := range map[string]func(commerce.Token) error{
		"a panic with the token":  func(k commerce.Token) error { panic(fmt.Sprintf(verbs, k, k, k, k, k)) },
		"a panic with a struct":   func(k commerce.Token) error { panic(struct{ Token commerce.Token }{k}) },
		"an error with the token": func(k commerce.Token) error { return fmt.Errorf("open %v: %+v", k, []commerce.Token{k}) },
		"a wrong type":            func(k commerce.Token) error { return any(k).(error) },
		"a joined error":          func(k commerce.Token) error { return errors.Join(fmt.Errorf("%#v", map[string]any{"k": k}), io.EOF) },
	} {
		f := api.Function{Routes: map[string]api.HandlerFunc{"POST /password": func(_ http.ResponseWriter, r *http.Request) error {
			fields, _, err := api.ReadFields(r, "token", "password")
			if err != nil {
				return err
			}
			k, err := commerce.ParseToken(commerce.SetupToken, fields["token"])
			if err != nil {
				return err
			}
			return breaks(k)
		}}}
		logs()
		got := call.HTTP(t, f, call.Request{Route: "POST /password", Now: time.Now(), Body: `{"token":"` + secret + `","password":"` + typed + `"}`,
			Header: map[string]string{"Content-Type": "application/json", "Authorization": "Bearer " + secret}})
		if got.Status != http.StatusInternalServerError {
			t.Errorf("%s: %d %s", name, got.Status, got.Body)
		}
		for _, hidden := range []string{secret, typed} {
			if found := secrets.Know(hidden).In(got.Body + logs().String()); found != "" {
				t.Errorf("%s tells a secret: %s", name, found)
			}
		}
	}
}
