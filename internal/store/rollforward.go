package store

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// errStop ends a walk early.
var errStop = errors.New("store: stop")

// pageSize is how many entries a walk asks an engine for at once.
const pageSize = 500

// pageLimit holds a caller's limit within 1 to 500; 0 and less mean 50.
func pageLimit(limit int) int {
	if limit <= 0 {
		return 50
	}
	return min(limit, pageSize)
}

// lastVersion is behind every version: the most that a key has room for.
const lastVersion = 999_999_999_999

// current gives an aggregate as the journal has it now: the stored document, rolled forward over commits whose writer did not come to the end.
// ErrNotFound when the journal has no commit of it.
func (c *core) current(ctx context.Context, ref Ref) (*Document, error) {
	doc, err := c.stored(ctx, ref)
	if err != nil {
		return nil, err
	}
	for !c.whole {
		commit, err := c.commit(ctx, ref, doc.Version+1)
		if errors.Is(err, ErrNotFound) {
			break
		}
		if err != nil {
			return nil, err
		}
		if doc, err = c.mend(ctx, doc, commit); err != nil {
			return nil, fmt.Errorf("store: roll forward: %w", err)
		}
	}
	if doc.Version == 0 {
		return nil, ErrNotFound
	}
	return doc, nil
}

// stored gives the document as it is stored, an empty one of version 0 when there is none.
func (c *core) stored(ctx context.Context, ref Ref) (*Document, error) {
	raw, kept, err := c.raw(ctx, ref)
	if errors.Is(err, ErrNotFound) {
		return &Document{ID: ref.ID, Kind: ref.Kind}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("store: load: %w", err)
	}
	if raw == nil {
		own := *kept
		return &own, nil
	}
	doc, err := decodeDocument(raw)
	if err == nil && c.whole {
		c.cache.put(doc)
	}
	return doc, err
}

// raw gives the stored bytes of a document, or the document that the cache keeps and the database has still.
func (c *core) raw(ctx context.Context, ref Ref) (bson.Raw, *Document, error) {
	if c.whole {
		if kept := c.cache.any(ref); kept != nil {
			raw, err := c.newer.GetNewer(ctx, string(ref.Kind), ref.ID, kept.Version)
			return raw, kept, err
		}
	}
	raw, err := c.engine.Get(ctx, string(ref.Kind), ref.ID)
	return raw, nil, err
}

// commit gives one entry of the journal; ErrNotFound.
func (c *core) commit(ctx context.Context, ref Ref, version int64) (*Commit, error) {
	raw, err := c.engine.Get(ctx, journal, commitKey(ref, version))
	if err != nil {
		if errors.Is(err, ErrNotFound) {
			return nil, ErrNotFound
		}
		return nil, fmt.Errorf("store: journal: %w", err)
	}
	return decodeCommit(raw)
}

// mend repeats the steps of a commit after its first. Each is idempotent, so the writer itself and any number of readers may be at it. Records come before
// the document: whoever sees the document's version finds all its records.
func (c *core) mend(ctx context.Context, base *Document, commit *Commit) (*Document, error) {
	next, err := fold(base, commit)
	if err != nil {
		return nil, err
	}
	if _, err := c.ensureRelayed(ctx, commit); err != nil {
		return nil, err
	}
	if _, err := c.ensureRecords(ctx, commit); err != nil {
		return nil, err
	}
	replace, err := documentStep(next)
	if err != nil {
		return nil, err
	}
	return next, c.engine.Write(ctx, []Step{replace})
}

// ensureRecords inserts what is missing of a commit's records and tells whether something was.
func (c *core) ensureRecords(ctx context.Context, commit *Commit) (bool, error) {
	mended := false
	for _, step := range recordSteps(commit) { // one at a time, so that none is behind the first
		added, err := c.ensure(ctx, step)
		if err != nil {
			return mended, err
		}
		mended = mended || added
	}
	return mended, nil
}

// ensure makes an insert that may have been made before and tells whether it was needed.
func (c *core) ensure(ctx context.Context, step Step) (bool, error) {
	err := c.engine.Write(ctx, []Step{step})
	if errors.Is(err, ErrExists) {
		return false, nil
	}
	return err == nil, err
}

// eachCommit calls fn with the commits of an aggregate above a version, oldest first, until fn gives an error.
func (c *core) eachCommit(ctx context.Context, ref Ref, after int64, fn func(*Commit) error) error {
	q := EngineQuery{Collection: journal, From: commitKey(ref, after+1), To: commitKey(ref, lastVersion)}
	return c.each(ctx, q, func(h EngineHit) error {
		commit, err := decodeCommit(h.Body)
		if err != nil {
			return err
		}
		return fn(commit)
	})
}

// each calls fn with every hit of a query, page by page, until fn gives an error.
func (c *core) each(ctx context.Context, q EngineQuery, fn func(EngineHit) error) error {
	q.Limit = pageSize
	for {
		hits, err := c.engine.Find(ctx, q)
		if err != nil {
			return err
		}
		for _, h := range hits {
			if err := fn(h); err != nil {
				return err
			}
		}
		if len(hits) < pageSize {
			return nil
		}
		q.After = hits[len(hits)-1].Key
	}
}
