package identity

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"asysta.example/internal/fault"
)

// OIDC verifies tokens of an OpenID Connect issuer. The issuer is asked for its keys when the first token comes, and again for keys not seen before, so
// that a start does not need it.
type OIDC struct {
	issuer, audience string
	clock            func() time.Time
	client           *http.Client

	mu       sync.Mutex
	verifier *oidc.IDTokenVerifier
}

// asking bounds one question to the issuer.
const asking = 10 * time.Second

// algorithms are those of the signatures that are accepted, all of them with a public key.
var algorithms = []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA}

// NewOIDC gives a Verifier of an issuer (its https URL) for an audience.
func NewOIDC(issuer, audience string, clock func() time.Time) *OIDC {
	return &OIDC{issuer: issuer, audience: audience, clock: clock, client: &http.Client{Timeout: asking}}
}

// NewStatic gives a Verifier of an issuer whose public keys are known and never asked for.
func NewStatic(issuer, audience string, clock func() time.Time, keys ...crypto.PublicKey) *OIDC {
	o := NewOIDC(issuer, audience, clock)
	o.verifier = oidc.NewVerifier(issuer, &oidc.StaticKeySet{PublicKeys: keys}, o.config())
	return o
}

func (o *OIDC) config() *oidc.Config {
	return &oidc.Config{ClientID: o.audience, SupportedSigningAlgs: algorithms, Now: o.clock}
}

// Verify implements Verifier.
func (o *OIDC) Verify(ctx context.Context, token string) (string, time.Time, error) {
	v, err := o.discovered(ctx)
	if err != nil {
		return "", time.Time{}, err
	}
	failure := new(error)
	t, err := v.Verify(context.WithValue(ctx, failureKey{}, failure), token)
	var expired *oidc.TokenExpiredError
	switch {
	case *failure != nil:
		return "", time.Time{}, fmt.Errorf("identity: keys of the issuer: %w", errors.Join(*failure, fault.Unavailable("ISSUER")))
	case errors.As(err, &expired):
		return "", time.Time{}, fault.Unauthenticated("TOKEN_EXPIRED")
	case err != nil || t.Subject == "":
		return "", time.Time{}, fault.Unauthenticated("TOKEN_INVALID")
	}
	return t.Subject, t.Expiry, nil
}

// discovered asks the issuer for its keys' address, once. Where it does not answer the caller is told to come again.
func (o *OIDC) discovered(ctx context.Context) (*oidc.IDTokenVerifier, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.verifier != nil {
		return o.verifier, nil
	}
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, o.client), asking)
	defer cancel()
	p, err := oidc.NewProvider(ctx, o.issuer)
	if err != nil {
		return nil, fmt.Errorf("identity: issuer: %w", errors.Join(err, fault.Unavailable("ISSUER")))
	}
	var found struct {
		Keys string   `json:"jwks_uri"`
		Algs []string `json:"id_token_signing_alg_values_supported"`
	}
	if err := p.Claims(&found); err != nil {
		return nil, fmt.Errorf("identity: issuer: %w", errors.Join(err, fault.Unavailable("ISSUER")))
	}
	cfg := o.config()
	if len(found.Algs) > 0 {
		cfg.SupportedSigningAlgs = slices.DeleteFunc(slices.Clone(algorithms), func(a string) bool { return !slices.Contains(found.Algs, a) })
	}
	keys := oidc.NewRemoteKeySet(oidc.ClientContext(context.WithoutCancel(ctx), o.client), found.Keys)
	o.verifier = oidc.NewVerifier(o.issuer, watchedKeys{keys}, cfg)
	return o.verifier, nil
}

type failureKey struct{}

// watchedKeys tells a token that is not good from keys that could not be fetched, which go-oidc reports alike.
type watchedKeys struct{ oidc.KeySet }

// VerifySignature implements oidc.KeySet.
func (w watchedKeys) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	payload, err := w.KeySet.VerifySignature(ctx, token)
	if err != nil && strings.HasPrefix(err.Error(), "fetching keys") {
		if failure, ok := ctx.Value(failureKey{}).(*error); ok {
			*failure = err
		}
	}
	return payload, err
}
