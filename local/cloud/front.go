package cloud

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"
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

	Letter string // the newest with a link into the setup
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
	for i := range orders {
		orders[i].Letter = c.letterAbout(orders[i].ID)
	}
	c.page(w, "front.html", map[string]any{
		"Now": c.Now(), "Orders": orders, "Trouble": trouble, "People": people,
		"Letters": len(c.post.newestFirst()), "Functions": c.Template.Functions,
	})
}

// orders asks the functions for the orders, as the commerce system would.
func (c *Cloud) orders(ctx context.Context) ([]listed, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL+"/orders?limit=50", nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET /orders answers %s", response.Status)
	}
	var list struct{ Orders []listed }
	return list.Orders, json.NewDecoder(response.Body).Decode(&list)
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
