package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"asysta.example/internal/store"
)

// Migrate implements store.Engine. An index that is new or whose fields have changed is filled from the documents that are there, then outlines are made, both a stretch at a
// time: others may write in between. Nobody is answered from an index before it is filled; a list does without outlines that are missing. A migration that was cut short goes on.
func (e *Engine) Migrate(ctx context.Context, specs []store.CollectionSpec) error {
	err := e.alone(ctx, func(w *writer) error { return w.migrate(ctx, specs) })
	if err == nil {
		err = e.learn(ctx)
	}
	for _, spec := range specs {
		if err == nil {
			err = e.fill(ctx, spec.Name)
		}
		if err == nil && store.HasOutline(spec.Name) {
			err = e.migrateOutlines(ctx, spec.Name)
		}
	}
	if err != nil {
		return fmt.Errorf("sqlite: migrate: %w", err)
	}
	return nil
}

// migrate makes collections and indexes known that are new.
func (w *writer) migrate(ctx context.Context, specs []store.CollectionSpec) error {
	news := false
	for _, spec := range specs {
		made, err := w.conn.ExecContext(ctx, `INSERT INTO collections (name) VALUES (?) ON CONFLICT DO NOTHING`, spec.Name)
		if err != nil {
			return err
		}
		n, err := made.RowsAffected()
		if err != nil {
			return err
		}
		news = news || n > 0
		var cid int64
		if err := w.conn.QueryRowContext(ctx, `SELECT cid FROM collections WHERE name = ?`, spec.Name).Scan(&cid); err != nil {
			return err
		}
		for _, ix := range spec.Indexes {
			changed, err := w.migrateIndex(ctx, cid, ix)
			if err != nil {
				return err
			}
			news = news || changed
		}
	}
	if news {
		return w.newEdition(ctx)
	}
	return nil
}

// newEdition tells every process that uses the file to read the schema again before it writes.
func (w *writer) newEdition(ctx context.Context) error {
	_, err := w.conn.ExecContext(ctx, `UPDATE edition SET n = n + 1`)
	return err
}

// migrateIndex makes an index known that is new or whose fields have changed; it is to be filled where the collection has documents.
func (w *writer) migrateIndex(ctx context.Context, cid int64, spec store.IndexSpec) (changed bool, err error) {
	fields := strings.Join(spec.Fields, ",")
	var iid int64
	var had string
	err = w.conn.QueryRowContext(ctx, `SELECT iid, fields FROM indexes WHERE cid = ? AND name = ?`, cid, spec.Name).Scan(&iid, &had)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		result, err := w.conn.ExecContext(ctx, `INSERT INTO indexes (cid, name, fields) VALUES (?, ?, ?)`, cid, spec.Name, fields)
		if err != nil {
			return false, err
		}
		if iid, err = result.LastInsertId(); err != nil {
			return false, err
		}
	case err != nil:
		return false, err
	case had == fields:
		return false, nil
	default:
		if _, err := w.conn.ExecContext(ctx, `UPDATE indexes SET fields = ? WHERE iid = ?`, fields, iid); err != nil {
			return false, err
		}
		if _, err := w.conn.ExecContext(ctx, `DELETE FROM entries WHERE iid = ?`, iid); err != nil {
			return false, err
		}
	}
	_, err = w.conn.ExecContext(ctx, `INSERT INTO filling (iid) SELECT ? WHERE EXISTS (SELECT 1 FROM docs WHERE cid = ?) ON CONFLICT DO NOTHING`, iid, cid)
	return true, err
}

// stretch is how many documents are read at a time.
const stretch = 200

// stretches performs fn in one transaction after another, each behind the row where the one before ended, until fn says that no more are left. Others write in between.
func (e *Engine) stretches(ctx context.Context, fn func(w *writer, after int64) (last int64, more bool, err error)) error {
	for last, more := int64(0), true; more; {
		err := e.alone(ctx, func(w *writer) (err error) {
			last, more, err = fn(w, last)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// fill makes the entries of the indexes of a collection that are to be filled, for the documents that are there. Who writes one of these meanwhile makes its entries too.
func (e *Engine) fill(ctx context.Context, name string) error {
	c, err := e.collection(name)
	if err != nil {
		return err
	}
	indexes := slices.DeleteFunc(slices.Clone(c.indexes), func(ix index) bool { return !ix.filling })
	if len(indexes) == 0 {
		return nil
	}
	err = e.stretches(ctx, func(w *writer, after int64) (int64, bool, error) { return w.fillAfter(ctx, c.cid, after, indexes) })
	if err != nil {
		return err
	}
	err = e.alone(ctx, func(w *writer) error {
		for _, ix := range indexes {
			if _, err := w.conn.ExecContext(ctx, `DELETE FROM filling WHERE iid = ?`, ix.iid); err != nil {
				return err
			}
		}
		return w.newEdition(ctx)
	})
	if err != nil {
		return err
	}
	return e.learn(ctx)
}

// fillAfter makes the entries of a stretch of documents behind a row.
func (w *writer) fillAfter(ctx context.Context, cid, after int64, indexes []index) (last int64, more bool, err error) {
	docs, err := w.after(ctx, cid, after)
	if err != nil {
		return after, false, err
	}
	last = after
	for _, d := range docs {
		last = d.rid
		for _, ix := range indexes {
			keys, err := entryKeys(ix, d.id, d.body)
			if err != nil {
				return last, false, err
			}
			for _, key := range keys {
				if _, err := w.settle.run(ix.iid, key, d.rid); err != nil {
					return last, false, err
				}
			}
		}
	}
	return last, len(docs) == stretch, nil
}

// row is a document as the table has it.
type row struct {
	rid, version int64
	id           string
	body         []byte
}

// after gives a stretch of the documents of a collection behind a row, in the order of rows.
func (w *writer) after(ctx context.Context, cid, last int64) (docs []row, err error) {
	rows, err := w.conn.QueryContext(ctx, `SELECT d.rid, d.id, d.version, `+whole+` FROM docs d WHERE d.cid = ? AND d.rid > ? ORDER BY d.rid LIMIT ?`, cid, last, stretch)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var d row
		var part []byte
		if err := rows.Scan(&d.rid, &d.id, &d.version, &d.body, &part); err != nil {
			return nil, err
		}
		d.body = Join(d.body, part)
		docs = append(docs, d)
	}
	return docs, rows.Err()
}
