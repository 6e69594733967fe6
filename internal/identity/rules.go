package identity

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"asysta.example/internal/directory"
	"asysta.example/internal/fault"
)

// Kinds of token that Rules.Tokens may name.
const (
	AccessTokens = "access" // access tokens (RFC 9068, Keycloak, Entra ID); what calls itself an ID token is refused
	IDTokens     = "id"     // ID tokens, of providers that give nothing else; what calls itself an access token is refused
	AnyTokens    = "any"    // both
)

// Bounds of what an operator may set.
const (
	LongestLeeway = 5 * time.Minute
	FreshFor      = 10 * time.Minute // known keys are used so long without asking, and so at least while nobody answers
	LongestKept   = 7 * 24 * time.Hour
)

// Algorithms are those of the signatures that may be accepted, all of them with a public key: with none of them can who knows that key sign.
var Algorithms = []string{"RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "EdDSA"}

// Rules say which tokens of an OpenID Connect provider are accepted and whom they name. The zero value of a field is its strictest or usual meaning.
type Rules struct {
	Issuer     string        // URL of the provider, as its tokens spell it in iss
	Audiences  []string      // a token names at least one of them in aud
	Subject    string        // claim that names the person: a name, or a path with dots; sub where empty
	Parties    []string      // clients to which tokens may have been issued (azp, client_id, appid); any where empty
	Required   []Claim       // each must hold
	Algorithms []string      // of Algorithms; where empty all those that the provider says it uses
	Tokens     string        // AccessTokens (also where empty), IDTokens or AnyTokens
	Leeway     time.Duration // how far the provider's clock may be from ours, for exp, nbf and iat
	Kept       time.Duration // how long known keys serve a provider that does not answer; not at all where 0
}

// Claim is a value that a token must carry: the claim at the path is, or, where it is a list, holds one of the values.
type Claim struct {
	Path   string
	Values []string
}

// ParseClaim reads "path=value" or "path=one|another".
func ParseClaim(s string) (Claim, error) {
	path, values, ok := strings.Cut(s, "=")
	c := Claim{Path: strings.TrimSpace(path), Values: strings.Split(values, "|")}
	if !ok || c.Path == "" || slices.Contains(c.Values, "") {
		return Claim{}, fmt.Errorf("identity: a required claim is written claim=value or claim=one|another, not %q", s)
	}
	return c, nil
}

// Confidential tells whether nobody on the way can replace what an address answers: it is https, or on this machine.
func Confidential(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && (u.Scheme == "https" || (u.Scheme == "http" && Loopback(u.Host)))
}

// claims are those of one token whose signature is good.
type claims map[string]any

func parseClaims(payload []byte) (claims, error) {
	d := json.NewDecoder(bytes.NewReader(payload))
	d.UseNumber()
	var c claims
	if err := d.Decode(&c); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("identity: more than one JSON value in a token")
	}
	return c, nil
}

// at gives the value of a claim by its name or, where no claim is called so, by a path with dots.
func (c claims) at(path string) any {
	if v, ok := c[path]; ok {
		return v
	}
	name, rest, ok := strings.Cut(path, ".")
	if !ok {
		return nil
	}
	inner, _ := c[name].(map[string]any)
	return claims(inner).at(rest)
}

// texts gives the value of a claim as texts: one, or those of a list. Numbers and truth values are as JSON spells them.
func (c claims) texts(path string) []string {
	switch v := c.at(path).(type) {
	case nil:
		return nil
	case []any:
		var all []string
		for _, one := range v {
			if s, ok := text(one); ok {
				all = append(all, s)
			}
		}
		return all
	default:
		if s, ok := text(v); ok {
			return []string{s}
		}
		return nil
	}
}

func text(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return fmt.Sprint(v), true
	}
	return "", false
}

func (c claims) text(path string) string {
	s, _ := c.at(path).(string)
	return s
}

// instant gives a time of a token; zero, false where it has none or one that is no number of seconds.
func (c claims) instant(name string) (time.Time, bool) {
	n, ok := c[name].(json.Number)
	if !ok {
		return time.Time{}, false
	}
	f, err := n.Float64()
	if err != nil || math.Abs(f) > 1<<40 {
		return time.Time{}, false
	}
	whole, part := math.Modf(f)
	return time.Unix(int64(whole), int64(part*1e9)), true
}

// subject judges the claims of a token with a good signature, whose header says what type it is, and gives whom it names and the instant from which it is not
// accepted any more.
func (r Rules) subject(c claims, headerType string, now time.Time) (string, time.Time, error) {
	invalid := fault.Unauthenticated("TOKEN_INVALID")
	if c.text("iss") != r.Issuer || !overlap(c.texts("aud"), r.Audiences) {
		return "", time.Time{}, invalid
	}
	expiry, ok := c.instant("exp")
	if !ok {
		return "", time.Time{}, invalid
	}
	if expiry = expiry.Add(r.Leeway); !expiry.After(now) {
		return "", time.Time{}, fault.Unauthenticated("TOKEN_EXPIRED")
	}
	for _, begins := range []string{"nbf", "iat"} {
		at, ok := c.instant(begins)
		if _, there := c[begins]; there && (!ok || at.After(now.Add(r.Leeway))) {
			return "", time.Time{}, invalid
		}
	}
	if !r.accepts(kindOf(c, headerType)) || c["cnf"] != nil || !r.issuedTo(c) {
		return "", time.Time{}, invalid
	}
	for _, must := range r.Required {
		if !overlap(c.texts(must.Path), must.Values) {
			return "", time.Time{}, fault.Unauthenticated("TOKEN_CLAIMS")
		}
	}
	who, err := r.named(c)
	return who, expiry, err
}

// named gives the person's login subject. A PESEL number is none: subjects stand in commits and in the access log.
func (r Rules) named(c claims) (string, error) {
	path := r.Subject
	if path == "" {
		path = "sub"
	}
	who := c.text(path)
	switch err := directory.CheckSubject(who); {
	case errors.Is(err, directory.ErrSubjectPesel):
		return "", &fault.Error{Kind: fault.KindUnauthenticated, Reason: "TOKEN_SUBJECT",
			Polish: "Serwer logowania podaje numer PESEL jako identyfikator osoby, czego system nie przyjmuje. Zgłoś to administratorowi: trzeba wybrać inny identyfikator."}
	case err != nil:
		return "", fault.Unauthenticated("TOKEN_SUBJECT")
	}
	return who, nil
}

// issuedTo tells whether the client that got the token is one of those that may have it.
func (r Rules) issuedTo(c claims) bool {
	if len(r.Parties) == 0 {
		return true
	}
	for _, claim := range []string{"azp", "client_id", "appid"} { // OpenID Connect and Keycloak, RFC 9068, Entra ID version 1
		if _, there := c[claim]; there {
			return slices.Contains(r.Parties, c.text(claim))
		}
	}
	return false
}

// kindOf tells what kind a token calls itself: AccessTokens, IDTokens, "" for one that does not say, and another word for what opens nothing at all (refresh
// and logout tokens). Providers say it in the header (RFC 9068), in the claim typ (Keycloak) or token_use (Cognito); Entra ID only by what an ID token alone has.
func kindOf(c claims, headerType string) string {
	for _, said := range []string{headerType, c.text("typ"), c.text("token_use")} {
		switch strings.TrimPrefix(strings.ToLower(said), "application/") {
		case "at+jwt", "bearer", "access":
			return AccessTokens
		case "id", "id_token", "id+jwt":
			return IDTokens
		case "", "jwt":
		default:
			return "other"
		}
	}
	for _, only := range []string{"nonce", "at_hash", "c_hash"} {
		if _, there := c[only]; there {
			return IDTokens
		}
	}
	if _, there := c["events"]; there { // of a logout token or a security event
		return "other"
	}
	return ""
}

func (r Rules) accepts(kind string) bool {
	switch kind {
	case "":
		return true
	case AccessTokens:
		return r.Tokens != IDTokens
	case IDTokens:
		return r.Tokens == IDTokens || r.Tokens == AnyTokens
	}
	return false
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// algorithms are those that a token may be signed with.
func (r Rules) algorithms(offered []string) []jose.SignatureAlgorithm {
	var accepted []jose.SignatureAlgorithm
	for _, a := range Algorithms {
		if (len(r.Algorithms) == 0 || slices.Contains(r.Algorithms, a)) && (len(offered) == 0 || slices.Contains(offered, a)) {
			accepted = append(accepted, jose.SignatureAlgorithm(a))
		}
	}
	return accepted
}

// smallestRSA is the smallest RSA key that is accepted, in bits.
const smallestRSA = 2048

// strong tells whether a key of a provider is a public one that is worth trusting.
func strong(key any) bool {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return k.N.BitLen() >= smallestRSA
	case *ecdsa.PublicKey, ed25519.PublicKey:
		return true
	}
	return false
}
