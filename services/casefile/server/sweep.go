package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"asysta.example/internal/directory"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	"asysta.example/services/casefile/caseload"
	"asysta.example/services/casefile/caseload/keeper"
)

// sweepMethod is what the journal says of work that no call asked for.
const sweepMethod = "casefile/sweep"

// Sweep settles reserved places whose opening or handover stopped half-way: confirmed where the file holds the assistant, released after the file was fenced or has gone to
// somebody else. It returns how many it settled; what failed is tried again by the next sweep.
func (s *Server) Sweep(ctx context.Context) (int, error) {
	return s.keeper.SweepReservations(ctx, func(ctx context.Context, at keeper.At) (bool, error) {
		ctx = rpc.Background(ctx, "casefile", at.Gmina, sweepMethod)
		exists, err := s.fence(ctx, at.Gmina, at.File)
		if err != nil || !exists {
			return false, err
		}
		l, _, err := s.find(ctx, at.Gmina, at.File)
		if err != nil {
			return false, err
		}
		return s.holds(ctx, at.Gmina, l.file.Cover, at.Person)
	})
}

// Reconcile brings the caseloads of a county in line with its family files, for the file is the truth: a place held for a file that does not count any more with that
// assistant is given back, and a file whose assistant holds no place for it is given one, beyond the cap where it must be. A crash between the commit of a file and
// its places leaves the first; the second can only come of a fault, and is logged. Both follow as well when the county has changed whether monitoring counts: a monitored
// family takes or gives back its place, and an assistant who then has more than the cap allows keeps all of them. It reads every caseload and every open file and is for a
// daily run, and for a change of that setting.
func (s *Server) Reconcile(ctx context.Context, county string) (mended int, err error) {
	counts, err := s.deps.Directory.MonitoringCounts(ctx, county)
	if err != nil {
		return 0, fmt.Errorf("casefile: reconcile: %w", err)
	}
	freed, err := each(ctx, s.deps.Store.ForCounty(county), store.Caseloads, store.Query{Index: "all"}, func(doc *store.Document) (int, error) {
		return s.freeStray(ctx, county, doc.ID)
	})
	errs := []error{err}
	gminas, err := s.deps.Directory.ListGminas(ctx, county)
	if err != nil {
		return freed, fmt.Errorf("casefile: reconcile: %w", err)
	}
	states := []familyfile.State{familyfile.Assigned, familyfile.Cooperation}
	if counts {
		states = append(states, familyfile.Monitoring)
	}
	mended = freed
	for _, g := range gminas {
		loads := map[string]caseload.Caseload{} // of the gmina's assistants, as first met
		for _, state := range states {
			given, err := each(ctx, s.deps.Store.For(g.TERYT), store.FamilyFiles, store.Query{Index: "by_state", Equal: []any{string(state)}, Narrow: true}, func(doc *store.Document) (int, error) {
				if placed, err := s.placed(ctx, loads, doc); placed || err != nil {
					return 0, err
				}
				return s.giveLost(ctx, doc)
			})
			mended += given
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil || ctx.Err() != nil {
		return mended, errors.Join(err, ctx.Err())
	}
	s.follows.Store(county, counts)
	return mended, nil
}

// FollowSettings reconciles the counties whose setting differs from that which this process last reconciled them with, and those that it has never reconciled to the end,
// once ReconcileAll, which runs when the process starts, has tried them all.
func (s *Server) FollowSettings(ctx context.Context) (mended int, err error) {
	return each(ctx, s.deps.Store.System(), store.Counties, store.Query{Index: "all"}, func(doc *store.Document) (int, error) {
		c, err := directory.CountyOf(doc)
		if err != nil {
			return 0, fmt.Errorf("casefile: reconcile: %w", err)
		}
		if followed, known := s.follows.Load(doc.ID); known && followed == c.Settings.MonitoringCounts || !known && !s.reconciled.Load() {
			return 0, nil
		}
		return s.Reconcile(ctx, doc.ID)
	})
}

// ReconcileAll reconciles every county of the deployment.
func (s *Server) ReconcileAll(ctx context.Context) (mended int, err error) {
	defer s.reconciled.Store(true)
	return each(ctx, s.deps.Store.System(), store.Counties, store.Query{Index: "all"}, func(doc *store.Document) (int, error) { return s.Reconcile(ctx, doc.ID) })
}

// each does something with every document that a query finds and adds up what it counts. One that fails stops none of the others; the first failure is told, with how many
// there were.
func each(ctx context.Context, r store.Reader, kind store.Kind, q store.Query, do func(*store.Document) (int, error)) (sum int, err error) {
	q.Limit = 200
	var first error
	failed := 0
	for {
		page, err := r.List(ctx, kind, q)
		if err != nil {
			return sum, fmt.Errorf("casefile: reconcile: %w", err)
		}
		for _, hit := range page.Hits {
			n, err := do(hit.Doc)
			if sum += n; err == nil {
				continue
			}
			if ctx.Err() != nil {
				return sum, err
			}
			if failed++; first == nil {
				first = err
			}
		}
		if q.Token = page.Next; q.Token != "" {
			continue
		}
		if failed > 1 {
			first = fmt.Errorf("%d failed, the first: %w", failed, first)
		}
		return sum, first
	}
}

// freeStray gives back the places that a person holds for families who are not theirs.
func (s *Server) freeStray(ctx context.Context, county, person string) (freed int, err error) {
	c, err := s.keeper.Load(ctx, county, person)
	if err != nil {
		return 0, err
	}
	for _, p := range c.Places {
		if p.State != caseload.Held {
			continue
		}
		ctx := rpc.Background(ctx, "casefile", p.Gmina, sweepMethod)
		l, exists, err := s.find(ctx, p.Gmina, p.File)
		if err != nil {
			return freed, err
		}
		held, err := s.holds(ctx, p.Gmina, l.file.Cover, person)
		if err != nil {
			return freed, err
		}
		if exists && held {
			continue
		}
		given, err := s.keeper.ReleaseSeen(ctx, person, p)
		if err != nil {
			return freed, err
		}
		if given {
			freed++
		}
	}
	return freed, nil
}

// placed says that the assistant of a listed file holds its place, as in all but a few files. Each caseload is read once.
func (s *Server) placed(ctx context.Context, loads map[string]caseload.Caseload, listed *store.Document) (bool, error) {
	cover, err := rpc.Part[familyfile.Cover](listed, listed.Cover)
	if err != nil || cover.AssistantPer == "" {
		return false, err
	}
	load, known := loads[cover.AssistantPer]
	if !known {
		if load, err = s.keeper.Load(ctx, listed.Gmina[:4], cover.AssistantPer); err != nil {
			return false, err
		}
		loads[cover.AssistantPer] = load
	}
	p, ok := load.Of(listed.ID)
	return ok && p.State == caseload.Held, nil
}

// giveLost gives the assistant of a file the place for it that their caseload lacks. The file is read again before and after, so that a handover meanwhile leaves
// no place behind.
func (s *Server) giveLost(ctx context.Context, listed *store.Document) (given int, err error) {
	ctx = rpc.Background(ctx, "casefile", listed.Gmina, sweepMethod)
	l, exists, err := s.find(ctx, listed.Gmina, listed.ID)
	if err != nil || !exists {
		return 0, err
	}
	at := keeper.At{Gmina: listed.Gmina, Person: l.file.Cover.AssistantPer, File: listed.ID}
	if held, err := s.holds(ctx, at.Gmina, l.file.Cover, at.Person); err != nil || !held {
		return 0, err
	}
	c, err := s.keeper.Load(ctx, at.Gmina[:4], at.Person)
	if err != nil {
		return 0, err
	}
	if p, ok := c.Of(at.File); ok && p.State == caseload.Held {
		return 0, nil
	}
	over, err := s.keeper.Hold(ctx, at)
	if err != nil {
		return 0, err
	}
	level := slog.LevelWarn
	if l.file.Cover.State == familyfile.Monitoring {
		level = slog.LevelInfo // as the county has decided, no fault
	}
	s.deps.Log.Log(ctx, level, "a family had no place in its assistant's caseload", slog.String("file", at.File), slog.String("person", at.Person), slog.Bool("over_cap", over))
	if l, _, err = s.find(ctx, at.Gmina, at.File); err == nil {
		err = s.settlePerson(ctx, l.doc, at.Person)
	}
	return 1, err
}
