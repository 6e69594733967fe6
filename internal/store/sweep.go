package store

import (
	"context"
	"errors"
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
	if s.whole {
		return 0, nil
	}
	goesOn := since.IsZero()
	if goesOn {
		var err error
		if since, err = s.sweptTo(ctx); err != nil {
			return 0, err
		}
	}
	mended, seen := map[Ref]bool{}, 0
	q := EngineQuery{Collection: journal, Index: journalByRecorded.Name, Fields: journalByRecorded.Fields, From: stamp(since)}
	var last time.Time
	err := s.each(ctx, q, func(h EngineHit) error {
		commit, err := decodeCommit(h.Body)
		if err != nil {
			return err
		}
		did, err := s.sweep(ctx, commit)
		if did {
			mended[commit.Ref] = true
		}
		if last = commit.RecordedAt; err == nil && goesOn {
			if seen++; seen%pageSize == 0 {
				err = s.markSwept(ctx, last)
			}
		}
		return err
	})
	if err == nil && goesOn && !last.IsZero() {
		err = s.markSwept(ctx, last)
	}
	if err != nil {
		return len(mended), fmt.Errorf("store: sweep: %w", err)
	}
	return len(mended), nil
}

// sweepMark is the key, in meta, of the instant up to which sweeps have seen all commits.
const sweepMark = "sweep-mark"

// sweepBack is how far a sweep begins before the mark: longer than any call lasts and than the clocks of processes differ.
const sweepBack = 15 * time.Minute

// sweptTo is where a sweep goes on: the beginning of the journal when there is no mark.
func (s *systemScope) sweptTo(ctx context.Context) (time.Time, error) {
	raw, err := s.engine.Get(ctx, meta, sweepMark)
	if errors.Is(err, ErrNotFound) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("store: mark of the sweep: %w", err)
	}
	at, ok := raw.Lookup("at").TimeOK()
	if !ok {
		return time.Time{}, fmt.Errorf("%w: mark of the sweep", errBSON)
	}
	return at.UTC().Add(-sweepBack), nil
}

// markSwept moves the mark on, never back.
func (s *systemScope) markSwept(ctx context.Context, at time.Time) error {
	w := newBuilder(64)
	w.text("_id", sweepMark)
	w.int("version", at.UnixMilli())
	w.time("at", at)
	return s.engine.Write(ctx, []Step{{Op: Replace, Collection: meta, ID: sweepMark, Body: w.raw(), Version: at.UnixMilli(), Point: PointSweep}})
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
