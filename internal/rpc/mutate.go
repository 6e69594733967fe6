package rpc

import (
	"context"
	"errors"
	"time"

	"asysta.example/internal/access"
	"asysta.example/internal/fault"
	"asysta.example/internal/store"
)

// Mutation is one change of one aggregate.
type Mutation struct {
	Scope store.Scope
	Ref   store.Ref
	// Base is the aggregate as the handler has loaded it in this scope already; nil lets Mutate load it.
	Base *store.Document
	// Etag is the version that the caller has seen; "" changes whatever is there (creation, work between services).
	Etag string
	// Create allows the aggregate to be absent: Authorize is not asked then, and Apply gets an empty document of version 0.
	Create bool
	// Authorize is the object rule, on the document as loaded, also before a replay is answered. Nil only where the tenant alone decides.
	Authorize func(*store.Document) error
	// Apply is pure: decode the state, run the core, encode. Called again on the newer document after a conflict when Etag is "". It leaves the
	// envelope (actor, method, instant, request) to Mutate; a Purpose it sets stands where the caller gave none.
	Apply func(*store.Document) (store.Change, error)
	// ValidateOnly commits nothing; the document comes back as it would be, under the version that it has.
	ValidateOnly bool
	// Role is the acting role for the journal; "" the strongest of the grant.
	Role access.Role
}

// attempts is how often an unconditional change meets a newer version before the caller is told to come again.
const attempts = 8

// Mutate loads, authorizes, meets an earlier self of the same request, compares the etag, applies and commits. Replayed says that the request was
// carried out before; the document is the present one then. Errors are faults, but for failures of the engine.
func (d Deps) Mutate(ctx context.Context, m Mutation) (doc *store.Document, replayed bool, err error) {
	for n := range attempts {
		if n > 0 {
			m.Base = nil
		}
		doc, replayed, err = d.mutateOnce(ctx, m)
		if !errors.Is(err, store.ErrConflict) {
			return doc, replayed, asFault(ctx, err)
		}
		if m.Etag != "" {
			return nil, false, fault.Conflict()
		}
		if err := pause(ctx, n); err != nil {
			return nil, false, err
		}
	}
	return nil, false, fault.Unavailable("CONTENTION")
}

func pause(ctx context.Context, attempt int) error {
	t := time.NewTimer(time.Duration(attempt+1) * 3 * time.Millisecond)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func (d Deps) mutateOnce(ctx context.Context, m Mutation) (*store.Document, bool, error) {
	base, err := m.Base, error(nil)
	if base == nil {
		base, err = m.Scope.Load(ctx, m.Ref)
	}
	switch {
	case errors.Is(err, store.ErrNotFound) && m.Create:
		base = m.Scope.New(m.Ref)
	case err != nil:
		return nil, false, err
	}
	if m.Authorize != nil && base.Version > 0 {
		if err := m.Authorize(base); err != nil {
			return nil, false, err
		}
	}
	call := CallFrom(ctx)
	actor := d.actor(access.GrantFrom(ctx), m.Role)
	if met, err := meets(base, call, actor); met || err != nil {
		return base, met, err
	}
	if m.Etag != "" && m.Etag != Etag(base.Version) {
		return nil, false, fault.Conflict()
	}
	change, err := m.Apply(base)
	if err != nil {
		return nil, false, err
	}
	if m.ValidateOnly {
		doc, err := store.Preview(base, change)
		return doc, false, err
	}
	change.Actor, change.Method, change.RequestID, change.BodyHash = actor, call.Method, call.RequestID, call.BodyHash
	if call.Purpose != "" {
		change.Purpose = call.Purpose
	}
	change.RecordedAt = d.Clock()
	return d.commit(ctx, m, base, change)
}

// meets tells whether the document remembers the call as carried out.
func meets(doc *store.Document, call Call, actor store.Actor) (bool, error) {
	r, ok := doc.Request(call.RequestID)
	if !ok {
		return false, nil
	}
	if !r.Is(call.Method, actor.Person, call.BodyHash) {
		return false, fault.Reused()
	}
	return true, nil
}

// asFault turns the store's errors into what the caller is told. Others pass.
func asFault(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrNotFound):
		return Absent(ctx, err)
	case errors.Is(err, store.ErrConflict):
		return fault.Conflict()
	case errors.Is(err, store.ErrRequestReused), errors.Is(err, store.ErrRecordExists): // carried out so long ago that the aggregate has forgotten the request
		return fault.Reused()
	case errors.Is(err, store.ErrTooLarge):
		return fault.Exhausted("DOCUMENT_TOO_LARGE", "Ta sprawa zawiera już zbyt wiele danych, aby dopisać kolejne. Skróć wpis albo zgłoś to administratorowi.")
	case errors.Is(err, store.ErrPageToken):
		return fault.Invalid("page_token", "PAGE_TOKEN", "znacznik strony nie należy do tej listy; zacznij od pierwszej strony.")
	case errors.Is(err, store.ErrUnavailable):
		return errors.Join(fault.Unavailable("STORE"), err) // the cause is for the log
	case errors.Is(err, store.ErrSchema):
		return fault.Unavailable("NEWER_SCHEMA")
	}
	return err
}
