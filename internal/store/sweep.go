package store

import (
	"context"
	"fmt"
	"time"
)

// systemScope reaches everything, for work that runs by itself.
type systemScope struct{ scope }

// Migrate implements SystemScope.
func (s *systemScope) Migrate(ctx context.Context) error {
	if err := s.engine.Migrate(ctx, Specs(s.whole)); err != nil {
		return fmt.Errorf("store: migrate: %w", err)
	}
	return nil
}

// Sweep implements SystemScope. It repeats what is missing of every commit recorded since the instant: the row for the relay, the records, the document.
func (s *systemScope) Sweep(ctx context.Context, since time.Time) (int, error) {
	mended := map[Ref]bool{}
	if s.whole {
		return 0, nil
	}
	q := EngineQuery{Collection: journal, Index: journalByRecorded.Name, Fields: journalByRecorded.Fields, From: stamp(since)}
	err := s.each(ctx, q, func(h EngineHit) error {
		commit, err := decodeCommit(h.Body)
		if err != nil {
			return err
		}
		did, err := s.sweep(ctx, commit)
		if did {
			mended[commit.Ref] = true
		}
		return err
	})
	if err != nil {
		return len(mended), fmt.Errorf("store: sweep: %w", err)
	}
	return len(mended), nil
}

// sweep sees one commit to its end and tells whether anything was missing.
func (s *systemScope) sweep(ctx context.Context, commit *Commit) (bool, error) {
	relayed, err := s.ensureRelayed(ctx, commit)
	if err != nil {
		return false, err
	}
	recorded, err := s.ensureRecords(ctx, commit)
	if err != nil {
		return relayed, err
	}
	doc, err := s.stored(ctx, commit.Ref)
	if err != nil {
		return relayed || recorded, err
	}
	if doc.Version >= commit.Version {
		return relayed || recorded, nil
	}
	_, err = s.current(ctx, commit.Ref)
	return err == nil, err
}
