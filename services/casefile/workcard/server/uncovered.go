package server

import (
	"context"

	familyv1 "asysta.example/proto/gen/asysta/family/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/deadline"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"

	dir "asysta.example/internal/directory"
)

// uncovered gives the terms by which families whose assistant is absent or has left need another, for the head: absence and end of contract leave no
// family without an assistant unnoticed. They depend on the day and stand in no file, so that they are computed here; the first page begins with them.
func (s *Server) uncovered(ctx context.Context, t terms) ([]*familyv1.Deadline, error) {
	if !access.GrantFrom(ctx).Has(access.Head) || t.byPerson && t.person != "" {
		return nil, nil
	}
	choosing := store.Unnoted(ctx)
	all, err := s.deps.Directory.Uncovered(choosing, t.gmina, t.today)
	if err != nil {
		return nil, err
	}
	var out []*familyv1.Deadline
	for _, u := range all {
		if _, ok := access.GrantFrom(ctx).RoleOn(u.Cover.Parties()); !ok || !t.wants(&u.Deadline) || !t.within(&u.Deadline) {
			continue
		}
		out = append(out, uncoveredTerm(ctx, u, t)...)
	}
	return out, nil
}

func uncoveredTerm(ctx context.Context, u dir.Uncovered, t terms) []*familyv1.Deadline {
	doc := &store.Document{Kind: store.FamilyFiles, ID: u.File, Gmina: u.Gmina}
	store.Note(ctx, doc)
	return rpc.Deadlines([]deadline.Deadline{u.Deadline}, t.gmina, resource(doc), t.today)
}
