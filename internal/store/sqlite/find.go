package sqlite

import (
	"bytes"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
)

// Find implements store.Engine.
func (e *Engine) Find(ctx context.Context, q store.EngineQuery) ([]store.EngineHit, error) {
	if q.Index == "" {
		return e.walk(ctx, q)
	}
	ix, err := e.filled(ctx, q.Collection, q.Index)
	if err != nil {
		return nil, err
	}
	low, high, err := bounds(q)
	if err != nil {
		return nil, err
	}
	if bytes.Compare(low, high) >= 0 {
		return nil, nil
	}
	var hits []store.EngineHit
	err = e.reading(ctx, func(r *reader) (err error) {
		if q.Known != nil {
			hits, err = r.newer(ctx, q, ix.iid, low, high)
			return err
		}
		stmt := r.up
		switch {
		case q.Narrow && q.Desc:
			stmt = r.narrowDown
		case q.Narrow:
			stmt = r.narrowUp
		case q.Desc:
			stmt = r.down
		}
		return stmt.each(func(cols []driver.Value) error {
			hit, err := hitOf(cols[0])
			if err != nil {
				return err
			}
			hit.Body, err = document(cols[1:])
			hits = append(hits, hit)
			return errors.Join(err, ctx.Err())
		}, ix.iid, low, high, int64(q.Limit))
	})
	if err != nil {
		return nil, fmt.Errorf("sqlite: find: %w", err)
	}
	return hits, nil
}

// hitOf gives the hit of an entry, without its document.
func hitOf(key driver.Value) (store.EngineHit, error) {
	raw, err := blob(key)
	if err != nil {
		return store.EngineHit{}, err
	}
	values, err := decodeKey(raw)
	return store.EngineHit{Key: values}, err
}

// newer gives hits of one state of the file, with the documents of which the caller does not have that version. Where there are some, they are read by statements of
// their own; should one have changed in between, everything is asked again in one transaction.
func (r *reader) newer(ctx context.Context, q store.EngineQuery, iid int64, low, high []byte) (hits []store.EngineHit, err error) {
	hits, still, err := r.look(ctx, q, iid, low, high)
	if still || err != nil {
		return hits, err
	}
	if _, err := r.begin.run(); err != nil {
		return nil, err
	}
	defer func() {
		_, end := r.rollback.run()
		err = errors.Join(err, end)
	}()
	hits, _, err = r.look(ctx, q, iid, low, high)
	return hits, err
}

// look asks for the entries and then for the documents. Still says that these were as the entries had them.
func (r *reader) look(ctx context.Context, q store.EngineQuery, iid int64, low, high []byte) (hits []store.EngineHit, still bool, err error) {
	stmt := r.versionUp
	if q.Desc {
		stmt = r.versionDown
	}
	type wanted struct {
		at           int // place of the hit
		id           string
		rid, version int64
	}
	var missing []wanted
	err = stmt.each(func(cols []driver.Value) error {
		hit, err := hitOf(cols[0])
		if err != nil {
			return err
		}
		w := wanted{at: len(hits)}
		w.rid, _ = cols[1].(int64)
		w.version, _ = cols[2].(int64)
		if w.id, _ = hit.Key[len(hit.Key)-1].(string); !q.Known(w.id, w.version) {
			missing = append(missing, w)
		}
		hits = append(hits, hit)
		return nil
	}, iid, low, high, int64(q.Limit))
	if err != nil {
		return nil, false, err
	}
	read := map[int64][]byte{}
	for _, w := range missing {
		body, ok := read[w.rid]
		if !ok {
			var version int64
			if body, version, err = r.extent(q, w.id, w.rid, w.version); err != nil {
				return nil, false, err
			}
			if version != w.version {
				return nil, false, ctx.Err()
			}
			read[w.rid] = body
		}
		hits[w.at].Body = body
	}
	return hits, true, ctx.Err()
}

// extent gives as much of a document as a query wants: its outline, where there is one of this version and of this program's edition. One that is damaged, or was left by
// another document that had the row, is not used.
func (r *reader) extent(q store.EngineQuery, id string, rid, asked int64) (body []byte, version int64, err error) {
	if q.Outline {
		cols, found, err := r.outline.one(rid, asked, store.OutlineEdition)
		if err != nil {
			return nil, 0, err
		}
		if found {
			body, _ := cols[0].([]byte)
			if own, ok := bson.Raw(body).Lookup("_id").StringValueOK(); ok && own == id {
				return body, asked, nil
			}
		}
	}
	return r.document(rid, q.Narrow)
}

// document gives what a row holds now, version 0 where it is gone.
func (r *reader) document(rid int64, narrow bool) (body []byte, version int64, err error) {
	stmt := r.whole
	if narrow {
		stmt = r.narrow
	}
	cols, found, err := stmt.one(rid)
	if err != nil || !found {
		return nil, 0, err
	}
	version, _ = cols[0].(int64)
	body, err = document(cols[1:])
	return body, version, err
}

// walk gives documents in the order of their keys.
func (e *Engine) walk(ctx context.Context, q store.EngineQuery) ([]store.EngineHit, error) {
	c, err := e.collection(q.Collection)
	if err != nil {
		return nil, err
	}
	low, high := "", "\U0010FFFF"
	if from, ok := q.From.(string); ok {
		low = from
	}
	if to, ok := q.To.(string); ok {
		high = to
	}
	if len(q.After) == 1 {
		after, _ := q.After[0].(string)
		if q.Desc {
			high = min(high, after)
		} else {
			low = max(low, after+"\x00")
		}
	}
	var hits []store.EngineHit
	err = e.reading(ctx, func(r *reader) error {
		stmt := r.walkUp
		if q.Desc {
			stmt = r.walkDown
		}
		return stmt.each(func(cols []driver.Value) error {
			id, err := as[string](cols[0])
			if err != nil {
				return err
			}
			body, err := document(cols[1:])
			hits = append(hits, store.EngineHit{Key: []any{id}, Body: body})
			return errors.Join(err, ctx.Err())
		}, c.cid, low, high, int64(q.Limit))
	})
	if err != nil {
		return nil, fmt.Errorf("sqlite: find: %w", err)
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
