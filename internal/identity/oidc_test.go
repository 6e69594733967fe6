package identity_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"asysta.example/internal/fault"
	"asysta.example/internal/identity"
)

// provider is an OpenID Connect provider over HTTP, with a clock of the test, whose keys change and which may be out of reach.
type provider struct {
	*httptest.Server
	mu     sync.Mutex
	now    time.Time
	keys   []jose.JSONWebKey
	algs   []string
	at     string // of the keys; "": its own
	broken atomic.Bool
	asked  atomic.Int32 // questions for the configuration
}

func newProvider(t *testing.T, keys ...jose.JSONWebKey) *provider {
	t.Helper()
	p := &provider{now: start, keys: keys, algs: []string{"ES256", "RS256", "HS256", "none"}}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		p.asked.Add(1)
		if p.broken.Load() {
			http.Error(w, "later", http.StatusServiceUnavailable)
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		at := p.at
		if at == "" {
			at = p.URL + "/keys"
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"issuer": p.URL, "jwks_uri": at, "id_token_signing_alg_values_supported": p.algs})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: p.keys})
	})
	mux.HandleFunc("/elsewhere", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://login.example/keys", http.StatusFound)
	})
	mux.HandleFunc("/endless", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"keys":[`)
		for range 1 << 12 { // four times what is read
			if _, err := io.WriteString(w, strings.Repeat(" ", 1<<10)); err != nil {
				return
			}
		}
		_ = json.NewEncoder(w).Encode(p.keys[0])
		_, _ = io.WriteString(w, `]}`)
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(func() { p.Close(); http.DefaultTransport.(*http.Transport).CloseIdleConnections() })
	return p
}

func (p *provider) clock() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

func (p *provider) later(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = p.now.Add(d)
}

func (p *provider) publish(keys ...jose.JSONWebKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys = keys
}

// verifier is one of this provider, under rules that a test changes.
func (p *provider) verifier(change func(*identity.Rules)) *identity.OIDC {
	r := identity.Rules{Issuer: p.URL, Audiences: []string{audience}, Kept: time.Hour}
	if change != nil {
		change(&r)
	}
	return identity.NewOIDC(r, p.clock)
}

// token signs a token of the provider that is good for a day, with more claims; a nil takes one away.
func (p *provider) token(t *testing.T, key crypto.PrivateKey, kid string, more map[string]any) string {
	t.Helper()
	c := map[string]any{"iss": p.URL, "sub": "anna", "aud": audience, "iat": start.Unix(), "exp": start.Add(24 * time.Hour).Unix()}
	for k, v := range more {
		if c[k] = v; v == nil {
			delete(c, k)
		}
	}
	alg := jose.ES256
	if _, ok := key.(*rsa.PrivateKey); ok {
		alg = jose.RS256
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", kid).WithType("JWT"))
	must(t, err)
	token, err := jwt.Signed(signer).Claims(c).Serialize()
	must(t, err)
	return token
}

func public(key crypto.Signer, kid string) jose.JSONWebKey {
	return jose.JSONWebKey{Key: key.Public(), KeyID: kid, Use: "sig"}
}

// reasonOf is the reason of a verification's fault; "" where the token is good.
func reasonOf(t *testing.T, v *identity.OIDC, token string) string {
	t.Helper()
	subject, _, err := v.Verify(t.Context(), token)
	if err == nil {
		if subject == "" {
			t.Error("a good token of nobody")
		}
		return ""
	}
	f, ok := fault.As(err)
	if !ok || subject != "" {
		t.Fatalf("%q, %v is no fault", subject, err)
	}
	return f.Reason
}

func TestKeysAreDiscovered(t *testing.T) {
	key := newKey(t)
	p := newProvider(t, public(key, "k1"))
	v := p.verifier(nil)
	p.broken.Store(true)
	token := p.token(t, key, "k1", nil)
	for range 3 {
		if got := reasonOf(t, v, token); got != "ISSUER" {
			t.Errorf("keys out of reach: %s", got)
		}
	}
	if n := p.asked.Load(); n != 1 {
		t.Errorf("a provider that fails is asked %d times at once", n)
	}
	p.broken.Store(false)
	p.later(10 * time.Second)
	for range 3 {
		subject, expiry, err := v.Verify(t.Context(), token)
		must(t, err)
		if subject != "anna" || !expiry.Equal(start.Add(24*time.Hour)) {
			t.Errorf("%s until %v", subject, expiry)
		}
	}
	if n := p.asked.Load(); n != 2 {
		t.Errorf("the provider was asked %d times", n)
	}
	nobody := identity.NewOIDC(identity.Rules{Issuer: "http://127.0.0.1:1", Audiences: []string{audience}}, p.clock)
	if got := reasonOf(t, nobody, token); got != "ISSUER" {
		t.Errorf("provider out of reach: %s", got)
	}
}

func TestKeysRotate(t *testing.T) {
	first, second := newKey(t), newKey(t)
	p := newProvider(t, public(first, "k1"))
	dir, _ := people(t)
	a := identity.New(p.verifier(nil), nil, dir, p.clock)
	come := func(token, want string) {
		t.Helper()
		if _, err := a.Authenticate(t.Context(), token); (want == "" && err != nil) || (want != "" && !fault.IsReason(err, want)) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	old, young := p.token(t, first, "k1", nil), p.token(t, second, "k2", nil)
	come(old, "")
	come(young, "TOKEN_INVALID") // not published yet
	p.publish(public(first, "k1"), public(second, "k2"))
	come(young, "TOKEN_INVALID") // asked a moment ago
	p.later(10 * time.Second)
	come(young, "") // the unknown key made the provider be asked
	come(old, "")
	p.publish(public(second, "k2")) // the first key is withdrawn, e.g. because it was stolen
	p.later(identity.FreshFor)
	come(young, "")
	come(old, "TOKEN_INVALID") // though it was found good before
	p.publish(public(first, "k2"))
	p.later(identity.FreshFor)
	come(young, "TOKEN_INVALID") // another key under the same name
}

func TestAFloodOfUnknownKeysReachesTheProviderOnce(t *testing.T) {
	key := newKey(t)
	p := newProvider(t, public(key, "k1"))
	v := p.verifier(nil)
	good := p.token(t, key, "k1", nil)
	if got := reasonOf(t, v, good); got != "" {
		t.Fatal(got)
	}
	p.later(10 * time.Second)
	before := p.asked.Load()
	stranger := newKey(t)
	tokens := make([]string, 200)
	for i := range tokens {
		tokens[i] = p.token(t, stranger, fmt.Sprint("invented-", i), nil)
	}
	var flood sync.WaitGroup
	for _, token := range tokens {
		flood.Go(func() {
			if got := reasonOf(t, v, token); got != "TOKEN_INVALID" {
				t.Errorf("an invented key: %q", got)
			}
			if got := reasonOf(t, v, good); got != "" {
				t.Errorf("a good token during the flood: %q", got)
			}
		})
	}
	flood.Wait()
	if n := p.asked.Load() - before; n != 1 {
		t.Errorf("the provider was asked %d times, want once", n)
	}
}

func TestAProviderThatIsDown(t *testing.T) {
	key, young := newKey(t), newKey(t)
	p := newProvider(t, public(key, "k1"))
	dir, _ := people(t)
	a := identity.New(p.verifier(nil), nil, dir, p.clock)
	token, other, fresh := p.token(t, key, "k1", nil), p.token(t, key, "k1", map[string]any{"jti": "2"}), p.token(t, young, "k2", nil)
	come := func(when, token, want string) {
		t.Helper()
		if _, err := a.Authenticate(t.Context(), token); (want == "" && err != nil) || (want != "" && !fault.IsReason(err, want)) {
			t.Errorf("%s: got %v, want %q", when, err, want)
		}
	}
	come("up", token, "")
	p.broken.Store(true)
	p.later(59 * time.Minute)
	come("down for less than keys are kept", token, "")
	come("down, a token not seen before", other, "")
	come("down, a key that may be new", fresh, "ISSUER") // not called bad: nobody can tell
	p.later(time.Minute)
	come("down for longer", token, "ISSUER")
	come("down for longer, another token", other, "ISSUER")
	p.broken.Store(false)
	come("up, asked a moment ago", token, "ISSUER")
	p.later(10 * time.Second)
	come("up again", token, "")
}

func TestAlgorithmsCannotBeConfused(t *testing.T) {
	strong, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	must(t, err)
	ec, mac, enc := newKey(t), []byte(strings.Repeat("m", 64)), newKey(t)
	forEncryption := public(enc, "enc")
	forEncryption.Use = "enc"
	p := newProvider(t, public(strong, "rsa"), public(weak, "weak"), public(ec, "ec"), jose.JSONWebKey{Key: mac, KeyID: "mac"}, forEncryption)
	dir, _ := people(t)
	services, err := identity.NewSystemTokens([]byte(strings.Repeat("k", identity.SystemKey)), p.clock)
	must(t, err)
	a := identity.New(p.verifier(nil), services, dir, p.clock)
	der, err := x509.MarshalPKIXPublicKey(strong.Public())
	must(t, err)
	with := func(alg jose.SignatureAlgorithm, key any, kid string) string {
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", kid))
		must(t, err)
		token, err := jwt.Signed(signer).Claims(map[string]any{"iss": p.URL, "sub": "anna", "aud": audience, "exp": start.Add(time.Hour).Unix()}).Serialize()
		must(t, err)
		return token
	}
	stranger := newKey(t)
	embedded, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: stranger}, &jose.SignerOptions{EmbedJWK: true})
	must(t, err)
	brought, err := jwt.Signed(embedded).Claims(map[string]any{"iss": p.URL, "sub": "anna", "aud": audience, "exp": start.Add(time.Hour).Unix()}).Serialize()
	must(t, err)
	tampered := strings.Split(with(jose.ES256, ec, "ec"), ".")
	tampered[1] = strings.Split(p.token(t, ec, "ec", map[string]any{"sub": "ewa"}), ".")[1]
	for label, tt := range map[string]struct{ token, reason string }{
		"RSA":                            {with(jose.RS256, strong, "rsa"), ""},
		"EC":                             {with(jose.ES256, ec, "ec"), ""},
		"no key id":                      {with(jose.ES256, ec, ""), ""},
		"public key, DER, as MAC":        {with(jose.HS256, der, "rsa"), "TOKEN_INVALID"},
		"public key, PEM, as MAC":        {with(jose.HS512, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), "rsa"), "TOKEN_MALFORMED"},
		"public key, modulus, as MAC":    {with(jose.HS256, strong.N.Bytes(), "rsa"), "TOKEN_INVALID"},
		"a published secret":             {with(jose.HS256, mac, "mac"), "TOKEN_INVALID"},
		"an algorithm not offered":       {with(jose.PS256, strong, "rsa"), "TOKEN_INVALID"},
		"EC under the name of RSA":       {with(jose.ES256, ec, "rsa"), "TOKEN_INVALID"},
		"a weak key":                     {with(jose.RS256, weak, "weak"), "TOKEN_INVALID"},
		"a key for encryption":           {with(jose.ES256, enc, "enc"), "TOKEN_INVALID"},
		"a key that the token brings":    {brought, "TOKEN_INVALID"},
		"claims of another token":        {strings.Join(tampered, "."), "TOKEN_INVALID"},
		"no signature":                   {strings.Join(tampered[:2], ".") + ".", "TOKEN_INVALID"},
		"a signature of another's token": {strings.Join(tampered[:2], ".") + "." + tampered[2][:20], "TOKEN_INVALID"},
	} {
		t.Run(label, func(t *testing.T) {
			p.later(10 * time.Second)
			_, err := a.Authenticate(t.Context(), tt.token)
			if (tt.reason == "") != (err == nil) || (tt.reason != "" && !fault.IsReason(err, tt.reason)) {
				t.Errorf("got %v, want %q", err, tt.reason)
			}
		})
	}
	only := p.verifier(func(r *identity.Rules) { r.Algorithms = []string{"RS256"} })
	if got := reasonOf(t, only, with(jose.ES256, ec, "ec")); got != "TOKEN_INVALID" {
		t.Errorf("an algorithm that the operator left out: %q", got)
	}
	if got := reasonOf(t, only, with(jose.RS256, strong, "rsa")); got != "" {
		t.Errorf("the one algorithm: %q", got)
	}
}

func TestWhereKeysMayComeFrom(t *testing.T) {
	key := newKey(t)
	for label, at := range map[string]string{
		"in the clear from another machine": "http://login.example/keys", "sent there": "/elsewhere", "no address": ":", "endless": "/endless", "a file": "file:///etc/keys",
	} {
		t.Run(label, func(t *testing.T) {
			p := newProvider(t, public(key, "k1"))
			if p.at = at; strings.HasPrefix(at, "/") {
				p.at = p.URL + at
			}
			if got := reasonOf(t, p.verifier(nil), p.token(t, key, "k1", nil)); got != "ISSUER" {
				t.Errorf("%q", got)
			}
		})
	}
	p := newProvider(t, public(key, "k1"))
	if got := reasonOf(t, p.verifier(func(r *identity.Rules) { r.Issuer += "/" }), p.token(t, key, "k1", nil)); got != "ISSUER" {
		t.Errorf("another issuer's configuration: %q", got)
	}
}

func TestRules(t *testing.T) {
	key := newKey(t)
	p := newProvider(t, public(key, "k1"))
	type m = map[string]any
	sub := func(path string) func(*identity.Rules) { return func(r *identity.Rules) { r.Subject = path } }
	kind := func(k string) func(*identity.Rules) { return func(r *identity.Rules) { r.Tokens = k } }
	clients := func(r *identity.Rules) { r.Parties = []string{"web", "phone"} }
	skew := func(r *identity.Rules) { r.Leeway = time.Minute }
	must1 := func(s string) func(*identity.Rules) {
		c, err := identity.ParseClaim(s)
		must(t, err)
		return func(r *identity.Rules) { r.Required = append(r.Required, c) }
	}
	at := func(d time.Duration) int64 { return start.Add(d).Unix() }
	for label, tt := range map[string]struct {
		rules  func(*identity.Rules)
		claims m
		reason string
	}{
		"usual":                              {nil, nil, ""},
		"one of several audiences":           {nil, m{"aud": []string{"account", audience}}, ""},
		"for another":                        {nil, m{"aud": []string{"account"}}, "TOKEN_INVALID"},
		"for nobody":                         {nil, m{"aud": nil}, "TOKEN_INVALID"},
		"audience that begins like ours":     {nil, m{"aud": audience + "-admin"}, "TOKEN_INVALID"},
		"second configured audience":         {func(r *identity.Rules) { r.Audiences = []string{"x", "y"} }, m{"aud": "y"}, ""},
		"issuer with a slash more":           {nil, m{"iss": p.URL + "/"}, "TOKEN_INVALID"},
		"another subject claim":              {sub("preferred_username"), m{"preferred_username": "ewa", "sub": nil}, ""},
		"subject on a path":                  {sub("person.login"), m{"person": m{"login": "ewa"}}, ""},
		"subject claim with dots in it":      {sub("pl.gov.login"), m{"pl.gov.login": "ewa"}, ""},
		"path that leads nowhere":            {sub("person.login"), m{"person": "ewa"}, "TOKEN_SUBJECT"},
		"subject that is a list":             {sub("roles"), m{"roles": []string{"anna"}}, "TOKEN_SUBJECT"},
		"empty subject":                      {nil, m{"sub": ""}, "TOKEN_SUBJECT"},
		"subject with a line break":          {nil, m{"sub": "anna\n"}, "TOKEN_SUBJECT"},
		"endless subject":                    {nil, m{"sub": strings.Repeat("a", 256)}, "TOKEN_SUBJECT"},
		"PESEL as subject":                   {nil, m{"sub": "90051512340"}, "TOKEN_SUBJECT"},
		"PESEL as eIDAS writes it":           {nil, m{"sub": "PL/PL/90051512340"}, "TOKEN_SUBJECT"},
		"PESEL amid other words":             {nil, m{"sub": "90051512340@powiat.example"}, "TOKEN_SUBJECT"},
		"spaces around a subject":            {nil, m{"sub": " anna "}, "TOKEN_SUBJECT"},
		"digits that are no PESEL":           {nil, m{"sub": "a90051512340"}, ""},
		"client":                             {clients, m{"azp": "phone"}, ""},
		"client, RFC 9068":                   {clients, m{"client_id": "web"}, ""},
		"client, Entra ID version 1":         {clients, m{"appid": "web"}, ""},
		"another client":                     {clients, m{"azp": "elsewhere", "client_id": "web"}, "TOKEN_INVALID"},
		"no client":                          {clients, nil, "TOKEN_INVALID"},
		"required claim":                     {must1("acr=substantial|high"), m{"acr": "high"}, ""},
		"required claim, another value":      {must1("acr=substantial|high"), m{"acr": "low"}, "TOKEN_CLAIMS"},
		"required claim, missing":            {must1("acr=substantial|high"), nil, "TOKEN_CLAIMS"},
		"required claim in a list":           {must1("realm_access.roles=asysta"), m{"realm_access": m{"roles": []string{"x", "asysta"}}}, ""},
		"required claim, not in the list":    {must1("realm_access.roles=asysta"), m{"realm_access": m{"roles": []string{"x"}}}, "TOKEN_CLAIMS"},
		"required truth":                     {must1("email_verified=true"), m{"email_verified": true}, ""},
		"required number":                    {must1("loa=3"), m{"loa": 3}, ""},
		"one of two required":                {func(r *identity.Rules) { must1("a=1")(r); must1("b=1")(r) }, m{"a": "1"}, "TOKEN_CLAIMS"},
		"ended":                              {nil, m{"exp": at(0)}, "TOKEN_EXPIRED"},
		"ended within the leeway":            {skew, m{"exp": at(-59 * time.Second)}, ""},
		"ended, leeway over":                 {skew, m{"exp": at(-time.Minute)}, "TOKEN_EXPIRED"},
		"without an end":                     {skew, m{"exp": nil}, "TOKEN_INVALID"},
		"end that is no number":              {skew, m{"exp": "tomorrow"}, "TOKEN_INVALID"},
		"end beyond time":                    {skew, m{"exp": 1e300}, "TOKEN_INVALID"},
		"end with a fraction":                {nil, m{"exp": float64(at(time.Second)) + 0.5}, ""},
		"begins within the leeway":           {skew, m{"nbf": at(time.Minute)}, ""},
		"begins later":                       {skew, m{"nbf": at(61 * time.Second)}, "TOKEN_INVALID"},
		"begins later, no leeway":            {nil, m{"nbf": at(time.Second)}, "TOKEN_INVALID"},
		"begin that is no number":            {nil, m{"nbf": "now"}, "TOKEN_INVALID"},
		"issued within the leeway":           {skew, m{"iat": at(time.Minute)}, ""},
		"issued in the future":               {skew, m{"iat": at(61 * time.Second)}, "TOKEN_INVALID"},
		"ID token, Keycloak":                 {nil, m{"typ": "ID"}, "TOKEN_INVALID"},
		"ID token, Entra ID":                 {nil, m{"nonce": "n"}, "TOKEN_INVALID"},
		"ID token, Cognito":                  {nil, m{"token_use": "id"}, "TOKEN_INVALID"},
		"ID token, wanted":                   {kind(identity.IDTokens), m{"typ": "ID", "nonce": "n", "at_hash": "h"}, ""},
		"ID token, either":                   {kind(identity.AnyTokens), m{"at_hash": "h"}, ""},
		"access token, Keycloak, with nonce": {nil, m{"typ": "Bearer", "nonce": "n"}, ""},
		"access token, ID wanted":            {kind(identity.IDTokens), m{"typ": "Bearer"}, "TOKEN_INVALID"},
		"refresh token":                      {kind(identity.AnyTokens), m{"typ": "Refresh"}, "TOKEN_INVALID"},
		"logout token":                       {kind(identity.AnyTokens), m{"events": m{"http://schemas.openid.net/event/backchannel-logout": m{}}}, "TOKEN_INVALID"},
		"bound to a key we cannot check":     {nil, m{"cnf": m{"jkt": "x"}}, "TOKEN_INVALID"},
	} {
		t.Run(label, func(t *testing.T) {
			if got := reasonOf(t, p.verifier(tt.rules), p.token(t, key, "k1", tt.claims)); got != tt.reason {
				t.Errorf("got %q, want %q", got, tt.reason)
			}
		})
	}
}

func TestTheHeaderSaysTheKind(t *testing.T) {
	key := newKey(t)
	v := identity.NewStatic(identity.Rules{Issuer: issuer, Audiences: []string{audience}}, func() time.Time { return start }, key.Public())
	for typ, want := range map[jose.ContentType]string{
		"at+jwt": "", "application/at+jwt": "", "AT+JWT": "", "JWT": "", "logout+jwt": "TOKEN_INVALID", "dpop+jwt": "TOKEN_INVALID", "id_token": "TOKEN_INVALID",
	} {
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, (&jose.SignerOptions{}).WithType(typ))
		must(t, err)
		token, err := jwt.Signed(signer).Claims(claims(nil)).Serialize()
		must(t, err)
		if got := reasonOf(t, v, token); got != want {
			t.Errorf("typ %s: got %q, want %q", typ, got, want)
		}
	}
}

func TestRequiredClaimsAreWrittenSo(t *testing.T) {
	for _, s := range []string{"", "acr", "=high", "acr=", "acr=high|"} {
		if c, err := identity.ParseClaim(s); err == nil {
			t.Errorf("%q is read as %+v", s, c)
		}
	}
	c, err := identity.ParseClaim(" realm_access.roles=asysta|asysta=2")
	must(t, err)
	if c.Path != "realm_access.roles" || len(c.Values) != 2 || c.Values[1] != "asysta=2" {
		t.Errorf("%+v", c)
	}
}
