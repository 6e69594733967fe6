package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"asysta.example/internal/store"
)

// migrateOutlines makes the outlines of the documents of a collection that are there, once for each edition.
func (e *Engine) migrateOutlines(ctx context.Context, name string) error {
	c, err := e.collection(name)
	if err != nil {
		return err
	}
	var had int64
	err = e.read.QueryRowContext(ctx, `SELECT edition FROM outlined WHERE cid = ?`, c.cid).Scan(&had)
	if err == nil && had == store.OutlineEdition {
		return nil
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	err = e.stretches(ctx, func(w *writer, after int64) (int64, bool, error) { return w.outlinesAfter(ctx, c.cid, name, after) })
	if err != nil {
		return err
	}
	return e.alone(ctx, func(w *writer) error {
		_, err := w.conn.ExecContext(ctx, `INSERT INTO outlined (cid, edition) VALUES (?, ?) ON CONFLICT DO UPDATE SET edition = excluded.edition`, c.cid, store.OutlineEdition)
		return err
	})
}

// outlinesAfter makes the outlines of a stretch of documents behind a row. One that cannot be read has none; whoever verifies the store names it.
func (w *writer) outlinesAfter(ctx context.Context, cid int64, name string, after int64) (last int64, more bool, err error) {
	docs, err := w.after(ctx, cid, after)
	if err != nil {
		return after, false, err
	}
	last = after
	for _, d := range docs {
		last = d.rid
		outline, err := store.OutlineOf(name, d.body)
		if err != nil {
			_, err = w.forget.run(d.rid)
		} else {
			_, err = w.sketch.run(d.rid, d.version, store.OutlineEdition, []byte(outline))
		}
		if err != nil {
			return last, false, err
		}
	}
	return last, len(docs) == stretch, nil
}
