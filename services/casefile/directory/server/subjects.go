package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"

	directoryv1 "asysta.example/proto/gen/asysta/directory/v1"

	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	core "asysta.example/services/casefile/directory"

	dir "asysta.example/internal/directory"
)

// claim says who holds a login subject; "" for nobody.
type claim struct {
	Person string `bson:"person"`
}

// subjectRef names the claim on a subject.
func subjectRef(subject string) store.Ref {
	sum := sha256.Sum256([]byte("asysta/subject/1:" + subject))
	return store.Ref{Kind: store.Subjects, ID: hex.EncodeToString(sum[:16])}
}

func taken() error {
	return fault.Exists(core.ReasonSubjectTaken, "Ten login jest już przypisany do innej osoby. Sprawdź go u dostawcy logowania albo najpierw odłącz od tamtej osoby.")
}

// LinkSubject gives a person a login: the subject is claimed first, so that it leads to one person at most.
func (s *Server) LinkSubject(ctx context.Context, req *directoryv1.LinkSubjectRequest) (*directoryv1.Person, error) {
	m, err := s.personMutation(ctx, req.GetName(), "name", req, "przypisanie loginu", func(old dir.Person, _ *store.Document) (dir.Person, error) {
		return core.LinkSubject(old, req.GetSubject(), s.deps.Today())
	})
	if err != nil {
		return nil, err
	}
	try := m
	try.ValidateOnly = true
	if _, _, err := s.deps.Mutate(ctx, try); err != nil { // nothing is claimed for who may not have it
		return nil, err
	}
	if err := s.hold(ctx, req.GetSubject(), m.Ref.ID, req.GetValidateOnly()); err != nil {
		return nil, err
	}
	return s.mutatePerson(ctx, m)
}

// UnlinkSubject takes a login from a person and, after that, gives the claim on it free.
func (s *Server) UnlinkSubject(ctx context.Context, req *directoryv1.UnlinkSubjectRequest) (*directoryv1.Person, error) {
	p, err := s.changePerson(ctx, req.GetName(), "name", req, "odłączenie loginu", func(old dir.Person, _ *store.Document) (dir.Person, error) {
		return core.UnlinkSubject(old, req.GetSubject(), actor(ctx))
	})
	if err != nil || req.GetValidateOnly() {
		return p, err
	}
	n, err := parse(req.GetName(), name.People, "name")
	if err != nil || slices.Contains(p.GetSubjects(), req.GetSubject()) { // linked again meanwhile, and this is a replay
		return p, err
	}
	return p, s.free(ctx, req.GetSubject(), n.ID)
}

// hold claims a subject for a person who may have it already.
func (s *Server) hold(ctx context.Context, subject, person string, validateOnly bool) error {
	return s.move(ctx, subject, validateOnly, func(held claim) (claim, error) {
		if held.Person != "" && held.Person != person {
			return held, taken()
		}
		return claim{Person: person}, nil
	})
}

// free gives a subject free that a person held.
func (s *Server) free(ctx context.Context, subject, person string) error {
	return s.move(ctx, subject, false, func(held claim) (claim, error) {
		if held.Person != person {
			return held, nil
		}
		return claim{}, nil
	})
}

// move commits on the claim of a subject. A claim of another county's is a subject taken.
func (s *Server) move(ctx context.Context, subject string, validateOnly bool, to func(claim) (claim, error)) error {
	ref, scope := subjectRef(subject), s.deps.Scope(ctx)
	if _, err := scope.Load(ctx, ref); errors.Is(err, store.ErrNotFound) {
		if _, err := s.deps.Store.System().Load(ctx, ref); err == nil {
			return taken()
		}
	}
	_, _, err := s.deps.Mutate(ctx, rpc.Mutation{Scope: scope, Ref: ref, Create: true, ValidateOnly: validateOnly,
		Apply: func(doc *store.Document) (store.Change, error) {
			held, err := rpc.Part[claim](doc, doc.Cover)
			if err != nil {
				return store.Change{}, err
			}
			next, err := to(held)
			return store.Change{Cover: next, Purpose: "login osoby"}, err
		}})
	return err
}
