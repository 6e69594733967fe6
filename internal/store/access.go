package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/bsonform"
)

// LogAccess implements Store. Concurrent calls share a commit where the engine groups its writes.
func (c *core) LogAccess(ctx context.Context, a Access) error {
	step, err := c.accessStep(a)
	if err != nil {
		return err
	}
	if err := c.engine.Write(ctx, []Step{step}); err != nil {
		return fmt.Errorf("store: log access: %w", err)
	}
	c.logged()
	return nil
}

// accessStep writes a line of the access log. A whole engine puts it behind the last one, see segment; on another one it has an id of its own and the engine's
// index over what it names.
func (c *core) accessStep(a Access) (Step, error) {
	if (a.Actor.Person == "" && a.Actor.System == "" && a.Denied == "") || a.Method == "" || a.At.IsZero() {
		return Step{}, ErrActor
	}
	a.At = stamp(a.At)
	if a.ID = lineKey(0); !c.whole {
		a.ID = NewID(a.At, rand.Reader)
	}
	body := encodeAccess(a)
	if len(body) > maxCommit {
		return Step{}, ErrTooLarge
	}
	if !c.whole {
		return Step{Op: Insert, Collection: access, ID: a.ID, Body: body, Point: PointAccess}, nil
	}
	return Step{Op: Append, Collection: accessLines, ID: accessSequence, Point: PointAccess, Next: func(n int64) bson.Raw {
		copy(body[keyAt:], lineKey(n)) // as long as the one that stands there: the writer has nothing to encode
		return body
	}}, nil
}

// accessSteps write the line that comes with a change. It names the aggregate, for the answer to the change is made from it.
func (c *core) accessSteps(ref Ref, change Change) ([]Step, error) {
	if change.Access == nil {
		return nil, nil
	}
	line := *change.Access
	if own := ref.String(); HoldsFamilyData(ref.Kind) && !slices.Contains(line.Refs, own) {
		line.Refs = append(slices.Clone(line.Refs), own)
	}
	step, err := c.accessStep(line)
	return []Step{step}, err
}

// AccessLog implements Scope. A coordinator does not see who else read a file.
func (s *scope) AccessLog(ctx context.Context, ref Ref, limit int, token string) ([]Access, string, error) {
	if s.tenant == ByCoordinator {
		return nil, "", ErrNotFound
	}
	if _, err := s.find(ctx, ref); err != nil {
		return nil, "", err
	}
	q := EngineQuery{
		Collection: access, Index: accessByRef.Name, Fields: accessByRef.Fields, Equal: []any{ref.String()}, Desc: true,
	}
	after, err := s.openToken(ctx, q, token)
	if err != nil {
		return nil, "", err
	}
	limit = pageLimit(limit)
	hits, err := s.accessHits(ctx, q, ref.String(), after, limit+1)
	if err != nil {
		return nil, "", fmt.Errorf("store: access log: %w", err)
	}
	next := ""
	if len(hits) > limit {
		hits = hits[:limit]
		if next, err = s.sealToken(ctx, q, hits[limit-1].Key); err != nil {
			return nil, "", err
		}
	}
	lines := make([]Access, 0, len(hits))
	for _, h := range hits {
		var a Access
		if err := bsonform.Unmarshal(h.Body, &a); err != nil {
			return nil, "", fmt.Errorf("store: decode access: %w", err)
		}
		a.At = a.At.UTC()
		lines = append(lines, a)
	}
	return lines, next, nil
}

// accessHits gives lines that name an aggregate, newest first, behind the key of a hit that it gave before: numbered lines, where the engine is whole, and then
// those that the engine's index leads to, which on a whole engine are older than all numbered ones.
func (c *core) accessHits(ctx context.Context, q EngineQuery, ref string, after []any, want int) (hits []EngineHit, err error) {
	if c.whole && len(after) != len(q.Fields)+1 {
		if hits, err = c.numberedHits(ctx, ref, after, want); err != nil || len(hits) == want {
			return hits, err
		}
		after = nil
	}
	q.After, q.Limit = after, want-len(hits)
	indexed, err := c.engine.Find(ctx, q)
	return append(hits, indexed...), err
}

// Newer tells whether a line stands above another one where several logs are put together; AccessLog gives the lines of each in this order. Lines that their engine
// has numbered stand in the order in which they were written, above all others; those stand in the order of their instants.
func (a Access) Newer(b Access) bool {
	return cmp.Or(cmp.Compare(lineNumber(a.ID), lineNumber(b.ID)), a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) > 0
}
