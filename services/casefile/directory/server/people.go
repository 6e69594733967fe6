package server

import (
	"context"

	directoryv1 "asysta.example/proto/gen/asysta/directory/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	core "asysta.example/services/casefile/directory"

	dir "asysta.example/internal/directory"
)

// CreatePerson records a person of the county.
func (s *Server) CreatePerson(ctx context.Context, req *directoryv1.CreatePersonRequest) (*directoryv1.Person, error) {
	if _, err := parse(req.GetParent(), "", "parent"); err != nil {
		return nil, err
	}
	p := personFrom(req.GetPerson())
	return s.mutatePerson(ctx, create(s.deps.Scope(ctx), store.People, rpc.DerivedID(ctx), "nowa osoba", req.GetValidateOnly(),
		func() (any, error) { return core.NewPerson(p, s.deps.Today()) }))
}

func personFrom(p *directoryv1.Person) dir.Person {
	return dir.Person{DisplayName: p.GetDisplayName(), Email: p.GetEmail(), Phone: p.GetPhone(), CountyRoles: countyRolesFrom(p.GetCountyRoles())}
}

// GetPerson gives a person of the county.
func (s *Server) GetPerson(ctx context.Context, req *directoryv1.GetPersonRequest) (*directoryv1.Person, error) {
	n, err := parse(req.GetName(), name.People, "name")
	if err != nil {
		return nil, err
	}
	doc, err := s.deps.Scope(ctx).Load(ctx, store.Ref{Kind: store.People, ID: n.ID})
	if err != nil {
		return nil, rpc.Absent(ctx, err)
	}
	p, err := dir.PersonOf(doc)
	return personTo(ctx, p, doc, s.deps.Today()), err
}

// ListPeople lists the people of the county by name.
func (s *Server) ListPeople(ctx context.Context, req *directoryv1.ListPeopleRequest) (*directoryv1.ListPeopleResponse, error) {
	q := store.Query{Index: "all", Limit: rpc.PageSize(req.GetPageSize()), Token: req.GetPageToken()}
	if r, ok := countyRoles[req.GetCountyRole()]; ok {
		q.Index, q.Equal = "by_role", []any{string(r)}
	}
	page, err := s.deps.Scope(ctx).List(ctx, store.People, q)
	if err != nil {
		return nil, err
	}
	out := &directoryv1.ListPeopleResponse{NextPageToken: page.Next}
	for _, hit := range page.Hits {
		p, err := dir.PersonOf(hit.Doc)
		if err != nil {
			return nil, err
		}
		out.People = append(out.People, personTo(ctx, p, hit.Doc, s.deps.Today()))
	}
	return out, nil
}

// UpdatePerson changes name, contact or county roles.
func (s *Server) UpdatePerson(ctx context.Context, req *directoryv1.UpdatePersonRequest) (*directoryv1.Person, error) {
	return s.changePerson(ctx, req.GetPerson().GetName(), "person.name", req, "dane i uprawnienia osoby", func(old dir.Person, doc *store.Document) (dir.Person, error) {
		merged, err := rpc.Merge(personTo(ctx, old, doc, s.deps.Today()), req.GetPerson(), req.GetUpdateMask(), "display_name", "email", "phone", "county_roles")
		if err != nil {
			return dir.Person{}, err
		}
		return core.RevisePerson(old, personFrom(merged), actor(ctx))
	})
}

// DeactivatePerson takes the right to log in.
func (s *Server) DeactivatePerson(ctx context.Context, req *directoryv1.DeactivatePersonRequest) (*directoryv1.Person, error) {
	last, err := rpc.DateFrom(req.GetLastDate(), "last_date")
	if err != nil {
		return nil, err
	}
	return s.changePerson(ctx, req.GetName(), "name", req, "wyłączenie konta", func(old dir.Person, _ *store.Document) (dir.Person, error) {
		return core.Deactivate(old, last, actor(ctx), s.deps.Today())
	})
}

// ReactivatePerson gives the right to log in back.
func (s *Server) ReactivatePerson(ctx context.Context, req *directoryv1.ReactivatePersonRequest) (*directoryv1.Person, error) {
	return s.changePerson(ctx, req.GetName(), "name", req, "włączenie konta", func(old dir.Person, _ *store.Document) (dir.Person, error) {
		return core.Reactivate(old, actor(ctx), s.deps.Today())
	})
}

// ListCoordinators lists the coordinators of foster care who may log in today.
func (s *Server) ListCoordinators(ctx context.Context, req *directoryv1.ListCoordinatorsRequest) (*directoryv1.ListCoordinatorsResponse, error) {
	n, err := parse(req.GetParent(), "", "parent")
	if err != nil {
		return nil, err
	}
	people, err := s.reader.ListPeople(ctx, n.CountyOf(), access.Coordinator)
	if err != nil {
		return nil, err
	}
	out := &directoryv1.ListCoordinatorsResponse{}
	for _, p := range people {
		if p.ActiveOn(s.deps.Today()) {
			out.Coordinators = append(out.Coordinators, &directoryv1.Coordinator{Person: name.InCounty(p.County, name.People, p.ID), DisplayName: p.DisplayName, Phone: p.Phone, Email: p.Email})
		}
	}
	return out, nil
}

// envelope is what every request that changes an existing resource carries.
type envelope interface {
	GetEtag() string
	GetValidateOnly() bool
}

// changePerson changes a person of the call's county.
func (s *Server) changePerson(ctx context.Context, resource, field string, req envelope, purpose string, apply func(dir.Person, *store.Document) (dir.Person, error)) (*directoryv1.Person, error) {
	m, err := s.personMutation(ctx, resource, field, req, purpose, apply)
	if err != nil {
		return nil, err
	}
	return s.mutatePerson(ctx, m)
}

func (s *Server) personMutation(ctx context.Context, resource, field string, req envelope, purpose string, apply func(dir.Person, *store.Document) (dir.Person, error)) (rpc.Mutation, error) {
	n, err := parse(resource, name.People, field)
	return rpc.Mutation{
		Scope: s.deps.Scope(ctx), Ref: store.Ref{Kind: store.People, ID: n.ID}, Etag: req.GetEtag(), ValidateOnly: req.GetValidateOnly(),
		Apply: func(doc *store.Document) (store.Change, error) {
			old, err := dir.PersonOf(doc)
			if err != nil {
				return store.Change{}, err
			}
			next, err := apply(old, doc)
			return store.Change{Cover: next, Purpose: purpose}, err
		},
	}, err
}

func (s *Server) mutatePerson(ctx context.Context, m rpc.Mutation) (*directoryv1.Person, error) {
	doc, _, err := s.deps.Mutate(ctx, m)
	if err != nil {
		return nil, err
	}
	p, err := dir.PersonOf(doc)
	return personTo(ctx, p, doc, s.deps.Today()), err
}
