package identity

import (
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"

	"asysta.example/internal/fault"
)

// OIDC verifies tokens of an OpenID Connect provider. The provider is asked for its keys when the first token comes, and again for keys not seen before, so
// that a start does not need it.
type OIDC struct {
	rules  Rules
	clock  func() time.Time
	client *http.Client
	ring   *keyring
}

// NewOIDC gives a Verifier of a provider's tokens.
func NewOIDC(rules Rules, clock func() time.Time) *OIDC {
	o := &OIDC{rules: rules, clock: clock, client: &http.Client{Timeout: asking, Transport: bounded{http.DefaultTransport}, CheckRedirect: confidentially}}
	o.ring = &keyring{fetch: o.fetch, clock: clock, kept: rules.Kept}
	return o
}

// NewStatic gives a Verifier of a provider whose public keys are known and never asked for.
func NewStatic(rules Rules, clock func() time.Time, keys ...crypto.PublicKey) *OIDC {
	o := &OIDC{rules: rules, clock: clock}
	p := published{algorithms: rules.algorithms(nil)}
	for _, key := range keys {
		p.keys = append(p.keys, jose.JSONWebKey{Key: key})
	}
	// The answer never changes, so that a clock that jumps costs nothing.
	o.ring = &keyring{fetch: func(context.Context) (published, error) { return p, nil }, clock: func() time.Time { return time.Time{}.Add(askAgain) }}
	return o
}

// Epoch implements Verifier.
func (o *OIDC) Epoch(ctx context.Context) (uint64, error) {
	_, epoch, err := o.ring.current(ctx)
	return epoch, err
}

// Verify implements Verifier.
func (o *OIDC) Verify(ctx context.Context, token string) (string, time.Time, error) {
	known, _, err := o.ring.current(ctx)
	if err != nil {
		return "", time.Time{}, err
	}
	jws, err := jose.ParseSignedCompact(token, known.algorithms)
	if err != nil || len(jws.Signatures) != 1 {
		return "", time.Time{}, fault.Unauthenticated("TOKEN_INVALID")
	}
	header := jws.Signatures[0].Protected
	candidates := o.candidates(known, header)
	if len(candidates) == 0 {
		known, err = o.ring.renewed(ctx)
		candidates = o.candidates(known, header)
	}
	if len(candidates) == 0 && err != nil {
		return "", time.Time{}, silent(err) // the key may be new: a good token is not called bad
	}
	for _, key := range candidates {
		payload, err := jws.Verify(key.Key)
		if err != nil {
			continue
		}
		c, err := parseClaims(payload)
		if err != nil {
			return "", time.Time{}, fault.Unauthenticated("TOKEN_INVALID")
		}
		headerType, _ := header.ExtraHeaders[jose.HeaderType].(string)
		return o.rules.subject(c, headerType, o.clock())
	}
	return "", time.Time{}, fault.Unauthenticated("TOKEN_INVALID")
}

// candidates are the keys that may have signed a token. A static key has no id and fits any.
func (o *OIDC) candidates(known published, header jose.Header) []jose.JSONWebKey {
	id := header.KeyID
	if o.client == nil {
		id = ""
	}
	return known.matching(id, header.Algorithm)
}

// fetch asks the provider what it publishes: where its keys are and what it signs with, then the keys.
func (o *OIDC) fetch(ctx context.Context) (published, error) {
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, o.client), o.rules.Issuer)
	if err != nil {
		return published{}, fmt.Errorf("identity: issuer: %w", err)
	}
	var found struct {
		Keys       string   `json:"jwks_uri"`
		Algorithms []string `json:"id_token_signing_alg_values_supported"`
	}
	if err := provider.Claims(&found); err != nil {
		return published{}, fmt.Errorf("identity: issuer: %w", err)
	}
	if !Confidential(found.Keys) {
		return published{}, errors.New("identity: issuer: its keys are at an address that anybody on the way could answer for")
	}
	p := published{algorithms: o.rules.algorithms(found.Algorithms)}
	if len(p.algorithms) == 0 {
		return published{}, errors.New("identity: issuer: it signs with no algorithm that is accepted")
	}
	if p.keys, err = o.keys(ctx, found.Keys); err != nil {
		return published{}, err
	}
	return p, nil
}

// keys fetches the provider's keys, without those that are weak, secret, not for signatures or of an unknown kind.
func (o *OIDC) keys(ctx context.Context, at string) ([]jose.JSONWebKey, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return nil, fmt.Errorf("identity: keys: %w", err)
	}
	resp, err := o.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("identity: keys: %w", err)
	}
	defer func() { _ = resp.Body.Close() }() // it was read
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("identity: keys: the issuer answers %d", resp.StatusCode)
	}
	if err := json.NewDecoder(resp.Body).Decode(&set); err != nil {
		return nil, fmt.Errorf("identity: keys: %w", err)
	}
	var found []jose.JSONWebKey
	for _, raw := range set.Keys[:min(len(set.Keys), maxKeys)] {
		var key jose.JSONWebKey
		if err := key.UnmarshalJSON(raw); err != nil || !key.IsPublic() || !strong(key.Key) || (key.Use != "" && key.Use != "sig") {
			continue
		}
		found = append(found, key)
	}
	if len(found) == 0 {
		return nil, errors.New("identity: keys: the issuer publishes none that can be used")
	}
	return found, nil
}

// bounded reads no more of an answer than a provider has reason to send.
type bounded struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.next.RoundTrip(r)
	if err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, maxPublished), resp.Body}
	return resp, nil
}

// confidentially follows a provider to another address only where that is as safe.
func confidentially(r *http.Request, via []*http.Request) error {
	if len(via) > 3 || !Confidential(r.URL.String()) {
		return errors.New("identity: issuer: it sends elsewhere")
	}
	return nil
}
