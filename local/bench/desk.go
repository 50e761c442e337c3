package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

// operator looks after orders at the console.
const operator = "operator@dayone.example"

// page asks for a page of the console, or sends a form to one where there are values, with a session's cookie.
func (p *plant) page(ctx context.Context, deed, route, query, cookie string, values url.Values) (events.APIGatewayV2HTTPResponse, error) {
	var e events.APIGatewayV2HTTPRequest
	var answer events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal(p.httpEvent(route, "", query, "", "", nil), &e); err != nil {
		return answer, err
	}
	e.Headers["accept"] = "text/html"
	if cookie != "" {
		e.Cookies = []string{cookie}
	}
	if values != nil {
		e.Headers["content-type"], e.Body = "application/x-www-form-urlencoded", values.Encode()
	}
	event, err := json.Marshal(e)
	if err != nil {
		return answer, err
	}
	out, err := p.invoke(ctx, deed, p.routes[route], event)
	if err != nil {
		return answer, err
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		return answer, err
	}
	if answer.StatusCode >= 400 {
		return answer, fmt.Errorf("%s: answered %d", deed, answer.StatusCode)
	}
	return answer, nil
}

// signIn signs the operator in and answers the session's cookie.
func (p *plant) signIn(ctx context.Context) (string, error) {
	if _, err := p.page(ctx, "sign-in", "POST /console/sign-in", "", "", url.Values{"email": {operator}}); err != nil {
		return "", err
	}
	if err := p.run(ctx, "an operator's letter", "Letters"); err != nil {
		return "", err
	}
	in, err := p.page(ctx, "enter", "POST /console/open", "", "", url.Values{"token": {p.ses.link(operator)}})
	if err != nil {
		return "", err
	}
	if len(in.Cookies) == 0 {
		return "", errors.New("the console gave no session")
	}
	cookie, _, _ := strings.Cut(in.Cookies[0], ";")
	return cookie, nil
}
