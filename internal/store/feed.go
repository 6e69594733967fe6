package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/bsonform"
)

// outboxRow says that a commit still needs its positions. Everything else about the commit is in the journal.
type outboxRow struct {
	Key        string    `bson:"_id"` // of the commit
	Ref        Ref       `bson:"ref"`
	Version    int64     `bson:"version"`
	RecordedAt time.Time `bson:"recorded_at"`
}

// feedRow is a feed entry as stored.
type feedRow struct {
	Key       string `bson:"_id"`    // SequenceKey of feed and position
	Commit    string `bson:"commit"` // key of the commit
	FeedEntry `bson:",inline"`
}

func outboxStep(c *Commit) Step {
	return Step{Op: Insert, Collection: outbox, ID: c.Key, Body: encodeOutbox(c), Point: PointOutbox}
}

// feedSteps give a commit its positions in the Write that makes it.
func feedSteps(c *Commit) []Step {
	var steps []Step
	for _, entry := range entries(c) {
		steps = append(steps, Step{Op: Append, Collection: feeds, ID: entry.Feed, Point: PointFeed, Next: func(n int64) bson.Raw {
			entry.Position = n
			return encodeFeed(feedRow{Key: SequenceKey(entry.Feed, n), Commit: c.Key, FeedEntry: entry})
		}})
	}
	return steps
}

// entries are the feed entries that a commit becomes, without their positions: one in the feed it belongs to, and after a move one in the feed it left.
func entries(c *Commit) []FeedEntry {
	e := FeedEntry{
		Feed: c.Gmina, Ref: c.Ref, Version: c.Version, Method: c.Method, RecordedAt: c.RecordedAt, Audience: c.Audience, Left: c.Left,
	}
	if countyKinds[c.Ref.Kind] {
		e.Feed = c.County
	}
	if c.FromGmina == "" {
		return []FeedEntry{e}
	}
	gone := e
	gone.Feed, gone.Gone = c.FromGmina, true
	return []FeedEntry{gone, e}
}

// Feed implements Scope.
func (s *scope) Feed(ctx context.Context, after int64, limit int) ([]FeedEntry, error) {
	if s.tenant != ByGmina && s.tenant != ByCounty {
		return nil, ErrNoFeed
	}
	hits, err := s.engine.Find(ctx, EngineQuery{
		Collection: feeds, From: SequenceKey(s.value, after+1), To: SequenceKey(s.value, lastVersion), Limit: pageLimit(limit),
	})
	if err != nil {
		return nil, fmt.Errorf("store: feed: %w", err)
	}
	out := make([]FeedEntry, 0, len(hits))
	for _, h := range hits {
		var row feedRow
		if err := bsonform.Unmarshal(h.Body, &row); err != nil {
			return nil, fmt.Errorf("store: decode feed: %w", err)
		}
		row.RecordedAt = row.RecordedAt.UTC()
		out = append(out, row.FeedEntry)
	}
	return out, nil
}

// Relay implements SystemScope.
func (s *systemScope) Relay(ctx context.Context, limit int) (int, error) {
	if s.whole {
		return 0, nil
	}
	placed := 0
	q := EngineQuery{Collection: outbox, Index: outboxByRecorded.Name, Fields: outboxByRecorded.Fields, Limit: pageLimit(limit)}
	hits, err := s.engine.Find(ctx, q)
	if err != nil {
		return 0, fmt.Errorf("store: relay: %w", err)
	}
	for _, h := range hits {
		var row outboxRow
		if err := bsonform.Unmarshal(h.Body, &row); err != nil {
			return placed, fmt.Errorf("store: decode outbox: %w", err)
		}
		n, err := s.relay(ctx, row.Ref, row.Version)
		placed += n
		if err != nil {
			return placed, fmt.Errorf("store: relay %s: %w", row.Key, err)
		}
	}
	return placed, nil
}

// relay places a commit and, before it, those earlier commits of its aggregate that have no position yet.
func (s *systemScope) relay(ctx context.Context, ref Ref, version int64) (placed int, err error) {
	var waiting []*Commit
	for v := version; v > 0; v-- {
		commit, err := s.commit(ctx, ref, v)
		if err != nil {
			return 0, err
		}
		done, err := s.inFeeds(ctx, commit)
		if err != nil {
			return 0, err
		}
		if done && v < version {
			break
		}
		waiting = append(waiting, commit)
	}
	for i := len(waiting) - 1; i >= 0; i-- {
		commit := waiting[i]
		for _, entry := range entries(commit) {
			ours, err := s.place(ctx, commit.Key, entry)
			if err != nil {
				return placed, err
			}
			placed += ours
		}
		done := Step{Op: Delete, Collection: outbox, ID: commit.Key, Point: PointOutboxDone}
		if err := s.engine.Write(ctx, []Step{done}); err != nil {
			return placed, err
		}
	}
	return placed, nil
}

// place gives a commit its position in one feed, once: the tail is read before the question whether the commit is in the feed already. Had another relay placed
// it after that question, the position after the tail read would be taken, and this insert fails and starts over.
func (s *systemScope) place(ctx context.Context, key string, entry FeedEntry) (int, error) {
	for {
		tail, err := s.tail(ctx, entry.Feed)
		if err != nil {
			return 0, err
		}
		done, err := s.inFeed(ctx, key, entry.Feed)
		if err != nil || done {
			return 0, err
		}
		entry.Position = tail + 1
		row := feedRow{Key: SequenceKey(entry.Feed, entry.Position), Commit: key, FeedEntry: entry}
		err = s.engine.Write(ctx, []Step{{Op: Insert, Collection: feeds, ID: row.Key, Body: encodeFeed(row), Point: PointFeed}})
		if errors.Is(err, ErrExists) {
			continue
		}
		if err != nil {
			return 0, err
		}
		return 1, nil
	}
}

// tail is the last position taken in a feed.
func (c *core) tail(ctx context.Context, feed string) (int64, error) {
	hits, err := c.engine.Find(ctx, EngineQuery{
		Collection: feeds, From: SequenceKey(feed, 1), To: SequenceKey(feed, lastVersion), Desc: true, Limit: 1,
	})
	if err != nil || len(hits) == 0 {
		return 0, err
	}
	key, _ := hits[0].Key[0].(string)
	position, _ := SequenceNumber(key)
	return position, nil
}

// inFeed tells whether a commit has its position in a feed.
func (c *core) inFeed(ctx context.Context, key, feed string) (bool, error) {
	hits, err := c.engine.Find(ctx, EngineQuery{
		Collection: feeds, Index: feedByCommit.Name, Fields: feedByCommit.Fields, Equal: []any{key, feed}, Limit: 1,
	})
	return len(hits) > 0, err
}

// inFeeds tells whether a commit has its position in every feed it belongs to.
func (c *core) inFeeds(ctx context.Context, commit *Commit) (bool, error) {
	for _, entry := range entries(commit) {
		if done, err := c.inFeed(ctx, commit.Key, entry.Feed); err != nil || !done {
			return false, err
		}
	}
	return true, nil
}

// ensureRelayed sees to it that a commit is in its feeds or waits in the outbox, and tells whether it had to. A row for a commit that was placed in the
// meantime does no harm: the relay asks before it places.
func (c *core) ensureRelayed(ctx context.Context, commit *Commit) (bool, error) {
	done, err := c.inFeeds(ctx, commit)
	if err != nil || done {
		return false, err
	}
	return c.ensure(ctx, outboxStep(commit))
}
