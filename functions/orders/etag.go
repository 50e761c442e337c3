package orders

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"dayone/shared/commerce"
)

var errMatchMalformed = &commerce.Error{Kind: commerce.KindInvalid, Code: "if_match_malformed", Detail: "Send the ETag with its quotes."}

// etag names a version of an order.
func etag(o commerce.Order) string { return fmt.Sprintf(`"%d"`, o.Version) }

// ifMatch refuses versions that are not the order's, where the asker names some (RFC 9110, 13.1.1).
func ifMatch(r *http.Request, o commerce.Order) error {
	sent := r.Header.Values("If-Match")
	if len(sent) == 0 {
		return nil
	}
	named, ok := tags(sent)
	switch {
	case !ok:
		return errMatchMalformed
	case !slices.Contains(named, "*") && !slices.Contains(named, etag(o)):
		return commerce.ErrOrderChanged
	}
	return nil
}

// known reports whether the asker has the order's version already (RFC 9110, 13.1.2). What cannot be read is no version.
func known(r *http.Request, o commerce.Order) bool {
	named, ok := tags(r.Header.Values("If-None-Match"))
	return ok && slices.ContainsFunc(named, func(tag string) bool { return tag == "*" || strings.TrimPrefix(tag, "W/") == etag(o) })
}

// tags reads a list of entity tags, or the star that stands for any; false where it is neither.
func tags(sent []string) ([]string, bool) {
	rest := strings.Trim(strings.Join(sent, ","), " \t,")
	if rest == "*" {
		return []string{rest}, true
	}
	var all []string
	for rest != "" {
		weak, quoted, _ := strings.Cut(rest, `"`)
		name, after, closed := strings.Cut(quoted, `"`)
		if !closed || weak != "" && weak != "W/" {
			return nil, false
		}
		after = strings.TrimLeft(after, " \t")
		if after != "" && after[0] != ',' {
			return nil, false
		}
		all = append(all, weak+`"`+name+`"`)
		rest = strings.TrimLeft(after, " \t,")
	}
	return all, len(all) > 0
}
