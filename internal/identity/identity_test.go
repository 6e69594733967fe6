package identity_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/directory"
	"asysta.example/internal/fault"
	"asysta.example/internal/identity"
	"asysta.example/internal/store"
	"asysta.example/internal/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const issuer, audience = "https://login.example", "asysta"

var start = time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	return key
}

func sign(t *testing.T, alg jose.SignatureAlgorithm, key any, claims any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", "k1"))
	must(t, err)
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	must(t, err)
	return token
}

func claims(change func(*jwt.Claims)) jwt.Claims {
	c := jwt.Claims{Issuer: issuer, Subject: "anna", Audience: jwt.Audience{audience}, Expiry: jwt.NewNumericDate(start.Add(time.Hour))}
	if change != nil {
		change(&c)
	}
	return c
}

// people gives a directory with anna, an assistant, and ewa, whose access ended yesterday.
func people(t *testing.T) (*directory.Reader, func(id string, to calendar.Date)) {
	t.Helper()
	engine, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"))
	must(t, err)
	s := store.Open(engine)
	t.Cleanup(func() { must(t, s.Close()) })
	must(t, s.System().Migrate(t.Context()))
	put := func(scope store.Scope, kind store.Kind, id string, cover any) {
		ref := store.Ref{Kind: kind, ID: id}
		doc, err := scope.Load(t.Context(), ref)
		if err != nil {
			doc = scope.New(ref)
		}
		_, _, err = scope.Commit(t.Context(), doc, store.Change{Actor: store.Actor{System: "test"}, Method: "test", RecordedAt: start, Cover: cover})
		must(t, err)
	}
	person := func(id string, to calendar.Date) {
		put(s.ForCounty("3024"), store.People, id, directory.Person{DisplayName: id, Subjects: []string{id}, ActiveFrom: calendar.MustOf(2020, 1, 1), ActiveTo: to})
	}
	person("anna", calendar.Date{})
	person("ewa", calendar.In(start).AddDays(-1))
	put(s.For("3024035"), store.Staff, "s1", directory.Staff{
		Person: "anna", DisplayName: "anna", Roles: []access.Role{access.Assistant}, Contract: "EMPLOYMENT", FTE: 100, ActiveFrom: calendar.MustOf(2020, 1, 1),
	})
	return directory.NewReader(s), person
}

func TestTokensOfPeople(t *testing.T) {
	key, other := newKey(t), newKey(t)
	dir, _ := people(t)
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	must(t, err)
	unsigned := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." +
		base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"https://login.example","sub":"anna","aud":"asysta","exp":9999999999}`)) + "."
	a := identity.New(identity.NewStatic(identity.Rules{Issuer: issuer, Audiences: []string{audience}}, func() time.Time { return start }, key.Public()), nil, dir, func() time.Time { return start })
	for label, tt := range map[string]struct{ token, reason string }{
		"good":              {sign(t, jose.ES256, key, claims(nil)), ""},
		"malformed":         {"abc", "TOKEN_MALFORMED"},
		"five parts":        {"a.b.c.d.e", "TOKEN_MALFORMED"},
		"header no JSON":    {"YWJj.b.c", "TOKEN_MALFORMED"},
		"endless":           {strings.Repeat("a", 20000) + ".b.c", "TOKEN_MALFORMED"},
		"expired":           {sign(t, jose.ES256, key, claims(func(c *jwt.Claims) { c.Expiry = jwt.NewNumericDate(start.Add(-time.Minute)) })), "TOKEN_EXPIRED"},
		"without an end":    {sign(t, jose.ES256, key, claims(func(c *jwt.Claims) { c.Expiry = nil })), "TOKEN_INVALID"},
		"not yet valid":     {sign(t, jose.ES256, key, claims(func(c *jwt.Claims) { c.NotBefore = jwt.NewNumericDate(start.Add(time.Hour)) })), "TOKEN_INVALID"},
		"wrong audience":    {sign(t, jose.ES256, key, claims(func(c *jwt.Claims) { c.Audience = jwt.Audience{"another"} })), "TOKEN_INVALID"},
		"wrong issuer":      {sign(t, jose.ES256, key, claims(func(c *jwt.Claims) { c.Issuer = "https://evil.example" })), "TOKEN_INVALID"},
		"no subject":        {sign(t, jose.ES256, key, claims(func(c *jwt.Claims) { c.Subject = "" })), "TOKEN_SUBJECT"},
		"foreign key":       {sign(t, jose.ES256, other, claims(nil)), "TOKEN_INVALID"},
		"unsigned":          {unsigned, "TOKEN_INVALID"},
		"public key as MAC": {sign(t, jose.HS256, public, claims(nil)), "TOKEN_INVALID"},
		"unknown subject":   {sign(t, jose.ES256, key, claims(func(c *jwt.Claims) { c.Subject = "nobody" })), "NO_SUCH_PERSON"},
		"revoked person":    {sign(t, jose.ES256, key, claims(func(c *jwt.Claims) { c.Subject = "ewa" })), "NO_SUCH_PERSON"},
	} {
		t.Run(label, func(t *testing.T) {
			p, err := a.Authenticate(t.Context(), tt.token)
			if tt.reason != "" {
				f, ok := fault.As(err)
				if !ok || f.Kind != fault.KindUnauthenticated || f.Reason != tt.reason || !cmp.Equal(access.Principal{Subject: p.Subject}, p) || (p.Subject != "") != (tt.reason == "NO_SUCH_PERSON") {
					t.Errorf("got %+v, %v; want %s", p, err, tt.reason)
				}
				return
			}
			must(t, err)
			if p.Person != "anna" || p.County != "3024" || len(p.Employments) != 1 || !cmp.Equal(p.Employments[0].Roles, []access.Role{access.Assistant}) {
				t.Errorf("principal %+v", p)
			}
		})
	}
}

func TestRevocationAndExpiryReachRememberedTokens(t *testing.T) {
	key := newKey(t)
	dir, person := people(t)
	now := start
	clock := func() time.Time { return now }
	a := identity.New(identity.NewStatic(identity.Rules{Issuer: issuer, Audiences: []string{audience}}, clock, key.Public()), nil, dir, clock)
	token := sign(t, jose.ES256, key, claims(nil))
	for range 2 {
		_, err := a.Authenticate(t.Context(), token)
		must(t, err)
	}
	person("anna", calendar.In(start).AddDays(-1))
	if _, err := a.Authenticate(t.Context(), token); !fault.IsReason(err, "NO_SUCH_PERSON") {
		t.Errorf("revoked, yet %v", err)
	}
	person("anna", calendar.Date{})
	_, err := a.Authenticate(t.Context(), token)
	must(t, err)
	now = start.Add(time.Hour)
	if _, err := a.Authenticate(t.Context(), token); !fault.IsReason(err, "TOKEN_EXPIRED") {
		t.Errorf("expired, yet %v", err)
	}
}

func TestSystemTokens(t *testing.T) {
	now := start
	key := []byte(strings.Repeat("k", identity.SystemKey))
	mine, err := identity.NewSystemTokens(key, func() time.Time { return now })
	must(t, err)
	other, err := identity.NewSystemTokens([]byte(strings.Repeat("x", identity.SystemKey)), func() time.Time { return now })
	must(t, err)
	g := access.Grant{
		Principal: access.Principal{Person: "anna", County: "3024", ActingRole: access.Head, CountyRoles: []access.Role{access.Auditor}}, Gmina: "3024035",
	}
	token, err := mine.SystemToken("referral", g)
	must(t, err)
	p, err := mine.Verify(token)
	must(t, err)
	want := access.Principal{Person: "anna", County: "3024", System: "referral", ActingRole: access.Head, Employments: []access.Employment{{Gmina: "3024035"}}}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Errorf("principal (-want +got):\n%s", diff)
	}
	foreign, err := other.SystemToken("referral", g)
	must(t, err)
	if _, err := mine.Verify(foreign); !fault.IsReason(err, "TOKEN_INVALID") {
		t.Errorf("foreign key: %v", err)
	}
	ofPerson := sign(t, jose.HS256, key, claims(nil))
	if _, err := mine.Verify(ofPerson); !fault.IsReason(err, "TOKEN_INVALID") {
		t.Errorf("token without a service: %v", err)
	}
	now = start.Add(2 * time.Minute)
	if _, err := mine.Verify(token); !fault.IsReason(err, "TOKEN_EXPIRED") {
		t.Errorf("expired: %v", err)
	}
	if _, err := identity.NewSystemTokens(key[1:], nil); err == nil {
		t.Error("a short key is accepted")
	}
	if _, err := mine.SystemToken("", g); err == nil {
		t.Error("a token without a service")
	}
}

func trialIssuer(t *testing.T) *identity.TrialIssuer {
	t.Helper()
	i, err := identity.NewTrialIssuer("http://127.0.0.1:8080/trial", audience, func() time.Time { return start }, func(context.Context) ([]identity.TrialPerson, error) {
		return []identity.TrialPerson{{Subject: "anna", DisplayName: "Anna <Próbna>", Does: "asystentka"}}, nil
	})
	must(t, err)
	return i
}

func TestTrialIssuer(t *testing.T) {
	i := trialIssuer(t)
	ask := func(method, path, remote string, change func(*http.Request)) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), method, "http://127.0.0.1:8080"+path, nil)
		r.RemoteAddr = remote
		if change != nil {
			change(r)
		}
		w := httptest.NewRecorder()
		i.Handler().ServeHTTP(w, r)
		return w
	}
	const here = "127.0.0.1:50000"
	got := ask("POST", "/trial/token?subject=anna", here, nil)
	subject, _, err := i.Verifier().Verify(t.Context(), strings.TrimSpace(got.Body.String()))
	if got.Code != http.StatusOK || err != nil || subject != "anna" {
		t.Fatalf("%d %q, %v", got.Code, subject, err)
	}
	if got := ask("POST", "/trial/token?subject=nobody", here, nil); got.Code != http.StatusNotFound {
		t.Errorf("a token for nobody: %d", got.Code)
	}
	if got := ask("GET", "/trial/", here, nil); !strings.Contains(got.Body.String(), "Anna &lt;Próbna&gt;") {
		t.Errorf("page: %s", got.Body)
	}
	for label, tt := range map[string]struct {
		remote string
		change func(*http.Request)
	}{
		"another machine":     {"192.0.2.7:50000", nil},
		"foreign host name":   {here, func(r *http.Request) { r.Host = "evil.example" }},
		"foreign origin":      {here, func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }},
		"through a proxy":     {here, func(r *http.Request) { r.Header.Set("X-Forwarded-For", "192.0.2.7") }},
		"origin null":         {here, func(r *http.Request) { r.Header.Set("Origin", "null") }},
		"host like localhost": {here, func(r *http.Request) { r.Host = "localhost.evil.example" }},
	} {
		if got := ask("POST", "/trial/token?subject=anna", tt.remote, tt.change); got.Code != http.StatusForbidden {
			t.Errorf("%s: %d, want 403", label, got.Code)
		}
	}
	if _, err := identity.NewTrialIssuer("http://192.0.2.7/trial", audience, nil, nil); err == nil {
		t.Error("a trial issuer on a public address")
	}
}

func TestTrialIssuerIsAnOpenIDIssuer(t *testing.T) {
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(func() { server.Close(); http.DefaultTransport.(*http.Transport).CloseIdleConnections() })
	i, err := identity.NewTrialIssuer(server.URL+"/trial", audience, func() time.Time { return start }, nil)
	must(t, err)
	handler = i.Handler()
	token, err := i.Token("anna")
	must(t, err)
	subject, _, err := identity.NewOIDC(identity.Rules{Issuer: server.URL + "/trial", Audiences: []string{audience}}, func() time.Time { return start }).Verify(t.Context(), token)
	if err != nil || subject != "anna" {
		t.Errorf("%q, %v", subject, err)
	}
}

func TestLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"127.0.0.1:80": true, "127.0.0.1": true, "[::1]:80": true, "[::1]": true, "localhost:8080": true, "0.0.0.0:80": false, ":8080": false, "": false,
		"[::]:80": false, "127.0.0.1.evil.example:80": false, "10.0.0.1:80": false,
	} {
		if got := identity.Loopback(host); got != want {
			t.Errorf("Loopback(%q) = %v", host, got)
		}
	}
}
