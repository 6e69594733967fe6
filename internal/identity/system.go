package identity

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"asysta.example/internal/access"
	"asysta.example/internal/fault"
)

// SystemKey is the smallest length of the key that signs the tokens of services, in bytes.
const SystemKey = 32

const (
	systemIssuer = "asysta-system"
	systemLife   = time.Minute
	systemLeeway = 5 * time.Second // clocks of two machines differ
)

// SystemTokens makes and verifies the tokens with which one service asks another. All processes of a deployment share its key.
type SystemTokens struct {
	key    []byte
	clock  func() time.Time
	signer jose.Signer
}

// systemClaims are what a service's token says beyond the registered claims.
type systemClaims struct {
	jwt.Claims
	Person  string      `json:"person,omitempty"` // on whose behalf
	Role    access.Role `json:"role,omitempty"`   // in which role of that person
	Gmina   string      `json:"gmina,omitempty"`  // the tenant in which alone it holds
	County  string      `json:"county,omitempty"`
	Service string      `json:"service"`
}

// NewSystemTokens uses a shared key of at least SystemKey bytes.
func NewSystemTokens(key []byte, clock func() time.Time) (*SystemTokens, error) {
	if len(key) < SystemKey {
		return nil, fmt.Errorf("identity: the system key has %d bytes, it needs %d", len(key), SystemKey)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: key}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, fmt.Errorf("identity: system key: %w", err)
	}
	return &SystemTokens{key: key, clock: clock, signer: signer}, nil
}

// SystemToken implements rpc.SystemTokens.
func (s *SystemTokens) SystemToken(service string, g access.Grant) (string, error) {
	if service == "" {
		return "", errors.New("identity: a system token names its service")
	}
	now := s.clock()
	return jwt.Signed(s.signer).Claims(systemClaims{
		Claims: jwt.Claims{
			Issuer: systemIssuer, Subject: service, Audience: jwt.Audience{systemIssuer}, IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(systemLife)),
		},
		Service: service, Person: g.Person, Role: g.ActingRole, Gmina: g.Gmina, County: g.County,
	}).Serialize()
}

// Verify gives the principal of a service's token: the service, on whose behalf, and no role but ROLE_SYSTEM in the tenant that the token names.
func (s *SystemTokens) Verify(token string) (access.Principal, error) {
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.HS256})
	if err != nil {
		return access.Principal{}, fault.Unauthenticated("TOKEN_MALFORMED")
	}
	var c systemClaims
	if err := parsed.Claims(s.key, &c); err != nil {
		return access.Principal{}, fault.Unauthenticated("TOKEN_INVALID")
	}
	err = c.ValidateWithLeeway(jwt.Expected{Issuer: systemIssuer, AnyAudience: jwt.Audience{systemIssuer}, Time: s.clock()}, systemLeeway)
	if errors.Is(err, jwt.ErrExpired) {
		return access.Principal{}, fault.Unauthenticated("TOKEN_EXPIRED")
	}
	if err != nil || c.Expiry == nil || c.Service == "" {
		return access.Principal{}, fault.Unauthenticated("TOKEN_INVALID")
	}
	p := access.Principal{Person: c.Person, County: c.County, System: c.Service, ActingRole: c.Role}
	if c.Gmina != "" {
		p.Employments = []access.Employment{{Gmina: c.Gmina}}
	}
	return p, nil
}
