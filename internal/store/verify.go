package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Verify implements SystemScope. It reads the whole journal once, in the order of aggregates and versions, while others may commit.
func (s *systemScope) Verify(ctx context.Context) (VerifyReport, error) {
	v := &verifier{systemScope: s}
	q := EngineQuery{Collection: journal}
	err := s.each(ctx, q, func(h EngineHit) error { return v.commit(ctx, h.Body) })
	if err == nil {
		err = v.finish(ctx)
	}
	for i := 0; err == nil && i < len(Kinds); i++ {
		err = v.orphans(ctx, Kinds[i])
	}
	if err == nil {
		err = v.feeds(ctx)
	}
	if err != nil {
		return v.report, fmt.Errorf("store: verify: %w", err)
	}
	return v.report, nil
}

// verifier adds up one aggregate after the other.
type verifier struct {
	*systemScope
	report VerifyReport
	doc    *Document // the aggregate being added up; nil before the first
	broken bool      // it has a fault already: one is named for each aggregate
}

func (v *verifier) fault(format string, args ...any) {
	v.report.Faults = append(v.report.Faults, fmt.Sprintf(format, args...))
}

// commit takes the next entry of the journal.
func (v *verifier) commit(ctx context.Context, raw bson.Raw) error {
	c, err := decodeCommit(raw)
	if err != nil {
		return err
	}
	if v.doc == nil || v.doc.Ref() != c.Ref {
		if err := v.finish(ctx); err != nil {
			return err
		}
		v.report.Aggregates++
		v.doc, v.broken = &Document{ID: c.Ref.ID, Kind: c.Ref.Kind}, false
	}
	v.report.Commits++
	return v.add(ctx, c, raw)
}

// add checks one commit and folds it.
func (v *verifier) add(ctx context.Context, c *Commit, raw bson.Raw) error {
	if v.broken {
		return nil
	}
	hash, err := commitHash(raw)
	if err != nil {
		return err
	}
	if !bytes.Equal(hash, c.Hash) || c.Key != commitKey(c.Ref, c.Version) {
		v.broken = true
		v.fault("%s: the commit was altered", c.Key)
		return nil
	}
	next, err := fold(v.doc, c)
	if errors.Is(err, errChain) {
		v.broken = true
		v.fault("%s: the commit before it is missing or another one", c.Key)
		return nil
	}
	if err != nil {
		return err
	}
	v.doc = next
	return v.records(ctx, c)
}

// records checks that the records of a commit are stored as it added them. One that is missing right now may still be on its way.
func (v *verifier) records(ctx context.Context, c *Commit) error {
	for _, r := range c.Records {
		raw, err := v.engine.Get(ctx, string(r.Type), recordKey(c.Ref.ID, r.ID))
		if errors.Is(err, ErrNotFound) {
			if _, err = v.current(ctx, c.Ref); err != nil {
				return err
			}
			raw, err = v.engine.Get(ctx, string(r.Type), recordKey(c.Ref.ID, r.ID))
		}
		if errors.Is(err, ErrNotFound) {
			v.fault("%s/%s: the record of %s is missing", r.Type, recordKey(c.Ref.ID, r.ID), c.Key)
			continue
		}
		if err != nil {
			return err
		}
		stored, err := decodeRecord(r.Type, raw)
		if err != nil {
			return err
		}
		if !bytes.Equal(stored.Body, r.Body) || stored.Date != r.Date || stored.Version != c.Version || stored.File != c.Ref.ID {
			v.fault("%s/%s: the record differs from %s", r.Type, recordKey(c.Ref.ID, r.ID), c.Key)
		}
	}
	return nil
}

// finish compares the aggregate added up so far with its document.
func (v *verifier) finish(ctx context.Context) error {
	if v.doc == nil || v.broken {
		return nil
	}
	ref := v.doc.Ref()
	now, err := v.current(ctx, ref)
	if errors.Is(err, errChain) || errors.Is(err, ErrNotFound) {
		v.fault("%s: the document differs from the journal", ref)
		return nil
	}
	if err != nil {
		return err
	}
	for v.doc.Version < now.Version && !v.broken { // committed since the journal was read
		raw, err := v.engine.Get(ctx, journal, commitKey(ref, v.doc.Version+1))
		if errors.Is(err, ErrNotFound) {
			v.fault("%s: the document is ahead of the journal", ref)
			return nil
		}
		if err != nil {
			return err
		}
		c, err := decodeCommit(raw)
		if err != nil {
			return err
		}
		if err := v.add(ctx, c, raw); err != nil {
			return err
		}
	}
	v.compare(v.doc, now)
	return nil
}

func (v *verifier) compare(want, got *Document) {
	if v.broken {
		return
	}
	if !bytes.Equal(encodeDocument(want), encodeDocument(got)) {
		v.fault("%s: the document differs from the journal", want.Ref())
	}
}

// orphans finds documents without any journal.
func (v *verifier) orphans(ctx context.Context, kind Kind) error {
	q := EngineQuery{Collection: string(kind), Index: kindByCreated.Name, Fields: kindByCreated.Fields}
	return v.each(ctx, q, func(h EngineHit) error {
		id := h.Key[len(h.Key)-1].(string)
		_, err := v.engine.Get(ctx, journal, commitKey(Ref{Kind: kind, ID: id}, 1))
		if errors.Is(err, ErrNotFound) {
			v.fault("%s/%s: the document has no journal", kind, id)
			return nil
		}
		return err
	})
}

// feeds checks that positions have no gap and that what they name is in the journal.
func (v *verifier) feeds(ctx context.Context) error {
	feed, position := "", int64(0)
	q := EngineQuery{Collection: feeds}
	return v.each(ctx, q, func(h EngineHit) error {
		var row feedRow
		if err := bson.Unmarshal(h.Body, &row); err != nil {
			return err
		}
		if row.Feed != feed {
			feed, position = row.Feed, 0
		}
		if position++; row.Position != position || !strings.HasPrefix(row.Key, feed+"@") {
			v.fault("feed %s: position %d is missing or out of place", feed, position)
			position = row.Position
		}
		_, err := v.engine.Get(ctx, journal, row.Commit)
		if errors.Is(err, ErrNotFound) {
			v.fault("feed %s: position %d names %s, which the journal lacks", feed, row.Position, row.Commit)
			return nil
		}
		return err
	})
}
