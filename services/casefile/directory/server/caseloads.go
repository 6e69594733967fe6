package server

import (
	"cmp"
	"context"
	"errors"
	"slices"

	directoryv1 "asysta.example/proto/gen/asysta/directory/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	"asysta.example/services/casefile/caseload"

	dir "asysta.example/internal/directory"
)

// GetCaseload gives the caseload of an assistant, with the family files of the gmina.
func (s *Server) GetCaseload(ctx context.Context, req *directoryv1.GetCaseloadRequest) (*directoryv1.Caseload, error) {
	n, err := parse(req.GetStaff(), name.Staff, "staff")
	if err != nil {
		return nil, err
	}
	m, err := s.reader.Staff(ctx, n.Gmina, n.ID)
	if err != nil {
		return nil, rpc.Absent(ctx, err)
	}
	if !seesCaseload(access.GrantFrom(ctx), m) {
		return nil, fault.Denied()
	}
	counts, err := s.reader.MonitoringCounts(ctx, n.Gmina[:4])
	if err != nil {
		return nil, err
	}
	return s.caseload(ctx, m, counts, true)
}

// seesCaseload is the object rule of a caseload: the head of the centre all, the head of a body its own staff's, an assistant the own one.
func seesCaseload(g access.Grant, m dir.Staff) bool {
	if g.Has(access.Head) && (g.Employment.Body == "" || g.Employment.Body == m.Body) {
		return true
	}
	return g.Has(access.Assistant) && g.Employment.Staff == m.ID
}

// ListCaseloads lists the caseloads of the assistants employed today whose accounts are in force, most free places first. No family is named, so none is noted as read.
func (s *Server) ListCaseloads(ctx context.Context, req *directoryv1.ListCaseloadsRequest) (*directoryv1.ListCaseloadsResponse, error) {
	n, err := parse(req.GetParent(), "", "parent")
	if err != nil {
		return nil, err
	}
	staff, err := s.reader.ListStaff(ctx, n.Gmina, access.Assistant)
	if err != nil {
		return nil, err
	}
	counts, err := s.reader.MonitoringCounts(ctx, n.Gmina[:4])
	if err != nil {
		return nil, err
	}
	out := &directoryv1.ListCaseloadsResponse{}
	for _, m := range staff {
		if !m.ActiveOn(s.deps.Today()) || !seesCaseload(access.GrantFrom(ctx), m) {
			continue
		}
		p, err := s.reader.Person(ctx, m.Gmina[:4], m.Person)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		if !p.ActiveOn(s.deps.Today()) {
			continue
		}
		c, err := s.caseload(ctx, m, counts, false)
		if err != nil {
			return nil, err
		}
		out.Caseloads = append(out.Caseloads, c)
	}
	slices.SortStableFunc(out.Caseloads, func(a, b *directoryv1.Caseload) int {
		return cmp.Or(cmp.Compare(a.GetTaken(), b.GetTaken()), cmp.Compare(a.GetDifficultySum(), b.GetDifficultySum()))
	})
	return out, nil
}

// caseload counts the families for whom an assistant's caseload holds a place, so that all its numbers speak of the same families: after a change of the county's
// setting those that are monitored follow with their places. What lies in other gminas is the rest, and nothing but its number.
func (s *Server) caseload(ctx context.Context, m dir.Staff, monitoringCounts, withFiles bool) (*directoryv1.Caseload, error) {
	today := s.deps.Today()
	load, err := s.keeper.Load(ctx, m.Gmina[:4], m.Person)
	if err != nil {
		return nil, err
	}
	families, err := s.reader.Families(unlogged(ctx), m.Gmina, m.ID)
	if err != nil {
		return nil, err
	}
	limit := caseload.CapOn(today)
	reserved, held := load.In(m.Gmina)
	out := &directoryv1.Caseload{
		Staff: rpc.StaffName(m.Gmina, m.ID), DisplayName: m.DisplayName, Taken: int32(load.Taken()), Limit: int32(limit.N), LegalBasis: limit.Basis,
		ReservedHere: int32(reserved), FamiliesHere: int32(held), FamiliesElsewhere: int32(load.Taken() - reserved - held), AbsentToday: m.AbsentOn(today),
		MonitoringCounts: monitoringCounts,
	}
	weights := map[int]int32{}
	for _, f := range families {
		if p, ok := load.Of(f.File); !ok || p.State != caseload.Held {
			continue
		}
		weights[f.Cover.Difficulty]++
		out.DifficultySum += int32(f.Cover.Difficulty)
		if _, err := rpc.Visible(access.GrantFrom(ctx), f.Cover.Parties()); err == nil && withFiles {
			noteFile(ctx, f)
			out.FamilyFiles = append(out.FamilyFiles, name.In(f.Gmina, name.FamilyFiles, f.File))
		}
	}
	for weight := 1; weight <= 3; weight++ {
		out.ByDifficulty = append(out.ByDifficulty, &directoryv1.DifficultyCount{Difficulty: int32(weight), Families: weights[weight]})
	}
	return out, nil
}
