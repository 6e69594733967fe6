package server

import (
	"context"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"

	"asysta.example/internal/calendar"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	"asysta.example/services/casefile/workcard"
)

// RecordVisit implements the service.
func (s *Server) RecordVisit(ctx context.Context, req *casefilev1.RecordVisitRequest) (*casefilev1.Visit, error) {
	n, err := parse(req.GetParent())
	if err != nil {
		return nil, err
	}
	id := rpc.DerivedID(ctx)
	f, out, err := s.commit(ctx, n, req.GetValidateOnly(), func(store.Scope, file) (workcard.Command, error) {
		v, err := s.visitIn(ctx, n.Gmina, id, req.GetVisit())
		return workcard.RecordVisit{Visit: v}, err
	})
	if err != nil {
		return nil, err
	}
	return s.visitMade(ctx, f, out, id, req.GetValidateOnly())
}

// CorrectVisit implements the service.
func (s *Server) CorrectVisit(ctx context.Context, req *casefilev1.CorrectVisitRequest) (*casefilev1.Visit, error) {
	n, err := parse(req.GetName(), name.Visits)
	if err != nil {
		return nil, err
	}
	id := rpc.DerivedID(ctx)
	f, out, err := s.commit(ctx, n, req.GetValidateOnly(), func(scope store.Scope, f file) (workcard.Command, error) {
		old, err := record[workcard.Visit](ctx, scope, store.Visits, n)
		if err != nil {
			return nil, err
		}
		v, err := s.visitIn(ctx, n.Gmina, id, req.GetVisit())
		if err != nil {
			return nil, err
		}
		last, err := lastOther(ctx, scope, f, old.ID)
		return workcard.CorrectVisit{Old: old, Visit: v, Reason: req.GetReason(), LastOther: last}, err
	})
	if err != nil {
		return nil, err
	}
	return s.visitMade(ctx, f, out, id, req.GetValidateOnly())
}

// visitMade gives the entry that a call has made.
func (s *Server) visitMade(ctx context.Context, f file, out workcard.Outcome, id string, validateOnly bool) (*casefilev1.Visit, error) {
	if out.Visit != nil {
		return f.visitOut(f.made(store.Visits, id, validateOnly), *out.Visit), nil
	}
	r, v, err := madeBefore[workcard.Visit](ctx, s, f, store.Visits, id)
	return f.visitOut(r, v), err
}

// record reads one record of a file by its name.
func record[T any](ctx context.Context, r store.Reader, t store.RecordType, n name.Name) (T, error) {
	rec, err := r.Record(ctx, t, n.ID, n.SubID)
	if err != nil {
		var none T
		return none, rpc.Absent(ctx, err)
	}
	return rpc.Decode[T](rec.Body)
}

// lastOther is the latest day of the entries that count and stand, without one.
func lastOther(ctx context.Context, r store.Reader, f file, except string) (calendar.Date, error) {
	found, _, err := records(ctx, r, store.RecordQuery{Type: store.Visits, File: f.id}, 1, func(_ store.StoredRecord, v workcard.Visit) (*workcard.Visit, error) {
		if v.ID == except || !v.Counts() || f.card.Card.SupersededBy(v.ID) != "" {
			return nil, nil
		}
		return &v, nil
	})
	if err != nil || len(found) == 0 {
		return calendar.Date{}, err
	}
	return found[0].On, nil
}

// GetVisit implements the service.
func (s *Server) GetVisit(ctx context.Context, req *casefilev1.GetVisitRequest) (*casefilev1.Visit, error) {
	n, err := parse(req.GetName(), name.Visits)
	if err != nil {
		return nil, err
	}
	f, err := s.load(ctx, n)
	if err != nil {
		return nil, err
	}
	r, err := s.deps.Scope(ctx).Record(ctx, store.Visits, n.ID, n.SubID)
	if err != nil {
		return nil, rpc.Absent(ctx, err)
	}
	v, err := rpc.Decode[workcard.Visit](r.Body)
	return f.visitOut(r, v), err
}

// ListVisits implements the service.
func (s *Server) ListVisits(ctx context.Context, req *casefilev1.ListVisitsRequest) (*casefilev1.ListVisitsResponse, error) {
	f, q, err := s.listing(ctx, req.GetParent(), store.Visits, req)
	if err != nil {
		return nil, err
	}
	visits, next, err := records(ctx, s.deps.Scope(ctx), q, rpc.PageSize(req.GetPageSize()), func(r store.StoredRecord, v workcard.Visit) (*casefilev1.Visit, error) {
		if !req.GetShowSuperseded() && f.card.Card.SupersededBy(v.ID) != "" {
			return nil, nil
		}
		return f.visitOut(r, v), nil
	})
	return &casefilev1.ListVisitsResponse{Visits: visits, NextPageToken: next}, err
}
