package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
)

// sendingTarget is the least rate beside bare calls.
const sendingTarget = 0.8

// What is known of the run: how many letters go side by side, and how long of its minute it takes new ones.
const (
	sendingWidth = 32
	takesNew     = 45 * time.Second
)

// quota is SES's rate of an account that asked for more, in letters a second.
const quota = 500

// sending measures how fast one invocation sends what is due, beside bare calls of SES with the same letter at the same
// width.
func sending(ctx context.Context, b bench) (section, error) {
	s := section{Title: fmt.Sprintf("letters a second of one invocation, beside bare calls of SES, %d at once", sendingWidth)}
	p, err := openPlant(ctx, b.root, nil)
	if err != nil {
		return s, err
	}
	defer func() { _ = p.close() }() // nothing is kept
	client := sesv2.New(sesv2.Options{Region: "eu-central-1", BaseEndpoint: aws.String(p.ses.server.URL), Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", "")})
	n := 0
	rate, used := 0.0, 0.0
	for _, wait := range []time.Duration{0, 50 * time.Millisecond, 100 * time.Millisecond} {
		letters, took := b.times(600, 3000), series{}
		for range 3 {
			if err := p.placeMany(ctx, n, letters); err != nil {
				return s, err
			}
			n += letters
			p.ses.take(wait)
			begun, used := time.Now(), ownTime()
			if err := p.run(ctx, "send", "Letters"); err != nil {
				return s, err
			}
			long := time.Since(begun)
			took.add("cpu", ms(ownTime()-used)/float64(letters))
			sent, last := p.ses.take(wait)
			if sent != letters {
				return s, &lostError{fmt.Errorf("%d letters for %d orders", sent, letters)}
			}
			took.add("ours", float64(letters)/long.Seconds())
			used = ownTime()
			if long, err = sendBare(ctx, client, last, letters); err != nil {
				return s, err
			}
			took.add("bare cpu", ms(ownTime()-used)/float64(letters))
			took.add("bare", float64(letters)/long.Seconds())
		}
		f := against(fmt.Sprintf("SES answers after %v", wait), "letters/s", took.median("ours"), took.median("bare"), sendingTarget)
		f.Least = true
		s.add(f, against("processor time of a letter, with that of the far end", "ms", took.median("cpu"), took.median("bare cpu"), 0))
		rate, used = took.median("ours"), took.median("cpu")
	}
	letters, _ := p.template.Function("Letters") // the template has it, or nothing was sent
	s.plan(rate, used, letters.MemoryMB)
	return s, nil
}

// plan says what ten million letters take, of which each uses some milliseconds of a processor.
func (s *section) plan(rate, used float64, mb int) {
	s.note("With %d MB a function has %.0f%% of a processor, which is enough for %.0f letters a second; with 1,769 MB for %.0f, at the same price a letter.",
		mb, 100*float64(mb)/1769, 1000/used*float64(mb)/1769, 1000/used)
	const all = 10_000_000
	each := min(rate, quota) * takesNew.Seconds()
	s.note("An invocation takes letters for %v of its minute: %.0f at the last rate. Ten thousand are sent in %.1f invocations.", takesNew, rate*takesNew.Seconds(), 10_000/(rate*takesNew.Seconds()))
	s.note("Ten million due at once are %.0f invocations of one after the other, %.1f hours, at the lower of this rate and %d letters a second that SES allows.",
		all/each, all/each/60, quota)
	s.note("Each letter is written three times and moves in the index, two units there: a partition takes 1,000 a second, so one shard carries 500 letters a second and eight carry 4,000.")
}

// placeMany places orders that are due now, many side by side.
func (p *plant) placeMany(ctx context.Context, from, count int) error {
	places, errs := make(chan struct{}, sendingWidth), make([]error, count)
	var wait sync.WaitGroup
	for i := range count {
		places <- struct{}{}
		wait.Go(func() {
			defer func() { <-places }()
			_, errs[i] = p.place(ctx, from+i+1)
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

// sendBare sends the same letter again and again.
func sendBare(ctx context.Context, client *sesv2.Client, letter []byte, count int) (time.Duration, error) {
	var sent map[string]any
	d := json.NewDecoder(bytes.NewReader(letter))
	d.UseNumber()
	if err := d.Decode(&sent); err != nil {
		return 0, err
	}
	var in sesv2.SendEmailInput
	if err := fill(reflect.ValueOf(&in).Elem(), sent); err != nil {
		return 0, err
	}
	begun := time.Now()
	places, errs := make(chan struct{}, sendingWidth), make([]error, count)
	var wait sync.WaitGroup
	for i := range count {
		places <- struct{}{}
		wait.Go(func() {
			defer func() { <-places }()
			_, errs[i] = client.SendEmail(ctx, &in)
		})
	}
	wait.Wait()
	return time.Since(begun), errors.Join(errs...)
}
