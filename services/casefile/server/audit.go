package server

import (
	"context"
	"encoding/hex"
	"errors"
	"maps"
	"path"
	"slices"
	"strconv"

	"google.golang.org/protobuf/types/known/timestamppb"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/directory"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
)

// audited gives the file whose trail is asked for: the head's by the object rule, any of the gmina to an auditor who is not locked out. An auditor sees metadata
// alone, so that the file counts as read only for the head.
func (s *Server) audited(ctx context.Context, resource string) (*store.Document, error) {
	g := access.GrantFrom(ctx)
	n, err := name.ParseAs(resource, name.FamilyFiles)
	if err != nil {
		return nil, rpc.Absent(ctx, store.ErrNotFound)
	}
	doc, err := s.deps.Store.For(g.Gmina).Load(ctx, fileRef(n.ID))
	if err != nil {
		return nil, rpc.Absent(ctx, err)
	}
	cover, err := rpc.Part[familyfile.Cover](doc, doc.Cover)
	if err != nil {
		return nil, err
	}
	_, reaches := g.RoleOn(cover.Parties())
	if !reaches && (!g.Has(access.Auditor) || slices.Contains(cover.LockedOut, g.Person)) {
		return nil, fault.Denied()
	}
	return doc, nil
}

// ListHistory lists the commits of a file.
func (s *Server) ListHistory(ctx context.Context, req *casefilev1.ListHistoryRequest) (*casefilev1.ListHistoryResponse, error) {
	doc, err := s.audited(ctx, req.GetParent())
	if err != nil {
		return nil, err
	}
	var after int64
	if t := req.GetPageToken(); t != "" {
		if after, err = strconv.ParseInt(t, 10, 64); err != nil || after < 0 {
			return nil, pageFault(store.ErrPageToken)
		}
	}
	size := rpc.PageSize(req.GetPageSize())
	commits, err := s.deps.Store.For(doc.Gmina).History(ctx, doc.Ref(), after, size)
	if err != nil {
		return nil, err
	}
	out := &casefilev1.ListHistoryResponse{}
	who := s.actors(doc.Gmina)
	for _, c := range commits {
		change := changeTo(c)
		if change.Actor, err = who.actor(ctx, c.Actor); err != nil {
			return nil, err
		}
		out.Changes = append(out.Changes, change)
	}
	if n := len(commits); n == size && commits[n-1].Version < doc.Version {
		out.NextPageToken = strconv.FormatInt(commits[n-1].Version, 10)
	}
	return out, nil
}

func changeTo(c store.Commit) *casefilev1.Change {
	out := &casefilev1.Change{Version: c.Version, RecordTime: timestamppb.New(c.RecordedAt), Method: path.Base(c.Method),
		Purpose: c.Purpose, Hash: hex.EncodeToString(c.Hash), Sections: slices.Sorted(maps.Keys(c.Sections))}
	if c.ChangesCover() {
		out.Sections = append([]string{"cover"}, out.Sections...)
	}
	return out
}

// actors tells who acted on the files of a gmina, with the names that the directory has for them today: each is asked for once.
type actors struct {
	directory *directory.Reader
	gmina     string
	names     map[store.Actor]string
}

func (s *Server) actors(gmina string) actors {
	return actors{directory: s.deps.Directory, gmina: gmina, names: map[store.Actor]string{}}
}

func (w actors) actor(ctx context.Context, a store.Actor) (*casefilev1.Actor, error) {
	out := &casefilev1.Actor{Staff: rpc.StaffName(w.gmina, a.Staff), Role: a.Role, Deputy: a.Deputy, System: a.System}
	if a.Person != "" {
		out.Person = name.InCounty(w.gmina[:4], name.People, a.Person)
	}
	known := store.Actor{Person: a.Person, Staff: a.Staff}
	called, ok := w.names[known]
	if !ok {
		var err error
		if called, err = w.called(ctx, known); err != nil {
			return nil, err
		}
		w.names[known] = called
	}
	out.DisplayName = called
	return out, nil
}

// called gives the name of a member of staff, or else of the person; "" for the system and for who is not in the directory.
func (w actors) called(ctx context.Context, a store.Actor) (string, error) {
	if a.Staff != "" {
		if s, err := w.directory.Staff(ctx, w.gmina, a.Staff); err == nil || !errors.Is(err, store.ErrNotFound) {
			return s.DisplayName, err
		}
	}
	if a.Person == "" {
		return "", nil
	}
	p, err := w.directory.Person(ctx, w.gmina[:4], a.Person)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	return p.DisplayName, err
}

// ListAccesses lists who read a file, or the referrals that it came from.
func (s *Server) ListAccesses(ctx context.Context, req *casefilev1.ListAccessesRequest) (*casefilev1.ListAccessesResponse, error) {
	doc, err := s.audited(ctx, req.GetParent())
	if err != nil {
		return nil, err
	}
	refs, err := s.readOf(ctx, doc)
	if err != nil {
		return nil, err
	}
	lines, next, err := accesses(ctx, s.deps.Store.For(doc.Gmina), refs, rpc.PageSize(req.GetPageSize()), req.GetPageToken())
	if err != nil {
		return nil, pageFault(err)
	}
	out := &casefilev1.ListAccessesResponse{NextPageToken: next}
	who := s.actors(doc.Gmina)
	for _, a := range lines {
		actor, err := who.actor(ctx, a.Actor)
		if err != nil {
			return nil, err
		}
		purpose, reference, polish := rpc.ReadPurpose(a.Purpose)
		out.Accesses = append(out.Accesses, &casefilev1.Access{AccessTime: timestamppb.New(a.At), Actor: actor, Method: path.Base(a.Method),
			Purpose: polish, ReadPurpose: purpose, CaseReference: reference, Denied: a.Denied != ""})
	}
	return out, nil
}
