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

// schema is what the file has: collections and indexes. Its edition goes up with every change of them, and the writer asks for it in each transaction: a process that was
// there before a new index makes the entries of what it writes all the same.
type schema struct {
	edition     int64
	collections map[string]*collection
}

// collection is what the engine knows of a collection.
type collection struct {
	cid     int64
	indexes []index
	counted bool // its changes are counted, see store.Whole
}

// queryer is a *sql.Tx or *sql.Conn.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// readSchema reads the schema. It is to be one state of the file: q is in a transaction.
func readSchema(ctx context.Context, q queryer) (*schema, error) {
	s := &schema{collections: map[string]*collection{}}
	if err := q.QueryRowContext(ctx, `SELECT n FROM edition`).Scan(&s.edition); err != nil {
		return nil, fmt.Errorf("sqlite: schema: %w", err)
	}
	rows, err := q.QueryContext(ctx, `SELECT c.cid, c.name, COALESCE(i.iid, 0), COALESCE(i.name, ''), COALESCE(i.fields, ''), f.iid IS NOT NULL
		FROM collections c LEFT JOIN indexes i ON i.cid = c.cid LEFT JOIN filling f ON f.iid = i.iid`)
	if err != nil {
		return nil, fmt.Errorf("sqlite: schema: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var cid, iid int64
		var name, fields, indexName string
		var filling bool
		if err := rows.Scan(&cid, &name, &iid, &indexName, &fields, &filling); err != nil {
			return nil, fmt.Errorf("sqlite: schema: %w", err)
		}
		c, ok := s.collections[name]
		if !ok {
			c = &collection{cid: cid, counted: store.Counted(name)}
			s.collections[name] = c
		}
		if iid != 0 {
			ix := newIndex(iid, indexName, strings.Split(fields, ","))
			ix.filling = filling
			c.indexes = append(c.indexes, ix)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("sqlite: schema: %w", err)
	}
	return s, nil
}

// learn reads the schema of the file as it is now.
func (e *Engine) learn(ctx context.Context) (err error) {
	tx, err := e.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("sqlite: schema: %w", err)
	}
	defer func() { err = errors.Join(err, tx.Rollback()) }()
	s, err := readSchema(ctx, tx)
	if err == nil {
		e.know(s)
	}
	return err
}

// learnAnew reads the schema in the writer's transaction where it has changed since it was read.
func (e *Engine) learnAnew() error {
	cols, _, err := e.writer.edition.one()
	if err != nil {
		return fmt.Errorf("sqlite: edition: %w", err)
	}
	n, err := as[int64](cols[0])
	if err != nil || n == e.schema.Load().edition {
		return err
	}
	s, err := readSchema(context.Background(), e.writer.conn)
	if err == nil {
		e.know(s)
	}
	return err
}

// know takes a schema over, unless a newer one is known.
func (e *Engine) know(s *schema) {
	for {
		known := e.schema.Load()
		if known != nil && known.edition > s.edition || e.schema.CompareAndSwap(known, s) {
			return
		}
	}
}

// collection gives what is known of a collection; Migrate makes it known.
func (e *Engine) collection(name string) (*collection, error) {
	c, ok := e.schema.Load().collections[name]
	if !ok {
		return nil, fmt.Errorf("sqlite: %q: %w", name, store.ErrNoCollection)
	}
	return c, nil
}

// index finds an index of a collection by its name.
func (c *collection) index(name string) (ix index, ok bool) {
	i := slices.IndexFunc(c.indexes, func(ix index) bool { return ix.name == name })
	if i < 0 {
		return index{}, false
	}
	return c.indexes[i], true
}

// filled gives an index that has the entries of every document. Where the one known has not, the file is asked: this process may have begun before a migration ended.
func (e *Engine) filled(ctx context.Context, collection, name string) (index, error) {
	for asked := false; ; asked = true {
		c, err := e.collection(collection)
		if err != nil {
			return index{}, err
		}
		ix, ok := c.index(name)
		switch {
		case ok && !ix.filling:
			return ix, nil
		case !asked:
			if err := e.learn(ctx); err != nil {
				return index{}, err
			}
		case ok:
			return index{}, fmt.Errorf("%w: sqlite: the index %q over %q is being filled", store.ErrUnavailable, name, collection)
		default:
			return index{}, fmt.Errorf("sqlite: no index %q over %q", name, collection)
		}
	}
}
