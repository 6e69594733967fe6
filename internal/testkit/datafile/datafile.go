// Package datafile reads and changes the data file of a SQLite store from beside the program, as an intruder with the file would: rows of its tables, past every rule of the store.
//
// It is for tests and harnesses alone.
package datafile

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"asysta.example/internal/store/sqlite"
)

// File is an open data file. Nobody else may write it meanwhile.
type File struct{ db *sql.DB }

// Row is one document as the table docs has it, with what the table parts keeps of it.
type Row struct {
	RID, CID   int64
	Collection string
	ID         string
	Version    int64
	Body       bson.Raw
}

// Open opens a data file and takes away what other harnesses have put into it (triggers).
func Open(ctx context.Context, path string) (*File, error) {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)&_pragma=synchronous(0)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	f := &File{db: db}
	for _, verb := range []string{"INSERT", "UPDATE", "DELETE"} {
		if err := f.Exec(ctx, `DROP TRIGGER IF EXISTS watch_`+verb); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	return f, nil
}

// Close closes the file, with its log brought into it.
func (f *File) Close() error {
	_, err := f.db.Exec(`PRAGMA wal_checkpoint(TRUNCATE)`)
	return errors.Join(err, f.db.Close())
}

// Exec performs a statement.
func (f *File) Exec(ctx context.Context, statement string, args ...any) error {
	if _, err := f.db.ExecContext(ctx, statement, args...); err != nil {
		return fmt.Errorf("datafile: %w", err)
	}
	return nil
}

// Count gives the number that a query has.
func (f *File) Count(ctx context.Context, query string, args ...any) (n int64, err error) {
	err = f.db.QueryRowContext(ctx, query, args...).Scan(&n)
	return n, err
}

// Rows gives all documents in the order of their keys within their collections.
func (f *File) Rows(ctx context.Context) (all []Row, err error) {
	rows, err := f.db.QueryContext(ctx, `SELECT d.rid, d.cid, name, id, version, d.body, p.body FROM docs d JOIN collections USING (cid) LEFT JOIN parts p USING (rid) ORDER BY name, id`)
	if err != nil {
		return nil, fmt.Errorf("datafile: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var r Row
		var body, part []byte
		if err := rows.Scan(&r.RID, &r.CID, &r.Collection, &r.ID, &r.Version, &body, &part); err != nil {
			return nil, fmt.Errorf("datafile: %w", err)
		}
		r.Body = sqlite.Join(body, part)
		all = append(all, r)
	}
	return all, rows.Err()
}

// SetBody puts other bytes in a document's place; the indexes stay as they are. What stood in two tables still does, where the new bytes can be taken apart.
func (f *File) SetBody(ctx context.Context, rid int64, body []byte) error {
	parts, err := f.Count(ctx, `SELECT COUNT(*) FROM parts WHERE rid = ?`, rid)
	if err != nil {
		return err
	}
	apart := 0
	if elements, err := bson.Raw(body).Elements(); err == nil && parts > 0 {
		apart = len(body) - 1 - len(elements[len(elements)-1])
	}
	body, part := sqlite.Split(body, apart)
	if err := f.Exec(ctx, `UPDATE docs SET body = ? WHERE rid = ?`, body, rid); err != nil {
		return err
	}
	if part == nil {
		return f.Exec(ctx, `DELETE FROM parts WHERE rid = ?`, rid)
	}
	return f.Exec(ctx, `UPDATE parts SET body = ? WHERE rid = ?`, part, rid)
}

// Remove takes a document out, with its index entries or without them.
func (f *File) Remove(ctx context.Context, rid int64, entries bool) error {
	if entries {
		if err := f.Exec(ctx, `DELETE FROM entries WHERE rid = ?`, rid); err != nil {
			return err
		}
	}
	for _, beside := range []string{"parts", "outlines"} {
		if err := f.Exec(ctx, `DELETE FROM `+beside+` WHERE rid = ?`, rid); err != nil {
			return err
		}
	}
	return f.Exec(ctx, `DELETE FROM docs WHERE rid = ?`, rid)
}
