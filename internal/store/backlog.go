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
