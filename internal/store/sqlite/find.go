package sqlite

import (
	"bytes"
	"context"
	"fmt"

	"asysta.example/internal/store"
)

// Find implements store.Engine.
func (e *Engine) Find(ctx context.Context, q store.EngineQuery) ([]store.EngineHit, error) {
	c, err := e.collection(q.Collection)
	if err != nil {
		return nil, err
	}
	if q.Index == "" {
		return e.walk(ctx, c, q)
	}
	var iid int64
	for _, ix := range c.indexes {
		if ix.name == q.Index {
			iid = ix.iid
		}
	}
	if iid == 0 {
		return nil, fmt.Errorf("sqlite: no index %q over %q", q.Index, q.Collection)
	}
	low, high, err := bounds(q)
	if err != nil {
		return nil, err
	}
	if bytes.Compare(low, high) >= 0 {
		return nil, nil
	}
	stmt := e.up
	if q.Desc {
		stmt = e.down
	}
	rows, err := stmt.QueryContext(ctx, iid, low, high, q.Limit)
	if err != nil {
		return nil, fmt.Errorf("sqlite: find: %w", failed(err))
	}
	defer rows.Close()
	var hits []store.EngineHit
	for rows.Next() {
		var key, body []byte
		if err := rows.Scan(&key, &body); err != nil {
			return nil, fmt.Errorf("sqlite: find: %w", failed(err))
		}
		values, err := decodeKey(key)
		if err != nil {
			return nil, err
		}
		hits = append(hits, store.EngineHit{Key: values, Body: body})
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("sqlite: find: %w", failed(err))
	}
	return hits, nil
}

// walk gives documents in the order of their keys.
func (e *Engine) walk(ctx context.Context, c *collection, q store.EngineQuery) ([]store.EngineHit, error) {
	low, high := "", "\U0010FFFF"
	if from, ok := q.From.(string); ok {
		low = from
	}
	if to, ok := q.To.(string); ok {
		high = to
	}
	stmt := e.walkUp
	if q.Desc {
		stmt = e.walkDown
	}
	if len(q.After) == 1 {
		after, _ := q.After[0].(string)
		if q.Desc {
			high = min(high, after)
		} else {
			low = max(low, after+"\x00")
		}
	}
	rows, err := stmt.QueryContext(ctx, c.cid, low, high, q.Limit)
	if err != nil {
		return nil, fmt.Errorf("sqlite: find: %w", failed(err))
	}
	defer rows.Close()
	var hits []store.EngineHit
	for rows.Next() {
		var id string
		var body []byte
		if err := rows.Scan(&id, &body); err != nil {
			return nil, fmt.Errorf("sqlite: find: %w", failed(err))
		}
		hits = append(hits, store.EngineHit{Key: []any{id}, Body: body})
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("sqlite: find: %w", failed(err))
	}
	return hits, nil
}

// bounds gives the half-open range of keys that a query asks for.
func bounds(q store.EngineQuery) (low, high []byte, err error) {
	prefix, err := encodeKey([]byte{}, q.Equal...) // a nil slice would be NULL, which is below and above nothing
	if err != nil {
		return nil, nil, err
	}
	low, high = prefix, successor(prefix)
	if len(prefix) == 0 {
		high = []byte{0xFF}
	}
	if q.From != nil || q.To != nil {
		if low, high, err = bracket(prefix, q.From, q.To); err != nil {
			return nil, nil, err
		}
	}
	if q.After == nil {
		return low, high, nil
	}
	after, err := encodeKey(nil, q.After...)
	if err != nil {
		return nil, nil, err
	}
	if q.Desc && bytes.Compare(after, high) < 0 {
		high = after
	}
	if next := append(after, 0); !q.Desc && bytes.Compare(next, low) > 0 {
		low = next
	}
	return low, high, nil
}

// bracket gives the range between two bounds; an open bound ends where the type of the other one does.
func bracket(prefix []byte, from, to any) (low, high []byte, err error) {
	bound := func(v any) ([]byte, error) { return encodeKey(append([]byte{}, prefix...), v) }
	if from != nil {
		if low, err = bound(from); err != nil {
			return nil, nil, err
		}
	}
	if to != nil {
		if high, err = bound(to); err != nil {
			return nil, nil, err
		}
	}
	if low == nil {
		low = high[:len(prefix)+1]
	}
	if high == nil {
		high = successor(low[:len(prefix)+1])
	}
	return low, high, nil
}
