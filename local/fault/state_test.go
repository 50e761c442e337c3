package fault_test

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dayone/local/cloud"
	"dayone/shared/commerce"
	"dayone/shared/store"
)

// state is what a life has become, without what differs from run to run.
type state struct {
	items   map[string]map[string]string // by key: attributes by path
	letters map[string]int               // how often each came
	asked   map[string]int               // jobs of the service platform, and how often each took effect
	tokens  map[string]int               // the used ones, by kind
}

// passing are attributes that say how something was reached, not what it is, or that are compared in another way.
var passing = map[string]bool{"lease": true, "lease_until": true, "tries": true, "version": true, "write": true, "attempt_tries": true, "due": true,
	"timeline": true, "pk": true, "sk": true}

var (
	hash      = regexp.MustCompile(`\b([0-9a-f]{64}|[0-9a-f]{32})\b`)
	moments   = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z|\b1[78]\d{11}\b`) // of notes and of letters that are told of them
	messageID = regexp.MustCompile(`\b01070000[0-9a-f]{32}-000000\b`)
	secret    = regexp.MustCompile(`\$argon2id\$.*`)
)

// name gives an id a name that every run of a life gives it.
func (w *world) name(id, name string) {
	if id != "" {
		w.names[id] = name
	}
}

func (w *world) plain(s string) string {
	for _, id := range slices.SortedFunc(maps.Keys(w.names), func(a, b string) int { return cmp.Compare(len(b), len(a)) }) {
		s = strings.ReplaceAll(s, id, w.names[id])
	}
	s = hash.ReplaceAllString(s, "hash")
	s = messageID.ReplaceAllString(s, "message")
	return secret.ReplaceAllString(s, "password")
}

// state is what the tables hold, and what was sent and asked.
func (w *world) state(tables map[string]items) state {
	s := state{items: map[string]map[string]string{}, letters: map[string]int{}, asked: map[string]int{}, tokens: map[string]int{}}
	orders, organizations := slices.Clone(tables["OrdersTable"]), tables["OrganizationsTable"]
	slices.SortStableFunc(orders, func(a, b map[string]types.AttributeValue) int {
		return cmp.Compare(word(a["external_ref"]), word(b["external_ref"]))
	})
	for _, i := range orders { // an organization is the first order's that has it
		for _, side := range []string{"partner", "customer"} {
			if id := word(i[side+"_organization"]); id != "" && w.names[id] == "" {
				w.name(id, side+" of "+word(i["external_ref"]))
			}
		}
	}
	for _, i := range slices.Concat(orders, organizations) {
		if messageID.MatchString(word(i["pk"])) {
			continue // what became of one copy of a letter; the inbox counts the copies
		}
		if strings.HasPrefix(word(i["sk"]), "event#") {
			w.delivered(i)
			continue // a letter that was sent once more is an event more; the order's timeline says which there are
		}
		flat := map[string]string{}
		for name, v := range i {
			if !passing[name] {
				w.flatten(flat, name, v)
			}
		}
		if word(i["sk"]) == "order" {
			maps.Copy(flat, w.told(strings.TrimPrefix(word(i["pk"]), "order#")))
		}
		flat["desk"], _, _ = strings.Cut(flat["desk"], "#") // which of its parts the order's id says
		key := moments.ReplaceAllString(w.plain(word(i["pk"])+" "+word(i["sk"])), "moment")
		if s.items[key] != nil {
			w.fail("two items are %s", key)
		}
		s.items[key] = flat
	}
	for _, i := range tables["TokensTable"] {
		if kind := word(i["kind"]); i["used_at"] != nil {
			s.tokens[kind]++
		}
	}
	for _, l := range w.Inbox() {
		s.letters[w.plain(strings.Join(l.To, " ")+": "+l.Subject)]++
	}
	done := map[string]bool{}
	for _, r := range w.ServiceRequests() {
		if r.Answer == 200 && !done[r.Key] {
			done[r.Key] = true
			s.asked[w.plain(r.Order+" line "+r.Line+" "+r.Action)]++
		}
	}
	return s
}

// delivered holds an event on its way to having come.
func (w *world) delivered(i map[string]types.AttributeValue) {
	order := strings.TrimPrefix(word(i["pk"]), "order#")
	seq, _ := strconv.Atoi(strings.TrimPrefix(word(i["sk"]), "event#")) // the audit knows others
	if i["delivered_at"] == nil || i["due"] != nil {
		w.fail("event %d of %s was not taken", seq, order)
	}
	id := commerce.EventID(order, seq)
	if !slices.ContainsFunc(w.SentEvents(), func(e cloud.SentEvent) bool { return e.ID == id }) {
		w.fail("%s did not come", id)
	}
}

func word(v types.AttributeValue) string {
	s, _ := v.(*types.AttributeValueMemberS)
	if s == nil {
		return ""
	}
	return s.Value
}

func (w *world) flatten(into map[string]string, path string, v types.AttributeValue) {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		into[path] = w.plain(v.Value)
	case *types.AttributeValueMemberN:
		into[path] = v.Value
	case *types.AttributeValueMemberBOOL:
		into[path] = fmt.Sprint(v.Value)
	case *types.AttributeValueMemberM:
		for name, v := range v.Value {
			w.flatten(into, path+"."+name, v)
		}
	case *types.AttributeValueMemberL:
		elements := make([]map[string]string, len(v.Value))
		for n, v := range v.Value {
			elements[n] = map[string]string{}
			w.flatten(elements[n], "", v)
		}
		for n, element := range elements {
			for name, text := range element {
				into[fmt.Sprintf("%s[%d]%s", path, n, name)] = text
			}
		}
	default:
		into[path] = fmt.Sprintf("%T", v)
	}
}

// told is the timeline of an order, which its item packs, by paths.
func (w *world) told(order string) map[string]string {
	o, err := store.Open(w.DynamoDB, store.Tables{Orders: w.Table("OrdersTable")}).Order(w.ctx, order)
	if err != nil {
		w.fail("%v", err)
	}
	events := make([]map[string]string, len(o.Events))
	for n, e := range o.Events {
		events[n] = map[string]string{".at": strconv.FormatInt(e.At.UnixMilli(), 10), ".kind": e.Kind, ".actor": w.plain(e.Actor), ".reason": w.plain(e.Reason)}
		for i, c := range e.Changes {
			path := fmt.Sprintf(".changes[%d].", i)
			events[n][path+"field"], events[n][path+"before"], events[n][path+"after"] = c.Field, w.plain(c.Before), w.plain(c.After)
		}
	}
	all := map[string]string{}
	for n, event := range timeline(events) {
		for name, text := range event {
			all[fmt.Sprintf("timeline[%d]%s", n, name)] = text
		}
	}
	return all
}

// timeline is events without what may differ: a letter that was sent once more is told of once more, without what the
// first one changed; lines that do not need one another come in any order; and how far each had come when one of them
// failed for good is another thing each time.
func timeline(events []map[string]string) []map[string]string {
	seen := map[string]bool{}
	failed := slices.ContainsFunc(events, func(e map[string]string) bool { return e[".kind"] == "provisioning_failed" })
	events = slices.DeleteFunc(events, func(e map[string]string) bool {
		if failed && ofLine(e) {
			return true
		}
		told := letterOf(e)
		again := seen[told] && strings.Contains(told, "message")
		seen[told] = true
		return again
	})
	for i := 0; i < len(events); {
		j := i + 1
		for j < len(events) && (events[j][".kind"] == events[i][".kind"] || ofLine(events[i]) && ofLine(events[j])) {
			j++
		}
		slices.SortStableFunc(events[i:j], func(a, b map[string]string) int { return cmp.Compare(sansTimes(a), sansTimes(b)) })
		i = j
	}
	return events
}

func ofLine(event map[string]string) bool { return strings.HasPrefix(event[".kind"], "line_") }

// letterOf is which letter an event tells of, and whom it went to.
func letterOf(event map[string]string) string {
	of := event[".kind"]
	for i := 0; event[fmt.Sprintf(".changes[%d].field", i)] != ""; i++ {
		if field := event[fmt.Sprintf(".changes[%d].field", i)]; field == "letter" || field == "to" || field == "message" {
			of += " " + field + "=" + event[fmt.Sprintf(".changes[%d].after", i)]
		}
	}
	return of
}

func sansTimes(event map[string]string) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(event)) {
		if name != ".at" {
			all = append(all, name+"="+event[name])
		}
	}
	return strings.Join(all, " ")
}

// late is how much later things may have happened than undisturbed: a lease, a few deferrals.
const late = time.Hour

// differs says how a disturbed end differs from the undisturbed one, "" where it is the same but for times. A letter
// may have come once more where that is excused.
func (s state) differs(from state, mayRepeat bool) string {
	var all []string
	note := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	for _, key := range union(s.items, from.items) {
		got, want := s.items[key], from.items[key]
		switch {
		case got == nil:
			note("%s is not there", key)
		case want == nil:
			note("%s is there: %v", key, got)
		default:
			for _, name := range union(got, want) {
				if !alike(got[name], want[name]) {
					note("%s: %s is %q, not %q", key, name, got[name], want[name])
				}
			}
		}
	}
	for _, l := range union(s.letters, from.letters) {
		if more := s.letters[l] - from.letters[l]; more < 0 || more > 1 || more == 1 && !mayRepeat {
			note("%q came %d times, not %d", l, s.letters[l], from.letters[l])
		}
	}
	for _, a := range union(s.asked, from.asked) {
		undone := strings.HasSuffix(a, " provision") && from.asked[strings.TrimSuffix(a, "provision")+"deprovision"] > 0
		if s.asked[a] != from.asked[a] && !(undone && s.asked[a] < from.asked[a]) { // what is taken away may never have come
			note("%s took effect %d times, not %d", a, s.asked[a], from.asked[a])
		}
	}
	for _, k := range union(s.tokens, from.tokens) {
		if s.tokens[k] != from.tokens[k] {
			note("%d tokens %s were used, not %d", s.tokens[k], k, from.tokens[k])
		}
	}
	return strings.Join(all, "\n\t")
}

// more is how many letters came more often than undisturbed.
func (s state) more(from state) int {
	n := 0
	for l, times := range s.letters {
		n += times - from.letters[l]
	}
	return n
}

func union[V any](a, b map[string]V) []string {
	all := slices.Concat(slices.Collect(maps.Keys(a)), slices.Collect(maps.Keys(b)))
	slices.Sort(all)
	return slices.Compact(all)
}

// alike compares values, and instants with patience.
func alike(a, b string) bool {
	if a == b {
		return true
	}
	x, restA, okA := instant(a)
	y, restB, okB := instant(b)
	return okA && okB && restA == restB && x.Sub(y).Abs() <= late
}

// instant reads what items hold for instants: milliseconds, seconds, or a due entry.
func instant(s string) (time.Time, string, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		switch {
		case n > 1e12:
			return time.UnixMilli(n), "", true
		case n > 1e9:
			return time.Unix(n, 0), "", true
		}
		return time.Time{}, "", false
	}
	stamp, rest, _ := strings.Cut(s, "#")
	at, err := time.Parse(time.RFC3339, stamp)
	return at, rest, err == nil
}
