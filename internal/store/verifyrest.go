package store

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// recordTypes are all types of record, in the order of their names.
func recordTypes() []RecordType { return slices.Sorted(maps.Keys(recordsOf)) }

// orphans finds documents without any journal.
func (v *verifier) orphans(ctx context.Context, kind Kind) error {
	return v.each(ctx, EngineQuery{Collection: string(kind)}, func(h EngineHit) error {
		_, err := v.engine.Get(ctx, journal, commitKey(Ref{Kind: kind, ID: hitKey(h)}, 1))
		if errors.Is(err, ErrNotFound) {
			v.fault("%s/%s: the document has no journal", kind, hitKey(h))
			return nil
		}
		return err
	})
}

// strangers finds records that no commit added. There are none when there are no more than the journal has, each of which was found; where there are more, each is asked
// for its commit: it may have been added since the journal was read.
func (v *verifier) strangers(ctx context.Context, t RecordType) error {
	stored := 0
	err := v.each(ctx, EngineQuery{Collection: string(t)}, func(EngineHit) error {
		stored++
		return nil
	})
	if err != nil || stored <= v.added[t] {
		return err
	}
	return v.each(ctx, EngineQuery{Collection: string(t)}, func(h EngineHit) error {
		file, id, _ := strings.Cut(hitKey(h), "/")
		version, _ := h.Body.Lookup("version").AsInt64OK()
		c, err := v.commit1(ctx, commitKey(Ref{Kind: recordsOf[t], ID: file}, version))
		if err != nil {
			return err
		}
		if c == nil || !slices.ContainsFunc(c.Records, func(r CommittedRecord) bool { return r.Type == t && r.ID == id }) {
			v.fault("%s/%s: no commit added the record", t, hitKey(h))
		}
		return nil
	})
}

// commit1 reads one commit; nil where there is none that can be read.
func (v *verifier) commit1(ctx context.Context, key string) (*Commit, error) {
	raw, err := v.engine.Get(ctx, journal, key)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	c, err := decodeCommit(raw)
	if err != nil {
		return nil, nil //nolint:nilerr // the journal's own pass has named it
	}
	return c, nil
}

// feeds checks that positions have no gap, that what stands at each is what its commit says, in the order of an aggregate's versions, and that no commit of the journal is
// left out.
func (v *verifier) feeds(ctx context.Context) error {
	waiting := 0 // counted before the feeds are read: what leaves the outbox meanwhile is in a feed
	err := v.each(ctx, EngineQuery{Collection: outbox}, func(EngineHit) error {
		waiting++
		return nil
	})
	if err != nil {
		return err
	}
	var last map[Ref]int64
	feed, position, found := "", int64(0), map[string]int{}
	err = v.each(ctx, EngineQuery{Collection: feeds}, func(h EngineHit) error {
		name, _, _ := strings.Cut(hitKey(h), "@")
		if name != feed || last == nil {
			feed, position, last = name, 0, map[Ref]int64{}
		}
		found[feed]++
		if position++; hitKey(h) != SequenceKey(feed, position) {
			v.fault("feed %s: position %d is missing or out of place", feed, position)
			position, _ = SequenceNumber(hitKey(h))
		}
		return v.fedBy(ctx, feed, position, h.Body, last)
	})
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(v.fed)) {
		if missing := v.fed[name] - found[name]; missing > waiting {
			v.fault("feed %s: %d commits of the journal are not in it", name, missing)
		}
	}
	return nil
}

// fedBy compares one entry of a feed with the commit that it names.
func (v *verifier) fedBy(ctx context.Context, feed string, position int64, raw bson.Raw, last map[Ref]int64) error {
	var row feedRow
	if raw.Validate() != nil || bson.Unmarshal(raw, &row) != nil {
		v.fault("feed %s: position %d cannot be read", feed, position)
		return nil
	}
	c, err := v.commit1(ctx, row.Commit)
	if err != nil {
		return err
	}
	if c == nil {
		v.fault("feed %s: position %d names %s, which the journal lacks", feed, position, row.Commit)
		return nil
	}
	same := slices.ContainsFunc(entries(c), func(e FeedEntry) bool {
		e.Position = position
		return e.Feed == feed && bytes.Equal(raw, encodeFeed(feedRow{Key: SequenceKey(feed, position), Commit: c.Key, FeedEntry: e}))
	})
	if !same || c.Version <= last[c.Ref] {
		v.fault("feed %s: position %d differs from its commit %s, or stands there twice", feed, position, row.Commit)
	}
	last[c.Ref] = c.Version
	return nil
}
