package store

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"

	"asysta.example/internal/bsonform"
)

// LogAccess implements Store. An id is given when the line has none. Concurrent calls share a commit where the engine groups its writes.
func (c *core) LogAccess(ctx context.Context, a Access) error {
	step, err := accessStep(a)
	if err != nil {
		return err
	}
	if err := c.engine.Write(ctx, []Step{step}); err != nil {
		return fmt.Errorf("store: log access: %w", err)
	}
	return nil
}

// accessStep inserts a line of the access log.
func accessStep(a Access) (Step, error) {
	if (a.Actor.Person == "" && a.Actor.System == "" && a.Denied == "") || a.Method == "" || a.At.IsZero() {
		return Step{}, ErrActor
	}
	a.At = stamp(a.At)
	if a.ID == "" {
		a.ID = NewID(a.At, rand.Reader)
	}
	body := encodeAccess(a)
	if len(body) > maxCommit {
		return Step{}, ErrTooLarge
	}
	return Step{Op: Insert, Collection: access, ID: a.ID, Body: body, Point: PointAccess}, nil
}

// accessSteps insert the line that comes with a change. It names the aggregate, for the answer to the change is made from it.
func accessSteps(ref Ref, change Change) ([]Step, error) {
	if change.Access == nil {
		return nil, nil
	}
	line := *change.Access
	if own := ref.String(); HoldsFamilyData(ref.Kind) && !slices.Contains(line.Refs, own) {
		line.Refs = append(slices.Clone(line.Refs), own)
	}
	step, err := accessStep(line)
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
	hits, next, err := s.page(ctx, q, limit, token)
	if err != nil {
		return nil, "", err
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
