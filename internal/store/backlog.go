package store

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// countedBacklog is up to how many waiting commits Backlog counts.
const countedBacklog = 500

// Backlog tells how many commits wait for their positions in the feeds, counted up to 500, and when the oldest of them was recorded; the zero instant where
// none waits, and for an engine with transactions, where none ever does. It is for watching the relay.
func Backlog(ctx context.Context, e Engine) (waiting int, oldest time.Time, err error) {
	if _, whole := e.(Whole); whole {
		return 0, time.Time{}, nil
	}
	hits, err := e.Find(ctx, EngineQuery{Collection: outbox, Index: outboxByRecorded.Name, Fields: outboxByRecorded.Fields, Limit: countedBacklog})
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("store: backlog: %w", err)
	}
	if len(hits) == 0 {
		return 0, time.Time{}, nil
	}
	var row outboxRow
	if err := bson.Unmarshal(hits[0].Body, &row); err != nil {
		return 0, time.Time{}, fmt.Errorf("store: decode outbox: %w", err)
	}
	return len(hits), row.RecordedAt.UTC(), nil
}

// Unindexed tells how many lines of the access log stand behind the last segment: whoever asks who has read a file waits for each of them to be looked at. An engine that
// indexes each line as it is written has none. Lines are numbered without a gap, so nothing is counted one by one.
func Unindexed(ctx context.Context, e Engine) (lines int64, err error) {
	if _, whole := e.(Whole); !whole {
		return 0, nil
	}
	c := &core{engine: e}
	segment, err := c.lastSegment(ctx) // before the line: what is indexed meanwhile makes the number too large rather than negative
	if err != nil {
		return 0, fmt.Errorf("store: unindexed lines: %w", err)
	}
	line, err := c.lastLine(ctx)
	if err != nil {
		return 0, fmt.Errorf("store: unindexed lines: %w", err)
	}
	return max(0, line-segment.to), nil
}
