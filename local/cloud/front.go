package cloud

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"dayone/shared/commerce"
)

// Person is somebody the front page tells the reader to sign in as.
type Person struct {
	Email string `json:"email"`
	Who   string `json:"who"`
}

// People are those somebody can sign in as, all with one password.
type People struct {
	Password string   `json:"password"`
	People   []Person `json:"people"`
}

// Introduce has the front page name people, now and after a restart.
func (c *Cloud) Introduce(p People) error {
	if c.config.Dir == "" {
		return nil
	}
	kept, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return writeFile(c.file("people.json"), kept)
}

// listed is what the front page shows of an order.
type listed struct {
	ID                 string    `json:"id"`
	ExternalRef        string    `json:"external_ref"`
	Family             string    `json:"family"`
	Status             string    `json:"status"`
	Locale             string    `json:"locale"`
	RequestedStartDate string    `json:"requested_start_date"`
	InviteAt           time.Time `json:"invite_at"`
	Customer           struct {
		Name string `json:"name"`
	} `json:"customer"`

	Letter string  // the newest with a link into the setup
	Comes  *coming // what the clock owes it
}

// Begun reports whether somebody with the letter's link could finish the order.
func (l listed) Begun() bool {
	return l.Letter != "" && (l.Status == "invited" || l.Status == "started")
}

// Tag is the colour of the order's status.
func (l listed) Tag() string {
	switch l.Status {
	case "active":
		return "ok"
	case "failed", "closed":
		return "bad"
	case "scheduled", "cancelled":
		return "none"
	}
	return "info"
}

func (c *Cloud) showFront(w http.ResponseWriter, r *http.Request) {
	orders, err := c.orders(r.Context())
	trouble := ""
	if err != nil {
		trouble = err.Error()
	}
	var people People
	if kept, err := os.ReadFile(c.file("people.json")); err == nil {
		_ = json.Unmarshal(kept, &people) // without it nobody is named
	}
	now := c.Now()
	for i := range orders {
		orders[i].Letter = c.letterAbout(orders[i].ID)
		if orders[i].Comes, err = c.comes(r.Context(), orders[i].ID, now); err != nil {
			trouble = err.Error()
		}
	}
	var happened []happening
	from, err := time.Parse(time.RFC3339Nano, r.URL.Query().Get("since"))
	if err == nil {
		if happened, err = c.since(r.Context(), orders, from); err != nil {
			trouble = err.Error()
		}
	}
	c.page(w, "front.html", map[string]any{
		"Now": now, "Orders": orders, "Trouble": trouble, "People": people, "Plays": c.config.StandIns.Place != nil,
		"From": from, "Happened": happened, "Locales": commerce.Locales,
		"Letters": len(c.post.newestFirst()), "Functions": c.Template.Functions,
	})
}

// orders asks the functions for the orders, as the commerce system would.
func (c *Cloud) orders(ctx context.Context) ([]listed, error) {
	var list struct{ Orders []listed }
	return list.Orders, c.question(ctx, "/orders?limit=50", &list)
}

// question reads the answer to a question, as the commerce system would.
func (c *Cloud) question(ctx context.Context, path string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL+path, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s answers %s", request.URL.Path, response.Status)
	}
	return json.NewDecoder(response.Body).Decode(into)
}

// letterAbout is the newest letter that leads to the setup of an order, empty if none went out.
func (c *Cloud) letterAbout(order string) string {
	for _, l := range c.post.newestFirst() {
		if l.Link(c.URL+"/setup#") != "" && strings.Contains(l.Text+l.HTML, order) {
			return l.ID
		}
	}
	return ""
}
