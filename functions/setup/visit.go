package setup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"dayone/shared/api"
	"dayone/shared/commerce"
	"dayone/shared/texts"
)

// What follows a step that no further step follows.
const (
	nextSent     = "sent"     // the link was passed on
	nextStop     = "stop"     // the partner organization is not recognised
	nextPassword = "password" // create a password
	nextSignIn   = "sign-in"
)

// visit is one request of somebody who holds a link: what they sent, what is stored about it, and what it leads to.
type visit struct {
	step    commerce.Step
	form    bool // a browser asks, and is answered with a page
	fields  api.Fields
	answers commerce.Answers
	link    string // the token as it was sent
	now     time.Time
	lang    *texts.Language // of a browser
	chosen  string          // what tells the next page the language, where the browser does not

	grant commerce.Grant
	order commerce.Order
	known commerce.Known

	turned   bool          // somebody goes back, or changes something
	next     string        // the next step, or one of the constants above
	shown    commerce.Step // whose page a browser sees
	inputs   []string      // the fields that this page asks for
	password string        // the token that creates a password
	steps    []string      // what happens after the last one, as keys of the texts of its page
}

// visit reads a request and finds out what its link opens. The visit is there even if that fails.
func (z wizard) visit(r *http.Request, step commerce.Step) (*visit, error) {
	fields, asJSON, err := api.ReadFields(r, names()...)
	v := &visit{step: step, form: !asJSON, fields: fields, now: api.Now(r)}
	if v.form {
		v.lang = texts.For(texts.Negotiate(cmp.Or(fields["switch"], fields["lang"]), r.Header.Get("Accept-Language"), ""))
		if v.lang.Tag != texts.Negotiate("", r.Header.Get("Accept-Language"), "") {
			v.chosen = "?lang=" + v.lang.Tag
		}
	}
	if err != nil {
		return v, err
	}
	v.link = cmp.Or(api.Bearer(r), strings.TrimSpace(fields["token"]))
	token, err := commerce.ParseToken(commerce.SetupToken, v.link)
	if err != nil {
		return v, err
	}
	if !isYesOrNo(fields["unrecognised"]) {
		return v, commerce.Invalid("unrecognised", "malformed", "Use true or false.")
	}
	v.answers = said(fields, v.form)
	v.grant, v.order, err = z.store.Opened(r.Context(), token)
	return v, err
}

// errLost is somebody else having been first: what was read is old.
var errLost = errors.New("somebody else was first")

// lost turns a write that was refused because of what somebody else wrote into errLost.
func lost(err error) error {
	if errors.Is(err, commerce.ErrOrderChanged) || errors.Is(err, commerce.ErrTokenUsed) || errors.Is(err, commerce.ErrAddressTaken) {
		return errLost
	}
	return err
}

// maxTries is how often a step that was overtaken is decided again.
const maxTries = 40

// walk takes the step: with the order as it was read with its link, and again where somebody else was first.
func (z wizard) walk(ctx context.Context, v *visit) error {
	for try := 1; try <= maxTries; try++ {
		if err := z.take(ctx, v); !errors.Is(err, errLost) {
			return exact(err, v.fields)
		}
		if err := pause(ctx, time.Duration(min(try, 10))*rand.N(10*time.Millisecond)); err != nil {
			return err
		}
		order, err := z.store.Order(ctx, v.grant.Order)
		if err != nil {
			return fmt.Errorf("the order of a link: %s", err) // a link without its order is our failure, not the holder's
		}
		v.order = order
	}
	return fmt.Errorf("order %s, step %s: %d times %w", v.order.ID, v.step, maxTries, errLost)
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// take takes the step once.
func (z wizard) take(ctx context.Context, v *visit) error {
	if v.step == resend {
		return z.renew(ctx, v)
	}
	if done, err := z.repeat(ctx, v); done || err != nil {
		return err
	}
	if err := v.order.CheckLink(v.grant, v.now); err != nil {
		return err
	}
	to, turns, err := v.turns()
	switch {
	case err != nil:
		return err
	case turns:
		return z.turn(ctx, v, to)
	}

	next := v.answers.After(v.step)
	v.next, v.shown = string(next), shown(next)
	if v.step == commerce.StepStart {
		v.shown = commerce.StepStart // which says what comes, before anything is asked
	}
	if err := z.know(ctx, v, cmp.Or(next, v.step)); err != nil {
		return err
	}
	err = v.answers.Check(v.step, v.order, v.known)
	if do := pageOf(v.step).do; err == nil && do != nil {
		err = do(z, ctx, v)
	}
	if errors.Is(err, commerce.ErrReviewStale) {
		return z.stale(ctx, v, err)
	}
	return err
}

// stale is err, the review being stale, unless the order itself changed while the rest was read: somebody may just have
// completed it, perhaps with these very answers.
func (z wizard) stale(ctx context.Context, v *visit, err error) error {
	now, failed := z.store.Order(ctx, v.order.ID)
	switch {
	case failed != nil:
		return failed
	case now.Version != v.order.Version:
		return errLost
	}
	return err
}

// repeat answers a step again that was taken before over the same link with the same answers, although the link opens
// nothing any more: a double click, or an answer that was lost.
func (z wizard) repeat(ctx context.Context, v *visit) (done bool, err error) {
	switch v.step {
	case commerce.StepDelegate:
		return v.delegated(), nil
	case commerce.StepComplete:
		return z.completed(ctx, v)
	}
	return false, nil
}

// turns answers where somebody wants to go instead of on: to the page they see, in another language; to an earlier one;
// to one with something to change. The page that says to stop is shown in another language by stopping again.
func (v *visit) turns() (to commerce.Step, turns bool, err error) {
	switch {
	case v.fields["switch"] != "" && v.stopped():
		return "", false, nil
	case v.fields["switch"] != "":
		to = shown(v.step)
	case v.fields["back"] != "":
		to, v.turned = commerce.Step(v.fields["back"]), true
	case v.fields["change"] != "":
		to, v.turned = commerce.Step(v.fields["change"]), true
	case v.choseNew():
		to = v.step
	default:
		return "", false, nil
	}
	if to == commerce.StepComplete || !slices.Contains(v.answers.Path(), to) {
		return "", false, commerce.Invalid("back", "step_not_asked", "This step is not asked after these answers.")
	}
	return to, true, nil
}

// turn shows the page of a step once more, or for the first time, where the answers lead to it.
func (z wizard) turn(ctx context.Context, v *visit, to commerce.Step) error {
	v.next, v.shown = string(to), to
	if err := z.know(ctx, v, to); err != nil {
		return err
	}
	if before := v.answers.Before(to); before != "" {
		return v.answers.Check(before, v.order, v.known)
	}
	return nil
}

// shown is the step whose page asks for what a step is posted with: completing is asked for by the review.
func shown(step commerce.Step) commerce.Step {
	if step == commerce.StepComplete {
		return commerce.StepReview
	}
	return step
}

// exact tells an address that was left out from one that is none, which an Address cannot.
func exact(err error, fields api.Fields) error {
	e, ok := errors.AsType[*commerce.Error](err)
	if !ok {
		return err
	}
	n := *e
	n.Problems = slices.Clone(e.Problems)
	for i, p := range n.Problems {
		if p.Code == "address_malformed" && text(fields, p.Field) == "" {
			n.Problems[i].Code, n.Problems[i].Detail = "address_missing", "Enter an email address."
		}
	}
	return &n
}
