package server

import (
	"context"

	directoryv1 "asysta.example/proto/gen/asysta/directory/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	core "asysta.example/services/casefile/directory"

	dir "asysta.example/internal/directory"
)

// CreateGmina takes a gmina into the county.
func (s *Server) CreateGmina(ctx context.Context, req *directoryv1.CreateGminaRequest) (*directoryv1.Gmina, error) {
	parent, err := parse(req.GetParent(), "", "parent")
	if err != nil {
		return nil, err
	}
	g, err := gminaFrom(ctx, req.GetGminaId(), req.GetGmina())
	if err != nil {
		return nil, err
	}
	m := create(s.deps.Store.ForCounty(parent.County), store.Gminas, req.GetGminaId(), "nowa gmina", req.GetValidateOnly(), nil)
	m.Apply = func(doc *store.Document) (store.Change, error) {
		if doc.Version > 0 {
			return store.Change{}, fault.Exists(core.ReasonGminaExists, "Ta gmina jest już w systemie.")
		}
		g, err := core.NewGmina(parent.County, g, s.deps.Today())
		return store.Change{Cover: g, Purpose: "nowa gmina"}, err
	}
	return s.mutateGmina(ctx, m)
}

// GetGmina gives a gmina with its office and settings.
func (s *Server) GetGmina(ctx context.Context, req *directoryv1.GetGminaRequest) (*directoryv1.Gmina, error) {
	n, err := parse(req.GetName(), "", "name")
	if err != nil {
		return nil, err
	}
	doc, err := s.deps.Store.ForCounty(n.CountyOf()).Load(ctx, store.Ref{Kind: store.Gminas, ID: n.Gmina})
	if err != nil {
		return nil, rpc.Absent(ctx, err)
	}
	g, err := dir.GminaOf(doc)
	return gminaTo(ctx, g, doc), err
}

// ListGminas lists the gminas of the county by name.
func (s *Server) ListGminas(ctx context.Context, req *directoryv1.ListGminasRequest) (*directoryv1.ListGminasResponse, error) {
	q := store.Query{Index: "all", Limit: rpc.PageSize(req.GetPageSize()), Token: req.GetPageToken()}
	page, err := s.deps.Scope(ctx).List(ctx, store.Gminas, q)
	if err != nil {
		return nil, err
	}
	out := &directoryv1.ListGminasResponse{NextPageToken: page.Next}
	for _, hit := range page.Hits {
		g, err := dir.GminaOf(hit.Doc)
		if err != nil {
			return nil, err
		}
		out.Gminas = append(out.Gminas, gminaTo(ctx, g, hit.Doc))
	}
	return out, nil
}

// UpdateGmina changes name, office or settings of a gmina.
func (s *Server) UpdateGmina(ctx context.Context, req *directoryv1.UpdateGminaRequest) (*directoryv1.Gmina, error) {
	n, err := parse(req.GetGmina().GetName(), "", "gmina.name")
	if err != nil {
		return nil, err
	}
	if err := heads(ctx); err != nil {
		return nil, err
	}
	facts, err := s.gminaFacts(ctx, n.Gmina)
	if err != nil {
		return nil, err
	}
	return s.mutateGmina(ctx, rpc.Mutation{
		Scope: s.deps.Store.ForCounty(n.CountyOf()), Ref: store.Ref{Kind: store.Gminas, ID: n.Gmina}, Etag: req.GetEtag(), ValidateOnly: req.GetValidateOnly(),
		Apply: func(doc *store.Document) (store.Change, error) {
			old, err := dir.GminaOf(doc)
			if err != nil {
				return store.Change{}, err
			}
			merged, err := rpc.Merge(gminaTo(ctx, old, doc), req.GetGmina(), req.GetUpdateMask(), "display_name", "office", "settings")
			if err != nil {
				return store.Change{}, err
			}
			next, err := gminaFrom(ctx, n.Gmina, merged)
			if err != nil {
				return store.Change{}, err
			}
			next, err = core.ReviseGmina(old, next, facts, s.deps.Today())
			return store.Change{Cover: next, Purpose: "ustawienia gminy"}, err
		},
	})
}

// gminaFacts are the social workers and institutions that settings may name.
func (s *Server) gminaFacts(ctx context.Context, gmina string) (core.GminaFacts, error) {
	staff, err := s.reader.ListStaff(ctx, gmina, access.SocialWorker)
	if err != nil {
		return core.GminaFacts{}, err
	}
	institutions, err := s.reader.ListInstitutions(ctx, gmina)
	return core.GminaFacts{Staff: staff, Institutions: institutions}, err
}

func (s *Server) mutateGmina(ctx context.Context, m rpc.Mutation) (*directoryv1.Gmina, error) {
	doc, _, err := s.deps.Mutate(ctx, m)
	if err != nil {
		return nil, err
	}
	g, err := dir.GminaOf(doc)
	return gminaTo(ctx, g, doc), err
}

// CreateInstitution records a partner institution.
func (s *Server) CreateInstitution(ctx context.Context, req *directoryv1.CreateInstitutionRequest) (*directoryv1.Institution, error) {
	if err := heads(ctx); err != nil {
		return nil, err
	}
	i, err := institutionFrom(req.GetInstitution())
	if err != nil {
		return nil, err
	}
	return s.mutateInstitution(ctx, create(s.deps.Scope(ctx), store.Institutions, rpc.DerivedID(ctx), "nowa instytucja", req.GetValidateOnly(),
		func() (any, error) { return core.NewInstitution(i) }))
}

// GetInstitution gives a partner institution.
func (s *Server) GetInstitution(ctx context.Context, req *directoryv1.GetInstitutionRequest) (*directoryv1.Institution, error) {
	n, err := parse(req.GetName(), name.Institutions, "name")
	if err != nil {
		return nil, err
	}
	doc, err := s.deps.Scope(ctx).Load(ctx, store.Ref{Kind: store.Institutions, ID: n.ID})
	if err != nil {
		return nil, rpc.Absent(ctx, err)
	}
	i, err := dir.InstitutionOf(doc)
	return institutionTo(ctx, i, doc), err
}

// ListInstitutions lists the partner institutions by name.
func (s *Server) ListInstitutions(ctx context.Context, req *directoryv1.ListInstitutionsRequest) (*directoryv1.ListInstitutionsResponse, error) {
	q := store.Query{Index: "all", Limit: rpc.PageSize(req.GetPageSize()), Token: req.GetPageToken()}
	page, err := s.deps.Scope(ctx).List(ctx, store.Institutions, q)
	if err != nil {
		return nil, err
	}
	out := &directoryv1.ListInstitutionsResponse{NextPageToken: page.Next}
	kind := rpc.Word[string](req.GetKind())
	for _, hit := range page.Hits {
		i, err := dir.InstitutionOf(hit.Doc)
		if err != nil {
			return nil, err
		}
		if kind == "" || string(i.Kind) == kind {
			out.Institutions = append(out.Institutions, institutionTo(ctx, i, hit.Doc))
		}
	}
	return out, nil
}

// UpdateInstitution changes a partner institution.
func (s *Server) UpdateInstitution(ctx context.Context, req *directoryv1.UpdateInstitutionRequest) (*directoryv1.Institution, error) {
	n, err := parse(req.GetInstitution().GetName(), name.Institutions, "institution.name")
	if err != nil {
		return nil, err
	}
	if err := heads(ctx); err != nil {
		return nil, err
	}
	return s.mutateInstitution(ctx, rpc.Mutation{
		Scope: s.deps.Scope(ctx), Ref: store.Ref{Kind: store.Institutions, ID: n.ID}, Etag: req.GetEtag(), ValidateOnly: req.GetValidateOnly(),
		Apply: func(doc *store.Document) (store.Change, error) {
			old, err := dir.InstitutionOf(doc)
			if err != nil {
				return store.Change{}, err
			}
			merged, err := rpc.Merge(institutionTo(ctx, old, doc), req.GetInstitution(), req.GetUpdateMask(),
				"display_name", "address", "phone", "email", "contract_number", "active_until_date")
			if err != nil {
				return store.Change{}, err
			}
			next, err := institutionFrom(merged)
			if err != nil {
				return store.Change{}, err
			}
			next, err = core.ReviseInstitution(old, next)
			return store.Change{Cover: next, Purpose: "dane instytucji"}, err
		},
	})
}

func (s *Server) mutateInstitution(ctx context.Context, m rpc.Mutation) (*directoryv1.Institution, error) {
	doc, _, err := s.deps.Mutate(ctx, m)
	if err != nil {
		return nil, err
	}
	i, err := dir.InstitutionOf(doc)
	return institutionTo(ctx, i, doc), err
}
