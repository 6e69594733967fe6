package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
)

var _ store.Checker = (*Engine)(nil)

// Check implements store.Checker: the key, the version and the outline beside each document are the document's own, every document has just its entries in every index, and no
// entry is left over. It reads one state of the file, whatever is written meanwhile.
func (e *Engine) Check(ctx context.Context) (faults []string, err error) {
	tx, err := e.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("sqlite: check: %w", err)
	}
	defer func() { err = errors.Join(err, tx.Rollback()) }()
	s, err := readSchema(ctx, tx)
	if err != nil {
		return nil, err
	}
	if faults, err = newCheck(s.collections).documents(ctx, tx); err != nil {
		return faults, fmt.Errorf("sqlite: check: %w", err)
	}
	return faults, nil
}

// check is one reading of all documents.
type check struct {
	names  map[int64]string
	schema map[int64]*collection
	wanted map[int64]int // entries that the documents are to have, by index
	faults []string
}

func newCheck(collections map[string]*collection) *check {
	k := &check{names: map[int64]string{}, schema: map[int64]*collection{}, wanted: map[int64]int{}}
	for name, c := range collections {
		c.indexes = slices.DeleteFunc(c.indexes, func(ix index) bool { return ix.filling }) // nobody asks it yet
		k.names[c.cid], k.schema[c.cid] = name, c
	}
	return k
}

func (k *check) documents(ctx context.Context, tx *sql.Tx) (_ []string, err error) {
	has, err := tx.PrepareContext(ctx, `SELECT rid FROM entries WHERE iid = ? AND key = ?`)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, has.Close()) }()
	for last := int64(0); ; {
		docs, err := stretchOf(ctx, tx, last)
		if err != nil {
			return nil, err
		}
		for _, d := range docs {
			last = d.rid
			fault, err := k.document(ctx, has, d)
			if err != nil {
				return nil, err
			}
			if fault != "" {
				k.faults = append(k.faults, fmt.Sprintf("%s/%s: %s", k.names[d.cid], d.id, fault))
			}
		}
		if len(docs) < stretch {
			return k.faults, k.leftOver(ctx, tx)
		}
	}
}

// leftOver finds indexes with more entries than the documents are to have, and parts of no document.
func (k *check) leftOver(ctx context.Context, tx *sql.Tx) error {
	for _, table := range []string{"parts", "outlines"} {
		var orphans int
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM `+table+` WHERE rid NOT IN (SELECT rid FROM docs)`).Scan(&orphans); err != nil {
			return err
		}
		if orphans > 0 {
			k.faults = append(k.faults, fmt.Sprintf("%d %s are of no document", orphans, table))
		}
	}
	for _, cid := range slices.Sorted(maps.Keys(k.schema)) {
		for _, ix := range k.schema[cid].indexes {
			var stored int
			if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM entries WHERE iid = ?`, ix.iid).Scan(&stored); err != nil {
				return err
			}
			if more := stored - k.wanted[ix.iid]; more > 0 {
				k.faults = append(k.faults, fmt.Sprintf("%s: the index %s has %d entries of no document", k.names[cid], ix.name, more))
			}
		}
	}
	return nil
}

// kept is a document with what stands beside it.
type kept struct {
	row
	cid     int64
	outline []byte // of this program's edition
	drawn   int64  // version of the outline, 0 where there is none
	form    string // SQLite's type of the outline
}

// stretchOf gives a stretch of the documents behind a row, in the order of rows.
func stretchOf(ctx context.Context, tx *sql.Tx, last int64) (docs []kept, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT d.rid, d.cid, d.id, d.version, o.body, COALESCE(o.version, 0), typeof(o.body), `+whole+` FROM docs d LEFT JOIN outlines o ON o.rid = d.rid AND o.edition = ?
		WHERE d.rid > ? ORDER BY d.rid LIMIT ?`, store.OutlineEdition, last, stretch)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var d kept
		var part []byte
		if err := rows.Scan(&d.rid, &d.cid, &d.id, &d.version, &d.outline, &d.drawn, &d.form, &d.body, &part); err != nil {
			return nil, err
		}
		d.body = Join(d.body, part)
		docs = append(docs, d)
	}
	return docs, rows.Err()
}

// document names what is wrong with a document, "" where nothing is, and counts the entries that it is to have in each index.
func (k *check) document(ctx context.Context, has *sql.Stmt, d kept) (string, error) {
	c, known := k.schema[d.cid]
	if !known {
		return "the document is in no collection", nil
	}
	body := bson.Raw(d.body)
	if body.Validate() != nil {
		return "the document cannot be read", nil
	}
	if id, ok := body.Lookup("_id").StringValueOK(); !ok || id != d.id {
		return "the document says that it is another one", nil
	}
	replaced := slices.Contains(store.Kinds, store.Kind(k.names[d.cid]))
	if version, ok := body.Lookup("version").AsInt64OK(); ok && version != d.version && (replaced || d.version != 0) {
		return "the version beside the document is not its own", nil
	}
	if outline, err := store.OutlineOf(k.names[d.cid], body); err != nil || d.drawn > d.version || (d.drawn == d.version && d.drawn > 0 && (d.form != "blob" || !bytes.Equal(outline, d.outline))) {
		return "the outline beside the document is not its own", nil //nolint:nilerr // said in the fault
	}
	for _, ix := range c.indexes {
		keys, err := entryKeys(ix, d.id, body)
		if err != nil {
			return "the document cannot be indexed", nil //nolint:nilerr // said in the fault
		}
		k.wanted[ix.iid] += len(keys)
		for _, key := range keys {
			var rid int64
			err := has.QueryRowContext(ctx, ix.iid, key).Scan(&rid)
			if errors.Is(err, sql.ErrNoRows) || (err == nil && rid != d.rid) {
				return fmt.Sprintf("the index %s does not lead to the document", ix.name), nil
			}
			if err != nil {
				return "", err
			}
		}
	}
	return "", nil
}
