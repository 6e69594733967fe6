package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
)

// reader is one connection that reads, with its statements. A call has one for itself while it asks.
type reader struct {
	*link

	get, getNewer, revision *statement

	up, down               *statement // entries with whole documents, in either order
	narrowUp, narrowDown   *statement // entries with documents without their parts
	versionUp, versionDown *statement // entries with the rows and versions of their documents
	whole, narrow, outline *statement // a document by its row
	walkUp, walkDown       *statement // documents by key
	begin, rollback        *statement
}

// The columns of a whole document, its part beside it.
const whole = `d.body, (SELECT p.body FROM parts p WHERE p.rid = d.rid)`

func newReader(name string) (*reader, error) {
	l, err := connect(name)
	if err != nil {
		return nil, err
	}
	find := func(cols, order string) string {
		return `SELECT e.key, ` + cols + ` FROM entries e JOIN docs d ON d.rid = e.rid WHERE e.iid = ? AND e.key >= ? AND e.key < ? ORDER BY e.key ` + order + ` LIMIT +?`
	}
	// Versions stand close together in an index of their own: a page of families needs a few pages of the file instead of one for each.
	versions := func(order string) string {
		return `SELECT e.key, e.rid, d.version FROM entries e LEFT JOIN docs d INDEXED BY versions ON d.rid = e.rid AND d.version > 0
			WHERE e.iid = ? AND e.key >= ? AND e.key < ? ORDER BY e.key ` + order + ` LIMIT +?`
	}
	walk := func(order string) string {
		return `SELECT d.id, ` + whole + ` FROM docs d WHERE d.cid = ? AND d.id >= ? AND d.id < ? ORDER BY d.id ` + order + ` LIMIT +?`
	}
	r := &reader{link: l}
	err = l.prepareAll(map[**statement]string{
		&r.get: `SELECT ` + whole + ` FROM docs d WHERE d.cid = ? AND d.id = ?`,
		&r.getNewer: `SELECT CASE WHEN d.version = ? THEN NULL ELSE d.body END, CASE WHEN d.version = ? THEN NULL ELSE (SELECT p.body FROM parts p WHERE p.rid = d.rid) END
			FROM docs d WHERE d.cid = ? AND d.id = ?`,
		&r.revision: `SELECT n FROM revision`,
		&r.up:       find(whole, "ASC"), &r.down: find(whole, "DESC"),
		&r.narrowUp: find("d.body", "ASC"), &r.narrowDown: find("d.body", "DESC"),
		&r.versionUp: versions("ASC"), &r.versionDown: versions("DESC"),
		&r.whole: `SELECT d.version, ` + whole + ` FROM docs d WHERE d.rid = ?`, &r.narrow: `SELECT d.version, d.body FROM docs d WHERE d.rid = ?`,
		&r.outline: `SELECT body FROM outlines WHERE rid = ? AND version = ? AND edition = ?`,
		&r.walkUp:  walk("ASC"), &r.walkDown: walk("DESC"),
		&r.begin: `BEGIN`, &r.rollback: `ROLLBACK`,
	})
	if err != nil {
		return nil, errors.Join(err, l.close())
	}
	return r, nil
}

// reading lends a reader to fn.
func (e *Engine) reading(ctx context.Context, fn func(*reader) error) error {
	select {
	case <-e.stop:
		return ErrClosed
	default:
	}
	select {
	case r := <-e.readers:
		defer func() { e.readers <- r }()
		return failed(fn(r))
	case <-ctx.Done():
		return ctx.Err()
	case <-e.stop:
		return ErrClosed
	}
}

// document puts together the columns of a whole document.
func document(cols []driver.Value) ([]byte, error) {
	body, err := blob(cols[0])
	if err != nil || len(cols) == 1 {
		return body, err
	}
	part, err := blob(cols[1])
	return Join(body, part), err
}

// Get implements store.Engine.
func (e *Engine) Get(ctx context.Context, collection, id string) (bson.Raw, error) {
	return e.one(ctx, collection, func(r *reader, cid int64) ([]driver.Value, bool, error) { return r.get.one(cid, id) })
}

// GetNewer implements store.Whole.
func (e *Engine) GetNewer(ctx context.Context, collection, id string, version int64) (bson.Raw, error) {
	return e.one(ctx, collection, func(r *reader, cid int64) ([]driver.Value, bool, error) {
		return r.getNewer.one(version, version, cid, id)
	})
}

// one gives the document that ask finds; ErrNotFound.
func (e *Engine) one(ctx context.Context, collection string, ask func(r *reader, cid int64) ([]driver.Value, bool, error)) (body bson.Raw, err error) {
	c, err := e.collection(collection)
	if err != nil {
		return nil, err
	}
	err = e.reading(ctx, func(r *reader) error {
		cols, found, err := ask(r, c.cid)
		if err != nil {
			return fmt.Errorf("sqlite: get: %w", err)
		}
		if !found {
			return store.ErrNotFound
		}
		body, err = document(cols)
		return err
	})
	return body, err
}

// Revision implements store.Whole.
func (e *Engine) Revision(ctx context.Context) (n int64, err error) {
	err = e.reading(ctx, func(r *reader) error {
		cols, found, err := r.revision.one()
		if err != nil || !found {
			return errors.Join(err, errors.New("sqlite: no revision"))
		}
		n, err = as[int64](cols[0])
		return err
	})
	return n, err
}
