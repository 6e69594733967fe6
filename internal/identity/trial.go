package identity

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// TrialPerson is somebody of a demo county in whose name the trial issuer gives tokens.
type TrialPerson struct {
	Subject     string // subject of the token
	DisplayName string
	Does        string // Polish, what the person is: "kierowniczka GOPS w …"
}

// TrialIssuer is an OpenID Connect issuer for trials: it gives a token in the name of any demo person to whoever asks from this machine. Its key lives as
// long as the process.
type TrialIssuer struct {
	url, audience string
	clock         func() time.Time
	key           *ecdsa.PrivateKey
	signer        jose.Signer
	people        func(context.Context) ([]TrialPerson, error)
}

const (
	trialKey  = "trial"
	trialLife = 12 * time.Hour
)

// NewTrialIssuer makes an issuer under a URL, whose host must be a loopback address, with a key of its own.
func NewTrialIssuer(issuer, audience string, clock func() time.Time, people func(context.Context) ([]TrialPerson, error)) (*TrialIssuer, error) {
	u, err := url.Parse(issuer)
	if err != nil || !Loopback(u.Host) {
		return nil, fmt.Errorf("identity: the trial issuer lives on a loopback address, not on %q", issuer)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("identity: trial key: %w", err)
	}
	opts := (&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", trialKey)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, opts)
	if err != nil {
		return nil, fmt.Errorf("identity: trial key: %w", err)
	}
	return &TrialIssuer{url: strings.TrimSuffix(issuer, "/"), audience: audience, clock: clock, key: key, signer: signer, people: people}, nil
}

// Verifier verifies this issuer's tokens in the same process.
func (t *TrialIssuer) Verifier() *OIDC {
	return NewStatic(Rules{Issuer: t.url, Audiences: []string{t.audience}}, t.clock, t.key.Public())
}

// Token gives a token for a subject, valid for twelve hours.
func (t *TrialIssuer) Token(subject string) (string, error) {
	now := t.clock()
	return jwt.Signed(t.signer).Claims(jwt.Claims{
		Issuer: t.url, Subject: subject, Audience: jwt.Audience{t.audience}, IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(trialLife)),
	}).Serialize()
}

// Loopback tells whether a host, with or without a port, is this machine's loopback address.
func Loopback(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.Trim(hostport, "[]")
	}
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// Handler serves the issuer below the path of its URL: discovery, keys, a page with the demo people, and POST token?subject=…, which answers the token as
// plain text. Whoever is not on this machine, or was sent here under a foreign host name, is refused.
func (t *TrialIssuer) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", t.configuration)
	mux.HandleFunc("GET /keys", t.keys)
	mux.HandleFunc("POST /token", t.token)
	mux.HandleFunc("GET /people", t.list)
	mux.HandleFunc("GET /{$}", t.page)
	path := ""
	if u, err := url.Parse(t.url); err == nil {
		path = u.Path
	}
	return http.StripPrefix(path, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		u, err := url.Parse(origin)
		foreign := origin != "" && (err != nil || !Loopback(u.Host))
		if !Loopback(r.RemoteAddr) || !Loopback(r.Host) || foreign || forwarded(r) {
			http.Error(w, "Próbny serwer logowania odpowiada wyłącznie na tym komputerze.", http.StatusForbidden)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		mux.ServeHTTP(w, r)
	}))
}

// forwarded tells that a proxy of this machine sent the request, which then may come from anywhere.
func forwarded(r *http.Request) bool {
	for _, header := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"} {
		if len(r.Header.Values(header)) > 0 {
			return true
		}
	}
	return false
}

func (t *TrialIssuer) configuration(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, map[string]any{
		"issuer": t.url, "jwks_uri": t.url + "/keys", "token_endpoint": t.url + "/token", "authorization_endpoint": t.url + "/", "response_types_supported": []string{"id_token"},
		"subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{string(jose.ES256)},
	})
}

func (t *TrialIssuer) keys(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: t.key.Public(), KeyID: trialKey, Algorithm: string(jose.ES256), Use: "sig"}}})
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the client has gone away
}

func (t *TrialIssuer) token(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	subject := r.FormValue("subject")
	people, err := t.people(r.Context())
	if err != nil {
		http.Error(w, "Nie można odczytać listy osób.", http.StatusServiceUnavailable)
		return
	}
	for _, p := range people {
		if p.Subject != subject {
			continue
		}
		token, err := t.Token(subject)
		if err != nil {
			http.Error(w, "Nie można wystawić tokenu.", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, token+"\n") //nolint:gosec // plain text of base64url and dots, no markup
		return
	}
	http.Error(w, "Nie ma takiej osoby w powiecie próbnym.", http.StatusNotFound)
}

// list gives the people as plain text: subject, name and what they are.
func (t *TrialIssuer) list(w http.ResponseWriter, r *http.Request) {
	people, err := t.people(r.Context())
	if err != nil {
		http.Error(w, "Nie można odczytać listy osób.", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	for _, p := range people {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\n", p.Subject, p.DisplayName, p.Does) // the client has gone away
	}
}

var trialPage = template.Must(template.New("trial").Parse(`<!doctype html>
<html lang="pl"><meta charset="utf-8"><title>Asysta – próba</title>
<h1>Powiat próbny: tokeny dostępu</h1>
<p>Wszystkie osoby i rodziny są zmyślone. Token jest ważny 12 godzin; wklej go w dokumentacji API („Authorize”) po słowie <code>Bearer</code>.</p>
<table><tr><th>Osoba<th>Kim jest<th>Identyfikator logowania<th></tr>
{{range .}}<tr><td>{{.DisplayName}}<td>{{.Does}}<td><code>{{.Subject}}</code>
<td><form method="post" action="token"><input type="hidden" name="subject" value="{{.Subject}}"><button>Wydaj token</button></form></tr>
{{end}}</table>
`))

func (t *TrialIssuer) page(w http.ResponseWriter, r *http.Request) {
	people, err := t.people(r.Context())
	if err != nil {
		http.Error(w, "Nie można odczytać listy osób.", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'")
	_ = trialPage.Execute(w, people) // the client has gone away
}
