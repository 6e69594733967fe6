package county

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"time"

	"asysta.example/cmd/asysta/suite"

	"asysta.example/internal/access"
	"asysta.example/internal/identity"
)

// Strangers have no place in any county: their tokens are missing, unreadable, out of date, of another issuer, unsigned, of a service with a wrong key, or of
// somebody whom no directory knows.
var Strangers = []string{"no-token", "malformed-token", "expired-token", "foreign-issuer", "unsigned-token", "forged-service", "nobody-at-all"}

// Service begins the names of services that act by themselves in a tenant: Service + "2004042".
const Service = "service:"

// Token gives the token of a person, whose login subject is the key itself, of a stranger, or of a service in a tenant.
func (c *County) Token(as string) (string, error) {
	if token, ok := c.tokens.Load(as); ok {
		return token.(string), nil //nolint:forcetypeassert // nothing else is put there
	}
	token, err := c.newToken(as)
	c.tokens.Store(as, token)
	return token, err
}

func (c *County) newToken(as string) (string, error) {
	switch as {
	case "no-token":
		return "", nil
	case "malformed-token":
		return "to.nie.token", nil
	case "expired-token":
		return c.expired, nil
	case "foreign-issuer":
		return c.stranger.Token("head")
	case "unsigned-token":
		claims := fmt.Sprintf(`{"iss":"http://%s%s","aud":"asysta","sub":"head","iat":%d,"exp":%d}`, c.Suite.Address(), suite.TrialPath, Noon.Unix(), Noon.Add(time.Hour).Unix())
		return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".", nil
	case "forged-service":
		forged, err := identity.NewSystemTokens(bytes.Repeat([]byte("x"), identity.SystemKey), func() time.Time { return Noon })
		if err != nil {
			return "", err
		}
		return forged.SystemToken("referral", access.Grant{Principal: access.Principal{County: Digits}, Gmina: Gmina})
	}
	if len(as) > len(Service) && as[:len(Service)] == Service {
		tenant := as[len(Service):]
		g := access.Grant{Principal: access.Principal{County: tenant[:4]}}
		if len(tenant) > 4 {
			g.Gmina = tenant
		}
		return c.Suite.Deps.Tokens.SystemToken("referral", g)
	}
	return c.Suite.Trial.Token(as)
}
