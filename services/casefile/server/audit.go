package server

import (
	"context"
	"encoding/hex"
	"maps"
	"path"
	"slices"
	"strconv"

	"google.golang.org/protobuf/types/known/timestamppb"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"

	"asysta.example/internal/access"
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
	for _, c := range commits {
		out.Changes = append(out.Changes, changeTo(c))
	}
	if n := len(commits); n == size && commits[n-1].Version < doc.Version {
		out.NextPageToken = strconv.FormatInt(commits[n-1].Version, 10)
	}
	return out, nil
}

func changeTo(c store.Commit) *casefilev1.Change {
	out := &casefilev1.Change{Version: c.Version, RecordTime: timestamppb.New(c.RecordedAt), Actor: actorTo(c.Actor, c.Gmina), Method: path.Base(c.Method),
		Purpose: c.Purpose, Hash: hex.EncodeToString(c.Hash), Sections: slices.Sorted(maps.Keys(c.Sections))}
	if c.ChangesCover() {
		out.Sections = append([]string{"cover"}, out.Sections...)
	}
	return out
}

func actorTo(a store.Actor, gmina string) *casefilev1.Actor {
	out := &casefilev1.Actor{Staff: rpc.StaffName(gmina, a.Staff), Role: a.Role, Deputy: a.Deputy, System: a.System}
	if a.Person != "" {
		out.Person = name.InCounty(gmina[:4], name.People, a.Person)
	}
	return out
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
	for _, a := range lines {
		purpose, reference, polish := rpc.ReadPurpose(a.Purpose)
		out.Accesses = append(out.Accesses, &casefilev1.Access{AccessTime: timestamppb.New(a.At), Actor: actorTo(a.Actor, doc.Gmina), Method: path.Base(a.Method),
			Purpose: polish, ReadPurpose: purpose, CaseReference: reference, Denied: a.Denied != ""})
	}
	return out, nil
}
