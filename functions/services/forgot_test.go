package services_test

import (
	"testing"
	"time"
)

// letters is the kinds and addresses of the letters that wait.
func (o *office) letters() map[string]string {
	o.Helper()
	entries, err := o.store.Due(o.Context(), "Letters", o.now, 100)
	o.must(err)
	all := map[string]string{}
	for _, e := range entries {
		all[e.PK] = e.At
	}
	return all
}

func TestForgotSaysTheSameToEverybodyAndWritesToMembersOnce(t *testing.T) {
	o := open(t)
	o.mapped(nil)
	before := len(o.letters())
	ask := func(email string) string {
		o.Helper()
		r := o.client(request{route: "POST /forgot", sent: `{"email":"` + email + `"}`}).Want(t, 202)
		return r.Body
	}
	for range 3 {
		if got := ask("Karl.Huber@alpine.example"); got != `{"email":"karl.huber@alpine.example"}`+"\n" {
			t.Errorf("a member is answered %s", got)
		}
	}
	if got := ask("nobody@alpine.example"); got != `{"email":"nobody@alpine.example"}`+"\n" {
		t.Errorf("a stranger is answered %s", got)
	}
	if got := len(o.letters()); got != before+1 {
		t.Errorf("%d letters were queued, want 1", got-before)
	}

	o.sendAll()
	ask("karl.huber@alpine.example")
	if got := o.letters(); len(got) != 0 {
		t.Errorf("right after the last, another letter is queued: %v", got)
	}
	o.now = o.now.Add(5 * time.Minute)
	ask("karl.huber@alpine.example")
	if got := o.letters(); len(got) != 1 {
		t.Errorf("after a while, no other letter is queued: %v", got)
	}
}

func TestForgotPageOfABrowser(t *testing.T) {
	o := open(t)
	o.mapped(nil)
	says(t, o.browser(request{route: "GET /forgot", lang: "en"}).Want(t, 200), "Reset your password")
	says(t, o.browser(request{route: "POST /forgot", form: map[string]string{"email": "karl", "lang": "sl"}}).Want(t, 400),
		"Vnesite e-poštni naslov v pravilni obliki", `value="karl"`)
	sent := o.browser(request{route: "POST /forgot", form: map[string]string{"email": string(karl), "lang": "en"}}).Want(t, 200)
	says(t, sent, "Check your email", "If karl.huber@alpine.example belongs to an administrator")
	says(t, o.browser(request{route: "POST /forgot", form: map[string]string{"email": string(karl), "sent": "true", "lang": "en", "switch": "sl"}}).Want(t, 200),
		"Preverite e-pošto")
}
