package server

import (
	"context"
	"fmt"

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
		return holds(l.file.Cover, at.Person), err
	})
}

// Reconcile gives back every place held for a file that does not count any more with that assistant: a crash between the commit of a handover or closure and the release
// leaves one. It reads every caseload of a county and is for a daily run.
func (s *Server) Reconcile(ctx context.Context, county string) (freed int, err error) {
	q := store.Query{Index: "all", Limit: 200}
	for {
		page, err := s.deps.Store.ForCounty(county).List(ctx, store.Caseloads, q)
		if err != nil {
			return freed, fmt.Errorf("casefile: reconcile: %w", err)
		}
		for _, hit := range page.Hits {
			n, err := s.reconcile(ctx, county, hit.Doc.ID)
			if freed += n; err != nil {
				return freed, err
			}
		}
		if page.Next == "" {
			return freed, nil
		}
		q.Token = page.Next
	}
}

// ReconcileAll reconciles every county of the deployment.
func (s *Server) ReconcileAll(ctx context.Context) (freed int, err error) {
	q := store.Query{Index: "all", Limit: 200}
	for {
		page, err := s.deps.Store.System().List(ctx, store.Counties, q)
		if err != nil {
			return freed, fmt.Errorf("casefile: reconcile: %w", err)
		}
		for _, hit := range page.Hits {
			n, err := s.Reconcile(ctx, hit.Doc.ID)
			if freed += n; err != nil {
				return freed, err
			}
		}
		if page.Next == "" {
			return freed, nil
		}
		q.Token = page.Next
	}
}

func (s *Server) reconcile(ctx context.Context, county, person string) (freed int, err error) {
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
		if exists && holds(l.file.Cover, person) {
			continue
		}
		if err := s.keeper.Release(ctx, keeper.At{Gmina: p.Gmina, Person: person, File: p.File}); err != nil {
			return freed, err
		}
		freed++
	}
	return freed, nil
}
