package store

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// FeedHead is one commit at its position in a feed. Hash is worked out from what the journal holds under the commit's key, nil where it
// holds nothing or the entry cannot be read.
type FeedHead struct {
	Position int64
	Ref      Ref
	Version  int64
	Hash     []byte
}

// FeedHeads implements SystemScope.
func (s *systemScope) FeedHeads(ctx context.Context, feed string, after int64, fn func(FeedHead) error) error {
	q := EngineQuery{Collection: feeds, From: SequenceKey(feed, after+1), To: SequenceKey(feed, lastVersion)}
	err := s.each(ctx, q, func(h EngineHit) error {
		var row feedRow
		position, _ := SequenceNumber(hitKey(h))
		if err := bson.Unmarshal(h.Body, &row); err != nil || row.Position != position {
			return fn(FeedHead{Position: position}) // it names nothing that could be found
		}
		head := FeedHead{Position: position, Ref: row.Ref, Version: row.Version}
		raw, err := s.engine.Get(ctx, journal, commitKey(row.Ref, row.Version))
		switch {
		case errors.Is(err, ErrNotFound):
			return fn(head)
		case err != nil:
			return err
		}
		if head.Hash, err = commitHash(raw); err != nil {
			head.Hash = nil // what cannot be read is no commit
		}
		return fn(head)
	})
	if err != nil {
		return fmt.Errorf("store: feed heads: %w", err)
	}
	return nil
}
