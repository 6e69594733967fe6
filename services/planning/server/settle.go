package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"asysta.example/internal/access"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	"asysta.example/services/planning"
)

// settle is the second step of publishing and reviewing: the family file learns of the child plan's version and last review, then the child plan notes that
// it was told. Both commits change nothing where they were done before, so that the call and the sweep may repeat and race them.
func (s shell) settle(ctx context.Context, doc *store.Document) (*store.Document, error) {
	p, err := decodeChildPlan(doc)
	if err != nil || p.Settled() {
		return doc, err
	}
	if err := s.tell(ctx, p); err != nil {
		return nil, err
	}
	return s.noteTold(ctx, doc.Ref(), doc.County, p)
}

// system leaves a context in which commits are the service's own, on behalf of the caller where there is one.
func (s shell) system(ctx context.Context, tenant string) context.Context {
	bg := rpc.Background(ctx, "planning", tenant, "planning/settle-child-plan")
	g, by := access.GrantFrom(bg), access.GrantFrom(ctx)
	g.Person, g.Subject = by.Person, by.Subject
	if by.Has(access.Coordinator) {
		g.ActingRole = access.Coordinator
	}
	return access.WithGrant(bg, g)
}

// errTold ends a step that finds its work done.
var errTold = errors.New("planning: told before")

// tell commits the cover's facts of a child plan to the family file. For a calling coordinator it goes through the coordinator's scope; the sweep, which
// acts for nobody, finds the file's present gmina first. A file that is gone has nobody left to be told.
func (s shell) tell(ctx context.Context, p planning.ChildPlan) error {
	g := access.GrantFrom(ctx)
	scope, tenant := s.deps.Store.ForCoordinator(g.Person), g.County
	if !g.Has(access.Coordinator) {
		doc, err := s.deps.Store.System().Load(ctx, fileRef(p.File))
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("planning: file of a child plan: %w", err)
		}
		scope, tenant = s.deps.Store.For(doc.Gmina), doc.Gmina
	}
	env := planning.Env{Today: s.deps.Today(), Now: s.deps.Clock().Truncate(time.Millisecond)}
	_, _, err := s.deps.Mutate(s.system(ctx, tenant), rpc.Mutation{Scope: scope, Ref: fileRef(p.File), Apply: func(doc *store.Document) (store.Change, error) {
		return tellChange(doc, p, env)
	}})
	if errors.Is(err, errTold) {
		return nil
	}
	return err
}

// tellChange gives the change of the family file, or errTold.
func tellChange(doc *store.Document, p planning.ChildPlan, env planning.Env) (store.Change, error) {
	f, err := decode(doc)
	if err != nil {
		return store.Change{}, err
	}
	fact := f.Cover.Child(p.Child)
	if fact == nil || (fact.ChildPlan == p.ID && fact.ChildPlanVersion >= p.Version && !fact.LastReviewOn.Before(p.LastReview())) {
		return store.Change{}, errTold
	}
	next, _, err := planning.Apply(f, planning.ChildPublished{Plan: p}, env)
	if err != nil {
		return store.Change{}, err
	}
	return store.Change{
		Purpose: childPlanPurpose, Cover: next.Cover, Sections: map[string]any{planning.SectionName: next.Section}, Deadlines: deadlines(next.Cover),
		Audience: append([]string{}, next.Cover.Coordinators()...),
	}, nil
}

// noteTold commits to the child plan what the family file has learned.
func (s shell) noteTold(ctx context.Context, ref store.Ref, county string, told planning.ChildPlan) (*store.Document, error) {
	var last *store.Document
	doc, _, err := s.deps.Mutate(s.system(ctx, county), rpc.Mutation{Scope: s.deps.Store.ForCounty(county), Ref: ref, Apply: func(doc *store.Document) (store.Change, error) {
		last = doc
		p, err := decodeChildPlan(doc)
		if err != nil {
			return store.Change{}, err
		}
		if p.Told >= told.Version && !p.ToldReview.Before(told.LastReview()) {
			return store.Change{}, errTold
		}
		p.Told = max(p.Told, told.Version)
		if told.LastReview().After(p.ToldReview) {
			p.ToldReview = told.LastReview()
		}
		return childPlanChange(p, s.deps.Today()), nil
	}})
	if errors.Is(err, errTold) {
		return last, nil
	}
	return doc, err
}

// Sweep finishes what a crash between the steps of publishing has left; it may be run by several processes at once. It returns how many child plans it settled.
func (s *Server) Sweep(ctx context.Context) (int, error) {
	sh, n := s.coordination.shell, 0
	var faults []error
	for token := ""; ; {
		page, err := sh.deps.Store.System().List(ctx, store.ChildPlans, store.Query{Index: "pending", Equal: []any{true}, Limit: 100, Token: token})
		if err != nil {
			return n, fmt.Errorf("planning: pending child plans: %w", err)
		}
		for _, h := range page.Hits {
			if _, err := sh.settle(rpc.Background(ctx, "planning", h.Doc.County, "planning/sweep"), h.Doc); err != nil {
				faults = append(faults, err) // the next one may still succeed
				continue
			}
			n++
		}
		if token = page.Next; token == "" {
			return n, errors.Join(faults...)
		}
	}
}
