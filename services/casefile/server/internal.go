package server

import (
	"context"
	"errors"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/directory"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	"asysta.example/services/casefile"
	"asysta.example/services/casefile/caseload/keeper"
)

// fileOf reads the name of a file that may not exist yet.
func fileOf(ctx context.Context, resource string) (gmina, id string, err error) {
	n, err := name.ParseAs(resource, name.FamilyFiles)
	if err != nil || n.Gmina != access.GrantFrom(ctx).Gmina {
		return "", "", fault.Denied()
	}
	return n.Gmina, n.ID, nil
}

// find gives a file of the gmina, or false where there is none.
func (s *Server) find(ctx context.Context, gmina, id string) (loaded, bool, error) {
	doc, err := s.deps.Store.For(gmina).Load(ctx, fileRef(id))
	if errors.Is(err, store.ErrNotFound) {
		return loaded{}, false, nil
	}
	if err != nil {
		return loaded{}, false, err
	}
	l, err := decode(doc)
	return l, true, err
}

func fenced() error {
	return fault.Precondition(casefile.ReasonFenced, "step 6", "Ten numer teczki został zwolniony i nie może być użyty. Otwórz sprawę pod nowym numerem.")
}

// ReservePlace implements CaseworkInternalService.
func (s *Server) ReservePlace(ctx context.Context, req *casefilev1.ReservePlaceRequest) (*casefilev1.ReservePlaceResponse, error) {
	gmina, id, err := fileOf(ctx, req.GetFamilyFile())
	if err != nil {
		return nil, err
	}
	l, exists, err := s.find(ctx, gmina, id)
	if err != nil {
		return nil, err
	}
	if exists && l.file.Cover.State == familyfile.Fenced {
		return nil, fenced()
	}
	lockedOut, err := people(gmina, req.GetLockedOut(), "locked_out")
	if err != nil {
		return nil, err
	}
	as, err := s.assistant(ctx, gmina, req.GetAssistant(), lockedOut)
	if err != nil {
		return nil, err
	}
	if err := s.keeper.Reserve(ctx, keeper.At{Gmina: gmina, Person: as.Person, File: id}); err != nil {
		return nil, err
	}
	return &casefilev1.ReservePlaceResponse{}, nil
}

// ReleasePlace implements CaseworkInternalService: the file is fenced before its place is free. Without an assistant there is no place, only the fence.
func (s *Server) ReleasePlace(ctx context.Context, req *casefilev1.ReleasePlaceRequest) (*casefilev1.ReleasePlaceResponse, error) {
	gmina, id, err := fileOf(ctx, req.GetFamilyFile())
	if err != nil {
		return nil, err
	}
	var staff directory.Staff
	if req.GetAssistant() != "" {
		if staff, err = s.staff(ctx, gmina, req.GetAssistant(), "assistant"); err != nil {
			return nil, err
		}
	}
	exists, err := s.fence(ctx, gmina, id)
	if err != nil {
		return nil, err
	}
	if exists {
		l, _, err := s.find(ctx, gmina, id)
		if err != nil {
			return nil, err
		}
		held, err := s.holds(ctx, gmina, l.file.Cover, staff.Person)
		if err != nil {
			return nil, err
		}
		if req.GetAssistant() == "" || held {
			return nil, fault.Precondition("FILE_ACTIVE", "step 6", "Teczka tej rodziny jest otwarta. Jej numeru ani miejsca u asystenta nie można zwolnić; użyj przekazania albo zakończenia pracy.")
		}
	}
	if staff.Person != "" {
		if err := s.keeper.Release(ctx, keeper.At{Gmina: gmina, Person: staff.Person, File: id}); err != nil {
			return nil, err
		}
	}
	return &casefilev1.ReleasePlaceResponse{}, nil
}

var errExists = errors.New("casefile: file exists")

// fence makes sure that a file which does not exist never will, and says whether it exists.
func (s *Server) fence(ctx context.Context, gmina, id string) (exists bool, err error) {
	_, _, err = s.deps.Mutate(ctx, rpc.Mutation{
		Scope: s.deps.Store.For(gmina), Ref: fileRef(id), Create: true, Role: access.System,
		Apply: func(doc *store.Document) (store.Change, error) {
			l, err := decode(doc)
			if err != nil {
				return store.Change{}, err
			}
			switch l.file.Cover.State {
			case casefile.None:
				return s.change(ctx, l.file, casefile.Fence{}, access.System)
			case familyfile.Fenced:
				return store.Change{}, fenced()
			}
			return store.Change{}, errExists
		},
	})
	if errors.Is(err, errExists) {
		return true, nil
	}
	if fault.IsReason(err, casefile.ReasonFenced) {
		return false, nil
	}
	return false, err
}

// OpenFamilyFile implements CaseworkInternalService (step 6). A file that the same referral has opened before comes back as it is.
func (s *Server) OpenFamilyFile(ctx context.Context, req *casefilev1.OpenFamilyFileRequest) (*casefilev1.FamilyFile, error) {
	gmina, id, err := fileOf(ctx, req.GetFamilyFile())
	if err != nil {
		return nil, err
	}
	referral, err := name.ParseAs(req.GetReferral(), name.Referrals)
	if err != nil || referral.Gmina != gmina {
		return nil, fault.Invalid("referral", "REFERRAL_NAME", "to nie jest zgłoszenie tej gminy.")
	}
	if l, exists, err := s.find(ctx, gmina, id); err != nil || exists {
		return s.openedBefore(ctx, l, referral.ID, err)
	}
	cmd, err := s.openFrom(ctx, req, gmina, id, referral.ID)
	if err != nil {
		return nil, err
	}
	doc, err := s.create(ctx, gmina, id, access.System, cmd.Opening, func(number string) casefile.Command { cmd.Number = number; return cmd })
	if errors.Is(err, errExists) {
		l, _, err := s.find(ctx, gmina, id)
		return s.openedBefore(ctx, l, referral.ID, err)
	}
	if err != nil {
		return nil, err
	}
	return s.familyFile(ctx, doc)
}

// openedBefore answers an opening of a file that exists.
func (s *Server) openedBefore(ctx context.Context, l loaded, referral string, err error) (*casefilev1.FamilyFile, error) {
	switch {
	case err != nil:
		return nil, err
	case l.file.Cover.State == familyfile.Fenced:
		return nil, fenced()
	case l.file.Cover.Referral != referral:
		return nil, fault.Exists("FILE_EXISTS", "Pod tym numerem jest już teczka z innego zgłoszenia.")
	}
	if err := s.settle(ctx, l.doc); err != nil {
		return nil, err
	}
	return s.familyFile(ctx, l.doc)
}

// create claims numbers, commits a new file and settles its assistant's place, which is reserved where it was not yet. errExists: somebody was faster.
func (s *Server) create(ctx context.Context, gmina, id string, role access.Role, opening casefile.Opening, build func(number string) casefile.Command) (*store.Document, error) {
	if _, err := casefile.Apply(casefile.File{}, build(""), actor(ctx, role), s.deps.Today()); err != nil {
		return nil, err
	}
	// Asked before a place is taken, so that the usual refusal leaves nothing behind; the claim below decides where two come at once.
	if err := s.inUse(ctx, s.deps.Store.For(gmina), claim{File: id, Hashes: hashesOf(opening.Members)}); err != nil {
		return nil, err
	}
	if p := opening.Assistant.Person; p != "" {
		if err := s.keeper.Reserve(ctx, keeper.At{Gmina: gmina, Person: p, File: id}); err != nil {
			return nil, err
		}
	}
	number, err := s.claim(ctx, claim{File: id, Hashes: hashesOf(opening.Members)}, gmina, opening.OpenedOn)
	if err != nil {
		return nil, err
	}
	doc, _, err := s.deps.Mutate(ctx, rpc.Mutation{
		Scope: s.deps.Store.For(gmina), Ref: fileRef(id), Create: true, Role: role,
		Authorize: func(doc *store.Document) error { _, err := visible(ctx, doc); return err },
		Apply: func(doc *store.Document) (store.Change, error) {
			l, err := decode(doc)
			if err != nil {
				return store.Change{}, err
			}
			if doc.Version > 0 && l.file.Cover.State != familyfile.Fenced {
				return store.Change{}, errExists
			}
			return s.change(ctx, l.file, build(number), role)
		},
	})
	if err != nil {
		return nil, err
	}
	return doc, s.settle(ctx, doc)
}

// openFrom reads what the referral hands over.
func (s *Server) openFrom(ctx context.Context, req *casefilev1.OpenFamilyFileRequest, gmina, id, referral string) (casefile.Open, error) {
	opening, err := s.opening(ctx, sealing{gmina: gmina, file: id}, req)
	if err != nil {
		return casefile.Open{}, err
	}
	if opening.OpenedOn, err = rpc.PastDate(req.GetOpenedOn(), "opened_on", s.deps.Today()); err != nil {
		return casefile.Open{}, err
	}
	if req.GetAssistant() != "" {
		// The place was reserved when the referral was approved: who was an assistant then stays the family's, whatever has happened since.
		staff, err := s.staff(ctx, gmina, req.GetAssistant(), "assistant")
		if err != nil {
			return casefile.Open{}, err
		}
		opening.Assistant = casefile.Assistant{Staff: staff.ID, Person: staff.Person}
	}
	if opening.LockedOut, err = people(gmina, req.GetLockedOut(), "locked_out"); err != nil {
		return casefile.Open{}, err
	}
	return casefile.Open{Opening: opening, Referral: referral, Source: rpc.Word[familyfile.Source](req.GetSource())}, nil
}

// people resolves persons of the gmina's county.
func people(gmina string, names []string, field string) ([]string, error) {
	var ids []string
	for _, n := range names {
		id, err := person(gmina, n, field)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}
