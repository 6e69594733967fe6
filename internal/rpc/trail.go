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
	logged   bool // a line of the access log is written
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
func (d Deps) access(t *trail, refs, gminas []string, denied string) store.Access {
	actor := d.actor(t.grant, "")
	if len(t.grant.Roles) == 0 {
		actor = store.Actor{Person: t.who.Person, System: t.who.System, Subject: t.who.Subject, Instance: d.Instance}
	}
	return store.Access{
		At: d.Clock(), Gminas: gminas, Actor: actor, Purpose: t.call.Purpose, Method: t.method, Refs: refs, Denied: denied,
	}
}

// commit commits a change together with the line of the access log for what the call has read so far. Where the change is not committed, what was read waits for
// the call's own line.
func (d Deps) commit(ctx context.Context, m Mutation, base *store.Document, change store.Change) (*store.Document, bool, error) {
	t := trailFrom(ctx)
	if t == nil || t.policy == nil || t.reads == nil || !store.HoldsFamilyData(m.Ref.Kind) {
		return m.Scope.Commit(ctx, base, change)
	}
	refs, gminas := t.fresh()
	line := d.access(t, refs, gminas, "")
	change.Access = &line
	doc, replayed, err := m.Scope.Commit(ctx, base, change)
	if err != nil || replayed {
		t.reads.Add(refs, gminas)
		return doc, replayed, err
	}
	t.reads.Forget(m.Ref)
	t.logged = true
	return doc, replayed, nil
}
