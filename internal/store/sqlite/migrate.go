package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"strings"

	"asysta.example/internal/store"
)

// queryer is a *sql.DB or *sql.Conn.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// loadSchema reads which collections and indexes the file has.
func (e *Engine) loadSchema(ctx context.Context, db queryer) error {
	rows, err := db.QueryContext(ctx, `SELECT c.cid, c.name, COALESCE(i.iid, 0), COALESCE(i.name, ''), COALESCE(i.fields, '')
		FROM collections c LEFT JOIN indexes i ON i.cid = c.cid`)
	if err != nil {
		return fmt.Errorf("sqlite: schema: %w", err)
	}
	defer rows.Close()
	schema := map[string]*collection{}
	for rows.Next() {
		var cid int64
		var name, fields string
		var iid int64
		var indexName string
		if err := rows.Scan(&cid, &name, &iid, &indexName, &fields); err != nil {
			return fmt.Errorf("sqlite: schema: %w", err)
		}
		c, ok := schema[name]
		if !ok {
			c = &collection{cid: cid, counted: store.Counted(name)}
			schema[name] = c
		}
		if iid != 0 {
			c.indexes = append(c.indexes, newIndex(iid, indexName, strings.Split(fields, ",")))
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("sqlite: schema: %w", err)
	}
	e.schemaMu.Lock()
	defer e.schemaMu.Unlock()
	e.schema = maps.Clone(schema)
	return nil
}

// Migrate implements store.Engine. An index that is new or whose fields have changed is filled from the documents; all of it is one transaction. Outlines of documents that
// are there follow, a stretch at a time: others may write in between, and a list does without those that are missing.
func (e *Engine) Migrate(ctx context.Context, specs []store.CollectionSpec) error {
	if err := e.alone(ctx, func(w *writer) error { return w.migrate(ctx, specs) }); err != nil {
		return fmt.Errorf("sqlite: migrate: %w", err)
	}
	if err := e.loadSchema(ctx, e.read); err != nil {
		return err
	}
	for _, spec := range specs {
		if !store.HasOutline(spec.Name) {
			continue
		}
		if err := e.migrateOutlines(ctx, spec.Name); err != nil {
			return fmt.Errorf("sqlite: migrate: %w", err)
		}
	}
	return nil
}

func (w *writer) migrate(ctx context.Context, specs []store.CollectionSpec) error {
	for _, spec := range specs {
		if _, err := w.conn.ExecContext(ctx, `INSERT INTO collections (name) VALUES (?) ON CONFLICT DO NOTHING`, spec.Name); err != nil {
			return err
		}
		var cid int64
		if err := w.conn.QueryRowContext(ctx, `SELECT cid FROM collections WHERE name = ?`, spec.Name).Scan(&cid); err != nil {
			return err
		}
		for _, ix := range spec.Indexes {
			if err := w.migrateIndex(ctx, cid, ix); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *writer) migrateIndex(ctx context.Context, cid int64, spec store.IndexSpec) error {
	fields := strings.Join(spec.Fields, ",")
	var iid int64
	var had string
	err := w.conn.QueryRowContext(ctx, `SELECT iid, fields FROM indexes WHERE cid = ? AND name = ?`, cid, spec.Name).Scan(&iid, &had)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		result, err := w.conn.ExecContext(ctx, `INSERT INTO indexes (cid, name, fields) VALUES (?, ?, ?)`, cid, spec.Name, fields)
		if err != nil {
			return err
		}
		if iid, err = result.LastInsertId(); err != nil {
			return err
		}
	case err != nil:
		return err
	case had == fields:
		return nil
	default:
		if _, err := w.conn.ExecContext(ctx, `UPDATE indexes SET fields = ? WHERE iid = ?`, fields, iid); err != nil {
			return err
		}
		if _, err := w.conn.ExecContext(ctx, `DELETE FROM entries WHERE iid = ?`, iid); err != nil {
			return err
		}
	}
	return w.fill(ctx, cid, newIndex(iid, spec.Name, spec.Fields))
}

// stretch is how many documents fill reads at a time.
const stretch = 200

// fill makes the entries of an index for the documents that are there, a stretch of them at a time.
func (w *writer) fill(ctx context.Context, cid int64, ix index) error {
	for last := int64(0); ; {
		docs, err := w.after(ctx, cid, last)
		if err != nil {
			return err
		}
		for _, d := range docs {
			if err := w.index([]index{ix}, d.id, nil, d.body, func() (int64, error) { return d.rid, nil }); err != nil {
				return err
			}
			last = d.rid
		}
		if len(docs) < stretch {
			return nil
		}
	}
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
