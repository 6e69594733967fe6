package server

import (
	"context"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"

	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	"asysta.example/services/casefile/workcard"
)

// RecordCourtRequest implements the service.
func (s *Server) RecordCourtRequest(ctx context.Context, req *casefilev1.RecordCourtRequestRequest) (*casefilev1.CourtMatter, error) {
	n, err := parse(req.GetParent())
	if err != nil {
		return nil, err
	}
	id := rpc.DerivedID(ctx)
	f, _, err := s.commit(ctx, n, false, func(store.Scope, file) (workcard.Command, error) {
		e := workcard.CourtEntry{ID: id, Order: req.GetOrderId(), Court: req.GetCourt(), CaseNumber: req.GetCaseNumber(), Members: req.GetMemberIds(), Question: req.GetQuestion()}
		var err error
		if e.ReceivedOn, err = rpc.PastDate(req.GetReceivedOn(), "received_on", s.deps.Today()); err != nil {
			return nil, err
		}
		e.Due, err = rpc.DateFrom(req.GetDueDate(), "due_date")
		return workcard.RecordCourtRequest{Entry: e}, err
	})
	if err != nil {
		return nil, err
	}
	return s.matter(ctx, f, id)
}

// SendCourtOpinion implements the service.
func (s *Server) SendCourtOpinion(ctx context.Context, req *casefilev1.SendCourtOpinionRequest) (*casefilev1.CourtMatter, error) {
	n, err := parse(req.GetName(), name.CourtMatters)
	if err != nil {
		return nil, err
	}
	id := rpc.DerivedID(ctx)
	f, _, err := s.commit(ctx, n, false, func(_ store.Scope, f file) (workcard.Command, error) {
		m, ok := f.card.Card.Matter(n.SubID)
		if !ok {
			return nil, rpc.Absent(ctx, store.ErrNotFound)
		}
		if req.GetEtag() != rpc.Etag(m.Version()) {
			return nil, fault.Conflict()
		}
		on, err := rpc.PastDate(req.GetSentOn(), "sent_on", s.deps.Today())
		return workcard.SendCourtOpinion{ID: id, Matter: m.ID, Seen: m.Version(), SentOn: on, Content: req.GetContent(), CopyAt: req.GetCopyAt()}, err
	})
	if err != nil {
		return nil, err
	}
	return s.matter(ctx, f, n.SubID)
}

// NotifyNonCooperation implements the service.
func (s *Server) NotifyNonCooperation(ctx context.Context, req *casefilev1.NotifyNonCooperationRequest) (*casefilev1.CourtMatter, error) {
	n, err := parse(req.GetParent())
	if err != nil {
		return nil, err
	}
	id := rpc.DerivedID(ctx)
	f, _, err := s.commit(ctx, n, false, func(store.Scope, file) (workcard.Command, error) {
		on, err := rpc.PastDate(req.GetSentOn(), "sent_on", s.deps.Today())
		return workcard.NotifyNonCooperation{Entry: workcard.CourtEntry{
			ID: id, Order: req.GetOrderId(), SentOn: on, Content: req.GetContent(), CopyAt: req.GetCopyAt(),
		}}, err
	})
	if err != nil {
		return nil, err
	}
	return s.matter(ctx, f, id)
}

// ListCourtMatters implements the service.
func (s *Server) ListCourtMatters(ctx context.Context, req *casefilev1.ListCourtMattersRequest) (*casefilev1.ListCourtMattersResponse, error) {
	n, err := parse(req.GetParent())
	if err != nil {
		return nil, err
	}
	f, err := s.load(ctx, n)
	if err != nil {
		return nil, err
	}
	q := store.RecordQuery{Type: store.CourtMatters, File: n.ID, Token: req.GetPageToken()}
	matters, next, err := records(ctx, s.deps.Scope(ctx), q, rpc.PageSize(req.GetPageSize()), func(r store.StoredRecord, e workcard.CourtEntry) (*casefilev1.CourtMatter, error) {
		if !e.First() {
			return nil, nil
		}
		return s.matterOut(ctx, f, r, e)
	})
	return &casefilev1.ListCourtMattersResponse{CourtMatters: matters, NextPageToken: next}, err
}

// matter gives a matter of a file as it stands.
func (s *Server) matter(ctx context.Context, f file, id string) (*casefilev1.CourtMatter, error) {
	r, err := s.deps.Scope(ctx).Record(ctx, store.CourtMatters, f.id, id)
	if err != nil {
		return nil, rpc.Absent(ctx, err)
	}
	e, err := rpc.Decode[workcard.CourtEntry](r.Body)
	if err != nil {
		return nil, err
	}
	return s.matterOut(ctx, f, r, e)
}

// matterOut puts the entries of a matter together.
func (s *Server) matterOut(ctx context.Context, f file, r store.StoredRecord, first workcard.CourtEntry) (*casefilev1.CourtMatter, error) {
	m, _ := f.card.Card.Matter(first.ID)
	out := &casefilev1.CourtMatter{
		Name: f.sub(name.CourtMatters, first.ID), Etag: rpc.Etag(m.Version()),
		Kind:  rpc.Enum[casefilev1.CourtMatterKind](first.Kind),
		State: casefilev1.CourtMatterState_COURT_MATTER_STATE_SENT, OrderId: first.Order, Court: first.Court, CaseNumber: first.CaseNumber,
		MemberIds: first.Members, ReceivedOn: rpc.Date(first.ReceivedOn), DueDate: rpc.Date(first.Due), Question: first.Question,
		CreateTime: timestamp(r), UpdateTime: timestamp(r),
	}
	if m.Open() {
		out.State = casefilev1.CourtMatterState_COURT_MATTER_STATE_OPEN
	}
	if f.card.MaySend(m, f.by) {
		out.AllowedActions = []string{"SendCourtOpinion"}
	}
	sent := first
	if m.Answer != "" {
		var err error
		if r, err = s.deps.Scope(ctx).Record(ctx, store.CourtMatters, f.id, m.Answer); err != nil {
			return nil, rpc.Absent(ctx, err)
		}
		if sent, err = rpc.Decode[workcard.CourtEntry](r.Body); err != nil {
			return nil, err
		}
	}
	if !sent.SentOn.IsZero() {
		out.SentOn, out.Content, out.CopyAt = rpc.Date(sent.SentOn), sent.Content, sent.CopyAt
		out.SentBy, out.UpdateTime = rpc.StaffName(f.gmina, r.Actor.Staff), timestamp(r)
	}
	return out, nil
}
