package access

import (
	"context"
	"slices"
)

// Role is a role of DOMAIN section 7, spelled as in the contract's enum without its prefix.
type Role string

// The roles.
const (
	SocialWorker        Role = "SOCIAL_WORKER"        // pracownik socjalny
	Assistant           Role = "ASSISTANT"            // asystent rodziny
	Head                Role = "HEAD"                 // kierownik ośrodka
	ContractedBody      Role = "CONTRACTED_BODY"      // podmiot, art. 190: its own head or office
	Coordinator         Role = "COORDINATOR"          // koordynator rodzinnej pieczy zastępczej (PCPR)
	CountyReporting     Role = "COUNTY_REPORTING"     // county reporting tools
	CountyAdministrator Role = "COUNTY_ADMINISTRATOR" // configuration, staff accounts
	Auditor             Role = "AUDITOR"              // audit trail, metadata
	System              Role = "SYSTEM"               // relay, sweep, one service asking another
	Any                 Role = "ANY"                  // any authenticated person
)

// GminaRoles are the roles that come from an employment in a gmina; the others are the county's.
var GminaRoles = []Role{SocialWorker, Assistant, Head, ContractedBody}

// CountyRoles are the roles a person holds for the whole county.
var CountyRoles = []Role{Coordinator, CountyReporting, CountyAdministrator, Auditor}

// Employment is the work of a person in one gmina, as in force today.
type Employment struct {
	Staff  string // staff id
	Gmina  string // TERYT
	Roles  []Role // in force today, HEAD included where the person deputizes
	Deputy bool   // HEAD comes from deputizing
	Areas  []string
	Body   string // institution id of the contracted body the person works for; "" for the gmina's own staff
}

// Principal is an authenticated caller.
type Principal struct {
	Person      string // id in powiaty/{county}/people
	County      string
	Subject     string // subject of the token
	CountyRoles []Role
	Employments []Employment
	System      string // name of a system principal ("referral", "sweep"); Person is then on whose behalf it acts
	ActingRole  Role   // of a system principal: role of the person on whose behalf it acts
}

// In gives the employment in a gmina.
func (p Principal) In(gmina string) (Employment, bool) {
	for _, e := range p.Employments {
		if e.Gmina == gmina {
			return e, true
		}
	}
	return Employment{}, false
}

// Has says whether the person holds a county role.
func (p Principal) Has(r Role) bool { return slices.Contains(p.CountyRoles, r) }

// Grant is what the contract's permission gives a caller for one call.
type Grant struct {
	Principal
	Gmina      string // tenant of the call; "" for the county's resources
	Roles      []Role // accepted by the method and held in the tenant, in the order of the contract
	Employment Employment
}

// Has says whether the grant holds one of the roles.
func (g Grant) Has(roles ...Role) bool {
	return slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(g.Roles, r) })
}

// WholeGmina says that the caller may see every file of the tenant, and so learn that one is absent.
func (g Grant) WholeGmina() bool { return g.Has(Head) }

type grantKey struct{}

// WithGrant puts the grant of a call into its context.
func WithGrant(ctx context.Context, g Grant) context.Context {
	return context.WithValue(ctx, grantKey{}, g)
}

// GrantFrom gives the grant of the call; the zero Grant, which allows nothing, where there is none.
func GrantFrom(ctx context.Context) Grant {
	g, _ := ctx.Value(grantKey{}).(Grant)
	return g
}
