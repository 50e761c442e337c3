package cloudtest

import (
	"net/url"
	"slices"

	"dayone/local/cloud"
)

// Secret is what the newest letter to an address has behind the # of a link to a path; empty where no letter has one.
func Secret(c *cloud.Cloud, to, path string) string {
	for _, l := range c.Inbox() {
		if !slices.Contains(l.To, to) {
			continue
		}
		for _, link := range l.Links {
			if u, err := url.Parse(link); err == nil && u.Path == path && u.Fragment != "" {
				return u.Fragment
			}
		}
	}
	return ""
}
