package drive

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Issuer is an OpenID Connect issuer on this machine for the people of a county: the server verifies its tokens as those of any provider.
type Issuer struct {
	URL string

	key    *ecdsa.PrivateKey
	signer jose.Signer
	server *http.Server
	mu     sync.Mutex
	tokens map[string]string
}

// Audience is whom the tokens are for.
const Audience = "asysta"

// Algorithm is what the tokens are signed with.
const Algorithm = string(jose.ES256)

// NewIssuer serves an issuer on a loopback address until Close.
func NewIssuer() (*Issuer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("drive: issuer: %w", err)
	}
	i := &Issuer{key: key, tokens: map[string]string{}}
	i.signer, err = jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, (&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", "load"))
	if err != nil {
		return nil, fmt.Errorf("drive: issuer: %w", err)
	}
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("drive: issuer: %w", err)
	}
	i.URL = "http://" + lis.Addr().String()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"issuer": i.URL, "jwks_uri": i.URL + "/keys", "token_endpoint": i.URL + "/token", "authorization_endpoint": i.URL + "/",
			"response_types_supported": []string{"id_token"}, "subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{Algorithm}})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "load", Algorithm: Algorithm, Use: "sig"}}})
	})
	i.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		if err := i.server.Serve(lis); err != nil && !errors.Is(err, http.ErrServerClosed) {
			panic(err) // the server under test could verify nothing
		}
	}()
	return i, nil
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the client has gone away
}

// Close ends the issuer.
func (i *Issuer) Close() error { return i.server.Close() }

// Token gives the token of a login subject, valid for twelve hours.
func (i *Issuer) Token(subject string) string {
	i.mu.Lock()
	defer i.mu.Unlock()
	if t, ok := i.tokens[subject]; ok {
		return t
	}
	now := time.Now()
	t, err := jwt.Signed(i.signer).Claims(jwt.Claims{Issuer: i.URL, Subject: subject, Audience: jwt.Audience{Audience}, IssuedAt: jwt.NewNumericDate(now),
		Expiry: jwt.NewNumericDate(now.Add(12 * time.Hour))}).Serialize()
	if err != nil {
		panic(err) // the key is ours
	}
	i.tokens[subject] = t
	return t
}
