package rpc

import (
	"context"
	"crypto/rand"
	"log/slog"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/directory"
	"asysta.example/internal/seal"
	"asysta.example/internal/store"
)

// Deps is what every service's shell works with. It is copied by value and safe for concurrent use.
type Deps struct {
	Store     store.Store
	Vault     *seal.Vault       // seals and opens PESEL numbers and the other secrets
	Directory *directory.Reader // who works where with what rights, settings of gminas, institutions
	Clock     func() time.Time  // instant of recording and, in Warsaw, the civil today
	Log       *slog.Logger
	// Tokens makes the tokens with which one service asks another (SystemContext).
	Tokens SystemTokens
	// Instance names this process in commits and in the access log, e.g. its host name.
	Instance string
}

// SystemTokens makes short-lived tokens of a system principal.
type SystemTokens interface {
	// SystemToken gives a bearer token in which service acts on behalf of the grant's person in its ActingRole, in the tenant of the grant; a grant
	// without a person acts for nobody. It is valid for a minute.
	SystemToken(service string, g access.Grant) (string, error)
}

// Service is a server package's Server: what the wiring registers.
type Service interface {
	Register(grpc.ServiceRegistrar)
}

// Today is the civil date in Warsaw.
func (d Deps) Today() calendar.Date { return calendar.In(d.Clock()) }

// NewID gives a new id, a lowercase ULID of the clock's instant. What a request creates takes DerivedID instead, so that a retry meets it.
func (d Deps) NewID() string { return store.NewID(d.Clock(), rand.Reader) }

// DerivedID gives the id of a resource that the present call creates: the same for a retry with the same request id. Salts tell apart
// several resources made by one call.
func DerivedID(ctx context.Context, salt ...string) string {
	g, c := access.GrantFrom(ctx), CallFrom(ctx)
	return store.DerivedID(tenantOf(g), callerOf(g), c.Method, c.RequestID, salt...)
}

// tenantOf is the gmina or county of a grant.
func tenantOf(g access.Grant) string {
	if g.Gmina != "" {
		return g.Gmina
	}
	return g.County
}

// callerOf is the person of a grant, or the system principal that acts for nobody.
func callerOf(g access.Grant) string {
	if g.Person != "" {
		return g.Person
	}
	return "system:" + g.System
}

// SystemContext gives an outgoing context in which service asks another service on behalf of the present caller, or for nobody in work that runs
// by itself. Where no token can be made the callee refuses the call.
func (d Deps) SystemContext(ctx context.Context, service string) context.Context {
	if d.Tokens == nil {
		return ctx
	}
	g := access.GrantFrom(ctx)
	if g.System == "" {
		g.ActingRole = strongest(g)
	}
	token, err := d.Tokens.SystemToken(service, g)
	if err != nil {
		d.Log.ErrorContext(ctx, "system token", slog.String("error", err.Error()))
		return ctx
	}
	return metadata.NewOutgoingContext(ctx, metadata.Pairs("authorization", "Bearer "+token))
}

// Background gives the context of work that a service does by itself (sweep, relay) in a tenant: a gmina's seven digits or a county's four. Method
// names the work in the journal, e.g. "referral/sweep". Nothing of the caller's rights is in it: it holds ROLE_SYSTEM alone.
func Background(ctx context.Context, service, tenant, method string) context.Context {
	g := access.Grant{Principal: access.Principal{System: service, County: tenant[:min(4, len(tenant))]}, Roles: []access.Role{access.System}}
	if len(tenant) > 4 {
		g.Gmina = tenant
	}
	return withCall(access.WithGrant(ctx, g), Call{Method: method})
}
