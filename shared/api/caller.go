package api

import (
	"net/http"
	"strings"

	"github.com/awslabs/aws-lambda-go-api-proxy/core"
)

// Caller is who signed the request, as the AWS_IAM authorizer says: the ARN of the user or, for a session of a role, of
// the role, so that each of its sessions is the same caller. Without the authorizer's context it refuses.
func Caller(r *http.Request) (string, error) {
	gateway, ok := core.GetAPIGatewayV2ContextFromContext(r.Context())
	if !ok || gateway.Authorizer == nil || gateway.Authorizer.IAM == nil || gateway.Authorizer.IAM.UserARN == "" {
		return "", errNoCaller
	}
	return callerOf(gateway.Authorizer.IAM.UserARN), nil
}

// callerOf drops the session's name: arn:aws:sts::123456789012:assumed-role/commerce/session is the role commerce.
func callerOf(arn string) string {
	account, role, ok := strings.Cut(arn, ":assumed-role/")
	if !ok {
		return arn
	}
	if i := strings.LastIndexByte(role, '/'); i >= 0 {
		role = role[:i]
	}
	return strings.Replace(account, ":sts:", ":iam:", 1) + ":role/" + role
}

// Bearer is the secret of the Authorization header, "" where there is none.
func Bearer(r *http.Request) string {
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(secret)
}

// sessionCookie is the browser's session. The prefix makes the browser hold it to this host, over TLS, for every path.
const sessionCookie = "__Host-session"

// SessionSecret is the secret of the session in hand: the Bearer of a client, or the cookie of a browser.
func SessionSecret(r *http.Request) string {
	if s := Bearer(r); s != "" {
		return s
	}
	if c, err := r.Cookie(sessionCookie); err == nil {
		return c.Value
	}
	return ""
}

// consoleCookie is an operator's session at the console.
const consoleCookie = "__Host-console"

// ConsoleSecret is the secret of an operator's session; "" where there is none.
func ConsoleSecret(r *http.Request) string {
	if c, err := r.Cookie(consoleCookie); err == nil {
		return c.Value
	}
	return ""
}

// SetSession gives a browser its session; "" takes it away.
func SetSession(w http.ResponseWriter, secret string) { setSession(w, sessionCookie, secret) }

// SetConsole gives an operator's browser its session; "" takes it away.
func SetConsole(w http.ResponseWriter, secret string) { setSession(w, consoleCookie, secret) }

func setSession(w http.ResponseWriter, name, secret string) {
	c := &http.Cookie{Name: name, Value: secret, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	if secret == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}
