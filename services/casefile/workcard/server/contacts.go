package server

import (
	"context"

	"google.golang.org/genproto/googleapis/type/date"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"

	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	"asysta.example/services/casefile/workcard"
)

// bounded is a request for a part of a file's records.
type bounded interface {
	GetFromDate() *date.Date
	GetToDate() *date.Date
	GetPageToken() string
}

// listing loads the file of a list and gives the query for its records.
func (s *Server) listing(ctx context.Context, parent string, t store.RecordType, req bounded) (file, store.RecordQuery, error) {
	n, err := parse(parent)
	if err != nil {
		return file{}, store.RecordQuery{}, err
	}
	from, to, err := period(req.GetFromDate(), req.GetToDate())
	if err != nil {
		return file{}, store.RecordQuery{}, err
	}
	f, err := s.load(ctx, n)
	return f, store.RecordQuery{Type: t, File: n.ID, From: from, To: to, Token: req.GetPageToken()}, err
}

// RecordContact implements the service.
func (s *Server) RecordContact(ctx context.Context, req *casefilev1.RecordContactRequest) (*casefilev1.Contact, error) {
	n, err := parse(req.GetParent())
	if err != nil {
		return nil, err
	}
	id := rpc.DerivedID(ctx)
	f, out, err := s.commit(ctx, n, req.GetValidateOnly(), func(store.Scope, file) (workcard.Command, error) {
		c, err := s.contactIn(ctx, n.Gmina, id, req.GetContact())
		return workcard.RecordContact{Contact: c}, err
	})
	if err != nil {
		return nil, err
	}
	if out.Contact != nil {
		return f.contactOut(f.made(store.Contacts, id, req.GetValidateOnly()), *out.Contact), nil
	}
	r, c, err := madeBefore[workcard.Contact](ctx, s, f, store.Contacts, id)
	return f.contactOut(r, c), err
}

// ListContacts implements the service.
func (s *Server) ListContacts(ctx context.Context, req *casefilev1.ListContactsRequest) (*casefilev1.ListContactsResponse, error) {
	f, q, err := s.listing(ctx, req.GetParent(), store.Contacts, req)
	if err != nil {
		return nil, err
	}
	contacts, next, err := records(ctx, s.deps.Scope(ctx), q, rpc.PageSize(req.GetPageSize()), func(r store.StoredRecord, c workcard.Contact) (*casefilev1.Contact, error) {
		return f.contactOut(r, c), nil
	})
	return &casefilev1.ListContactsResponse{Contacts: contacts, NextPageToken: next}, err
}

// RecordIntervention implements the service.
func (s *Server) RecordIntervention(ctx context.Context, req *casefilev1.RecordInterventionRequest) (*casefilev1.Intervention, error) {
	n, err := parse(req.GetParent())
	if err != nil {
		return nil, err
	}
	id := rpc.DerivedID(ctx)
	f, out, err := s.commit(ctx, n, req.GetValidateOnly(), func(store.Scope, file) (workcard.Command, error) {
		note, err := s.interventionIn(id, req.GetIntervention())
		return workcard.RecordIntervention{Note: note}, err
	})
	if err != nil {
		return nil, err
	}
	if out.Intervention != nil {
		return f.interventionOut(f.made(store.Interventions, id, req.GetValidateOnly()), *out.Intervention), nil
	}
	r, note, err := madeBefore[workcard.InterventionNote](ctx, s, f, store.Interventions, id)
	return f.interventionOut(r, note), err
}

// ListInterventions implements the service.
func (s *Server) ListInterventions(ctx context.Context, req *casefilev1.ListInterventionsRequest) (*casefilev1.ListInterventionsResponse, error) {
	f, q, err := s.listing(ctx, req.GetParent(), store.Interventions, req)
	if err != nil {
		return nil, err
	}
	notes, next, err := records(ctx, s.deps.Scope(ctx), q, rpc.PageSize(req.GetPageSize()), func(r store.StoredRecord, n workcard.InterventionNote) (*casefilev1.Intervention, error) {
		return f.interventionOut(r, n), nil
	})
	return &casefilev1.ListInterventionsResponse{Interventions: notes, NextPageToken: next}, err
}
