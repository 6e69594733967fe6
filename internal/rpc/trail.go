package rpc

import (
	"context"
	"slices"

	"asysta.example/internal/access"
	"asysta.example/internal/name"
	"asysta.example/internal/store"
)

// trail is what one call leaves for those around the handler: the log, the audit of denials and the access log. The inner interceptors fill it, the
// outer ones read it when the handler has returned.
type trail struct {
	policy   *policy // nil for a service that is open to all (health)
	method   string
	who      access.Principal
	grant    access.Grant
	gmina    string // tenant named by the request, authorized or not; "" where it was malformed
	county   string
	why      string    // why a call was refused, for the auditor alone
	resource name.Name // that the request names
	call     Call
	reads    *store.ReadSet
	logged   bool // a line of the access log is written (streams)
}

// Reasons of a refusal, as the access log has them. The caller is told none of them.
const (
	whyPerson = "PERSON" // a good token of somebody who may not log in (any more); once a minute for each
	whyTenant = "TENANT" // malformed, unknown or foreign tenant, or no accepted role in it
	whyObject = "OBJECT" // the tenant was right, the object rule was not met, or there is no such object
)

type trailKey struct{}

func withTrail(ctx context.Context, t *trail) context.Context {
	return context.WithValue(ctx, trailKey{}, t)
}

func trailFrom(ctx context.Context) *trail {
	t, _ := ctx.Value(trailKey{}).(*trail)
	return t
}

// fresh takes what was read since the access log was written last, with the gminas of it and of the tenant. A stream that hands out the same file again has it here
// again.
func (t *trail) fresh() (refs, gminas []string) {
	if t.reads != nil {
		refs, gminas = t.reads.Take()
	}
	if t.gmina != "" && !slices.Contains(gminas, t.gmina) {
		gminas = append(gminas, t.gmina)
		slices.Sort(gminas)
	}
	return refs, gminas
}

// access is the line of the access log for what the call read, or for its refusal.
func (s *Server) access(t *trail, refs, gminas []string, denied string) store.Access {
	actor := s.deps.actor(t.grant, "")
	if len(t.grant.Roles) == 0 {
		actor = store.Actor{Person: t.who.Person, System: t.who.System, Subject: t.who.Subject, Instance: s.deps.Instance}
	}
	return store.Access{
		ID: s.deps.NewID(), At: s.deps.Clock(), Gminas: gminas, Actor: actor, Purpose: t.call.Purpose, Method: t.method, Refs: refs, Denied: denied,
	}
}
