package suite

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"asysta.example/internal/identity"
)

// rules are those by which tokens of people are judged.
func (l Login) rules() (identity.Rules, error) {
	r := identity.Rules{Issuer: l.Issuer, Audiences: trimmed(l.Audience), Subject: l.Subject, Parties: trimmed(l.Clients), Algorithms: trimmed(l.Algorithms), Tokens: l.Tokens,
		Leeway: l.Leeway, Kept: l.KeysKept}
	for _, s := range trimmed(l.Claims) {
		c, err := identity.ParseClaim(s)
		if err != nil {
			return r, fmt.Errorf("%sOIDC_REQUIRED_CLAIMS: %w", Prefix, err)
		}
		r.Required = append(r.Required, c)
	}
	return r, nil
}

// proxies are the networks whose word about their clients counts; a single address is a network of one.
func (l Login) proxies() ([]netip.Prefix, error) {
	return networks(l.Proxies)
}

// bounds are those on failed logins, as an authenticator takes it.
func (l Login) bounds() ([]identity.Option, error) {
	proxies, err := l.proxies()
	if err != nil || l.Failures <= 0 {
		return nil, err
	}
	return []identity.Option{identity.WithFailures(float64(l.Failures), burst*l.Failures, proxies)}, nil
}

func (l Login) faults() []error {
	var faults []error
	if _, err := l.proxies(); err != nil {
		faults = append(faults, err)
	}
	if l.Failures < 0 {
		faults = append(faults, errors.New("ASYSTA_FAILED_LOGINS_PER_SECOND: a number of at least 0"))
	}
	if len(trimmed(l.Audience)) == 0 {
		faults = append(faults, errors.New("ASYSTA_OIDC_AUDIENCE: name at least one audience"))
	}
	if l.Issuer == "" {
		return faults // said by who needs one
	}
	r, err := l.rules()
	if err != nil {
		return append(faults, err)
	}
	if !identity.Confidential(l.Issuer) {
		faults = append(faults, errors.New("ASYSTA_OIDC_ISSUER: an https:// address; http:// only on this machine"))
	}
	for _, a := range r.Algorithms {
		if !slices.Contains(identity.Algorithms, a) {
			faults = append(faults, fmt.Errorf("ASYSTA_OIDC_ALGORITHMS: %q is not one of %s", a, strings.Join(identity.Algorithms, ", ")))
		}
	}
	if !slices.Contains([]string{identity.AccessTokens, identity.IDTokens, identity.AnyTokens}, l.Tokens) {
		faults = append(faults, errors.New("ASYSTA_OIDC_TOKENS: access, id or any"))
	}
	return append(faults, between("OIDC_LEEWAY", l.Leeway, 0, identity.LongestLeeway), between("OIDC_KEYS_KEPT", l.KeysKept, identity.FreshFor, identity.LongestKept))
}

func between(key string, d, least, most time.Duration) error {
	if d < least || d > most {
		return fmt.Errorf("%s%s: %s to %s", Prefix, key, least, most)
	}
	return nil
}

// trimmed drops what is empty in a list and the spaces around the rest.
func trimmed(list []string) []string {
	var out []string
	for _, s := range list {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}
